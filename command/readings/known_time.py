"""How far time is known to have come, for who forgets what is old. The clock alone does not say that.

A clock that is ahead once would erase what nobody can bring again; one that is right after the machine was off looks
just the same, and is to be believed in the end. So time is known to leap by a small part of what is kept and no
further, and to go on as long as a hub runs, somewhat faster than that, until the clock is reached. A clock that is
wrong for a day costs days at the old end, and never all.
"""

from __future__ import annotations

from collections.abc import Iterable

from command.kernel.limits import READINGS_LEAP_PART, READINGS_PACE
from command.readings.bounds import DAY_MS


def known_ms(before_ms: int, now_ms: int, ran_ms: int, keep_ms: int) -> int:
    """Return up to when time is known, by what it was before, the clock, and how long a hub ran since. Never back."""
    if now_ms <= before_ms + keep_ms // READINGS_LEAP_PART:
        return max(before_ms, now_ms)
    return min(now_ms, before_ms + READINGS_PACE * ran_ms)


def first_known_ms(now_ms: int, days: Iterable[int]) -> int:
    """Return up to when time is known where nobody ever looked: the newest day that is kept was, or there is none."""
    return min(now_ms, max(((day + 1) * DAY_MS for day in days if day * DAY_MS <= now_ms), default=now_ms))
