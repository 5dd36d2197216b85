"""Places outside the hub that keep its signed heads: whoever can rewrite the journal cannot rewrite those too."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import aiohttp

from command.journal.heads import AnchoredHead
from command.journal.kept_heads import KeptHeads
from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.limits import (
    ANCHOR_BACKOFF_FIRST_MS,
    ANCHOR_BACKOFF_LONGEST_MS,
    ANCHOR_CALL_MS,
    ANCHOR_PAGE_HEADS,
    ANCHOR_PAUSE_MS,
    ANCHOR_TAIL_BYTES,
    ANCHORS_WAITING,
)

log = logging.getLogger(__name__)
T = TypeVar("T")


class Place(Protocol):
    """Somewhere that keeps lines. Raises `UnavailableError` where it cannot be had now: it is to be tried again."""

    name: str

    async def tail(self) -> bytes:
        """Return the last lines that are kept there, the first perhaps cut; nothing where there are none."""
        ...

    async def keep(self, heads: Sequence[AnchoredHead]) -> None:
        """Keep heads for good, in order; where that fails, `tail` says which of them are kept."""
        ...


class FilePlace:
    """A file, on another disk or mount, that is only ever appended to. Its folder has to be there."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._working: asyncio.Future[bytes] | None = None
        self._size_bytes = 0

    async def tail(self) -> bytes:
        """Return the end of the file, which is made where it is not there: without its folder nothing is known."""
        return await self._on_file("read", self._end)

    async def keep(self, heads: Sequence[AnchoredHead]) -> None:
        """Append lines and sync them."""
        lines = b"".join(head.line() for head in heads)
        await self._on_file("write", lambda handle: self._append(handle, lines))

    async def _on_file(self, what: str, work: Callable[[int], bytes]) -> bytes:
        """Work on the open file. A mount that hangs costs one thread, and neither the hub nor its stop waits."""
        if self._working is not None and not self._working.done():
            raise UnavailableError(f"{self.name}: the call before this one still hangs")
        loop = asyncio.get_running_loop()
        working: asyncio.Future[bytes] = loop.create_future()
        self._working = working

        def run() -> None:
            done = self._with_file(work)
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, working, done)

        threading.Thread(target=run, name="anchor", daemon=True).start()
        try:
            async with asyncio.timeout(ANCHOR_CALL_MS / 1000):
                return await asyncio.shield(working)
        except OSError as error:  # TimeoutError is one
            raise UnavailableError(f"{self.name}: {str(error) or f'the {what} hangs'}") from error

    def _with_file(self, work: Callable[[int], bytes]) -> bytes | OSError:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                return work(handle)
            finally:
                os.close(handle)
        except OSError as error:
            return error

    def _end(self, handle: int) -> bytes:
        self._size_bytes = os.fstat(handle).st_size
        return os.pread(handle, ANCHOR_TAIL_BYTES, max(0, self._size_bytes - ANCHOR_TAIL_BYTES))

    def _append(self, handle: int, lines: bytes) -> bytes:
        if (size := os.fstat(handle).st_size) < self._size_bytes:
            raise OSError("it is shorter than it was, or another file")
        # A line that a power cut tore must not spoil these.
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        whole = b"\n" + lines if torn else lines
        if os.write(handle, whole) != len(whole):
            raise OSError("the disk took a part of the line only")
        os.fsync(handle)
        self._size_bytes = size + len(whole)
        return b""


