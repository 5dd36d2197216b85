"""Tables of a database that hubs share are backed up by pages, at one moment, and let go of (SPEC R892)."""

from __future__ import annotations

import asyncio
import errno
import io
from pathlib import Path

import pytest

from command.backup import archive
from command.backup.archive import ArchiveWriter, read_archive
from command.backup.records import Record, Rows
from command.backup.stores import new_stores
from command.backup.tables import postgres_rows
from command.backup.taking import take_backup
from command.kernel.clock import VirtualClock
from command.kernel.limits import BACKUP_READ_ROWS
from command.kernel.postgres import _SETTINGS
from command.readings import hours
from tests.command.backup.keeping import KEY, database_of, fill, take
from tests.command.support import START_MS


async def test_a_shared_table_larger_than_a_chunk_is_in_the_backup_page_by_page(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R892
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await fill(stores)
        async with database_of(stores, "reading_hours", hours.SCHEMA):
            assert stores.postgres is not None
            added = (
                "INSERT INTO reading_hours SELECT 'c2', n, 3600000, 1, 1, 1, 1, 1, 1 FROM generate_series(1, 5000) AS n"
            )
            await stores.postgres.fetch(added)
        monkeypatch.setattr(archive, "BACKUP_CHUNK_BYTES", 4096)
        monkeypatch.setattr(archive, "BACKUP_CHUNK_MOST_BYTES", 65_536)
        manifest = await take(stores, tmp_path / "archive")
    assert manifest.contents.rows["reading_hours.reading_hours"] == 5003
    with (tmp_path / "archive").open("rb") as file:
        pages = [one for one in read_archive(file, KEY) if isinstance(one, Rows)]
    assert max(len(page.rows) for page in pages) == BACKUP_READ_ROWS
    told = {(page.store, page.table) for page in pages}
    assert ("reading_hours", "agent_hours") in told  # which is empty
    assert sum(len(page.rows) for page in pages if page.table == "reading_hours") == 5003


async def test_tables_of_a_shared_store_are_of_one_moment_and_let_go_where_the_backup_ends_early(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R892
    monkeypatch.setitem(_SETTINGS, "idle_in_transaction_session_timeout", "600000")  # the server itself ends none
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await fill(stores)
        postgres = stores.postgres
        assert postgres is not None
        add = "INSERT INTO reading_hours SELECT 'c2', n, 1, 1, 1, 1, 1, 1, 1 FROM generate_series($1::int, $2) AS n"
        async with database_of(stores, "reading_hours", hours.SCHEMA):
            await postgres.fetch(add, 1, BACKUP_READ_ROWS)
        seen = 0
        async for rows in postgres_rows(postgres, "reading_hours"):
            if not seen:
                await postgres.fetch(add, 1000, 2000)
                await postgres.fetch("INSERT INTO agent_hours SELECT 'c2', 1, 'r', 1, 1, 1")
            seen += len(rows.rows)
        assert seen == BACKUP_READ_ROWS + 3

        class FullDisk(ArchiveWriter):
            def add(self, record: Record) -> None:
                if isinstance(record, Rows) and record.table == "reading_hours":
                    raise OSError(errno.ENOSPC, "No space left on device")
                super().add(record)

        writer = FullDisk(io.BytesIO(), KEY, 0)
        with pytest.raises(OSError, match="No space") as full:
            await take_backup(stores, writer, VirtualClock(START_MS), "test", None)
        held = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        async with asyncio.timeout(60):
            while await postgres.fetch(held):
                pass
        del full  # and with it what the traceback holds
