"""`triune bench`: a table for people, and figures for programs on the last line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from consoles.cli import bench


def test_the_last_line_is_one_object_with_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    bench.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["bench", "fences", "--quick", "--folder", str(tmp_path)])
    assert arguments.run(arguments) == 0
    *table, last = capsys.readouterr().out.splitlines()
    assert table[0] == "fences"
    assert json.loads(last)["fixes_per_cpu_s"] > 0
    assert list(tmp_path.iterdir()) == []
