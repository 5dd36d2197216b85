"""What devices say in MANSCDP, as values: keepalives, parts of catalogues and recordings, alarms, places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from edge.gb28181.ids import is_id
from edge.gb28181.local_time import instant_ms
from edge.gb28181.manscdp import Element, ManscdpError, parse


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a catalogue: a channel, or a group. `online` None where the device does not say."""

    channel: str
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    address: str = ""
    civil_code: str = ""
    parent: str = ""
    online: bool | None = None
    lat: float | None = None
    lon: float | None = None
    ptz: Literal["", "dome", "half_dome", "fixed", "remote_fixed"] = ""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a device's own recording, UTC milliseconds by the device's clock."""

    channel: str
    from_ms: int
    to_ms: int
    name: str = ""
    kind: str = ""


class Keepalive(msgspec.Struct, frozen=True):
    """The device is there. `fault` is what it says of itself where that is not OK."""

    device: str
    fault: str = ""


class CatalogPart(msgspec.Struct, frozen=True):
    """Some items of the answer `sn` (0 where it does not say which), of `total` where it says of how many."""

    device: str
    sn: int
    total: int | None
    items: tuple[Item, ...]


class RecordPart(msgspec.Struct, frozen=True):
    """Some recordings of the answer `sn` (0 where it does not say which), of `total` where it says of how many."""

    device: str
    sn: int
    total: int | None
    items: tuple[Recording, ...]


class CatalogChange(msgspec.Struct, frozen=True):
    """What changed in a catalogue: (event, item), event of ON, OFF, VLOST, DEFECT, ADD, DEL, UPDATE, or not known."""

    device: str
    changes: tuple[tuple[str, Item], ...]


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says it is."""

    device: str
    sn: int
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a device says it is; `device_ms` is its own clock."""

    device: str
    sn: int
    online: bool
    works: bool
    records: bool | None = None
    device_ms: int | None = None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm: priority 1 (highest) to 4, method 1 to 7, type by method (annex A.2.5), at the device's own time."""

    device: str
    sn: int
    priority: int
    method: int
    kind: int | None
    at_ms: int | None
    lat: float | None = None
    lon: float | None = None
    description: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a device is, by its own clock, in the datum that it is set to."""

    device: str
    at_ms: int | None
    lat: float
    lon: float
    speed_kmh: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None


class FileEnd(msgspec.Struct, frozen=True):
    """A playback has come to its end (MediaStatus 121)."""

    device: str


class Other(msgspec.Struct, frozen=True):
    """An answer or notice that nobody here waits for, and an acknowledgement of a command."""

    device: str
    sn: int
    command: str
    result: str


Told: TypeAlias = Keepalive | CatalogPart | RecordPart | CatalogChange | Info | Status | Alarm | Place | FileEnd | Other

_PTZ: dict[str, Literal["dome", "half_dome", "fixed", "remote_fixed"]] = {
    "1": "dome", "2": "half_dome", "3": "fixed", "4": "remote_fixed",
}  # fmt: skip
_FILE_END = "121"


def read(body: bytes) -> Told:
    """Read the body of a MESSAGE or NOTIFY. Raises `ManscdpError`."""
    root = parse(body)
    command, device = root.said("CmdType"), root.said("DeviceID")
    if not command or not is_id(device):
        raise ManscdpError("the body names no command or no device")
    reader = _READERS.get((root.name, command), _other)
    return reader(root, device, root.whole("SN") or 0)


def _other(root: Element, device: str, sn: int) -> Told:
    return Other(device, sn, root.said("CmdType"), root.said("Result"))


def _keepalive(root: Element, device: str, sn: int) -> Keepalive:
    del sn
    status = root.said("Status")
    return Keepalive(device, "" if status.upper() in ("OK", "") else status)


def _media_status(root: Element, device: str, sn: int) -> Told:
    return FileEnd(device) if root.said("NotifyType") == _FILE_END else _other(root, device, sn)


def _catalog_change(root: Element, device: str, sn: int) -> CatalogChange:
    del sn
    return CatalogChange(device, tuple((_event(each), _item(each)) for each in _items(root, "DeviceList")))


def _event(each: Element) -> str:
    """Return what happened; some devices say only how the channel is now."""
    status = each.said("Status").upper()
    return each.said("Event").upper() or {"OK": "ON"}.get(status, status)


def _catalog_part(root: Element, device: str, sn: int) -> CatalogPart:
    items = [_item(each) for each in _items(root, "DeviceList") if each.said("DeviceID")]
    return CatalogPart(device, sn, _total(root), tuple(items))


def _record_part(root: Element, device: str, sn: int) -> RecordPart:
    items = [found for each in _items(root, "RecordList") if (found := _recording(each, device))]
    return RecordPart(device, sn, _total(root), tuple(items))


def _info(root: Element, device: str, sn: int) -> Info:
    return Info(
        device=device, sn=sn, name=root.said("DeviceName"), manufacturer=root.said("Manufacturer"),
        model=root.said("Model"), firmware=root.said("Firmware"),
    )  # fmt: skip


def _items(root: Element, name: str) -> list[Element]:
    found = root.child(name)
    return list(found.each("Item")) if found else []


def _total(root: Element) -> int | None:
    total = root.whole("SumNum")
    return total if total is not None and total >= 0 else None


def _item(each: Element) -> Item:
    info = each.child("Info")
    status = each.said("Status").upper()
    lat, lon = _point(each)
    return Item(
        channel=each.said("DeviceID"), name=each.said("Name"), manufacturer=each.said("Manufacturer"),
        model=each.said("Model"), address=each.said("Address"), civil_code=each.said("CivilCode"),
        parent=each.said("ParentID"), online={"ON": True, "OK": True, "OFF": False}.get(status), lat=lat, lon=lon,
        ptz=_PTZ.get((info.said("PTZType") if info else "") or each.said("PTZType"), ""),
    )  # fmt: skip


def _recording(each: Element, device: str) -> Recording | None:
    from_ms, to_ms = instant_ms(each.said("StartTime")), instant_ms(each.said("EndTime"))
    if from_ms is None or to_ms is None or to_ms <= from_ms:
        return None
    return Recording(
        channel=each.said("DeviceID") or device, from_ms=from_ms, to_ms=to_ms, name=each.said("Name"),
        kind=each.said("Type"),
    )  # fmt: skip


def _status(root: Element, device: str, sn: int) -> Status:
    record = root.said("Record").upper()
    return Status(
        device=device, sn=sn, online=root.said("Online").upper() != "OFFLINE",
        works=root.said("Status").upper() in ("OK", ""), records={"ON": True, "OFF": False}.get(record),
        device_ms=instant_ms(root.said("DeviceTime")),
    )  # fmt: skip


def _alarm(root: Element, device: str, sn: int) -> Alarm:
    info = root.child("Info")
    kind = root.whole("AlarmType")
    if kind is None and info:
        kind = info.whole("AlarmType")
    lat, lon = _point(root)
    return Alarm(
        device=device, sn=sn, priority=root.whole("AlarmPriority") or 4, method=root.whole("AlarmMethod") or 7,
        kind=kind, at_ms=instant_ms(root.said("AlarmTime")), lat=lat, lon=lon,
        description=root.said("AlarmDescription"),
    )  # fmt: skip


def _place(root: Element, device: str, sn: int) -> Place:
    del sn
    lat, lon = _point(root)
    if lat is None or lon is None:
        raise ManscdpError("the place is not on the globe")
    heading_deg = root.number("Direction")
    speed_kmh = root.number("Speed")
    return Place(
        device=device, at_ms=instant_ms(root.said("Time")), lat=lat, lon=lon,
        speed_kmh=speed_kmh if speed_kmh is not None and speed_kmh >= 0 else None,
        heading_deg=heading_deg % 360 if heading_deg is not None and 0 <= heading_deg <= 360 else None,
        altitude_m=root.number("Altitude"),
    )  # fmt: skip


def _point(element: Element) -> tuple[float | None, float | None]:
    """Return the place that is said; the null island is what devices without a receiver say."""
    lat, lon = element.number("Latitude"), element.number("Longitude")
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return None, None
    return lat, lon


_READERS: dict[tuple[str, str], Callable[[Element, str, int], Told]] = {
    ("Notify", "Keepalive"): _keepalive,
    ("Notify", "Alarm"): _alarm,
    ("Notify", "MobilePosition"): _place,
    ("Notify", "MediaStatus"): _media_status,
    ("Notify", "Catalog"): _catalog_change,
    ("Response", "Catalog"): _catalog_part,
    ("Response", "RecordInfo"): _record_part,
    ("Response", "DeviceInfo"): _info,
    ("Response", "DeviceStatus"): _status,
}
