"""The bounded queue before the database thread, and pages bounded in bytes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from command.kernel.errors import TooManyError
from command.kernel.limits import SERVICE_DATABASE_JOBS, SERVICE_PAGE_BYTES
from command.services import once
from command.services.once import Once, recall, remember
from command.services.paging import cut_page
from command.services.store import Store


async def test_one_job_too_many_is_refused_at_once_and_the_others_are_done(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", ("CREATE TABLE t (n INTEGER)",), "test")
    gate = threading.Event()

    def insert(connection: sqlite3.Connection) -> None:
        gate.wait(timeout=60)
        connection.execute("INSERT INTO t VALUES (1)")

    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(store.run(insert)) for _ in range(SERVICE_DATABASE_JOBS)]
        refused = group.create_task(_refused(store))
        await refused
        assert not any(job.done() for job in jobs)
        gate.set()
    assert await store.run(lambda file: file.execute("SELECT count(*) FROM t").fetchone()) == (SERVICE_DATABASE_JOBS,)
    await store.close()


async def _refused(store: Store) -> None:
    with pytest.raises(TooManyError):
        await store.run(lambda _: None)


def test_a_page_ends_at_its_bytes_and_reads_no_further() -> None:
    read: list[int] = []

    def rows() -> Iterator[tuple[int, bytes]]:
        for number in range(1, 10):
            read.append(number)
            yield number, b"x" * (SERVICE_PAGE_BYTES // 2)

    bodies, following = cut_page(rows(), 200)
    assert (len(bodies), following, read) == (2, 2, [1, 2, 3])
    assert cut_page(rows(), 1) == (bodies[:1], 1)
    assert cut_page([], 5) == ([], None)
    assert cut_page([(4, b"a")], 1) == ([b"a"], None)


def test_the_oldest_keys_are_forgotten_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "SERVICE_KEYS", 2)
    file = sqlite3.connect(":memory:")
    file.executescript(once.SCHEMA)
    for key in "abc":
        remember(file, Once(key, b"d"), f"subject {key}")
    assert [recall(file, Once(key, b"d")) for key in "abc"] == [None, "subject b", "subject c"]
    file.close()
