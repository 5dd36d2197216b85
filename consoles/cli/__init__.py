"""The command `triune`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

from command.kernel.errors import TriuneError
from command.kernel.garbage import spare_what_is_loaded
from command.kernel.release import release
from consoles.cli.output import complain, let_go_of_output, take_output

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
    take_output()
    try:
        code = _run()
        sys.stdout.flush()  # here, where it can be said that this fails
    except TriuneError as error:
        return _not_done(error.detail)
    except ImportError as error:
        return _not_done(
            f"a library cannot be loaded: {error}; install those of requirements.txt that came with the wheel"
        )
    except BrokenPipeError:  # whoever read the output has enough
        let_go_of_output()
        return 2
    except OSError as error:
        let_go_of_output()
        return _not_done(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return 130
    return code


def _run() -> int:
    parser = argparse.ArgumentParser(prog="triune", description="三合: emergency command and video dispatch")
    parser.add_argument("--version", action=_Version, nargs=0, help="say which release this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = _MODULES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    with spare_what_is_loaded():
        for name in [asked] if asked else dict.fromkeys(_MODULES.values()):
            import_module(f"consoles.cli.{name}").add_parser(commands)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


class _Version(argparse.Action):
    """Says it when asked: of a checkout it is looked for, which is no work for every command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(json.dumps({"triune": release()}))
        parser.exit()


def _not_done(why: str) -> int:
    complain(why)
    return 2
