"""Restricted areas, bus and emergency lanes, wrong way (SPEC R605, R606)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from command.facts.recording import Hours
from command.facts.violations import Exemption, Finding, PictureRegion, Restriction
from command.kernel.local_time import BEIJING
from command.rows import RegionsVersion, RestrictionVersion
from streams.violations.area import Extent, Stands, judge_area
from streams.violations.lanes import judge_lane, shows_inside
from streams.violations.plates import Unfounded, last_digit
from tests.streams.violations.support import START_MS, YEAR_MS, seen

_MONDAY_8 = int(datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING).timestamp() * 1000)
_RUSH = Hours(days=(1, 2, 3, 4, 5), from_min=7 * 60, to_min=9 * 60)
_LEFT_HALF = ((0.0, 0.2), (0.5, 0.2), (0.5, 1.0), (0.0, 1.0))


def _restriction(**changes: Any) -> RestrictionVersion:
    given: dict[str, Any] = {"name": "城区", "cameras": ("k1",)}
    return RestrictionVersion(
        version=3, by="li", at_ms=START_MS, from_ms=START_MS, definition=Restriction(**given | changes)
    )


def _at(minutes: float, **changes: Any) -> Any:
    at_ms = _MONDAY_8 + int(minutes * 60_000)
    return seen("k1", 0, first_ms=at_ms, last_ms=at_ms + 1000, **changes)


_AREA: list[tuple[Unfounded | None, dict[str, Any], Any]] = [
    (None, {}, _at(0)),
    (None, {"hours": (_RUSH,)}, _at(0)),
    ("at_other_times", {"hours": (_RUSH,)}, _at(60.1)),
    ("at_other_times", {"hours": (_RUSH,)}, _at(59.5)),  # half a minute before nine: a clock could be that wrong
    ("at_other_times", {"hours": (_RUSH,)}, _at(5 * 24 * 60)),  # Saturday
    (None, {"colours": ("yellow",)}, _at(0, colour="yellow")),
    ("other_vehicle", {"colours": ("yellow",)}, _at(0, colour="blue")),
    ("other_vehicle", {"colours": ("yellow",)}, _at(0, colour="unknown")),
    ("other_vehicle", {"kinds": ("trailer",)}, _at(0)),
    (None, {"last_digits": (4, 9)}, _at(0, plate="京A1234F")),
    ("other_vehicle", {"last_digits": (4, 9)}, _at(0, plate="京A12345")),
    ("exempt", {}, _at(0, kind="police", colour="white")),
    ("exempt", {"exempt": (Exemption(plate="京A12345", why="运钞车", until_ms=START_MS + 9 * YEAR_MS),)}, _at(0)),
    (None, {"exempt": (Exemption(plate="京A12345", why="运钞车", until_ms=_MONDAY_8),)}, _at(0)),
    ("unsure", {}, _at(0, confidence=0.89)),
    ("no_picture", {}, _at(0, picture=None)),
    ("not_in_force", {}, seen("k1", -10)),
]


@pytest.mark.parametrize(("why", "changes", "sighting"), _AREA)
def test_an_area_holds_for_whom_and_when_it_says(  # R605
    why: Unfounded | None, changes: dict[str, Any], sighting: Any
) -> None:
    found = judge_area("r1", _restriction(**changes), sighting)
    if why is None:
        assert isinstance(found, Finding)
        assert (found.kind, found.rule, found.version, found.plate) == ("restricted_area", "r1", 3, sighting.plate)
    else:
        assert found == why


def test_a_ring_is_asked_for_all_cameras_once_and_then_for_those_that_moved() -> None:  # R605, R842
    around = ((114.29, 30.49), (114.31, 30.49), (114.31, 30.51), (114.29, 30.51))
    first = Extent.of(around, Stands({"k1": (114.3, 30.5), "k2": (114.29, 30.5), "k3": (115.3, 30.5)}))
    assert first.cameras == {"k1", "k2"}  # its border is of it
    assert first.after(Stands({}), set()) is first
    assert first.after(Stands({"k1": (115.3, 30.5), "k4": (114.3, 30.5)}), {"k2"}).cameras == {"k4"}
    assert Extent.of(around, Stands({})).cameras == set()


@pytest.mark.parametrize(
    ("plate", "digit"), [("京A12345", 5), ("京A1234F", 4), ("京ABCDEF", None), ("京AD12340", 0), ("粤B1234港", 4)]
)
def test_the_last_digit_is_found_whatever_letters_follow(plate: str, digit: int | None) -> None:
    assert last_digit(plate) == digit


def _regions(**changes: Any) -> RegionsVersion:
    region: dict[str, Any] = {"name": "左", "ring": _LEFT_HALF, "lane": 1}
    exempt = changes.pop("exempt", ())
    return RegionsVersion(
        version=5, by="li", at_ms=START_MS, from_ms=START_MS, regions=(PictureRegion(**region | changes),),
        exempt=exempt,
    )  # fmt: skip


_LANES: list[tuple[str, dict[str, Any], Any]] = [
    ("bus_lane", {"use": "bus"}, _at(0, lane=1)),
    ("bus_lane", {"use": "bus", "hours": (_RUSH,)}, _at(0, lane=1)),
    ("at_other_times", {"use": "bus", "hours": (_RUSH,)}, _at(120, lane=1)),
    ("other_vehicle", {"use": "bus"}, _at(0, lane=1, colour="yellow")),  # it may be a bus
    ("other_vehicle", {"use": "bus"}, _at(0, lane=1, colour="unknown")),
    ("exempt", {"use": "bus", "exempt": (Exemption(plate="京A12345", why="校车", until_ms=_MONDAY_8 * 2),)},
     _at(0, lane=1)),
    ("emergency_lane", {"use": "emergency"}, _at(0, lane=1, colour="yellow")),
    ("exempt", {"use": "emergency"}, _at(0, lane=1, kind="emergency")),
    ("other_lane", {"use": "emergency"}, _at(0, lane=2)),
    ("other_lane", {"use": "emergency"}, _at(0)),
    ("unsure", {"use": "emergency"}, _at(0, lane=1, reads=2)),
    ("unsure", {"use": "emergency"}, _at(0, lane=1, confidence=0.5)),
    ("wrong_way", {"travel": "away"}, _at(0, lane=1, direction="towards")),
    ("wrong_way", {"travel": "left"}, _at(0, lane=1, direction="right")),
    ("right_way", {"travel": "away"}, _at(0, lane=1, direction="away")),
    ("right_way", {"travel": "away"}, _at(0, lane=1, direction="left")),  # it turns, which is not driving against
    ("right_way", {"travel": "away"}, _at(0, lane=1)),
    ("exempt", {"travel": "away"}, _at(0, lane=1, direction="towards", kind="police", colour="white")),  # R840
    ("exempt", {"travel": "away"}, _at(0, lane=1, direction="towards", kind="emergency")),
    ("exempt", {"travel": "away", "exempt": (Exemption(plate="京A12345", why="救护车", until_ms=_MONDAY_8 * 2),)},
     _at(0, lane=1, direction="towards")),
    ("wrong_way", {"travel": "away", "exempt": (Exemption(plate="京A12345", why="救护车", until_ms=_MONDAY_8),)},
     _at(0, lane=1, direction="towards")),
    ("right_way", {"travel": "away"}, _at(0, lane=1, direction="away", kind="police")),
    ("wrong_way", {"travel": "away", "hours": (_RUSH,)}, _at(240, lane=1, direction="towards")),
    ("not_in_force", {"use": "bus"}, seen("k1", -5, lane=1)),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "changes", "sighting"), _LANES)
def test_a_lane_is_for_whom_and_which_way_its_region_says(  # R606
    verdict: str, changes: dict[str, Any], sighting: Any
) -> None:
    [found] = judge_lane(_regions(**changes), sighting)
    assert (found.kind if isinstance(found, Finding) else found) == verdict
    if isinstance(found, Finding):
        assert (found.rule, found.version, found.region) == ("k1", 5, "左")


def test_one_drive_can_break_two_rules_of_a_region() -> None:
    found = judge_lane(_regions(use="emergency", travel="away"), _at(0, lane=1, direction="towards"))
    assert [one.kind for one in found if isinstance(one, Finding)] == ["emergency_lane", "wrong_way"]


def test_the_picture_shows_whether_the_plate_is_inside() -> None:  # R606
    [region] = _regions().regions
    assert shows_inside(region, (100, 500, 80, 30), 1920, 1080)
    assert not shows_inside(region, (1500, 500, 80, 30), 1920, 1080)
    assert not shows_inside(region, (100, 10, 80, 30), 1920, 1080)
