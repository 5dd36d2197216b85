"""The command `triune`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from importlib.metadata import version

from command.kernel.errors import TriuneError
from command.kernel.garbage import spare_what_is_loaded

_MODULES = {
    "serve": "serve", "account": "access", "device": "access", "plan": "plan", "plates": "plates", "jt808": "jt808",
    "rehearse": "rehearse", "replay": "replay", "verify": "verify", "doctor": "doctor", "bench": "bench",
    "sim": "sim",
    "backup": "backup", "restore": "backup", "edge": "edge", "agent": "edge", "gb28181": "gb28181",
    "viid": "viid", "violations": "violations", "hubs": "hubs", "services": "services",
}  # fmt: skip
"""Commands and the modules that hold them: only the one asked for is loaded, since some load large libraries."""


def main() -> int:
    """Run a command; 0 done, 1 the command found something wrong, 2 it could not be carried out."""
    parser = argparse.ArgumentParser(prog="triune", description="三合: emergency command and video dispatch")
    parser.add_argument("--version", action="version", version=json.dumps({"triune": version("triune")}))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = _MODULES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    with spare_what_is_loaded():
        for name in [asked] if asked else dict.fromkeys(_MODULES.values()):
            import_module(f"consoles.cli.{name}").add_parser(commands)
    arguments = parser.parse_args()
    try:
        return int(arguments.run(arguments))
    except TriuneError as error:
        sys.stderr.write(f"triune: {error.detail}\n")
        return 2
    except KeyboardInterrupt:
        return 130
