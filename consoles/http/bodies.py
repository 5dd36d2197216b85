"""Bodies: of requests never more than their limit in memory, nor waited for without end; large ones sent in pieces."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from command.kernel.errors import TooLargeError, TriuneError
from command.kernel.limits import REQUEST_BODY_MS

log = logging.getLogger(__name__)


async def read_body(request: web.Request, limit: int, within_ms: int = REQUEST_BODY_MS) -> bytes:
    """Return the body. `TooLargeError` before more than the limit is taken in; 408 where it does not come in time."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLargeError(f"a body has at most {limit} bytes")
    if request.content.is_eof():  # it came together with the head, as most do: there is nothing to wait for
        data = request.content.read_nowait()
        if len(data) > limit:
            raise TooLargeError(f"a body has at most {limit} bytes")
        return data
    parts, size = [], 0
    try:
        async with asyncio.timeout(within_ms / 1000):
            async for part in request.content.iter_chunked(64 * 1024):
                size += len(part)
                if size > limit:
                    raise TooLargeError(f"a body has at most {limit} bytes")
                parts.append(part)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return b"".join(parts)


async def send_pieces(
    request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send a large body. Where it cannot be had to its end the connection ends in the middle, which clients notice."""
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        async for piece in pieces:
            await response.write(piece)
    except TriuneError as error:
        log.warning("%s ends in the middle: %s", request.path, error.detail)
        if request.transport is not None:
            request.transport.abort()
    return response
