"""`triune gb28181`: what has to be set in a GB/T 28181 device so that it registers here."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from command.kernel.errors import InvalidInputError
from consoles.cli.hub_key import key_of_hub
from consoles.parts.gb28181.part import password_of
from consoles.settings import load_settings
from edge.gb28181.ids import domain_of


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("gb28181", help="show what GB/T 28181 devices have to be set to, password included")
    parser.add_argument("--config", type=Path, required=True, help="the settings file that the hub is started with")
    parser.add_argument("--data", help="the hub's data folder, with its site key (default: that of the settings)")
    parser.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON, on the last line. Raises `UnavailableError` where no hub has run in the data folder."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    own = settings.gb28181
    if own is None:
        raise InvalidInputError("the settings have no [gb28181]: the hub listens to no such device")
    key = key_of_hub(settings)
    told = {
        "server_id": own.server_id,
        "domain": own.domain or domain_of(own.server_id),
        "port": own.port,
        "password": password_of(own, key),
        "passwords": own.passwords,
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0
