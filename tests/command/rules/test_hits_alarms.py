"""Which alarm of a car stands, and how grave, as its hits come and are rejected (SPEC R860-R862)."""

from __future__ import annotations

import pytest

from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.requests import (
    ClearAlarm,
    CloseSituation,
    MergeSituation,
    RejectHit,
    ReportDeviceAlarm,
    SetLevel,
    ShelveAlarm,
    TakeAlarm,
)
from command.rows import AlarmRow, HitRow
from tests.command.rules.test_hits import hit, watch
from tests.command.support import COMMANDER, DISPATCHER, HOUR_MS, MINUTE_MS, Desk, desk, picture, refold

PLATE = "京A83456"


async def alarm(d: Desk) -> AlarmRow | None:
    found: AlarmRow | None = await d.alarm("plate_hit", PLATE)
    return found


async def situation(d: Desk, of: str) -> str:
    row: HitRow = await d.row("hits", of)
    return row.situation


async def reject(d: Desk, one: str) -> None:
    await d.ask(RejectHit(hit=one, why="误读", kind="misread"), DISPATCHER)


async def test_rejecting_a_hit_of_a_closed_situation_leaves_the_alarm_of_todays() -> None:  # R860
    async with desk() as d:
        of = await watch(d)
        old = await hit(d, of)
        await d.ask(CloseSituation(situation=await situation(d, old), why="已处置"), COMMANDER)
        await d.pass_time(MINUTE_MS)
        new = await hit(d, of)
        await reject(d, old)
        found = await alarm(d)
        assert found
        assert found.situation == await situation(d, new) != await situation(d, old)
        await reject(d, new)
        assert await alarm(d) is None


async def test_the_alarm_goes_with_the_last_hit_that_stands_in_any_open_situation() -> None:  # R860
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of)
        await d.pass_time(3 * HOUR_MS)
        second = await hit(d, of)
        assert await situation(d, second) != await situation(d, first)
        await reject(d, first)
        assert await alarm(d)
        await reject(d, second)
        assert await alarm(d) is None


async def test_a_hit_of_a_merged_situation_stands_in_the_one_that_went_on() -> None:  # R860
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of)
        await d.pass_time(3 * HOUR_MS)
        second = await hit(d, of)
        merged, into = await situation(d, first), await situation(d, second)
        await d.ask(MergeSituation(situation=merged, into=into, why="同一车"), DISPATCHER)
        third = await hit(d, of, camera="k2")
        assert await situation(d, third) == into
        await reject(d, second)
        await reject(d, third)
        assert await alarm(d)
        await reject(d, first)
        assert await alarm(d) is None


@pytest.mark.parametrize("put_aside", [False, True])
async def test_a_hit_of_a_graver_entry_raises_the_alarm_anew_whoever_had_it(put_aside: bool) -> None:  # R861
    journal = MemoryJournal()
    async with desk(journal) as d:
        first = await hit(d, await watch(d, PLATE, level=4, reason="逾期未检验"))
        found = await alarm(d)
        assert found
        if put_aside:
            await d.ask(ShelveAlarm(alarm=found.id, minutes=30, why="不急"), DISPATCHER)
        else:
            await d.ask(TakeAlarm(alarm=found.id), DISPATCHER)
        await d.pass_time(20 * MINUTE_MS)
        second = await hit(d, await watch(d, PLATE, level=1, reason="持枪抢劫嫌疑人"), camera="k2")
        again = await alarm(d)
        assert again
        assert (again.id, again.level, again.state, again.taken_by, again.count) == (found.id, 1, "raised", "", 2)
        assert (again.raised_ms, again.shelved_until_ms, again.shelved_why) == (d.clock.now_ms(), None, "")
        assert again.detail == "路口2 持枪抢劫嫌疑人"
        of = await situation(d, second)
        assert of == await situation(d, first)
        row = await d.row("situations", of)
        assert row.level == 1
        raised = [m for m in await d.marks(of) if m.kind == "situation_raised"]
        assert [m.args["why"] for m in raised] == [f"布控车辆 {PLATE} 持枪抢劫嫌疑人"]
        await d.pass_time(HOUR_MS)
        assert await alarm(d) == again
        live = await d.hub.read(picture)
        assert picture(await refold(journal)) == live


async def test_hits_as_grave_as_those_before_are_counted_and_leave_what_people_decided() -> None:  # R861
    async with desk() as d:
        of = await watch(d, level=1)
        one = await hit(d, of)
        found = await alarm(d)
        assert found
        await d.ask(TakeAlarm(alarm=found.id), DISPATCHER)
        await d.ask(SetLevel(situation=await situation(d, one), level=3, why="已控制"), COMMANDER)
        await d.pass_time(MINUTE_MS)
        await hit(d, await watch(d, PLATE, level=2))
        await hit(d, of, camera="k2")
        again = await alarm(d)
        assert again
        assert (again.state, again.level, again.count, again.detail) == ("taken", 1, 3, found.detail)
        assert (await d.row("situations", await situation(d, one))).level == 3
        await d.ask(ClearAlarm(alarm=found.id, why="已处置"), DISPATCHER)
        await d.pass_time(MINUTE_MS)
        await hit(d, of)
        assert (await d.row("situations", await situation(d, one))).level == 3


async def test_a_hit_in_another_situation_is_not_silent_for_the_alarm_of_the_one_before() -> None:  # R861
    async with desk() as d:
        of = await watch(d, level=2)
        await hit(d, of)
        found = await alarm(d)
        assert found
        await d.ask(TakeAlarm(alarm=found.id), DISPATCHER)
        await d.pass_time(3 * HOUR_MS)
        new = await hit(d, await watch(d, PLATE, level=3))
        again = await alarm(d)
        assert again
        assert (again.state, again.level, again.situation) == ("raised", 2, await situation(d, new))
        assert (await d.row("situations", again.situation)).level == 3


async def test_a_device_that_reports_something_graver_is_heard_again() -> None:  # R861
    async with desk() as d:
        await d.ask(ReportDeviceAlarm(subject="k1", level=3, detail="移动侦测"), HUB)
        found = await d.alarm("device_alarm", "k1")
        assert found
        await d.ask(TakeAlarm(alarm=found.id), DISPATCHER)
        await d.ask(ReportDeviceAlarm(subject="k1", level=1, detail="防拆"), HUB)
        again = await d.alarm("device_alarm", "k1")
        assert again
        assert (again.state, again.level, again.detail, again.count) == ("raised", 1, "防拆", 2)
