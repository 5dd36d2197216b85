"""Wrong passwords of late: after several, whoever offers them has to wait and is not even looked at."""

from __future__ import annotations

from collections import OrderedDict

from command.kernel.limits import SIGN_IN_PAUSE_MS, SIGN_IN_REMEMBERED


class Failures:
    """How often each name or address was wrong of late."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._of: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def has_to_wait(self, who: str, now_ms: int) -> bool:
        """Say whether there were too many, the last less than the pause ago."""
        count, last_ms = self._of.get(who, (0, 0))
        return count >= self._allowed and now_ms - last_ms < SIGN_IN_PAUSE_MS

    def add(self, who: str, now_ms: int) -> None:
        """Count one more; after a pause the count begins anew."""
        count, last_ms = self._of.get(who, (0, 0))
        self._of[who] = (count + 1 if now_ms - last_ms < SIGN_IN_PAUSE_MS else 1, now_ms)
        self._of.move_to_end(who)
        if len(self._of) > SIGN_IN_REMEMBERED:
            self._of.popitem(last=False)

    def take_back(self, who: str) -> None:
        """Count one less: it was not wrong, or nobody found out."""
        if who in self._of:
            count, last_ms = self._of[who]
            self._of[who] = (count - 1, last_ms)

    def forget(self, who: str) -> None:
        """Begin anew."""
        self._of.pop(who, None)
