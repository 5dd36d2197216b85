"""MPEG-2 program streams (ISO/IEC 13818-1 2.5) as cameras send them: the video's access units, all else skipped."""

from __future__ import annotations

import re
from typing import Final

from streams.access_units import AccessUnit, AccessUnits, AnnexB

PACK: Final = b"\x00\x00\x01\xba"
"""What a program stream begins with, and where reading can start again."""

_END: Final = 0xB9
_PACK: Final = 0xBA
_MAP: Final = 0xBC
_VIDEO: Final = range(0xE0, 0xF0)
# Codes of the program stream. No NAL unit holds one: emulation prevention keeps 00 00 01 out of its body, and the bit
# after it in its header is zero. So video ends where the next code begins, whatever its length says; there are cameras
# that write none, or one modulo 65,536.
_CODE: Final = re.compile(rb"\x00\x00\x01[\xb9-\xff]")
_PREFIX_BYTES: Final = 3
_PES_HEADER_BYTES: Final = 9
_VIDEO_TYPES: Final = {0x1B: "H.264", 0x24: "H.265", 0x01: "MPEG-1", 0x02: "MPEG-2", 0x10: "MPEG-4", 0x80: "SVAC"}


class PsDemuxer:
    """Takes a program stream in pieces and returns the access units of its first video stream.

    Holds one header and one access unit at most. Nothing raises: what is not a program stream is skipped up to the
    next code and counted, and the picture that it was part of is dropped.
    """

    def __init__(self, units: AccessUnits) -> None:
        self.packs = 0
        """Pack headers met; none means that this is no program stream."""
        self.garbage_bytes = 0
        """Skipped since nothing of a program stream."""
        self._annex_b = AnnexB(units)
        self._buffer = bytearray()
        self._skip = 0  # of a packet nobody wants
        self._in_video = False
        self._in_step = False  # whether the next bytes should be a code
        self._video_id: int | None = None
        self._video_pack = 0  # the number of the pack that last held it
        self._types: dict[int, int] = {}
        self._pts: int | None = None  # of the next bytes of video
        self._timestamp = 0

    @property
    def announced(self) -> str:
        """The video codec that the program stream map names, such as `H.264`; empty without one."""
        kind = next((kind for stream, kind in self._types.items() if stream in _VIDEO), None)
        return "" if kind is None else _VIDEO_TYPES.get(kind, f"stream type 0x{kind:02X}")

    def feed(self, data: bytes, timestamp: int) -> list[AccessUnit]:
        """Take the next bytes, which came under this RTP time stamp."""
        if data.startswith(PACK) and (self._skip or self._buffer) and not self._in_video:
            # A pack begins with an RTP packet: what we thought to be in the middle of had a wrong length.
            self._skip = 0
            self._lose(len(self._buffer))
            self._in_step = True
        self._timestamp = timestamp
        self._buffer += data
        return self._read()

    def end(self) -> list[AccessUnit]:
        """The sender says that the access unit ends here."""
        done: list[AccessUnit] = []
        if self._in_video:
            done = self._video(len(self._buffer))
        return done + self._annex_b.end()

    def damage(self) -> None:
        """Bytes are missing here: go on at the next code."""
        self._buffer.clear()
        self._skip = 0
        self._in_video = self._in_step = False
        self._pts = None
        self._annex_b.damage()

    def _read(self) -> list[AccessUnit]:
        done: list[AccessUnit] = []
        buffer = self._buffer
        while buffer:
            if self._skip:
                skipped = min(self._skip, len(buffer))
                del buffer[:skipped]
                self._skip -= skipped
            elif self._in_video:
                found = _CODE.search(buffer)
                # What may be the beginning of a code waits for the rest of it.
                ready = found.start() if found else len(buffer) - _PREFIX_BYTES
                if ready > 0:
                    done += self._video(ready)
                if found is None:
                    break
                self._in_video = False
            elif not (self._find_code() and self._packet()):
                break
        return done

    def _video(self, size: int) -> list[AccessUnit]:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        pts, self._pts = self._pts, None
        return self._annex_b.feed(data, pts, self._timestamp)

    def _find_code(self) -> bool:
        """Bring the next code to the front of the buffer, if it is there."""
        found = _CODE.match(self._buffer) or _CODE.search(self._buffer)
        at = found.start() if found else max(len(self._buffer) - _PREFIX_BYTES, 0)
        if at:
            self._lose(at)
        return found is not None

    def _lose(self, size: int) -> None:
        """Skip bytes that are nothing; in the middle of a stream something was lost with them."""
        del self._buffer[:size]
        self.garbage_bytes += size
        if self._in_step:
            self._in_step = False
            self._annex_b.damage()

    def _packet(self) -> bool:
        """Read what the code at the front begins; False where its header has not come yet."""
        buffer = self._buffer
        code = buffer[3]
        if code == _END:
            size = 4
        elif code == _PACK:
            if len(buffer) < 14:
                return False
            # MPEG-1 packs are shorter; their second byte begins with 0010.
            size = 14 + (buffer[13] & 7) if buffer[4] >> 6 == 1 else 12
            self.packs += 1
        else:
            if len(buffer) < 6:
                return False
            size = 6 + int.from_bytes(buffer[4:6], "big")
            if code in _VIDEO and self._is_wanted(code):
                return self._video_header()
            if code == _MAP:
                if len(buffer) < size:
                    return False
                self._types = _stream_types(bytes(buffer[6:size])) or self._types
        self._in_step = True
        self._skip = size
        return True

    def _is_wanted(self, code: int) -> bool:
        """Say whether this is the video stream; another one becomes it once a whole pack came without."""
        if code != self._video_id:
            if self._video_id is not None and self.packs - self._video_pack < 2:
                return False
            self._annex_b.damage()
            self._video_id = code
        self._video_pack = self.packs
        return True

    def _video_header(self) -> bool:
        buffer = self._buffer
        if len(buffer) < _PES_HEADER_BYTES:
            return False
        size = _PES_HEADER_BYTES + buffer[8]
        if buffer[6] >> 6 != 2:
            self._in_step = True
            self._lose(4)
            return True
        if len(buffer) < size:
            return False
        self._pts = _time_stamp(buffer[9:14]) if buffer[7] & 0x80 and buffer[8] >= 5 else None
        del buffer[:size]
        self._in_video = self._in_step = True
        return True


def _time_stamp(field: bytes | bytearray) -> int | None:
    """Return a 33-bit time stamp (2.4.3.7), or None where its marker bits are wrong."""
    if not field[0] & field[2] & field[4] & 1:
        return None
    return (field[0] >> 1 & 7) << 30 | field[1] << 22 | (field[2] >> 1) << 15 | field[3] << 7 | field[4] >> 1


def _stream_types(body: bytes) -> dict[int, int]:
    """Read the part of a program stream map (2.5.4) behind its length: stream types by stream id; empty if damaged."""
    types: dict[int, int] = {}
    at = 4 + int.from_bytes(body[2:4], "big")
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if end > len(body):
        return {}
    at += 2
    while at + 4 <= end:
        types[body[at + 1]] = body[at]
        at += 4 + int.from_bytes(body[at + 2 : at + 4], "big")
    return types
