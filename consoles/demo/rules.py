"""What vehicles of the demonstration are judged by, and who breaks it: sections, areas and lanes, and their streets.

Measurements, devices and certificates are made up; lengths are those of the schematic roads.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from command import requests as q
from command.facts.recording import Hours
from command.facts.violations import Exemption, MeasuringPoint, PictureRegion, Restriction, SpeedSection
from edge.simulators.street_video import Street, Vehicle

_DAY_MS = 24 * 60 * 60 * 1000
_EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
_SECTION_M = 2941.6
"""Of the motorway between its two cameras, along the road."""
_FLEES_KMH = 156
_SECONDS = 14
_LEFT = ((0.48, 0.27), (0.5, 0.27), (0.5, 1.0), (0.0, 1.0), (0.0, 0.82))
_RIGHT = tuple((round(1 - x, 2), y) for x, y in _LEFT)
BUS_LANE = "cam16"
"""The camera that sees one, on its right."""


def rules(now_ms: int) -> Iterator[tuple[str, q.Request]]:
    """Yield what is registered at the first start, each with the name that it is remembered by."""
    yield "section/g4-xinqiang", q.SetSection(section="g4-xinqiang", definition=_section(now_ms))
    yield "restriction/rongjiawan", q.SetRestriction(restriction="rongjiawan", definition=_restriction(now_ms))
    ordinary = PictureRegion(name="普通车道", ring=_LEFT, lane=1, travel="towards")
    bus = PictureRegion(name="公交专用道", ring=_RIGHT, lane=2, use="bus")
    yield f"regions/{BUS_LANE}", q.SetRegions(camera=BUS_LANE, regions=(ordinary, bus))
    southwards = tuple(
        PictureRegion(name=name, ring=ring, lane=lane, travel="towards")
        for lane, (name, ring) in enumerate((("左侧车道", _LEFT), ("右侧车道", _RIGHT)), 1)
    )
    yield "regions/cam08", q.SetRegions(camera="cam08", regions=southwards)


def _section(now_ms: int) -> SpeedSection:
    start, end = (
        MeasuringPoint(camera=camera, device=device, clock_error_ms=200, frame_error_ms=100)
        for camera, device in (("cam04", "YY-QJ-0401"), ("cam06", "YY-QJ-0402"))
    )
    return SpeedSection(
        name="京港澳高速新墙段南行", start=start, end=end, length_m=_SECTION_M, length_error_m=60,
        measured_by="岳阳市计量所（演示）", measured_ms=now_ms - 90 * _DAY_MS, limit_small_kmh=120,
        limit_large_kmh=100, certificate="演示-QJ-2026-0117", certificate_until_ms=now_ms + 275 * _DAY_MS,
    )  # fmt: skip


def _restriction(now_ms: int) -> Restriction:
    """Lorries may pass the town only in the small hours, at weekends a little longer."""
    weekdays, weekend = (
        Hours(days=_EVERY_DAY[:5], from_min=5 * 60, to_min=2 * 60),
        Hours(days=_EVERY_DAY[5:], from_min=6 * 60, to_min=60),
    )
    ring = ((113.095, 29.13), (113.15, 29.13), (113.15, 29.162), (113.095, 29.162))
    supply = Exemption(plate="湘F20618", why="民生保供车辆，已办通行证", until_ms=now_ms + 180 * _DAY_MS)
    return Restriction(
        name="荣家湾城区货车禁行", ring=ring, hours=(weekdays, weekend), colours=("yellow",), exempt=(supply,)
    )


class Pass(msgspec.Struct, frozen=True):
    """What a camera shows once, so long after the one before."""

    camera: str
    street: Street
    after_ms: int = 0


Drive = tuple[Pass, ...]
"""One after the other, as one car comes by."""


def offences(usual: dict[str, Street]) -> tuple[Drive, ...]:
    """Return who breaks the rules, by the streets that their cameras usually see."""

    def alone(camera: str, *vehicles: Vehicle) -> Street:
        return msgspec.structs.replace(usual[camera], vehicles=vehicles, seconds=_SECONDS)

    flees = Vehicle("湘F8D396", "blue", 1.0, 1, speed_m_s=6)
    in_bus_lane, lorry = Vehicle("湘F2N770", "blue", 0.5, 1), Vehicle("京F5C826", "yellow", 3.0, 0)
    wrong_way = Vehicle("湘F7G539", "blue", 0.5, 0, away=True)
    return (
        (Pass("cam08", alone("cam08", wrong_way)),),
        (Pass(BUS_LANE, alone(BUS_LANE, in_bus_lane, lorry)),),
        (
            Pass("cam04", alone("cam04", flees)),
            Pass("cam06", alone("cam06", flees), after_ms=round(_SECTION_M / _FLEES_KMH * 3600)),
        ),
    )
