"""The past outlives the tables: situations that left them are found, and seen as they were (SPEC R169)."""

from __future__ import annotations

import pytest

from command.journal.memory import MemoryJournal
from command.kernel.errors import UnknownIdError
from command.readings.memory import MemoryReadings
from command.requests import CloseSituation, FeedBack, MergeSituation, StepOrder
from command.settings import Limits
from plans import past
from plans.past import Replays
from tests.command.support import DISPATCHER, HOUR_MS, OFFICER, START_MS, desk

DAY_MS = 24 * HOUR_MS


async def test_a_situation_that_left_the_tables_is_seen_as_it_was() -> None:
    journal, replays = MemoryJournal(), Replays()
    async with desk(journal) as d:
        await d.on_duty()
        order = await d.order()
        situation = (await d.row("orders", order)).situation
        await d.ask(StepOrder(order=order, step="arrived"), OFFICER)
        await d.ask(FeedBack(order=order, result="处置完毕"), OFFICER)
        await d.pass_time(HOUR_MS)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        closed_ms = d.clock.now_ms()
        await d.pass_time(3 * DAY_MS)
        assert situation not in await d.table("situations")
        later_ms = d.clock.now_ms()
    for at_ms, state in ((START_MS, "fed_back"), (closed_ms, "closed"), (later_ms, "closed")):
        scene = await replays.scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        assert scene.tables["situations"][situation].state == state  # type: ignore[attr-defined]  # rows of any table
        assert list(scene.tables["orders"]) == [order]
    line = await replays.time_line(journal, "live", situation, Limits())
    assert [mark.kind for mark in line.facts][-2:] == ["order_fed_back", "situation_closed"]
    with pytest.raises(UnknownIdError):
        await replays.scene(journal, MemoryReadings(), "live", "s999", later_ms, Limits())


async def test_past_situations_are_found_by_the_time_they_were_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, replays = MemoryJournal(), Replays()
    async with desk(journal) as d:
        opened = []
        for day in range(5):
            opened.append(await d.situation(title=f"第{day}天"))
            await d.pass_time(HOUR_MS)
            if day == 1:
                await d.ask(MergeSituation(situation=opened[1], into=opened[0], why="同一起"), DISPATCHER)
            elif day > 1:
                await d.ask(CloseSituation(situation=opened[day]), DISPATCHER)
            await d.pass_time(DAY_MS - HOUR_MS)
        end_ms = d.clock.now_ms()
        assert not set(opened[1:4]) & set(await d.table("situations"))
    found = await replays.find(journal, "live", START_MS, end_ms)
    assert ([s.id for s in found.situations], found.more) == (opened, False)
    assert [s.merged_into for s in found.situations] == ["", opened[0], "", "", ""]
    assert [s.ended_ms for s in found.situations] == [None, *(START_MS + day * DAY_MS + HOUR_MS for day in range(1, 5))]
    # Both ends belong to it; what came before or after does not.
    found = await replays.find(journal, "live", START_MS + DAY_MS, START_MS + 2 * DAY_MS)
    assert [s.title for s in found.situations] == ["第1天", "第2天"]
    assert (await replays.find(journal, "live", START_MS + DAY_MS + 1, START_MS + 2 * DAY_MS - 1)).situations == []
    assert (await replays.find(journal, "nowhere", 0, end_ms)).situations == []
    monkeypatch.setattr(past, "PAST_SITUATIONS", 2)
    found = await replays.find(journal, "live", START_MS, end_ms)
    assert ([s.id for s in found.situations], found.more) == (opened[:2], True)
