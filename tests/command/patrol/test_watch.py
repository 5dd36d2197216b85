"""What the positions of units on duty lead to."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

import pytest
from msgspec.structs import replace

from command.kernel.geo import distance_m
from command.kernel.limits import LEADING_DEVICE_MS
from command.patrol.fences import FenceSet
from command.patrol.fixes import FixFilter
from command.patrol.watch import PatrolWatch, after
from command.readings import Position
from command.requests import ReportPatrol
from command.rows import FenceRow, UnitRow
from command.settings import Limits
from tests.command.patrol.ground import LAT, LON, SHIFT_UNTIL_MS, START_MS, fence, fix, point, unit
from tests.paths import shared

LIMITS = Limits(still_s=600, still_radius_m=60, silent_s=300)
AREA = fence("area", (0, 0), (2000, 1000))
YARD = fence("yard", (1900, 400), (400, 200), kind="forbidden")
FENCES = FenceSet([AREA, YARD])


class Hub:
    """Keeps the row of one unit as the hub would, and the reports that it took."""

    def __init__(self, row: UnitRow, fences: FenceSet = FENCES) -> None:
        self.row = row
        self.fences = fences
        self.watch = PatrolWatch()
        self.reports: list[ReportPatrol] = []

    def take(self, *fixes: Position) -> list[str]:
        """Return what these fixes led to, in words."""
        words = []
        for one in fixes:
            words += self._note(self.watch.observe(self.row, one, self.fences, LIMITS, one.at_ms + 500))
        return words

    def sweep(self, at_s: float) -> list[str]:
        return self._note(self.watch.silent([self.row], LIMITS, START_MS + round(at_s * 1000)))

    def hear(self, at_s: float) -> list[str]:
        """Take a call without a place."""
        at_ms = START_MS + round(at_s * 1000)
        return self._note(self.watch.heard(self.row, at_ms, at_ms + 500))

    def _note(self, reports: list[ReportPatrol]) -> list[str]:
        self.reports += reports
        for report in reports:
            self.row = after(self.row, report)
        return [f"{r.change} {r.fence}" if r.fence else r.change for r in reports]


def standing(from_s: int, to_s: int, x_m: float = 1000, step_s: int = 30) -> list[Position]:
    return [fix(x_m + (t // step_s) % 3 * 10, 500, t) for t in range(from_s, to_s, step_s)]


# fences


def test_leaving_and_coming_back_is_said_once_each() -> None:
    hub = Hub(unit(area="area"))
    assert hub.take(fix(1000, 500, 0), fix(1000, 1100, 60)) == []
    assert hub.take(fix(1000, 1200, 120), fix(1000, 1300, 180), fix(1000, 1020, 240)) == ["left_area area"]
    (report,) = hub.reports
    assert report.since_ms == START_MS + 60_000
    assert (report.lat, report.lon) == pytest.approx(point(1000, 1200))
    assert hub.take(fix(1000, 900, 300), fix(1000, 800, 360)) == ["returned area"]


def test_what_another_hub_told_after_its_fix_came_here_is_gone_on_from() -> None:  # R970
    hub = Hub(replace(unit(area="area"), out_of="area"))
    hub.watch.follow(hub.row, fix(1000, 500, 0), FENCES, LIMITS, START_MS)
    hub.row = replace(hub.row, out_of="")
    assert hub.take(fix(1000, 1010, 30)) == []  # on the line
    assert hub.take(fix(1000, 1200, 60), fix(1000, 1300, 120)) == ["left_area area"]
    hub = Hub(unit(area="area"))
    hub.watch.follow(hub.row, fix(1000, 1200, 0), FENCES, LIMITS, START_MS)
    hub.row = replace(hub.row, out_of="area")
    assert hub.take(fix(1000, 500, 30)) == ["returned area"]


def together(*fixes: Position, device_of: tuple[str, str] = ("d1", "d1")) -> list[str]:
    """Return what two hubs conclude that fixes come to by turns, each told of the other's."""
    hubs = Hub(unit(area="area")), Hub(unit(area="area"))
    words = []
    for turn, one in enumerate(fixes):
        here, there = hubs[turn % 2], hubs[1 - turn % 2]
        said = replace(one, device=device_of[turn % 2])
        new = here.take(said)
        if new and new[0] in {"left_area area", "returned area"}:
            here.row = replace(here.row, out_of="area" if new[0] == "left_area area" else "")  # as the record takes it
        words += new
        there.row = here.row
        there.watch.follow(there.row, said, FENCES, LIMITS, said.at_ms + 500)
    return words


