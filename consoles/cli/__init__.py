"""The command `triune`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version

from command.kernel.errors import TriuneError
from consoles.cli import serve


def main() -> int:
    """Run a command; 0 done, 1 the command found something wrong, 2 it could not be carried out."""
    parser = argparse.ArgumentParser(prog="triune", description="三合: emergency command and video dispatch")
    parser.add_argument("--version", action="version", version=json.dumps({"triune": version("triune")}))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (serve,):
        module.add_parser(commands)
    arguments = parser.parse_args()
    try:
        return int(arguments.run(arguments))
    except TriuneError as error:
        print(f"triune: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
