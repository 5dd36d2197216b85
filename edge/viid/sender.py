"""What waits for one receiver goes in order, in batches, as often as it takes; its state is there to be looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError
from edge.limits import VIID_BACKOFF_FIRST_MS, VIID_BACKOFF_LONGEST_MS, VIID_BATCH
from edge.viid.bodies import Verdict
from edge.viid.codes import StatusCode
from edge.viid.faults import contained


class Item(msgspec.Struct, frozen=True):
    """Something that waits. The same key is told once, unless the answer to it was lost."""

    key: str
    body: bytes


class Queue(Protocol):
    """What waits, durable. Every method raises `UnavailableError` where it is away."""

    def turn(self, receiver: str) -> int:
        """Return a number that is another one once something was put for a receiver."""
        ...

    async def next(self, receiver: str, limit: int) -> list[Item]:
        """Return the oldest items of a receiver."""
        ...

    async def settle(self, receiver: str, keys: Sequence[str]) -> None:
        """Forget items that the receiver has, or never wants."""
        ...

    async def news(self, receiver: str, turn: int) -> None:
        """Return when there may be something for a receiver that was not there at a turn."""
        ...


Deliver = Callable[[Sequence[Item]], Awaitable[Sequence[tuple[str, Verdict]]]]
"""Tells items, or the first of them where they are too much at once; returns what became of each by its key.

Raises `UnavailableError` and the like where nothing can be told now, `InvalidInputError` where all is refused for good.
"""


class SenderState(msgspec.Struct, kw_only=True):
    """How it goes. `up` is None until something was told."""

    receiver: str
    up: bool | None = None
    reason: str = ""
    sent: int = 0
    refused: int = 0
    failures: int = 0
    last_sent_ms: int = 0


class Sender:
    """Run `run`."""

    def __init__(self, queue: Queue, receiver: str, deliver: Deliver, clock: Clock, interval_ms: int = 0) -> None:
        self.state = SenderState(receiver=receiver)
        self._queue = queue
        self._deliver = deliver
        self._clock = clock
        self._interval_ms = interval_ms

    async def run(self) -> None:
        """Tell what waits until cancelled."""
        pause_ms = VIID_BACKOFF_FIRST_MS
        while True:
            try:
                with contained(self.state.receiver):
                    turn = self._queue.turn(self.state.receiver)
                    waiting = await self._queue.next(self.state.receiver, VIID_BATCH)
                    if not waiting:
                        await self._queue.news(self.state.receiver, turn)
                        continue
                    all_settled = await self._tell(waiting)
            except TriuneError as error:
                self.state.up, self.state.reason = False, error.detail
                self.state.failures += 1
                all_settled = False
            if all_settled:
                pause_ms = VIID_BACKOFF_FIRST_MS
                await self._clock.sleep(self._interval_ms)
            else:
                await self._clock.sleep(max(pause_ms, self._interval_ms))
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)

    async def _tell(self, waiting: Sequence[Item]) -> bool:
        """Tell them; say whether the receiver has something of all that it was told now."""
        try:
            told = await self._deliver(waiting)
        except InvalidInputError as error:  # it will say no to these for ever, and to those behind them perhaps not
            told = [(item.key, Verdict(item.key, StatusCode.OTHER, error.detail)) for item in waiting]
        settled = [key for key, verdict in told if verdict.code is not StatusCode.BUSY]
        wrong = [verdict for _, verdict in told if verdict.code not in (StatusCode.OK, StatusCode.BUSY)]
        if settled:
            await self._queue.settle(self.state.receiver, settled)
        self.state.sent += len(settled) - len(wrong)
        self.state.refused += len(wrong)
        if len(wrong) < len(told):
            self.state.last_sent_ms = self._clock.now_ms()
        self.state.up = len(settled) == len(told)
        self.state.reason = wrong[0].told if wrong else "" if self.state.up else "busy"
        return bool(self.state.up)
