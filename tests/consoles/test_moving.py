"""Consoles that go from hub to hub while rows change: no row ever goes backwards. Rules R98, R200, R870."""

from __future__ import annotations

import asyncio
import math
import random
from typing import Any

import pytest

from command import requests as q
from command import tables, wire
from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.kernel.errors import UnavailableError
from consoles import push
from tests.command.support import DISPATCHER, HERE, FlakyJournal, ring
from tests.consoles.crowd import Crowd, Peer, crowd

FENCES = 5
STEPS = 70
WIDE = [(HERE[1] + 0.01 * math.cos(n / 60 * math.pi), HERE[0] + 0.01 * math.sin(n / 60 * math.pi)) for n in range(120)]
"""A large row, so that a console which does not read is soon behind."""


async def draw(people: Crowd, fence: str, nth: int) -> None:
    await people.desk.ask(q.DrawFence(fence=fence, name=str(nth), kind="area", ring=ring(*HERE)), HUB)


class Roamer:
    """A console as the pages are: it keeps its rows, and resumes after the last number at which it had everything."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.newest: dict[str, int] = {}
        self.after: int | None = None
        self.at: tuple[Crowd, Peer] | None = None
        self.snapshots = 0
        self._highest = 0
        self._answering = False

    async def go(self, people: Crowd, *more: str) -> None:
        """Leave the hub without a word and go on at another, or at the same; with `more` tables all are asked anew."""
        if self.at:
            self.at[1].writer.transport.abort()
            self.at[0].feed.leave(self.at[1].console)
        peer = await people.dial(DISPATCHER)
        self.at = people, peer
        if more:
            self.after = None
        await self.ask(*more)

    async def ask(self, *more: str) -> None:
        """Subscribe after what it has, and read the answer."""
        assert self.at
        people, peer = self.at
        peer.tables |= {"fences": {}, "units": {}, "stations": {}}
        self._answering = True
        async with asyncio.TaskGroup() as tasks:  # the hub answers once there is room, so it has to read
            asked = tasks.create_task(people.subscribe(peer, "fences", *more, after=self.after, seen=self._highest))
            while self._answering or not asked.done():
                await self.take()

    async def take(self) -> None:
        assert self.at
        peer = self.at[1]
        peer.tables["fences"] |= {f"f{n}": {} for n in range(FENCES)}  # on resuming it may hear of what came and went
        message = await peer.take()
        if message["type"] == "beat":
            if self._answering:
                self.after = self._highest
            self._answering = False
            return
        if message["type"] == "snapshot" and message["table"] == "fences":
            self.snapshots += 1
            self.rows = {}
            self._put(message["rows"])
        elif message["type"] == "delta":
            self._put(message["tables"].get("fences", {}))
        self._highest = message["seq"] if message["type"] == "snapshot" else max(self._highest, message["seq"])
        if not self._answering:
            self.after = self._highest

    async def until(self, seq: int) -> None:
        """Read until the hub says that everything up to `seq` was sent, and that this console has it."""
        assert self.at
        while True:
            await self.take()
            last = self.at[1].messages[-1]
            if last["type"] == "beat" and last["seq"] >= seq and last["behind_ms"] == 0:
                return

    async def follow(self) -> None:
        """Read what the hub sends at its next tick."""
        assert self.at
        seq = self.at[0].hub.committed_seq
        while (self.after or 0) < seq:
            await self.take()

    def _put(self, rows: dict[str, Any]) -> None:
        for key, row in rows.items():
            if row is None:
                self.rows.pop(key, None)
                continue
            nth = int(row["name"])
            assert nth >= self.newest.get(key, 0), f"{key} went back from {self.newest[key]} to {nth}"
            self.newest[key] = self.rows[key] = nth


@pytest.mark.parametrize("seed", range(8))
async def test_no_row_goes_backwards_whatever_happens_in_which_order(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes at either hub, consoles that stop reading, ask again, and go to a hub that has heard less."""
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 8 * 1024)
    monkeypatch.setattr(push, "BEAT_MS", 25)
    chance = random.Random(seed)
    journal = MemoryJournal()
    async with crowd(journal) as one, crowd(journal) as two:
        hubs = (one, two)
        steady = [Roamer(), Roamer()]
        for roamer, people in zip(steady, hubs, strict=True):
            await roamer.go(people)
        roamers = [Roamer() for _ in range(4)]
        for roamer in roamers:
            await roamer.go(chance.choice(hubs))
        behind, truth = 0, dict[str, int]()
        for nth in range(1, STEPS):
            people, roamer = chance.choice(hubs), chance.choice(roamers)
            match chance.choice(("change", "change", "burst", "heard", "read", "ask", "move", "move")):
                case "change":
                    await _change(chance, people, truth, nth * 1000)
                case "burst":
                    await _burst(chance, people, truth, nth * 1000, steady[hubs.index(people)])
                    behind += people.feed.behind
                case "heard":
                    people.hub.look()
                case "read":
                    await roamer.until(0)
                case "ask":
                    await roamer.ask(*chance.sample(("units", "stations"), chance.randrange(3)))
                case "move":
                    await roamer.go(people)
        assert behind, "nobody read so slowly that it had to be told only the newest"
        head = max(people.hub.committed_seq for people in hubs)
        for roamer in roamers:
            assert roamer.at
            await roamer.at[0].hub.catch_up(head)
            await roamer.until(head)
            assert roamer.rows == truth
            assert roamer.snapshots == 1, "what it had was never thrown away"


