"""What a hub's own cameras notice by themselves while the record is away: nothing is lost (SPEC R1022)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.facts.patrol import AlarmRaised, AlarmRepeated
from command.hub import recorded
from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock
from consoles.limits import OWN_ALARMS_AGAIN_MS
from consoles.parts.cameras.own_alarms import OwnAlarms
from edge.onvif.events import CameraEvent
from tests.command.support import START_MS, Desk, FlakyJournal, desk


def pressed(source: str) -> CameraEvent:
    """All of the same instant: the camera's clock stands still."""
    return CameraEvent("alarm_input", True, source, START_MS)


@asynccontextmanager
async def at_work(journal: FlakyJournal) -> AsyncIterator[tuple[Desk, OwnAlarms]]:
    async with desk(journal) as d, asyncio.TaskGroup() as tasks:
        own = OwnAlarms(d.hub)
        running = tasks.create_task(own.run())
        yield d, own
        running.cancel()


async def settled(d: Desk, own: OwnAlarms) -> None:
    async with asyncio.timeout(60):
        while own.waiting:
            await d.pass_time(OWN_ALARMS_AGAIN_MS)


async def told(d: Desk) -> list[tuple[str, str]]:
    """Return what was recorded of alarms, in order: what happened, and to which camera."""
    facts = [recorded(stored).fact for stored in await d.hub.journal.read("live", 0, 100_000)]
    raised = {fact.alarm: fact.subject for fact in facts if isinstance(fact, AlarmRaised)}
    return [
        (type(fact).__name__, raised[fact.alarm]) for fact in facts if isinstance(fact, AlarmRaised | AlarmRepeated)
    ]


async def test_an_alarm_while_the_record_is_away_is_recorded_once_it_is_back() -> None:
    async with at_work(FlakyJournal(MemoryJournal())) as (d, own):
        journal = d.hub.journal
        assert isinstance(journal, FlakyJournal)
        journal.is_full = True
        for camera, source in (("k1", "input 2"), ("k2", "input 1"), ("k1", "input 2")):
            own.take(camera, pressed(source))
        await d.pass_time(60_000)
        assert (await told(d), own.waiting) == ([], 3)
        assert list(own.degraded()) == ["alarms: 3 of cameras wait for the record"]
        journal.is_full = False
        await settled(d, own)
        assert await told(d) == [("AlarmRaised", "k1"), ("AlarmRaised", "k2"), ("AlarmRepeated", "k1")]
        alarm = await d.alarm("device_alarm", "k1")
        assert alarm is not None
        assert "input 2" in alarm.detail
        assert (own.waiting, own.counters.recorded, list(own.degraded())) == (0, 3, [])


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_an_alarm_of_which_nobody_knows_whether_it_was_recorded_is_recorded_once(failure: str) -> None:
    journal = FlakyJournal(MemoryJournal())
    async with at_work(journal) as (d, own):
        journal.failures = [failure, failure]
        own.take("k1", pressed("input 2"))
        await settled(d, own)
        assert (await told(d), own.counters.recorded) == ([("AlarmRaised", "k1")], 1)


async def test_where_too_many_wait_what_was_said_again_goes_first(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One input that chatters takes no room from a panic button pressed once."""
    monkeypatch.setattr("consoles.parts.cameras.own_alarms.OWN_ALARMS_WAITING", 20)
    caplog.set_level(logging.ERROR, "consoles.parts.cameras.own_alarms")
    journal = FlakyJournal(MemoryJournal())
    async with at_work(journal) as (d, own):
        journal.is_full = True
        own.take("k2", pressed("panic button"))
        for _ in range(30):
            own.take("k1", pressed("input 1"))
        assert (own.waiting, own.counters.dropped) == (20, 11)
        assert {record.getMessage() for record in caplog.records} == {
            "an alarm of camera k1 is lost, too many wait: 报警输入 input 1"
        }
        journal.is_full = False
        await settled(d, own)
        assert await told(d) == [("AlarmRaised", "k2"), ("AlarmRaised", "k1"), *[("AlarmRepeated", "k1")] * 18]
        assert own.counters.recorded == 20


async def test_where_all_that_wait_are_others_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.parts.cameras.own_alarms.OWN_ALARMS_WAITING", 2)
    journal = FlakyJournal(MemoryJournal())
    async with at_work(journal) as (d, own):
        journal.is_full = True
        for camera in ("k1", "k2", "k3"):
            own.take(camera, pressed("input 1"))
        journal.is_full = False
        await settled(d, own)
        assert await told(d) == [("AlarmRaised", "k2"), ("AlarmRaised", "k3")]
        assert own.counters.dropped == 1


class HangingJournal(MemoryJournal):
    """A journal that answers nothing while the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.answers_now = asyncio.Event()
        self.answers_now.set()

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        await self.answers_now.wait()
        async with super().turn(space) as turn:
            yield turn


async def test_one_that_is_dropped_while_it_is_being_recorded_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("consoles.parts.cameras.own_alarms.OWN_ALARMS_WAITING", 2)
    journal = HangingJournal()
    async with at_work(FlakyJournal(journal)) as (d, own):
        journal.answers_now.clear()
        own.take("k1", pressed("input 1"))
        while not d.hub.inbox_depth:
            await SystemClock().sleep(0)
        own.take("k2", pressed("input 1"))
        own.take("k3", pressed("input 1"))
        journal.answers_now.set()
        await settled(d, own)
        assert await told(d) == [("AlarmRaised", camera) for camera in ("k1", "k2", "k3")]
