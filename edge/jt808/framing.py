"""JT/T 808 framing: 0x7E marks, byte stuffing, XOR check; and finding frames in a stream that may hold anything."""

from __future__ import annotations

from functools import reduce
from operator import xor

from command.kernel.errors import InvalidInputError

MARK = b"\x7e"
_ESCAPE = b"\x7d"
_ESCAPED = {0x01: b"\x7d", 0x02: b"\x7e"}
# Largest header (2019, split), the ten length bits, the check byte; every byte may have been stuffed into two.
MAX_STUFFED_BYTES = 2 * (21 + 1023 + 1)


class FramingError(InvalidInputError):
    """Bytes between two marks that are no JT/T 808 frame."""

    code = "bad_frame"


def stuff(content: bytes) -> bytes:
    """Return a whole wire frame: check byte appended, 0x7D and 0x7E stuffed, marks around it."""
    checked = content + bytes((reduce(xor, content, 0),))
    return MARK + checked.replace(_ESCAPE, b"\x7d\x01").replace(MARK, b"\x7d\x02") + MARK


def unstuff(stuffed: bytes) -> bytes:
    """Undo the stuffing of what stood between two marks.

    Some terminals do not stuff the check byte. So 0x7D before anything but 0x01 and 0x02 stands for itself; length
    and check byte still have to be right.
    """
    first, *escaped = stuffed.split(_ESCAPE)
    parts = [first]
    for run in escaped:
        meant = _ESCAPED.get(run[0]) if run else None
        parts += (_ESCAPE, run) if meant is None else (meant, run[1:])
    return b"".join(parts)


def check(checked: bytes) -> bytes:
    """Return the content without its check byte. Raises `FramingError` when the XOR over all of it is not 0."""
    if reduce(xor, checked, 0) != 0:
        raise FramingError(f"checksum is 0x{checked[-1]:02x}, the content makes 0x{reduce(xor, checked[:-1], 0):02x}")
    return checked[:-1]


class FrameFinder:
    """Cuts a byte stream at its marks. Memory is bounded by one largest frame and what was fed since the last `find`.

    A mark is taken as end and as beginning, so that one lost or added byte costs one frame and never the stream.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._overrun = False

    @property
    def buffered_bytes(self) -> int:
        """What waits to be looked at."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the wire."""
        self._buffer += data

    def find(self) -> bytes | None:
        """Return what stands between the next two marks, still stuffed, or None until more is fed.

        Raises `FramingError` once for each run that is longer than any frame; the search then goes on behind it.
        """
        while (end := self._buffer.find(MARK)) >= 0:
            run = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            overrun, self._overrun = self._overrun, False
            if overrun or not run:
                continue
            if len(run) > MAX_STUFFED_BYTES:
                raise FramingError(f"{len(run)} bytes without a mark")
            return run
        if len(self._buffer) > MAX_STUFFED_BYTES:
            self._buffer.clear()
            if not self._overrun:
                self._overrun = True
                raise FramingError(f"more than {MAX_STUFFED_BYTES} bytes without a mark")
        elif self._overrun:
            self._buffer.clear()
        return None
