"""Devices that systems tell each other of (采集设备 APE, 视频卡口 Tollgate; GA/T 1400.3): names and places. Pure.

Fields and codes as several independent implementations have them; the standard's text was not to be had. Addresses,
users and passwords of devices are part of the standard's object: of ours none is told, of others none is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.geo import Datum, to_wgs84
from edge.viid.bodies import RefusedError
from edge.viid.codes import HEADINGS_DEG, direction_of
from edge.viid.ids import is_device
from edge.viid.values import Fields

ListedKind = Literal["ape", "tollgate"]
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?")
_NAME_CHARS = 100
_PLATE_GATE, _COMMON = "1", "5"
"""FunctionType: vehicles are read there, common surveillance."""
_ONLINE = {True: "1", False: "2", None: "9"}
_ONLINE_SAID = {"1": True, "2": False}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A device or tollgate as another system told it. Without a place `lat` and `lon` (degrees, WGS-84) are None."""

    id: str
    kind: ListedKind
    name: str
    lat: float | None
    lon: float | None
    heading_deg: float | None
    online: bool | None


class OwnDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A camera of ours under the id that others know it by; degrees, WGS-84."""

    id: str
    name: str
    lat: float
    lon: float
    bearing_deg: float
    online: bool | None
    reads_plates: bool


def read_device(told: Fields, kind: ListedKind, datum: Datum) -> Listed:
    """Return what an APEObject or TollgateObject says; places come in a datum. Raises `RefusedError` without an id."""
    device = told.text("ApeID" if kind == "ape" else "TollgateID", 64)
    if not is_device(device):
        raise RefusedError(f"{'ApeID' if kind == 'ape' else 'TollgateID'} has not 20 digits")
    lat, lon = _place(told, datum)
    return Listed(
        id=device, kind=kind, name=told.text("Name", _NAME_CHARS) or told.text("Place", _NAME_CHARS) or device,
        lat=lat, lon=lon, heading_deg=HEADINGS_DEG.get(told.text("MonitorDirection")),
        online=_ONLINE_SAID.get(told.text("IsOnline" if kind == "ape" else "Status")),
    )  # fmt: skip


def _place(told: Fields, datum: Datum) -> tuple[float | None, float | None]:
    """Return where it is; many devices were never told their place and say 0, or nothing."""
    lat, lon = told.text("Latitude", 32), told.text("Longitude", 32)
    if not _DEGREES.fullmatch(lat) or not _DEGREES.fullmatch(lon):
        return None, None
    try:
        return to_wgs84(float(lat), float(lon), datum)
    except InvalidInputError:
        return None, None


def devices_of(body: Fields) -> list[tuple[ListedKind, Fields]]:
    """Return the objects of a catalogue, of a request or a notice, by what they are."""
    apes = (
        body.inner("APEListObject").list("APEObject")
        or body.inner("APEObjectList").list("APEObject")
        or body.inner("DeviceList").list("APEObject")
    )
    gates = body.inner("TollgateListObject").list("TollgateObject") or body.inner("TollgateObjectList").list(
        "TollgateObject"
    )
    return [*(("ape", one) for one in apes), *(("tollgate", one) for one in gates)]


def chosen(devices: Iterable[OwnDevice], query: Mapping[str, str]) -> list[OwnDevice]:
    """Return those that a query asks for: by ApeID, several with commas, part of a Name, and a page by its numbers."""
    asked = {name.rpartition(".")[2].lower(): value for name, value in query.items()}
    wanted = set(filter(None, asked.get("apeid", "").split(",")))
    found = [
        one for one in devices if (not wanted or one.id in wanted) and asked.get("name", "").lower() in one.name.lower()
    ]
    first, most = asked.get("recordstartno", ""), asked.get("pagerecordnum", "")
    start = max(int(first) - 1, 0) if _is_count(first) else 0
    return found[start : start + int(most)] if _is_count(most) else found[start:]


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def write_devices(devices: Sequence[OwnDevice], server: str) -> dict[str, object]:
    """Return the catalogue of these; whoever wants their pictures comes to us."""
    return {"APEListObject": {"APEObject": [written_device(one, server) for one in devices]}}


def written_device(one: OwnDevice, server: str) -> dict[str, object]:
    """Return its APEObject."""
    return {
        "ApeID": one.id, "Name": one.name[:_NAME_CHARS], "Model": "", "IPAddr": "", "Port": 0,
        "Longitude": round(one.lon, 6), "Latitude": round(one.lat, 6), "PlaceCode": one.id[:6],
        "MonitorDirection": direction_of(one.bearing_deg), "IsOnline": _ONLINE[one.online], "OwnerApsID": server,
        "FunctionType": _PLATE_GATE if one.reads_plates else _COMMON,
    }  # fmt: skip
