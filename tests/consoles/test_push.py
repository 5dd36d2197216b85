"""Push over real sockets on both event loops: slow, frozen and leaving consoles, and many of them."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from command import requests as q
from command import wire
from command.kernel.clock import SystemClock, VirtualClock
from consoles import push
from consoles.console import Console
from consoles.frames import text_frame
from consoles.limits import BEAT_MS, PUSH_TICK_MS
from consoles.push import Feed
from consoles.recipients import Recipients
from tests.command.support import ACTORS, DISPATCHER, START_MS, actor
from tests.consoles.crowd import UNITS, Crowd, Peer, Runner, both_loops, crowd


@both_loops
def test_a_slow_console_gets_the_newest_of_each_row_soon_after_it_reads_again(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R98, R99, R100: thousands of changes while it sleeps; not one old row, bounded memory, told how far behind."""
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 32 * 1024)
    monkeypatch.setattr(push, "BEAT_MS", 3_600_000)  # so that only the tick can bring it up to date

    async def scenario() -> None:
        async with crowd() as people:
            quick = await people.connect(DISPATCHER, "positions")
            slow = await people.connect(DISPATCHER, "positions", "situations")
            rounds, biggest = 40, 0
            situation = ""
            for nth in range(1, rounds + 1):
                situation = await people.desk.situation()
                await people.move(nth)
                await people.seen(quick, nth)
                biggest = max(biggest, slow.console.transport.get_write_buffer_size())
            assert people.feed.behind == 1
            assert len(slow.console.behind) <= UNITS + rounds
            assert biggest < 32 * 1024 + 2 * len(quick.raw)
            await people.seen(slow, rounds)
            await slow.until(lambda: situation in slow.tables["situations"])
            assert len(slow.tables["situations"]) == rounds
            assert slow.deltas() < rounds, "what came meanwhile was joined, not queued"
            while slow.messages[-1]["type"] != "beat":
                await slow.take()
            told = [m for m in slow.messages if m["type"] == "beat"]
            assert told[-2]["behind_ms"] > 0
            assert told[-2]["seq"] < told[-1]["seq"], "while it was behind the number was that of what it had"
            assert (told[-1]["behind_ms"], told[-1]["seq"]) == (0, people.hub.committed_seq)
            assert people.feed.behind == 0
            await people.move(rounds + 1)
            await people.seen(slow, rounds + 1)

    run(scenario())


@both_loops
def test_a_frozen_console_is_cut_and_nobody_else_notices(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 16 * 1024)
    monkeypatch.setattr("consoles.console.CONSOLE_SILENT_MS", 1500)
    monkeypatch.setattr(push, "CONSOLE_PING_MS", 100)
    monkeypatch.setattr(push, "BEAT_MS", 50)

    async def scenario() -> None:
        async with crowd() as people:
            quick = await people.connect(DISPATCHER, "positions")
            frozen = await people.connect(DISPATCHER, "positions")
            nth = 0
            while people.feed.stalled == 0:
                nth += 1
                await people.move(nth)
                await people.seen(quick, nth)
            assert len(people.feed) == 1
            assert frozen.console not in people.feed._behind
            await people.move(nth + 1)
            await people.seen(quick, nth + 1)

    run(scenario())


@both_loops
def test_frames_larger_than_the_socket_takes_at_once_come_whole_and_in_order(run: Runner) -> None:  # R98
    frames = [text_frame(bytes([number]) * size) for number, size in enumerate((100, 350_000, 70, 300_000, 9))]

    async def scenario() -> None:
        near, far = socket.socketpair()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
        reader, writer = await asyncio.open_connection(sock=far)
        console = Console(DISPATCHER, transport)
        for frame in frames:
            assert console.offer(frame)
        expected = b"".join(frames)
        async with asyncio.timeout(60):
            assert await reader.readexactly(len(expected)) == expected
        console.let_go()
        transport.close()
        writer.close()

    run(scenario())


