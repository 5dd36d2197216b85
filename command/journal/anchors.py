"""Places outside the hub that keep its signed heads: whoever can rewrite the journal cannot rewrite those too."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from command.journal.heads import AnchoredHead
from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.limits import ANCHOR_BACKOFF_FIRST_MS, ANCHOR_BACKOFF_LONGEST_MS, ANCHOR_CALL_MS, ANCHORS_WAITING

log = logging.getLogger(__name__)


class Place(Protocol):
    """Somewhere that keeps lines."""

    name: str

    async def keep(self, head: AnchoredHead) -> None:
        """Keep one head for good; `UnavailableError` where that is not certain, and it is to be tried again."""
        ...


class FilePlace:
    """A file, on another disk or mount, that is only ever appended to. Its folder has to be there."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._writing: asyncio.Future[None] | None = None

    async def keep(self, head: AnchoredHead) -> None:
        """Append a line and sync it. A mount that hangs costs one thread, and neither the hub nor its stop waits."""
        if self._writing is not None and not self._writing.done():
            raise UnavailableError(f"{self.name}: the write before this one still hangs")
        loop = asyncio.get_running_loop()
        writing: asyncio.Future[None] = loop.create_future()
        self._writing = writing

        def write() -> None:
            error = self._append(head.line())
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, writing, error)

        threading.Thread(target=write, name="anchor", daemon=True).start()
        try:
            async with asyncio.timeout(ANCHOR_CALL_MS / 1000):
                await asyncio.shield(writing)
        except OSError as error:  # TimeoutError is one
            raise UnavailableError(f"{self.name}: {str(error) or 'the write hangs'}") from error

    def _append(self, line: bytes) -> OSError | None:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                # A line that a power cut tore must not spoil this one.
                torn = (size := os.fstat(handle).st_size) > 0 and os.pread(handle, 1, size - 1) != b"\n"
                whole = b"\n" + line if torn else line
                if os.write(handle, whole) != len(whole):
                    return OSError("the disk took a part of the line only")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            return error
        return None


class HttpPlace:
    """A service that takes each head as the JSON body of a POST, and says 2xx once it is kept.

    The same head may come twice. It is no secret and signed, so plain HTTP does no harm inside a closed network.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.name = url
        self._http = http

    async def keep(self, head: AnchoredHead) -> None:
        """Post one head."""
        headers, timeout = {"content-type": "application/json"}, aiohttp.ClientTimeout(total=ANCHOR_CALL_MS / 1000)
        try:
            async with self._http.post(
                self.name, data=head.line(), headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise UnavailableError(f"{self.name} answers HTTP {response.status}")
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError(f"{self.name}: {str(error) or type(error).__name__}") from error


@dataclass
class AnchorCounters:
    """What `/metrics` shows of a place."""

    kept: int = 0
    failed: int = 0
    dropped: int = 0
    """Older heads that were given up while the place was away; each later one vouches for what they did."""


class Anchor:
    """Brings heads to one place, in order, and waits for it when it is away."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self.name = place.name
        self.counters = AnchorCounters()
        self.kept_seq = 0
        """Of the last head that is safe there; 0 before the first since the start."""
        self.away: str | None = None
        """Why heads do not get there, while they do not: for health and screens."""
        self._place = place
        self._clock = clock
        self._waiting: deque[AnchoredHead] = deque()
        self._some = asyncio.Event()

    def offer(self, head: AnchoredHead) -> None:
        """Have a head kept; where too many wait, the oldest is given up."""
        if len(self._waiting) >= ANCHORS_WAITING:
            self._waiting.popleft()
            self.counters.dropped += 1
        self._waiting.append(head)
        self._some.set()

    async def run(self) -> None:
        """Bring what is offered until cancelled."""
        pause_ms = ANCHOR_BACKOFF_FIRST_MS
        while True:
            await self._some.wait()
            if await self.bring():
                pause_ms = ANCHOR_BACKOFF_FIRST_MS
            else:
                await self._clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, ANCHOR_BACKOFF_LONGEST_MS)

    async def bring(self) -> bool:
        """Bring all that waits; False once the place is away."""
        while self._waiting:
            head = self._waiting[0]
            try:
                await self._place.keep(head)
            except UnavailableError as error:
                self.counters.failed += 1
                if self.away is None:
                    log.warning("signed heads are not kept outside: %s", error.detail)
                self.away = error.detail
                return False
            self.away = None
            self.counters.kept += 1
            self.kept_seq = head.seq
            if self._waiting and self._waiting[0] is head:  # else it was given up meanwhile
                self._waiting.popleft()
        self._some.clear()
        return True


def place_at(where: str, http: aiohttp.ClientSession) -> Place:
    """Return what a setting names: a URL, or the path of a file."""
    return HttpPlace(http, where) if where.startswith(("https://", "http://")) else FilePlace(Path(where))


def _settle(writing: asyncio.Future[None], error: OSError | None) -> None:
    if error is None:
        writing.set_result(None)
    else:
        writing.set_exception(error)
        writing.exception()  # whoever asked may have given up