async def _change(chance: random.Random, people: Crowd, truth: dict[str, int], nth: int) -> None:
    fence = f"f{chance.randrange(FENCES)}"
    if fence in truth and chance.random() < 0.25:
        await people.desk.ask(q.RemoveFence(fence=fence), HUB)
        del truth[fence]
    else:
        await people.desk.ask(q.DrawFence(fence=fence, name=str(nth), kind="area", ring=WIDE), HUB)
        truth[fence] = nth


async def _burst(chance: random.Random, people: Crowd, truth: dict[str, int], first: int, steady: Roamer) -> None:
    for nth in range(40):
        await _change(chance, people, truth, first + nth)
        if not nth % 4:
            await steady.follow()


async def test_a_console_that_knows_more_waits_for_the_hub_to_know_it() -> None:
    journal = MemoryJournal()
    async with crowd(journal) as one, crowd(journal) as two:
        roamer = Roamer()
        await roamer.go(one)
        for nth in range(1, 4):
            await draw(one, "f0", nth)
        await roamer.until(one.hub.committed_seq)
        assert two.hub.committed_seq < one.hub.committed_seq, "nobody told it yet"
        await roamer.go(two)
        assert (roamer.rows, roamer.snapshots) == ({"f0": 3}, 1)
        assert two.hub.committed_seq == one.hub.committed_seq


async def test_a_console_that_asks_for_everything_anew_waits_for_the_hub_to_know_what_it_saw() -> None:  # R870
    """Between two hubs another situation was opened, so nothing can be resumed; what was on the screen stays so."""
    journal = MemoryJournal()
    async with crowd(journal) as one, crowd(journal) as two:
        roamer = Roamer()
        await roamer.go(one)
        for nth in range(1, 4):
            await draw(one, "f0", nth)
        await roamer.until(one.hub.committed_seq)
        assert two.hub.committed_seq < one.hub.committed_seq, "nobody told it yet"
        await roamer.go(two, "units")
        assert (roamer.rows, roamer.snapshots) == ({"f0": 3}, 2)


async def test_a_journal_that_really_ends_before_is_shown_as_it_is() -> None:
    """A backup was restored: what came after it is no longer so, and no screen may go on saying it."""
    roamer = Roamer()
    async with crowd(MemoryJournal()) as lost:
        await roamer.go(lost)
        for nth in range(1, 4):
            await draw(lost, "f0", nth)
        await draw(lost, "f1", 4)
        await roamer.until(lost.hub.committed_seq)
    async with crowd(MemoryJournal()) as restored:
        await draw(restored, "f0", 3)
        await roamer.go(restored)
        assert roamer.rows == {"f0": 3}
        assert roamer.after == restored.hub.committed_seq


async def test_who_was_away_for_longer_than_is_remembered_takes_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours later: more rows went than their numbers are kept of, so what it still holds cannot be told apart."""
    monkeypatch.setattr(tables, "TOMBSTONES", 3)
    async with crowd() as people:
        soon, late = Roamer(), Roamer()
        for roamer in (soon, late):
            await roamer.go(people)
        for nth in range(FENCES):
            await draw(people, f"f{nth}", nth + 1)
        await late.until(people.hub.committed_seq)
        for nth in range(FENCES - 1):
            if nth == FENCES - 3:
                await soon.until(people.hub.committed_seq)
            await people.desk.ask(q.RemoveFence(fence=f"f{nth}"), HUB)
        for roamer in (soon, late):
            await roamer.go(people)
            assert roamer.rows == {f"f{FENCES - 1}": FENCES}
        assert (soon.snapshots, late.snapshots) == (1, 2)


async def test_a_hub_that_cannot_read_what_the_console_knows_sends_it_elsewhere() -> None:
    flaky = FlakyJournal(MemoryJournal())
    async with crowd() as one:
        for nth in range(1, 4):
            await draw(one, "f0", nth)
        after = one.hub.committed_seq
    async with crowd(flaky) as two:
        await two.hub.read(lambda _: None)
        flaky.reads_fail = True
        peer = await two.dial(DISPATCHER)
        stations = {"stations": wire.TableFilter()}
        await two.feed.subscribe(peer.console, wire.Subscribe(tables=stations, seen=after, history="lost"))  # R208
        for has, seen in ((after, 0), (None, after)):
            with pytest.raises(UnavailableError, match="try another"):
                await two.subscribe(peer, "fences", after=has, seen=seen)
        assert two.feed.behind == 0
        flaky.reads_fail = False
        await two.subscribe(peer, "fences")
        await peer.until(lambda: "fences" in peer.tables)
