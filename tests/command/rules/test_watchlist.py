"""The watch list and hits (SPEC R63-R69, R765)."""

from __future__ import annotations

import pytest

from command.kernel.errors import ConflictError, InvalidInputError
from command.requests import (
    ApproveWatch,
    ClassifyCall,
    CloseSituation,
    LiftWatch,
    MergeSituation,
    RejectHit,
    ReportHit,
    RequestWatch,
    TakeAlarm,
)
from command.requests.base import GivenPlace
from tests.command.support import COMMANDER, DISPATCHER, HOUR_MS, LEADER, MINUTE_MS, START_MS, TAKER, Desk, desk

PLATE = "京A12345"


async def watch(d: Desk, *, approved: bool = True) -> str:
    asked = RequestWatch(pattern="京a·1234?", reason="盗抢", level=2, until_ms=START_MS + 12 * HOUR_MS)
    row = await d.ask(asked, COMMANDER)
    if approved:
        await d.ask(ApproveWatch(watch=row), LEADER)
    return row


async def hit(d: Desk, of: str, camera: str = "k1", seen_ms: int | None = None, plate: str = PLATE) -> str:
    seen_ms = d.clock.now_ms() if seen_ms is None else seen_ms
    return await d.ask(ReportHit(watch=of, plate=plate, camera=camera, seen_ms=seen_ms, confidence=0.9))


async def test_a_watch_needs_a_second_person() -> None:  # R63
    async with desk() as d:
        row = await watch(d, approved=False)
        assert (await d.row("watches", row)).pattern == "京A1234?"
        assert await hit(d, row) == ""
        with pytest.raises(ConflictError):
            await d.ask(ApproveWatch(watch=row), COMMANDER)
        await d.ask(ApproveWatch(watch=row), LEADER)
        approved = await d.row("watches", row)
        assert (approved.state, approved.requested_by, approved.approved_by) == ("active", "commander", "duty_leader")
        with pytest.raises(ConflictError):
            await d.ask(ApproveWatch(watch=row), LEADER)


@pytest.mark.parametrize(("pattern", "until_ms"), [("*", 1), ("?*A", HOUR_MS), ("** ·", HOUR_MS), ("京A12345", 0)])
async def test_a_watch_for_every_car_or_for_the_past_is_refused(pattern: str, until_ms: int) -> None:  # R64
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(RequestWatch(pattern=pattern, reason="x", level=3, until_ms=START_MS + until_ms), COMMANDER)


async def test_a_watch_past_its_date_or_lifted_does_not_fire() -> None:  # R65
    async with desk() as d:
        expired, lifted = await watch(d), await watch(d)
        await d.ask(LiftWatch(watch=lifted, why="已查获"), DISPATCHER)
        assert await hit(d, lifted) == ""
        await d.pass_time(12 * HOUR_MS)
        assert (await d.row("watches", expired)).state == "expired"
        assert await hit(d, expired) == ""
        for row in (expired, lifted):
            with pytest.raises(ConflictError):
                await d.ask(LiftWatch(watch=row, why="x"), DISPATCHER)


async def test_a_hit_opens_a_situation_and_the_next_one_joins_it() -> None:  # R66
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of)
        situation = (await d.row("hits", first)).situation
        row = await d.row("situations", situation)
        assert (row.level, row.source, row.place.text, row.hits) == (2, of, "路口1", (first,))
        alarm = await d.alarm("plate_hit", PLATE)
        assert alarm is not None
        assert (alarm.level, alarm.situation) == (2, situation)
        await d.pass_time(10 * MINUTE_MS)
        second = await hit(d, of, "k2")
        row = await d.row("situations", situation)
        assert (row.hits, row.place.text) == ((first, second), "路口2")
        assert (await d.row("watches", of)).hits == 2
        await d.pass_time(3 * HOUR_MS)
        assert (await d.row("hits", await hit(d, of))).situation != situation