@both_loops
def test_who_is_given_the_number_of_a_connection_that_ended_is_sent_nothing_of_it(run: Runner) -> None:  # R1243
    async def scenario() -> None:
        async with crowd() as people:
            gone = await people.connect(DISPATCHER, "positions")
            stays = await people.connect(DISPATCHER, "positions")
            for nth in (1, 2):  # the second goes the short way
                await people.drive(nth)
                for peer in (gone, stays):
                    await people.driven(peer, nth)
            number = gone.console.transport.get_extra_info("socket").fileno()
            gone.console.transport.abort()
            async with asyncio.timeout(60):
                while _is_open(number):
                    await people.hub.read(lambda _: None)
            pairs = [socket.socketpair()]
            while number not in (numbers := [end.fileno() for end in pairs[-1]]):
                assert min(numbers) < number, "the system gives the lowest number that is free"
                pairs.append(socket.socketpair())
            await people.drive(3)
            await people.driven(stays, 3)
            stranger = pairs[-1][1 - numbers.index(number)]
            stranger.setblocking(False)
            with pytest.raises(BlockingIOError):
                stranger.recv(1)
            for pair in pairs:
                for end in pair:
                    end.close()

    run(scenario())


@both_loops
def test_who_is_behind_is_sent_no_frame_before_what_was_missed(run: Runner) -> None:  # R98
    async def scenario() -> None:
        near, far = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=near)
        console, recipients = Console(DISPATCHER, transport), Recipients()
        recipients.add(console)
        assert recipients.send(b"first") == []
        console.behind_since_ms = START_MS
        recipients.look_at(console)
        for _ in range(2):
            assert recipients.send(b"too early") == [console]
        console.behind_since_ms = None
        for frame in (b"missed", b"new"):
            assert recipients.send(frame) == []
        assert far.recv(100) == b"firstmissednew"
        console.let_go()
        transport.close()
        far.close()

    run(scenario())


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@both_loops
def test_who_reads_slowly_and_says_nothing_is_not_cut(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:  # R205
    """A thin line: the answer takes far longer than anybody may be silent, and comes whole."""
    monkeypatch.setattr("consoles.console.CONSOLE_SILENT_MS", 400)
    monkeypatch.setattr(push, "BEAT_MS", 50)

    async def scenario() -> None:
        async with crowd() as people:
            await people.move(1)
            slow = await people.dial(DISPATCHER)
            await people.subscribe(slow, "positions")
            slow.console.send(text_frame(bytes(4_000_000)))
            clock, begun_ms = SystemClock(), SystemClock().now_ms()
            slow.pong = lambda: None
            while clock.now_ms() - begun_ms < 4 * 400:
                await slow.reader.read(1024)
                await clock.sleep(20)
            assert people.feed.stalled == 0
            assert slow.console in people.feed._consoles

    run(scenario())


@both_loops
def test_consoles_that_come_together_share_one_frame(run: Runner) -> None:  # R101
    async def scenario() -> None:
        async with crowd() as people:
            await people.move(1)
            first = await people.connect(DISPATCHER, "positions")
            view = next(iter(people.feed._views.values()))
            frames = [
                await people.hub.read(lambda t: view.snapshot(t.by_name["positions"], t.seq, "", START_MS))
                for _ in "ab"
            ]
            assert frames[0] is frames[1]
            await people.move(2)
            await people.seen(first, 2)
            second = await people.connect(DISPATCHER, "positions")
            assert second.tables["positions"] == first.tables["positions"]

    run(scenario())


@both_loops
def test_consoles_that_leave_in_the_middle_harm_nobody(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 16 * 1024)

    async def scenario() -> None:
        async with crowd() as people:
            quick = await people.connect(DISPATCHER, "positions")
            leaving = [await people.connect(DISPATCHER, "positions") for _ in range(6)]
            for nth, peer in enumerate(leaving, start=1):
                if nth % 2:
                    peer.writer.transport.abort()  # the other side is gone, the hub does not know yet
                else:
                    peer.console.transport.abort()  # closed here, its handler has not said goodbye yet
                await people.move(nth)
                await people.seen(quick, nth)
            for peer in leaving:
                people.feed.leave(peer.console)
                people.feed.leave(peer.console)
            await people.move(7)
            await people.seen(quick, 7)
            assert len(people.feed) == 1

    run(scenario())


async def test_another_subscription_while_behind_brings_nothing_old_and_nothing_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 16 * 1024)
    async with crowd(enrolled=True) as people:
        quick = await people.connect(DISPATCHER, "positions")
        slow = await people.connect(DISPATCHER, "positions", "stations")
        for nth in range(1, 30):
            await people.move(nth)
            await people.seen(quick, nth)
        assert people.feed.behind == 1
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(people.subscribe(slow, "units", "stations"))
            await slow.until(lambda: "units" in slow.tables)
            await asked
        assert slow.console.filters.keys() == {"units", "stations"}
        before = slow.deltas()
        await people.move(30)
        await people.desk.ask(q.StartShift(unit="u1", until_ms=START_MS + 3_600_000))
        await slow.until(lambda: slow.tables["units"]["u1"]["state"] != "off")
        assert slow.deltas() == before + 1
        asked_at = next(n for n, m in enumerate(slow.messages) if m.get("table") == "units")
        assert not any("positions" in m.get("tables", {}) for m in slow.messages[asked_at:]), "not asked for any more"
        assert len(slow.tables["stations"]) == 2, "a table that stays goes on without a snapshot"
        assert [m["table"] for m in slow.messages if m["type"] == "snapshot"] == ["positions", "stations", "units"]


