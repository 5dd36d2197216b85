"""What devices have recorded themselves: behind an edge agent asked for there, all others where they are registered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from consoles.http.device_recordings import Played
from consoles.limits import DEVICE_LIST_MS
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import Agents, in_charge
from consoles.parts.gb28181.archive import FarPlayback
from edge.agent.device_archive import DEVICE_LIST, DEVICE_PLAYBACK, Wanted
from edge.gb28181.archive import RecordedList
from edge.gb28181.pilot import Where, where
from streams.sources import SourceError


class Registered(Protocol):
    """The recordings of devices that are registered at hubs, as `edge.gb28181.archive.Archive`."""

    async def recorded(self, channel: Where, from_ms: int, to_ms: int) -> RecordedList:
        """Return what there is of a channel between two instants."""
        ...

    def place(self, channel: Where) -> AbstractContextManager[None]:
        """Take one of the places for playbacks for the block."""
        ...

    def play(self, address: str, from_ms: int, to_ms: int) -> AbstractAsyncContextManager[Played]:
        """Play a camera's recording for the block."""
        ...


class DeviceArchives:
    """A `consoles.http.device_recordings.DeviceArchive`; `own` are devices at hubs, None where none can come."""

    def __init__(self, own: Registered | None, agents: Agents, errands: Errands, clock: Clock) -> None:
        self._own = own
        self._agents = agents
        self._errands = errands
        self._clock = clock

    def offers(self, address: str) -> bool:
        """Say whether the device of a camera can be asked for what it has recorded."""
        if (place := in_charge(address)) is not None:
            return where(place[1]) is not None
        return self._own is not None and where(address) is not None

    async def recorded(self, address: str, from_ms: int, to_ms: int) -> RecordedList:
        """Return what there is of a camera, as `Archive.recorded`."""
        place = in_charge(address)
        if place is None:
            return await self._registered().recorded(_channel(address), from_ms, to_ms)
        agent, wanted = place[0], Wanted(address=place[1], from_ms=from_ms, to_ms=to_ms)
        try:
            async with (
                asyncio.timeout(DEVICE_LIST_MS / 1000),
                self._errands.open(DEVICE_LIST, self._agents.camera_at(address), wanted) as reply,
            ):
                return msgspec.json.decode(await anext(reply), type=RecordedList)
        except (TimeoutError, StopAsyncIteration, msgspec.MsgspecError):
            raise UnavailableError(f"edge agent {agent} does not say what the device has recorded") from None

    def place(self, address: str) -> AbstractContextManager[None]:
        """Take a place for a playback; an agent counts those of its devices itself."""
        return nullcontext() if in_charge(address) else self._registered().place(_channel(address))

    @asynccontextmanager
    async def play(self, address: str, from_ms: int, to_ms: int) -> AsyncIterator[Played]:
        """Play a camera's recording, as `Archive.play`."""
        place = in_charge(address)
        if place is None:
            async with self._registered().play(address, from_ms, to_ms) as own:
                yield own
            return
        wanted = Wanted(address=place[1], from_ms=from_ms, to_ms=to_ms)
        try:
            async with self._errands.open(DEVICE_PLAYBACK, self._agents.camera_at(address), wanted) as reply:
                yield FarPlayback(reply, self._clock)
        except TriuneError as error:
            raise SourceError(error.detail) from None

    def _registered(self) -> Registered:
        if self._own is None:
            raise UnknownIdError("no GB/T 28181 device is listened to here")
        return self._own


def _channel(address: str) -> Where:
    channel = where(address)
    if channel is None:
        raise UnknownIdError("the device of this camera is not asked for its recordings")
    return channel
