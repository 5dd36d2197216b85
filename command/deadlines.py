"""Deadlines of a space: the rows as a heap, and a task that asks for each when its instant comes."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable

from command.actors import HUB, Actor
from command.kernel.clock import Clock
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.kernel.limits import HUB_RETRY_MS, MOVED_DEADLINES
from command.kernel.tasks import first_of
from command.requests import FireDeadline, Request
from command.rows import DeadlineRow
from command.tables import Table

log = logging.getLogger(__name__)
Ask = Callable[[Request, Actor, str], Awaitable[object]]


class Deadlines:
    """What comes due. The heap may hold some that were dropped or moved since: the rule looks at the row then."""

    def __init__(self, clock: Clock, ask: Ask) -> None:
        self._clock = clock
        self._ask = ask
        self._heap: list[tuple[int, str, int]] = []
        """Instant, id, and the number of the fact that set it."""
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heap)

    def set(self, row: DeadlineRow, table: Table[DeadlineRow]) -> None:
        """Note a deadline that was set or moved."""
        heapq.heappush(self._heap, (row.at_ms, row.id, table.changed_seq[row.id]))
        if len(self._heap) > len(table) + MOVED_DEADLINES:
            self.gather(table)
        self._changed.set()

    def gather(self, table: Table[DeadlineRow]) -> None:
        """Begin anew with exactly the table's deadlines."""
        self._heap = [(row.at_ms, row.id, table.changed_seq[row.id]) for row in table]
        heapq.heapify(self._heap)
        self._changed.set()

    async def run(self) -> None:
        """Ask for each when its instant comes. Its key names what set it, so it happens once.

        The instant alone would not do: after a clock that was ahead the same one may be set, and come, a second time.
        """
        while True:
            self._changed.clear()
            while self._heap and self._heap[0][0] <= self._clock.now_ms():
                # Taken off first: while the hub answers, an earlier one may be pushed.
                at_ms, deadline, set_seq = heapq.heappop(self._heap)
                try:
                    await self._ask(FireDeadline(deadline=deadline), HUB, f"{deadline}@{at_ms}/{set_seq}")
                except (TooManyError, UnavailableError) as error:
                    log.warning("deadline %s has to wait: %s", deadline, error.detail)
                    heapq.heappush(self._heap, (at_ms, deadline, set_seq))
                    await self._clock.sleep(HUB_RETRY_MS)
                except TriuneError:  # asked again after a restart; the others must not wait for its mending
                    log.exception("deadline %s cannot be met", deadline)
            await self._wait_until(self._heap[0][0] if self._heap else None)

    async def _wait_until(self, at_ms: int | None) -> None:
        if at_ms is None:
            await self._changed.wait()
        else:
            await first_of(self._changed.wait(), self._clock.sleep_until(at_ms))
