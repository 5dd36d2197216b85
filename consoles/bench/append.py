"""Append: the whole hub (decide, append, fold, publish) against a bare group commit of the very same rows.

And how long a request takes at a steady rate against an fdatasync of as many pages on the same disk.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from command import requests as q
from command import wire
from command.actors import Actor
from command.hub import Committed, Hub
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock
from consoles.bench.measure import cpu_time, paced, percentile, stopwatch_ms
from consoles.bench.report import Report, Step
from consoles.push import Console, Feed

_SPACE = "live"
_DISPATCHER = Actor(id="dispatcher", name="dispatcher", roles=frozenset({"dispatcher"}))
_CALLERS = 256
_REQUESTS_PER_MATTER = 8
_REQUESTS_PER_S = 500
_PAGE_BYTES = 4096
# A commit of one request changes a leaf of the facts and one of the answers; SQLite goes round in its log.
_PAGES_PER_COMMIT, _LOG_PAGES = 2, 1000


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
    feed = Feed(hub, clock)
    near, far = socket.socketpair()
    loop = asyncio.get_running_loop()
    reading, _ = await loop.create_connection(asyncio.Protocol, sock=far)
    writing, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(hub.run()), tasks.create_task(feed.run())]
        tables = {name: wire.TableFilter() for name in ("calls", "situations", "marks")}
        await feed.subscribe(Console(_DISPATCHER, writing), wire.Subscribe(tables=tables))
        try:
            yield hub
        finally:
            for task in running:
                task.cancel()
            writing.close()
            reading.close()


async def _load(folder: Path, times: int, matters: int) -> _Load:
    journal = SqliteJournal(folder / "journal.sqlite3")
    committed: list[Sequence[Committed]] = []
    async with _hub(journal) as hub:
        hub.on_commit(committed.append)
        numbers = iter(range(matters))
        with cpu_time() as hub_cpu:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_CALLERS):
                    tasks.create_task(_work(hub, numbers))
        facts = hub.committed_seq
    batches = await _rows(journal, committed)
    await journal.close()
    return _Load(times, facts, hub_cpu.s, await _append_barely(folder / "floor.sqlite3", batches))


async def _work(hub: Hub, numbers: Iterator[int]) -> None:
    for number in numbers:
        await _matter(hub, number)


async def _matter(hub: Hub, number: int) -> None:
    """A call comes in, becomes a situation, is noted and closed, as desks would ask for it."""

    async def ask(request: q.Request, step: int) -> str:
        return (await hub.ask(request, _DISPATCHER, f"dispatcher/matter-{number}-{step}")).subject

    place = q.GivenPlace(lat=29.0 + number % 97 / 1000, lon=113.1, text="荣新路与东风路口")
    call = await ask(q.ReportCall(dialled="110", caller=f"139{number:08}"), 0)
    await ask(q.AnswerCall(call=call), 1)
    await ask(q.LocateCall(call=call, place=place), 2)
    await ask(q.ClassifyCall(call=call, form={"what": "打架", "persons": "3", "weapons": "无"}), 3)
    opened = q.OpenSituation(title="路口打架", service="110", kind="public_security", level=4, call=call)
    situation = await ask(opened, 4)
    await ask(q.NoteSituation(situation=situation, text="两人受伤，已通知急救"), 5)
    await ask(q.EndCall(call=call, outcome="situation"), 6)
    await ask(q.CloseSituation(situation=situation), 7)


_Batch = tuple[list[tuple[str, int, int, str, bytes, bytes]], list[tuple[str, str, int, str]]]


async def _rows(journal: SqliteJournal, committed: Sequence[Sequence[Committed]]) -> list[_Batch]:
    """Return what stands in the journal as rows to insert, batch by batch."""
    batches: list[_Batch] = []
    for entries in committed:
        first_seq, last_seq = entries[0].first_seq, entries[-1].last_seq
        stored = await journal.read(_SPACE, first_seq - 1, last_seq - first_seq + 1)
        facts = [(_SPACE, f.seq, f.at_ms, f.actor, f.data, f.digest) for f in stored]
        batches.append((facts, [(_SPACE, entry.key, entry.last_seq, entry.subject) for entry in entries]))
    return batches


async def _append_barely(path: Path, batches: list[_Batch]) -> float:
    """Return the CPU seconds that SQLite alone takes for the rows, in the same schema and the same batches."""
    await SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = FULL")
        with cpu_time() as floor:
            for facts, answers in batches:
                db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", facts)
                db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", answers)
                db.commit()
    return floor.s


async def _at_a_steady_rate(folder: Path, sizes: Sizes) -> tuple[list[float], list[float]]:
    """Return milliseconds of requests and of fdatasyncs, measured in turns, so that both meet the same neighbours."""
    clock, hub_ms, fdatasync_ms = SystemClock(), list[float](), list[float]()
    journal = SqliteJournal(folder / "journal.sqlite3")
    log = _open_log(folder / "pages")
    loop = asyncio.get_running_loop()

    async def ask(hub: Hub, number: int) -> None:
        begun_ms = stopwatch_ms()
        await hub.ask(q.ReportCall(dialled="110", caller=str(number)), _DISPATCHER, f"dispatcher/call-{number}")
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
    os.pwrite(file, bytes(_PAGES_PER_COMMIT * _PAGE_BYTES), number * _PAGES_PER_COMMIT % _LOG_PAGES * _PAGE_BYTES)
    os.fdatasync(file)
    return stopwatch_ms() - begun_ms
