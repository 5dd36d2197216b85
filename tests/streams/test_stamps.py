"""What a camera's clock may do to the stamps of its pictures (SPEC R397)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.packets import Packet
from streams.stamps import REORDERED_MS, Stamps

_START_MS = 1_767_225_600_000
_FRAME_MS = 40
_GOP = 25


def _stream(pts_ms: Iterable[int], at_ms: Iterable[int]) -> list[Packet]:
    return [
        Packet(b"", pts, i % _GOP == 0, _START_MS + at) for i, (pts, at) in enumerate(zip(pts_ms, at_ms, strict=False))
    ]


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.just(_FRAME_MS), st.integers(-100_000, 100_000)), min_size=1, max_size=300),
    st.lists(st.one_of(st.just(_FRAME_MS), st.integers(0, 20_000)), min_size=300, max_size=300),
    st.sets(st.integers(0, 299), max_size=3),
)
def test_whatever_the_camera_says_stamps_do_not_go_back_nor_run_ahead(
    pts_steps: list[int], at_steps: list[int], reconnects: set[int]
) -> None:
    packets = _stream(accumulate(pts_steps), accumulate(at_steps))
    stamps = Stamps()
    highest = 0
    for i, packet in enumerate(packets):
        if i in reconnects:
            stamps.begin()
        stamp = stamps.stamp(packet)
        assert stamp > (highest if packet.is_key else highest - REORDERED_MS)
        assert stamp <= max(packet.at_ms + REORDERED_MS, highest + 1)
        highest = max(highest, stamp)


def test_an_even_stream_keeps_its_own_spacing_whatever_the_network_delays() -> None:
    jitter = [0, 30, 5, 80, 0, 12, 200, 160]
    packets = _stream(
        (_FRAME_MS * i for i in range(1000)), (_FRAME_MS * i + jitter[i % len(jitter)] for i in range(1000))
    )
    stamps = Stamps()

    assert {b - a for a, b in pairwise(map(stamps.stamp, packets))} == {_FRAME_MS}


def test_pictures_shown_in_another_order_keep_it() -> None:
    # I P B B P B B: a P arrives before the Bs that are shown before it.
    order = [0, 3, 1, 2, 6, 4, 5]
    shown = [_FRAME_MS * (7 * gop + i) for gop in range(60) for i in order]
    stamps = Stamps()
    packets = [Packet(b"", pts, i % 7 == 0, _START_MS + _FRAME_MS * i) for i, pts in enumerate(shown)]
    out = [stamps.stamp(packet) for packet in packets]

    assert sorted(range(len(out)), key=out.__getitem__) == sorted(range(len(shown)), key=shown.__getitem__)


def test_a_clock_that_runs_fast_or_slow_is_followed_all_day() -> None:
    for per_frame_ms in (39.99, 40.01):  # 250 parts in a million
        count = 24 * 3600 * 25
        stamps = Stamps()
        worst = 0
        for i in range(0, count, 5):
            packet = Packet(b"", int(per_frame_ms * i), i % 50 == 0, _START_MS + _FRAME_MS * i)
            worst = max(worst, abs(stamps.stamp(packet) - packet.at_ms))
        assert worst < 1500


def test_a_clock_that_was_set_is_followed_within_two_windows() -> None:
    for step in (-7_200_000, -3000, -300, 700, 3000, 7_200_000):
        stamps = Stamps()
        before = [stamps.stamp(p) for p in _stream((40 * i for i in range(500)), (40 * i for i in range(500)))]
        later = range(500, 1200)
        packets = _stream((40 * i + step for i in later), (40 * i for i in later))
        after = [stamps.stamp(packet) for packet in packets]
        assert after[-1] >= before[-1]
        assert abs(after[-1] - packets[-1].at_ms) <= 1000


def test_another_connection_begins_at_its_arrival_wherever_its_own_scale_is() -> None:
    stamps = Stamps()
    first = Packet(b"", 0, True, _START_MS)
    stamps.stamp(first)
    stamps.begin()

    later = Packet(b"", 1_800_000, True, _START_MS + 3_600_000)
    assert stamps.stamp(later) == later.at_ms