@pytest.mark.parametrize("device_of", [("d1", "d1"), ("car", "phone")])
def test_a_unit_whose_fixes_come_to_several_hubs_is_watched_by_one_of_them(device_of: tuple[str, str]) -> None:  # R1065
    inside = [fix(1000, 500, t) for t in range(0, 60, 5)]
    beyond = [fix(3500, 500, t) for t in range(60, 1260, 5)]
    back = [fix(1000, 500, t) for t in range(1260, 1290, 5)]
    told = together(*inside, *beyond, *back, device_of=device_of)
    assert told == ["left_area area", "stood_still", "returned area", "moved_again"]


def test_two_broken_fences_are_told_apart() -> None:
    hub = Hub(unit(area="area"))
    assert hub.take(fix(2100, 500, 0), fix(2110, 500, 31)) == ["left_area area", "left_area yard"]
    assert hub.take(fix(2250, 900, 60)) == ["returned yard"]
    assert hub.take(fix(1800, 900, 90)) == ["returned area"]


def test_off_duty_nothing_follows_and_nothing_is_remembered() -> None:
    hub = Hub(unit(area="area", state="off"))
    assert hub.take(fix(1000, 2000, 0), fix(1000, 2000, 60), fix(1000, 2000, 3600)) == []
    assert hub.sweep(7200) == []
    hub = Hub(unit(area="area"))
    hub.take(fix(1000, 2000, 0))
    hub.row = replace(hub.row, state="off")
    assert hub.take(fix(1000, 2000, 60)) == []
    hub.row = replace(hub.row, state="free")
    assert hub.take(fix(1000, 2000, 120)) == []
    assert hub.take(fix(1000, 2000, 151)) == ["left_area area"]


def test_a_new_shift_is_told_anew() -> None:
    hub = Hub(unit(area="area"))
    assert hub.take(fix(1000, 2000, 0), fix(1000, 2000, 60)) == ["left_area area"]
    hub.row = replace(hub.row, shift_until_ms=SHIFT_UNTIL_MS + 1)
    assert hub.take(fix(1000, 2000, 90)) == ["left_area area"]


def test_what_could_not_be_recorded_is_told_with_the_next_fix() -> None:
    hub = Hub(unit(area="area"))
    hub.take(fix(1000, 2000, 0), fix(1000, 2000, 60))
    hub.watch.not_recorded(hub.reports[-1])
    assert hub.take(fix(1000, 2000, 90)) == ["left_area area"]
    hub.take(fix(1000, 900, 120))
    hub.watch.not_recorded(hub.reports[-1])
    assert hub.take(fix(1000, 900, 150)) == ["returned area"]


def test_after_a_restart_the_row_says_what_was_told() -> None:
    hub = Hub(replace(unit(area="area"), out_of="area"))
    hub.watch.resume(hub.row, fix(1000, 2000, 0), START_MS)
    assert hub.take(fix(1000, 2000, 60), fix(1000, 2000, 120), fix(1000, 1010, 180)) == []
    assert hub.take(fix(1000, 990, 240)) == ["returned area"]


def test_late_fixes_change_nothing() -> None:
    hub = Hub(unit(area="area"))
    hub.take(fix(1000, 500, 1000))
    assert hub.take(*(fix(1000, 2000, t) for t in range(0, 900, 30))) == []
    assert hub.take(fix(1000, 2000, 1001), fix(1000, 2000, 1030)) == []
    assert hub.take(fix(1000, 2000, 1032)) == ["left_area area"]


