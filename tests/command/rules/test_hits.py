"""Where and when an entry fires, what a hit tells, and what follows from those that were none (SPEC R536-R542)."""

from __future__ import annotations

from typing import Any

import pytest

from command.actors import HUB
from command.facts.watchlist import CameraAhead, LastSeen, NearUnit, WatchHours
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError, TooManyError, UnknownIdError
from command.kernel.limits import HIT_STANDS_MINUTES, OPEN_WATCHES, WATCH_NOT_PLATES, WATCHES_AT_ONCE
from command.requests import (
    ApproveWatch,
    ApproveWatches,
    CloseSituation,
    EnrolDevice,
    EnrolUnit,
    LiftWatch,
    RaiseSos,
    RejectHit,
    ReportHit,
    RequestWatch,
    RequestWatches,
    WatchEntry,
)
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import CameraRow, WatchRow
from command.rules.advice import recommend
from command.rules.hits import fires_at
from tests.command.support import (
    COMMANDER,
    DISPATCHER,
    HERE,
    HOUR_MS,
    LEADER,
    MINUTE_MS,
    OFFICER,
    START_MS,
    Desk,
    desk,
    position,
    ring,
)

UNTIL_MS = START_MS + 100 * HOUR_MS
BEIJING_MIDNIGHT_MS = 1_700_064_000_000  # 2023-11-16 00:00 in Beijing


async def watch(d: Desk, pattern: str = "京A8345*", **changes: Any) -> str:
    given: dict[str, Any] = {"pattern": pattern, "reason": "盗抢", "level": 2, "until_ms": UNTIL_MS} | changes
    row = await d.ask(RequestWatch(**given), COMMANDER)
    await d.ask(ApproveWatch(watch=row), LEADER)
    return row


async def hit(d: Desk, of: str, plate: str = "京A83456", camera: str = "k1", **changes: Any) -> str:
    given: dict[str, Any] = {"seen_ms": d.clock.now_ms(), "confidence": 0.9} | changes
    return await d.ask(ReportHit(watch=of, plate=plate, camera=camera, **given))


def clock_ms(clock: str) -> int:
    hours, minutes = clock.split(":")
    return BEIJING_MIDNIGHT_MS + (int(hours) * 60 + int(minutes)) * MINUTE_MS


@pytest.mark.parametrize(
    ("hours", "clock", "fires"),
    [
        ((480, 1080), "08:00", True), ((480, 1080), "17:59", True), ((480, 1080), "18:00", False),
        ((480, 1080), "07:59", False), ((1320, 360), "22:00", True), ((1320, 360), "23:59", True),
        ((1320, 360), "00:00", True), ((1320, 360), "05:59", True), ((1320, 360), "06:00", False),
        ((1320, 360), "12:00", False), ((1320, 1440), "23:59", True), ((1320, 1440), "00:00", False),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_county_and_may_go_over_midnight(
    hours: tuple[int, int], clock: str, fires: bool
) -> None:  # R536
    row = WatchRow(
        id="w1", pattern="京A1*", reason="x", level=3, until_ms=UNTIL_MS, state="active", requested_by="x",
        requested_ms=0, hours=WatchHours(from_min=hours[0], to_min=hours[1]),
    )  # fmt: skip
    camera = CameraRow(id="k1", name="x", lat=30, lon=114, bearing_deg=0, field_deg=60, reads_plates=True)
    assert fires_at(row, camera, clock_ms(clock)) is fires


async def test_an_entry_fires_only_in_its_area() -> None:  # R536
    lat, lon = HERE
    async with desk() as d:  # k1 and k2 stand 0.01 and 0.02 degrees to the north
        by_name = await watch(d, area=GivenArea(cameras=["k2"]))
        drawn = await watch(d, area=GivenArea(ring=ring(lat + 0.01, lon, 0.005)))
        both = await watch(d, area=GivenArea(cameras=["k2"], ring=ring(lat + 0.01, lon, 0.005)))
        nowhere = await watch(d, area=GivenArea())
        fired = {of: [bool(await hit(d, of, camera=camera)) for camera in ("k1", "k2")]
                 for of in (by_name, drawn, both, nowhere)}  # fmt: skip
        assert fired == {by_name: [False, True], drawn: [True, False], both: [True, True], nowhere: [True, True]}
        assert (await d.row("watches", nowhere)).area is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"area": GivenArea(cameras=["nowhere"])}, UnknownIdError),
        ({"area": GivenArea(ring=[(114.0, 30.0), (114.1, 30.0)])}, InvalidInputError),
        ({"area": GivenArea(ring=[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])}, InvalidInputError),
        ({"hours": GivenHours(from_min=60, to_min=60)}, InvalidInputError),
    ],
)
async def test_an_area_or_hours_that_mean_nothing_are_refused(
    changes: dict[str, Any], error: type[Exception]
) -> None:  # R536
    async with desk() as d:
        with pytest.raises(error):
            await watch(d, **changes)


