"""All stores mean the same by a pattern."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from command.readings.pattern import beyond, plate_pattern

CHARS = "湘FA1*?[]^-!\\.%_"


@given(st.text(CHARS, min_size=1, max_size=8), st.text(CHARS, max_size=10))
def test_glob_like_and_expression_agree(text: str, plate: str) -> None:
    pattern = plate_pattern(text)
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA case_sensitive_like = ON")
    try:
        terms = (plate, pattern.glob, plate, pattern.like)
        glob, like = db.execute("SELECT ? GLOB ?, ? LIKE ? ESCAPE '\\'", terms).fetchone()
    finally:
        db.close()
    assert bool(glob) == bool(like) == bool(pattern.expression.fullmatch(plate))


@given(st.text("湘F1*?", min_size=1, max_size=8), st.text("湘F1", max_size=10))
def test_what_fits_lies_in_both_ranges(text: str, plate: str) -> None:
    pattern = plate_pattern(text)
    if pattern.expression.fullmatch(plate):
        assert pattern.prefix <= plate < beyond(pattern.prefix)
        assert pattern.suffix[::-1] <= plate[::-1] < beyond(pattern.suffix[::-1])
        assert not pattern.exact or plate == text


@given(st.text("湘FA1[]^-%_", min_size=1, max_size=8))
def test_without_wild_cards_a_pattern_finds_itself(plate: str) -> None:
    assert plate_pattern(plate).expression.fullmatch(plate)
    assert plate_pattern(plate).exact
