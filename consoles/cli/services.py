"""`triune services`: where the built-in case and approval services are, and what one signs in to their pages with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from command.kernel.errors import InvalidInputError
from consoles.cli.hub_key import key_of_hub
from consoles.parts.outside import token_of
from consoles.settings import load_settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("services", help="show the built-in case and approval services, tokens included")
    parser.add_argument("--config", type=Path, help="the settings file that the hub is started with")
    parser.add_argument("--data", help="the hub's data folder, with its site key (default: var)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print them as JSON, on the last line."""
    settings = load_settings(arguments.config, data=arguments.data)
    if settings.journal:
        raise InvalidInputError("hubs that share a `journal` start no services: set up the county's own")
    key = key_of_hub(settings)
    ports = {"case": (settings.case, settings.case_port), "approval": (settings.approval, settings.approval_port)}
    own = {name: port for name, (countys, port) in ports.items() if countys is None}
    print(json.dumps({name: {"port": port, "token": token_of(name, key)} for name, port in own.items()}))
    return 0
