"""Who is served next, so that all who wait get equal times whatever their jobs take (start-time fair queuing)."""

from __future__ import annotations

from collections.abc import Iterable

from streams.limits import READER_CAMERAS


class FairShares:
    """Counts what each got. Who did not want anything for a while has nothing saved up, and owes nothing."""

    def __init__(self) -> None:
        self._got_ms: dict[str, float] = {}
        self._level_ms = 0.0
        """What the last one served had got before."""

    def __len__(self) -> int:
        return len(self._got_ms)

    def wait(self, who: str) -> None:
        """Somebody wants something, from now on."""
        self._got_ms[who] = max(self._got_ms.get(who, 0.0), self._level_ms)
        if len(self._got_ms) > 2 * READER_CAMERAS:
            self._got_ms = {
                one: got_ms for one, got_ms in self._got_ms.items() if got_ms > self._level_ms or one == who
            }

    def in_turn(self, some: Iterable[str]) -> list[str]:
        """Return them with whoever got least first; those who came first of equals."""
        return sorted(some, key=lambda who: self._got_ms.get(who, self._level_ms))

    def begin(self, who: str) -> None:
        """Somebody is served."""
        self._level_ms = max(self._level_ms, self._got_ms.get(who, 0.0))

    def took(self, who: str, took_ms: float) -> None:
        """Serving somebody took so long. What takes no time that can be measured counts a little."""
        self._got_ms[who] = self._got_ms.get(who, self._level_ms) + max(took_ms, 1.0)
