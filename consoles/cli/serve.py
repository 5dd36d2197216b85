"""`triune serve`: run a hub."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from pathlib import Path

import msgspec
import uvloop

from consoles.settings import Settings, load_settings
from consoles.site import Site, running_site


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="run a hub until stopped")
    parser.add_argument("--config", type=Path, help="TOML file of settings, see docs/OPERATIONS.md")
    parser.add_argument("--data", help="folder for everything that is kept (default: var)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--http-port", type=int, help="port of pages and API (default: 8080)")
    parser.add_argument("--jt808-port", type=int, help="port for JT/T 808 terminals (default: 6808)")
    parser.add_argument("--case-port", type=int, help="port of the built-in case service (default: 8081)")
    parser.add_argument("--approval-port", type=int, help="port of the built-in approval service (default: 8082)")
    parser.add_argument("--demo", action="store_true", help="with the demonstration county and its simulated devices")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_settings(arguments.config)
    flags = ("data", "host", "http_port", "jt808_port", "case_port", "approval_port")
    given = {name: getattr(arguments, name) for name in flags if getattr(arguments, name) is not None}
    settings = msgspec.convert({**msgspec.structs.asdict(settings), **given}, Settings)
    uvloop.run(_serve(settings, demo=arguments.demo))
    return 0


async def _serve(settings: Settings, *, demo: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_site(settings, county=None) as site:
        _announce(site)
        await stop.wait()


def _announce(site: Site) -> None:
    print(f"Triune {site.context.release}: {site.http_url}")
    if site.first_password:
        print(f"First start. Account admin, password {site.first_password} (shown once)")
    print(json.dumps({"url": site.http_url}), flush=True)
