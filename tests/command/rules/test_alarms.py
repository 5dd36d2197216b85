"""Alarms (SPEC R58-R62)."""

from __future__ import annotations

import asyncio

import pytest

from command.kernel.errors import ConflictError
from command.requests import ClearAlarm, RaiseSos, ReportLink, ReportPatrol, ShelveAlarm, TakeAlarm
from tests.command.support import DISPATCHER, HOUR_MS, MINUTE_MS, OFFICER, START_MS, Desk, actor, desk


async def still(d: Desk) -> str:
    await d.on_duty("u1")
    await d.ask(ReportPatrol(unit="u1", change="stood_still", since_ms=START_MS))
    alarm = await d.alarm("stood_still", "u1")
    assert alarm is not None
    return alarm.id


async def test_whoever_takes_an_alarm_first_has_it() -> None:  # R58
    async with desk() as d:
        alarm = await still(d)
        first, other = actor("dispatcher", "甲"), actor("dispatcher", "乙")
        both = await asyncio.gather(
            *(d.ask(TakeAlarm(alarm=alarm), who) for who in (first, other)), return_exceptions=True
        )
        assert both[0] == alarm
        assert isinstance(both[1], ConflictError)
        assert both[1].extra["taken_by"] == "甲"
        assert await d.ask(TakeAlarm(alarm=alarm), first) == alarm


async def test_a_shelved_alarm_comes_back_by_itself_and_to_the_leader() -> None:  # R59
    """Putting an alarm aside does not silence it for good."""
    async with desk() as d:
        alarm = await still(d)
        await d.ask(TakeAlarm(alarm=alarm), DISPATCHER)
        await d.ask(ShelveAlarm(alarm=alarm, minutes=30, why="休息"), DISPATCHER)
        await d.pass_time(30 * MINUTE_MS - 1)
        row = await d.row("alarms", alarm)
        assert (row.state, row.shelved_until_ms, row.shelved_why) == ("shelved", START_MS + 30 * MINUTE_MS, "休息")
        assert not row.escalated
        await d.pass_time(1)
        row = await d.row("alarms", alarm)
        assert (row.state, row.shelved_until_ms, row.taken_by) == ("raised", None, "")
        await d.pass_time(5 * MINUTE_MS)
        assert (await d.row("alarms", alarm)).escalated
        await d.pass_time(HOUR_MS)
        assert len(await d.messages(alarm)) == 2


async def test_a_shelved_alarm_can_be_taken_and_stays_taken() -> None:  # R59
    async with desk() as d:
        alarm = await still(d)
        await d.ask(ShelveAlarm(alarm=alarm, minutes=30, why="x"), DISPATCHER)
        await d.ask(TakeAlarm(alarm=alarm), DISPATCHER)
        await d.pass_time(HOUR_MS)
        assert (await d.row("alarms", alarm)).state == "taken"


async def test_an_alarm_shelved_again_waits_for_the_newer_instant() -> None:  # R59
    async with desk() as d:
        alarm = await still(d)
        await d.ask(ShelveAlarm(alarm=alarm, minutes=10, why="x"), DISPATCHER)
        await d.ask(ShelveAlarm(alarm=alarm, minutes=60, why="x"), DISPATCHER)
        await d.pass_time(30 * MINUTE_MS)
        assert (await d.row("alarms", alarm)).state == "shelved"


async def test_an_sos_is_neither_shelved_nor_cleared_as_an_alarm() -> None:  # R60
    async with desk() as d:
        await d.ask(RaiseSos(unit="u1"), OFFICER)
        alarm = await d.alarm("sos", "u1")
        assert alarm is not None
        for request in (ShelveAlarm(alarm=alarm.id, minutes=1, why="x"), ClearAlarm(alarm=alarm.id, why="x")):
            with pytest.raises(ConflictError):
                await d.ask(request, DISPATCHER)


async def test_a_cleared_alarm_is_gone_with_its_deadlines() -> None:  # R61
    async with desk() as d:
        alarm = await still(d)
        await d.ask(ClearAlarm(alarm=alarm, why="吃饭"), DISPATCHER)
        assert await d.table("alarms") == {}
        await d.pass_time(HOUR_MS)
        assert len(await d.messages(alarm)) == 1


async def test_a_link_that_is_down_is_one_alarm_until_it_answers() -> None:  # R62
    async with desk() as d:
        for _ in range(2):
            await d.ask(ReportLink(link="case", up=False, reason="refused"))
        assert (await d.row("links", "case")).state == "down"
        alarm = await d.alarm("link_down", "case")
        assert alarm is not None
        assert alarm.count == 1
        await d.ask(ReportLink(link="case", up=True))
        assert await d.table("alarms") == {}
        assert (await d.row("links", "case")).state == "up"
