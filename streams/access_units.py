"""Access units of H.264 and H.265 out of NAL units (ITU-T H.264 7.4.1.2.4, H.265 7.4.2.4.4), from key frames on."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from streams.h264 import annex_b
from streams.limits import ACCESS_UNIT_NALS, CAMERA_FRAME_BYTES
from streams.packets import Codec

# How parameter sets begin. Those of sequences tell the codecs apart: neither codec has any of the other's.
_H264_SETS: Final = {bytes([importance | 7]): "sps" for importance in (0x20, 0x40, 0x60)} | {
    bytes([importance | 8]): "pps" for importance in (0x20, 0x40, 0x60)
}
_H265_SETS: Final = {b"\x40\x01": "vps", b"\x42\x01": "sps", b"\x44\x01": "pps"}
_SETS_WANTED: Final[dict[Codec, tuple[str, ...]]] = {"h264": ("sps", "pps"), "h265": ("vps", "sps", "pps")}
# What can only stand before the first slice of a picture.
_H264_LEADING: Final = frozenset((6, 7, 8, 9, 14, 15, 16, 17, 18))
_H265_LEADING: Final = frozenset((32, 33, 34, 35, 39, *range(41, 45), *range(48, 56)))
_H265_KEYS: Final = range(16, 22)  # BLA, IDR, CRA
# Not repeated in a key frame behind its parameter sets: these themselves, delimiters and filler.
_H264_LEFT_OUT: Final = frozenset((7, 8, 9, 12))
_H265_LEFT_OUT: Final = frozenset((32, 33, 34, 35, 38))
# Parameter sets of one kind that are remembered; more of one key frame are left out.
_SETS_KEPT: Final = 32

HEADER_BYTES: Final = 3
"""Of a NAL unit, that say where it belongs."""

_START_CODE: Final = b"\x00\x00\x01"


class AccessUnit(msgspec.Struct, frozen=True, gc=False):
    """One whole picture that can be decoded after those before it."""

    data: bytes
    """Annex B; a key frame starts with its parameter sets."""
    codec: Codec
    is_key: bool
    pts: int | None
    """PES time stamp, 90 kHz, where the stream has one."""
    timestamp: int
    """RTP time stamp of the packet in which it began."""


class AccessUnits:
    """Takes the NAL units of one stream, in order, and returns whole access units.

    Only runs that decode come out: each begins at a key frame whose parameter sets are known, and ends where `damage`
    is told or seen. What the units themselves say counts as their codec, whatever was announced.
    """

    def __init__(self) -> None:
        self.codec: Codec | None = None
        """As far as known."""
        self.trouble: Literal["", "no video", "no parameter sets", "no key frame"] = "no video"
        """Why nothing comes out; empty while something does."""
        self.dropped = 0
        """Access units that were damaged, or between a damaged one and the next key frame."""
        self._sets: dict[str, list[bytes]] = {}
        self._fresh: set[str] = set()  # the kinds of sets that came since the last slice
        self._needs_key = True
        self._units: list[bytes] = []
        self._bytes = 0
        self._count = 0
        self._has_slice = False
        self._is_key = False
        self._damaged = False
        self._pts: int | None = None
        self._timestamp = 0

    @property
    def is_overfull(self) -> bool:
        """Whether the present access unit has more NAL units than any picture, so that it is none."""
        return self._count > ACCESS_UNIT_NALS

    def begins(self, header: bytes) -> bool:
        """Say whether a NAL unit with these first `HEADER_BYTES` begins the next access unit."""
        if not (self._has_slice or self._damaged) or len(header) < 2:
            return False
        if self.codec == "h265":
            kind = header[0] >> 1 & 0x3F
            return kind in _H265_LEADING or (kind < 32 and len(header) > 2 and header[2] >= 0x80)
        kind = header[0] & 0x1F
        return kind in _H264_LEADING or (kind in (1, 5) and header[1] >= 0x80)

    def add(self, unit: bytes, pts: int | None, timestamp: int) -> None:
        """Add a NAL unit to the present access unit, whose times are those of its first unit."""
        self._count += 1
        self._learn(unit)
        if self._damaged:
            return
        if not self._units:
            self._pts, self._timestamp = pts, timestamp
        self._bytes += len(unit) + 4
        if self._bytes > CAMERA_FRAME_BYTES or self.is_overfull:
            self._give_up()
            return
        if self._is_slice(unit):
            self._fresh.clear()
            # A picture without its first slice has lost something, even where nobody saw it.
            if not self._has_slice and not _is_first_slice(unit, self.codec):
                self._give_up()
                return
            self._has_slice = True
        self._units.append(unit)

    def end(self) -> AccessUnit | None:
        """Return the present access unit, if it is whole and can be decoded; the next unit begins another one."""
        units, damaged, has_slice, is_key = self._units, self._damaged, self._has_slice, self._is_key
        self._units, self._bytes, self._count = [], 0, 0
        self._damaged = self._has_slice = self._is_key = False
        if self.codec is None or not (has_slice or damaged):
            return None
        if damaged or not (is_key or not self._needs_key):
            self._needs_key = True
            self.dropped += 1
            if self.trouble == "no video":
                self.trouble = "no key frame"
            return None
        if is_key:
            units = self._with_sets(units)
            if not units:
                self._needs_key = True
                self.dropped += 1
                self.trouble = "no parameter sets"
                return None
        self._needs_key = False
        self.trouble = ""
        return AccessUnit(annex_b(units), self.codec, is_key, self._pts, self._timestamp)

    def damage(self, *, in_unit: bool = False) -> None:
        """Something is missing here: the present access unit is dropped, and all up to the next key frame.

        `in_unit` says that a NAL unit had begun which was not added.
        """
        self._needs_key = True
        self._count = 0
        if not self.trouble or (self.trouble == "no video" and self.codec is not None):
            self.trouble = "no key frame"
        if self._units or in_unit:
            self._give_up()

    def _give_up(self) -> None:
        """Take no more of the present access unit."""
        self._damaged = True
        self._units = []

    def _learn(self, unit: bytes) -> None:
        """Remember a parameter set, and what it says about the codec."""
        if _H264_SETS.get(unit[:1]) == "sps":
            self._be("h264")
        elif _H265_SETS.get(unit[:2]) in ("vps", "sps"):
            self._be("h265")
        elif self.codec is None:
            self._guess(unit)
        name = _H265_SETS.get(unit[:2]) if self.codec == "h265" else _H264_SETS.get(unit[:1])
        if name is None or self.codec is None:
            return
        if name not in self._fresh:  # a key frame brings all sets of a kind anew
            self._fresh.add(name)
            self._sets[name] = []
        if len(self._sets[name]) < _SETS_KEPT:
            self._sets[name].append(unit)

    def _be(self, codec: Codec) -> None:
        if codec != self.codec:
            if self.codec is not None:
                self.damage()
            self.codec = codec
            self._sets.clear()
            self._fresh.clear()

    def _guess(self, unit: bytes) -> None:
        """Tell the codec of a stream without parameter sets by its slices of key frames."""
        if unit[0] in (0x25, 0x45, 0x65):
            self.codec = "h264"
        elif unit[:2] in (b"\x26\x01", b"\x28\x01", b"\x2a\x01"):
            self.codec = "h265"

    def _is_slice(self, unit: bytes) -> bool:
        if self.codec == "h265":
            kind = unit[0] >> 1 & 0x3F
            self._is_key = self._is_key or kind in _H265_KEYS
            return kind < 32
        kind = unit[0] & 0x1F
        self._is_key = self._is_key or kind == 5
        return kind in (1, 5)

    def _with_sets(self, units: list[bytes]) -> list[bytes]:
        """Return a key frame that begins with its parameter sets; empty where they are not known."""
        assert self.codec is not None
        wanted = _SETS_WANTED[self.codec]
        if any(name not in self._sets for name in wanted):
            return []
        sets = [unit for name in wanted for unit in self._sets[name]]
        if self.codec == "h265":
            return sets + [unit for unit in units if unit[0] >> 1 & 0x3F not in _H265_LEFT_OUT]
        return sets + [unit for unit in units if unit[0] & 0x1F not in _H264_LEFT_OUT]


def _is_first_slice(unit: bytes, codec: Codec | None) -> bool:
    """Say whether a slice is the first of its picture (`first_mb_in_slice` 0, `first_slice_segment_in_pic_flag`)."""
    at = 2 if codec == "h265" else 1
    return len(unit) > at and unit[at] >= 0x80


class AnnexB:
    """Cuts a byte stream (Annex B) that comes in pieces, and returns the access units in it."""

    def __init__(self, units: AccessUnits) -> None:
        self._units = units
        self._buffer = bytearray()
        self._in_unit = False  # the buffer begins behind a start code
        self._scanned = 0
        self._unit_times: tuple[int | None, int] = (None, 0)
        self._pts: int | None = None
        self._timestamp = 0

    def feed(self, data: bytes, pts: int | None, timestamp: int) -> list[AccessUnit]:
        """Take the next bytes; `pts` is of the first access unit that begins in them (ISO/IEC 13818-1 2.4.3.7)."""
        if self._units.is_overfull:
            if pts is None:
                return []  # looking for yet more units in it would only cost time
            self.damage()
        buffer = self._buffer
        fresh = len(buffer) - 1  # the first zero of a start code may stand before the new bytes
        buffer += data
        done: list[AccessUnit] = []
        while (code := buffer.find(_START_CODE, self._scanned)) >= 0:
            if len(buffer) < code + 3 + HEADER_BYTES:
                self._scanned = code
                break
            if code >= fresh:
                self._timestamp = timestamp
                self._pts, pts = (self._pts if pts is None else pts), None
            fresh -= code + 3
            done += self._begin_unit(code)
        else:
            self._scanned = max(len(buffer) - 2, 0)
        if pts is not None:
            self._pts = pts
        self._timestamp = timestamp
        if not self._in_unit and self._scanned:
            del buffer[: self._scanned]
            self._scanned = 0
        elif len(buffer) > CAMERA_FRAME_BYTES:
            self.damage()
        return done

    def end(self) -> list[AccessUnit]:
        """The access unit ends here: return it if it is whole."""
        done: list[AccessUnit] = []
        while (code := self._buffer.find(_START_CODE, self._scanned)) >= 0:
            done += self._begin_unit(code)
        self._end_unit(len(self._buffer))
        self._buffer.clear()
        self._in_unit = False
        self._scanned = 0
        if (unit := self._units.end()) is not None:
            done.append(unit)
        return done

    def damage(self) -> None:
        """Bytes are missing here."""
        self._units.damage(in_unit=self._in_unit)
        self._buffer.clear()
        self._in_unit = False
        self._scanned = 0
        self._pts = None

    def _begin_unit(self, code: int) -> list[AccessUnit]:
        """End the unit before a start code and begin the one behind it."""
        self._end_unit(code)
        del self._buffer[: code + 3]
        self._in_unit = True
        self._scanned = 0
        self._unit_times, self._pts = (self._pts, self._timestamp), None
        if self._units.begins(bytes(self._buffer[:HEADER_BYTES])) and (unit := self._units.end()) is not None:
            return [unit]
        return []

    def _end_unit(self, at: int) -> None:
        # No NAL unit ends in a zero byte: zeros before a start code belong to that start code.
        unit = bytes(self._buffer[:at]).rstrip(b"\x00") if self._in_unit else b""
        if unit:
            self._units.add(unit, *self._unit_times)
