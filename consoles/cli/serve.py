"""`triune serve`: run a hub."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import get_args

from command.kernel.release import release
from consoles.cli.output import let_go_of_output
from consoles.cli.running import run_until_stopped, stop_asked
from consoles.demo.county import Account
from consoles.observe.logs import Style, tell
from consoles.settings import Settings, load_settings
from consoles.site import Site, running_site

_LOG = logging.getLogger(__name__)
_COUNTY = Path(__file__).parent.parent / "demo" / "county"
PAGES_SHOWN = {
    "/wall": "大屏 wall",
    "/desk": "坐席 desk",
    "/leader": "值班领导 leader",
    "/mobile": "警务通 mobile",
    "/rehearsal": "演练 rehearsal",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="run a hub until stopped")
    parser.add_argument("--config", type=Path, help="TOML file of settings, see docs/OPERATIONS.md")
    parser.add_argument("--data", help="folder for everything that is kept (default: var)")
    parser.add_argument("--journal", help="postgresql://… shared by several hubs (default: files in the data folder)")
    parser.add_argument("--bus", help="redis://… by which several hubs tell each other at once")
    parser.add_argument("--advertise", help="https://… that the other hubs of the site reach this one at")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--http-port", type=int, help="port of pages and API (default: 8080)")
    parser.add_argument("--jt808-port", type=int, help="port for JT/T 808 terminals (default: 6808)")
    parser.add_argument("--case-port", type=int, help="port of the built-in case service (default: 8081)")
    parser.add_argument("--approval-port", type=int, help="port of the built-in approval service (default: 8082)")
    parser.add_argument("--demo", action="store_true", help="with the demonstration county and its simulated devices")
    parser.add_argument("--log-style", choices=get_args(Style), help="default: text at a terminal, else json")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    style: Style = arguments.log_style or ("text" if sys.stderr.isatty() else "json")
    level = logging.getLevelNamesMapping()[arguments.log_level.upper()]
    logging.getLogger("aioice").setLevel(logging.WARNING)  # it tells every step of finding a way to a viewer
    flags = ("data", "journal", "bus", "advertise", "host", "http_port", "jt808_port", "case_port", "approval_port")
    settings = load_settings(arguments.config, **{name: getattr(arguments, name) for name in flags})
    run_until_stopped(_serve(settings, demo=arguments.demo), style, level)
    return 0


async def _serve(settings: Settings, *, demo: bool) -> None:
    stop = stop_asked()
    tell(_LOG, logging.INFO, "starts", release=release())
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(running_site(settings, county=_COUNTY if demo else None))
        accounts: tuple[Account, ...] = ()
        if demo:
            from consoles.parts.demo import demonstration  # noqa: PLC0415 - no part of a hub in service

            accounts = await stack.enter_async_context(demonstration(site))
        try:
            _announce(site, accounts)
        except OSError as error:  # the hub works whether somebody can read that or not
            _LOG.warning("where the hub is cannot be told on standard output: %s", error.strerror)
            if site.first_password:
                _LOG.warning("the password of admin was not shown: `triune account password admin` makes another one")
            let_go_of_output()
        await stop.wait()


def _announce(site: Site, accounts: Sequence[Account]) -> None:
    print(f"Triune {site.context.release} 三合\n")
    for page, words in PAGES_SHOWN.items():
        print(f"  {words}  {site.http_url}{page}")
    print(f"  JT/T 808  {site.settings.host}:{site.jt808_port}")
    if site.first_password:
        print(f"\nNobody administers this site yet. Account admin, password {site.first_password} (shown this once)")
    for account in accounts:
        print(f"  {account.name:　<12}  {account.username:<8}  {account.password}")
    print(json.dumps({"url": site.http_url, "jt808_port": site.jt808_port}), flush=True)
