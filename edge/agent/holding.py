"""What the outbox refuses for now: held in memory in its order, and tried again, as long as there is room for it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence

from command.kernel.clock import Clock
from command.kernel.errors import TooLargeError, UnavailableError
from edge.limits import AGENT_HELD_AGAIN_MS, AGENT_HELD_BYTES, AGENT_HELD_ITEMS
from edge.outbox import NewItem, Outbox

log = logging.getLogger(__name__)


class HeldItems:
    """Give `put` what happened, and run `run`; `finish` is the last try."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self.waiting: Counter[str] = Counter()
        """How many items of each importance wait here."""
        self._outbox = outbox
        self._clock = clock
        self._batches: deque[list[NewItem]] = deque()
        self._bytes = 0
        self._refused = asyncio.Event()

    async def put(self, items: Sequence[NewItem]) -> None:
        """Store items together, now or as soon as the outbox takes them, after what waits already.

        Past `AGENT_HELD_ITEMS` or `AGENT_HELD_BYTES` the least important are given up, oldest first, as by the outbox.
        """
        if not self._batches and await self._store(items):
            return
        self._batches.append([*items])
        self._count(items, 1)
        while self._bytes > AGENT_HELD_BYTES or self.waiting.total() > AGENT_HELD_ITEMS:
            self._give_up_one()
        self._refused.set()

    async def run(self) -> None:
        """Try again what was refused, until cancelled."""
        while True:
            await self._refused.wait()
            self._refused.clear()
            while self._batches:
                await self._clock.sleep(AGENT_HELD_AGAIN_MS)
                await self.finish()

    async def finish(self) -> None:
        """Store what waits as far as the outbox takes it."""
        while self._batches:
            batch = self._batches[0]
            storing = asyncio.ensure_future(self._store([*batch]))
            try:
                is_done = await asyncio.shield(storing)
            except asyncio.CancelledError:  # whether the disk took them has to be known, lest they be told twice
                self._let_go(batch, await storing)
                raise
            self._let_go(batch, is_done)
            if not is_done:
                return

    def _let_go(self, batch: list[NewItem], is_done: bool) -> None:
        if is_done and self._batches and self._batches[0] is batch:  # it may have been given up meanwhile
            self._batches.popleft()
            self._count(batch, -1)

    async def _store(self, items: Sequence[NewItem]) -> bool:
        """Say whether there is nothing more to do for some items: what was seen is told even without its picture."""
        try:
            await self._outbox.offer(items)
        except UnavailableError as error:
            log.warning("items of kind %s wait for the outbox: %s", items[0].kind, error.detail)
            return False
        except TooLargeError as error:
            small = [item for item in items if item.picture is None]
            if small and len(small) < len(items):
                return await self._store(small)
            self._outbox.not_stored += len(items)
            log.warning("%s is lost: %s", items[0].kind, error.detail)
        return True

    def _count(self, items: Sequence[NewItem], sign: int) -> None:
        for item in items:
            self.waiting[item.priority.name.lower()] += sign
            self._bytes += sign * _size(item)

    def _give_up_one(self) -> None:
        """Give up the oldest of the least important items."""
        least = max(item.priority for batch in self._batches for item in batch)
        batch = next(batch for batch in self._batches if any(item.priority == least for item in batch))
        gone = next(item for item in batch if item.priority == least)
        batch.remove(gone)
        if not batch:
            self._batches.remove(batch)
        self._count([gone], -1)
        self._outbox.not_stored += 1


def _size(item: NewItem) -> int:
    return len(item.body) + len(item.picture or b"")
