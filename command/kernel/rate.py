"""A token bucket: how long to wait before the next message of somebody who may send so many a second."""

from __future__ import annotations


class RateLimit:
    """Lets `per_s` messages through each second, and as many at once after a quiet second."""

    def __init__(self, per_s: int, now_ms: int) -> None:
        self._per_s = per_s
        self._tokens = float(per_s)
        self._at_ms = now_ms

    def set_rate(self, per_s: int) -> None:
        """Let so many through from now on; what was saved up stays."""
        self._per_s = per_s

    def wait_ms(self, now_ms: int) -> int:
        """Take one message's place: 0 when it may pass now, else how long to wait before asking again."""
        self._tokens = min(float(self._per_s), self._tokens + (now_ms - self._at_ms) * self._per_s / 1000)
        self._at_ms = now_ms
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return int((1 - self._tokens) * 1000 / self._per_s) + 1
