"""What plates may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel import ga36


@st.composite
def plates(draw: st.DrawFn) -> str:
    """Any plate that could have been issued."""
    format_ = draw(st.sampled_from(ga36.FORMATS))
    return "".join(draw(st.sampled_from(allowed)) for allowed in format_)


@given(plates())
def test_what_follows_a_format_is_plausible_and_is_its_own_normal_form(plate: str) -> None:
    assert ga36.is_plausible(plate)
    assert ga36.normalise(plate) == plate


@given(plates())
def test_zero_and_one_taken_for_letters_are_repaired(plate: str) -> None:
    mistaken = plate[:2] + plate[2:].replace("0", "O").replace("1", "I")
    assert ga36.normalise(mistaken) == plate


@given(plates(), st.sampled_from("·-. "))
def test_separators_and_case_do_not_matter(plate: str, separator: str) -> None:
    assert ga36.normalise(f" {plate[:2]}{separator}{plate[2:]}".lower()) == plate


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("湘F·12345", "湘F12345"),
        ("皖Q0686学", "皖Q0686学"),
        ("粤Z1234港", "粤Z1234港"),
        ("湘AD12345", "湘AD12345"),
        ("湘A12345D", "湘A12345D"),
        ("粤0A2160", "粤OA2160"),
        ("蘇Ｂ551QV", "苏B551QV"),
    ],
)
def test_plates_in_the_ways_people_write_them(text: str, plate: str) -> None:
    assert ga36.normalise(text) == plate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "湘",
        "湘F1234",
        "湘F1234567",
        "F湘12345",
        "湘I12345",
        "湘1A2345",
        "湘AZ12345",
        "湘A警1234",
        "湘F12:45",
        "ABCDEFG",
    ],
)
def test_what_is_no_plate(text: str) -> None:
    assert ga36.normalise(text) is None
