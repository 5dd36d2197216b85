"""One suite for every journal (SPEC R1-R5): what the hub relies on, whatever the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from command.journal import (
    GENESIS,
    Answer,
    DamagedJournalError,
    Entry,
    Head,
    Journal,
    Outcome,
    SignedHead,
    StoredFact,
    chained,
)
from command.journal.memory import MemoryJournal
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.postgres import Postgres


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    if request.param == "postgres":
        postgres = await Postgres.open(request.getfixturevalue("postgres_url"), (), "pool")
        yield await PostgresJournal.open(postgres)
        await postgres.close()
        return
    makers: dict[str, Callable[[], Journal]] = {
        "memory": MemoryJournal,
        "sqlite": lambda: SqliteJournal(tmp_path / "journal.db"),
    }
    store = makers[request.param]()
    yield store
    await store.close()


HEADLESS = StoredFact(seq=0, at_ms=0, actor="", data=b"", digest=bytes(range(32)))


def entry(key: str, first: int, count: int = 1, subject: str = "s") -> Entry:
    facts = (StoredFact(seq=n, at_ms=1000 + n, actor="张三", data=f'{{"n":{n}}}'.encode()) for n in _from(first, count))
    return Entry(key=key, subject=subject, facts=tuple(facts))


def _from(first: int, count: int) -> range:
    return range(first, first + count)


async def append(
    journal: Journal, entries: Sequence[Entry], after: int, keys: Sequence[str] = (), space: str = "live"
) -> Outcome:
    """Append after a number; the digest there is looked up, and made up beyond the head."""
    head = (
        Head(seq=after, digest=(await journal.read(space, after - 1, 1) or [HEADLESS])[0].digest) if after else Head()
    )
    async with journal.turn(space) as turn:
        return await turn.append(entries, head, keys)


async def stored(journal: Journal, entries: Sequence[Entry], after: int, space: str = "live") -> None:
    outcome = await append(journal, entries, after, space=space)
    assert outcome.stored
    assert outcome.head == await journal.head(space)
    assert outcome.unseen == ()
    assert outcome.known == {}


async def test_an_empty_space_stands_at_zero(journal: Journal) -> None:
    assert await journal.head("live") == Head(seq=0, digest=GENESIS)
    assert await journal.read("live", 0, 10) == []
    assert await journal.spaces() == []
    assert await journal.answers("live", ["a"]) == {}
    assert await journal.answers("live", []) == {}
    assert await journal.answered("live", 0, 10) == []
    assert await journal.signed("live", 0, 10) == []


async def test_facts_are_gapless_and_come_back_as_they_were(journal: Journal) -> None:  # R1
    await stored(journal, [entry("a", 1, 2), entry("b", 3)], 0)
    await stored(journal, [entry("c", 4, 3)], 3)
    facts = await journal.read("live", 0, 100)
    assert [f.seq for f in facts] == [1, 2, 3, 4, 5, 6]
    assert [(f.at_ms, f.actor, f.data) for f in facts] == [(1000 + n, "张三", b'{"n":%d}' % n) for n in range(1, 7)]
    assert await journal.head("live") == Head(seq=6, digest=facts[-1].digest)


async def test_the_chain_of_digests_holds_and_shows_a_change(journal: Journal) -> None:  # R2
    await stored(journal, [entry("a", 1, 2)], 0)
    await stored(journal, [entry("b", 3, 2)], 2)
    facts = await journal.read("live", 0, 100)
    assert chained(facts, GENESIS) == (await journal.head("live")).digest
    assert all(len(fact.digest) == 32 for fact in facts)
    forged = StoredFact(seq=2, at_ms=facts[1].at_ms, actor="李四", data=facts[1].data, digest=facts[1].digest)
    for wrong, seq in (([facts[0], forged, *facts[2:]], 2), ([facts[0], *facts[2:]], 3), (facts[1:], 2)):
        with pytest.raises(DamagedJournalError, match=f"fact {seq} "):
            chained(wrong, GENESIS)


async def test_who_is_behind_is_given_what_others_wrote(journal: Journal) -> None:  # R1
    await stored(journal, [entry("a", 1, 2)], 0)
    outcome = await append(journal, [entry("b", 1)], 0, ["a"])
    assert not outcome.stored
    assert list(outcome.unseen) == await journal.read("live", 0, 10)
    assert outcome.head == await journal.head("live") == Head(seq=2, digest=outcome.unseen[-1].digest)
    assert outcome.known == {"a": Answer(seq=2, subject="s")}
    assert (await append(journal, [], 0)).unseen == outcome.unseen
    assert await journal.answers("live", ["b"]) == {}
    await stored(journal, [entry("b", 3)], 2)


async def test_who_is_ahead_of_the_journal_stores_nothing(journal: Journal) -> None:  # R1
    await stored(journal, [entry("a", 1, 2)], 0)
    outcome = await append(journal, [entry("b", 6)], 5)
    assert (outcome.stored, outcome.unseen, outcome.head.seq) == (False, (), 2)
    assert await journal.head("live") == outcome.head


async def test_nothing_is_stored_on_another_chain(journal: Journal) -> None:  # R2
    await stored(journal, [entry("a", 1, 2)], 0)
    head = await journal.head("live")
    async with journal.turn("live") as turn:
        outcome = await turn.append([entry("b", 3)], Head(seq=2, digest=bytes(range(32))), [])
    assert (outcome.stored, outcome.unseen, outcome.head) == (False, (), head)
    assert await journal.head("live") == head


async def test_entries_that_do_not_count_on_are_our_own_fault(journal: Journal) -> None:  # R1
    for entries in (
        [entry("a", 2)],
        [entry("a", 1, 2), entry("b", 4)],
        [entry("a", 1, 0)],
        [entry("a", 1), entry("a", 2)],
    ):
        with pytest.raises(AssertionError):
            await append(journal, entries, 0)
    assert await journal.head("live") == Head()
    assert await journal.answers("live", ["a", "b"]) == {}
    await stored(journal, [entry("a", 1)], 0)


async def test_a_key_is_held_once_and_its_answer_told(journal: Journal) -> None:  # R4
    await stored(journal, [entry("a", 1, subject="c1")], 0)
    await stored(journal, [entry("c", 2, subject="c2")], 1)
    outcome = await append(journal, [entry("b", 3), entry("a", 4)], 2, ["x", "c"])
    assert not outcome.stored
    assert outcome.unseen == ()
    assert outcome.known == {"a": Answer(seq=1, subject="c1"), "c": Answer(seq=2, subject="c2")}
    assert (await journal.head("live")).seq == 2
    assert await journal.answers("live", ["a", "b"]) == {"a": Answer(seq=1, subject="c1")}
    await stored(journal, [entry("b", 3)], 2)


async def test_the_answers_of_further_keys_come_with_what_is_stored(journal: Journal) -> None:  # R4
    await stored(journal, [entry("a", 1, subject="c1")], 0)
    outcome = await append(journal, [entry("b", 2)], 1, ["a", "x"])
    assert outcome.stored
    assert outcome.known == {"a": Answer(seq=1, subject="c1")}
    nothing = await append(journal, [], 2, ["a", "b"])
    assert nothing.stored
    assert nothing.known.keys() == {"a", "b"}
    assert nothing.head == outcome.head == await journal.head("live")


async def test_several_appends_of_one_turn_follow_one_another(journal: Journal) -> None:  # R1
    await stored(journal, [entry("a", 1)], 0)
    async with journal.turn("live") as turn:
        first = await turn.append([entry("b", 1)], Head(), [])
        assert not first.stored
        second = await turn.append([entry("b", 2)], first.head, [])
        assert second.stored
        assert await journal.head("live") == second.head, "it is durable before the turn ends (R1193)"
    assert await journal.head("live") == second.head == Head(seq=2, digest=second.head.digest)


async def test_writers_at_the_same_time_leave_one_gapless_chain(journal: Journal) -> None:  # R1

    async def write(name: str) -> None:
        head = Head()
        for number in range(10):
            async with journal.turn("live") as turn:
                while not (outcome := await turn.append([entry(f"{name}{number}", head.seq + 1)], head, [])).stored:
                    head = outcome.head
                head = outcome.head

    await asyncio.gather(*(write(name) for name in "abcd"))
    facts = await journal.read("live", 0, 100)
    assert [fact.seq for fact in facts] == list(range(1, 41))
    assert chained(facts, GENESIS) == (await journal.head("live")).digest
    assert [answer.seq for _, answer in await journal.answered("live", 0, 100)] == list(range(1, 41))


async def test_a_turn_that_is_given_up_leaves_the_journal_free(journal: Journal) -> None:  # R3

    async def give_up() -> None:
        async with journal.turn("live") as turn:
            assert not (await turn.append([entry("a", 6)], Head(seq=5), [])).stored
            raise RuntimeError("given up")

    with pytest.raises(RuntimeError, match="given up"):
        await give_up()
    await stored(journal, [entry("a", 1)], 0)


async def test_answers_are_found_by_key_and_by_number(journal: Journal) -> None:  # R4
    await stored(journal, [entry("a", 1, 3, "c1"), entry("键 b", 4, 1, "c2")], 0)
    a, b = Answer(seq=3, subject="c1"), Answer(seq=4, subject="c2")
    assert await journal.answers("live", ["键 b", "a", "x"]) == {"a": a, "键 b": b}
    many = [f"none {n}" for n in range(1200)]
    assert await journal.answers("live", ["a", *many, "键 b"]) == {"a": a, "键 b": b}
    assert await journal.answered("live", 0, 10) == [("a", a), ("键 b", b)]
    assert await journal.answered("live", 0, 1) == [("a", a)]
    assert await journal.answered("live", 3, 10) == [("键 b", b)]


async def test_reading_goes_in_pages(journal: Journal) -> None:  # R1
    await stored(journal, [entry("a", 1, 7)], 0)
    pages, after = [], 0
    while page := await journal.read("live", after, 3):
        pages.append([f.seq for f in page])
        after = page[-1].seq
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


async def test_spaces_know_nothing_of_each_other(journal: Journal) -> None:  # R5
    await stored(journal, [entry("a", 1, 2)], 0)
    await stored(journal, [entry("a", 1)], 0, "rehearsal-1")
    assert await journal.spaces() == ["live", "rehearsal-1"]
    assert (await journal.head("rehearsal-1")).seq == 1
    assert await journal.answers("rehearsal-1", ["a"]) == {"a": Answer(seq=1, subject="s")}
    assert (await journal.read("rehearsal-1", 0, 9))[0].digest == (await journal.read("live", 0, 1))[0].digest


async def test_signed_heads_are_kept_as_they_were_first_signed(journal: Journal) -> None:  # R2
    heads = [SignedHead(seq=n, digest=bytes(32), at_ms=n, signature=bytes([n] * 64)) for n in (30, 10, 20)]
    for head in heads:
        await journal.sign("live", head)
    await journal.sign("live", SignedHead(seq=10, digest=bytes(range(32)), at_ms=99, signature=b"later"))
    assert await journal.signed("live", 0, 10) == sorted(heads, key=lambda head: head.seq)
    assert [head.seq for head in await journal.signed("live", 10, 1)] == [20]
    assert await journal.signed("rehearsal-1", 0, 10) == []


async def test_a_store_says_what_it_is_and_takes_more_room_the_more_it_keeps(journal: Journal) -> None:  # R995
    before = await journal.size_bytes()
    await append(journal, [entry(f"key-{n}", 1 + n * 100, 100, "s" * 500) for n in range(20)], 0)
    if journal.kind == "memory":
        assert (before, await journal.size_bytes()) == (0, 0)
    else:
        assert 0 < before < before + 100_000 < await journal.size_bytes()


async def test_a_store_says_of_which_history_it_is(journal: Journal) -> None:  # R208
    history = await journal.history()
    await stored(journal, [entry("a", 1)], 0)
    assert await journal.history() == history != ""
