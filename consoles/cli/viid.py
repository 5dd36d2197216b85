"""`triune viid`: what has to be set in a system or device that registers here over GA/T 1400."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from command.kernel.errors import InvalidInputError
from consoles.cli.hub_key import key_of_hub
from consoles.parts.viid.part import password_of
from consoles.settings import load_settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("viid", help="show what GA/T 1400 systems have to be set to, password included")
    parser.add_argument("--config", type=Path, required=True, help="the settings file that the hub is started with")
    parser.add_argument("--data", help="the hub's data folder, with its site key (default: that of the settings)")
    parser.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON, on the last line. Raises `UnavailableError` where no hub has run in the data folder."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    own = settings.viid
    if own is None:
        raise InvalidInputError("the settings have no [viid]: the hub does not speak GA/T 1400")
    key = key_of_hub(settings)
    told = {
        "server_id": own.server_id,
        "port": own.port,
        "password": password_of(own, key),
        "passwords": own.passwords,
        "algorithms": own.algorithms,
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0
