"""The command `triune serve` as a process of its own, and what that process takes."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from command.access import accounts as access
from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.kernel.clock import SystemClock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import UnavailableError
from consoles.bench.measure import stopwatch_ms

_START_S = 120.0


@dataclass(frozen=True)
class Start:
    """What it took until the hub was ready: on the clock, and of a CPU."""

    seconds: float
    cpu_s: float


class Served:
    """A hub in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    def rss_mib(self) -> float:
        """Return the memory that is the process's own now (Linux)."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    def cpu_s(self) -> float:
        """Return the CPU seconds that it took so far (Linux)."""
        user, system = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[Served, Start]]:
    """Start the command on the folder; given is the hub once it is ready."""
    config = folder / "settings.toml"
    config.write_text("plate_workers = 0\n")
    ports = [argument for name in ("http", "jt808", "case", "approval") for argument in (f"--{name}-port", "0")]
    command = ("-m", "consoles.cli", "serve", "--data", str(folder), "--config", str(config), *ports)
    begun_ms = stopwatch_ms()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_START_S):
            hub = Served(process, await _url(process))
            async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/health/ready") as response:
                if response.status != 200:
                    raise UnavailableError(f"the hub is not ready: {await response.text()}")
        yield hub, Start((stopwatch_ms() - begun_ms) / 1000, hub.cpu_s())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _url(process: asyncio.subprocess.Process) -> str:
    """Return what the command announces on the line that programs read."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"{"):
            return str(json.loads(line)["url"])
    raise UnavailableError("the hub ended before it served")


async def accounts_of(folder: Path) -> Accounts:
    """Open the accounts of a data folder; the caller closes them."""
    key = SiteKey.load(folder / "site.key")
    return await Accounts.open(SqliteDatabase(folder / "access.sqlite3", access.SCHEMA, "access"), key, SystemClock())
