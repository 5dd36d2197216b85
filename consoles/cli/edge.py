"""`triune edge`: run an agent near the cameras. `triune agent enrol`: let one in, on the machine of the hub."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import uvloop

from command.access.accounts import AGENT
from command.access.keys import SiteKey
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from consoles.observe.logs import Style, writing
from consoles.parts.stores import accounts_alone
from consoles.settings import load_settings
from edge.agent.agent import AgentSettings, running_agent

KEY_ENVIRONMENT = "TRIUNE_AGENT_KEY"
_NAME = re.compile(r"[\w.\-]{1,40}")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    edge = commands.add_parser("edge", help="run cameras and gateways near them, and tell a hub")
    edge.add_argument("--hub", required=True, metavar="URL", help="wss://…, as browsers reach the hub")
    edge.add_argument("--key-file", type=Path, help=f"file with the agent's key (default: {KEY_ENVIRONMENT})")
    edge.add_argument("--data", type=Path, default=Path("edge-var"), help="folder of the outbox (default: edge-var)")
    edge.add_argument("--plate-workers", type=int, default=1, help="processes that read plates; 0 for none (1)")
    edge.add_argument("--host", default="127.0.0.1", help="address to listen on for terminals (127.0.0.1)")
    edge.add_argument("--jt808-port", type=int, help="port for JT/T 808 terminals (default: none come here)")
    edge.add_argument("--log-style", choices=get_args(Style), help="default: text at a terminal, else json")
    edge.set_defaults(run=run_edge)
    agent = commands.add_parser("agent", help="let an edge agent in").add_subparsers(required=True)
    enrol = agent.add_parser("enrol", help="make a key, printed once; the agent's key before no longer works")
    enrol.add_argument("name")
    enrol.add_argument("--config", type=Path, help="the settings file that the hub is started with")
    enrol.add_argument("--data", help="the hub's data folder, with its site key (default: var)")
    enrol.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
    enrol.set_defaults(run=run_enrol)


def run_enrol(arguments: argparse.Namespace) -> int:
    """Print the key as JSON, on the last line."""
    print(json.dumps(asyncio.run(_enrol(arguments))))
    return 0


async def _enrol(arguments: argparse.Namespace) -> dict[str, str]:
    if not _NAME.fullmatch(arguments.name):
        raise InvalidInputError("an agent's name has up to 40 letters, digits, . - and _")
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    key = SiteKey.load(Path(settings.data) / "site.key")
    async with accounts_alone(settings, key, SystemClock()) as accounts:
        return {"agent": arguments.name, "key": await accounts.issue(AGENT + arguments.name)}


def run_edge(arguments: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    style: Style = arguments.log_style or ("text" if sys.stderr.isatty() else "json")
    settings = AgentSettings(
        hub=arguments.hub,
        key=_key(arguments.key_file),
        data=arguments.data,
        release=version("triune"),
        plate_workers=arguments.plate_workers,
        host=arguments.host,
        jt808_port=arguments.jt808_port,
    )
    with writing(SystemClock(), sys.stderr, style, logging.INFO):
        uvloop.run(_run(settings))
    return 0


def _key(path: Path | None) -> str:
    """Return the agent's key; never from the command line, which everybody on the machine sees."""
    try:
        key = os.environ.get(KEY_ENVIRONMENT, "") if path is None else path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"the key cannot be read: {error}") from error
    if not re.fullmatch(r"[\w\-]{16,128}", key.strip(), re.ASCII):
        raise InvalidInputError(
            f"no agent's key in {path or KEY_ENVIRONMENT}; `triune agent enrol` at the hub makes one"
        )
    return key.strip()


async def _run(settings: AgentSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_agent(settings, SystemClock()) as agent:
        print(
            json.dumps({"outbox": agent.outbox.id, "jt808_port": agent.jt808.port if agent.jt808 else None}), flush=True
        )
        await stop.wait()
