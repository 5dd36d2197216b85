"""Both stores mean the same by a pattern."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from command.readings.bounds import to_expression, to_glob

CHARS = "湘FA1*?[]^-!\\."


@given(st.text(CHARS, min_size=1, max_size=8), st.text(CHARS, max_size=10))
def test_glob_and_expression_agree(pattern: str, plate: str) -> None:
    (matches,) = sqlite3.connect(":memory:").execute("SELECT ? GLOB ?", (plate, to_glob(pattern))).fetchone()
    assert bool(matches) == bool(to_expression(pattern).fullmatch(plate))


@given(st.text("湘FA1[]^-", min_size=1, max_size=8))
def test_without_wild_cards_a_pattern_finds_itself(plate: str) -> None:
    assert to_expression(plate).fullmatch(plate)
