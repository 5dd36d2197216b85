"""Decoding within GA 36, on chances made up for the purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command.kernel import ga36
from command.readings import PlateColour
from streams.plates.decode import best_plate
from streams.plates.priors import kind_priors
from streams.plates.rectify import Floats
from tests.command.kernel.test_ga36 import plates

NO_BIAS = dict.fromkeys(ga36.FORMATS_BY_KIND, 0.0)


def columns(*shown: dict[str, float]) -> Floats:
    """Chances by column; what is left of 1 is the chance of no character."""
    chances = np.zeros((len(shown), 1 + len(ga36.ALPHABET)), np.float32)
    for row, chars in zip(chances, shown, strict=True):
        for char, chance in chars.items():
            row[1 + ga36.ALPHABET.index(char)] = chance
        row[0] = 1 - sum(chars.values())
    return chances


@settings(deadline=None)
@given(plates(), st.data())
def test_any_plate_spelt_in_any_rhythm_is_read(plate: str, data: st.DataObject) -> None:
    shown: list[dict[str, float]] = []
    for before, char in zip(" " + plate, plate, strict=False):
        shown += [{}] * data.draw(st.integers(1 if before == char else 0, 2))
        shown += [{char: 0.9}] * data.draw(st.integers(1, 3))
    read = best_plate(columns(*shown, {}), NO_BIAS)
    assert read is not None
    assert read.plate == plate
    assert read.confidences == pytest.approx([0.9] * len(plate))


def test_a_character_that_cannot_stand_there_loses_to_one_that_can() -> None:
    shown = [{char: 0.9} for char in "湘A1234"]
    read = best_plate(columns(*shown, {"湘": 0.6, "5": 0.3}), NO_BIAS)
    assert read is not None
    assert read.plate == "湘A12345"
    assert read.confidence == pytest.approx(0.3)
    assert read.confidences[:6] == pytest.approx([0.9] * 6)


def test_a_bolt_beside_a_blue_plate_does_not_make_it_new_energy() -> None:
    chances = columns(*({char: 0.9} for char in "湘AD1234"), {}, {"5": 0.6})
    free, blue = best_plate(chances, NO_BIAS), best_plate(chances, kind_priors("blue"))
    assert free is not None
    assert blue is not None
    assert (free.plate, blue.plate) == ("湘AD12345", "湘AD1234")


def test_the_retired_police_series_needs_better_evidence_than_its_look_alikes() -> None:
    def read(chance: float) -> str | None:
        shown = [{"粤": 0.9}, {"O": chance, "Q": 1 - chance}, *({char: 0.9} for char in "A2160")]
        found = best_plate(columns(*shown), NO_BIAS)
        return found.plate if found else None

    assert read(0.6) == "粤QA2160"
    assert read(0.97) == "粤OA2160"


@pytest.mark.parametrize(("rivals", "least", "most"), [(0.004, 0.9, 0.95), (0.02, 0.6, 0.8), (0.06, 0.2, 0.5)])
def test_an_authority_that_looks_like_a_zero_is_an_o_unless_a_stroke_of_q_or_d_is_guessed(  # R771
    rivals: float, least: float, most: float
) -> None:
    authority = {"O": 0.5 * (1 - rivals), "0": 0.5 * (1 - rivals), "Q": rivals * 0.1, "D": rivals * 0.9}
    shown = [{"粤": 0.9}, authority, *({char: 0.9} for char in "A2160")]
    read = best_plate(columns(*shown), kind_priors("blue"))
    assert read is not None
    assert read.plate == "粤OA2160"
    assert least < read.confidences[1] < most


def test_what_looks_like_an_o_in_a_serial_is_a_zero_and_as_sure() -> None:  # R833
    shown = [{"吉": 0.9}, {"B": 0.9}, {"O": 0.7, "0": 0.2}, *({char: 0.9} for char in "F2L1")]
    read = best_plate(columns(*shown), kind_priors("blue"))
    assert read is not None
    assert read.plate == "吉B0F2L1"
    assert read.confidences == pytest.approx([0.9] * 7)


def test_only_ordinary_and_police_plates_have_the_authority_o() -> None:  # R833
    shown = [{char: 0.9} for char in "琼O85476E"]
    read = best_plate(columns(*shown), kind_priors("green"))
    assert read is not None
    assert read.kind == "ordinary"
    assert read.confidence < 0.01 or read.unexplained > 0.7  # and so none is told


def test_too_few_columns_hold_no_plate() -> None:
    assert best_plate(columns(*({char: 0.9} for char in "湘A1234")), NO_BIAS) is None


def test_what_is_seen_beside_the_plate_is_counted_but_not_its_rim() -> None:  # R503
    plate = [{char: 0.9} for char in "湘A12345"]
    alone, rimmed = best_plate(columns(*plate, {}), NO_BIAS), best_plate(columns(*plate, {}, {"1": 0.6}), NO_BIAS)
    chances = columns(*plate, {}, {})
    chances[-1] = 0  # a character that no plate holds
    followed = best_plate(chances, NO_BIAS)
    assert alone is not None
    assert rimmed is not None
    assert followed is not None
    assert alone.plate == rimmed.plate == followed.plate == "湘A12345"
    assert (alone.unexplained, rimmed.unexplained) == (0, 0)
    assert followed.unexplained == pytest.approx(1)


def test_of_two_lines_the_upper_holds_province_and_authority_only() -> None:  # R501
    upper, lower = [{"湘": 0.9}, {}, {"A": 0.9}, {}], [{char: 0.9} for char in "12345"]
    read = best_plate(columns(*upper, *lower), NO_BIAS, len(upper))
    assert read is not None
    assert read.plate == "湘A12345"
    assert min(read.confidences) == pytest.approx(0.9)
    one_line = best_plate(columns({}, {}, {}, *({char: 0.9} for char in "湘A12345")), NO_BIAS, 3)
    assert one_line is None or min(one_line.confidences) < 0.1


@pytest.mark.parametrize(
    ("plate", "colour", "kind"),
    [("湘F1234警", "white", "police"), ("使014578", "black", "embassy"), ("湘X1234应急", "white", "emergency")],
)
def test_the_kind_is_that_of_what_was_read(plate: str, colour: PlateColour, kind: str) -> None:  # R500
    shown = [step for char in plate for step in ({char: 0.9}, {})]
    read = best_plate(columns(*shown), kind_priors(colour))
    assert read is not None
    assert (read.plate, read.kind) == (plate, kind)
