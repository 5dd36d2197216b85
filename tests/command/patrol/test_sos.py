"""Where one call for help ends and the next begins."""

from __future__ import annotations

from command.kernel.limits import SOS_GAP_MS
from command.patrol.sos import SosWatch, call_began
from tests.command.patrol.ground import START_MS, fix

GAP_S = SOS_GAP_MS // 1000


def test_a_call_is_named_by_its_first_fix_until_told() -> None:
    sos = SosWatch()
    assert sos.observe(fix(0, 0, 0)) is None
    assert sos.observe(fix(0, 0, 10, sos=True)) == START_MS + 10_000
    assert sos.observe(fix(0, 0, 20, sos=True)) == START_MS + 10_000
    sos.told("d1")
    assert sos.observe(fix(0, 0, 30, sos=True)) is None
    assert sos.observe(fix(0, 0, 20, sos=True)) is None


def test_released_and_pressed_again_is_a_new_call() -> None:
    sos = SosWatch()
    assert sos.observe(fix(0, 0, 10, sos=True)) == START_MS + 10_000
    sos.told("d1")
    assert sos.observe(fix(0, 0, 20)) is None
    assert sos.observe(fix(0, 0, 30, sos=True)) == START_MS + 30_000


def test_after_a_long_quiet_sos_is_a_new_call() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 0, sos=True))
    sos.told("d1")
    assert sos.observe(fix(0, 0, GAP_S, sos=True)) is None
    assert sos.observe(fix(0, 0, 2 * GAP_S + 1, sos=True)) == START_MS + (2 * GAP_S + 1) * 1000


def test_a_call_that_comes_late_is_heard_and_ends_nothing() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 100))
    assert sos.observe(fix(0, 0, 50, sos=True)) == START_MS + 50_000
    sos.told("d1")
    assert sos.observe(fix(0, 0, 110, sos=True)) == START_MS + 110_000
    assert sos.observe(fix(0, 0, 60)) is None
    assert sos.observe(fix(0, 0, 120, sos=True)) == START_MS + 110_000


def test_pressed_within_the_second_of_an_ordinary_fix() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 10))
    assert sos.observe(fix(0, 0, 10, sos=True)) == START_MS + 10_000


def test_devices_call_apart() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 0, sos=True))
    sos.told("d1")
    assert sos.observe(fix(0, 0, 1, sos=True, device="d2")) == START_MS + 1000


def test_a_call_began_after_the_last_release_or_quiet() -> None:  # R971
    track = [fix(0, 0, 0, sos=True), fix(0, 0, 10), fix(0, 0, 20, sos=True), fix(0, 0, 40, sos=True)]
    assert call_began(track, START_MS + 40_000) == START_MS + 20_000
    assert call_began(track, START_MS + (40 + GAP_S) * 1000) == START_MS + 20_000
    assert call_began(track, START_MS + (41 + GAP_S) * 1000) == START_MS + (41 + GAP_S) * 1000
    assert call_began([*track, fix(0, 0, 50 + GAP_S, sos=True)], START_MS + (50 + GAP_S) * 1000) == (
        START_MS + (50 + GAP_S) * 1000
    )
    assert call_began([], START_MS) == START_MS
