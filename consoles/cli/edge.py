"""`triune edge`: run an agent near the cameras. `triune agent enrol`: let one in, on the machine of the hub."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import re
import sys
from pathlib import Path
from typing import get_args

from command.access.accounts import AGENT
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from command.kernel.release import release
from consoles.cli.hub_key import key_of_hub
from consoles.cli.running import run_until_stopped, stop_asked
from consoles.cli.who import at_the_command_line
from consoles.observe.logs import Style, tell
from consoles.parts.stores import accounts_alone
from consoles.settings import load_settings
from edge.agent.agent import AgentSettings, running_agent
from edge.agent.gb28181 import Gb28181Door
from edge.agent.recording import RecordingRoom

_LOG = logging.getLogger(__name__)
KEY_ENVIRONMENT = "TRIUNE_AGENT_KEY"
_FIRST_OPEN_PORT, _LAST_PORT = 1024, 0xFFFF
_NAME = re.compile(r"[\w.\-]{1,40}")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    edge = commands.add_parser("edge", help="run cameras and gateways near them, and tell a hub")
    edge.add_argument("--hub", required=True, metavar="URL", action="append", dest="hubs",
                      help="wss://…, as browsers reach the hub; once for each hub of the site")  # fmt: skip
    edge.add_argument("--key-file", type=Path, help=f"file with the agent's key (default: {KEY_ENVIRONMENT})")
    edge.add_argument("--data", type=Path, default=Path("edge-var"), help="folder of the outbox (default: edge-var)")
    edge.add_argument("--plate-workers", type=int, default=1, help="processes that read plates; 0 for none (1)")
    edge.add_argument("--host", default="127.0.0.1", help="address to listen on for terminals (127.0.0.1)")
    edge.add_argument("--jt808-port", type=_port, help="port for JT/T 808 terminals (default: none come here)")
    edge.add_argument("--gb28181-port", type=_port, help="SIP port for GB/T 28181 devices (default: none come here)")
    edge.add_argument("--gb28181-media", type=_ports, default=(30_000, 30_999), metavar="FROM-TO",
                      help="ports that their pictures come in at, UDP and TCP (30000-30999)")  # fmt: skip
    edge.add_argument("--gb28181-address", default="", help="address that they are told, if they come through a NAT")
    edge.add_argument("--recordings", type=Path, action="append", metavar="FOLDER",
                      help="of recordings; once for each disk (default: recordings in the data folder)")  # fmt: skip
    edge.add_argument("--recordings-gib", type=_gib, default=0.0, help="the most that they take in each (0: the disk)")
    edge.add_argument("--keep-free-gib", type=_gib, default=5.0, help="what they leave to others on each disk (5)")
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
    key = key_of_hub(settings)
    async with accounts_alone(settings, key, SystemClock()) as accounts:
        made = await accounts.issue(AGENT + arguments.name, at_the_command_line())
        return {"agent": arguments.name, "key": made}


def run_edge(arguments: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    style: Style = arguments.log_style or ("text" if sys.stderr.isatty() else "json")
    settings = AgentSettings(
        hubs=arguments.hubs,
        key=_key(arguments.key_file),
        data=arguments.data,
        release=release(),
        plate_workers=arguments.plate_workers,
        host=arguments.host,
        jt808_port=arguments.jt808_port,
        recordings=RecordingRoom(
            arguments.recordings or [arguments.data / "recordings"], arguments.recordings_gib, arguments.keep_free_gib
        ),
        gb28181=_door(arguments),
    )
    run_until_stopped(_run(settings), style, logging.INFO)
    return 0


def _door(arguments: argparse.Namespace) -> Gb28181Door | None:
    if arguments.gb28181_port is None:
        return None
    return Gb28181Door(arguments.gb28181_port, arguments.gb28181_media, arguments.gb28181_address)


def _port(said: str) -> int:
    """Return a port; 0 for any that is free."""
    if not said.isascii() or not said.isdecimal() or int(said) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{said!r} is no port: 0 to {_LAST_PORT}")
    return int(said)


def _ports(said: str) -> tuple[int, int]:
    """Return two ports, `FROM-TO`."""
    first, _, last = said.partition("-")
    ports = _port(first), _port(last)
    if not _FIRST_OPEN_PORT <= ports[0] < ports[1]:
        raise argparse.ArgumentTypeError(f"{said!r} is not FROM-TO between {_FIRST_OPEN_PORT} and {_LAST_PORT}")
    return ports


def _gib(said: str) -> float:
    """Return GiB."""
    try:
        gib = float(said)
    except ValueError:
        gib = -1.0
    if not 0 <= gib < 2**40:
        raise argparse.ArgumentTypeError(f"{said!r} is no number of GiB")
    return gib


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
    stop = stop_asked()
    async with running_agent(settings, SystemClock()) as agent:
        tell(_LOG, logging.INFO, "runs", release=settings.release)  # not before: what it lacks is said in one line
        print(
            json.dumps({"outbox": agent.outbox.id, "jt808_port": agent.jt808.port if agent.jt808 else None}), flush=True
        )
        await stop.wait()
