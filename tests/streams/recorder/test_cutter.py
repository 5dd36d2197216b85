"""Segments are cut at key frames and dated by the hub's clock, whatever streams and clocks do (SPEC R300, R301)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

import av
import pytest
from msgspec.structs import replace

from streams.packets import Packet
from streams.recorder.cutter import Append, Begin, Cutter, End, Step
from tests.streams.test_fmp4 import AT_MS, coded


@pytest.fixture(scope="module")
def second() -> list[Packet]:
    """One second of H.264, beginning at a key frame; its stream's clock begins at 0."""
    return coded("h264", pictures=25, b_frames=0)


def stream(second: Sequence[Packet], seconds: int, *, pts_ms: int = 0, at_ms: int = AT_MS) -> list[Packet]:
    return [
        replace(packet, pts_ms=pts_ms + i * 1000 + packet.pts_ms, at_ms=at_ms + i * 1000 + packet.pts_ms)
        for i in range(seconds)
        for packet in second
    ]


def run(cutter: Cutter, packets: Sequence[Packet], at_once: int = 25) -> list[Step]:
    return [step for i in range(0, len(packets), at_once) for step in cutter.put(packets[i : i + at_once])]


def files(steps: Sequence[Step]) -> list[tuple[int, int, bytes]]:
    """Return beginning, end and contents of each segment."""
    found: list[tuple[int, int, bytes]] = []
    for step in steps:
        match step:
            case Begin():
                found.append((step.from_ms, step.from_ms, step.head))
            case Append():
                found[-1] = (found[-1][0], step.to_ms, found[-1][2] + step.data)
    return found


def pictures(file: bytes) -> list[int]:
    with av.open(io.BytesIO(file), "r") as container:
        return [round((frame.time or 0) * 1000) for frame in container.decode(video=0)]


def begins(steps: Sequence[Step]) -> list[Begin]:
    return [step for step in steps if isinstance(step, Begin)]


def test_segments_of_ten_seconds_hold_every_picture_once(second: list[Packet]) -> None:
    cutter = Cutter()
    steps = [*run(cutter, stream(second, 35)), *cutter.end()]
    found = files(steps)
    assert [from_ms - AT_MS for from_ms, _, _ in found] == [0, 10_000, 20_000, 30_000]
    assert [to_ms - AT_MS for _, to_ms, _ in found] == [10_000, 20_000, 30_000, 35_000]
    shown = [from_ms + at_ms - AT_MS for from_ms, _, file in found for at_ms in pictures(file)]
    assert shown == [i * 40 for i in range(35 * 25)]
    assert sum(isinstance(step, End) for step in steps) == 4


def test_b_frames_are_dated_when_they_are_shown() -> None:
    packets = coded("h264", pictures=50, b_frames=2)
    cutter = Cutter()
    found = files([*run(cutter, packets, 10), *cutter.end()])
    shown = [from_ms + at_ms - AT_MS for from_ms, _, file in found for at_ms in pictures(file)]
    assert shown == [i * 40 for i in range(50)]


def test_what_is_open_is_written_at_every_turn(second: list[Packet]) -> None:
    cutter = Cutter()
    for turn in range(5):
        steps = cutter.put(stream(second, 1, pts_ms=turn * 1000, at_ms=AT_MS + turn * 1000))
        assert any(isinstance(step, Append) for step in steps)


def test_a_reconnect_is_a_gap_of_its_true_length(second: list[Packet]) -> None:
    cutter = Cutter()
    steps = run(cutter, stream(second, 4))
    steps += run(cutter, stream(second, 4, pts_ms=34_000, at_ms=AT_MS + 34_000))
    found = files([*steps, *cutter.end()])
    assert [(from_ms - AT_MS, to_ms - AT_MS) for from_ms, to_ms, _ in found] == [(0, 4000), (34_000, 38_000)]
    assert [begin.shift_ms for begin in begins(steps)] == [0, 0]


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_a_clock_that_is_set_dates_what_follows_anew_and_says_so(second: list[Packet], step_ms: int) -> None:
    cutter = Cutter()
    steps = run(cutter, stream(second, 15))
    steps += run(cutter, stream(second, 15, pts_ms=15_000, at_ms=AT_MS + 15_000 + step_ms))
    told = [begin for begin in begins([*steps, *cutter.end()]) if begin.shift_ms]
    assert [begin.shift_ms for begin in told] == [step_ms]
    assert 15_000 <= told[0].from_ms - AT_MS - step_ms <= 20_000
    found = files(steps)
    assert sum(len(pictures(file)) for _, _, file in found) >= 30 * 25 - 1  # nothing is lost by it


