"""Commands as a shell would run them, in this process: their exit code, lines, and the JSON on the last one."""

from __future__ import annotations

import argparse
import json
from types import ModuleType
from typing import Any

import pytest


def command(
    module: ModuleType, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, list[str], dict[str, Any]]:
    """Run a command of the module; the test fails where the last line is no JSON object."""
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers(required=True))
    arguments = parser.parse_args([str(word) for word in words])
    capsys.readouterr()
    code = int(arguments.run(arguments))
    lines = capsys.readouterr().out.splitlines()
    last: dict[str, Any] = json.loads(lines[-1])
    return code, lines[:-1], last
