"""Watch patterns."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from streams.plates.pattern import compile_pattern
from tests.streams.plates.test_ga36 import plates


@given(plates(), st.text("湘皖AF123?*", min_size=1, max_size=8).filter(lambda text: re.search(r"[^?*]", text)))
def test_wild_cards_mean_what_a_shell_means_by_them(plate: str, text: str) -> None:
    try:
        pattern = compile_pattern(text)
    except InvalidInputError:
        assert not re.search(r"[?*]", text)
    else:
        assert pattern.matches(plate) == fnmatchcase(plate, text)


@given(plates())
def test_a_plate_is_a_pattern_that_matches_only_itself(plate: str) -> None:
    pattern = compile_pattern(f"{plate[:2]}·{plate[2:]}".lower())
    assert pattern.text == plate
    assert pattern.matches(plate)
    assert not pattern.matches(plate[:-1])


@given(plates(), st.data())
def test_one_unknown_character(plate: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(plate) - 1))
    assert compile_pattern(plate[:at] + "?" + plate[at + 1 :]).matches(plate)


@pytest.mark.parametrize(
    "text", ["", "*", "??", "湘F123", "湘I*", "湘F[12]*", "?????????湘", "湘" + "*1" * 20, "湘F.*$"]
)
def test_patterns_that_no_plate_satisfies_or_all_do_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        compile_pattern(text)


def test_stars_side_by_side_are_one() -> None:
    assert compile_pattern("湘***88").text == "湘*88"
