"""How much may be on the link to the hub unanswered, so that what goes beside it or matters more waits little."""

from __future__ import annotations

from collections import deque

from edge.limits import AGENT_WINDOW_LEAST_BYTES, AGENT_WINDOW_MOST_BYTES, ERRAND_BASE_MS


class Pace:
    """Follows LEDBAT (RFC 6817): what takes longer than the quickest of late waited, and may for `wait_ms`.

    Below that the window grows by up to half of what was answered; above it shrinks so, and by all of it where it is
    far above.
    """

    def __init__(self, wait_ms: int) -> None:
        self.size_bytes = AGENT_WINDOW_LEAST_BYTES
        self.unanswered_bytes = 0
        self._wait_ms = wait_ms
        self._base_ms: int | None = None  # the quickest answer since _base_from_ms, and the one before that
        self._base_before_ms: int | None = None
        self._base_from_ms = 0

    @property
    def room_bytes(self) -> int:
        """How much may be sent now; not more than half, so that there is always an answer on its way."""
        if not self.unanswered_bytes:
            return self.size_bytes
        return min(self.size_bytes // 2, self.size_bytes - self.unanswered_bytes)

    def sent(self, size_bytes: int) -> None:
        """Note what was sent."""
        self.unanswered_bytes += size_bytes

    def answered(self, size_bytes: int, took_ms: int, now_ms: int) -> None:
        """Note what was answered, so long after it was sent."""
        was_used = self.unanswered_bytes * 2 >= self.size_bytes
        self.unanswered_bytes = max(0, self.unanswered_bytes - size_bytes)
        room = (self._wait_ms - self._waited_ms(took_ms, now_ms)) / self._wait_ms
        if room < 0 or was_used:
            size = self.size_bytes + int(max(-2.0, room) * size_bytes / 2)
            self.size_bytes = max(AGENT_WINDOW_LEAST_BYTES, min(AGENT_WINDOW_MOST_BYTES, size))

    def _waited_ms(self, took_ms: int, now_ms: int) -> int:
        if self._base_ms is None or now_ms - self._base_from_ms >= ERRAND_BASE_MS:
            self._base_before_ms, self._base_ms, self._base_from_ms = self._base_ms, took_ms, now_ms
        self._base_ms = min(self._base_ms, took_ms)
        base_ms = self._base_ms if self._base_before_ms is None else min(self._base_ms, self._base_before_ms)
        return took_ms - base_ms


class InOrder:
    """What was sent at a pace and is answered by how much of all of it has come."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._flying: deque[tuple[int, int]] = deque()  # (bytes, when sent), oldest first
        self._answered_bytes = 0

    def sent(self, size_bytes: int, now_ms: int) -> None:
        """Note what was sent."""
        self.pace.sent(size_bytes)
        self._flying.append((size_bytes, now_ms))

    def answered(self, have_bytes: int, now_ms: int) -> None:
        """Note how much the other side has by now, of all that was sent."""
        while self._flying and self._answered_bytes + self._flying[0][0] <= have_bytes:
            size_bytes, sent_ms = self._flying.popleft()
            self._answered_bytes += size_bytes
            self.pace.answered(size_bytes, now_ms - sent_ms, now_ms)
