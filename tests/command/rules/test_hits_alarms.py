"""Which alarm of a car stands, and how grave, as its hits come and are rejected (SPEC R860-R862)."""

from __future__ import annotations

from command.requests import CloseSituation, MergeSituation, RejectHit
from command.rows import AlarmRow, HitRow
from tests.command.rules.test_hits import hit, watch
from tests.command.support import COMMANDER, DISPATCHER, HOUR_MS, MINUTE_MS, Desk, desk

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
