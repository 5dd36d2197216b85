"""What an alarm that a camera raises by itself is called, and how grave it is."""

from __future__ import annotations

from command.facts.base import Level
from command.requests import ReportDeviceAlarm
from edge.onvif.events import EventKind

_ALARMS: dict[EventKind, tuple[Level, str]] = {"alarm_input": (3, "报警输入"), "tampering": (4, "画面遮挡或移位")}
"""Level and words for what a camera notices by itself. Own default."""


def alarm_of(camera: str, kind: EventKind, source: str) -> ReportDeviceAlarm:
    """Return the request that raises the alarm; `kind` is not "motion", which alone is none."""
    level, told = _ALARMS[kind]
    return ReportDeviceAlarm(subject=camera, level=level, detail=f"{told} {source}".strip())
