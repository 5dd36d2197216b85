"""What happened in a run, as lines: their digest tells two runs apart, their end tells what led to a failure."""

from __future__ import annotations

import hashlib
from collections import Counter, deque

from consoles.sim.loop import VirtualLoop

_TAIL_LINES = 40
_LINE_CHARS = 220


class Trace:
    """Lines by virtual time. The same seed gives the same lines, in any process on any machine."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.counts: Counter[str] = Counter()
        self._loop = loop
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._digest = hashlib.blake2b(digest_size=16)

    def note(self, who: str, what: str, about: object = "") -> None:
        """Write a line; `what` is counted."""
        self.counts[what] += 1
        line = f"{self._loop.now_us / 1_000_000:.6f} #{self._loop.steps} {who} {what} {about}"
        self._digest.update(line.encode("utf-8", "backslashreplace") + b"\n")
        self._tail.append(line[:_LINE_CHARS])

    @property
    def digest(self) -> str:
        """Return what all lines so far come to."""
        return self._digest.hexdigest()

    @property
    def tail(self) -> list[str]:
        """Return the newest lines."""
        return list(self._tail)
