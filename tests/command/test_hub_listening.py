"""Who reads a hub's tables and who listens to their changes (SPEC R8, R13 to R15)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from command.hub import Changes
from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.kernel.errors import (
    UnknownIdError,
)
from command.requests import (
    CloseSituation,
    NoteSituation,
    PinFocus,
)
from tests.command.support import (
    DISPATCHER,
    RING,
    desk,
    position,
)


async def test_a_reader_never_sees_what_is_not_durable() -> None:  # R13
    class Watched(MemoryJournal):
        @asynccontextmanager
        async def turn(self, space: str) -> AsyncIterator[Turn]:
            async with super().turn(space) as turn:
                yield turn
                await asyncio.sleep(0)  # noqa: TID251 - lets readers come in between

    journal = Watched()
    async with desk(journal) as d:

        async def read() -> None:
            for _ in range(20):
                seq = await d.hub.read(lambda t: t.seq)
                assert seq <= (await journal.head("live")).seq
                assert seq == d.hub.committed_seq

        async def write() -> None:
            for _ in range(20):
                await d.ask(RING)

        await asyncio.gather(read(), write(), read(), write())


async def test_a_reader_who_breaks_hears_of_it_alone() -> None:  # R13
    async with desk() as d:
        with pytest.raises(KeyError):
            await d.hub.read(lambda t: t.calls.rows["none"])
        with pytest.raises(UnknownIdError):
            await d.hub.read(lambda t: t.calls.need("none"))
        assert await d.ask(RING)


async def test_a_listener_gets_every_change_in_order() -> None:  # R14
    async with desk() as d:
        heard: list[int] = []
        copy: dict[tuple[str, str], Any] = {}

        def listener(seq: int, changes: Changes) -> None:
            heard.append(seq)
            copy.update(changes)

        stop = d.hub.listen(listener)
        situation = await d.situation()
        await asyncio.gather(*(d.ask(NoteSituation(situation=situation, text=str(n)), DISPATCHER) for n in range(40)))
        await d.ask(PinFocus(situation=situation), DISPATCHER)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        assert heard == sorted(heard)
        assert heard[-1] == d.hub.committed_seq
        rows = await d.hub.read(lambda t: {place: t.by_name[place[0]].get(place[1]) for place in copy})
        assert copy == rows
        assert copy["focus", "wall"] is None
        stop()
        await d.ask(RING)
        assert heard[-1] == d.hub.committed_seq - 1


async def test_a_listener_that_breaks_or_leaves_stops_nobody() -> None:  # R14
    async with desk() as d:
        heard: list[int] = []

        def leaves(seq: int, changes: Changes) -> None:
            stop()

        def breaks(seq: int, changes: Changes) -> None:
            raise RuntimeError("a console's fault")

        stop = d.hub.listen(leaves)
        d.hub.listen(breaks)
        d.hub.listen(lambda seq, changes: heard.append(seq))
        await d.ask(RING)
        await d.ask(RING)
        assert len(heard) == 2
        assert d.hub.counters.faults == 2


async def test_positions_reach_the_tables_without_a_fact() -> None:  # R15
    async with desk() as d:
        heard: list[Changes] = []
        d.hub.listen(lambda seq, changes: heard.append(changes))
        seq = d.hub.committed_seq
        d.hub.positions_changed([position("u1", 30.5, 114.3), position("u1", 30.6, 114.3)])
        assert (await d.row("positions", "u1")).lat == 30.6
        assert d.hub.committed_seq == seq
        assert list(heard[0]) == [("positions", "u1")]


async def test_waiting_beyond_a_number_ends_with_the_next_fact() -> None:  # R8
    async with desk() as d, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(d.hub.wait_beyond(d.hub.committed_seq))
        await d.hub.read(lambda t: t.seq)
        assert not waiting.done()
        await d.ask(RING)
        await waiting
