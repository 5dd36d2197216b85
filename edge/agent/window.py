"""How much may be on its way to the hub unanswered: what the link carries in about a second, found by trying."""

from __future__ import annotations

from command.kernel.limits import AGENT_WINDOW_LEAST_BYTES, AGENT_WINDOW_MOST_BYTES

_FAST_MS = 400
_SLOW_MS = 1500


class Window:
    """Grows while answers come fast, halves when they come late, so that what is important never waits for long."""

    def __init__(self) -> None:
        self.size_bytes = AGENT_WINDOW_LEAST_BYTES
        self.unanswered_bytes = 0

    @property
    def room_bytes(self) -> int:
        """How much may be sent now; not more than half, so that there is always an answer on its way."""
        if not self.unanswered_bytes:
            return self.size_bytes
        return min(self.size_bytes // 2, self.size_bytes - self.unanswered_bytes)

    def sent(self, size_bytes: int) -> None:
        """Note what was sent."""
        self.unanswered_bytes += size_bytes

    def answered(self, size_bytes: int, after_ms: int) -> None:
        """Note what was answered, so long after it was sent."""
        was_used = self.unanswered_bytes * 2 >= self.size_bytes
        self.unanswered_bytes = max(0, self.unanswered_bytes - size_bytes)
        if after_ms >= _SLOW_MS:
            self.size_bytes = max(AGENT_WINDOW_LEAST_BYTES, self.size_bytes // 2)
        elif after_ms < _FAST_MS and was_used:
            self.size_bytes = min(AGENT_WINDOW_MOST_BYTES, self.size_bytes * 2)
