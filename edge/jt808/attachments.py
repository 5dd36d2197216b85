"""Meaning of the additional items of a location, as JT/T 808-2019 table 27 and JT/T 1078 give it."""

from __future__ import annotations

import struct
from collections.abc import Callable

from edge.jt808.location import Attachment

Value = int | float | str
_Reader = tuple[str, str, Callable[[int], Value]]


def _as_is(number: int) -> Value:
    return number


def _tenths(number: int) -> Value:
    return number / 10


def _hex(digits: int) -> Callable[[int], Value]:
    return lambda number: f"0x{number:0{digits}x}"


# id: name, struct format, meaning. An item of another length is left raw: the maker means something else by it.
_READERS: dict[int, _Reader] = {
    0x01: ("mileage_km", ">I", _tenths),
    0x02: ("fuel_l", ">H", _tenths),
    0x03: ("recorder_speed_kmh", ">H", _tenths),
    0x04: ("event_to_confirm", ">H", _as_is),
    0x06: ("cabin_temperature_c", ">h", _as_is),
    0x14: ("video_alarm", ">I", _hex(8)),
    0x15: ("video_lost_channels", ">I", _hex(8)),
    0x16: ("video_covered_channels", ">I", _hex(8)),
    0x17: ("storage_fault", ">H", _hex(4)),
    0x25: ("vehicle_signals", ">I", _hex(8)),
    0x2A: ("io_status", ">H", _hex(4)),
    0x2B: ("analog", ">I", _hex(8)),
    0x30: ("signal_strength", ">B", _as_is),
    0x31: ("satellites", ">B", _as_is),
}
_RAW_NAMES = {
    0x05: "tyre_pressure",
    0x11: "overspeed_place",
    0x12: "area_or_route",
    0x13: "route_time",
    0x18: "abnormal_driving",
    0x64: "adas_alarm",
    0x65: "driver_state_alarm",
    0x66: "tyre_alarm",
    0x67: "blind_spot_alarm",
}


def describe(item: Attachment) -> dict[str, Value]:
    """Return `{"id", "name"?, "value" | "hex"}` for a person to read; what is not understood stays hex."""
    described: dict[str, Value] = {"id": f"0x{item.id:02x}"}
    name, form, meaning = _READERS.get(item.id, ("", "", _as_is))
    if name and struct.calcsize(form) == len(item.raw):
        return described | {"name": name, "value": meaning(struct.unpack(form, item.raw)[0])}
    if known := _RAW_NAMES.get(item.id):
        described["name"] = known
    return described | {"hex": item.raw.hex()}
