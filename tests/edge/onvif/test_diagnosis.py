"""Where the way to an ONVIF camera ends, hop by hop, against the simulated one and its RTSP server (SPEC R474)."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from command.kernel.clock import SystemClock
from edge.onvif.diagnosis import ONVIF
from edge.onvif.gateway import SCHEMES, stream_source
from edge.simulators.clips import Clip, load_clip
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render, traffic
from streams.camera_spec import CameraSpec
from streams.diagnosis import Diagnosis, Ways, diagnose
from streams.keeper import CameraKeeper
from streams.source import standard_sources
from tests.ports import free_port
from tests.streams.peers import Statuses

CLOCK = SystemClock()
WAY = [
    "address", "name", "tcp", "http", "clock", "sign_in", "profiles", "stream", "rtsp_address", "rtsp_name", "rtsp_tcp",
    "describe", "codec", "setup", "play", "packets", "key_frame", "picture",
]  # fmt: skip
MODEL = CameraModel(rtsp="")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    drawn = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return load_clip(render(drawn, tmp_path_factory.mktemp("clips")))


async def diagnosed(model: CameraModel, address: str = "") -> Diagnosis:
    """Diagnose a simulated camera; `address` has its port for `{port}`."""
    sources, ways = standard_sources(), Ways()
    for scheme in SCHEMES:
        sources.register(scheme, stream_source(sources))
        ways.register(scheme, ONVIF)
    async with (
        asyncio.timeout(60),
        OnvifCamera(model, CLOCK) as camera,
        CameraKeeper(CLOCK, Statuses(), sources=sources) as keeper,
    ):
        keeper.keep_known(False)
        port = await camera.listen()
        text = address.format(port=port) or f"onvif://{model.user}:{model.password}@127.0.0.1:{port}/"
        await keeper.sync({"dome": CameraSpec("dome", text)})
        found = await diagnose(keeper.camera("dome"), CLOCK, ways)
    gone = [hop.hop for hop in found.hops]
    assert gone == WAY[: len(gone)]
    assert [hop.ok for hop in found.hops[:-1]] == [True] * (len(gone) - 1)
    assert model.password not in repr(found)
    assert f"127.0.0.1:{port}" not in repr(found)
    return found


async def test_every_hop_of_a_camera_that_shows_pictures_is_told(street: Clip) -> None:
    async with RtspCameras({"cam": street}, CLOCK) as cameras:
        port = await cameras.listen()
        found = await diagnosed(replace(MODEL, rtsp=f"rtsp://127.0.0.1:{port}/cam", clock_ahead_ms=-90_000))

    said = {hop.hop: (hop.told, hop.told_zh) for hop in found.hops}
    assert found.failed is None
    assert list(said) == WAY
    assert "behind; set its time server" in said["clock"][0]
    assert "时钟慢" in said["clock"][1]
    assert said["stream"] == (f"at port {port}", f"端口 {port}")
    assert "320 x 180" in said["picture"][0]


@pytest.mark.parametrize(
    ("address", "hop", "told", "chinese"),
    [
        ("onvif://127.0.0.1:x", "address", "not an address", ""),
        ("onvif://nowhere.invalid/", "name", "does not resolve", "解析不出来"),
        ("onvif://127.0.0.1:1/", "tcp", "nothing listens at port 1", "1 端口无人监听"),
        ("onvif://127.0.0.1:{port}/elsewhere", "http", "not an ONVIF service there", "不是 ONVIF 服务"),
        ("onvif://admin:wrong@127.0.0.1:{port}/", "sign_in", "does not take this user and password", "不接受该用户名"),
        ("onvif://127.0.0.1:{port}/", "sign_in", "the address has none", "而地址里没有"),
    ],
)
async def test_the_way_may_end_before_the_stream(address: str, hop: str, told: str, chinese: str) -> None:
    found = await diagnosed(MODEL, address)

    assert found.failed == hop
    assert told in found.hops[-1].told
    assert chinese in found.hops[-1].told_zh


async def test_a_stream_that_is_not_served_is_told_by_the_hops_of_rtsp(street: Clip) -> None:
    async with RtspCameras({"cam": street}, CLOCK) as cameras:
        gone = await diagnosed(replace(MODEL, rtsp=f"rtsp://127.0.0.1:{await cameras.listen()}/none"))
    closed = await diagnosed(replace(MODEL, rtsp=f"rtsp://127.0.0.1:{free_port()}/cam"))

    assert (gone.failed, gone.hops[-1].told) == ("describe", "404: the camera has no stream of that path")
    assert closed.failed == "rtsp_tcp"


async def test_a_peer_that_is_no_camera_is_told_apart() -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-nothing\r\n")
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await diagnosed(MODEL, f"onvif://127.0.0.1:{port}/")

    assert (found.failed, "as HTTP" in found.hops[-1].told) == ("http", True)
