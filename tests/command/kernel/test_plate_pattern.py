"""Watch patterns."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.plate_pattern import ImpossiblePatternError, checked_pattern
from tests.command.kernel.test_ga36 import plates


@given(plates(), st.text("湘皖AF123?*", min_size=1, max_size=8).filter(lambda text: re.search(r"[^?*]", text)))
def test_wild_cards_mean_what_a_shell_means_by_them(plate: str, text: str) -> None:
    try:
        pattern = checked_pattern(text)
    except InvalidInputError:
        assert not fnmatchcase(plate, text)
    else:
        assert fnmatchcase(plate, pattern) == fnmatchcase(plate, text)


@given(plates())
def test_a_plate_is_a_pattern_of_itself(plate: str) -> None:
    assert checked_pattern(f"{plate[:2]}·{plate[2:]}".lower()) == plate


@given(plates(), st.data())
def test_one_unknown_character(plate: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(plate) - 1))
    assert fnmatchcase(plate, checked_pattern(plate[:at] + "?" + plate[at + 1 :]))


@pytest.mark.parametrize("text", ["", "*", "??", "湘" + "*1" * 20])
def test_patterns_that_say_nothing_or_too_much_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_pattern(text)


@pytest.mark.parametrize(
    "text", ["湘F123", "湘I*", "湘F[12]*", "?????????湘", "湘F.*$", "*湘", "湘1*", "湘F*挂?", "湘??????????", "湘警*"]
)
def test_patterns_that_no_plate_satisfies_are_refused(text: str) -> None:
    with pytest.raises(ImpossiblePatternError):
        checked_pattern(text)


@given(st.text("湘A1挂?*", min_size=1, max_size=9).filter(lambda text: re.search(r"[^?*]", text)))
def test_only_what_no_plate_is_counts_as_impossible(text: str) -> None:
    canonical = re.sub(r"\*+", "*", text)
    # Every way of filling the stars up to a plate's length, each place compared with what the formats allow there.
    possible = any(
        all(char == "?" or char in allowed for char, allowed in zip(filled, format_, strict=True))
        for format_ in ga36.FORMATS
        for filled in _filled(canonical, len(format_))
    )
    try:
        checked_pattern(text)
    except ImpossiblePatternError:
        assert not possible
    else:
        assert possible


def _filled(pattern: str, length: int) -> list[str]:
    """Return the pattern with its stars as question marks, in every way that makes it `length` long."""
    head, star, rest = pattern.partition("*")
    if not star:
        return [head] if len(head) == length else []
    return [
        head + "?" * count + tail
        for count in range(length - len(head) + 1)
        for tail in _filled(rest, length - len(head) - count)
    ]


def test_stars_side_by_side_are_one() -> None:
    assert checked_pattern("湘***88") == "湘*88"
