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
    ("plate", "kind"),
    [
        ("湘F12345", "ordinary"),
        ("湘FD12345", "new_energy_small"),
        ("湘F12345D", "new_energy_large"),
        ("湘F1234警", "police"),
        ("湘F1234挂", "trailer"),
        ("湘F1234学", "coach"),
        ("粤ZF123港", "hong_kong_macau"),
        ("粤Z1234澳", "hong_kong_macau"),
        ("使014578", "embassy"),
        ("014578使", "embassy"),
        ("沪A0023领", "consulate"),
        ("湘F1234临", "temporary"),
        ("湘FA1234临", "temporary"),
        ("湘X1234应急", "emergency"),
        ("湘Z1234港", None),
        ("湘F1234应急", None),
        ("湘AZ12345", None),
        ("粤OA2160", "ordinary"),
        ("粤O1234警", "police"),
        ("粤O1234学", None),
        ("粤O12345D", None),
    ],
)
def test_what_a_plate_says_tells_what_it_was_issued_for(plate: str, kind: ga36.PlateKind | None) -> None:  # R500
    assert ga36.kind_of(plate) == kind
    assert ga36.is_plausible(plate) == (kind is not None)


@given(plates())
def test_no_plate_is_of_two_kinds(plate: str) -> None:
    def fits(format_: ga36.Format) -> bool:
        return len(plate) == len(format_) and all(char in chars for char, chars in zip(plate, format_, strict=True))

    kinds = [kind for kind, formats in ga36.FORMATS_BY_KIND.items() if any(map(fits, formats))]
    assert kinds == [ga36.kind_of(plate)]


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