async def test_a_hit_that_was_long_on_its_way_does_not_take_the_car_back() -> None:  # R66
    async with desk() as d:
        of = await watch(d)
        await d.pass_time(10 * MINUTE_MS)
        situation = (await d.row("hits", await hit(d, of, "k2"))).situation
        await hit(d, of, "k1", START_MS)
        assert (await d.row("situations", situation)).place.text == "路口2"


async def test_the_same_sighting_again_is_the_same_hit_also_once_rejected() -> None:  # R67
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of, seen_ms=START_MS)
        assert await hit(d, of, seen_ms=START_MS) == first
        await d.ask(RejectHit(hit=first, why="看错"), DISPATCHER)
        assert await hit(d, of, seen_ms=START_MS) == first
        assert await d.table("alarms") == {}
        with pytest.raises(ConflictError):
            await d.ask(RejectHit(hit=first, why="x"), DISPATCHER)
        assert (await d.row("watches", of)).rejected == 1


async def test_the_alarm_goes_with_the_last_hit_of_its_situation() -> None:  # R67
    async with desk() as d:
        of = await watch(d)
        old = await hit(d, of)
        await d.ask(CloseSituation(situation=(await d.row("hits", old)).situation), DISPATCHER)
        await d.pass_time(MINUTE_MS)
        one, other = await hit(d, of, "k1"), await hit(d, of, "k2")
        await d.ask(RejectHit(hit=one, why="x"), DISPATCHER)
        assert await d.alarm("plate_hit", PLATE) is not None
        await d.ask(RejectHit(hit=other, why="x"), DISPATCHER)
        assert await d.alarm("plate_hit", PLATE) is None


async def test_a_car_that_comes_again_after_the_matter_was_closed_is_a_new_alarm() -> None:  # R68
    """Somebody had taken the first alarm; the second must not hide behind it."""
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of)
        alarm = await d.alarm("plate_hit", PLATE)
        assert alarm is not None
        await d.ask(TakeAlarm(alarm=alarm.id), DISPATCHER)
        await d.ask(CloseSituation(situation=(await d.row("hits", first)).situation), DISPATCHER)
        await d.pass_time(MINUTE_MS)
        second = await hit(d, of)
        again = await d.alarm("plate_hit", PLATE)
        assert again is not None
        assert (again.state, again.situation) == ("raised", (await d.row("hits", second)).situation)


async def test_a_further_hit_joins_the_situation_that_went_on() -> None:  # R69
    async with desk() as d:
        of = await watch(d)
        first = (await d.row("hits", await hit(d, of))).situation
        into, last = await d.situation(), await d.situation()
        await d.ask(MergeSituation(situation=first, into=into, why="x"), COMMANDER)
        await d.ask(MergeSituation(situation=into, into=last, why="x"), COMMANDER)
        await d.pass_time(MINUTE_MS)
        assert (await d.row("hits", await hit(d, of))).situation == last


async def test_a_hit_joins_the_open_situation_that_names_its_car_which_stays_where_help_is_wanted() -> None:  # R765
    async with desk() as d:
        of = await watch(d)
        call = await d.answered_call()
        await d.ask(ClassifyCall(call=call, form={"经过": "车牌 京a·12345 的白色轿车撞人后逃走"}), TAKER)
        place = GivenPlace(lat=30.6, lon=114.4, text="人民路口", source="map")
        robbed = await d.situation(call=call, title="肇事逃逸", place=place)
        other = await d.situation(title="京A123456 被困")
        first = await d.row("hits", await hit(d, of))
        assert first.situation == robbed
        row = await d.row("situations", robbed)
        assert (row.place.text, row.hits) == ("人民路口", (first.id,))
        await d.pass_time(3 * HOUR_MS)
        assert (await d.row("hits", await hit(d, of, "k2"))).situation == robbed
        await d.ask(CloseSituation(situation=robbed, why="已查获"), COMMANDER)
        await d.pass_time(3 * HOUR_MS)
        last = (await d.row("hits", await hit(d, of))).situation
        assert last not in (robbed, other)
        await d.pass_time(3 * HOUR_MS)
        assert (await d.row("hits", await hit(d, of))).situation not in (robbed, other, last)
