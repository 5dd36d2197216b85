"""`triune plan check FILE`: is a written plan sound; every mistake with its line and column."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from command.kernel.errors import InvalidInputError
from plans.format import load_plan
from plans.yaml_lines import PlanError


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    check = commands.add_parser("plan", help="check written plans").add_subparsers(required=True).add_parser("check")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is wrong; 1 where anything is."""
    problems = 0
    for file in arguments.files:
        try:
            load_plan(file.read_bytes())
        except PlanError as error:
            problems += len(error.problems)
            for problem in error.problems:
                print(f"{file}:{problem.line}:{problem.column}: {problem.path}: {problem.message}", file=sys.stderr)
        except OSError as error:
            raise InvalidInputError(f"{file}: {error.strerror}") from error
    print(json.dumps({"plans": len(arguments.files), "problems": problems}))
    return 1 if problems else 0