def test_the_phone_of_the_crew_does_not_pull_the_car_to_and_fro() -> None:
    hub = Hub(unit(area="area", devices=("d1", "d2")))
    for t in range(0, 300, 10):
        assert hub.take(fix(1000, 500, t), fix(1000, 3000, t + 5, device="d2")) == []
    quiet_s = 290 + LEADING_DEVICE_MS // 1000
    assert hub.take(fix(1000, 3000, quiet_s + 1, device="d2"), fix(1000, 3000, quiet_s + 32, device="d2")) == [
        "left_area area"
    ]


# standing still


def test_standing_for_long_is_idle_until_the_unit_moves() -> None:
    hub = Hub(unit())
    assert hub.take(*standing(0, 600)) == []
    assert hub.take(*standing(600, 1500)) == ["stood_still"]
    assert hub.reports[0].since_ms == START_MS
    assert hub.take(fix(1200, 500, 1530), fix(1300, 500, 1560), fix(1400, 500, 1590)) == ["moved_again"]


def test_a_red_light_is_not_idle() -> None:
    hub = Hub(unit(), FenceSet([]))
    for block in range(20):
        stop_s = block * 180
        assert (
            hub.take(*standing(stop_s, stop_s + 90, x_m=block * 500), fix(block * 500 + 250, 500, stop_s + 120)) == []
        )


def test_walking_slowly_is_not_idle() -> None:
    hub = Hub(unit())
    assert hub.take(*(fix(0.5 * t, 500, t) for t in range(0, 3600, 10))) == []


def test_one_stray_fix_neither_ends_idling_nor_restarts_it() -> None:
    hub = Hub(unit())
    assert hub.take(*standing(0, 300), fix(1200, 500, 300), *standing(330, 700)) == ["stood_still"]
    assert hub.take(fix(1200, 500, 730), *standing(760, 1000)) == []


def test_coarse_fixes_prove_no_idling() -> None:
    hub = Hub(unit())
    assert hub.take(*(fix(1000, 500, t, accuracy_m=800) for t in range(0, 3600, 30))) == []


@pytest.mark.parametrize("state", ["ordered", "moving", "on_scene"])
def test_a_unit_on_an_order_is_not_idle_and_starts_afresh_when_free(state: str) -> None:
    hub = Hub(replace(unit(), state=state))
    assert hub.take(*standing(0, 3600)) == []
    hub.row = replace(hub.row, state="free")
    assert hub.take(*standing(3600, 4170)) == []
    assert hub.take(*standing(4170, 4230)) == ["stood_still"]


def test_time_that_nobody_saw_is_not_idling() -> None:
    hub = Hub(unit())
    assert hub.take(fix(1000, 500, 0), fix(1000, 500, 3600)) == []


def test_how_long_a_unit_has_stood_still_is_known_wherever_its_device_comes() -> None:  # R1031
    hub = Hub(unit())
    for one in standing(0, 600):
        hub.watch.follow(hub.row, one, FENCES, LIMITS, one.at_ms + 500)
    assert hub.take(fix(1000, 500, 600)) == ["stood_still"]
    assert hub.reports[0].since_ms == START_MS


def test_what_was_not_recorded_of_a_unit_that_moves_again_is_told_with_the_next_fix() -> None:  # R1066
    hub = Hub(unit())
    assert hub.take(*standing(0, 660)) == ["stood_still"]
    still = hub.row
    assert hub.take(fix(3000, 500, 660), fix(3000, 500, 690)) == ["moved_again"]
    hub.row = still
    assert hub.take(fix(3000, 500, 720), fix(3000, 500, 750)) == ["moved_again"]
    assert hub.take(*standing(780, 1290, x_m=3000)) == []
    assert hub.take(fix(3000, 500, 1290)) == ["stood_still"], "it has stood there since 690"
    assert hub.take(*standing(1320, 1500, x_m=3000)) == []


