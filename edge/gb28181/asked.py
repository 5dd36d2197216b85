"""What we ask of devices in MANSCDP: queries, subscriptions, control."""

from __future__ import annotations

from edge.gb28181.local_time import written
from edge.gb28181.manscdp import write


def query(command: str, sn: int, device: str, *, encoding: str) -> bytes:
    """Return a query without parameters: Catalog, DeviceInfo, DeviceStatus."""
    return write("Query", _head(command, sn, device), encoding=encoding)


def recordings(sn: int, channel: str, from_ms: int, to_ms: int, *, encoding: str) -> bytes:
    """Return the query for what a device has recorded of a channel."""
    fields = [
        *_head("RecordInfo", sn, channel), ("StartTime", written(from_ms)), ("EndTime", written(to_ms)),
        ("FilePath", channel), ("Address", ""), ("Secrecy", 0), ("Type", "all"), ("RecorderID", ""),
    ]  # fmt: skip
    return write("Query", fields, encoding=encoding)


def alarms(sn: int, device: str, *, encoding: str) -> bytes:
    """Return the body of a subscription to alarms of every priority and method."""
    fields = [*_head("Alarm", sn, device), ("StartAlarmPriority", 0), ("EndAlarmPriority", 0), ("AlarmMethod", 0)]
    return write("Query", fields, encoding=encoding)


def places(sn: int, device: str, interval_s: int, *, encoding: str) -> bytes:
    """Return the body of a subscription to a device's place."""
    return write("Query", [*_head("MobilePosition", sn, device), ("Interval", interval_s)], encoding=encoding)


def ptz(sn: int, channel: str, command: str, *, encoding: str) -> bytes:
    """Return the control that carries the eight bytes of a PTZ command in hexadecimal."""
    fields = [*_head("DeviceControl", sn, channel), ("PTZCmd", command), ("Info", [("ControlPriority", 5)])]
    return write("Control", fields, encoding=encoding)


def key_frame(sn: int, channel: str, *, version: str, encoding: str) -> bytes:
    """Return the control for a key frame now. 2016 spells its element like this, 2022 corrects it."""
    element = "IFrameCmd" if version >= "3" else "IFameCmd"
    return write("Control", [*_head("DeviceControl", sn, channel), (element, "Send")], encoding=encoding)


def alarm_taken(sn: int, device: str, *, encoding: str) -> bytes:
    """Return the word that an alarm was taken, which 2016 has a platform send after its 200."""
    return write("Response", [*_head("Alarm", sn, device), ("Result", "OK")], encoding=encoding)


def _head(command: str, sn: int, device: str) -> list[tuple[str, str | int]]:
    return [("CmdType", command), ("SN", sn), ("DeviceID", device)]
