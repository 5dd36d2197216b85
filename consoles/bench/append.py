"""Append: the whole hub (decide, append, fold, publish) against a bare group commit of the very same rows.

Both serve as many callers, each of whom goes on once what it asked for is durable; what SQLite takes for the rows where
nobody waits is printed too. And how long a request takes at a steady rate against an fdatasync of as many pages.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command import requests as q
from command import wire
from command.hub import Hub
from command.journal.sqlite import SCHEMA, SqliteJournal
from command.kernel.clock import SystemClock
from command.kernel.garbage import spare_what_stays
from command.kernel.sqlite import SqliteThread
from consoles.bench.matters import CALLERS, DISPATCHER, record
from consoles.bench.measure import cpu_time, paced, percentile, stopwatch_ms
from consoles.bench.report import Report, Step
from consoles.console import Console
from consoles.push import Feed

_SPACE = "live"
_MATTERS_PER_TURN = 200
_REQUESTS_PER_S = 500
_PAGE_BYTES = 4096
# A commit of one request changes a leaf of the facts, of the answers by key and of the answers by number, as a trace of
# the system's calls shows; SQLite goes round in its log.
_PAGES_PER_COMMIT, _LOG_PAGES = 3, 1000


@dataclass(frozen=True)
class Sizes:
    """How much is done. A matter is a call from ringing to closed."""

    matters: int = 400
    slices: int = 10
    requests_per_slice: int = 250


QUICK = Sizes(matters=4, slices=1, requests_per_slice=50)


@dataclass(frozen=True)
class _Load:
    times: int
    facts: int
    hub_s: float
    floor_s: float
    bulk_s: float


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure on the disk of `folder`."""
    loads = [await _load(folder / f"load-{times}", times, sizes.matters * times) for times in (1, 4, 16)]
    hub_ms, fdatasync_ms = await _at_a_steady_rate(folder / "steady", sizes)
    most = loads[-1]
    return Report(
        "append",
        {
            "hub_per_cpu_s": round(most.facts / most.hub_s),
            "floor_per_cpu_s": round(most.facts / most.floor_s),
            "ratio": round(most.floor_s / most.hub_s, 3),
            "bulk_per_cpu_s": round(most.facts / most.bulk_s),
            "requests_per_s": _REQUESTS_PER_S,
            "p50_ms": round(percentile(hub_ms, 0.5), 3),
            "p99_ms": round(percentile(hub_ms, 0.99), 3),
            "fdatasync_p50_ms": round(percentile(fdatasync_ms, 0.5), 3),
            "fdatasync_p99_ms": round(percentile(fdatasync_ms, 0.99), 3),
        },
        [Step(x.times, "facts of calls, start to end", x.facts, x.hub_s / x.facts * 1e6) for x in loads],
    )


@asynccontextmanager
async def _hub(journal: SqliteJournal) -> AsyncIterator[Hub]:
    """Run a hub that publishes to one console, whose socket is read and thrown away."""
    clock = SystemClock()
    hub = Hub(_SPACE, clock, journal)
    await hub.load()
    spare_what_stays()
    feed = Feed(hub, clock)
    near, far = socket.socketpair()
    loop = asyncio.get_running_loop()
    reading, _ = await loop.create_connection(asyncio.Protocol, sock=far)
    writing, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(hub.run()), tasks.create_task(feed.run())]
        tables = {name: wire.TableFilter() for name in ("calls", "situations", "marks")}
        console = Console(DISPATCHER, writing)
        await feed.subscribe(console, wire.Subscribe(tables=tables))
        try:
            yield hub
        finally:
            for task in running:
                task.cancel()
            feed.leave(console)
            writing.close()
            reading.close()


async def _load(folder: Path, times: int, matters: int) -> _Load:
    """Let hub and floor take turns, so that both meet the same neighbours on the machine."""
    journal = SqliteJournal(folder / "journal.sqlite3")
    bulk = _open_bulk(folder / "bulk.sqlite3")
    hub_s = floor_s = bulk_s = 0.0
    seq = 0
    async with _hub(journal) as hub, _group_commit(folder / "floor.sqlite3") as floor:
        for some in batched(range(matters), _MATTERS_PER_TURN):
            with cpu_time() as spent:
                await record(hub, some)
            hub_s += spent.s
            rows = await _rows(journal, seq)
            seq = hub.committed_seq
            floor_s += await _append_barely(floor, rows)
            bulk_s += _append_in_bulk(bulk, rows)
    bulk.close()
    await journal.close()
    return _Load(times, seq, hub_s, floor_s, bulk_s)


def batched(numbers: range, size: int) -> Iterator[range]:
    """Return the numbers in pieces."""
    return (numbers[first : first + size] for first in range(0, len(numbers), size))