async def test_what_waits_for_a_console_comes_before_what_it_asks_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """R101, R103: time stands, so that nothing is sent but with the answer: what changed, and what was missed."""
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 4 * 1024)
    clock = VirtualClock(START_MS)

    async def ask_for(peer: Peer, situation: str, *whole: str) -> None:
        tables = {"calls": wire.TableFilter(situation=situation), **{name: wire.TableFilter() for name in whole}}
        await people.feed.subscribe(peer.console, wire.Subscribe(tables=tables))

    async def link(call: str, situation: str) -> None:
        await people.desk.ask(q.LinkCall(call=call, situation=situation, why="同一地点"), ACTORS["call_taker"])

    async with crowd(enrolled=True, clock=clock) as people:
        at = people.desk
        first, second = await at.situation(), await at.situation()
        leaves, comes, other = [await at.answered_call() for _ in range(3)]
        await link(leaves, first)
        await link(other, second)
        quick, slow = await people.dial(DISPATCHER), await people.dial(DISPATCHER)
        await ask_for(quick, first)
        await ask_for(slow, first, "positions")
        await _fall_behind(people, clock)
        await link(comes, first)
        clock.advance(clock.now_ms() + BEAT_MS)
        await quick.until(lambda: comes in quick.tables.get("calls", {}))
        assert ("calls", comes) in slow.console.behind
        await link(leaves, second)
        await ask_for(quick, first, "stations")
        await quick.until(lambda: "stations" in quick.tables)
        assert quick.tables["calls"].keys() == {comes}, "what had left was told before it is counted anew who sees what"
        await _drain(slow)
        await ask_for(slow, second)
        await slow.until(lambda: other in slow.tables.get("calls", {}))
        clock.advance(clock.now_ms() + BEAT_MS)
        await slow.until(lambda: slow.messages[-1].get("behind_ms") == 0)
        assert slow.tables["calls"].keys() == {leaves, other}, "the third is of the situation that was looked at before"
        late = [message["behind_ms"] for message in slow.messages if message.get("behind_ms")]
        assert late == [late[0], late[0]], (
            "a beat of its own, though others were told by rows, and one before what it missed"
        )


async def test_what_is_new_waits_behind_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """R98: a console that has drained gets the newest of each row, and nothing older after it (see `Peer`)."""
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 4 * 1024)
    clock = VirtualClock(START_MS)
    async with crowd(clock=clock) as people:
        slow = await people.connect(DISPATCHER, "positions")
        nth = await _fall_behind(people, clock)
        await _drain(slow)
        assert people.feed.behind == 1
        await people.move(nth + 1)
        clock.advance(clock.now_ms() + PUSH_TICK_MS)
        await slow.until(lambda: slow.messages[-1].get("behind_ms") == 0 and len(slow.tables["positions"]) == UNITS)
        assert people.feed.behind == 0
        await people.seen(slow, nth + 1)


async def _fall_behind(people: Crowd, clock: VirtualClock) -> int:
    """Have units move until somebody's socket is full; return at which place they are."""
    nth = 1
    await people.move(nth)
    while not people.feed.behind:  # and no later: once it has, the clock stands
        nth += 1
        clock.advance(clock.now_ms() + PUSH_TICK_MS)
        await people.move(nth)
    return nth