async def test_a_hit_tells_where_the_car_was_goes_and_who_is_near() -> None:  # R537, R538
    lat, lon = HERE
    async with desk() as d:
        of = await watch(d, action="intercept", office="交警大队")
        await d.on_duty("u1", "u2")
        d.hub.positions_changed([position("u1", lat + 0.01, lon), position("u2", lat + 0.05, lon)])
        assert set(await d.table("positions")) == {"u1", "u2"}
        ahead = (CameraAhead(camera="k2", distance_m=900, expected_s=70),)
        row = await d.row(
            "hits",
            await hit(
                d, of, last_seen=LastSeen(camera="k2", at_ms=START_MS), ahead=ahead, ahead_by="roads",
                heading_deg=10.0, direction="away", picture="ab" * 32, plate_picture="cd" * 32,
            ),
        )  # fmt: skip
        assert (row.ahead, row.ahead_by, row.last_seen.camera) == (ahead, "roads", "k2")
        assert (row.picture, row.plate_picture, row.heading_deg) == ("ab" * 32, "cd" * 32, 10.0)
        assert [each.unit for each in row.units] == ["u1", "u2"]
        assert row.units[0].distance_m < row.units[1].distance_m
        assert row.units[0].arrival_s < row.units[1].arrival_s


async def test_a_hit_for_which_no_situation_can_be_opened_is_an_alarm_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # R856
    monkeypatch.setattr("command.rules.situations.OPEN_SITUATIONS", 1)
    async with desk() as d:
        of, other = await watch(d), await d.situation()
        assert await hit(d, of) == ""
        [alarm] = (await d.table("alarms")).values()
        assert (alarm.kind, alarm.level, alarm.subject, alarm.situation) == ("plate_hit", 2, "京A83456", "")
        assert "在办警情已满" in alarm.detail
        assert not await d.table("hits")
        await d.ask(CloseSituation(situation=other), DISPATCHER)
        d.clock.advance(d.clock.now_ms() + MINUTE_MS)
        assert (await d.row("hits", await hit(d, of))).situation


async def near(d: Desk, place: tuple[float, float] = (HERE[0] + 0.01, HERE[1]), **north_m: float) -> list[NearUnit]:
    """Return the units that a hit before camera k1 names, each standing so far to the north of it."""
    now_ms = d.clock.now_ms()
    d.hub.positions_changed(
        [position(unit, place[0] + metres / 111_195, place[1], now_ms) for unit, metres in north_m.items()]
    )
    await d.table("positions")
    row = await d.row("hits", await hit(d, await watch(d)))
    return list(row.units)


async def traffic_police(d: Desk, unit: str = "t1") -> None:
    await d.ask(
        EnrolUnit(
            unit=unit, name="交警一", kind="traffic_police", service="122", station="st1", phone="1", officers=[]
        )
    )  # fmt: skip
    await d.ask(EnrolDevice(device=f"d{unit}", kind="mobile", unit=unit))


async def test_police_and_traffic_police_are_named_by_arrival_alike() -> None:  # R807
    """The engine that is nearest stops no car; who walks is near by line and late."""
    async with desk() as d:
        await traffic_police(d)
        await d.on_duty("u1", "u2", "u3", "u4", "t1")
        found = await near(d, u1=4000, u2=2000, u3=600, u4=100, t1=1000)
        assert [each.unit for each in found] == ["t1", "u2", "u1"]
        assert [each.distance_m for each in found] == [1000, 2000, 4000]
        assert found[0].arrival_s == round(1000 * 1.35 / (45 / 3.6)) == 108
        assert {each.state for each in found} == {"free"}


