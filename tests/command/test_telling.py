"""What the hub's own parts record: that it could not be is logged, but not at an orderly stop (SPEC R780). What is
otherwise than on record is said again (R1021)."""

from __future__ import annotations

import asyncio
import logging

import pytest

from command.journal.memory import MemoryJournal
from command.kernel.limits import HUB_RETRY_MS, SAID_LOOK_MS
from command.requests import ReportCamera, ReportLink
from command.telling import keep_said, tell
from tests.command.support import FlakyJournal, desk

log = logging.getLogger(__name__)


async def test_what_cannot_be_recorded_is_logged_while_the_hub_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, __name__)
    async with desk() as d:
        assert await tell(d.hub, ReportLink(link="case", up=True), log, "how the case service is")
        assert await tell(d.hub, ReportCamera(camera="k99", up=True), log, "state of camera k99"), "it stays refused"
        (told,) = [record.getMessage() for record in caplog.records]
        assert told.startswith("state of camera k99 could not be recorded: ")
        caplog.clear()
    assert d.hub.stopped
    assert not await tell(d.hub, ReportLink(link="case", up=False), log, "how the case service is")
    assert not caplog.records


async def test_what_is_otherwise_at_two_looks_in_a_row_is_said_while_the_hub_records() -> None:  # R1021
    journal, said = FlakyJournal(MemoryJournal()), list[str]()
    differing: set[str] = set()

    async def say(name: str) -> None:
        said.append(name)

    async with desk(journal) as d, asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(keep_said(d.hub, lambda _: set(differing), say))
        differing |= {"a", "b"}
        await d.pass_time(SAID_LOOK_MS)
        assert said == [], "it may be on its way to the record"
        differing.remove("a")
        await d.pass_time(SAID_LOOK_MS)
        assert said == ["b"]
        differing.clear()
        await d.pass_time(SAID_LOOK_MS)
        differing.add("c")
        journal.is_full = True
        assert not await tell(d.hub, ReportLink(link="case", up=True), log, "how the case service is")
        await d.pass_time(4 * SAID_LOOK_MS)
        assert said == ["b"]
        journal.is_full = False
        await d.pass_time(HUB_RETRY_MS + 2 * SAID_LOOK_MS)
        assert said == ["b", "c"]
        saying.cancel()
