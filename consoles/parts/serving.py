"""An aiohttp application on a port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from command.kernel.errors import UnavailableError

_LAST_REQUESTS_S = 2.0


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block is left; gives the URL. Raises `UnavailableError` where the port is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_REQUESTS_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UnavailableError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared with, not bound to
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
