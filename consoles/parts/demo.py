"""The demonstration: the county is enrolled and its simulated devices run in a process of their own."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from consoles.demo.county import Account, load_county
from consoles.demo.devices import TOKEN_VARIABLE, command_line
from consoles.demo.enrol import enrol
from consoles.demo.read_before import read_before
from consoles.site import Site

_LAST_WORDS_S = 5.0


@asynccontextmanager
async def demonstration(site: Site) -> AsyncIterator[tuple[Account, ...]]:
    """Enrol the county and run its devices until the block is left; gives the accounts to sign in with."""
    county = await asyncio.to_thread(load_county)
    rtsp_port = _free_port()
    enrolled = await enrol(site.hub, site.context.accounts, county, rtsp_port)
    await read_before(site.hours, county, site.clock.now_ms())
    clips = Path(site.settings.data) / "demo-clips"
    command = command_line(http=site.http_url, jt808_port=site.jt808_port, rtsp_port=rtsp_port, clips=clips)
    environment = {**os.environ, TOKEN_VARIABLE: enrolled.pbx_token}
    devices = await asyncio.create_subprocess_exec(*command, env=environment, stdin=asyncio.subprocess.PIPE)
    try:
        yield enrolled.accounts
    finally:
        if devices.returncode is None:
            devices.terminate()
            try:
                async with asyncio.timeout(_LAST_WORDS_S):
                    await devices.wait()
            except TimeoutError:
                devices.kill()
                await devices.wait()


def _free_port() -> int:
    """Return a port for the simulated cameras that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
