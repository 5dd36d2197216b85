"""Cameras that publish by WHIP, whichever hub a publisher reached: seen at all, and one publisher for each camera.

The newest has the camera, over all hubs. Whoever has just connected claims a turn in the shared database, then has the
hubs with older ones let these go, and only then are its pictures the camera's. A hub that could not be told finds out
by itself: each looks at the turns every second. Who comes while the database is away is taken, and claims a turn once
it is back. No clock is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from command.kernel.clock import Clock
from command.kernel.errors import ConflictError, TriuneError, UnavailableError, UnknownIdError
from command.roll import HubPlace
from consoles.limits import PEER_HELLO_MS
from consoles.parts.agents.live import go_by, pictures
from consoles.parts.hubs.part import Hubs
from edge.agent.answering import Handler, Reply
from edge.agent.live import ASK_KEY, LIVE, message_of
from edge.agent.looking import DIAGNOSIS
from edge.agent.protocol import Errand
from streams.diagnosis import Hops, Way
from streams.packets import Packet
from streams.sources import GivesKeys, Open, SourceError, scheme_of
from streams.whip import SCHEME, WhipIngest
from streams.whip_way import HOP, NOBODY

log = logging.getLogger(__name__)
PUBLISHER_KIND = "whip"
"""What `Places` says of publishers, by their cameras."""
STOP = "whip_stop"
"""The kind of errand: it is asked a `_Stop`, and answered with nothing."""
NEWER = "whip_newer"
"""The kind of errand: it is asked a `_Newer`, and answered with nothing; refused where an even newer one is known."""
_LOOK_MS = 1000


class _Stop(msgspec.Struct, frozen=True):
    session: str


class _Newer(msgspec.Struct, frozen=True):
    turn: int


@dataclass
class _Own:
    """Who publishes a camera here."""

    session: str
    turn: int = 0
    """0 while none was claimed."""
    is_taking: bool = True


class PublishersOfHubs:
    """`camera_at(address)` is the camera at a `whip:` address, empty where there is none; `left(camera)` hears of one
    whose publisher went and came back nowhere, again until it says that this is settled. Is `streams.whip.Others` to
    the ingest."""

    def __init__(
        self, hubs: Hubs, ingest: WhipIngest, camera_at: Callable[[str], str], left: Callable[[str], Awaitable[bool]],
        clock: Clock,
    ) -> None:  # fmt: skip
        self._hubs = hubs
        self._ingest = ingest
        self._camera_at = camera_at
        self._left = left
        self._clock = clock
        self._own: dict[str, _Own] = {}
        self._newest: dict[str, int] = {}
        """The newest turn of each camera that was heard of."""
        ingest.others = self
        hubs.places.tell(PUBLISHER_KIND, self._here)
        hubs.door.register(STOP, self._stop)
        hubs.door.register(NEWER, self._let_go)

    def _here(self) -> list[str]:
        return [camera for camera, own in self._own.items() if self._ingest.holds(own.session)]

    async def take(self, camera: str, session: str) -> None:
        """Have a camera: who published it elsewhere has ended. Raises `ConflictError` where a newer one came."""
        own = self._own[camera] = _Own(session)
        try:
            await self._take(camera, own)
        except UnavailableError as error:
            log.warning("camera %s is published, which other hubs hear later: %s", camera, error.detail)
        finally:
            own.is_taking = False

    async def _take(self, camera: str, own: _Own) -> None:
        places = self._hubs.places
        turn = await places.claim(PUBLISHER_KIND, camera)
        others = [place for place in await places.at(PUBLISHER_KIND, camera) if place != places.own]
        if turn < self._newest.get(camera, 0):
            raise ConflictError("a newer one came at another hub")
        own.turn = self._newest[camera] = turn
        if not all(await asyncio.gather(*(self._tell(place, camera, turn) for place in others))):
            raise ConflictError("a newer one came at another hub")

    async def _tell(self, place: HubPlace, camera: str, turn: int) -> bool:
        """Have another hub let go who publishes there; say whether it was so, or cannot be known now."""
        try:
            async with (
                asyncio.timeout(PEER_HELLO_MS / 1000),
                self._hubs.peers.open(place, NEWER, camera, _Newer(turn)) as reply,
            ):
                async for _ in reply:
                    pass
        except ConflictError:
            return False
        except (TriuneError, TimeoutError) as error:
            log.warning("hub %s finds out later who publishes camera %s: %s", place.url, camera, type(error).__name__)
        return True

    async def _let_go(self, errand: Errand, _reply: Reply) -> None:
        camera, turn = errand.camera, msgspec.json.decode(errand.body, type=_Newer).turn
        if turn < self._newest.get(camera, 0):
            raise ConflictError("an even newer one is known here")
        self._newest[camera] = turn
        own = self._own.get(camera)
        if own is not None and own.turn < turn and (own.turn or not own.is_taking):
            await self._end(camera, own)

    async def _end(self, camera: str, own: _Own) -> None:
        if self._ingest.holds(own.session):
            log.info("camera %s is published at another hub now", camera)
            await self._ingest.stop(camera, own.session)

    async def settle(self) -> None:
        """Look at the turns: let go who has an older one, claim for whom none could be claimed, forget who has left."""
        if not (self._own or self._newest):
            return
        standing = await self._hubs.places.turns(PUBLISHER_KIND)
        self._newest = {camera: turn for camera, turn in self._newest.items() if camera in {*standing, *self._own}}
        for camera, own in list(self._own.items()):
            if self._own.get(camera) is not own:
                continue  # while another one was seen to, somebody newer came
            there = standing.get(camera)
            is_elsewhere = there is not None and there.state.place != self._hubs.places.own
            if not self._ingest.holds(own.session):
                if (is_elsewhere or await self._left(camera)) and self._own.get(camera) is own:
                    del self._own[camera]
            elif not (own.turn or own.is_taking):
                await self._take_late(camera, own)
            elif there and is_elsewhere and 0 < own.turn < there.turn:
                await self._end(camera, own)

    async def _take_late(self, camera: str, own: _Own) -> None:
        try:
            await self._take(camera, own)
        except ConflictError:
            await self._end(camera, own)

    async def run(self) -> None:
        """Settle it again and again, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_MS)
            try:
                await self.settle()
            except TriuneError as error:
                log.warning("who publishes at other hubs is not known now: %s", error.detail)

    async def stop(self, camera: str, session: str) -> None:
        """End a session at the hub where the camera publishes. Raises `UnknownIdError`, or `UnavailableError`."""
        place = await self._elsewhere(camera)
        if place is None:
            raise UnknownIdError("no such publishing session")
        async with self._hubs.peers.open(place, STOP, camera, _Stop(session)) as reply:
            async for _ in reply:
                pass

    async def _stop(self, errand: Errand, _reply: Reply) -> None:
        await self._ingest.stop(errand.camera, msgspec.json.decode(errand.body, type=_Stop).session)

    async def _elsewhere(self, camera: str) -> HubPlace | None:
        state = (await self._hubs.places.all_of(PUBLISHER_KIND)).get(camera)
        return None if state is None or state.is_away or state.place == self._hubs.places.own else state.place

    def source(self) -> Open:
        """Return what opens `whip:` addresses, for `Sources.register`."""

        @asynccontextmanager
        async def opened(address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
            place, camera = None, self._camera_at(address)
            if camera and not self._ingest.has(address):
                try:
                    place = await self._elsewhere(camera)
                except TriuneError as error:
                    raise SourceError(error.detail) from None
            if place is None:
                async with self._ingest.open(address, clock) as packets:
                    yield packets
            else:
                chosen = place
                async with pictures(lambda: self._hubs.peers.open(chosen, LIVE, camera), clock) as packets:
                    yield packets

        return opened

    def way(self) -> Way:
        """Return how such cameras are gone to, for `Ways.register`: the hub that has the publisher goes, and tells."""
        here = self._ingest.way

        async def go(address: str, clock: Clock, hops: Hops) -> None:
            place, camera = None, self._camera_at(address)
            if camera and not self._ingest.has(address):
                try:
                    place = await self._elsewhere(camera)
                except TriuneError as error:
                    hops.fail(HOP, error.detail)
            if place is None:
                await here.go(address, clock, hops)
            else:
                chosen = place
                await go_by(lambda: self._hubs.peers.open(chosen, DIAGNOSIS, camera), hops)

        return replace(here, go=go)

    def serving(self, others: Handler, address_of: Callable[[str], str]) -> Handler:
        """Return what shows cameras to other hubs: `others` does, but for those that publish.

        These are shown as they come from the publisher, and until it goes: what this hub itself would fetch from
        another one then is no answer to that one.
        """

        async def show(errand: Errand, reply: Reply) -> None:
            address = address_of(errand.camera)
            if scheme_of(address) != SCHEME:
                await others(errand, reply)
                return
            if not self._ingest.has(address):
                raise UnavailableError(NOBODY, hop="packets")
            try:
                async with self._ingest.open(address, self._clock) as packets, asyncio.TaskGroup() as tasks:
                    tasks.create_task(_ask_keys(packets, reply), name="published-asked")
                    async for packet in packets:
                        await reply.send(message_of(packet, self._clock.now_ms()))
            except* SourceError as group:
                error = group.exceptions[0]
                assert isinstance(error, SourceError)
                raise UnavailableError(error.reason, hop=error.hop) from None

        return show


async def _ask_keys(packets: AsyncIterator[Packet], reply: Reply) -> None:
    async for said in reply:
        if said == ASK_KEY and isinstance(packets, GivesKeys):
            await packets.ask_key()
