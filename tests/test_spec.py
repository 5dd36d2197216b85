"""Every rule of docs/SPEC.md has a number of its own, and a test that names it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULE = re.compile(r"^- \*\*R(\d+)\*\*", re.MULTILINE)
CITED = re.compile(r"R(\d+)(?: ?(?:to|-|–) ?R?(\d+))?")


def rules() -> list[int]:
    return [int(number) for number in RULE.findall((ROOT / "docs" / "SPEC.md").read_text())]


def test_a_number_means_one_rule() -> None:
    assert [number for number, times in Counter(rules()).items() if times > 1] == []


def test_every_rule_is_named_by_a_test() -> None:
    tests = chain((ROOT / "tests").rglob("*.py"), (ROOT / "consoles" / "web" / "tests").rglob("*.ts"))
    cited: set[int] = set()
    for path in tests:
        for first, last in CITED.findall(path.read_text()):
            cited.update(range(int(first), int(last or first) + 1))
    assert sorted(set(rules()) - cited) == []