_FactRow = tuple[str, int, int, str, bytes, bytes]
_AnswerRow = tuple[str, str, int, str]
_Rows = tuple[list[_FactRow], _AnswerRow]
"""What one request put into the journal."""


async def _rows(journal: SqliteJournal, seq: int) -> list[_Rows]:
    """Return what stands in the journal after a number as rows to insert, request by request."""
    requests: list[_Rows] = []
    while answered := await journal.answered(_SPACE, seq, CALLERS):
        stored = await journal.read(_SPACE, seq, answered[-1][1].seq - seq)
        rows = iter([(_SPACE, f.seq, f.at_ms, f.actor, f.data, f.digest) for f in stored])
        for key, answer in answered:
            facts = list(itertools.islice(rows, answer.seq - seq))
            requests.append((facts, (_SPACE, key, answer.seq, answer.subject)))
            seq = answer.seq
    return requests


class _GroupCommit:
    """The floor: rows of many callers share a commit, and each goes on once its own are durable. Nothing else."""

    def __init__(self, path: Path) -> None:
        self._db = SqliteThread(path, SCHEMA, "floor")
        self._waiting: list[tuple[_Rows, asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    async def append(self, rows: _Rows) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        self._some.set()
        await done

    async def run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            await self._db.run(lambda db, rows=[rows for rows, _ in batch]: _insert(db, rows))  # type: ignore[misc] # bound now
            for _, done in batch:
                done.set_result(None)

    async def close(self) -> None:
        await self._db.close()


def _insert(db: sqlite3.Connection, requests: Sequence[_Rows]) -> None:
    db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", [answer for _, answer in requests])
    db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", [fact for facts, _ in requests for fact in facts])


@asynccontextmanager
async def _group_commit(path: Path) -> AsyncIterator[_GroupCommit]:
    floor = _GroupCommit(path)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(floor.run())
        try:
            yield floor
        finally:
            running.cancel()
    await floor.close()


async def _append_barely(floor: _GroupCommit, requests: list[_Rows]) -> float:
    """Return the CPU seconds of a group commit of the rows, in the same schema, for as many callers."""
    left = iter(requests)

    async def caller() -> None:
        for rows in left:
            await floor.append(rows)

    with cpu_time() as spent:
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(caller())
    return spent.s


def _open_bulk(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + "".join(SCHEMA))
    return db


def _append_in_bulk(db: sqlite3.Connection, requests: list[_Rows]) -> float:
    """Return the CPU seconds that SQLite takes where nobody waits: batches as large, one after another."""
    with cpu_time() as spent:
        for first in range(0, len(requests), CALLERS):
            with db:
                _insert(db, requests[first : first + CALLERS])
    return spent.s


async def _at_a_steady_rate(folder: Path, sizes: Sizes) -> tuple[list[float], list[float]]:
    """Return milliseconds of requests and of fdatasyncs, measured in turns, so that both meet the same neighbours."""
    clock, hub_ms, fdatasync_ms = SystemClock(), list[float](), list[float]()
    journal = SqliteJournal(folder / "journal.sqlite3")
    log = _open_log(folder / "pages")
    loop = asyncio.get_running_loop()

    async def ask(hub: Hub, number: int) -> None:
        begun_ms = stopwatch_ms()
        await hub.ask(q.ReportCall(dialled="110", caller=str(number)), DISPATCHER, f"dispatcher/call-{number}")
        hub_ms.append(stopwatch_ms() - begun_ms)

    async with _hub(journal) as hub:
        for part in range(sizes.slices):
            first = part * sizes.requests_per_slice
            async with asyncio.TaskGroup() as tasks:
                async for number in paced(clock, sizes.requests_per_slice, _REQUESTS_PER_S):
                    tasks.create_task(ask(hub, first + number))
            with ThreadPoolExecutor(1) as disk:
                async for number in paced(clock, sizes.requests_per_slice, _REQUESTS_PER_S):
                    fdatasync_ms.append(await loop.run_in_executor(disk, _write_through, log, number))
    os.close(log)
    await journal.close()
    return hub_ms, fdatasync_ms


def _open_log(path: Path) -> int:
    """Return a file with room for the pages already on the disk, as SQLite's log has."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, bytes(_LOG_PAGES * _PAGE_BYTES))
    os.fsync(file)
    return file


def _write_through(file: int, number: int) -> float:
    """Return the milliseconds until the pages of one commit are on the disk."""
    begun_ms = stopwatch_ms()
    commit = number % (_LOG_PAGES // _PAGES_PER_COMMIT)
    os.pwrite(file, bytes(_PAGES_PER_COMMIT * _PAGE_BYTES), commit * _PAGES_PER_COMMIT * _PAGE_BYTES)
    os.fdatasync(file)
    return stopwatch_ms() - begun_ms
