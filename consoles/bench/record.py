"""Recording: real H.264 through the recorder to the disk, beside writing the same bytes to files with nothing else.

Packets are made here and handed to the recorder as a camera's task does; reading them from the network is not in it.
Time is virtual, so CPU is per second of video, however busy the machine is.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from msgspec.structs import replace

from command.facts.recording import RecordingPolicy
from command.kernel.clock import VirtualClock
from consoles.bench.measure import cpu_time
from consoles.bench.report import Report, Step
from streams import fmp4_reader
from streams.camera_spec import CameraStatus
from streams.h264 import START_CODE
from streams.packets import Packet, Subscription
from streams.recorder.recorder import Recorder
from streams.recorder.store import Store

_START_MS = 1_700_000_000_000
_FPS = 25
_POLICY = RecordingPolicy(mode="continuous")


@dataclass(frozen=True)
class Sizes:
    """Cameras at the largest load, what each sends, for how many seconds of video, and reconnects of each."""

    cameras: int = 32
    bits_per_s: int = 2_000_000
    seconds: int = 30
    reconnects: int = 50


QUICK = Sizes(cameras=16, bits_per_s=200_000, seconds=12, reconnects=3)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure with 1/16, 1/4 and all of the cameras, then let all of them reconnect, and count what is on disk."""
    second = _second(sizes.bits_per_s)
    steps: list[Step] = []
    share = 0.0
    for times in (1, 4, 16):
        cameras = sizes.cameras * times // 16
        spent_s = await _record(folder / str(times), second, cameras, sizes.seconds)
        share = spent_s / sizes.seconds
        items = cameras * sizes.seconds
        steps.append(Step(times, f"seconds of video from {cameras} cameras", items, spent_s / items * 1e6))
    floor_s = _floor_s(folder / "floor", second, sizes)
    lost, segments, reconnects = await _reconnect(folder / "reconnects", second, sizes)
    return Report(
        "record",
        {
            "cameras": sizes.cameras,
            "mbit_per_s_per_camera": sizes.bits_per_s / 1e6,
            "cpu": round(share, 4),
            "floor_cpu": round(floor_s / sizes.seconds, 4),
            "segments": segments,
            "lost_segments": lost,
            "reconnects": reconnects,
        },
        steps,
    )


class _Camera:
    """Hands packets to its readers, on the stream's own time, as `streams.camera.Camera` does."""

    def __init__(self) -> None:
        self._readers: set[Subscription] = set()
        self.status = CameraStatus("up", 0)

    @asynccontextmanager
    async def subscribe(self, limit: int) -> AsyncIterator[Subscription]:
        subscription = Subscription(limit)
        self._readers.add(subscription)
        try:
            yield subscription
        finally:
            self._readers.discard(subscription)

    def newest_still(self) -> Packet | None:
        return None

    def bring(self, second: Sequence[Packet], at_ms: int) -> None:
        for packet in second:
            fresh = replace(packet, pts_ms=at_ms + packet.pts_ms, at_ms=at_ms + packet.pts_ms)
            for reader in self._readers:
                reader.put(fresh)


class _Site:
    """Cameras, a recorder and a clock that is moved on second by second."""

    def __init__(self, store: Store, cameras: int) -> None:
        self.clock = VirtualClock(_START_MS)
        self.cameras = {f"k{i}": _Camera() for i in range(cameras)}
        self.recorder = Recorder(store, self.clock, self.cameras.get, _nobody)
        self.recorder.set_policies(dict.fromkeys(self.cameras, _POLICY))

    async def bring(self, second: Sequence[Packet], seconds: int = 1) -> None:
        for _ in range(seconds):
            for camera in self.cameras.values():
                camera.bring(second, self.clock.now_ms())
            await self.pass_by(1000)

    async def pass_by(self, duration_ms: int) -> None:
        self.clock.advance(self.clock.now_ms() + duration_ms)
        await self.recorder.flush()

    async def end(self) -> None:
        self.recorder.set_policies({})
        await self.recorder.flush()


async def _nobody(_reason: str) -> None:
    """Nobody has to be told."""


async def _record(folder: Path, second: Sequence[Packet], cameras: int, seconds: int) -> float:
    """Return the CPU seconds of recording, handing over the packets included."""
    store = await Store.open(folder)
    site = _Site(store, cameras)
    await site.recorder.flush()
    with cpu_time() as spent:
        await site.bring(second, seconds)
    await site.end()
    await store.close()
    return spent.s


async def _reconnect(folder: Path, second: Sequence[Packet], sizes: Sizes) -> tuple[int, int, int]:
    """Record through reconnects; return how many segments lack pictures, how many there are, and the reconnects."""
    store = await Store.open(folder)
    site = _Site(store, max(1, sizes.cameras // 16))
    await site.recorder.flush()
    for _ in range(sizes.reconnects + 1):
        await site.bring(second, 4)
        await site.pass_by(7000)
    await site.end()
    sent = (sizes.reconnects + 1) * 4 * _FPS
    lost = segments = 0
    for camera in site.cameras:
        listing = await store.listing(camera, _START_MS, site.clock.now_ms())
        shown = [len(fmp4_reader.samples(await store.fragments(camera, each.id))) for each in listing.segments]
        segments += len(shown)
        lost += sizes.reconnects + 1 - len(shown) + sum(count != 4 * _FPS for count in shown)
        assert lost or sum(shown) == sent
    await store.close()
    return lost, segments, sizes.reconnects * len(site.cameras)


def _floor_s(folder: Path, second: Sequence[Packet], sizes: Sizes) -> float:
    """Return the CPU seconds of writing the same bytes, a write a second and a file every ten."""
    folder.mkdir(parents=True)
    whole = b"".join(packet.data for packet in second)
    with cpu_time() as spent:
        for ten in range(0, sizes.seconds, 10):
            for camera in range(sizes.cameras):
                with (folder / f"{camera}-{ten}").open("wb", buffering=0) as file:
                    for _ in range(min(10, sizes.seconds - ten)):
                        file.write(whole)
                    os.fdatasync(file.fileno())
    return spent.s


def _second(bits_per_s: int) -> list[Packet]:
    """Return a second of real H.264; supplemental information that decoders pass over brings it to its size."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(_FPS)
    encoder.options = {"x264-params": f"keyint={_FPS}:bframes=0:scenecut=0"}
    packets: list[Packet] = []
    for i in [*range(_FPS), None]:
        frame = None
        if i is not None:
            frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 8 * i, np.uint8), format="rgb24")
            frame.pts = i * 1000 // _FPS
        packets += [Packet(bytes(p), p.pts or 0, p.is_keyframe, p.pts or 0) for p in encoder.encode(frame)]
    missing = bits_per_s // 8 - sum(len(packet.data) for packet in packets)
    return [replace(packet, data=packet.data + _filler(missing // _FPS)) for packet in packets]


def _filler(size: int) -> bytes:
    """Return an SEI message of user data (H.264 section D.1.6) of about `size` bytes."""
    length, rest = divmod(max(32, size - size // 255 - 16), 255)
    return START_CODE + b"\x06\x05" + b"\xff" * length + bytes([rest]) + b"\x07" * (length * 255 + rest) + b"\x80"
