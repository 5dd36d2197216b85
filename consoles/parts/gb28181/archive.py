"""What devices at other hubs have recorded themselves, asked for there; offered as those at this hub are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from command.roll import HubPlace
from consoles.http.device_recordings import Played
from consoles.limits import AGENT_RECORDINGS_MS
from consoles.parts.gb28181.of_hubs import DevicesOfHubs
from consoles.parts.hubs.replies import Reply
from edge.agent.device_archive import DEVICE_LIST, DEVICE_PLAYBACK, DONE, Done, Order, Wanted
from edge.agent.live import packet_of
from edge.gb28181.archive import Archive, RecordedList
from edge.gb28181.invite import InviteError
from edge.gb28181.media import PlaybackEndedError
from edge.gb28181.pilot import Where, where
from edge.limits import GB28181_HELD_MS, GB28181_PLAYBACKS
from streams.packets import Packet
from streams.sources import SourceError


class ArchiveOfHubs:
    """The recordings of devices wherever they are registered; `here` are those at this hub."""

    def __init__(self, devices: DevicesOfHubs, here: Archive | None, clock: Clock) -> None:
        self._devices = devices
        self._here = here
        self._clock = clock

    async def recorded(self, channel: Where, from_ms: int, to_ms: int) -> RecordedList:
        """Return what there is of a channel, as `Archive.recorded`."""
        place = await self._devices.elsewhere(channel)
        if place is None:
            return await self._own(channel).recorded(channel, from_ms, to_ms)
        wanted = Wanted(address=f"gb28181://{channel.device}/{channel.channel}", from_ms=from_ms, to_ms=to_ms)
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000), self._ask(place, DEVICE_LIST, wanted) as reply:
                return msgspec.json.decode(await anext(reply), type=RecordedList)
        except (TimeoutError, StopAsyncIteration, msgspec.MsgspecError):
            raise UnavailableError(f"hub {place.url} does not say what the device has recorded") from None

    def place(self, channel: Where) -> AbstractContextManager[None]:
        """Take a place for a playback; the hub that a device is at counts those of it."""
        return self._here.place(channel) if self._here is not None else _free()

    @asynccontextmanager
    async def play(self, address: str, from_ms: int, to_ms: int) -> AsyncIterator[Played]:
        """Play a camera's recording, as `Archive.play`."""
        channel = where(address)
        assert channel is not None, "whoever plays has looked"
        try:
            place = await self._devices.elsewhere(channel)
        except TriuneError as error:
            raise SourceError(error.detail) from None
        if place is None:
            async with self._own(channel).play(address, from_ms, to_ms) as own:
                yield own
            return
        wanted = Wanted(address=address, from_ms=from_ms, to_ms=to_ms)
        try:
            async with self._ask(place, DEVICE_PLAYBACK, wanted) as reply:
                yield FarPlayback(reply, self._clock)
        except UnavailableError as error:
            raise SourceError(error.detail) from None

    def _ask(self, place: HubPlace, kind: str, wanted: Wanted) -> AbstractAsyncContextManager[Reply]:
        return self._devices.ask(place, kind, "", wanted)

    def _own(self, channel: Where) -> Archive:
        if self._here is None:
            raise UnavailableError(f"GB/T 28181 device {channel.device} is registered at no hub")
        return self._here


@contextmanager
def _free() -> Iterator[None]:
    yield


class FarPlayback:
    """As `edge.gb28181.archive.Playback`, of a device at another hub. Whoever reads the pictures hears the answers."""

    def __init__(self, reply: Reply, clock: Clock) -> None:
        self.speed = 1.0
        self.is_held = False
        self._reply = reply
        self._clock = clock
        self._number = 0
        self._answers: dict[int, asyncio.Future[Done]] = {}

    def __aiter__(self) -> AsyncIterator[Packet]:
        return self

    async def __anext__(self) -> Packet:
        """Return the next picture."""
        while True:
            try:
                async with asyncio.timeout(GB28181_HELD_MS / 1000):
                    message = await anext(self._reply)
            except TimeoutError:
                raise SourceError(f"nothing came from {self._reply.who}") from None
            except StopAsyncIteration:
                raise SourceError(f"{self._reply.who} ended the recording") from None
            except TriuneError as error:
                raise SourceError(error.detail) from None
            if message[:1] != DONE:
                return packet_of(message[1:], self._clock.now_ms())
            done = msgspec.json.decode(message[1:], type=Done)
            if done.ended:
                raise PlaybackEndedError("the recording ended")
            waiting = self._answers.pop(done.number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(done)

    async def at_speed(self, times: float) -> None:
        """Play at another speed. Raises `InviteError` where the device refuses."""
        await self._order(speed=times)

    async def hold(self) -> None:
        """Stand still. Raises `InviteError`."""
        await self._order(hold=True)

    async def go_on(self) -> None:
        """Play on. Raises `InviteError`."""
        await self._order(hold=False)

    async def _order(self, *, speed: float | None = None, hold: bool | None = None) -> None:
        if len(self._answers) >= GB28181_PLAYBACKS:
            raise InviteError("the device has not answered yet")
        self._number += 1
        order = Order(number=self._number, speed=speed, hold=hold)
        waiting = self._answers[order.number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000):
                await self._reply.send(msgspec.json.encode(order))
                done = await waiting
        except (TimeoutError, TriuneError):
            raise InviteError("the device does not answer") from None
        finally:
            self._answers.pop(order.number, None)
        if done.refused:
            raise InviteError(done.refused)
        self.speed, self.is_held = done.speed, done.held
