"""A service that runs inside this process: its listening socket, its loops, and their clean end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from aiohttp import web

from command.kernel.errors import UnavailableError
from command.kernel.ports import address, listening_at
from command.services.store import Store

_LAST_REQUESTS_S = 5.0

Loop = Callable[[], Coroutine[None, None, None]]


class RunningService:
    """A started service. `url` has no slash at its end."""

    def __init__(self, url: str, runner: web.AppRunner, loops: Sequence[asyncio.Task[None]], store: Store) -> None:
        self.url = url
        self._runner = runner
        self._loops = loops
        self._store = store

    async def stop(self) -> None:
        """Take no more requests, finish those begun, end the loops, close the file. Deliveries go on at next start."""
        await self._runner.cleanup()
        for loop in self._loops:
            loop.cancel()
        await asyncio.wait(self._loops)
        await self._store.close()


async def start_service(
    group: asyncio.TaskGroup, app: web.Application, store: Store, loops: Sequence[Loop], *, host: str, port: int
) -> RunningService:
    """Listen on `host` and `port` (0: any free one) and run `loops` in the caller's group.

    Raises `UnavailableError` where the port is taken; the store is closed then.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_REQUESTS_S)
    await runner.setup()
    try:
        with listening_at(host, port):
            await web.TCPSite(runner, host, port).start()
    except UnavailableError:
        await runner.cleanup()
        await store.close()
        raise
    bound_port = int(runner.addresses[0][1])
    tasks = [group.create_task(loop()) for loop in loops]
    return RunningService(f"http://{address(host, bound_port)}", runner, tasks, store)
