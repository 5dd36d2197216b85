"""Motor vehicles (GA/T 1400.3, A.10): what a device tells of a passage, and how ours are told."""

from __future__ import annotations

import base64
import re

import msgspec

from command.kernel import ga36
from command.kernel.ga36 import PlateKind
from command.kernel.limits import CLOCK_SKEW_MS
from command.readings import UNSTATED, PlateColour, Sighting
from edge.limits import VIID_PASS_AGE_MS
from edge.viid.bodies import RefusedError
from edge.viid.codes import (
    HEADINGS_DEG,
    PICTURE_ORDER,
    PLATE_COLOUR_CODES,
    PLATE_COLOURS,
    PLATE_KINDS,
    class_of,
    direction_of,
)
from edge.viid.ids import image_id, is_device, is_id, vehicle_id
from edge.viid.values import Fields, written

_PLATE_LEAST, _PLATE_MOST = 5, 10
_CHAR_SAID = re.compile(r"\s*(\S)\s*[-:]\s*(\d{1,3})\s*")
_SPOKEN_FOR = re.compile(r"[未无]|车牌|^[-0?*]+$")
_UNREAD = re.compile(r"[-－?*]")
"""A character that was not read is written so; without it another car's plate may be left."""
_PARTED = re.compile(r"\w{2}[-－]\w+")
"""The same sign after province and authority is what many write between them and the serial."""
_BOX_SIDE_PX = 65_535
_LANES = 99
_CONFIDENCE_DIGITS = 3


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it was told, checked. `plate` is empty where the vehicle has none or it was not read."""

    id: str
    device: str
    tollgate: str
    pass_ms: int
    plate: str
    colour: PlateColour
    kind: PlateKind
    confidence: float
    char_confidences: tuple[float, ...]
    heading_deg: float | None
    lane: int | None
    box: tuple[int, int, int, int] | None
    pictures: tuple[Fields, ...]
    """Sub-images with data, the one that shows most first."""
    images: tuple[str, ...]
    """Ids of images that may have come by themselves."""
    elsewhere: bool
    """There are addresses of pictures; nobody fetches them."""

    def sighting(self, camera: str, picture: str | None) -> Sighting:
        """Return the passage before one of our cameras."""
        return Sighting(
            camera=camera, plate=self.plate, colour=self.colour, first_ms=self.pass_ms, last_ms=self.pass_ms, reads=1,
            confidence=self.confidence, picture=picture, box=self.box if picture else None, kind=self.kind,
            char_confidences=self.char_confidences, heading_deg=self.heading_deg, lane=self.lane, source="viid",
        )  # fmt: skip


def read_vehicle(told: Fields, now_ms: int) -> Vehicle:
    """Return what one MotorVehicleObject says. Raises `RefusedError` with a sentence that its sender can act on."""
    vehicle = told.text("MotorVehicleID", 64)
    device, tollgate = told.text("DeviceID"), told.text("TollgateID")
    if not is_id(vehicle):
        raise RefusedError("MotorVehicleID is missing or no id")
    if not is_device(device) and not is_device(tollgate):
        raise RefusedError("neither DeviceID nor TollgateID has 20 digits")
    plate = read_plate(told)
    colour = PLATE_COLOURS.get(told.text("PlateColor"), "unknown")
    kind = PLATE_KINDS.get(told.text("PlateClass").zfill(2)) or ga36.kind_of(plate) or "ordinary"
    if kind == "new_energy_large" and colour in ("green", "yellow", "unknown"):
        colour = "yellow_green"
    subs = told.inner("SubImageList").list("SubImageInfoObject")
    pictures = sorted((sub for sub in subs if sub.said("Data")), key=_order)
    addresses = [sub.said("StoragePath") for sub in subs] + [told.said(f"StorageUrl{n}") for n in range(1, 6)]
    return Vehicle(
        id=vehicle, device=device, tollgate=tollgate, pass_ms=_pass_ms(told, now_ms), plate=plate, colour=colour,
        kind=kind, confidence=_confidence(told), char_confidences=_char_confidences(told, plate),
        heading_deg=HEADINGS_DEG.get(told.text("Direction")), lane=_lane(told), box=_box(told),
        pictures=tuple(pictures), images=tuple(filter(None, [*(sub.text("ImageID") for sub in subs),
                                                             told.text("SourceID")])),
        elsewhere=any(addresses),
    )  # fmt: skip


def _pass_ms(told: Fields, now_ms: int) -> int:
    """Return the instant as it was told, also by a clock that is a little ahead: told again, to another hub or after a
    restart, it has to be the same passage."""
    pass_ms = told.instant_ms("PassTime")
    if pass_ms is None:
        raise RefusedError("PassTime is missing or no time")
    if pass_ms > now_ms + CLOCK_SKEW_MS:
        raise RefusedError(f"PassTime is ahead of our clock, which says {written(now_ms)}: set the device's clock")
    if pass_ms < now_ms - VIID_PASS_AGE_MS:
        raise RefusedError(
            f"PassTime is more than {VIID_PASS_AGE_MS // 86_400_000} days ago; our clock says {written(now_ms)}"
        )
    return pass_ms


def read_plate(told: Fields) -> str:
    """Return the plate of a MotorVehicleObject, empty where it has none or it was not read. Raises `RefusedError`."""
    said = told.text("PlateNo", 32)
    if told.flag("HasPlate") is False or not said or _SPOKEN_FOR.search(said):
        return ""
    plate = ga36.normalise(said)
    if _UNREAD.search(said) and (plate is None or not _PARTED.fullmatch(said)):
        return ""
    plate = plate or ga36.strip_separators(said)
    if not _PLATE_LEAST <= len(plate) <= _PLATE_MOST or not plate.isalnum():
        raise RefusedError("PlateNo is no plate")
    return plate


def _confidence(told: Fields) -> float:
    """Devices tell per cent, some a fraction: what can be either is the lesser, 1 is one per cent."""
    number = told.number("PlateReliability")
    if number is None or not 0 <= number <= 100:
        return UNSTATED
    return round(number if number < 1 else number / 100, _CONFIDENCE_DIGITS)


def _char_confidences(told: Fields, plate: str) -> tuple[float, ...]:
    """Return them where they are of this very plate: many devices fill in a sample."""
    found = [_CHAR_SAID.fullmatch(part) for part in told.text("PlateCharReliability").split(",")]
    said = [(match[1], int(match[2])) for match in found if match]
    if not plate or "".join(char for char, _ in said) != plate or any(number > 100 for _, number in said):
        return ()
    return tuple(number / 100 for _, number in said)


def _lane(told: Fields) -> int | None:
    lane = told.whole("LaneNo")
    return lane if lane is not None and 1 <= lane <= _LANES else None


def _box(told: Fields) -> tuple[int, int, int, int] | None:
    corners = [told.whole(name) for name in ("LeftTopX", "LeftTopY", "RightBtmX", "RightBtmY")]
    left, top, right, bottom = (-1 if corner is None else corner for corner in corners)
    if not (0 <= left < right <= _BOX_SIDE_PX and 0 <= top < bottom <= _BOX_SIDE_PX):
        return None
    return left, top, right - left, bottom - top


def _order(sub: Fields) -> int:
    type_ = sub.text("Type")
    type_ = type_.zfill(2) if type_ else ""
    return PICTURE_ORDER.index(type_) if type_ in PICTURE_ORDER else PICTURE_ORDER.index("")


def _percent(sure: float) -> int:
    """Return whole per cent, never more than it is: who is told may accuse by them."""
    return int(sure * 100 + 1e-6)  # floats err by far less


def write_vehicle(sighting: Sighting, device: str, picture: bytes | None) -> dict[str, object]:
    """Return the MotorVehicleObject of a passage before the camera that `device` is the id of."""
    name = f"{sighting.camera}/{sighting.plate}/{sighting.first_ms}"
    source = image_id(device, sighting.first_ms, name)
    left, top, width, height = sighting.box or (0, 0, 0, 0)
    told: dict[str, object] = {
        "MotorVehicleID": vehicle_id(device, sighting.first_ms, name), "InfoKind": 1, "SourceID": source,
        "DeviceID": device, "StorageUrl1": "", "LeftTopX": left, "LeftTopY": top, "RightBtmX": left + width,
        "RightBtmY": top + height, "HasPlate": "1", "PlateNo": sighting.plate,
        "PlateClass": class_of(sighting.kind, sighting.colour), "PlateColor": PLATE_COLOUR_CODES[sighting.colour],
        "VehicleColor": "99", "PassTime": written(sighting.first_ms), "Direction": direction_of(sighting.heading_deg),
    }  # fmt: skip
    if sighting.confidence != UNSTATED:
        told["PlateReliability"] = str(_percent(sighting.confidence))
    if sighting.lane is not None:
        told["LaneNo"] = sighting.lane
    if len(sighting.char_confidences) == len(sighting.plate):
        said = zip(sighting.plate, sighting.char_confidences, strict=True)
        told["PlateCharReliability"] = ",".join(f"{char}-{_percent(sure)}" for char, sure in said)
    if picture is not None:
        sub = {
            "ImageID": source, "EventSort": 16, "DeviceID": device, "Type": "01", "FileFormat": "Jpeg",
            "ShotTime": written(sighting.first_ms), "Data": base64.b64encode(picture).decode(),
        }  # fmt: skip
        told["SubImageList"] = {"SubImageInfoObject": [sub]}
    return told
