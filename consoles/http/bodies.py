"""Large bodies of answers, sent in pieces or a part of them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import msgspec
from aiohttp import hdrs, web

from command.kernel.errors import InvalidInputError, TriuneError

log = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True):
    """Bytes of a file from `start` to before `stop`; with status 416 there are none of those that were asked for."""

    start: int
    stop: int
    status: int
    headers: dict[str, str]


def part_of(request: web.Request, size: int) -> Part:
    """Return what part of a file is asked for by `Range` (RFC 9110, 14.2), all of it without one.

    Raises `InvalidInputError` for a range that cannot be read, or for several.
    """
    try:
        asked = request.http_range
    except ValueError as error:
        raise InvalidInputError("the range cannot be read") from error
    start, stop, _ = asked.indices(size)
    headers: dict[str, str] = {hdrs.ACCEPT_RANGES: "bytes"}
    if asked.start is None and asked.stop is None:
        return Part(start, stop, 200, headers)
    if start >= stop:
        return Part(start, start, 416, {**headers, hdrs.CONTENT_RANGE: f"bytes */{size}"})
    return Part(start, stop, 206, {**headers, hdrs.CONTENT_RANGE: f"bytes {start}-{stop - 1}/{size}"})


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