def test_a_clock_that_stands_still_until_time_has_caught_up_dates_no_two_pictures_the_same(
    second: list[Packet],
) -> None:
    """The hub's clock never goes back: set back by half a minute it stands still so long."""
    cutter = Cutter()
    still = [replace(packet, at_ms=AT_MS + 15_000) for packet in stream(second, 30, pts_ms=15_000)]
    steps = run(cutter, [*stream(second, 15), *still, *stream(second, 20, pts_ms=45_000, at_ms=AT_MS + 15_000)])
    found = files([*steps, *cutter.end()])
    spans = [(from_ms - AT_MS, to_ms - AT_MS) for from_ms, to_ms, _ in found]
    set_back = next(i for i, begin in enumerate(begins(steps)) if begin.shift_ms)
    assert begins(steps)[set_back].shift_ms == pytest.approx(-30_000, abs=200)
    assert all(earlier[1] - 100 <= later[0] for earlier, later in pairwise(spans[:set_back]))
    assert spans[set_back][0] == pytest.approx(spans[set_back - 1][1] - 30_000, abs=200)


def test_a_burst_at_the_beginning_is_no_set_clock(second: list[Packet]) -> None:
    """Some cameras first send what they had kept, faster than it was taken."""
    cutter = Cutter()
    burst = [replace(packet, at_ms=AT_MS) for packet in stream(second, 6)]
    steps = run(cutter, [*burst, *stream(second, 2, pts_ms=6000, at_ms=AT_MS + 200)])
    assert len(begins(steps)) == 1


def test_a_drifting_camera_is_followed(second: list[Packet]) -> None:
    """A camera whose clock is 0.1 % slow: a minute and a half in a day."""
    cutter = Cutter()
    slow = [replace(packet, pts_ms=packet.pts_ms * 999 // 1000) for packet in stream(second, 600)]
    found = files([*run(cutter, slow), *cutter.end()])
    assert abs(found[-1][1] - AT_MS - 600_000) < 100
    assert not any(begin.shift_ms for begin in begins(run(Cutter(), slow)))


def test_another_size_is_another_segment(second: list[Packet]) -> None:
    large = coded("h264", size=(640, 360), pictures=25, b_frames=0)
    cutter = Cutter()
    steps = run(cutter, [*stream(second, 3), *stream(large, 3, pts_ms=3000, at_ms=AT_MS + 3000)])
    found = files([*steps, *cutter.end()])
    assert [len(pictures(file)) for _, _, file in found] == [75, 75]


def test_what_cannot_be_decoded_is_counted_and_left_out(second: list[Packet]) -> None:
    cutter = Cutter()
    headless = [replace(packet, data=b"\0\0\0\1\x65garbage") if packet.is_key else packet for packet in second]
    assert cutter.put([*second[1:], *headless]) == []
    assert cutter.lost_packets == 24 + 25
    assert len(files([*run(cutter, stream(second, 1)), *cutter.end()])) == 1


def test_after_a_failed_write_it_goes_on_at_a_key_frame(second: list[Packet]) -> None:
    cutter = Cutter()
    run(cutter, stream(second, 2))
    cutter.abort()
    rest = stream(second, 3, pts_ms=2000, at_ms=AT_MS + 2000)[5:]
    found = files([*run(cutter, rest), *cutter.end()])
    assert [(from_ms - AT_MS, to_ms - AT_MS) for from_ms, to_ms, _ in found] == [(3000, 5000)]
