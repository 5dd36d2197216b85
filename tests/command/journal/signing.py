"""A signer at work in virtual time, and anchors for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from command.journal import Journal
from command.journal.anchors import Anchor, Place
from command.journal.kept_heads import KeptHeads
from command.journal.signer import HeadSigner
from command.kernel.clock import VirtualClock
from tests.command.journal.vouching import KEY, SPACE


async def signed(journal: Journal) -> list[int]:
    return [head.seq for head in await journal.signed(SPACE, 0, 1000)]


class Signing:
    """A signer at work; time passes when the test says so."""

    def __init__(self, journal: Journal, *anchors: Anchor, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock(0)
        self.signer = HeadSigner(SPACE, journal, KEY, self.clock, anchors)

    async def pass_time(self, duration_ms: int) -> None:
        end_ms = self.clock.now_ms() + duration_ms
        while (wake_ms := await self._next()) is not None and wake_ms <= end_ms:
            self.clock.advance(wake_ms)
        self.clock.advance(end_ms)
        await self._next()

    async def _next(self) -> int | None:
        for _ in range(200):
            await asyncio.sleep(0)  # noqa: TID251 - lets tasks run; no time passes
        return self.clock.next_wake_ms()


@asynccontextmanager
async def at_work(signing: Signing) -> AsyncIterator[HeadSigner]:
    await signing.signer.resume()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(signing.signer.run())
        yield signing.signer
        task.cancel()


def anchor_at(place: Place, journal: Journal, clock: VirtualClock) -> Anchor:
    return Anchor(place, KeptHeads(SPACE, journal, KEY.public), clock)