async def test_a_unit_whose_position_is_old_stands_last_and_says_how_old() -> None:  # R807
    async with desk() as d:
        await d.on_duty("u1", "u2")
        d.hub.positions_changed([position("u1", HERE[0] + 0.01, HERE[1])])
        await d.pass_time(3 * MINUTE_MS)
        found = await near(d, u2=5000)
        assert [(each.unit, each.position_age_ms) for each in found] == [("u2", 0), ("u1", 3 * MINUTE_MS)]


async def test_who_is_taken_or_off_duty_is_named_only_where_nobody_free_is_sooner_and_says_so() -> None:  # R807
    async with desk() as d:
        await traffic_police(d)
        await d.on_duty("u1", "u2", "t1")
        await d.order("u1")
        found = await near(d, u1=500, u2=3000, t1=2000, u3=10)
        assert [(each.unit, each.state) for each in found] == [
            ("t1", "free"), ("u2", "free"), ("u3", "off"), ("u1", "ordered"),
        ]  # fmt: skip
        found = await near(d, u1=4000, u2=3000, t1=2000, u3=4000)
        assert [each.unit for each in found] == ["t1", "u2"]
        await d.ask(RaiseSos(unit="t1"), HUB)
        assert [each.unit for each in await near(d)] == ["u2"]


async def test_where_nobody_is_near_a_hit_names_nobody() -> None:  # R807
    async with desk() as d:
        assert await near(d) == []
        await d.on_duty()
        assert await near(d) == []


async def test_whoever_can_stop_the_car_is_recommended_as_long_as_a_hit_stands() -> None:  # R807, R89
    async with desk() as d:
        await traffic_police(d)
        await d.on_duty("u1", "u4", "t1")
        await near(d, u1=3000, u4=100, t1=1000)
        first, *_ = (await d.table("hits")).values()

        async def fitting() -> list[tuple[str, bool]]:
            now_ms = d.clock.now_ms()
            found = await d.hub.read(lambda t: recommend(t, t.situations.need(first.situation), now_ms))
            return [(each.unit, each.fits) for each in found]

        assert await fitting() == [("t1", True), ("u1", True), ("u4", False)]
        await d.ask(RejectHit(hit=first.id, why="x"), DISPATCHER)
        assert await fitting() == [("u1", True), ("u4", False), ("t1", False)]


async def test_a_look_alike_that_was_none_does_not_fire_again_for_the_same_plate() -> None:  # R540
    async with desk() as d:
        of = await watch(d, "京A8345*", look_alike=True)
        first = await hit(d, of, "京AB3456", how="look_alike", score=0.3)
        await d.ask(RejectHit(hit=first, why="是 B", kind="look_alike"), DISPATCHER)
        assert (await d.row("watches", of)).not_plates == ("京AB3456",)
        assert (await d.row("hits", first)).rejected_by == "dispatcher"
        await d.pass_time(MINUTE_MS)
        assert await hit(d, of, "京AB3456", how="look_alike", score=0.3) == ""
        assert await hit(d, of, "京AB3457", how="look_alike", score=0.3)
        other = await watch(d, "京AB345*")
        assert await hit(d, other, "京AB3456")


async def test_whoever_rejects_a_hit_decides_what_fires_again() -> None:  # R540
    async with desk() as d:
        of = await watch(d, "京A8345*", look_alike=True)
        again = await hit(d, of, "京AB3456", how="look_alike", score=0.3)
        await d.ask(RejectHit(hit=again, why="看不清", kind="misread", exclude=False), DISPATCHER)
        await d.pass_time(MINUTE_MS)
        assert await hit(d, of, "京AB3456", how="look_alike", score=0.3)
        fits = await hit(d, of, "京A83451", how="pattern")
        await d.ask(RejectHit(hit=fits, why="车型不符", exclude=True), DISPATCHER)
        await d.pass_time(MINUTE_MS)
        assert await hit(d, of, "京A83451", how="pattern") == ""
        exact = await hit(d, await watch(d, "京A83456"), how="exact")
        with pytest.raises(InvalidInputError, match="lift"):
            await d.ask(RejectHit(hit=exact, why="x", exclude=True), DISPATCHER)


