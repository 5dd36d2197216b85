"""Who is to be told of which passage and which hit over GA/T 1400: made durable here, and told elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

import msgspec

from command.facts import Recorded
from command.facts.watchlist import PlateHit
from command.hub import Hub
from command.kernel.errors import TriuneError
from command.kernel.limits import CLOCK_SKEW_MS, READINGS_ROWS
from command.passages import passage_of_hit
from command.readings import Readings, Sighting, SightingQuery, place_of
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.library import asker
from consoles.parts.viid.store import ViidStore, receiver_of
from edge.limits import VIID_BACKOFF_FIRST_MS, VIID_BACKOFF_LONGEST_MS, VIID_WAITING
from edge.viid.codes import MOTOR_VEHICLES
from edge.viid.faults import contained
from edge.viid.notices import Notice
from edge.viid.orders import Subscription

log = logging.getLogger(__name__)
_QUEUED = "queued_ms"
_MARK_EVERY_MS = 10_000
_LOOK_BACK_MS = 10 * 60 * 1000
_PUT_AT_ONCE = 500
_FRESH_MS = 5000


class TellCounters(msgspec.Struct):
    """Everything only grows."""

    queued: int = 0
    hits: int = 0
    dropped: int = 0


class Tells:
    """Give `on_passages` to what stores passages, and run `run`. `uppers` are ids of systems told of every passage."""

    def __init__(
        self, hub: Hub, readings: Readings, store: ViidStore, devices: Devices, server_id: str, uppers: Sequence[str]
    ) -> None:
        self.counters = TellCounters()
        self._hub = hub
        self._readings = readings
        self._store = store
        self._devices = devices
        self._server_id = server_id
        self._uppers = uppers
        self._came: deque[Sighting] = deque()
        self._news = asyncio.Event()
        self._asked: Sequence[Subscription] = ()
        self._asked_turn, self._asked_ms = -1, 0

    def on_passages(self, sightings: Sequence[Sighting]) -> None:
        """Take passages that are stored."""
        self._came.extend(sightings)
        while len(self._came) > VIID_WAITING:
            self._came.popleft()
            self.counters.dropped += 1
        self._news.set()

    async def run(self) -> None:
        """Make them wait for whoever is to be told, until cancelled; first those of before a restart."""
        pause_ms, marked_ms, looked_back = VIID_BACKOFF_FIRST_MS, 0, False
        while True:
            try:
                with contained("passages that are to be told"):
                    if not looked_back:
                        await self._look_back()
                        looked_back = True
                    await self._queue()
                    now_ms = self._hub.clock.now_ms()
                    if now_ms - marked_ms >= _MARK_EVERY_MS:
                        await self._store.set_mark(_QUEUED, now_ms)
                        marked_ms = now_ms
            except TriuneError as error:
                log.warning("who is to be told of passages over GA/T 1400 waits: %s", error.detail)
                await self._hub.clock.sleep(pause_ms)
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)
                continue
            pause_ms = VIID_BACKOFF_FIRST_MS
            await self._news.wait()
            self._news.clear()

    async def _look_back(self) -> None:
        """Take up what was stored shortly before the hub ended and may not have been queued; told twice it is one."""
        marked_ms = await self._store.mark(_QUEUED)
        if not marked_ms:
            return
        to_ms = self._hub.clock.now_ms() + CLOCK_SKEW_MS
        query = SightingQuery(from_ms=marked_ms - _LOOK_BACK_MS, to_ms=to_ms, limit=READINGS_ROWS)
        while found := await self._readings.search(self._hub.space, query):
            self.on_passages(found)
            query = msgspec.structs.replace(query, after=place_of(found[-1]))

    async def _queue(self) -> None:
        while self._came:
            some = [self._came[n] for n in range(min(len(self._came), _PUT_AT_ONCE))]
            now_ms = self._hub.clock.now_ms()
            asked = await self._subscriptions(now_ms)
            items: list[tuple[str, str, bytes]] = []
            for sighting in some:
                notice = Notice(sighting)
                receivers = await self._receivers(sighting, asked, now_ms)
                items += [(receiver, notice.key, msgspec.json.encode(notice)) for receiver in receivers]
            await self._store.put(items)
            self.counters.queued += len(items)
            for sighting in some:
                if self._came and self._came[0] is sighting:
                    self._came.popleft()

    async def _subscriptions(self, now_ms: int) -> Sequence[Subscription]:
        """Return those in force, as they were a moment ago where another hub changed them."""
        turn = self._store.orders_changed.count
        if self._asked_turn != turn or now_ms - self._asked_ms >= _FRESH_MS:
            found = await self._store.orders("subscription", Subscription)
            self._asked = [one for one, _, ended in found if not ended]
            self._asked_turn, self._asked_ms = turn, now_ms
        return self._asked

    async def _receivers(self, sighting: Sighting, asked: Sequence[Subscription], now_ms: int) -> list[str]:
        """Return who is to be told; never whoever brought it."""
        device, origin = await self._devices.told_as(sighting.camera)
        if sighting.source != "viid":
            origin = ""
        uppers = [upper_receiver(upper) for upper in self._uppers if upper != origin]
        return uppers + [
            receiver_of("subscription", one.peer, one.id)
            for one in asked
            if one.peer != origin and one.wants(MOTOR_VEHICLES, device, self._server_id, now_ms)
        ]


class HitLink:
    """Follows the record for hits on what other systems asked us to look out for (a `command.links.follow.Link`)."""

    name = "viid"

    def __init__(self, hub: Hub, readings: Readings, store: ViidStore, counters: TellCounters) -> None:
        self._hub = hub
        self._readings = readings
        self._store = store
        self._counters = counters

    async def tell(self, fact: Recorded) -> bool:
        """Let a hit wait for the system whose disposition it is on; say whether the fact was a hit at all."""
        hit = fact.fact
        if not isinstance(hit, PlateHit):
            return False
        asked = await self._store.of_watch(hit.watch)
        watch = await self._hub.read(lambda t: t.watches.get(hit.watch))
        # A hub restored to an earlier moment may have given the id to a watch that is nobody else's business.
        if asked is not None and (watch is None or watch.requested_by == asker(asked.peer)):
            notice = Notice(await self._sighting(hit), hit.hit)
            item = (receiver_of("disposition", asked.peer, asked.id), notice.key, msgspec.json.encode(notice))
            await self._store.put([item])
            self._counters.hits += 1
        return True

    async def _sighting(self, hit: PlateHit) -> Sighting:
        """Return the passage as it was stored, else what the hit itself says of it."""
        found = await passage_of_hit(self._readings, self._hub.space, hit)
        return found or Sighting(
            camera=hit.camera, plate=hit.plate, colour="unknown", first_ms=hit.seen_ms, last_ms=hit.seen_ms, reads=1,
            confidence=hit.confidence, picture=hit.picture or None, heading_deg=hit.heading_deg,
        )  # fmt: skip


def upper_receiver(upper: str) -> str:
    """Return what waits for an upper system is kept under."""
    return f"upper/{upper}"


def is_of(receiver: str, peer: str) -> bool:
    """Say whether what is kept under a receiver waits for that system."""
    kind, whose, *_ = receiver.split("/")
    return whose == peer and kind in ("upper", "subscription", "disposition")
