"""Backups that a hub makes by itself: one every so many hours, in a process of its own, the newest kept."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from command.access.keys import SiteKey
from command.backup.folder import (
    Archives,
    Owner,
    archive_at,
    archives_in,
    begun_ms,
    being_written,
    clear_parts,
    is_ahead,
    newest_good,
    remove,
    size_bytes,
    to_drop,
)
from command.backup.making import Source, make_backup, part_of
from command.backup.records import Manifest
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import BACKUP_AHEAD_LOOK_MS, BACKUP_FOLDER_MS, BACKUP_KILL_MS, BACKUP_RETRY_MS
from command.kernel.own_thread import begin

T = TypeVar("T")
_HANGS = "the folder of backups does not answer: is its share or disk gone?"
_HOUR_MS = 60 * 60 * 1000
_NICENESS = 10
_log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backup]` of the settings. The folder must exist, on another disk or machine than the data."""

    folder: str
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 31)] = 24
    keep: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 14

    @property
    def every_ms(self) -> int:
        """How long after one was begun the next one is."""
        return self.hours * _HOUR_MS


class Backups:
    """Makes them in turn, of the record `owner`. `failed` counts the times that it came to nothing."""

    def __init__(self, plan: Plan, source: Source, owner: Owner, clock: Clock) -> None:
        self._plan = plan
        self._folder = Path(plan.folder)
        self._source = source
        self._owner = owner
        self._clock = clock
        self.failed = 0
        self.failing = False
        """Whether the last time came to nothing, and one is still due."""
        self.last_good_ms: int | None = None
        """When the newest good one was begun, also by a hub before this one; None where there is none."""
        self.newest: Manifest | None = None
        """What that one holds, and lacks."""
        self.newest_bytes: int | None = None
        """How large that one is; None where nobody can tell."""
        self.is_known = False
        """Whether the folder was looked into since the start."""
        self._ahead: list[Path] = []
        self._asked: asyncio.Future[Any] | None = None
        """What the folder was asked last."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Names of the pictures and files that the newest good one lacks: they were lost before it was made."""
        return self.newest.lost if self.newest else ()

    @property
    def ahead(self) -> list[str]:
        """Names of those dated later than now when it was looked last, and still: how old they are nobody can tell."""
        now_ms = self._clock.now_ms()
        return [path.name for path in self._ahead if is_ahead(path, now_ms)]

    async def run(self) -> None:
        """Make one when the newest is old enough; after a failure try again a little later. Until cancelled."""
        while True:
            try:
                await self._look()
                due_ms, now_ms = (self.last_good_ms or 0) + self._plan.every_ms, self._clock.now_ms()
                self.failing = self.failing and now_ms >= due_ms
                look_ms = now_ms + BACKUP_AHEAD_LOOK_MS
                await self._clock.sleep_until(min(due_ms, look_ms) if self._ahead else due_ms)
                if self._clock.now_ms() >= due_ms:
                    await self.make()
            except TriuneError as error:
                self.failed += 1
                self.failing = True
                _log.error("the backup came to nothing: %s", error.detail)
                await self._clock.sleep(BACKUP_RETRY_MS)

    async def make(self) -> Path:
        """Make one now, drop what is beyond those kept, and return it. Raises as `make_backup`."""
        to = archive_at(self._folder, self._clock.now_ms(), self._owner)
        await self._in_folder(partial(clear_parts, self._folder))
        if problem := await self._in_a_process(to):
            raise UnavailableError(problem)
        found = await self._look()
        if (self.last_good_ms or 0) < begun_ms(to):
            raise UnavailableError(f"{to.name} cannot be opened again: does its disk answer?")
        if self.lost:
            _log.warning("%d pictures or files cannot be read, the first is %s", len(self.lost), self.lost[0])
        await self._in_folder(partial(_drop, found, self._owner.key, self._plan.keep, self.lost))
        return to

    async def _look(self) -> Archives:
        looked = await self._in_folder(partial(_looked, self._folder, self._owner, self._clock.now_ms()))
        found, newest, self.newest_bytes = looked
        self._ahead = found.ahead
        self.last_good_ms, self.newest = (begun_ms(newest[0]), newest[1]) if newest else (None, None)
        self.is_known = True
        return found

    async def _in_folder(self, work: Callable[[], T]) -> T:
        """Return what `work` returns. A folder that hangs with its disk costs one thread, which no stop waits for.

        Raises `UnavailableError` after `BACKUP_FOLDER_MS`, and while the call before this one still hangs.
        """
        if self._asked is not None and not self._asked.done():
            raise UnavailableError(_HANGS)
        self._asked = asked = begin(work)
        try:
            async with asyncio.timeout(BACKUP_FOLDER_MS / 1000):
                return await asyncio.shield(asked)
        except TimeoutError as error:
            raise UnavailableError(_HANGS) from error

    async def _in_a_process(self, to: Path) -> str:
        """Return what went wrong, or nothing. The hub's own threads and locks are not held up by it."""
        spawning = multiprocessing.get_context("spawn")
        receiving, sending = spawning.Pipe(duplex=False)
        # Ends with the hub: what is half written then has another name.
        process = spawning.Process(target=_make, args=(self._source, self._owner.key, to, sending), daemon=True)
        loop = asyncio.get_running_loop()
        with receiving, sending:
            starting = loop.run_in_executor(None, process.start)
            try:
                await asyncio.shield(starting)
                await _ended(process)
            except OSError as error:
                return f"its process cannot be started: {error.strerror}"
            finally:
                await asyncio.wait([starting])
                # A thread ends what it began, also where the hub is told to stop a second time, or the disk hangs.
                await asyncio.wait([begin(partial(_end, process, part_of(to)))], timeout=2 * BACKUP_KILL_MS / 1000)
            return _received(receiving)


def _looked(folder: Path, owner: Owner, now_ms: int) -> tuple[Archives, tuple[Path, Manifest] | None, int | None]:
    """Return what is in the folder, the newest good one, and how large that is."""
    found = archives_in(folder, owner, now_ms)
    newest = newest_good(found, owner.key)
    return found, newest, size_bytes(newest[0]) if newest else None


def _drop(found: Archives, key: SiteKey, keep: int, lost: Sequence[str]) -> None:
    for path in to_drop(found, key, keep, lost):
        remove(path)


async def _ended(process: SpawnProcess) -> None:
    """Return once the process has ended."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)


def _end(process: SpawnProcess, part: Path) -> None:
    """Kill the process where it still runs, and remove what it leaves; wait for it no longer than `BACKUP_KILL_MS`."""
    if process.pid is None:
        return  # it never started
    process.kill()
    process.join(BACKUP_KILL_MS / 1000)
    if process.is_alive():
        _log.error("the process of a backup cannot be ended now: does the disk of %s answer?", part.parent)
        # The end of Python waits for all that are in here, and nothing public takes one out.
        multiprocessing.process._children.discard(process)  # type: ignore[attr-defined]  # noqa: SLF001
        return
    remove(part)
    process.close()


def _received(receiving: Connection) -> str:
    try:
        return str(receiving.recv()) if receiving.poll() else "its process was ended"
    except (EOFError, OSError):
        return "its process was ended"


def _make(source: Source, key: SiteKey, to: Path, sending: Connection) -> None:
    os.nice(_NICENESS)  # the hub goes first
    try:
        with being_written(to.parent):
            make_backup(source, key, to)
    except TriuneError as error:
        sending.send(error.detail)
    else:
        sending.send("")