def test_what_a_hub_that_died_did_not_tell_is_told_by_the_next() -> None:  # R1066
    hub = Hub(unit())
    assert hub.take(*standing(0, 660)) == ["stood_still"]
    for one in (fix(3000, 500, 660), fix(3000, 500, 690)):
        hub.watch.follow(hub.row, one, FENCES, LIMITS, one.at_ms + 500)
    assert hub.take(fix(3000, 500, 720), fix(3000, 500, 750)) == ["moved_again"]


def test_time_that_no_hub_saw_is_not_idling_either() -> None:  # R1031
    hub = Hub(unit())
    assert hub.take(*standing(0, 300)) == []
    hub.watch.follow(hub.row, fix(1000, 500, 900), FENCES, LIMITS, START_MS + 900_500)
    assert hub.take(*standing(930, 1500)) == []
    assert hub.take(fix(1000, 500, 1500)) == ["stood_still"]
    assert hub.reports[0].since_ms == START_MS + 900_000


def test_who_was_on_an_order_or_elsewhere_at_another_hub_starts_afresh() -> None:  # R1031
    hub = Hub(unit())
    assert hub.take(*standing(0, 300)) == []
    hub.row = replace(hub.row, state="on_scene")
    for one in standing(300, 900):
        hub.watch.follow(hub.row, one, FENCES, LIMITS, one.at_ms + 500)
    hub.row = replace(hub.row, state="free")
    assert hub.take(*standing(900, 1470)) == []
    for one in standing(1470, 1560, x_m=3000):
        hub.watch.follow(hub.row, one, FENCES, LIMITS, one.at_ms + 500)
    assert hub.take(*standing(1560, 2100, x_m=3000)) == []
    assert hub.take(fix(3000, 500, 2100)) == ["stood_still"]


# silence


def test_a_silent_unit_is_reported_once_and_heard_again() -> None:
    hub = Hub(unit())
    hub.take(fix(1000, 500, 0))
    assert hub.sweep(300) == []
    assert hub.sweep(301) == ["went_silent"]
    assert hub.reports[0].since_ms == START_MS
    assert (hub.reports[0].lat, hub.reports[0].lon) == pytest.approx(point(1000, 500))
    assert hub.sweep(400) == []
    assert hub.take(fix(1000, 500, 500)) == ["heard_again"]
    assert hub.sweep(700) == []


def test_a_unit_that_never_reports_is_silent_from_when_it_was_first_seen_on_duty() -> None:
    hub = Hub(unit())
    assert hub.sweep(1000) == []
    assert hub.sweep(1290) == []
    assert hub.sweep(1301) == ["went_silent"]
    assert hub.reports[0].since_ms == START_MS + 1_000_000


def test_a_unit_without_a_device_is_not_silent() -> None:
    hub = Hub(unit(devices=()))
    assert hub.sweep(0) == []
    assert hub.sweep(9999) == []


def test_the_second_device_keeps_a_unit_from_being_silent_when_the_first_dies() -> None:
    hub = Hub(unit(devices=("d1", "d2")))
    hub.take(fix(0, 0, 0))
    hub.take(*(fix(0, 0, t, device="d2") for t in range(5, 400, 10)))
    assert hub.sweep(400) == []


def test_nobody_is_silent_for_the_time_that_the_hub_was_away() -> None:
    hub = Hub(unit())
    hub.watch.resume(hub.row, fix(0, 0, 0), START_MS + 3_600_000)
    assert hub.sweep(3700) == []
    assert hub.sweep(3901) == ["went_silent"]
    assert hub.reports[0].since_ms == START_MS


# real tracks


