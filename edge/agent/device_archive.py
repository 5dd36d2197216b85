"""What GB/T 28181 devices have recorded themselves, for hubs that they are not registered at: listed, and played."""

from __future__ import annotations

import asyncio

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError, UnknownIdError
from edge.agent.answering import Registers, Reply
from edge.agent.live import message_of
from edge.agent.protocol import Errand
from edge.gb28181.archive import Archive, Playback
from edge.gb28181.invite import InviteError
from edge.gb28181.media import PlaybackEndedError
from edge.gb28181.pilot import where
from streams.sources import SourceError

DEVICE_LIST, DEVICE_PLAYBACK = "device_recordings", "device_playback"
"""Kinds of errands, asked `Wanted`. The first is answered with a `RecordedList`; the second with pictures, as errands
of kind `live` are but each after `PICTURE`, and each `Order` of the asker with a `Done` after `DONE`."""
PICTURE, DONE = b"p", b"d"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A time of a channel, by its address."""

    address: str
    from_ms: int
    to_ms: int


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another speed, or to hold or go on."""

    number: int
    speed: float | None = None
    hold: bool | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it plays now, or why the device does not agree; `ended` once all of it was shown."""

    number: int = 0
    speed: float = 1.0
    held: bool = False
    refused: str = ""
    ended: bool = False


_wanted = msgspec.json.Decoder(Wanted)
_order = msgspec.json.Decoder(Order)


class DeviceArchiveErrands:
    """Does them; `register` says so."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def register(self, errands: Registers) -> None:
        """Take errands of both kinds."""
        errands.register(DEVICE_LIST, self.list)
        errands.register(DEVICE_PLAYBACK, self.play)

    async def list(self, errand: Errand, reply: Reply) -> None:
        """Tell what a device has of a time."""
        wanted = _wanted.decode(errand.body)
        channel = where(wanted.address)
        if channel is None:
            raise UnknownIdError("no channel of GB/T 28181 has such an address")
        found = await self._archive.recorded(channel, wanted.from_ms, wanted.to_ms)
        await reply.send(msgspec.json.encode(found))

    async def play(self, errand: Errand, reply: Reply) -> None:
        """Play until the end of the recording, or until the asker hangs up."""
        wanted = _wanted.decode(errand.body)
        channel = where(wanted.address)
        if channel is None:
            raise UnknownIdError("no channel of GB/T 28181 has such an address")
        try:
            with self._archive.place(channel):
                async with (
                    self._archive.play(wanted.address, wanted.from_ms, wanted.to_ms) as playback,
                    asyncio.TaskGroup() as tasks,
                ):
                    hearing = tasks.create_task(_hear(playback, reply), name="device-playback-orders")
                    await self._show(playback, reply)
                    hearing.cancel()
        except SourceError as error:
            raise UnavailableError(error.reason, hop=error.hop) from None

    async def _show(self, playback: Playback, reply: Reply) -> None:
        try:
            async for packet in playback:
                await reply.send(PICTURE + message_of(packet, self._clock.now_ms()))
        except PlaybackEndedError:
            await _say(reply, Done(ended=True))
        except SourceError as error:  # not left to `play`, to which it would come in a group
            raise UnavailableError(error.reason, hop=error.hop) from None


async def _hear(playback: Playback, reply: Reply) -> None:
    async for said in reply:
        order = _order.decode(said)
        refused = ""
        try:
            if order.speed is not None:
                await playback.at_speed(order.speed)
            if order.hold is not None:
                await (playback.hold if order.hold else playback.go_on)()
        except InviteError as error:
            refused = error.reason
        done = Done(number=order.number, speed=playback.speed, held=playback.is_held, refused=refused)
        await _say(reply, done)


async def _say(reply: Reply, done: Done) -> None:
    await reply.send(DONE + msgspec.json.encode(done))
