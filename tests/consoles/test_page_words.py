"""What the hub tells by a key has words on the pages, in both languages. Rule R1113."""

from __future__ import annotations

import inspect
import re
from typing import get_args, get_type_hints

import pytest

from command.facts import KINDS
from command.rules import base
from plans.scenario import LinkFails
from tests.paths import ROOT

MESSAGES = ROOT / "consoles" / "web" / "src" / "i18n" / "messages"
SAID = {
    key
    for path in MESSAGES.glob("*.ts")
    for key in re.findall(r'^  "([\w. ]+)": \[', path.read_text("utf-8"), re.MULTILINE)
}


def marked_kinds() -> list[str]:
    """Return the kinds of facts that stand on time lines: those whose fold puts a mark."""
    kinds = {fact: kind for kind, fact in KINDS.items()}
    found = [kinds[fact] for fact, fold in base._folds.items() if re.search(r"\b_?mark\(", inspect.getsource(fold))]
    assert len(found) > 30
    return sorted(found)


@pytest.mark.parametrize("kind", marked_kinds())
def test_a_fact_of_a_time_line_is_told_in_words(kind: str) -> None:  # R1113
    assert f"fact.{kind}" in SAID


@pytest.mark.parametrize("link", get_args(get_type_hints(LinkFails)["link"]))
def test_a_link_that_a_script_takes_down_has_a_name(link: str) -> None:  # R1113
    assert f"link.{link}" in SAID
