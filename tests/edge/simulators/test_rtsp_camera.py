from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from pathlib import Path

import av
import pytest

from command.kernel.clock import SystemClock
from edge.limits import RTSP_CONNECTIONS, RTSP_REQUEST_BYTES
from edge.simulators.clips import Clip, load_clip
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render
from streams.packets import Packet
from streams.source import Source
from tests.streams.peers import PATIENCE_S, until

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    street = Street("SIM", (), seconds=1, width=320, height=180, fps=15)
    return load_clip(render(street, tmp_path_factory.mktemp("clips")))


def _stamps(url: str, count: int) -> list[int]:
    """Read with FFmpeg and return the pictures' time stamps in 1/90000 s."""
    stamps: list[int] = []
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(60, 60)) as container:
        for frame in container.decode(video=0):
            if frame.pts is not None:
                stamps.append(frame.pts)
            if len(stamps) == count:
                break
    return stamps


async def _first(url: str) -> Packet:
    async with Source(url, CLOCK) as source:
        return await anext(source)


async def _ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read(4096)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_ffmpeg_decodes_a_camera_whose_time_goes_on_when_the_clip_starts_over(clip: Clip) -> None:
    async with RtspCameras({"cam": clip}, CLOCK) as cameras:
        stamps = await asyncio.to_thread(_stamps, f"rtsp://127.0.0.1:{await cameras.listen()}/cam", 35)

    # 15 pictures a second, two seams among them.
    assert all(5000 <= after - before <= 7000 for before, after in pairwise(stamps))


async def test_forty_cameras_play_at_once_and_can_be_switched_off(clip: Clip) -> None:
    names = [f"cam{i}" for i in range(40)]
    async with RtspCameras(dict.fromkeys(names, clip), CLOCK) as cameras:
        port = await cameras.listen()
        first = await asyncio.gather(*(_first(f"rtsp://127.0.0.1:{port}/{name}") for name in names))
        assert all(packet.is_key for packet in first)
        await until(lambda: not any(cameras.players(name) for name in names))

        cameras.set_up("cam7", False)
        with pytest.raises(av.error.HTTPNotFoundError):
            await asyncio.to_thread(_stamps, f"rtsp://127.0.0.1:{port}/cam7", 1)


async def test_a_password_is_asked_for_by_digest(clip: Clip) -> None:
    async with RtspCameras({"cam": clip}, CLOCK, credentials=("admin", "p@ss")) as cameras:
        port = await cameras.listen()
        assert len(await asyncio.to_thread(_stamps, f"rtsp://admin:p%40ss@127.0.0.1:{port}/cam", 2)) == 2
        for wrong in ("", "admin:pass@", "root:p%40ss@"):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                await asyncio.to_thread(_stamps, f"rtsp://{wrong}127.0.0.1:{port}/cam", 1)
        refused = await _ask(port, b"PLAY rtsp://x/cam RTSP/1.0\r\nCSeq: 1\r\nSession: 1\r\n\r\n")
        assert b"401" in refused


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n", b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nPublic: OPTIONS"),
        (b"RECORD rtsp://x/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 405"),
        (b"PLAY rtsp://x/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 454"),
        (b"SETUP rtsp://x/cam RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast\r\n\r\n", b"RTSP/1.0 461"),
        (b"DESCRIBE rtsp://x/none RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 404"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: x\r\n\r\n", b""),
        (b"A" * (RTSP_REQUEST_BYTES + 1), b""),
        (random.Random(1).randbytes(4000) + b"\r\n\r\n", b""),
    ],
)
async def test_requests_are_answered_and_garbage_ends_only_its_own_connection(
    clip: Clip, request_line: bytes, answer: bytes
) -> None:
    async with RtspCameras({"cam": clip}, CLOCK) as cameras:
        port = await cameras.listen()
        reply = await _ask(port, request_line)

        assert reply[: len(answer)] == answer
        assert bool(reply) == bool(answer)
        assert cameras.refused == (0 if b"200" in answer else 1)
        assert b"200" in await _ask(port, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")


async def test_connections_are_bounded(clip: Clip) -> None:
    async with RtspCameras({"cam": clip}, CLOCK) as cameras:
        port = await cameras.listen()
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(RTSP_CONNECTIONS)]
        assert await _ask(port, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n") == b""
        for _, writer in held:
            writer.close()
        assert cameras.refused == 1


def test_a_clip_that_is_not_h264_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))

    with pytest.raises(ValueError, match="is not"):
        load_clip(path)
