"""One camera as a lifecycle: connect, stream, come back by itself for ever, and fan its packets out."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

import msgspec
from prometheus_client import Counter

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.limits import (
    CAMERA_QUEUE_FRAMES,
    CAMERA_RETRY_FIRST_MS,
    CAMERA_RETRY_LONGEST_MS,
    CAMERA_STEADY_MS,
)
from streams.keyframes import Picture, PictureDecoder, jpeg
from streams.packets import Packet, Subscription
from streams.sources import SourceError, Sources

_log = logging.getLogger(__name__)
_failures = Counter("triune_camera_failures", "Times that a camera's stream could not be opened or ended")
_dropped = Counter("triune_camera_dropped_packets", "Packets that slow readers of camera streams did not get")

# A step of a stream's time stamps larger than this is a new scale, not a gap.
_JUMP_MS = 10_000


class CameraSpec(msgspec.Struct, frozen=True):
    """An enrolled camera. The address may hold credentials, so it is never logged and never leaves the hub."""

    id: str
    url: str
    reads_plates: bool = False

    def __repr__(self) -> str:
        return f"CameraSpec({self.id!r})"


class CameraStatus(msgspec.Struct, frozen=True):
    """What is so with a camera now."""

    state: Literal["connecting", "up", "down"]
    since_ms: int
    reason: str = ""
    retry_at_ms: int | None = None


OnStatus = Callable[[str, CameraStatus], Awaitable[None]]
OnKeyframe = Callable[[str, Picture, int], Awaitable[None]]


class Camera:
    """Owned by the task that runs `run`; everything else may be asked from the event loop at any time.

    `on_status(camera_id, status)` hears every change. `on_keyframe(camera_id, picture, at_ms)` gets the newest key
    frame decoded, and every frame while `set_busy` holds; a consumer that falls behind misses frames.
    """

    def __init__(
        self,
        spec: CameraSpec,
        clock: Clock,
        on_status: OnStatus,
        *,
        sources: Sources,
        connecting: asyncio.Semaphore,
        on_keyframe: OnKeyframe | None = None,
    ) -> None:
        self.spec = spec
        self._clock = clock
        self._on_status = on_status
        self._on_keyframe = on_keyframe if spec.reads_plates else None
        self._sources = sources
        self._connecting = connecting
        self._status = CameraStatus("connecting", clock.now_ms())
        self._subscriptions: set[Subscription] = set()
        self._newest_key: Packet | None = None
        self._newest: Packet | None = None
        self._busy_until_ms = 0
        self._snapshot: tuple[Packet, bytes] | None = None
        self._snapshot_lock = asyncio.Lock()

    @property
    def id(self) -> str:
        """The enrolled camera's id."""
        return self.spec.id

    @property
    def status(self) -> CameraStatus:
        """The present state."""
        return self._status

    async def run(self) -> None:
        """Keep the camera streaming until cancelled; readers then see the end of their subscriptions."""
        await self._report(self._status)
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._on_keyframe is not None:
                    tasks.create_task(self._feed(self._on_keyframe))
                await self._stay_connected()
        finally:
            for subscription in self._subscriptions:
                subscription.close()

    @asynccontextmanager
    async def subscribe(self, limit: int = CAMERA_QUEUE_FRAMES) -> AsyncIterator[Subscription]:
        """Read the stream from now on. While it is up, the newest key frame is there at once.

        A reader that lets more than `limit` packets pile up goes on at the next key frame. Time stamps go on over
        reconnections, on the scale of UTC milliseconds at the first packet.
        """
        subscription = Subscription(limit)
        if (still := self.newest_still()) is not None:
            subscription.put_still(still)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            _dropped.inc(subscription.queue.dropped)

    def newest_still(self) -> Packet | None:
        """Return the newest key frame, dated as the newest packet so that a late joiner's picture is not late."""
        if self._status.state != "up" or self._newest_key is None or self._newest is None:
            return None
        return msgspec.structs.replace(self._newest_key, pts_ms=self._newest.pts_ms)

    def set_busy(self, until_ms: int) -> None:
        """Decode every frame for the key-frame consumer until then, because something worth reading is in sight."""
        self._busy_until_ms = max(self._busy_until_ms, until_ms)

    async def snapshot(self) -> bytes:
        """Return the newest key frame as JPEG.

        Raises `UnavailableError` while the camera is not up: an old picture must not pass for a new one.
        """
        async with self._snapshot_lock:
            key = self._newest_key
            if key is None or self._status.state != "up":
                raise UnavailableError(f"camera {self.spec.id} is {self._status.state}", reason=self._status.reason)
            if self._snapshot is None or self._snapshot[0] is not key:
                encoded = await asyncio.to_thread(jpeg, key)
                if encoded is None:
                    raise UnavailableError(f"the picture of camera {self.spec.id} does not decode")
                self._snapshot = (key, encoded)
            return self._snapshot[1]

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            came_up_ms, reason = await self._stream_once()
            _failures.inc()
            now_ms = self._clock.now_ms()
            steady = came_up_ms is not None and now_ms - came_up_ms >= CAMERA_STEADY_MS
            failures = 1 if steady else failures + 1
            retry_at_ms = now_ms + _retry_ms(failures)
            since_ms = self._status.since_ms if self._status.state == "down" else now_ms
            await self._report(CameraStatus("down", since_ms, reason, retry_at_ms))
            await self._clock.sleep_until(retry_at_ms)

    async def _stream_once(self) -> tuple[int | None, str]:
        """Stream until it ends. Return when it came up, if it did, and why it ended."""
        came_up_ms = None
        try:
            async with AsyncExitStack() as connection:
                async with self._connecting:
                    source = await connection.enter_async_context(self._sources.open(self.spec.url, self._clock))
                    packet = await anext(source)
                came_up_ms = packet.at_ms
                offset_ms = self._next_offset_ms(packet)
                self._publish(packet, offset_ms)
                await self._report(CameraStatus("up", came_up_ms))
                async for packet in source:
                    if self._newest and abs(packet.pts_ms + offset_ms - self._newest.pts_ms) > _JUMP_MS:
                        offset_ms = self._next_offset_ms(packet)
                    self._publish(packet, offset_ms)
        except SourceError as error:
            return came_up_ms, error.reason
        except Exception as error:  # noqa: BLE001 - our own fault in one camera must neither end it nor the others
            # Only the kind: texts of library errors may hold the address with its password.
            _log.error("camera %s: %s", self.spec.id, type(error).__name__)
            return came_up_ms, f"internal error: {type(error).__name__}"
        raise AssertionError("a source only ends with SourceError")

    def _next_offset_ms(self, packet: Packet) -> int:
        """Return what turns the source's scale into ours: UTC, and never back."""
        after_ms = self._newest.pts_ms + 1 if self._newest else 0
        return max(packet.at_ms, after_ms) - packet.pts_ms

    def _publish(self, packet: Packet, offset_ms: int) -> None:
        packet = msgspec.structs.replace(packet, pts_ms=packet.pts_ms + offset_ms)
        self._newest = packet
        if packet.is_key:
            self._newest_key = packet
        for subscription in self._subscriptions:
            subscription.put(packet)

    async def _report(self, status: CameraStatus) -> None:
        self._status = status
        try:
            await self._on_status(self.spec.id, status)
        except Exception:  # noqa: BLE001 - whoever listens, the camera goes on
            _log.exception("camera %s: its status %s was not taken", self.spec.id, status.state)

    async def _feed(self, consumer: OnKeyframe) -> None:
        decoder = PictureDecoder()
        follows = False  # whether the decoder has seen every packet since a key frame
        async with self.subscribe() as subscription:
            while packets := await subscription.take():
                # Newest wins: what came before the last key frame is history by now.
                last_key = max((i for i, packet in enumerate(packets) if packet.is_key), default=0)
                for packet in packets[last_key:]:
                    busy = self._clock.now_ms() < self._busy_until_ms
                    if not packet.is_key and not (follows and busy):
                        follows = False
                        continue
                    await self._feed_one(consumer, decoder, packet, alone=not busy)
                    follows = busy

    async def _feed_one(self, consumer: OnKeyframe, decoder: PictureDecoder, packet: Packet, *, alone: bool) -> None:
        try:
            picture = await asyncio.to_thread(decoder.decode, packet, alone=alone)
            if picture is not None:
                await consumer(self.spec.id, picture, packet.at_ms)
        except Exception:  # noqa: BLE001 - whoever looks at the pictures, the camera goes on
            _log.exception("camera %s: a picture was not taken", self.spec.id)


def _retry_ms(failures: int) -> int:
    """Double the delay with each failure; the jitter keeps cameras that failed together from returning together."""
    longest_ms = min(CAMERA_RETRY_LONGEST_MS, CAMERA_RETRY_FIRST_MS << min(failures - 1, 16))
    return longest_ms // 2 + secrets.randbelow(longest_ms // 2 + 1)
