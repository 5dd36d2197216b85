"""What the hubs of one site tell each other at once, over Redis: the journal went on, newest fixes, and passages.

Nothing depends on it but how soon: who missed a message finds the same in the journal and in the readings.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from command.batch import Committed
from command.hub import Hub
from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError
from command.kernel.limits import (
    BUS_BACKOFF_FIRST_MS,
    BUS_BACKOFF_LONGEST_MS,
    BUS_BEAT_MS,
    BUS_FIXES_WAITING,
    BUS_LOST_MS,
    BUS_PASSAGES_WAITING,
    BUS_TICK_MS,
)
from command.kernel.tasks import apart
from command.readings import Position, Sighting

log = logging.getLogger(__name__)
Followed = Callable[[Sequence[Position]], Awaitable[None]]
Passed = Callable[[Sequence[Sighting]], None]


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """One message: who tells it, where its journal stands, and fixes and passages that it stored since the last."""

    hub: str
    seq: int
    fixes: list[Position]
    passages: list[Sighting] = []
    left_out: bool = False
    """Whether it stored passages before that it told nobody of: they are to be looked for."""


_decoder = msgspec.msgpack.Decoder(_Told)


@dataclass
class BusCounters:
    """What `/metrics` shows of the bus."""

    sent: int = 0
    received: int = 0
    not_sent: int = 0
    not_understood: int = 0
    lost: int = 0


class RedisBus:
    """One hub's place on the bus, once it is loaded: hubs of another history are not heard.

    `tell_fixes` what it stored; what it commits is told by itself.
    """

    def __init__(self, url: str, hub: Hub, hub_id: str, clock: Clock, followed: Followed) -> None:
        """Raise `InvalidInputError` for an address that cannot be Redis's."""
        try:
            parse_url(url)
        except ValueError as error:
            raise InvalidInputError(f"the address of the bus is not redis://host:port: {error}") from None
        self.up = False
        self.missed = False
        """Whether some hub stored passages that it told nobody of. Whoever looks for them sets it back first."""
        self.counters = BusCounters()
        self._url = url
        self._hub = hub
        self._hub_id = hub_id
        self._clock = clock
        self._followed = followed
        # A Redis is shared more easily than a database, and knows no databases where messages are concerned.
        self._channel = f"triune:{hub.history}:{hub.space}"
        self._fixes: dict[str, Position] = {}
        self._passages: deque[Sighting] = deque(maxlen=BUS_PASSAGES_WAITING)
        self._passed: Passed | None = None
        self._left_out = False
        self._something = asyncio.Event()
        self._heard_ms = 0
        self._others_ms: dict[str, int] = {}
        """When each other hub was heard last."""
        hub.on_commit(self._on_commit)

    def _on_commit(self, _committed: Sequence[Committed]) -> None:
        self._something.set()

    def hears(self, others: int) -> bool:
        """Say whether so many other hubs are heard: another Redis, or one that was split, answers this hub as well."""
        since_ms = self._clock.now_ms() - BUS_LOST_MS
        self._others_ms = {hub: heard_ms for hub, heard_ms in self._others_ms.items() if heard_ms >= since_ms}
        return self.up and len(self._others_ms) >= others

    def tell_fixes(self, fixes: Sequence[Position]) -> None:
        """Tell of fixes with the next tick, the newest of each device; dropped while the bus is down."""
        if not self.up:
            self.counters.not_sent += len(fixes)
            return
        for fix in fixes:
            known = self._fixes.get(fix.device)
            if known is None or known.at_ms < fix.at_ms:
                self._fixes[fix.device] = fix
        while len(self._fixes) > BUS_FIXES_WAITING:
            self.counters.not_sent += 1
            del self._fixes[next(iter(self._fixes))]
        self._something.set()

    def hear_passages(self, passed: Passed) -> None:
        """Call `passed` with passages that other hubs stored."""
        self._passed = passed

    def tell_passages(self, passages: Sequence[Sighting]) -> None:
        """Tell of passages with the next tick; dropped while the bus is down, and the oldest where too many wait."""
        if not self.up:
            self.counters.not_sent += len(passages)
            return
        if (too_many := len(self._passages) + len(passages) - BUS_PASSAGES_WAITING) > 0:
            self.counters.not_sent += too_many
            self._left_out = True
        self._passages.extend(passages)
        self._something.set()

    async def run(self) -> None:
        """Keep to the bus until cancelled; while it is away, try again ever more slowly."""
        pause_ms, told = BUS_BACKOFF_FIRST_MS, ""
        while True:
            try:
                await apart(self._attend())
            except* (RedisError, OSError, TimeoutError) as group:
                if self.up:
                    self.counters.lost += 1
                    pause_ms, told = BUS_BACKOFF_FIRST_MS, ""
                if (why := str(group.exceptions[0])) != told:  # once: it is tried for as long as it is away
                    log.warning("the bus is away, other hubs are heard of later: %s", why)
                    told = why
            finally:
                self.up = False
                self._fixes.clear()
                self._passages.clear()
            await self._clock.sleep(pause_ms)
            pause_ms = min(pause_ms * 2, BUS_BACKOFF_LONGEST_MS)

    async def _attend(self) -> None:
        wait_s = BUS_LOST_MS / 1000
        async with (
            # Its own time limit is `asyncio.wait_for`, which before Python 3.12 may swallow that its task is cancelled
            # (CPython issue 86296): the hub would never end. Each write has ours instead.
            Redis.from_url(self._url, socket_connect_timeout=wait_s, socket_timeout=None) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as heard,
        ):
            async with asyncio.timeout(wait_s):
                await heard.subscribe(self._channel)
            self._heard_ms = self._clock.now_ms()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(heard), name="bus-listen")
                tasks.create_task(self._tell(redis), name="bus-tell")
                tasks.create_task(self._beat(), name="bus-beat")

    async def _beat(self) -> None:
        """Say something from time to time: who does not hear even itself has lost the bus, whatever the socket says."""
        while True:
            self._something.set()
            await self._clock.sleep(BUS_BEAT_MS)
            if self._clock.now_ms() - self._heard_ms > BUS_LOST_MS:
                raise TimeoutError(f"nothing was heard for {BUS_LOST_MS} ms")

    async def _tell(self, redis: Redis) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            fixes, self._fixes = list(self._fixes.values()), {}
            passages = list(self._passages)
            self._passages.clear()
            left_out, self._left_out = self._left_out, False
            told = _Told(self._hub_id, self._hub.committed_seq, fixes, passages, left_out)
            async with asyncio.timeout(BUS_LOST_MS / 1000):
                await redis.publish(self._channel, msgspec.msgpack.encode(told))
            self.counters.sent += 1
            await self._clock.sleep(BUS_TICK_MS)

    async def _listen(self, heard: PubSub) -> None:
        while True:
            message = await heard.get_message(timeout=BUS_LOST_MS / 1000)
            if message is None:
                continue
            try:
                told = _decoder.decode(message["data"])
            except (msgspec.MsgspecError, TypeError):
                self.counters.not_understood += 1
                continue
            self._heard_ms = self._clock.now_ms()
            if not self.up:
                # From here on what this hub stores is told. What it and others stored before is not.
                self.up = self.missed = self._left_out = True
                self._something.set()
            if told.hub != self._hub_id:
                self.counters.received += 1
                self._others_ms[told.hub] = self._heard_ms
                await self._take(told)

    async def _take(self, told: _Told) -> None:
        if told.seq > self._hub.committed_seq:
            self._hub.look(told.seq)
        self.missed = self.missed or told.left_out
        if told.passages and self._passed is not None:
            self._passed(told.passages)
        if told.fixes:
            try:
                await self._followed(told.fixes)
            except TriuneError as error:
                log.warning("fixes of another hub wait for the next look: %s", error.detail)
