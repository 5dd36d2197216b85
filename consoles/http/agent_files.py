"""Files of lists (库) on their way to edge agents, which look for what is in them: packed, in pieces, a few at once."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

from aiohttp import web

from command.kernel.errors import TooManyError, UnknownIdError
from edge.limits import AGENT_SILENT_MS, LIBRARY_FETCHES, LIBRARY_PIECE_BYTES
from streams.watch_library import LibraryContent


class HoldsFiles(Protocol):
    """Who holds the files of lists, which are named by their SHA-256."""

    def content(self, sha256: str) -> LibraryContent | None:
        """Return a file; None where the hub does not hold it."""
        ...

    async def edits(self, since: str, sha256: str) -> bytes | None:
        """Return what makes it of another; None where it is to be told whole."""
        ...


class FilesOfLists:
    """Sends the files that `libraries` holds."""

    def __init__(self, libraries: HoldsFiles) -> None:
        self._libraries = libraries
        self._fetching = asyncio.Semaphore(LIBRARY_FETCHES)

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Answer with the file whose `sha256` is in the path, packed, as binary messages.

        With `?since=` only what makes it of that file, where that is less; a text message that names it says so.
        Raises `UnknownIdError` and `TooManyError`.
        """
        sha256, since = request.match_info["sha256"], request.query.get("since", "")
        content = self._libraries.content(sha256)
        if content is None:
            raise UnknownIdError("this hub holds no list with this file")
        if self._fetching.locked():
            raise TooManyError(f"{LIBRARY_FETCHES} agents are fetching lists; come again")
        async with self._fetching:
            edits = await self._libraries.edits(since, sha256) if since else None
            if edits is None:
                return await _send_file(request, "", content.data)
            return await _send_file(request, since, edits)


async def _send_file(request: web.Request, said: str, data: bytes) -> web.WebSocketResponse:
    """Send words, if any, and then a file, packed and in pieces."""
    packed = await asyncio.to_thread(zlib.compress, data)
    socket = web.WebSocketResponse(heartbeat=AGENT_SILENT_MS / 1000, compress=False)
    await socket.prepare(request)
    if said:
        await socket.send_str(said)
    for at in range(0, len(packed), LIBRARY_PIECE_BYTES):
        await socket.send_bytes(packed[at : at + LIBRARY_PIECE_BYTES])
    await socket.close()
    return socket
