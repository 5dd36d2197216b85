"""`triune replay`: a situation as it was, told by instant or by the time since it was opened."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command import rules
from command.facts import UnreadableFactError
from command.hub import recorded
from command.journal import Head
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import InvalidInputError, UnavailableError, UnknownIdError
from command.kernel.postgres import Postgres
from command.readings import Position
from command.readings.postgres import PostgresReadings
from command.settings import Limits
from command.snapshots import SnapshotFolder, TablesCopy
from command.tables import Tables
from consoles.cli import replay
from tests.command.support import HERE, MINUTE_MS, START_MS, desk
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return left_behind(tmp_path_factory.mktemp("left"))


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("+00:00:59", None),
        ("+00:01:00", "issued"),
        ("+00:01:29", "issued"),
        ("+00:01:30", "signed"),
        ("+00:02:30", "arrived"),
        ("+00:03:30", "fed_back"),
        ("+99:00:00", "fed_back"),
    ],
)
def test_the_order_is_as_it_was(left: Left, capsys: pytest.CaptureFixture[str], at: str, state: str | None) -> None:
    code, lines, scene = command(replay, capsys, "replay", left.situation, "--at", at, "--data", left.data)
    assert code == 0
    orders = scene["tables"]["orders"]
    assert (orders[left.order]["state"] if state else len(orders)) == (state or 0)
    assert sum(line.startswith("orders ") for line in lines) == len(orders)
    assert lines[0].startswith("situations ")
    assert (left.situation in scene["tables"]["situations"], scene["situation"]) == (True, left.situation)


def test_units_stand_where_they_were(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime.fromtimestamp((START_MS + 2 * MINUTE_MS) / 1000, UTC).isoformat()
    _, _, scene = command(replay, capsys, "replay", left.situation, "--at", at, "--data", left.data)
    assert scene["at_ms"] == START_MS + 2 * MINUTE_MS
    assert scene["tables"]["positions"]["u1"]["lat"] == pytest.approx(HERE[0] + 0.002)
    assert scene["tables"]["positions"]["u1"]["at_ms"] == START_MS + 2 * MINUTE_MS
    assert scene["tables"]["units"]["u1"]["order"] == left.order
    assert set(scene["tables"]["positions"]) == {"u1"}


def test_a_replay_begins_with_the_tables_of_the_hub_and_its_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R1171
    """What was folded before is not read again, so that what stands there does not matter."""
    left, config = left_behind(tmp_path), tmp_path / "triune.toml"
    config.write_text("[limits]\nsign_s = 77\n", encoding="utf-8")
    opened_seq = int(left.situation.removeprefix("s"))
    asyncio.run(take_snapshot(left, opened_seq - 1, Limits(sign_s=77)))
    left.alter('UPDATE facts SET data = CAST(\'{"fact": "nobody_knows"}\' AS BLOB) WHERE seq = ?', 1)
    words = ("replay", left.situation, "--at", "+00:01:00", "--data", left.data)
    code, _, scene = command(replay, capsys, *words, "--config", config)
    assert (code, scene["tables"]["orders"][left.order]["state"]) == (0, "issued")
    with pytest.raises(UnreadableFactError):
        command(replay, capsys, *words)  # with other limits they might be other tables


async def take_snapshot(left: Left, seq: int, limits: Limits) -> None:
    """Leave the tables as a hub with these limits had them after a fact."""
    journal, tables = SqliteJournal(left.journal), Tables(limits)
    facts = await journal.read("live", 0, seq)
    await journal.close()
    for fact in facts:
        rules.fold(tables, recorded(fact))
    tables.settle()
    copied = TablesCopy("live", tables, Head(seq=seq, digest=facts[-1].digest))
    SnapshotFolder(left.data / "snapshots").write(copied)


def test_the_record_is_only_read(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one of an earlier schema, which a hub of before may be writing: it is not brought up to date."""
    with closing(sqlite3.connect(left.journal)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version - 1}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = left.journal.read_bytes()
    try:
        code, _, _ = command(replay, capsys, "replay", left.situation, "--at", "+00:01:00", "--data", left.data)
        assert (code, left.journal.read_bytes()) == (0, before)
    finally:
        with closing(sqlite3.connect(left.journal)) as db:
            db.execute(f"PRAGMA user_version = {version}")


def test_a_shared_database_is_replayed_too(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def record() -> tuple[str, str]:
        postgres = await Postgres.open(postgres_url, (), "site")
        readings = await PostgresReadings.open(postgres_url)
        async with desk(await PostgresJournal.open(postgres)) as work:
            await work.on_duty("u1")
            situation = await work.situation()
            order = await work.order("u1", situation)
            fix = Position(device="du1", at_ms=START_MS, lat=HERE[0], lon=HERE[1], source="mobile")
            await readings.add_positions("live", [fix])
        await readings.close()
        await postgres.close()
        return situation, order

    situation, order = asyncio.run(record())
    config = tmp_path / "triune.toml"  # where the password is nobody else's to read
    config.write_text(f'data = "{tmp_path / "var"}"\njournal = "{postgres_url}"\n', encoding="utf-8")
    code, _, scene = command(replay, capsys, "replay", situation, "--at", "+00:00:01", "--config", config)
    assert (code, scene["tables"]["orders"][order]["state"]) == (0, "issued")
    assert scene["tables"]["positions"]["u1"]["lat"] == HERE[0]
    assert list(tmp_path.iterdir()) == [config]


def test_a_database_of_no_hub_is_refused_and_nothing_is_made_in_it(  # R895
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def tables() -> int:
        postgres = await Postgres.open_beside(postgres_url, {})
        found = await postgres.fetch("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
        await postgres.close()
        return len(found)

    with pytest.raises(InvalidInputError, match="no journal in this database"):
        command(replay, capsys, "replay", "s1", "--at", "+00:00:01", "--data", tmp_path, "--journal", postgres_url)
    assert asyncio.run(tables()) == 0


def test_readings_of_another_release_are_left_as_they_are(  # R895
    left: Left, capsys: pytest.CaptureFixture[str]
) -> None:
    path = left.data / "readings.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version - 1}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.read_bytes()
    try:
        with pytest.raises(UnavailableError, match=f"readings.sqlite3 is of schema {version - 1}"):
            command(replay, capsys, "replay", left.situation, "--at", "+00:01:00", "--data", left.data)
        assert path.read_bytes() == before
    finally:
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA user_version = {version}")


def test_what_was_not_there_yet_is_unknown(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownIdError):
        command(replay, capsys, "replay", left.situation, "--at", "2001-01-01T00:00:00Z", "--data", left.data)
    with pytest.raises(UnknownIdError):
        command(replay, capsys, "replay", "s99999", "--at", "+00:00:01", "--data", left.data)


@pytest.mark.parametrize("at", ["yesterday", "+5", "+00:99:00", "", "2026-13-01"])
def test_a_time_that_is_none_is_refused(left: Left, capsys: pytest.CaptureFixture[str], at: str) -> None:
    with pytest.raises(InvalidInputError, match="neither a time"):
        command(replay, capsys, "replay", left.situation, "--at", at, "--data", left.data)


def test_a_folder_without_a_journal_is_refused_and_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidInputError, match="no journal"):
        command(replay, capsys, "replay", "s1", "--at", "+00:00:01", "--data", tmp_path)
    assert list(tmp_path.iterdir()) == []
