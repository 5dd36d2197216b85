"""Cameras that publish by WHIP, whichever hub a publisher reached: seen at all, and one publisher for each camera.

The newest counts, over all hubs. Each tells the others at once of a publisher that came, and lets its own go once a
newer one came elsewhere; turns are counted in the shared database and no clock is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.roll import HubPlace
from consoles.parts.agents.live import pictures
from consoles.parts.hubs.part import Hubs
from edge.agent.answering import Handler, Reply
from edge.agent.live import ASK_KEY, LIVE, message_of
from edge.agent.protocol import Errand
from streams.packets import Packet
from streams.sources import GivesKeys, Open, SourceError, scheme_of
from streams.whip import NOBODY, SCHEME, WhipIngest

log = logging.getLogger(__name__)
PUBLISHER_KIND = "whip"
"""What `Places` says of publishers, by their cameras."""
STOP = "whip_stop"
"""The kind of errand: it is asked a `_Stop`, and answered with nothing."""
_LOOK_MS = 1000


class _Stop(msgspec.Struct, frozen=True):
    session: str


class PublishersOfHubs:
    """`camera_at(address)` is the camera at a `whip:` address, empty where there is none; `left(camera)` hears of one
    whose publisher went and came back nowhere."""

    def __init__(
        self, hubs: Hubs, ingest: WhipIngest, camera_at: Callable[[str], str], left: Callable[[str], Awaitable[None]],
        clock: Clock,
    ) -> None:  # fmt: skip
        self._hubs = hubs
        self._ingest = ingest
        self._camera_at = camera_at
        self._left = left
        self._clock = clock
        self._told: dict[str, str] = {}
        """The session of each camera that the others were told of."""
        self._settling = asyncio.Lock()
        hubs.places.tell(PUBLISHER_KIND, ingest.connected)
        hubs.door.register(STOP, self._stop)

    async def settle(self) -> None:
        """Tell the others who publishes here, and let go those whose cameras others publish by now."""
        async with self._settling:
            connected, places = self._ingest.connected(), self._hubs.places
            if not (connected or self._told):
                return
            for camera, session in connected.items():
                if self._told.get(camera) != session and await places.come(PUBLISHER_KIND, camera):
                    self._told[camera] = session
            newest = await places.all_of(PUBLISHER_KIND)
            for camera, session in list(self._told.items()):
                is_elsewhere = camera in newest and newest[camera].place != places.own
                if camera not in connected:
                    del self._told[camera]
                    if not is_elsewhere:
                        await self._left(camera)
                elif is_elsewhere and connected[camera] == session:
                    log.info("camera %s is published at another hub now", camera)
                    await self._ingest.stop(camera, session)

    async def run(self) -> None:
        """Settle it again and again, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_MS)
            try:
                await self.settle()
            except TriuneError as error:
                log.warning("who publishes at other hubs is not known now: %s", error.detail)

    async def stop_elsewhere(self, camera: str, session: str) -> None:
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
