"""Nothing in a log names a person or opens a door; what leads to a row stays readable (SPEC R927)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel import ga36
from consoles.observe.redaction import redacted


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("caller 13812345678 rang", "13812345678"),
        ("caller +86 138 1234 5678 rang", "1234 5678"),
        ("call of 0730-8612345", "8612345"),
        ("call of 073086123456", "86123456"),
        ("person 11010519491231002X found", "11010519491231002X"),
        ("sighting of 湘F12345 before k1 is lost", "F12345"),
        ("sighting of 湘F·D12345 before k1", "D12345"),
        ("hit/w1/k1/京A8888警/1700000000000", "A8888"),
        ("hit/w1/k1/使014578/1700000000000", "014578"),
        ("sighting of 使014·578 before k1", "578"),
        ("sighting of 014578使 before k1", "014578"),
        ("sighting of 沪A0023领 before k1", "A0023"),
        ("sighting of 京X1234应急 before k1", "X1234"),
        ("open rtsp://admin:pa55@10.0.0.1/ch1", "pa55"),
        ("redis://:hunter2@db/0 is away", "hunter2"),
        ("Authorization: Bearer abcdef.ghi-jkl", "abcdef"),
        ("{'password': 'right-horse'}", "right-horse"),
        ("token=0123456789abcdef&x=1", "0123456789abcdef"),
    ],
)
def test_what_names_a_person_or_opens_a_door_is_masked(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert "***" in redacted(text)


@given(st.sampled_from(ga36.FORMATS).flatmap(lambda format_: st.tuples(*map(st.sampled_from, format_))), st.booleans())
def test_no_plate_of_any_kind_is_in_a_log(characters: tuple[str, ...], separated: bool) -> None:
    """R927."""
    plate = "".join(characters)
    if separated:
        plate = f"{plate[:2]}·{plate[2:]}" if plate[0] in ga36.PROVINCES else plate.replace("使", "·使·").strip("·")
    assert redacted(f"sighting of {plate} before k1 is lost") == "sighting of *** before k1 is lost"


@pytest.mark.parametrize(
    "text",
    [
        "4bf92f3577b34da6a3ce929d0e0e4736-13812345678ab2b7-1",
        "patrol:u1:left_area:f1:1700000000000",
        "deadline order:o17@1712345678901",
        "fact 1234567 of s17, camera k-0730-1",
        "the journal stands at 4, the batch goes on with 7",
        "rtsp://10.0.0.1:554/ch1 does not answer",
        "1700000000000使用中",
    ],
)
def test_ids_instants_and_numbers_stay(text: str) -> None:
    assert redacted(text) == text
