"""Work on disks of recordings, which may hang: kept from everything else, with a limit on waiting, refused at once.

See `command.kernel.own_thread`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from command.kernel.errors import UnavailableError
from command.kernel.own_thread import begin
from command.kernel.sqlite import SqliteThread
from streams.limits import RECORD_HUNG_MS, RECORD_READS

T = TypeVar("T")
NO_ANSWER = "the disk of recordings does not answer"


class Readers:
    """Reads of files, so many at once, each with a limit."""

    def __init__(self) -> None:
        self._under_way = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns. Raises `UnavailableError` where it takes too long, or too many are read already.

        One that hangs keeps its place: a disk that does not answer is not asked for ever more.
        """
        if self._under_way >= RECORD_READS:
            raise UnavailableError("too many recordings are being read, or the disk does not answer; try again")
        loop = asyncio.get_running_loop()

        def counted() -> T:
            try:
                return work()
            finally:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._end)

        self._under_way += 1
        try:
            async with asyncio.timeout(RECORD_HUNG_MS / 1000):
                return await begin(counted)
        except TimeoutError:
            raise UnavailableError(NO_ANSWER) from None

    def _end(self) -> None:
        self._under_way -= 1


class IndexThread:
    """A database thread that says within a limit that it does not answer, and then refuses at once until it does."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self._lock = Lock()
        self._is_busy = self._hangs = False

    @property
    def hangs(self) -> bool:
        """Whether somebody waited in vain, and what they waited for still goes on."""
        return self._hangs

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns. Raises `UnavailableError` after the limit, and as `SqliteThread.run`."""
        if self._hangs:
            raise UnavailableError(NO_ANSWER)
        try:
            async with asyncio.timeout(RECORD_HUNG_MS / 1000):
                return await self.patiently(work)
        except TimeoutError:
            with self._lock:
                self._hangs = self._is_busy
            raise UnavailableError(NO_ANSWER) from None

    async def patiently(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns, however long it takes."""

        def marked(db: sqlite3.Connection) -> T:
            with self._lock:
                self._is_busy = True
            try:
                return work(db)
            finally:
                with self._lock:
                    self._is_busy = self._hangs = False

        return await self._thread.run(marked)

    async def close(self) -> None:
        """Close it; one that hangs is left behind."""
        with suppress(UnavailableError):
            await self.run(lambda _: None)
            await self._thread.close()
