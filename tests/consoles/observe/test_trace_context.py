"""The examples and the rules of W3C Trace Context, level 1."""

from __future__ import annotations

import pytest

from consoles.observe.trace_context import child_of, parse

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_valid_header_gives_trace_span_and_flag() -> None:
    found = parse(f"00-{TRACE}-{SPAN}-01")
    assert found is not None
    assert (found.trace_id, found.span_id, found.sampled) == (TRACE, SPAN, True)
    plain = parse(f"00-{TRACE}-{SPAN}-00")
    assert plain is not None
    assert not plain.sampled
    later = parse(f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like")
    assert later is not None, "of a later version what is known is used"


@pytest.mark.parametrize(
    "header",
    [
        None, "", "00", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n", f"00-{TRACE[:-1]}-{SPAN}-01", f"00-{TRACE}-{SPAN}-0g", "x" * 10_000,
    ],
)  # fmt: skip
def test_an_invalid_header_is_as_none(header: str | None) -> None:
    assert parse(header) is None


def test_a_child_stays_in_its_trace_and_has_a_span_of_its_own() -> None:
    parent = parse(f"00-{TRACE}-{SPAN}-01")
    child, other = child_of(parent), child_of(parent)
    assert child.trace_id == TRACE
    assert child.sampled
    assert len({child.span_id, other.span_id, SPAN}) == 3
    fresh = child_of(None)
    assert parse(f"00-{fresh.trace_id}-{fresh.span_id}-00") == fresh, "what is made here is valid"
    assert child_of(None).trace_id != fresh.trace_id
