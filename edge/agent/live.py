"""Live pictures for the hub: those of the agent's own pull of a camera, which is one however many look."""

from __future__ import annotations

import asyncio

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, UnavailableError
from edge.agent.answering import Reply
from edge.agent.protocol import Errand
from edge.limits import AGENT_LIVE_FRAMES, AGENT_LIVE_LOOK_MS
from streams.camera import Camera
from streams.keeper import CameraKeeper
from streams.packets import Codec, Packet, Subscription

LIVE = "live"
"""The kind of errand. Its messages are `Picture`s; the hub says `ASK_KEY` where it needs a key frame."""
ASK_KEY = b"key"


class Picture(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An access unit as it goes over the link (MessagePack)."""

    codec: Codec
    is_key: bool
    pts_ms: int
    waited_ms: int
    """How long it was at the agent before it went: no clock of the agent's is believed."""
    data: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Picture)


def packet_of(message: bytes, now_ms: int) -> Packet:
    """Return what a message holds, arrived when the agent had it. Raises `InvalidInputError`."""
    try:
        picture = _decoder.decode(message)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InvalidInputError(f"not a picture: {error}") from error
    return Packet(
        picture.data, picture.pts_ms, picture.is_key, now_ms - max(0, picture.waited_ms), picture.codec
    )  # fmt: skip


def message_of(packet: Packet, now_ms: int) -> bytes:
    """Return the message of a packet that goes now."""
    # A still is as old as its stamp says, which is that of the newest picture.
    waited_ms = max(0, now_ms - max(packet.at_ms, packet.pts_ms))
    return _encoder.encode(Picture(packet.codec, packet.is_key, packet.pts_ms, waited_ms, packet.data))


class LivePictures:
    """The errands of kind `live`."""

    def __init__(self, keeper: CameraKeeper, clock: Clock) -> None:
        self.dropped = 0
        """Pictures that the link had no room for."""
        self._keeper = keeper
        self._clock = clock

    async def show(self, errand: Errand, reply: Reply) -> None:
        """Send a camera's pictures until the hub hangs up.

        Where the link carries less than the camera sends it goes on at the newest key frame. Raises `UnavailableError`
        with the camera's own reason where that shows none, `UnknownIdError` where it is not run here.
        """
        camera = self._keeper.camera(errand.camera)
        async with camera.subscribe(AGENT_LIVE_FRAMES) as pictures, asyncio.TaskGroup() as tasks:
            tasks.create_task(_listen(camera, reply), name="live-asked")
            await _pulled(camera)
            try:
                while True:
                    await self._send(await _next(camera, pictures), pictures, reply)
            finally:
                self.dropped += pictures.queue.dropped

    async def _send(self, run: list[Packet], pictures: Subscription, reply: Reply) -> None:
        dropped_before = pictures.queue.dropped
        for n, packet in enumerate(run):
            if pictures.queue.dropped > dropped_before:  # what follows this run is lost, so it is too late itself
                self.dropped += len(run) - n
                break
            await reply.send(message_of(packet, self._clock.now_ms()))


async def _listen(camera: Camera, reply: Reply) -> None:
    async for said in reply:
        if said == ASK_KEY:
            camera.want_key()


async def _pulled(camera: Camera) -> None:
    """Wait until pictures come. Raises `UnavailableError` with the reason and the hop of the camera."""
    try:
        await camera.still()
    except UnavailableError as error:
        reason = str(error.extra.get("reason") or error.detail)
        raise UnavailableError(reason, hop=camera.view().failed_hop) from None


async def _next(camera: Camera, pictures: Subscription) -> list[Packet]:
    """Return what came. Raises `UnavailableError` once the camera is down: it comes back, the hub asks again."""
    while True:
        try:
            async with asyncio.timeout(AGENT_LIVE_LOOK_MS / 1000):
                run = await pictures.take()
        except TimeoutError:
            if camera.status.state == "down":
                raise UnavailableError(camera.status.reason, hop=camera.view().failed_hop) from None
            continue
        if not run:
            raise UnavailableError("the agent was told to leave this camera or to reach it otherwise")
        return run
