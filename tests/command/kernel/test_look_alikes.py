"""Which characters are taken for which."""

from __future__ import annotations

import pytest

from command.kernel import ga36
from command.kernel.look_alikes import LOOK_ALIKES


def test_weights_are_shares_of_plate_characters_and_the_same_both_ways() -> None:  # R508
    for char, others in LOOK_ALIKES.items():
        assert char in ga36.ALPHABET
        for other, weight in others.items():
            assert other in ga36.ALPHABET
            assert other != char
            assert 0 < weight < 1
            assert LOOK_ALIKES[other][char] == weight


@pytest.mark.parametrize("pair", ["0D", "0Q", "DQ", "0O", "8B", "2Z", "5S", "17", "皖桂"])
def test_the_pairs_that_everybody_mixes_up_are_known(pair: str) -> None:  # R508
    assert LOOK_ALIKES[pair[0]][pair[1]] >= 0.4


def test_no_letter_or_digit_is_taken_for_a_province() -> None:
    for char, others in LOOK_ALIKES.items():
        assert {other in ga36.PROVINCES for other in others} == {char in ga36.PROVINCES}
