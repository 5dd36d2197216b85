"""What only a file can get wrong: opening it again, two writers, damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.journal import Answer, Entry, StoredFact
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import UnavailableError


def entry(key: str, first: int, count: int = 1) -> Entry:
    facts = (StoredFact(seq=first + n, at_ms=1, actor="a", data=b"{}") for n in range(count))
    return Entry(key=key, subject=key, facts=tuple(facts))


async def test_a_file_opened_again_goes_on_where_it_stood(tmp_path: Path) -> None:  # R1, R2, R4
    path = tmp_path / "new" / "journal.db"
    first = SqliteJournal(path)
    await first.append("live", [entry("a", 1, 2)])
    await first.close()
    again = SqliteJournal(path)
    assert await again.head("live") == 2
    assert await again.answers("live", ["a"]) == {"a": Answer(seq=2, subject="a")}
    await again.append("live", [entry("b", 3)])
    facts = await again.read("live", 0, 10)
    assert facts[2].digest == facts[2].chained_to(facts[1].digest)
    await again.close()


async def test_a_second_writer_is_noticed_and_harms_nothing(tmp_path: Path) -> None:  # R1
    """Two hubs on one file: whoever comes second with a number is refused, and both can go on by reading."""
    one, other = SqliteJournal(tmp_path / "j.db"), SqliteJournal(tmp_path / "j.db")
    await one.append("live", [entry("a", 1)])
    await other.append("live", [entry("b", 2)])
    with pytest.raises(UnavailableError):
        await one.append("live", [entry("c", 2)])
    assert [f.seq for f in await one.read("live", 0, 10)] == [1, 2]
    await one.append("live", [entry("c", 3)])
    facts = await other.read("live", 0, 10)
    assert facts[2].digest == facts[2].chained_to(facts[1].digest)
    await one.close()
    await other.close()


async def test_a_file_that_is_no_database_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is a letter, not a database. " * 100)
    with pytest.raises(UnavailableError, match="cannot be opened"):
        SqliteJournal(path)
