"""The devices of the demonstration county, as a process beside the hub: terminals, cameras, exchange and officers.

`python -m consoles.demo.devices --http URL --jt808-port N --rtsp-port N --clips DIR`. It ends on SIGTERM and with the
process that started it, and goes on by itself when the hub was away.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from command.kernel.clock import Clock, SystemClock
from command.rows import PositionRow, ViolationRow
from consoles.demo.cameras import Cameras
from consoles.demo.county import SIMULATED_OFFICERS, County, load_county
from consoles.demo.crews import Crews
from consoles.demo.dome import dome
from consoles.demo.exchange import Exchange
from consoles.demo.fleet import Fleet
from consoles.demo.live import LiveClient
from consoles.demo.mischief import Mischief

TOKEN_VARIABLE = "TRIUNE_DEMO_PBX_TOKEN"  # noqa: S105 - the name of the variable
"""Environment variable that carries the exchange's device token, which a command line would show to everybody."""
SEED = 430621
_TABLES = ("orders", "situations", "units", "positions", "violations")
_LOOK_MS = 1000
_PLACES_WITHIN_S = 10


def command_line(*, http: str, jt808_port: int, rtsp_port: int, clips: Path) -> list[str]:
    """Return the command that the calling process starts this one by; `TOKEN_VARIABLE` has to be in its environment."""
    return [
        sys.executable, "-m", "consoles.demo.devices", "--http", http, "--jt808-port", str(jt808_port),
        "--rtsp-port", str(rtsp_port), "--clips", str(clips), "--parent", str(os.getpid()),
    ]  # fmt: skip


def main() -> int:
    """Run until told to stop; 2 where something is missing that nothing works without."""
    parser = argparse.ArgumentParser(prog="consoles.demo.devices", description="simulated devices of the demonstration")
    parser.add_argument("--http", required=True, metavar="URL", help="where the hub's pages are")
    parser.add_argument("--jt808-port", required=True, type=int, help="the hub's port for JT/T 808 terminals")
    parser.add_argument("--rtsp-port", required=True, type=int, help="port of the loopback to serve the cameras at")
    parser.add_argument("--clips", required=True, type=Path, metavar="DIR", help="where drawn clips are kept")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="end with this process (default: the parent)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        parser.error(f"the environment variable {TOKEN_VARIABLE} is empty")
    asyncio.run(_run(options, token))
    return 0


async def _run(options: argparse.Namespace, token: str) -> None:
    clock, county, stop = SystemClock(), load_county(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host = urlsplit(options.http).hostname or "127.0.0.1"
    password = next(account.password for account in county.accounts if account.username == SIMULATED_OFFICERS)
    live = LiveClient(options.http, SIMULATED_OFFICERS, password, _TABLES, clock)
    async with asyncio.TaskGroup() as tasks:
        work = [
            tasks.create_task(live.run(), name="live"),
            tasks.create_task(
                Cameras(county, options.clips, SEED, clock, lambda: _found(live)).run(options.rtsp_port), name="cameras"
            ),
            tasks.create_task(dome(options.rtsp_port, clock), name="dome"),
            tasks.create_task(Exchange(options.http, token, county, SEED, clock).run(), name="exchange"),
            tasks.create_task(_patrol(county, live, host, options.jt808_port, clock), name="patrol"),
            tasks.create_task(_watch_parent(options.parent, stop, clock), name="parent"),
        ]
        await stop.wait()
        for task in work:
            task.cancel()


def _found(live: LiveClient) -> set[str]:
    return {row.plate for row in live.rows("violations", ViolationRow).values()}


async def _patrol(county: County, live: LiveClient, host: str, jt808_port: int, clock: Clock) -> None:
    """Put the units where they were last seen, then drive them; terminals do not wait long for a console."""
    fleet = Fleet(county, SEED, clock)
    with suppress(TimeoutError):
        async with asyncio.timeout(_PLACES_WITHIN_S):
            await live.synced.wait()
    fleet.place(live.rows("positions", PositionRow))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fleet.run(host, jt808_port), name="fleet")
        tasks.create_task(Crews(live, fleet, SEED, clock).run(), name="crews")
        tasks.create_task(Mischief(county, fleet, SEED, clock).run(), name="mischief")


async def _watch_parent(parent: int, stop: asyncio.Event, clock: Clock) -> None:
    """A process whose parent dies is given another one; nothing tells it."""
    while os.getppid() == parent:
        await clock.sleep(_LOOK_MS)
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