class HttpPlace:
    """A service that takes each head as the JSON body of a POST, and says 2xx once it is kept.

    The same head may come twice. It is no secret and signed, but that it was kept is only known of whoever answers, see
    `is_in_the_clear`. The service is not asked what it has: the last head that it took is noted in the folder of this
    hub. Each hub has its own note, for the same address may lead each to another service.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, notes: Path) -> None:
        self.name = url
        self._http = http
        self._note = notes / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"

    async def tail(self) -> bytes:
        """Return the head that was noted."""
        try:
            return await asyncio.to_thread(self._note.read_bytes)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise UnavailableError(f"{self._note}: {error.strerror}") from error

    async def keep(self, heads: Sequence[AnchoredHead]) -> None:
        """Post heads one by one, and note each."""
        for head in heads:
            await self._post(head)
            try:
                await asyncio.to_thread(self._write, head)
            except OSError as error:  # the service has it all the same, and a later note covers it
                log.warning("which signed heads were sent cannot be noted: %s: %s", self._note, error.strerror)

    async def _post(self, head: AnchoredHead) -> None:
        headers, timeout = {"content-type": "application/json"}, aiohttp.ClientTimeout(total=ANCHOR_CALL_MS / 1000)
        try:
            async with self._http.post(
                self.name, data=head.line(), headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise UnavailableError(f"{self.name} answers HTTP {response.status}")
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError(f"{self.name}: {str(error) or type(error).__name__}") from error

    def _write(self, head: AnchoredHead) -> None:
        """Put the note there whole. It is not synced: one that a power cut took costs sending heads again."""
        self._note.parent.mkdir(exist_ok=True)
        part = self._note.with_suffix(".part")
        part.write_bytes(head.line())
        part.replace(self._note)


@dataclass
class AnchorCounters:
    """What `/metrics` shows of a place."""

    kept: int = 0
    failed: int = 0


class Anchor:
    """Brings every signed head to one place, in order, and waits for it when it is away.

    New ones wait in memory, where nobody who changes the journal reaches them. What is not there is read from the
    journal: what was signed before this start, before the place was set, or had no room any more.
    """

    def __init__(self, place: Place, heads: KeptHeads, clock: Clock) -> None:
        self.name = place.name
        self.counters = AnchorCounters()
        self.kept_seq = 0
        """Up to where all signed heads are safe there; 0 until that is known."""
        self.away: str | None = None
        """Why heads do not get there, while they do not: for health and screens."""
        self.strange: str | None = None
        """What the place has and the record does not: for health and screens."""
        self._place = place
        self._heads = heads
        self._clock = clock
        self._waiting: deque[AnchoredHead] = deque()
        self._is_known = False
        """Whether `kept_seq` is what the place has."""
        self._is_complete = False
        """Whether what waits is all that comes after `kept_seq`."""
        self._some = asyncio.Event()
        self._some.set()

    @property
    def waiting(self) -> int:
        """How many signed heads wait to be kept there; all that are still to be read from the journal count as one."""
        return len(self._waiting) + (not self._is_complete)

    def offer(self, head: AnchoredHead) -> None:
        """Have a new head kept; where too many wait, the oldest is read from the journal once its turn comes."""
        if len(self._waiting) >= ANCHORS_WAITING:
            self._waiting.popleft()
            self._is_complete = False
        self._waiting.append(head)
        self._some.set()

    async def run(self) -> None:
        """Bring what is signed until cancelled. Raises as `bring`."""
        pause_ms = ANCHOR_BACKOFF_FIRST_MS
        while True:
            await self._some.wait()
            if await self.bring():
                pause_ms = ANCHOR_BACKOFF_FIRST_MS
            else:
                await self._clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, ANCHOR_BACKOFF_LONGEST_MS)

    async def bring(self) -> bool:
        """Bring all that the place lacks; False once it, or the journal, is away.

        Raises `DamagedJournalError` where the journal keeps a head that does not fit: neither it nor later ones go out.
        """
        try:
            if not self._is_known:
                await self._look()
            while await self._bring_some():
                pass
        except UnavailableError as error:
            log.debug("signed heads wait for %s: %s", self.name, error.detail)
            return False
        self.away = None
        self._some.clear()
        return True

    async def _look(self) -> None:
        """Find out what the place has of this record. All is brought again to one whose last head is of another."""
        last = self._heads.last_of(await self._asked(self._place.tail()))
        self.kept_seq = 0
        if last is not None and await self._heads.holds(last):
            self.kept_seq = last.seq
        elif last is not None:
            self.strange = f"{self.name} has the signed head {last.seq}, which the record does not have"
            log.error("%s: it was cut off or rewritten, run `triune verify`; after a restore begin anew", self.strange)
        self._is_known, self._is_complete = True, False

    async def _bring_some(self) -> bool:
        """Bring the next few; say whether there were any."""
        while self._waiting and self._waiting[0].seq <= self.kept_seq:
            self._waiting.popleft()
        if self._is_complete:
            some = list(islice(self._waiting, ANCHOR_PAGE_HEADS))
            await self._keep(some)
            return bool(some)
        first = self._first_waiting()
        older = await self._heads.after(self.kept_seq, first)
        await self._keep(older)
        if older:
            await self._clock.sleep(ANCHOR_PAUSE_MS)
        elif first == self._first_waiting():  # else others came, or lost their room, while the journal was read
            self._is_complete = True
        return True

    def _first_waiting(self) -> int | None:
        return self._waiting[0].seq if self._waiting else None

    async def _keep(self, heads: Sequence[AnchoredHead]) -> None:
        if heads:
            await self._asked(self._place.keep(heads))
            self.away = None
            self.counters.kept += len(heads)
            self.kept_seq = heads[-1].seq

    async def _asked(self, asking: Awaitable[T]) -> T:
        """Ask the place; where that fails, nobody knows any more what it has."""
        try:
            return await asking
        except UnavailableError as error:
            self.counters.failed += 1
            if self.away is None:
                log.warning("signed heads are not kept outside: %s", error.detail)
            self.away = error.detail
            self._is_known = False
            raise


def place_at(where: str, http: aiohttp.ClientSession, notes: Path) -> Place:
    """Return what a setting names: a URL, or the path of a file. `notes` is a folder of this hub, made when needed."""
    return HttpPlace(http, where, notes) if is_address(where) else FilePlace(Path(where))


def is_address(where: str) -> bool:
    """Say whether a setting names a URL; else it is the path of a file."""
    return where.startswith(("https://", "http://"))


def is_in_the_clear(where: str) -> bool:
    """Say whether somebody between here and the place could answer in its stead, and keep nothing."""
    if not where.startswith("http://"):
        return False
    try:
        host = urlsplit(where).hostname or ""
        return host != "localhost" and not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no address at all
        return True


def _settle(working: asyncio.Future[bytes], done: bytes | OSError) -> None:
    if isinstance(done, bytes):
        working.set_result(done)
    else:
        working.set_exception(done)
        working.exception()  # whoever asked may have given up
