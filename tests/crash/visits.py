"""Consoles that come and go: afterwards a hub holds no more open than before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from websockets.asyncio.client import connect
from yarl import URL

from tests.consoles.support import Person
from tests.crash.screens import TABLES
from tests.crash.waiting import until
from tests.e2e.hub_process import HubProcess

_VISITS, _MORE = 200, 15
"""Consoles that come, and how much more may be open afterwards: connections of others come and go meanwhile, by the
dozen, so that a few consoles would hide among them."""
_GONE_MS = 60_000


async def come_and_go(person: Person, hub: HubProcess) -> None:
    """Open consoles; half of them close as pages do, the others are cut before they read what they asked for."""
    before = _open_at(hub)
    cookies = person.http.cookie_jar.filter_cookies(URL(hub.url))
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    async with asyncio.TaskGroup() as group:
        for number in range(_VISITS):
            group.create_task(_visit(hub, cookie, is_cut=number % 2 == 0))
    await until(
        lambda: _open_at(hub) <= before + _MORE,
        _GONE_MS,
        lambda: f"{_VISITS} consoles came and went, and {hub.url} has {_open_at(hub)} descriptors instead of {before}",
    )


async def _visit(hub: HubProcess, cookie: str, *, is_cut: bool) -> None:
    url = f"{hub.url.replace('http://', 'ws://')}/api/v1/live?space=live"
    console = await connect(url, additional_headers={"Cookie": cookie}, proxy=None, max_size=None, max_queue=None)
    await console.recv()
    await console.send(json.dumps({"type": "subscribe", "tables": {table: {} for table in TABLES}}))
    if is_cut:
        console.transport.abort()
    else:
        await console.close()


def _open_at(hub: HubProcess) -> int:
    return len(list(Path(f"/proc/{hub.pid}/fd").iterdir()))
