from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import cv2
import numpy as np
import pytest

from command.kernel.clock import Clock, SystemClock, VirtualClock
from command.kernel.errors import UnavailableError, UnknownIdError
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.camera import Camera
from streams.camera_spec import CameraSpec, CameraStatus
from streams.feed import Looker
from streams.keeper import CameraKeeper
from streams.keyframes import Picture
from streams.packets import Packet, Subscription
from streams.sources import Sources
from tests.pace import Pace
from tests.ports import free_port
from tests.streams.peers import PATIENCE_S, Statuses, gstreamer_camera, until

CLOCK = SystemClock()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again sooner."""
    for module in ("camera", "turns"):
        monkeypatch.setattr(f"streams.{module}.CAMERA_RETRY_FIRST_MS", 200)


@asynccontextmanager
async def _one_camera(
    clip: Clip, statuses: Statuses, looker: Looker | None = None
) -> AsyncIterator[tuple[Camera, RtspCameras]]:
    """Keep one camera that streams a clip, and yield it once it is up."""
    async with (
        asyncio.timeout(PATIENCE_S),
        RtspCameras({"cam": clip}, CLOCK) as cameras,
        CameraKeeper(CLOCK, statuses, looker) as keeper,
    ):
        port = await cameras.listen()
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam", reads_plates=True, always=True)})
        await statuses.next("a", "up")
        yield keeper.camera("a"), cameras


async def _take(subscription: Subscription, count: int) -> list[Packet]:
    packets: list[Packet] = []
    while len(packets) < count:
        packets += await subscription.take()
    return packets


async def test_many_readers_share_one_pull_and_a_late_one_starts_at_a_key_frame(clip: Clip) -> None:
    async with _one_camera(clip, Statuses()) as (camera, cameras), camera.subscribe() as early:
        seen = await _take(early, 5)
        async with camera.subscribe() as late:
            first, second = (await _take(late, 2))[:2]

        assert cameras.players("cam") == 1
    assert seen[0].is_key
    assert first.is_key
    assert second.is_key
    assert 0 < second.pts_ms - first.pts_ms <= 1000


@pytest.mark.usefixtures("hasty")
async def test_a_camera_that_goes_away_comes_back_by_itself_and_its_time_goes_on(clip: Clip) -> None:
    statuses = Statuses()
    async with _one_camera(clip, statuses) as (camera, cameras), camera.subscribe() as subscription:
        before = (await _take(subscription, 2))[-1]
        cameras.set_up("cam", False)
        down = await statuses.next("a", "down")
        with pytest.raises(UnavailableError):
            await camera.snapshot()
        assert camera.newest_still() is None

        again = await statuses.next("a", "down")
        assert again.reason == "404 no such stream"
        assert again.since_ms == down.since_ms

        cameras.set_up("cam", True)
        up = await statuses.next("a", "up")
        while (after := (await subscription.take())[-1]).at_ms < up.since_ms:
            pass

    assert down.retry_at_ms is not None
    assert 100 <= down.retry_at_ms - down.since_ms <= 200
    assert after.pts_ms > before.pts_ms
    assert abs((after.pts_ms - before.pts_ms) - (after.at_ms - before.at_ms)) < 1000


@pytest.mark.data
@pytest.mark.usefixtures("hasty")
async def test_a_camera_killed_and_started_again_comes_back(clip: Clip) -> None:
    statuses = Statuses()
    port = free_port()
    async with asyncio.timeout(PATIENCE_S), CameraKeeper(CLOCK, statuses) as keeper:
        async with gstreamer_camera(port):
            await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam1", always=True)})
            await statuses.next("a", "up")
        await statuses.next("a", "down")
        assert (await statuses.next("a", "down")).reason == "connection refused"
        async with gstreamer_camera(port):
            await statuses.next("a", "up")


async def test_a_stream_that_freezes_counts_as_down(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.source.CAMERA_FROZEN_MS", 1000)
    statuses = Statuses()
    stage = VirtualClock(0, speed=1)
    async with RtspCameras({"cam": clip}, stage) as cameras, CameraKeeper(CLOCK, statuses) as keeper:
        port = await cameras.listen()
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam", always=True)})
        with Pace() as pace:
            up = await statuses.next("a", "up")
            began_ms = pace.now_ms()
            stage.set_speed(0)
            down = await statuses.next("a", "down")
            took_ms = pace.now_ms() - began_ms

    assert down.reason == "no packets for 1 s"
    assert down.since_ms - up.since_ms >= 1000
    assert took_ms < 4000


async def test_a_slow_reader_loses_pictures_and_nobody_else_does(clip: Clip) -> None:
    async with (
        _one_camera(clip, Statuses()) as (camera, _),
        camera.subscribe(limit=5) as slow,
        camera.subscribe() as quick,
    ):
        got = await _take(quick, 28)
        left = await slow.take()

    assert all(after.pts_ms - before.pts_ms < 150 for before, after in pairwise(got[1:]) if not after.is_key)
    assert len(left) <= 5
    assert slow.queue.dropped > 10
    assert not left or left[0].is_key


async def test_a_snapshot_is_the_newest_key_frame(clip: Clip) -> None:
    async with _one_camera(clip, Statuses()) as (camera, _):
        jpeg, again = await asyncio.gather(camera.snapshot(), camera.snapshot())

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (180, 320, 3)
    assert picture.std() > 20
    assert again is jpeg


class Looks:
    """Remembers what it is shown; fails at the first picture. Something moves when the test says so."""

    def __init__(self) -> None:
        self.seen: list[tuple[Picture, int]] = []
        self.moves = False

    def is_due(self, camera: str, at_ms: int) -> bool:
        return True

    def is_moving(self, camera: str, at_ms: int) -> bool:
        return self.moves

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        assert camera == "a"
        self.seen.append((picture, at_ms))
        if len(self.seen) == 1:
            raise RuntimeError("a looker that fails once")


async def test_a_plate_reader_gets_key_frames_and_every_frame_while_something_moves(clip: Clip) -> None:
    looks = Looks()
    async with _one_camera(clip, Statuses(), looks):
        await until(lambda: len(looks.seen) >= 3)
        looks.moves = True
        idle = [at_ms for _, at_ms in looks.seen]
        await until(lambda: len(looks.seen) >= len(idle) + 15)

    assert all(after - before > 700 for before, after in pairwise(idle[:3]))
    busy = [at_ms for _, at_ms in looks.seen[-8:]]
    assert sum(after - before < 200 for before, after in pairwise(busy)) >= 5
    assert looks.seen[0][0].shape == (180, 320, 3)


async def test_a_keeper_follows_what_is_enrolled(clip: Clip) -> None:
    statuses = Statuses()
    async with RtspCameras({"one": clip, "two": clip}, CLOCK) as cameras, CameraKeeper(CLOCK, statuses) as keeper:
        url = f"rtsp://127.0.0.1:{await cameras.listen()}"
        broken = CameraSpec("broken", "rtsp://127.0.0.1:1/x")
        await keeper.sync({"a": CameraSpec("a", f"{url}/one"), "broken": broken})
        await statuses.next("a", "up")
        same = keeper.camera("a")
        await keeper.sync({"a": CameraSpec("a", f"{url}/one"), "b": CameraSpec("b", f"{url}/two")})
        await statuses.next("b", "up")
        assert keeper.camera("a") is same
        with pytest.raises(UnknownIdError):
            keeper.camera("broken")

        async with same.subscribe() as subscription:
            await keeper.sync({"a": CameraSpec("a", f"{url}/two", always=True)})
            async with asyncio.timeout(PATIENCE_S):
                while await subscription.take():
                    pass
        await statuses.next("a", "up")
        await until(lambda: cameras.players("one") == 0 and cameras.players("two") == 1)


async def test_a_camera_that_fails_or_a_listener_that_raises_harms_no_other(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moody(Statuses):
        async def __call__(self, camera_id: str, status: CameraStatus) -> None:
            await super().__call__(camera_id, status)
            if status.state == "down":
                raise RuntimeError("the listener's own fault")

    statuses = Moody()
    async with RtspCameras({"cam": clip}, CLOCK) as cameras, CameraKeeper(CLOCK, statuses) as keeper:
        url = f"rtsp://127.0.0.1:{await cameras.listen()}/cam"
        specs = [CameraSpec("good", url), *(CameraSpec(f"bad{i}", "rtsp://127.0.0.1:1/x") for i in range(20))]
        await keeper.sync({spec.id: spec for spec in specs})
        await statuses.next("good", "up")
        async with keeper.camera("good").subscribe() as subscription:
            await _take(subscription, 30)
        assert keeper.camera("good").status.state == "up"
        assert keeper.camera("bad19").status.state == "down"


async def test_a_password_is_neither_reported_nor_logged(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    statuses = Statuses()
    async with (
        RtspCameras({"cam": clip}, CLOCK, credentials=("admin", "right")) as cameras,
        CameraKeeper(CLOCK, statuses) as keeper,
    ):
        port = await cameras.listen()
        good = CameraSpec("good", f"rtsp://admin:right@127.0.0.1:{port}/cam")
        bad = CameraSpec("bad", f"rtsp://admin:s3cret@127.0.0.1:{port}/cam")
        nowhere = CameraSpec("nowhere", "rtsp://admin:s3cret@host.invalid/cam")
        await keeper.sync({spec.id: spec for spec in (good, bad, nowhere)})
        await statuses.next("good", "up")
        reasons = [(await statuses.next(x, "down")).reason for x in ("bad", "nowhere")]

    assert reasons == ["401 unauthorised", "host not found or not reachable"]
    assert "s3cret" not in caplog.text + repr(bad) + repr(statuses.heard)


class _FailsWhenToldToEnd:
    """Opens a source one of whose tasks meets with a broken connection just when all of it is told to end."""

    def __init__(self) -> None:
        self.is_opening = asyncio.Event()

    @asynccontextmanager
    async def open(self, _address: str, _clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            self.is_opening.set()
            await asyncio.Event().wait()
        yield _nothing()

    async def _read(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionResetError


async def _nothing() -> AsyncIterator[Packet]:
    return
    yield


async def test_a_camera_ends_though_its_source_fails_at_the_same_moment() -> None:
    odd, sources = _FailsWhenToldToEnd(), Sources()
    sources.register("odd", odd.open)
    async with asyncio.timeout(PATIENCE_S), CameraKeeper(CLOCK, Statuses(), sources=sources) as keeper:
        await keeper.sync({"a": CameraSpec("a", "odd://camera", always=True)})
        await odd.is_opening.wait()
