"""A camera that brings real H.264 as a test says, and a recorder at a clock that the test drives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from command.facts.recording import RecordingPolicy
from command.kernel.clock import VirtualClock
from streams.camera_spec import CameraStatus
from streams.packets import Packet, Subscription
from streams.recorder.recorder import Recorder
from streams.recorder.store import Store
from tests.streams.test_fmp4 import AT_MS, coded

# Supplemental information that decoders pass over, so that a second has the size of a real one at 0.4 Mb/s.
_SEI = b"\0\0\0\1\x06\x05" + b"\xff" * 8 + b"\x08" + b"\x07" * (8 * 255 + 8) + b"\x80"

CONTINUOUS = RecordingPolicy(mode="continuous")


@cache
def second() -> Sequence[Packet]:
    """One second of H.264, 25 pictures beginning at a key frame; its stream's clock begins at 0."""
    return [replace(packet, data=packet.data + _SEI) for packet in coded("h264", pictures=25, b_frames=0)]


class Feed:
    """Hands packets to whoever subscribed, as a camera does."""

    def __init__(self) -> None:
        self.readers: set[Subscription] = set()
        self.still: Packet | None = None
        self.status = CameraStatus("up", 0)

    @asynccontextmanager
    async def subscribe(self, limit: int) -> AsyncIterator[Subscription]:
        subscription = Subscription(limit)
        if self.still is not None:
            subscription.put_still(self.still)
        self.readers.add(subscription)
        try:
            yield subscription
        finally:
            self.readers.discard(subscription)

    def newest_still(self) -> Packet | None:
        return self.still

    def bring(self, at_ms: int, pictures: Sequence[Packet] | None = None) -> None:
        """A second of pictures that begins at `at_ms`."""
        for packet in pictures or second():
            fresh = replace(packet, pts_ms=at_ms + packet.pts_ms, at_ms=at_ms + packet.pts_ms)
            for reader in self.readers:
                reader.put(fresh)


class Rig:
    """Cameras, clock, store and recorder."""

    def __init__(self, store: Store, start_ms: int = AT_MS) -> None:
        self.clock = VirtualClock(start_ms)
        self.cameras = {"k1": Feed()}
        self.told: list[str] = []
        self.store = store
        self.recorder = Recorder(store, self.clock, self.cameras.get, self._tell)

    async def _tell(self, reason: str) -> None:
        self.told.append(reason)

    async def run(self, seconds: int, *, silent: Sequence[str] = ()) -> None:
        """Let so many seconds pass; cameras that are not `silent` bring their pictures."""
        for _ in range(seconds):
            now_ms = self.clock.now_ms()
            for name, feed in self.cameras.items():
                if name not in silent:
                    feed.bring(now_ms)
            self.clock.advance(now_ms + 1000)
            await self.recorder.flush()

    async def spans(self, camera: str = "k1") -> list[tuple[int, int]]:
        """Return what is recorded, in seconds since the beginning."""
        listing = await self.store.listing(camera, AT_MS - 86_400_000, AT_MS + 30 * 86_400_000)
        return [(round((s.from_ms - AT_MS) / 1000), round((s.to_ms - AT_MS) / 1000)) for s in listing.spans]


@asynccontextmanager
async def rig(
    folder: Path, policy: RecordingPolicy = CONTINUOUS, *, start_ms: int = AT_MS, total_bytes: int | None = None,
    keep_free_bytes: int = 0,
) -> AsyncIterator[Rig]:  # fmt: skip
    """Open a store and a recorder of one camera; leaving ends the recording."""
    store = await Store.open(folder, total_bytes=total_bytes, keep_free_bytes=keep_free_bytes)
    try:
        made = Rig(store, start_ms)
        made.recorder.set_policies({"k1": policy})
        await made.recorder.flush()
        yield made
        made.recorder.set_policies({})
        await made.recorder.flush()
    finally:
        await store.close()
