"""An ONVIF camera's stream is opened where it is now, and gives key frames for the asking (SPEC R349, R482)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from command.kernel.clock import SystemClock
from edge.onvif.gateway import stream_source
from edge.simulators.clips import Clip, load_clip
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render
from streams.source import standard_sources
from streams.sources import GivesKeys, SourceError
from tests.ports import free_port
from tests.streams.peers import gstreamer_camera

CLOCK = SystemClock()
MODEL = CameraModel(rtsp="", user="admin", password="s3cret")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    street = Street("SIM", (), seconds=1, width=320, height=180, fps=15)
    return load_clip(render(street, Path(tmp_path_factory.mktemp("clips"))))


async def test_its_address_is_asked_for_at_each_connection_and_a_profile_that_is_gone_replaced(clip: Clip) -> None:
    opens = stream_source(standard_sources())
    async with (
        RtspCameras({"old": clip, "new": clip}, CLOCK, credentials=(MODEL.user, MODEL.password)) as rtsp,
        OnvifCamera(MODEL, CLOCK) as camera,
    ):
        streams = f"rtsp://127.0.0.1:{await rtsp.listen()}"
        address = f"onvif://admin:s3cret@127.0.0.1:{await camera.listen()}/?profile=gone"
        for path in ("old", "new"):
            camera.model = msgspec.structs.replace(MODEL, rtsp=f"{streams}/{path}")
            async with opens(address, CLOCK) as packets:
                first = await anext(packets)
                assert (first.is_key, first.codec) == (True, "h264")
                assert rtsp.players(path) == 1
            rtsp.set_up("old", up=False)


@pytest.mark.parametrize("has_media2", [True, False])
async def test_it_is_asked_for_a_key_frame_of_the_profile_that_is_shown(clip: Clip, has_media2: bool) -> None:
    async with (
        RtspCameras({"cam": clip}, CLOCK, credentials=(MODEL.user, MODEL.password)) as rtsp,
        OnvifCamera(msgspec.structs.replace(MODEL, has_media2=has_media2), CLOCK) as camera,
    ):
        camera.model = msgspec.structs.replace(camera.model, rtsp=f"rtsp://127.0.0.1:{await rtsp.listen()}/cam")
        address = f"onvif://admin:s3cret@127.0.0.1:{await camera.listen()}/?profile=sub"
        async with stream_source(standard_sources())(address, CLOCK) as packets:
            assert (await anext(packets)).is_key
            assert isinstance(packets, GivesKeys)
            await packets.ask_key()
            assert camera.keys_asked == ["sub"]


@pytest.mark.parametrize(
    ("user", "told"), [("admin:wrong0ne@", "ONVIF: the camera does not take"), ("", "ONVIF: the camera does not take")]
)
async def test_a_camera_that_refuses_us_is_told_as_that_and_without_the_password(user: str, told: str) -> None:
    async with OnvifCamera(MODEL, CLOCK) as camera:
        address = f"onvif://{user}127.0.0.1:{await camera.listen()}"
        with pytest.raises(SourceError, match=told) as raised:
            async with stream_source(standard_sources())(address, CLOCK):
                pass
    assert raised.value.hop == "onvif"
    assert "wrong0ne" not in raised.value.reason


@pytest.mark.data
async def test_its_stream_may_be_a_server_that_nobody_here_wrote() -> None:
    port = free_port()
    rtsp = f"rtsp://127.0.0.1:{port}/cam1"
    async with (
        gstreamer_camera(port, f"{MODEL.user}:{MODEL.password}"),
        OnvifCamera(msgspec.structs.replace(MODEL, rtsp=rtsp), CLOCK) as camera,
    ):
        address = f"onvif://admin:s3cret@127.0.0.1:{await camera.listen()}"
        async with stream_source(standard_sources())(address, CLOCK) as packets:
            assert (await anext(packets)).is_key
