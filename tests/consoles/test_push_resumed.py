"""A console that comes back by its number: what it missed and only that, or everything where the record is another."""

from __future__ import annotations

from command import requests as q
from command import wire
from command.journal.memory import MemoryJournal
from tests.command.support import DISPATCHER, START_MS, FlakyJournal
from tests.consoles.crowd import UNITS, Crowd, Runner, both_loops, crowd


async def test_resuming_after_a_restart_brings_what_was_missed_and_only_that() -> None:
    journal = MemoryJournal()
    async with crowd(journal, enrolled=True) as people:
        kept = await people.desk.situation()
        peer = await people.connect(DISPATCHER, "situations", "alarms", "units")
        closed = await people.desk.situation()
        await peer.until(lambda: closed in peer.tables["situations"])
        seq, tables = peer.seq, peer.tables
    async with crowd(journal) as people:
        missed = await people.desk.situation()
        again = await people.connect(DISPATCHER, "units", "stations")
        again.tables |= tables
        await people.subscribe(again, "situations", "units", "stations", after=seq)
        await again.until(lambda: missed in again.tables["situations"])
        assert set(again.tables["situations"]) == {kept, closed, missed}
        assert again.messages[-1]["tables"].keys() == {"situations"}
        assert again.messages[-1]["tables"]["situations"].keys() == {missed}


async def test_who_resumes_is_sent_readings_whole_for_no_number_counts_them() -> None:  # R96
    async with crowd() as people:
        await people.move(1)
        peer = await people.connect(DISPATCHER, "positions")
        await people.seen(peer, 1)
        await people.move(2)
        again = await people.connect(DISPATCHER, "positions", after=people.hub.committed_seq)
        assert len(again.tables["positions"]) == UNITS
        assert {row["at_ms"] for row in again.tables["positions"].values()} == {START_MS + 2}


@both_loops
def test_a_console_of_another_history_gets_everything_anew(run: Runner) -> None:  # R208
    """A backup was restored and has passed the console's number since: the same number says something else."""

    async def scenario() -> None:
        async with crowd(MemoryJournal("restored"), enrolled=True) as people:
            for history, message in (("restored", "delta"), ("lost", "snapshot"), (None, "delta")):
                peer = await people.dial(DISPATCHER)
                tables = {"calls": wire.TableFilter()}
                call = await people.desk.ask(q.ReportCall(dialled="110", caller="1"))
                after = people.hub.committed_seq - 1
                request = wire.Subscribe(tables=tables, after=after, history=history)
                peer.tables = {"calls": {}}
                await people.feed.subscribe(peer.console, request)
                assert (await peer.take())["type"] == message
                assert call in peer.tables["calls"]

    run(scenario())


@both_loops
def test_a_console_of_a_record_that_was_set_back_gets_everything_anew(run: Runner) -> None:  # R208
    """A machine was rolled back: the record has its id, and what came since other callers under the same numbers."""

    async def scenario() -> None:
        async def ring(people: Crowd, *callers: str) -> None:
            for caller in callers:
                await people.desk.ask(q.ReportCall(dialled="110", caller=caller))

        async with crowd(MemoryJournal("rolled back")) as before:
            await ring(before, "1", "2", "3")
            seen = await before.connect(DISPATCHER, "calls")
            last = seen.messages[0]
            assert (last["type"], last["seq"]) == ("snapshot", before.hub.committed_seq)
            await ring(before, "not seen")
            while (told := await seen.take())["type"] != "delta":
                pass
            assert (told["seq"], told["seal"]) == (last["seq"] + 1, before.hub.head.digest[:8].hex())
        async with crowd(MemoryJournal("rolled back")) as after:
            await ring(after, "1", "2", "another", "one more")

            async def come_back(at: int, seal: str) -> tuple[str, list[str]]:
                peer = await after.dial(DISPATCHER)
                peer.tables = {"calls": dict(last["rows"])}
                tables = {"calls": wire.TableFilter()}
                await after.feed.subscribe(
                    peer.console, wire.Subscribe(tables=tables, after=at, history=f"rolled back{seal}")
                )
                told = await peer.take()
                return told["type"], sorted(row["caller"] for row in peer.tables["calls"].values())

            whole = ("snapshot", ["1", "2", "another", "one more"])
            assert await come_back(last["seq"], f".{last['seal']}") == whole
            assert await come_back(last["seq"], "") != whole, "a console of an earlier release"
            there = await after.hub.journal.read("live", 0, 100)
            for fact in there[:-1]:  # none of them was ever sent by this hub: they are looked up
                kind, _ = await come_back(fact.seq, f".{fact.digest[:8].hex()}")
                assert kind == "delta"
            assert await come_back(len(there) + 5, f".{last['seal']}") == whole

    run(scenario())


@both_loops
def test_a_console_is_answered_while_the_record_is_away_and_cannot_vouch_for_it(run: Runner) -> None:  # R208
    async def scenario() -> None:
        journal = FlakyJournal(MemoryJournal("memory"))
        async with crowd(journal) as people:
            for _ in range(3):
                await people.desk.ask(q.ReportCall(dialled="110", caller="1"))
            first = (await journal.read("live", 0, 1))[0]
            journal.reads_fail = True
            peer = await people.dial(DISPATCHER)
            peer.tables = {"calls": {}}
            tables = {"calls": wire.TableFilter()}
            request = wire.Subscribe(tables=tables, after=1, history=f"memory.{first.digest[:8].hex()}")
            await people.feed.subscribe(peer.console, request)
            assert (await peer.take())["type"] == "snapshot"
            assert len(peer.tables["calls"]) == 3

    run(scenario())
