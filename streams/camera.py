"""One camera as a lifecycle: pulled while somebody needs it, back by itself for ever, its packets fanned out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import msgspec
from prometheus_client import Counter

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.listening import Listening
from command.kernel.tasks import apart, first_of
from streams.camera_spec import CameraSpec, CameraStatus, OnStatus
from streams.coded import parameter_prefix
from streams.feed import Looker, PictureFeed
from streams.key_asking import KeyAsking
from streams.keyframes import jpeg, size
from streams.limits import (
    CAMERA_CLOSE_MS,
    CAMERA_EXAMINE_MS,
    CAMERA_FROZEN_MS,
    CAMERA_KEY_MS,
    CAMERA_LINGER_MS,
    CAMERA_OPEN_MS,
    CAMERA_PICTURE_MS,
    CAMERA_PROBE_MS,
    CAMERA_QUEUE_FRAMES,
    CAMERA_RETRY_FIRST_MS,
    CAMERA_RETRY_LONGEST_MS,
    CAMERA_STEADY_MS,
)
from streams.packets import Codec, Packet, Subscription
from streams.sources import SourceError, Sources
from streams.stamps import Stamps
from streams.turns import Turns, jittered_ms, retry_ms
from streams.view import CameraView

_log = logging.getLogger(__name__)
_failures = Counter("triune_camera_failures", "Times that a camera's stream could not be opened or ended")
_dropped = Counter("triune_camera_dropped_packets", "Packets that slow readers of camera streams did not get")

_NAMES: dict[Codec, str] = {"h264": "H.264", "h265": "H.265"}


Examine = Callable[[Packet], Awaitable[tuple[int, int] | None]]
"""Decodes a key frame: width and height in pixels, None where it does not decode."""


async def examine(key: Packet) -> tuple[int, int] | None:
    """Decode a key frame in a thread and return its size."""
    return await asyncio.to_thread(size, key)


class Camera:
    """Owned by the task that runs `run`; everything else may be asked from the event loop at any time.

    It is pulled once, however many read, while somebody does or did a moment ago, and for ever if its spec says so.
    Otherwise it is looked at now and then, so that its state is known (`keep_known`).

    `on_status(camera_id, status)` hears every change. `looker` gets the pictures of one that reads plates decoded: key
    frames, and all while something moves; one that falls behind misses pictures.
    """

    def __init__(
        self,
        spec: CameraSpec,
        clock: Clock,
        on_status: OnStatus,
        *,
        sources: Sources,
        turns: Turns,
        examine: Examine,
        looker: Looker | None = None,
    ) -> None:
        self.spec = spec
        self._clock = clock
        self._on_status = on_status
        self._looker = looker if spec.reads_plates else None
        self._examine = examine
        self._sources = sources
        self._turns = turns
        self._status = CameraStatus("connecting", clock.now_ms())
        self._subscriptions: set[Subscription] = set()
        self._needs = 0
        self._needed_until_ms = 0
        self._needed = asyncio.Event()  # set by each newcomer
        self._turned = asyncio.Event()  # set for a moment when the first picture came, or an attempt failed
        self._known = not spec.reported
        self._attempts_failed = 0
        self._failed_hop = ""
        self._is_examined = False
        self._examine_at_ms = 0
        self._examined_sets = b""
        self._failures_in_a_row = 0
        self._connections = 0
        self._came_up_ms: int | None = None
        self._looked_ms: int | None = None
        self._rest_until_ms: int | None = None
        self._pulled = False
        self._asking = KeyAsking(spec.id, clock)
        self._stamps = Stamps()
        self._newest_key: Packet | None = None
        self._newest: Packet | None = None
        self._size_px: tuple[int, int] | None = None
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

    def view(self) -> CameraView:
        """Return all that is known of the camera now."""
        return CameraView(
            camera=self.id,
            state=self._status.state,
            since_ms=self._status.since_ms,
            reason=self._status.reason,
            failed_hop=self._failed_hop,
            pulled=self._pulled,
            looked_ms=self._clock.now_ms() if self._pulled else self._looked_ms,
            picture_ms=self._newest.at_ms if self._newest else None,
            retry_at_ms=None if self._pulled else self._rest_until_ms,
            readers=len(self._subscriptions),
            connections=self._connections,
            codec=self._newest.codec if self._newest else None,
            width_px=self._size_px[0] if self._size_px else None,
            height_px=self._size_px[1] if self._size_px else None,
        )

    def keep_known(self, known: bool) -> None:
        """Say whether to look at it, or pull it `always`, while nobody needs it: of several hubs one does."""
        known = known and not self.spec.reported
        if known and not self._known:
            self._needed.set()
        self._known = known

    async def run(self) -> None:
        """Keep the camera until cancelled; readers then see the end of their subscriptions."""
        await self._report(self._status)
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._looker is not None:
                    tasks.create_task(PictureFeed(self.id, self._looker).run(self.subscribe()))
                await self._come_back_for_ever()
        finally:
            for subscription in self._subscriptions:
                subscription.close()

    @asynccontextmanager
    async def subscribe(self, limit: int = CAMERA_QUEUE_FRAMES) -> AsyncIterator[Subscription]:
        """Read the stream from now on. While it is being pulled, the newest key frame is there at once.

        A reader that lets more than `limit` packets pile up goes on at the next key frame. Time stamps are UTC
        milliseconds, and go on over reconnections.
        """
        subscription = Subscription(limit)
        if (still := self.newest_still()) is not None:
            subscription.put_still(still)
        self._subscriptions.add(subscription)
        try:
            with self._need():
                yield subscription
        finally:
            self._subscriptions.discard(subscription)
            _dropped.inc(subscription.queue.dropped)

    def newest_still(self) -> Packet | None:
        """Return the newest key frame, dated as the newest packet so that a late joiner's picture is not late.

        None while the camera is not being pulled.
        """
        if not self._pulled or self._newest_key is None or self._newest is None:
            return None
        return msgspec.structs.replace(self._newest_key, pts_ms=self._newest.pts_ms)

    def want_key(self) -> None:
        """Somebody was shown a still and waits for more: ask the camera for a key frame, if its kind can be asked."""
        self._asking.want()

    async def still(self) -> Packet:
        """Return the newest key frame as `newest_still` does, pulling the camera for it.

        Raises `UnavailableError` if the next attempt fails, or brings none in time.
        """
        await self._pull_until(lambda: self.newest_still() is not None)
        still = self.newest_still()
        assert still is not None
        return still

    async def examined(self) -> None:
        """Pull the camera until a picture of it was decoded. Raises `UnavailableError` as `still` does."""
        await self._pull_until(lambda: self._is_examined)

    async def _pull_until(self, is_so: Callable[[], bool]) -> None:
        failed = self._attempts_failed
        with self._need():
            try:
                async with asyncio.timeout(CAMERA_PICTURE_MS / 1000):
                    while not is_so() and self._attempts_failed == failed:
                        await self._turned.wait()
            except TimeoutError:
                pass
        if not is_so():
            reason = self._status.reason or f"no picture within {CAMERA_PICTURE_MS // 1000} s"
            raise UnavailableError(f"camera {self.id} shows no picture: {reason}", reason=reason)

    async def snapshot(self) -> bytes:
        """Return the newest key frame as JPEG, pulling the camera for it.

        Raises `UnavailableError` where it shows none: an old picture must not pass for a new one.
        """
        async with self._snapshot_lock:
            await self.still()
            key = self._newest_key
            assert key is not None
            if self._snapshot is None or self._snapshot[0] is not key:
                encoded = await asyncio.to_thread(jpeg, key)
                if encoded is None:
                    raise UnavailableError(f"the picture of camera {self.id} does not decode")
                self._snapshot = (key, encoded)
            return self._snapshot[1]

    @contextmanager
    def _need(self) -> Iterator[None]:
        self._needs += 1
        self._needed.set()
        try:
            yield
        finally:
            self._needs -= 1
            self._needed_until_ms = self._clock.now_ms() + CAMERA_LINGER_MS

    def _is_needed(self) -> bool:
        return (self.spec.always and self._known) or self._needs > 0 or self._clock.now_ms() < self._needed_until_ms

    async def _come_back_for_ever(self) -> None:
        while True:
            self._needed.clear()
            if not self._known and not self._is_needed():
                await self._needed.wait()
                continue
            self._came_up_ms = None
            reason = await apart(self._attempt())
            self._looked_ms = now_ms = self._clock.now_ms()
            if reason is None:
                self._failures_in_a_row = 0
                await self._rest(jittered_ms(CAMERA_PROBE_MS))
                continue
            _failures.inc()
            self._failures_in_a_row = 1 if self._was_steady(now_ms) else self._failures_in_a_row + 1
            await self._rest_after_failure(now_ms, reason)

    def _was_steady(self, now_ms: int) -> bool:
        return self._came_up_ms is not None and now_ms - self._came_up_ms >= CAMERA_STEADY_MS

    async def _rest_after_failure(self, now_ms: int, reason: str) -> None:
        """Wait longer with each failure; a newcomer is not kept waiting, but nor may newcomers make it a storm."""
        wait_ms = retry_ms(self._failures_in_a_row, CAMERA_RETRY_LONGEST_MS if self._is_needed() else CAMERA_PROBE_MS)
        since_ms = self._status.since_ms if self._status.state == "down" else now_ms
        await self._report(CameraStatus("down", since_ms, reason, now_ms + wait_ms))
        self._attempts_failed += 1
        self._turn()
        first_ms = min(wait_ms, jittered_ms(CAMERA_RETRY_FIRST_MS // 2))
        self._rest_until_ms = now_ms + wait_ms
        await self._clock.sleep_until(now_ms + first_ms)
        await self._rest(wait_ms - first_ms)

    async def _rest(self, wait_ms: int) -> None:
        """Wait so long, or until somebody begins to need the camera."""
        self._rest_until_ms = self._clock.now_ms() + wait_ms
        await first_of(self._clock.sleep_until(self._rest_until_ms), self._needed.wait())

    async def _attempt(self) -> str | None:
        """Stream until it ends and return why; None if it was let go."""
        reason: str | None = None
        self._failed_hop = ""
        connection = AsyncExitStack()
        try:
            await self._stream(connection)
        except SourceError as error:
            reason, self._failed_hop = error.reason, error.hop
        except Exception as error:  # noqa: BLE001 - our own fault in one camera must neither end it nor the others
            # Only the kind: texts of library errors may hold the address with its password.
            _log.error("camera %s: %s", self.id, type(error).__name__)
            reason, self._failed_hop = f"internal error: {type(error).__name__}", "packets"
        finally:
            self._pulled = self._is_examined = False
            await self._hang_up(connection)
        return reason

    async def _hang_up(self, connection: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(CAMERA_CLOSE_MS / 1000):
                await connection.aclose()
        except Exception as error:  # noqa: BLE001 - what a source does at its end keeps the camera from nothing
            _log.error("camera %s: its source did not end well: %s", self.id, type(error).__name__)

    async def _stream(self, connection: AsyncExitStack) -> None:
        """Publish packets while they are needed. Raises `SourceError`."""
        async with self._turns.take(self._needed, needed=self._is_needed()):
            try:
                async with asyncio.timeout((CAMERA_OPEN_MS + CAMERA_KEY_MS) / 1000):
                    source = await connection.enter_async_context(self._sources.open(self.spec.url, self._clock))
                    packet = await anext(source)
            except TimeoutError:
                raise SourceError(f"no picture within {(CAMERA_OPEN_MS + CAMERA_KEY_MS) // 1000} s") from None
        self._stamps.begin()
        async with self._asking.over(source):
            await self._show(packet, source)

    async def _show(self, packet: Packet, source: AsyncIterator[Packet]) -> None:
        """Publish the first packet of a connection and those that follow, while they are needed."""
        self._publish(packet)
        self._pulled = True
        self._turn()
        await self._examine_or_fail(packet)
        self._is_examined = True
        self._turn()
        self._connections += 1
        self._came_up_ms = packet.at_ms
        if self._status.state != "up":
            await self._report(CameraStatus("up", packet.at_ms))
        while self._is_needed():
            packet = await self._next(source)
            self._publish(packet)
            if packet.is_key and (packet.at_ms >= self._examine_at_ms or self._looks_otherwise(packet)):
                await self._examine_or_fail(packet)

    async def _next(self, source: AsyncIterator[Packet]) -> Packet:
        """Return the next packet. A source that notices a silence itself may say more of it: it has the first word."""
        try:
            async with Listening(CAMERA_FROZEN_MS + 1000):
                return await anext(source)
        except TimeoutError:
            raise SourceError(f"no packets for {(CAMERA_FROZEN_MS + 1000) // 1000} s") from None

    def _looks_otherwise(self, key: Packet) -> bool:
        return parameter_prefix(key.data, key.codec) != self._examined_sets

    async def _examine_or_fail(self, key: Packet) -> None:
        self._examine_at_ms = key.at_ms + CAMERA_EXAMINE_MS
        self._examined_sets = parameter_prefix(key.data, key.codec)
        self._size_px = await self._examine(key)
        if self._size_px is None:
            raise SourceError(f"what it sends does not decode as {_NAMES[key.codec]}", hop="picture")

    def _publish(self, packet: Packet) -> None:
        packet = msgspec.structs.replace(packet, pts_ms=self._stamps.stamp(packet))
        self._newest = packet
        if packet.is_key:
            self._newest_key = packet
            self._asking.came()
        for subscription in self._subscriptions:
            subscription.put(packet)

    def _turn(self) -> None:
        self._turned.set()
        self._turned.clear()

    async def _report(self, status: CameraStatus) -> None:
        self._status = status
        try:
            await self._on_status(self.id, status)
        except Exception:  # noqa: BLE001 - whoever listens, the camera goes on
            _log.exception("camera %s: its status %s was not taken", self.id, status.state)
