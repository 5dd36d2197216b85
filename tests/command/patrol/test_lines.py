"""The way of a device line by line (SPEC R1061): every fix with what is known of it, every gap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from command.patrol.holders import Holding
from command.patrol.lines import FixLine, GapLine, lines_of
from command.patrol.sos import stand_in
from command.patrol.tracks import way_of
from command.readings import CallForHelp, Position
from command.settings import Limits
from tests.command.patrol.ground import START_MS, fix

LIMITS = Limits()


def lines(fixes: list[Position], until_s: int) -> list[FixLine | GapLine]:
    held = Holding("d1", "u1", START_MS, START_MS + until_s * 1000)
    return list(lines_of(fixes, way_of(fixes, held, LIMITS, 1000)))


def words(line: FixLine | GapLine) -> tuple[int, str]:
    """When, in seconds, and what."""
    if isinstance(line, GapLine):
        return (line.gap.from_ms - START_MS) // 1000, f"gap {line.number} to {(line.gap.to_ms - START_MS) // 1000}"
    flags = [f"stop {line.stop}" if line.stop else "", "doubtful" if line.doubtful else "", line.fix.source]
    return (line.fix.at_ms - START_MS) // 1000, " ".join(filter(None, flags))


def test_stops_and_gaps_have_the_numbers_of_their_marks_and_nobodys_fixes_are_told_as_such() -> None:
    rest = [fix(0, 0, at_s) for at_s in range(0, 240, 60)]
    leap = fix(90_000, 0, 250)
    on = [fix(3000, 0, 400)]
    call = stand_in(CallForHelp(device="d1", at_ms=START_MS + 1_000_000, source="jt808"), on[0])
    far = [fix(9000, 0, at_s) for at_s in range(2000, 2240, 60)]
    assert [words(line) for line in lines([*rest, leap, *on, call, *far], 3000)] == [
        (0, "stop 1 jt808"), (60, "stop 1 jt808"), (120, "stop 1 jt808"), (180, "stop 1 jt808"),
        (250, "doubtful jt808"), (400, "jt808"), (400, "gap 1 to 2000"), (1000, "call"),
        (2000, "stop 2 jt808"), (2060, "stop 2 jt808"), (2120, "stop 2 jt808"), (2180, "stop 2 jt808"),
        (2180, "gap 2 to 3000"),
    ]  # fmt: skip


def test_where_nothing_was_heard_the_gap_is_all_there_is() -> None:
    assert [words(line) for line in lines([], 3600)] == [(0, "gap 1 to 3600")]


@given(st.lists(st.tuples(st.floats(-9000, 9000), st.integers(0, 900)), max_size=40))
def test_every_fix_and_every_gap_has_one_line_in_order_of_time(legs: list[tuple[float, int]]) -> None:
    at_s, fixes = 0, []
    for x_m, after_s in legs:
        at_s += after_s
        fixes.append(fix(x_m, 0, at_s))
    way = way_of(fixes, Holding("d1", "u1", START_MS, START_MS + at_s * 1000), LIMITS, 1000)
    told = list(lines_of(fixes, way))
    assert [line.fix for line in told if isinstance(line, FixLine)] == fixes
    assert [line.gap for line in told if isinstance(line, GapLine)] == way.gaps
    assert sum(isinstance(line, FixLine) and line.doubtful for line in told) == way.doubtful
    times = [words(line)[0] for line in told]
    assert times == sorted(times)
