"""Where one call for help ends and the next begins."""

from __future__ import annotations

from command.kernel.limits import SOS_GAP_MS
from command.patrol.sos import SosWatch
from tests.command.patrol.ground import START_MS, fix

GAP_S = SOS_GAP_MS // 1000


def test_a_call_is_named_by_its_first_fix_until_told() -> None:
    sos = SosWatch()
    assert sos.observe(fix(0, 0, 0)) is None
    assert sos.observe(fix(0, 0, 10, sos=True)) == START_MS + 10_000
    assert sos.observe(fix(0, 0, 20, sos=True)) == START_MS + 10_000
    sos.told("d1", START_MS + 10_000)
    assert sos.observe(fix(0, 0, 30, sos=True)) is None
    assert sos.observe(fix(0, 0, 20, sos=True)) is None


def test_released_and_pressed_again_is_a_new_call() -> None:
    sos = SosWatch()
    assert sos.observe(fix(0, 0, 10, sos=True)) == START_MS + 10_000
    sos.told("d1", START_MS + 10_000)
    assert sos.observe(fix(0, 0, 20)) is None
    assert sos.observe(fix(0, 0, 30, sos=True)) == START_MS + 30_000


def test_after_a_long_quiet_sos_is_a_new_call() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 0, sos=True))
    sos.told("d1", START_MS)
    assert sos.observe(fix(0, 0, GAP_S, sos=True)) is None
    assert sos.observe(fix(0, 0, 2 * GAP_S + 1, sos=True)) == START_MS + (2 * GAP_S + 1) * 1000


def test_a_call_that_comes_late_is_heard_and_ends_nothing() -> None:
    sos = SosWatch()
    sos.observe(fix(0, 0, 100))
    assert sos.observe(fix(0, 0, 50, sos=True)) == START_MS + 50_000
    sos.told("d1", START_MS + 50_000)
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
    sos.told("d1", START_MS)
    assert sos.observe(fix(0, 0, 1, sos=True, device="d2")) == START_MS + 1000


def test_what_is_sent_again_after_the_release_is_the_same_call() -> None:  # R971
    sos = SosWatch()
    call = [fix(0, 0, t, sos=True) for t in range(10, 50, 10)]
    assert {sos.observe(one) for one in call} == {START_MS + 10_000}
    sos.told("d1", START_MS + 10_000)
    sos.observe(fix(0, 0, 50))
    assert [sos.observe(one) for one in call[2:]] == [None, None]


def test_a_late_call_is_one_however_often_it_is_sent() -> None:  # R971
    sos = SosWatch()
    sos.observe(fix(0, 0, 100))
    call = [fix(0, 0, t, sos=True) for t in (50, 60, 70)]
    assert {sos.observe(one) for one in call} == {START_MS + 50_000}
    assert {sos.observe(one) for one in call} == {START_MS + 50_000}
    sos.observe(fix(0, 0, 75))
    assert sos.observe(fix(0, 0, 80, sos=True)) == START_MS + 80_000
    sos.told("d1", START_MS + 50_000)
    assert [sos.observe(one) for one in call] == [None, None, None]