async def test_the_newest_excluded_plates_are_kept() -> None:  # R540
    async with desk() as d:
        of = await watch(d, "京A8345*", look_alike=True)
        plates = [f"京AB{n:04}" for n in range(WATCH_NOT_PLATES + 1)]
        for plate in plates:
            one = await hit(d, of, plate, how="look_alike", score=0.3)
            await d.ask(RejectHit(hit=one, why="x"), DISPATCHER)
        assert (await d.row("watches", of)).not_plates == tuple(plates[1:])


async def test_an_entry_that_keeps_being_wrong_says_so_and_asks_to_be_lifted() -> None:  # R541
    async with desk() as d:
        of = await watch(d)
        for number in range(3):
            assert (await d.row("watches", of)).wrong_share is None
            assert await d.alarm("watch_doubtful", f"{of}/京A8345*") is None
            one = await hit(d, of, f"京A8345{number}")
            await d.ask(RejectHit(hit=one, why="x"), DISPATCHER)
            await d.pass_time(MINUTE_MS)
        row = await d.row("watches", of)
        assert (row.wrong_share, row.wrong_in_a_row) == (1.0, 3)
        alarm = await d.alarm("watch_doubtful", f"{of}/京A8345*")
        assert alarm is not None
        assert (alarm.level, alarm.detail) == (4, "3 commander")
        await d.ask(LiftWatch(watch=of, why="收窄后重报"), DISPATCHER)
        assert await d.alarm("watch_doubtful", f"{of}/京A8345*") is None


async def test_a_hit_that_stands_ends_the_row_of_wrong_ones() -> None:  # R541
    async with desk() as d:
        of = await watch(d)
        for number, wrong in enumerate((True, True, False, True)):
            one = await hit(d, of, f"京A8345{number}")
            if wrong:
                await d.ask(RejectHit(hit=one, why="x"), DISPATCHER)
            await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        row = await d.row("watches", of)
        assert (row.wrong_in_a_row, row.wrong_share) == (1, 0.75)
        assert await d.alarm("watch_doubtful", f"{of}/京A8345*") is None


def entries(*patterns: str) -> list[WatchEntry]:
    return [WatchEntry(pattern=pattern, reason="名单", level=3, until_ms=UNTIL_MS) for pattern in patterns]


async def test_many_are_asked_for_and_approved_at_once() -> None:  # R539
    async with desk() as d:
        request = RequestWatches(entries=entries("京A12345", "京A1*", "京·b22222"))
        batch = await d.ask(request, COMMANDER, "list-1")
        assert await d.ask(request, COMMANDER, "list-1") == batch
        rows = await d.table("watches")
        assert [(row.pattern, row.batch, row.state) for row in rows.values()] == [
            ("京A12345", batch, "requested"), ("京A1*", batch, "requested"), ("京B22222", batch, "requested"),
        ]  # fmt: skip
        assert batch == next(iter(rows))
        with pytest.raises(ConflictError):
            await d.ask(ApproveWatches(watches=list(rows)), COMMANDER)
        await d.ask(ApproveWatch(watch=batch), LEADER)
        await d.ask(ApproveWatches(watches=list(rows)), LEADER)
        assert {row.state for row in (await d.table("watches")).values()} == {"active"}
        with pytest.raises(ConflictError):
            await d.ask(ApproveWatches(watches=list(rows)), LEADER)


async def test_of_many_all_are_taken_or_none() -> None:  # R539
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(RequestWatches(entries=entries("京A12345", "*")), COMMANDER)
        with pytest.raises(UnknownIdError):
            await d.ask(ApproveWatches(watches=["w99999"]), LEADER)
        with pytest.raises(NoRightError):
            await d.ask(ApproveWatches(watches=["w1"]), OFFICER)
        assert await d.table("watches") == {}


async def test_there_is_room_for_so_many_and_no_more() -> None:  # R539
    async with desk() as d:
        plates = [f"京A{n:05}" for n in range(OPEN_WATCHES)]
        for at in range(0, OPEN_WATCHES, WATCHES_AT_ONCE):
            await d.ask(RequestWatches(entries=entries(*plates[at : at + WATCHES_AT_ONCE])), HUB)
        with pytest.raises(TooManyError):
            await d.ask(RequestWatches(entries=entries("京B00001")), HUB)
