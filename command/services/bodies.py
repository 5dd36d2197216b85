"""Bodies of requests: never more than their limit in memory, nor waited for without end, nor unpacked."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from command.kernel.errors import TooLargeError
from command.kernel.limits import REQUEST_BODY_MS


async def read_body(request: web.Request, limit: int, within_ms: int = REQUEST_BODY_MS) -> bytes:
    """Return the body. `TooLargeError` before more than the limit is taken in; 408 where it does not come in time.

    Compressed ones get 415: nobody of ours sends them, and what a few bytes unpack to is known too late.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType
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
