"""Cuts one camera's packets into segments at key frames and dates them, without I/O and without a clock.

Dates come from the stream's own time stamps, anchored to when packets arrived: arrival alone would jitter with the
network, time stamps alone would drift with the camera's clock.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from command.kernel.errors import InvalidInputError
from streams import fmp4
from streams.fmp4 import Track
from streams.limits import (
    RECORD_CLOCK_STEP_MS,
    RECORD_GAP_MS,
    RECORD_SEGMENT_BYTES,
    RECORD_SEGMENT_LONGEST_MS,
    RECORD_SEGMENT_MS,
    RECORD_SLEW_MS,
)
from streams.packets import Packet

# The hub's clock is compared with the stream's over at least so long.
_COMPARED_MS = 2000


class Begin(msgspec.Struct, frozen=True):
    """A segment begins at an instant of the hub; `head` is its initialization segment.

    `shift_ms` is by how much the hub's clock was set since the segment before; 0 where it was not.
    """

    from_ms: int
    head: bytes
    shift_ms: int = 0


class Append(msgspec.Struct, frozen=True):
    """A fragment of the segment begun last; with it the segment reaches to `to_ms`."""

    data: bytes
    to_ms: int


class End(msgspec.Struct, frozen=True):
    """The segment is whole."""


Step = Begin | Append | End


class Cutter:
    """`steps = cutter.put(packets)`, and `cutter.end()` when no more will come for now."""

    def __init__(self) -> None:
        self.lost_packets = 0
        """Pictures that could not be recorded: before a first key frame, without parameter sets, or past a limit."""
        self._offset_ms: int | None = None  # from the stream's scale to the hub's
        self._compared: Packet | None = None
        self._shift_ms = 0
        self._track: Track | None = None
        self._timing: fmp4.Timing | None = None
        self._waiting: list[Packet] = []
        self._first_ms = 0
        self._last_ms: int | None = None
        self._number = 0
        self._bytes = 0

    def put(self, packets: Iterable[Packet]) -> list[Step]:
        """Take packets in decoding order; return what there is to write."""
        steps: list[Step] = []
        for packet in packets:
            if packet.is_key:
                self._key(packet, steps)
            too_long = packet.pts_ms - self._first_ms > RECORD_SEGMENT_LONGEST_MS
            if self._track is None or too_long or self._bytes > RECORD_SEGMENT_BYTES:
                self.lost_packets += 1
                continue
            self._waiting.append(packet)
            self._bytes += len(packet.data)
            self._last_ms = packet.pts_ms
        if count := fmp4.run_length(self._waiting):
            self._write(count, steps)
        return steps

    def end(self) -> list[Step]:
        """Close what is open; the next segment begins at a key frame."""
        steps: list[Step] = []
        self._close(steps)
        return steps

    def abort(self) -> None:
        """What is open could not be written: forget it, and go on at the next key frame."""
        self.lost_packets += len(self._waiting)
        self._waiting.clear()
        self._track = self._timing = None

    def _key(self, packet: Packet, steps: list[Step]) -> None:
        """Cut here where a segment is full, something else begins, or time made a step."""
        try:
            track = fmp4.track_of(packet)
        except InvalidInputError:
            self._close(steps)
            return
        gap = self._last_ms is None or not -RECORD_GAP_MS <= packet.pts_ms - self._last_ms <= RECORD_GAP_MS
        shift_ms = self._compare(packet, gap=gap)
        full = packet.pts_ms - self._first_ms >= RECORD_SEGMENT_MS
        if self._track != track or gap or shift_ms or full:
            self._close(steps)
            self._shift_ms += shift_ms
            self._offset_ms = (self._offset_ms or 0) + shift_ms
            self._track, self._first_ms = track, packet.pts_ms
            self._bytes = 0

    def _compare(self, packet: Packet, *, gap: bool) -> int:
        """Return by how much the hub's clock was set.

        It has to run in step with the stream again: one that stands still, since it was set back and never goes back,
        would date every picture the same.
        """
        now_ms = packet.at_ms - packet.pts_ms
        if self._offset_ms is None:
            self._offset_ms, self._compared = now_ms, packet
            return 0
        before, off_ms = self._compared, now_ms - self._offset_ms
        streamed_ms = packet.pts_ms - before.pts_ms if before else 0
        if before is None or gap or not 0 <= streamed_ms < _COMPARED_MS:
            self._compared = packet
        in_step = gap or (
            before is not None
            and streamed_ms >= _COMPARED_MS
            and abs(packet.at_ms - before.at_ms - streamed_ms) <= streamed_ms // 4
        )
        return off_ms if in_step and abs(off_ms) > RECORD_CLOCK_STEP_MS else 0

    def _close(self, steps: list[Step]) -> None:
        if self._waiting:
            self._write(len(self._waiting), steps)
        if self._timing is not None:
            steps.append(End())
        self._track = self._timing = None

    def _write(self, count: int, steps: list[Step]) -> None:
        """Turn the packets waited for longest into a fragment, beginning a segment with it where none is open."""
        packets, self._waiting = self._waiting[:count], self._waiting[count:]
        assert self._track is not None
        assert self._offset_ms is not None
        timing, begins = self._timing or fmp4.Timing(), self._timing is None
        samples = timing.samples(packets)
        if begins:
            self._timing, self._number = timing, 0
            # Drift of the camera's clock, and what is left of the network's jitter, is taken out bit by bit.
            off_ms = packets[0].at_ms - packets[0].pts_ms - self._offset_ms
            self._offset_ms += max(-RECORD_SLEW_MS, min(RECORD_SLEW_MS, off_ms))
            steps.append(Begin(timing.base_ms + self._offset_ms, fmp4.init_segment(self._track), self._shift_ms))
            self._shift_ms = 0
        self._number += 1
        end_ms = timing.base_ms + max(sample.pts_ms + sample.duration_ms for sample in samples)
        steps.append(Append(fmp4.fragment(self._number, samples), end_ms + self._offset_ms))
