"""Backups that a hub makes by itself: one every so many hours, in a process of its own, the newest kept."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import re
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import msgspec

from command.access.keys import SiteKey
from command.backup.making import Source, make_backup
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import BACKUP_RETRY_MS

_NAME = "triune-%Y%m%dT%H%M%SZ.backup"
_NAMES = re.compile(r"triune-\d{8}T\d{6}Z\.backup")
_HOUR_MS = 60 * 60 * 1000
_NICENESS = 10
_log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backup]` of the settings. The folder must exist, on another disk or machine than the data."""

    folder: str
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 31)] = 24
    keep: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 14


class Backups:
    """Makes them in turn. `failed` counts those that came to nothing."""

    def __init__(self, plan: Plan, source: Source, key: SiteKey, clock: Clock) -> None:
        self._plan = plan
        self._folder = Path(plan.folder)
        self._source = source
        self._key = key
        self._clock = clock
        self.failed = 0
        self.last_good_ms: int | None = None
        """When the newest good one was begun, also by a hub before this one; None where there is none."""

    async def run(self) -> None:
        """Make one when the newest is old enough; after a failure try again a little later. Until cancelled."""
        while True:
            try:
                self.last_good_ms = max(map(_begun_ms, await asyncio.to_thread(self._archives)), default=None)
                await self._clock.sleep_until((self.last_good_ms or 0) + self._plan.hours * _HOUR_MS)
                await self.make()
            except TriuneError as error:
                self.failed += 1
                _log.error("the backup came to nothing: %s", error.detail)
                await self._clock.sleep(BACKUP_RETRY_MS)

    async def make(self) -> Path:
        """Make one now, drop what is beyond those kept, and return it. Raises as `make_backup`."""
        begun_ms = self._clock.now_ms()
        to = self._folder / datetime.fromtimestamp(begun_ms / 1000, UTC).strftime(_NAME)
        if problem := await self._in_a_process(to):
            raise UnavailableError(problem)
        self.last_good_ms = _begun_ms(to)
        await asyncio.to_thread(self._drop_oldest)
        return to

    async def _in_a_process(self, to: Path) -> str:
        """Return what went wrong, or nothing. The hub's own threads and locks are not held up by it."""
        spawning = multiprocessing.get_context("spawn")
        receiving, sending = spawning.Pipe(duplex=False)
        # Ends with the hub: what is half written then has another name.
        process = spawning.Process(target=_make, args=(self._source, self._key, to, sending), daemon=True)
        await asyncio.to_thread(process.start)
        sending.close()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(process.sentinel)
            process.kill()
            process.join()
            with receiving:
                problem = _received(receiving)
            process.close()
        return problem

    def _archives(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if _NAMES.fullmatch(path.name))
        except OSError as error:
            raise UnavailableError(f"the folder of backups cannot be used: {error.strerror}") from error

    def _drop_oldest(self) -> None:
        for path in self._archives()[: -self._plan.keep]:
            path.unlink(missing_ok=True)


def _begun_ms(path: Path) -> int:
    return int(datetime.strptime(path.name, _NAME).replace(tzinfo=UTC).timestamp() * 1000)


def _received(receiving: Connection) -> str:
    try:
        return str(receiving.recv()) if receiving.poll() else "its process was ended"
    except (EOFError, OSError):
        return "its process was ended"


def _make(source: Source, key: SiteKey, to: Path, sending: Connection) -> None:
    os.nice(_NICENESS)  # the hub goes first
    try:
        manifest = make_backup(source, key, to)
    except TriuneError as error:
        sending.send(error.detail)
    else:
        if manifest.lost:
            _log.warning("%d pictures or files cannot be read, the first is %s", len(manifest.lost), manifest.lost[0])
        sending.send("")
