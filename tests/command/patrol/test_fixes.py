"""Which fixes are believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from command.patrol.fixes import FixFilter
from command.readings import Position
from tests.command.patrol.ground import fix


def believed(*fixes: Position) -> list[bool]:
    chosen = FixFilter()
    return [chosen.admit(one) for one in fixes]


def test_late_and_repeated_fixes_are_not_where_the_device_is() -> None:
    assert believed(fix(0, 0, 10), fix(5, 0, 5), fix(5, 0, 10), fix(5, 0, 11)) == [True, False, False, True]


def test_devices_are_followed_apart() -> None:
    assert believed(fix(0, 0, 10), fix(9000, 0, 5, device="d2")) == [True, True]


def test_a_single_leap_is_ignored() -> None:
    assert believed(fix(0, 0, 0), fix(5000, 0, 10), fix(20, 0, 20), fix(40, 0, 30)) == [True, False, True, True]


def test_a_leap_confirmed_by_a_second_fix_is_believed() -> None:
    assert believed(fix(0, 0, 0), fix(5000, 0, 10), fix(5050, 0, 20), fix(5100, 0, 30)) == [True, False, True, True]


def test_leaps_that_do_not_agree_confirm_nothing() -> None:
    assert believed(fix(0, 0, 0), fix(5000, 0, 10), fix(-5000, 0, 20), fix(5000, 5000, 30)) == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_fast_car_is_no_leap() -> None:
    assert all(believed(*(fix(50 * t, 0, t) for t in range(20))))  # 180 km/h


def test_what_the_accuracy_explains_is_no_leap() -> None:
    assert believed(fix(0, 0, 0), fix(400, 0, 1, accuracy_m=500)) == [True, True]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9000)), max_size=50))
def test_believed_fixes_are_in_order(track: list[tuple[int, int]]) -> None:
    chosen = FixFilter()
    instants = [at_s for at_s, x_m in track if chosen.admit(fix(x_m, 0, at_s))]
    assert instants == sorted(set(instants))
