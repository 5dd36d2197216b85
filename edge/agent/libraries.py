"""Lists of the watch list (库) at the edge: fetched once by their hash, kept on disk, looked for without the hub.

Of a list that was held with another file the hub is asked for what came and went since that; one that does not know
tells the file whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from websockets.exceptions import WebSocketException

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.folders import write_durably
from command.kernel.limits import EVIDENCE_BYTES
from edge.agent.link import checked_url, dial
from edge.agent.protocol import LIBRARY_PATH, Library
from edge.limits import AGENT_RETRY_FIRST_MS, AGENT_RETRY_LONGEST_MS, LIBRARY_PIECE_BYTES
from streams.watch_edits import edited
from streams.watch_library import LibraryContent, LibraryIndex

log = logging.getLogger(__name__)


class EdgeLibraries:
    """`apply` says which lists are wanted; `run` gets them from disk, else from a hub, and tells `on_index`.

    While a file is on its way the one before is looked for. Files are kept readable by their owner only, as what else
    the hub tells is.
    """

    def __init__(
        self, folder: Path, key: str, clock: Clock, hub: Callable[[], str], on_index: Callable[[LibraryIndex], None]
    ) -> None:
        self.held: dict[str, str] = {}
        """The file of each list that is looked for, by its SHA-256."""
        self._folder = folder
        self._key = key
        self._clock = clock
        self._hub = hub
        self._on_index = on_index
        self._index = LibraryIndex()
        self._wanted: Sequence[Library] = ()
        self._changed = asyncio.Event()

    def apply(self, wanted: Sequence[Library]) -> None:
        """Take what the hub says."""
        self._wanted = wanted
        self._changed.set()

    async def run(self) -> None:
        """Have what is wanted, until cancelled; what cannot be had is tried again after ever longer pauses."""
        failures = 0
        while True:
            if failures:
                pause_ms = min(AGENT_RETRY_LONGEST_MS, AGENT_RETRY_FIRST_MS << min(failures, 16))
                await self._clock.sleep(pause_ms)
            else:
                await self._changed.wait()
            self._changed.clear()
            failures = 0 if await self._have(self._wanted) else failures + 1

    async def _have(self, wanted: Sequence[Library]) -> bool:
        """Hold these lists; say whether all are as the hub wants them."""
        contents: dict[str, LibraryContent] = {}
        held: dict[str, str] = {}
        whole = True
        for library in wanted:
            if self.held.get(library.id) == library.sha256:
                contents[library.id], held[library.id] = self._index.contents[library.id], library.sha256
                continue
            try:
                contents[library.id] = await self._get(library)
                held[library.id] = library.sha256
            except (UnavailableError, InvalidInputError) as error:
                log.warning("list %s cannot be had: %s", library.id, error.detail)
                whole = False
                if library.id in self._index.contents:
                    contents[library.id], held[library.id] = self._index.contents[library.id], self.held[library.id]
        look_alike = {library.id for library in wanted if library.look_alike and library.id in contents}
        if held != self.held or look_alike != self._index.look_alike:
            self._index = await asyncio.to_thread(LibraryIndex, contents, look_alike)
            self.held = held
            self._on_index(self._index)
        if whole:
            await asyncio.to_thread(self._forget_others, {library.sha256 for library in wanted})
        return whole

    async def _get(self, library: Library) -> LibraryContent:
        path = self._folder / library.sha256
        data = await asyncio.to_thread(_kept, path)
        if data is None:
            data = await self._edited(library) or await self._fetched(library.sha256)
            try:
                await asyncio.to_thread(_keep, path, data)
            except OSError as error:  # it is looked for all the same, and fetched again after a restart
                log.warning("a list cannot be kept: %s", error.strerror)
        return await asyncio.to_thread(LibraryContent, data)

    async def _edited(self, library: Library) -> bytes | None:
        """Return the file, made of the one held with what the hub says; None where that does not come to it."""
        before = self._index.contents.get(library.id)
        if before is None:
            return None
        since = self.held[library.id]
        said, data = await self._told(f"{library.sha256}?since={since}")
        if said == since:
            try:
                data = await asyncio.to_thread(edited, before.data, data)
            except InvalidInputError as error:
                log.warning("list %s is fetched whole: %s", library.id, error.detail)
        return data if await asyncio.to_thread(_is, data, library.sha256) else None

    async def _fetched(self, sha256: str) -> bytes:
        """Return the file from the hub; raises `UnavailableError`."""
        _, data = await self._told(sha256)
        if not await asyncio.to_thread(_is, data, sha256):
            raise UnavailableError("what the hub gives is not the whole file")
        return data

    async def _told(self, what: str) -> tuple[str, bytes]:
        """Return what the hub tells, and the words before it if any; raises `UnavailableError`."""
        unpacking, parts, size, said = zlib.decompressobj(), list[bytes](), 0, ""
        try:
            async with dial(checked_url(self._hub(), LIBRARY_PATH + what), self._key, LIBRARY_PIECE_BYTES) as socket:
                async for piece in socket:
                    if isinstance(piece, str):
                        said = piece
                        continue
                    part = unpacking.decompress(piece, EVIDENCE_BYTES - size + 1)
                    size += len(part)
                    if size > EVIDENCE_BYTES:
                        raise UnavailableError(f"a list has at most {EVIDENCE_BYTES} bytes")
                    parts.append(part)
        except (WebSocketException, OSError, TimeoutError, zlib.error) as error:
            raise UnavailableError(f"the hub does not give it: {error}") from error
        return said, b"".join(parts)

    def _forget_others(self, wanted: set[str]) -> None:
        try:
            for path in self._folder.glob("*"):
                if path.name not in wanted:
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("lists of before cannot be removed: %s", error.strerror)


def _is(data: bytes, sha256: str) -> bool:
    return hashlib.sha256(data).hexdigest() == sha256


def _kept(path: Path) -> bytes | None:
    """Return a file that was kept and is what it was; None for another."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if _is(data, path.name):
        return data
    log.warning("list %s on this disk is not what it was, and is fetched again", path.name[:8])
    return None


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, data)
