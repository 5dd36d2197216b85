"""Hostile and changing cameras on real sockets, beside one that behaves (SPEC R397, R398)."""

from __future__ import annotations

import asyncio
import random
import resource
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from command.kernel.clock import SystemClock
from edge.simulators.clips import Clip, ClipFrame, load_clip
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render, traffic
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from tests.streams.peers import PATIENCE_S, Statuses, until

CLOCK = SystemClock()


def _flood() -> Clip:
    """Return about 100,000 wrong packets: nothing in them is a picture, and no unit ever ends."""
    dice = random.Random("flood")
    payloads = [bytes([dice.choice((0x7C, 0x78, 0x1C, 0x41, 0x00)), *dice.randbytes(199)]) for _ in range(1000)]
    frames = [ClipFrame(10 * i, i == 0, tuple(dice.sample(payloads, 500))) for i in range(200)]
    return Clip(tuple(frames), 2000, (b"\x67\x64\x00\x1f\xac", b"\x68\xee\x3c\x80"))


async def test_a_flood_of_garbage_takes_no_memory_and_disturbs_no_other(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.source.CAMERA_OPEN_MS", 1000)
    monkeypatch.setattr("streams.source.CAMERA_KEY_MS", 2000)
    statuses = Statuses()
    async with (
        asyncio.timeout(PATIENCE_S),
        RtspCameras({"good": clip, "bad": _flood()}, CLOCK) as cameras,
        CameraKeeper(CLOCK, statuses) as keeper,
    ):
        url = f"rtsp://127.0.0.1:{await cameras.listen()}"
        await keeper.sync({key: CameraSpec(key, f"{url}/{key}", always=True) for key in ("good", "bad")})
        await statuses.next("good", "up")
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with keeper.camera("good").subscribe() as subscription:
            down = await statuses.next("bad", "down")
            await statuses.next("bad", "down")
            packets = await subscription.take()

    assert down.reason
    assert all(after.pts_ms - before.pts_ms < 150 for before, after in pairwise(packets[1:]) if not after.is_key)
    assert keeper.running() == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 100 * 1024


async def test_a_camera_may_change_the_size_of_its_pictures(clip: Clip, tmp_path: Path) -> None:
    street = Street("TEST 01", traffic([("湘F12345", "blue")], 1), seconds=1, width=640, height=360, fps=15)
    larger = load_clip(render(street, tmp_path))
    smaller = [frame for frame in clip.frames if frame.at_ms < larger.duration_ms]
    later = [msgspec.structs.replace(frame, at_ms=frame.at_ms + larger.duration_ms) for frame in larger.frames]
    both = Clip((*smaller, *later), 2 * larger.duration_ms, clip.parameter_sets)
    async with (
        asyncio.timeout(PATIENCE_S),
        RtspCameras({"cam": both}, CLOCK) as cameras,
        CameraKeeper(CLOCK, Statuses()) as keeper,
    ):
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{await cameras.listen()}/cam", always=True)})
        camera = keeper.camera("a")
        await until(lambda: camera.view().width_px == 320)
        await until(lambda: camera.view().width_px == 640)
        await until(lambda: camera.view().width_px == 320)
        assert camera.view().connections == 1
        assert camera.status.state == "up"
