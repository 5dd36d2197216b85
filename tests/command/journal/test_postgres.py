"""The journal that hubs share: turns, a hub that stops in the middle, a server that crashes (SPEC R1-R5, R10, R172)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.journal import GENESIS, Entry, Head, Outcome, StoredFact, Turn, chained
from command.journal.postgres import PostgresJournal
from command.kernel import postgres as module
from command.kernel.errors import UnavailableError
from command.kernel.postgres import Postgres
from tests.postgres import PostgresServer


@asynccontextmanager
async def hub(url: str) -> AsyncIterator[PostgresJournal]:
    """A pool of its own, as another process would have."""
    postgres = await Postgres.open(url, (), "pool")
    try:
        yield await PostgresJournal.open(postgres)
    finally:
        await postgres.close()


def entry(key: str, seq: int) -> Entry:
    fact = StoredFact(seq=seq, at_ms=seq, actor="张三", data=b'{"n":%d}' % seq)
    return Entry(key=key, subject="s", facts=(fact,))


async def follow(turn: Turn, key: str, head: Head) -> Outcome:
    """Append one entry on whatever the head is by then."""
    while True:
        outcome = await turn.append([entry(key, head.seq + 1)], head, [])
        if outcome.stored or key in outcome.known:
            return outcome
        head = outcome.head


async def test_hubs_that_write_at_the_same_time_leave_one_gapless_chain(postgres_url: str) -> None:
    async with hub(postgres_url) as one, hub(postgres_url) as two, hub(postgres_url) as three:

        async def write(journal: PostgresJournal, name: str) -> None:
            head = Head()
            for number in range(15):
                async with journal.turn("live") as turn:
                    head = (await follow(turn, f"{name}{number}", head)).head

        await asyncio.gather(write(one, "a"), write(two, "b"), write(three, "c"), write(one, "d"))
        facts = await two.read("live", 0, 100)
        assert [fact.seq for fact in facts] == list(range(1, 61))
        assert chained(facts, GENESIS) == (await three.head("live")).digest


async def test_the_same_key_at_several_hubs_at_once_is_stored_once(postgres_url: str) -> None:
    async with hub(postgres_url) as one, hub(postgres_url) as other:

        async def ask(journal: PostgresJournal, key: str) -> bool:
            async with journal.turn("live") as turn:
                return (await follow(turn, key, Head())).stored

        for number in range(10):
            told = await asyncio.gather(ask(one, f"k{number}"), ask(other, f"k{number}"))
            assert sorted(told) == [False, True]
        assert (await one.head("live")).seq == 10


async def test_nobody_else_writes_from_the_first_append_to_the_end_of_the_turn(postgres_url: str) -> None:
    async with hub(postgres_url) as one, hub(postgres_url) as other, asyncio.TaskGroup() as tasks:
        async with one.turn("live") as turn:
            assert not (await turn.append([entry("a", 8)], Head(seq=7), [])).stored

            async def write() -> Outcome:
                async with other.turn("live") as later:
                    return await follow(later, "b", Head())

            waiting = tasks.create_task(write())
            async with other.turn("rehearsal-1") as elsewhere:
                assert (await follow(elsewhere, "c", Head())).head.seq == 1
            assert (await other.head("live")).seq == 0
            assert (await turn.append([entry("a", 1)], Head(), [])).stored
        assert (await waiting).head.seq == 2


async def test_a_writer_that_takes_no_turns_is_told_of_and_the_hub_stores_nothing(postgres_url: str) -> None:
    async with hub(postgres_url) as journal:
        insert = "INSERT INTO facts VALUES ('live', 1, 0, 'stranger', '', '')"

        inserted = asyncio.Event()

        async def intrude() -> None:
            async with journal._postgres.transaction() as stranger:
                await stranger.execute(insert)
                inserted.set()
                while not await journal._postgres.fetch("SELECT 1 FROM pg_locks WHERE NOT granted"):
                    pass  # until the hub waits for whether this row will be

        async def write() -> None:
            await inserted.wait()
            async with journal.turn("live") as turn:
                await turn.append([entry("a", 1)], Head(), [])

        async with asyncio.timeout(60):
            _, refused = await asyncio.gather(intrude(), write(), return_exceptions=True)
        assert isinstance(refused, UnavailableError)
        assert "without taking turns" in refused.detail
        assert [fact.actor for fact in await journal.read("live", 0, 10)] == ["stranger"]
        assert await journal.answers("live", ["a"]) == {}


async def test_a_hub_that_stops_in_the_middle_of_its_turn_loses_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub(postgres_url) as other:
        monkeypatch.setitem(module._SETTINGS, "idle_in_transaction_session_timeout", "2000")
        async with hub(postgres_url) as stopped:

            async def stop() -> None:
                async with stopped.turn("live") as turn:
                    assert not (await turn.append([entry("a", 8)], Head(seq=7), [])).stored
                    async with other.turn("live") as later:  # waits until the server takes the turn away
                        assert (await later.append([entry("b", 1)], Head(), [])).stored
                    await turn.append([entry("a", 1)], Head(), [])

            with pytest.raises(UnavailableError):
                await stop()
            assert (await stopped.head("live")).seq == 1
            assert await stopped.answers("live", ["a"]) == {}


async def test_what_was_stored_is_found_again_after_a_crash_of_the_server_and_nothing_twice(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with hub(postgres_url) as journal:
        stored: list[str] = []

        async def write(name: str) -> None:
            head, number = Head(), 0
            while True:
                async with journal.turn("live") as turn:
                    head = (await follow(turn, f"{name}{number}", head)).head
                stored.append(f"{name}{number}")
                number += 1

        async def crash() -> None:
            while len(stored) < 50:
                await journal.head("live")
            await asyncio.to_thread(postgres_server.kill)

        told = await asyncio.gather(write("a"), write("b"), crash(), return_exceptions=True)
        assert [type(error) for error in told] == [UnavailableError, UnavailableError, type(None)]
        await asyncio.to_thread(postgres_server.start)
        facts = await journal.read("live", 0, 10_000)
        assert chained(facts, GENESIS) == (await journal.head("live")).digest
        answers = await journal.answered("live", 0, 10_000)
        assert [answer.seq for _, answer in answers] == [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        keys = {key for key, _ in answers}
        assert set(stored) <= keys
        assert len(keys) - len(stored) <= 2  # of these nobody knew
        async with journal.turn("live") as turn:
            again = await turn.append([entry(stored[-1], len(facts) + 1)], await journal.head("live"), [])
        assert not again.stored
        assert again.known.keys() == {stored[-1]}


async def test_a_probe_leaves_nothing_behind_and_fails_where_nothing_can_be_written(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with hub(postgres_url) as journal:
        await journal.probe()
        assert await journal._postgres.fetch("SELECT 1 FROM probe") == []
        await asyncio.to_thread(postgres_server.stop)
        try:
            with pytest.raises(UnavailableError):
                await journal.probe()
        finally:
            await asyncio.to_thread(postgres_server.start)