def geolife() -> Iterator[list[Position]]:
    """Give each GeoLife track, moved so that its median lies in the county."""
    for path in sorted(shared("data/gps").glob("*/*.plt")):
        lines = [line.split(",") for line in path.read_text().splitlines()[6:]]
        lats, lons = [float(line[0]) for line in lines], [float(line[1]) for line in lines]
        north, east = LAT - statistics.median(lats), LON - statistics.median(lons)
        days = [float(line[4]) for line in lines]
        yield [
            Position(
                device="d1", at_ms=round(day * 86_400_000), lat=lat + north, lon=lon + east, source="jt808",
                accuracy_m=10.0,
            )
            for lat, lon, day in zip(lats, lons, days, strict=True)
        ]  # fmt: skip


def from_centre_m(one: Position) -> float:
    return distance_m(LAT, LON, one.lat, one.lon)


def circle(radius_m: float) -> FenceRow:
    return replace(
        AREA,
        ring=tuple(
            (lon, lat)
            for step in range(64)
            for lat, lon in [
                point(
                    radius_m * math.cos(step * 0.0981747704),
                    radius_m * math.sin(step * 0.0981747704),
                )
            ]
        ),
    )


def noisy(track: Iterable[Position], seed: int) -> list[Position]:
    """Add what a receiver adds: an error of some metres at each fix."""
    chance = random.Random(seed)
    return [
        replace(one, lat=one.lat + chance.gauss(0, 6) / 111_195, lon=one.lon + chance.gauss(0, 6) / 97_000)
        for one in track
    ]


def excursions(track: Iterable[Position], radius_m: float) -> list[float]:
    """Return how far each stay outside the circle led, where that was at all near the margin of 30 m."""
    stays = groupby(map(from_centre_m, track), lambda away_m: away_m > radius_m)
    furthest = [max(stay) - radius_m for outside, stay in stays if outside]
    return [far_m for far_m in furthest if far_m > 20]


@pytest.mark.data
def test_real_tracks_along_a_line_do_not_flap() -> None:
    """Each alarm is one real excursion, though noise of the receiver was added; seen naively there are many more."""
    alarms = crossings = 0
    for number, clean in enumerate(geolife()):
        radius_m = max(200.0, statistics.median(map(from_centre_m, clean)))
        hub = Hub(unit(area="area"), FenceSet([circle(radius_m)]))
        chosen = FixFilter()
        track = [one for one in noisy(clean, number) if chosen.admit(one)]
        words = [(one, word) for one in track for word in hub.take(one)]
        turns = [word for _, word in words if "area" in word]
        assert turns == ["left_area area", "returned area"] * (len(turns) // 2) + ["left_area area"] * (len(turns) % 2)
        for one, word in words:
            beyond_m = from_centre_m(one) - radius_m
            if "left" in word:
                assert beyond_m > 30
            if "returned" in word:
                assert beyond_m < 5
        assert turns.count("left_area area") <= len(excursions(clean, radius_m)), f"track {number} flaps"
        sides = [from_centre_m(one) > radius_m for one in track]
        crossings += sum(a != b for a, b in pairwise(sides))
        alarms += len(turns)
    assert alarms >= 20
    assert crossings > 3 * alarms


@pytest.mark.data
def test_real_tracks_moved_inside_a_wide_fence_never_alarm() -> None:
    for number, clean in enumerate(geolife()):
        radius_m = max(map(from_centre_m, clean)) + 50
        hub = Hub(unit(area="area"), FenceSet([circle(radius_m * 1.01)]))
        assert not [word for word in hub.take(*noisy(clean, number)) if "area" in word]


def test_a_unit_that_calls_without_a_place_is_heard_and_is_nowhere() -> None:  # R1019
    hub = Hub(unit(area="area"))
    assert hub.take(*standing(0, 300)) == []
    assert hub.sweep(700) == ["went_silent"]
    assert hub.hear(710) == ["heard_again"]
    assert [word for at_s in range(720, 3600, 10) for word in (*hub.hear(at_s), *hub.sweep(at_s))] == []
    assert hub.take(fix(1000, 500, 3600)) == [], "so long nobody knew where it stood"
    assert hub.sweep(3902) == ["went_silent"]
    hub.row = unit(state="off")
    assert hub.hear(3910) == []
