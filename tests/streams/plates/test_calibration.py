"""How sure readers may be, fitted to what was right."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.plates.calibration import CALIBRATION, UNCALIBRATED, Calibration, Said, Table, alike, fit

SAID = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def reads(count: int, truth_of: dict[float, float]) -> list[Said]:
    """So many reads at each of what is said, of which a share is right."""
    chance = random.Random(36)
    return [(said, chance.random() < right) for said, right in truth_of.items() for _ in range(count)]


def test_what_is_said_too_surely_is_taken_back_and_what_too_modestly_is_lifted() -> None:
    table = fit(reads(2000, {0.05: 0.02, 0.4: 0.7, 0.85: 0.8, 0.97: 0.9, 0.9995: 0.99}))
    for said, right in {0.4: 0.7, 0.85: 0.8, 0.97: 0.9, 0.9995: 0.99}.items():
        assert table(said) == pytest.approx(right, abs=0.03)
    assert table(0) == 0


def test_few_reads_hardly_move_what_was_said() -> None:
    table = fit([(0.6, False)] * 2)
    assert 0.5 < table(0.6) < 0.6


def test_shares_that_fall_are_pooled() -> None:
    table = fit(reads(2000, {0.6: 0.9, 0.75: 0.5}))
    assert table(0.67) == pytest.approx(0.7, abs=0.05)


def test_provinces_count_alike_however_many_pictures_there_are_of_one() -> None:  # R770
    # Of one province nearly all are right, of the others half: what is said of a plate from anywhere is in between.
    said = [(0.85, True)] * 3000 + [(0.85, i % 2 == 0) for i in range(300)] + [(0.85, i % 2 == 0) for i in range(300)]
    provinces = ["皖"] * 3000 + ["川"] * 300 + ["粤"] * 300
    assert fit(said)(0.85) > 0.9
    assert fit(said, alike(provinces))(0.85) == pytest.approx((1 + 0.5 + 0.5) / 3, abs=0.02)
    few = alike([*provinces, "宁"])
    assert max(few) < 20 * min(few[3000:3600])


def test_a_province_has_a_table_of_its_own() -> None:  # R770
    calibration = Calibration(characters=Table((0.0, 1.0), (0.0, 0.9)), provinces=Table((0.0, 1.0), (0.0, 0.5)))
    assert [round(calibration.of(char, 0.8), 2) for char in "粤B1警"] == [0.4, 0.72, 0.72, 0.72]


def test_a_plate_is_no_surer_than_its_table_nor_than_its_least_sure_character() -> None:  # R502
    modest = Table((0.0, 1.0), (0.0, 0.5))
    assert UNCALIBRATED.stated("粤B1", (0.9, 0.8, 0.95)) == (0.8, (0.9, 0.8, 0.95))
    assert Calibration(plates=modest).stated("粤B1", (0.9, 0.8, 0.95))[0] == pytest.approx(0.4)
    assert Calibration(provinces=modest).stated("粤B1", (0.9, 0.8, 0.95)) == (0.45, (0.45, 0.8, 0.95))


def test_of_no_reads_what_was_said_is_right() -> None:
    assert fit([]) == fit([], []) == Table()


@given(SAID)
def test_a_table_always_rises_and_stays_a_chance(said: list[Said]) -> None:
    table = fit(said)
    values = [table(step / 100) for step in range(101)]
    assert values == sorted(values)
    assert 0 <= values[0] <= values[-1] <= 1


def test_the_tables_of_this_release_rise_and_keep_junk_low() -> None:
    for table in (CALIBRATION.plates, CALIBRATION.characters, CALIBRATION.provinces):
        values = [table(step / 100) for step in range(101)]
        assert values == sorted(values)
        assert table(0.02) < 0.1
        assert table(0.9995) > 0.99
    assert UNCALIBRATED.plates(0.3) == pytest.approx(0.3)
