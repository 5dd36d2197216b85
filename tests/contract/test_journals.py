"""One suite for every journal (SPEC R1-R5): what the hub relies on, whatever the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from command.journal import GENESIS, Answer, Entry, Journal, StoredFact
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import UnavailableError


@pytest.fixture(params=["memory", "sqlite"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    makers: dict[str, Callable[[], Journal]] = {
        "memory": MemoryJournal,
        "sqlite": lambda: SqliteJournal(tmp_path / "journal.db"),
    }
    store = makers[request.param]()
    yield store
    await store.close()


def entry(key: str, first: int, count: int = 1, subject: str = "s") -> Entry:
    facts = (StoredFact(seq=n, at_ms=1000 + n, actor="张三", data=f'{{"n":{n}}}'.encode()) for n in _from(first, count))
    return Entry(key=key, subject=subject, facts=tuple(facts))


def _from(first: int, count: int) -> range:
    return range(first, first + count)


async def test_an_empty_space_stands_at_zero(journal: Journal) -> None:
    assert await journal.head("live") == 0
    assert await journal.read("live", 0, 10) == []
    assert await journal.spaces() == []
    assert await journal.answers("live", ["a"]) == {}
    assert await journal.answers("live", []) == {}


async def test_facts_are_gapless_and_come_back_as_they_were(journal: Journal) -> None:  # R1
    await journal.append("live", [entry("a", 1, 2), entry("b", 3)])
    await journal.append("live", [entry("c", 4, 3)])
    facts = await journal.read("live", 0, 100)
    assert [f.seq for f in facts] == [1, 2, 3, 4, 5, 6]
    assert [(f.at_ms, f.actor, f.data) for f in facts] == [(1000 + n, "张三", b'{"n":%d}' % n) for n in range(1, 7)]
    assert await journal.head("live") == 6


async def test_the_chain_of_digests_holds_and_shows_a_change(journal: Journal) -> None:  # R2
    await journal.append("live", [entry("a", 1, 2)])
    await journal.append("live", [entry("b", 3, 2)])
    digest, other = GENESIS, GENESIS
    for fact in await journal.read("live", 0, 100):
        digest = fact.chained_to(digest)
        assert fact.digest == digest
        assert len(digest) == 32
    for fact in await journal.read("live", 0, 100):
        forged = StoredFact(seq=fact.seq, at_ms=fact.at_ms, actor="李四", data=fact.data)
        other = (forged if fact.seq == 2 else fact).chained_to(other)
    assert other != digest


@pytest.mark.parametrize("first", [1, 2, 4, 5, 100])
async def test_a_batch_that_does_not_go_on_from_the_head_is_refused_whole(journal: Journal, first: int) -> None:  # R1
    await journal.append("live", [entry("a", 1, 2)])
    with pytest.raises(UnavailableError):
        await journal.append("live", [entry("b", first)])
    assert await journal.head("live") == 2
    assert await journal.answers("live", ["b"]) == {}
    await journal.append("live", [entry("b", 3)])
    assert await journal.head("live") == 3


async def test_entries_are_stored_whole_or_not_at_all(journal: Journal) -> None:  # R3
    await journal.append("live", [entry("a", 1)])
    with pytest.raises(UnavailableError):
        await journal.append("live", [entry("b", 2, 2), entry("c", 9)])
    assert [f.seq for f in await journal.read("live", 0, 100)] == [1]
    assert await journal.answers("live", ["a", "b", "c"]) == {"a": Answer(seq=1, subject="s")}


async def test_a_key_is_held_once(journal: Journal) -> None:  # R4
    await journal.append("live", [entry("a", 1, subject="c1")])
    for batch in ([entry("a", 2)], [entry("b", 2), entry("b", 3)]):
        with pytest.raises(UnavailableError):
            await journal.append("live", batch)
    assert await journal.head("live") == 1
    assert await journal.answers("live", ["a", "b"]) == {"a": Answer(seq=1, subject="c1")}
    await journal.append("live", [entry("b", 2)])
    facts = await journal.read("live", 0, 10)
    assert facts[1].digest == facts[1].chained_to(facts[0].digest)


async def test_answers_are_found_by_key(journal: Journal) -> None:  # R4
    await journal.append("live", [entry("a", 1, 3, "c1"), entry("键 b", 4, 1, "c2")])
    assert await journal.answers("live", ["键 b", "a", "x"]) == {
        "a": Answer(seq=3, subject="c1"),
        "键 b": Answer(seq=4, subject="c2"),
    }


async def test_reading_goes_in_pages(journal: Journal) -> None:  # R1
    await journal.append("live", [entry("a", 1, 7)])
    pages, after = [], 0
    while page := await journal.read("live", after, 3):
        pages.append([f.seq for f in page])
        after = page[-1].seq
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


async def test_spaces_know_nothing_of_each_other(journal: Journal) -> None:  # R5
    await journal.append("live", [entry("a", 1, 2)])
    await journal.append("rehearsal-1", [entry("a", 1)])
    assert await journal.spaces() == ["live", "rehearsal-1"]
    assert await journal.head("rehearsal-1") == 1
    assert await journal.answers("rehearsal-1", ["a"]) == {"a": Answer(seq=1, subject="s")}
    assert (await journal.read("rehearsal-1", 0, 9))[0].digest == (await journal.read("live", 0, 1))[0].digest
