"""What is asked once in a while, so that whoever wants to know it waits for no disk and no database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from consoles.limits import FIGURES_LOOK_MS, FIGURES_OLD_LOOKS

log = logging.getLogger(__name__)
T = TypeVar("T")


class Watched(Generic[T]):
    """One figure, asked for in turn and never twice at once: what hangs costs one asking, and nobody else's time.

    `ask` raises `TriuneError` or `OSError` where nobody can tell.
    """

    def __init__(self, what: str, ask: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self.what = what
        self._ask = ask
        self._clock = clock
        self._found: tuple[int, T] | None = None
        self._is_told = False

    @property
    def value(self) -> T | None:
        """What it was when it was asked last; None where that failed, or is so long ago that it hangs."""
        if self._found is None:
            return None
        at_ms, value = self._found
        return value if self._clock.now_ms() - at_ms <= FIGURES_OLD_LOOKS * FIGURES_LOOK_MS else None

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(FIGURES_LOOK_MS)

    async def look(self) -> None:
        """Ask once; the log has it once where nobody can tell."""
        try:
            value = await self._ask()
        except (TriuneError, OSError) as error:
            self._found = None
            if not self._is_told:
                why = error.detail if isinstance(error, TriuneError) else error.strerror
                log.warning("%s cannot be told: %s", self.what, why)
            self._is_told = True
        else:
            self._found, self._is_told = (self._clock.now_ms(), value), False
