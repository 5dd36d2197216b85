"""`triune verify` finds whatever was done to the record behind the hub's back, and says where it begins."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from command import facts
from command.access.keys import SiteKey
from command.facts.libraries import LibraryContent
from command.journal import Entry, StoredFact
from command.journal.heads import PURPOSE, HeadKey
from command.journal.postgres import PostgresJournal
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.database import PostgresDatabase
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.postgres import Postgres
from command.links.cursors import SCHEMA as LINKS
from command.links.cursors import Cursors
from command.requests import LiftLibrary, Request, RequestLibrary
from consoles.cli import verify
from tests.command.journal.vouching import KEY, append, entries
from tests.command.support import START_MS, desk
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind
from tests.damage import flipped
from tests.paths import ROOT

EMPTY = "empty: no fact is on record yet, or they were lost, or it is another hub's"


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


def check(left: Left, capsys: pytest.CaptureFixture[str]) -> tuple[int, int | None, str]:
    """Return exit code, number of the first fault, and the lines."""
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert verdict["ok"] is (code == 0)
    return code, verdict["first_fault_seq"], "\n".join(lines)


def test_an_untouched_record_is_whole(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, lines) == (0, [])
    assert (verdict["spaces"], verdict["blobs"]) == ({"live": left.last_seq}, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE facts SET data = CAST(replace(CAST(data AS TEXT), '\"fact\"', ' \"fact\"') AS BLOB) WHERE seq = ?",
        "UPDATE facts SET at_ms = at_ms + 1 WHERE seq = ?",
        "UPDATE facts SET actor = 'somebody' WHERE seq = ?",
        "UPDATE facts SET digest = zeroblob(32) WHERE seq = ?",
    ],
)
def test_an_altered_fact_is_found(left: Left, capsys: pytest.CaptureFixture[str], change: str) -> None:
    left.alter(change, 20)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "live 20: altered" in lines


def test_a_fact_that_cannot_be_read_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("UPDATE facts SET data = ? WHERE seq = 20", b'{"fact":"unheard_of"}')
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "live 20: unreadable" in lines


def test_a_removed_fact_leaves_a_gap(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("DELETE FROM facts WHERE seq = 20")
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "missing: after 19 comes 21" in lines


def test_facts_cut_off_at_the_end_are_missed_by_their_answers(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("DELETE FROM facts WHERE seq > ?", left.last_seq - 2)
    code, seq, lines = check(left, capsys)
    assert code == 1
    assert seq is not None
    assert seq > left.last_seq - 2
    assert "given as the answer" in lines


def test_facts_cut_off_with_answers_and_heads_are_missed_by_links(
    left: Left, capsys: pytest.CaptureFixture[str]
) -> None:
    """R738: no signed head vouches for what came in the last minute; how far links came lies in another file."""
    links = sqlite3.connect(left.data / "links.sqlite3")
    with links:
        links.execute("CREATE TABLE cursors (link TEXT PRIMARY KEY, seq INTEGER NOT NULL)")
        links.execute("INSERT INTO cursors VALUES ('case', ?)", (left.last_seq,))
    links.close()
    assert check(left, capsys)[0] == 0
    for table in ("facts", "answers"):
        left.alter(f"DELETE FROM {table} WHERE seq > ?", left.last_seq - 5)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, left.last_seq - 4)
    assert f"cut off: the journal ends at fact {left.last_seq - 5}, and the link case was told of fact" in lines


def test_an_inserted_fact_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    copy = "INSERT INTO facts SELECT space, ?, at_ms, actor, data, digest FROM facts WHERE seq = ?"
    left.alter(copy, left.last_seq + 1, left.last_seq)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, left.last_seq + 1)
    assert "altered" in lines
    assert "they have no answer" in lines


def test_a_file_torn_by_a_broken_disk_is_told_and_not_raised(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    whole = left.journal.read_bytes()
    left.journal.write_bytes(whole[: len(whole) // 2])
    assert check(left, capsys)[0] == 1
    left.journal.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    assert check(left, capsys)[0] == 1
    left.journal.write_bytes(b"not a database at all" * 100)
    assert check(left, capsys)[0] == 1


def test_damaged_and_missing_evidence_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    blob = left.data / "blobs" / left.picture[:2] / left.picture
    sealed = blob.read_bytes()
    blob.write_bytes(flipped(sealed))
    code, _, lines = check(left, capsys)
    assert code == 1
    assert f"evidence {left.picture}: damaged" in lines
    blob.unlink()
    code, _, lines = check(left, capsys)
    assert code == 1
    assert f"evidence {left.picture}: missing" in lines


def test_evidence_without_its_key_is_told_and_no_key_is_made(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    (left.data / "site.key").unlink()
    code, _, lines = check(left, capsys)
    assert code == 1
    assert "site key is missing" in lines
    assert not (left.data / "site.key").exists()


def test_a_folder_without_a_journal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInputError, match="no journal"):
        command(verify, capsys, "verify", "--data", tmp_path)


def test_heads_signed_with_the_site_key_are_checked_with_it(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    key = HeadKey(SiteKey.load(left.data / "site.key").derive(PURPOSE))
    asyncio.run(_sign(left.journal, key))
    code, _, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, verdict["signed_heads"], verdict["sealed"]) == (0, 1, {"live": left.last_seq})
    assert verdict["public_key"] == key.public.hex()
    left.alter("DELETE FROM facts WHERE seq > ?", left.last_seq - 2)
    left.alter("DELETE FROM answers WHERE seq > ?", left.last_seq - 2)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, left.last_seq - 1)
    assert f"cut off: facts up to {left.last_seq} were signed" in lines
    other = HeadKey(b"o" * 32).public.hex()
    code, _, _ = command(verify, capsys, "verify", "--data", left.data, "--public-key", other)
    assert code == 1


async def _sign(path: Path, key: HeadKey) -> None:
    journal = SqliteJournal(path)
    await HeadSigner("live", journal, key, VirtualClock(0)).stop()
    await journal.close()


def test_a_public_key_that_is_none_and_an_anchor_that_is_not_there_are_refused(left: Left) -> None:
    with pytest.raises(InvalidInputError, match="64 hex digits"):
        verify.verify(left.data, public_key="abc")
    with pytest.raises(InvalidInputError, match=r"the anchor .* cannot be read"):
        verify.verify(left.data, anchor=left.data / "nowhere")


def test_the_record_of_a_hub_at_work_is_whole_and_stays_untouched(left: Left) -> None:
    with closing(sqlite3.connect(left.journal)) as hub:
        hub.execute("BEGIN IMMEDIATE")  # in the middle of a batch
        hub.execute("DELETE FROM facts WHERE seq > 3")
        before = left.journal.read_bytes()
        assert verify.verify(left.data).ok
        assert left.journal.read_bytes() == before


def test_a_file_of_the_first_schema_is_read_and_not_brought_up(left: Left) -> None:
    with closing(sqlite3.connect(left.journal)) as db:
        db.executescript("DROP TABLE signed_heads; DROP INDEX answers_by_seq; PRAGMA user_version = 1")
    assert verify.verify(left.data).ok
    with closing(sqlite3.connect(left.journal)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_journal_that_hubs_share_is_checked_alike(postgres_url: str, tmp_path: Path) -> None:
    asyncio.run(_fill(postgres_url))
    public = KEY.public.hex()
    verdict = verify.verify(tmp_path, postgres_url, public_key=public)
    assert (verdict.ok, verdict.spaces, verdict.sealed) == (True, {"live": 12_000}, {"live": 12_000})
    for change, place in (
        ("UPDATE facts SET actor = 'somebody' WHERE seq = 11500", "live 11500: altered"),
        ("DELETE FROM facts WHERE seq > 11700", "live 11701: cut off: facts up to 12000 were signed"),
        (
            "UPDATE answers SET subject = 'x' WHERE seq = (SELECT max(seq) FROM answers WHERE seq <= 5000)",
            "live 4001: alt",
        ),
    ):
        asyncio.run(_change(postgres_url, change))
        verdict = verify.verify(tmp_path, postgres_url, public_key=public)
        assert any(f"{fault.space} {fault.seq}: {fault.what}".startswith(place) for fault in verdict.faults), place


def test_a_database_of_no_hub_is_refused_and_nothing_is_made_in_it(postgres_url: str, left: Left) -> None:  # R894
    with pytest.raises(InvalidInputError, match="no journal in this database"):
        verify.verify(left.data, postgres_url)
    assert asyncio.run(_rows(postgres_url, "SELECT to_regclass('triune_schemas')")) == [(None,)]


def test_tables_of_another_release_are_refused_and_left_as_they_are(postgres_url: str, tmp_path: Path) -> None:  # R895
    asyncio.run(_fill(postgres_url))
    asyncio.run(_change(postgres_url, "DROP TABLE history"))
    asyncio.run(_change(postgres_url, "UPDATE triune_schemas SET version = 1 WHERE name = 'journal'"))
    with pytest.raises(UnavailableError, match=r"journal in this database is of schema 1.* with the version that runs"):
        verify.verify(tmp_path, postgres_url)
    assert asyncio.run(_rows(postgres_url, "SELECT * FROM triune_schemas")) == [("journal", 1)]
    assert asyncio.run(_rows(postgres_url, "SELECT to_regclass('history'), to_regclass('cursors')")) == [(None, None)]


def test_a_record_without_a_fact_is_not_called_whole(  # R894
    left: Left, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_fill(postgres_url))
    asyncio.run(_change(postgres_url, "TRUNCATE facts, answers, signed_heads"))
    verdict = verify.verify(left.data / "none", postgres_url)
    assert (verdict.ok, verdict.spaces) == (False, {})
    assert [fault.what for fault in verdict.faults] == [EMPTY]
    for table in ("facts", "answers"):
        left.alter(f"DELETE FROM {table}")
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, None)
    assert EMPTY in lines


def test_how_far_links_came_is_held_against_tables_too(postgres_url: str, tmp_path: Path) -> None:  # R738
    asyncio.run(_fill(postgres_url, told_seq=12_001))
    verdict = verify.verify(tmp_path, postgres_url, public_key=KEY.public.hex())
    assert [(fault.space, fault.seq) for fault in verdict.faults] == [("live", 12_001)]


def test_a_database_that_is_away_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        verify.verify(tmp_path, "postgresql://nobody@127.0.0.1:9/none")


async def _fill(url: str, told_seq: int | None = None) -> None:
    postgres = await Postgres.open(url, (), "test")
    journal = await PostgresJournal.open(postgres)
    await append(journal, entries(1, 12_000))
    signer = HeadSigner("live", journal, KEY, VirtualClock(0))
    await signer.sign(is_due=True)
    if told_seq is not None:
        await Cursors(await PostgresDatabase.open(postgres, LINKS, "links")).store("case", told_seq)
    await postgres.close()


async def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    rows = [tuple(row) for row in await connection.fetch(query)]
    await connection.close()
    return rows


async def _change(url: str, statement: str) -> None:
    postgres = await Postgres.open(url, (), "test")
    await postgres.fetch(statement)
    await postgres.close()


def test_a_file_of_a_list_is_missed_while_it_is_in_force_and_no_longer(  # R760
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIUNE_KEY", (b"k" * 32).hex())
    content = LibraryContent(sha256="a" * 64, entries=1, patterns=0, size=10)
    asked = RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + 1, content=content)

    async def record(request: Request) -> str:
        journal = SqliteJournal(tmp_path / "journal.sqlite3")
        try:
            async with desk(journal, enrolled=False) as d:
                return await d.ask(request)
        finally:
            await journal.close()

    library = asyncio.run(record(asked))
    assert verify.verify(tmp_path).missing_blobs == ["a" * 64]
    asyncio.run(record(LiftLibrary(library=library, why="错")))
    assert verify.verify(tmp_path).missing_blobs == []


@pytest.mark.parametrize("kind", ["evidence_fixed", "plate_hit", "violation_found", "violation_packed"])
def test_every_picture_that_a_fact_names_is_missed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1198
    monkeypatch.setenv("TRIUNE_KEY", (b"k" * 32).hex())
    lines = (ROOT / "tests" / "golden" / "facts-0.1.0.jsonl").read_bytes().splitlines()
    told = [line for line in lines if facts.kind_of(type(facts.decode(line, 1))) == kind]
    stored = [StoredFact(seq=seq, at_ms=seq, actor="desk", data=line) for seq, line in enumerate(told, start=1)]

    async def record() -> None:
        journal = SqliteJournal(tmp_path / "journal.sqlite3")
        await append(journal, [Entry(key=str(fact.seq), subject="", facts=(fact,)) for fact in stored])
        await journal.close()

    asyncio.run(record())
    wanted = set(re.findall(r"\b[0-9a-f]{64}\b", b"".join(told).decode()))
    assert wanted
    assert verify.verify(tmp_path).missing_blobs == sorted(wanted)


def test_damage_that_no_fact_shows_is_told(left: Left, capsys: pytest.CaptureFixture[str]) -> None:  # R1198
    with closing(sqlite3.connect(left.journal)) as db, db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_schema WHERE name = 'probe'")
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, None)
    assert "is never used" in lines