async def _drain(peer: Peer) -> None:
    """Read until the hub's end of the socket holds nothing more."""
    while peer.console.transport.get_write_buffer_size():
        await peer.take()


async def test_who_asks_without_reading_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.console.CONSOLE_BUFFER_BYTES", 16 * 1024)
    clock = VirtualClock(START_MS)
    async with crowd(clock=clock) as people:
        peer = await people.connect(DISPATCHER)
        await people.move(1)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(_ask_for_ever(people, peer))
            while not peer.console.congested:
                await people.hub.read(lambda _: None)
            for _ in range(100):  # in each it looks whether its socket has room, and would be answered if it asked
                clock.advance(clock.now_ms() + PUSH_TICK_MS)
                await people.hub.read(lambda _: None)
            assert asking.cancel(), "it waits until its socket has room"
        one_snapshot = UNITS * 200
        assert peer.console.transport.get_write_buffer_size() < 16 * 1024 + 2 * one_snapshot


async def _ask_for_ever(people: Crowd, peer: Peer) -> None:
    while True:
        await people.subscribe(peer, "positions")
        await people.subscribe(peer)


async def test_two_hundred_consoles_share_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    real = Feed._delta

    def counting(feed: Feed, *given: Any) -> bytes:
        encoded.append(1)
        return real(feed, *given)

    monkeypatch.setattr(Feed, "_delta", counting)
    async with crowd(enrolled=True) as people:
        peers = [await people.connect(actor("dispatcher", f"d{n}"), "situations", "units") for n in range(190)]
        peers += [await people.connect(actor("officer", f"o{n}", unit="u1"), "units") for n in range(10)]
        encoded.clear()
        await people.desk.ask(q.StartShift(unit="u1", until_ms=START_MS + 3_600_000))
        for peer in peers:
            await peer.until(lambda peer=peer: peer.tables["units"]["u1"]["state"] != "off")  # type: ignore[misc]  # mypy cannot type a lambda's default
        assert len({peer.raw for peer in peers}) == 1
        assert len(encoded) == 2, "one for each audience: dispatchers, and officers who asked for what all may see"


async def test_a_beat_is_spared_where_rows_came_and_the_hub_can_record_as_before() -> None:  # R100
    clock = VirtualClock(START_MS)
    moves, still, lost = (True, True), (False, True), (True, False)
    seconds = {
        1: (moves, ["delta"]),
        2: (still, ["beat"]),
        3: (lost, ["delta", "beat"]),
        4: (moves, ["delta", "beat"]),  # who was told that it cannot record is told that it can
        5: (moves, ["delta"]),
        6: (still, ["beat"]),
    }
    async with crowd(clock=clock) as people:
        busy = await people.connect(DISPATCHER, "positions")
        quiet = await people.connect(DISPATCHER, "situations")
        before = len(busy.messages)
        for nth, ((has_moved, accepting), _) in seconds.items():
            people.hub._accepting = True
            if has_moved:
                await people.move(nth)
                await people.seen(busy, nth)
            people.hub._accepting = accepting
            clock.advance(START_MS + nth * BEAT_MS)
            beat = await quiet.take()
            assert (beat["type"], beat["accepting"]) == ("beat", accepting)
        told = [kind for _, kinds in seconds.values() for kind in kinds]
        await busy.until(lambda: len(busy.messages) >= before + len(told))
        assert [message["type"] for message in busy.messages[before:]] == told


def test_a_jump_of_the_clock_cuts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:  # R205
    """The hub was stopped for a minute, or its clock was set: consoles that answer are there."""
    monkeypatch.setattr(push, "BEAT_MS", 20)

    class Jumping(SystemClock):
        ahead_ms = 0

        def now_ms(self) -> int:
            return super().now_ms() + self.ahead_ms

    async def scenario() -> None:
        async with crowd() as people:
            clock = Jumping()
            monkeypatch.setattr(people.feed, "_clock", clock)
            peer = await people.connect(DISPATCHER, "positions")
            for nth in range(3):
                clock.ahead_ms += 60_000
                await people.move(nth)
                for _ in range(5):
                    await peer.take()
            assert people.feed.stalled == 0

    asyncio.run(scenario())
