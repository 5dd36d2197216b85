"""Large bodies of answers, sent in pieces."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from aiohttp import web

from command.kernel.errors import TriuneError

log = logging.getLogger(__name__)


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
