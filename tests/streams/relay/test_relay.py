from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import TooManyError, UnavailableError, UnknownIdError
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.relay.relay import Relay
from tests.pace import Pace
from tests.streams.peers import PATIENCE_S, Statuses, until
from tests.streams.relay.viewers import LOOPBACK, Viewer, stay_on_loopback

CLOCK = SystemClock()


class Stage:
    """One simulated camera, kept."""

    def __init__(self, simulators: RtspCameras, keeper: CameraKeeper, statuses: Statuses) -> None:
        self.simulators = simulators
        self.keeper = keeper
        self.statuses = statuses


@pytest.fixture
async def stage(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    stay_on_loopback(monkeypatch)
    statuses = Statuses()
    async with RtspCameras({"cam": clip}, CLOCK) as simulators, CameraKeeper(CLOCK, statuses) as keeper:
        port = await simulators.listen()
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam")})
        await statuses.next("a", "up")
        yield Stage(simulators, keeper, statuses)


async def test_viewers_get_pictures_from_one_pull_and_the_first_within_a_second(stage: Stage) -> None:
    camera = stage.keeper.camera("a")
    async with Relay(CLOCK, LOOPBACK) as relay, asyncio.timeout(PATIENCE_S), Viewer() as one, Viewer() as two:
        viewers = [one, two]
        sessions: list[str] = []
        for viewer in viewers:
            session_id, answer = await relay.answer(camera, await viewer.offer())
            sessions.append(session_id)
            with Pace() as pace:
                asked_ms = pace.now_ms()
                await viewer.accept(answer)
                frame = await viewer.picture()
                assert pace.now_ms() - asked_ms < 1000
            assert (frame.width, frame.height) == (320, 180)
            assert frame.to_ndarray(format="gray").std() > 20
        for viewer in viewers:
            shown = [(await viewer.picture()).pts for _ in range(20)]
            assert shown == sorted(set(shown), key=lambda pts: pts or 0)
        assert stage.simulators.players("cam") == 1
        assert relay.viewers == 2
        assert relay.camera_of(sessions[0]) == "a"

        relay.close(sessions[0])
        await until(lambda: relay.viewers == 1)
        await until(lambda: viewers[0].connection.connectionState == "closed")
        with pytest.raises(UnknownIdError):
            relay.close(sessions[0])
        await viewers[1].picture()
        await viewers[1].connection.close()
        await until(lambda: relay.viewers == 0)


async def test_a_picture_goes_on_after_the_camera_was_away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("camera", "turns"):
        monkeypatch.setattr(f"streams.{module}.CAMERA_RETRY_FIRST_MS", 200)
    async with Relay(CLOCK, LOOPBACK) as relay, asyncio.timeout(PATIENCE_S), Viewer() as viewer:
        await viewer.accept((await relay.answer(stage.keeper.camera("a"), await viewer.offer()))[1])
        before = await viewer.picture()
        stage.simulators.set_up("cam", False)
        await stage.statuses.next("a", "down")
        with pytest.raises(UnavailableError):
            await relay.answer(stage.keeper.camera("a"), viewer.connection.localDescription.sdp)
        stage.simulators.set_up("cam", True)
        await stage.statuses.next("a", "up")
        after = [await viewer.picture() for _ in range(20)][-1]
        assert (after.pts or 0) > (before.pts or 0)
        assert relay.viewers == 1


async def test_viewers_of_a_camera_that_is_taken_away_are_let_go(stage: Stage) -> None:
    async with Relay(CLOCK, LOOPBACK) as relay, asyncio.timeout(PATIENCE_S), Viewer() as viewer:
        await viewer.accept((await relay.answer(stage.keeper.camera("a"), await viewer.offer()))[1])
        await viewer.picture()
        await stage.keeper.sync({})
        await until(lambda: relay.viewers == 0)
        await until(lambda: viewer.connection.connectionState == "closed")


async def test_a_viewer_that_vanishes_or_never_connects_is_let_go(stage: Stage) -> None:
    clock = VirtualClock(0, speed=1)
    async with Relay(clock, LOOPBACK) as relay, asyncio.timeout(PATIENCE_S), Viewer() as vanishing, Viewer() as absent:
        await relay.answer(stage.keeper.camera("a"), await absent.offer())
        await vanishing.accept((await relay.answer(stage.keeper.camera("a"), await vanishing.offer()))[1])
        await vanishing.picture()
        assert relay.viewers == 2

        # As when a laptop's lid closes: not a word more, not even a goodbye.
        for transceiver in vanishing.connection.getTransceivers():
            await transceiver.receiver.transport.transport.stop()
        clock.set_speed(20)
        await until(lambda: relay.viewers == 0)


async def test_viewers_are_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.relay.relay.RELAY_VIEWERS_PER_CAMERA", 1)
    async with Relay(CLOCK, LOOPBACK) as relay, Viewer() as viewer:
        offer = await viewer.offer()
        await relay.answer(stage.keeper.camera("a"), offer)
        with pytest.raises(TooManyError):
            await relay.answer(stage.keeper.camera("a"), offer)
        assert relay.viewers == 1
