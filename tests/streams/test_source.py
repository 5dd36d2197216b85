"""Sources against real peers (SPEC R390, R401–R403, R747, R1150)."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from command.kernel.clock import SystemClock, VirtualClock
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams import h264, h265
from streams.packets import Packet
from streams.source import Source
from streams.sources import SourceError
from tests.garbage import by_counting_alone
from tests.pace import Pace
from tests.ports import free_port
from tests.streams.peers import PATIENCE_S, gstreamer_camera, gstreamer_server

_FOREIGN = bytes(range(200, 250))
_PICTURES = "videotestsrc is-live=true ! video/x-raw,width=320,height=192,framerate=15/1"
_H264 = f"( {_PICTURES} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 )"
_H265 = (
    f"( {_PICTURES} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! h265parse"
    " ! rtph265pay name=pay0 pt=96 )"
)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a server whose process stands still: how long one may is tested elsewhere."""
    for limit in ("CAMERA_OPEN_MS", "CAMERA_FROZEN_MS", "CAMERA_KEY_MS"):
        monkeypatch.setattr(f"streams.source.{limit}", PATIENCE_S * 1000)
    for limit in ("_OPEN_S", "_READ_S"):
        monkeypatch.setattr(f"streams.source.{limit}", PATIENCE_S)


async def _read(url: str, count: int) -> list[Packet]:
    packets: list[Packet] = []
    async with asyncio.timeout(PATIENCE_S), Source(url, SystemClock()) as source:
        while len(packets) < count:
            packets.append(await anext(source))
    return packets


async def _reason(url: str) -> str:
    with pytest.raises(SourceError) as caught:
        await _read(url, 1000)
    return caught.value.reason


@pytest.mark.usefixtures("patient")
@pytest.mark.data
async def test_a_gstreamer_camera_is_read_from_its_key_frame_on() -> None:
    port = free_port()
    async with gstreamer_camera(port):
        packets = await _read(f"rtsp://127.0.0.1:{port}/cam1", 20)

        assert await _reason(f"rtsp://127.0.0.1:{port}/other") == "404 no such stream"

    kinds = [h264.nal_type(unit) for unit in h264.nal_units(packets[0].data)]
    assert kinds.index(h264.NAL_SPS) < kinds.index(h264.NAL_PPS) < kinds.index(h264.NAL_IDR)
    assert [i for i, packet in enumerate(packets) if packet.is_key] == [0, 15]
    # 15 pictures a second.
    assert all(60 <= after.pts_ms - before.pts_ms <= 73 for before, after in pairwise(packets))


@pytest.mark.usefixtures("patient")
@pytest.mark.data
async def test_a_gstreamer_camera_wants_its_password() -> None:
    port = free_port()
    async with gstreamer_camera(port, "admin:12345"):
        assert len(await _read(f"rtsp://admin:12345@127.0.0.1:{port}/cam1", 3)) == 3
        assert await _reason(f"rtsp://admin:wrong@127.0.0.1:{port}/cam1") == "401 unauthorised"
        assert await _reason(f"rtsp://127.0.0.1:{port}/cam1") == "401 unauthorised"


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("options", ["", "#transport=udp"])
async def test_h265_comes_with_its_parameter_sets_before_every_key_frame(options: str) -> None:
    port = free_port()
    async with gstreamer_server(port, _H265, auth="digest", credentials="admin:12345"):
        packets = await _read(f"rtsp://admin:12345@127.0.0.1:{port}/cam1{options}", 20)
        assert await _reason(f"rtsp://admin:wrong@127.0.0.1:{port}/cam1{options}") == "401 unauthorised"

    assert {packet.codec for packet in packets} == {"h265"}
    keys = [packet for packet in packets if packet.is_key]
    assert packets[0] is keys[0]
    assert len(keys) >= 2
    for key in keys:
        kinds = [h265.nal_type(unit) for unit in h264.nal_units(key.data)]
        assert kinds[:3] == [h265.NAL_VPS, h265.NAL_SPS, h265.NAL_PPS]
        assert kinds.count(h265.NAL_SPS) == 1
        assert any(16 <= kind <= 21 for kind in kinds)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("options", ["", "#transport=udp"])
async def test_a_camera_that_speaks_only_udp_is_read_over_udp(options: str) -> None:
    port = free_port()
    async with gstreamer_server(port, _H264, "udp"):
        packets = await _read(f"rtsp://127.0.0.1:{port}/cam1{options}", 5)

    assert packets[0].is_key
    assert packets[0].codec == "h264"


@asynccontextmanager
async def _overheard(port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Pass RTSP on to a server; gives the port for that, and the UDP ports that a client named so far."""
    named: list[int] = []
    talks: list[asyncio.Task[None] | None] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                named.extend(int(found) for found in re.findall(rb"client_port=(\d+)", data))
                writer.write(data)
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(copy(reader, back))
            tasks.create_task(copy(there, writer))

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], named
        for each in talks:
            assert each is not None
            await each


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("options", ["", "#transport=udp"])
async def test_over_udp_nobody_else_gets_a_picture_in(options: str) -> None:  # R747
    port, packets = free_port(), 0
    async with (
        asyncio.timeout(PATIENCE_S),
        gstreamer_server(port, _H264, "udp"),
        _overheard(port) as (at, named),
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            async with Source(f"rtsp://127.0.0.1:{at}/cam1{options}", SystemClock()) as source:
                while packets < 40:
                    packet = await anext(source)
                    packets += 1
                    assert _FOREIGN not in packet.data
                    for sequence in range(0, 65536, 512):
                        header = struct.pack("!BBHII", 0x80, 0x80 | 96, sequence, sequence * 3000, 0xDEADBEEF)
                        stranger.sendto(header + b"\x65" + 4 * _FOREIGN, ("127.0.0.1", named[-1]))


async def test_a_closed_port_is_said_to_refuse() -> None:
    assert await _reason(f"rtsp://127.0.0.1:{free_port()}/cam1") == "connection refused"


async def test_a_peer_that_does_not_speak_rtsp_is_told_apart() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(range(256)) * 100)
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        assert await _reason(f"rtsp://127.0.0.1:{port}/cam1") == "what it sends is not RTSP with video"


async def test_a_peer_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.source.CAMERA_OPEN_MS", 1000)

    # The kernel accepts; nobody ever reads.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert await _reason(f"rtsp://127.0.0.1:{port}/cam1") == "no packets for 1 s"


async def test_a_file_is_read_once_at_its_own_pace(clip_path: Path) -> None:
    clock = SystemClock()
    packets: list[Packet] = []
    with Pace() as pace:
        started_ms, began_ms = clock.now_ms(), pace.now_ms()
        try:
            async with Source(f"file://{clip_path}#play=once", clock) as source:
                async for packet in source:
                    packets.append(packet)  # noqa: PERF401 - what came before the end is wanted
        except SourceError as error:
            assert error.reason == "the file ended"  # noqa: PT017 - nothing else ends it
        took_ms = pace.now_ms() - began_ms

    assert len(packets) == 45
    assert [i for i, packet in enumerate(packets) if packet.is_key] == [0, 15, 30]
    assert clock.now_ms() - started_ms >= 2800
    assert took_ms < 5000


async def test_a_file_begins_again_where_it_ended_and_its_time_goes_on(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At this speed 64 pictures come in a fifth of a second, for which a busy machine keeps a loop waiting.
    monkeypatch.setattr("streams.source.CAMERA_QUEUE_FRAMES", 1000)
    clock = VirtualClock(0, speed=20)
    async with asyncio.timeout(PATIENCE_S), Source(f"file://{clip_path}", clock) as source:
        packets = [await anext(source) for _ in range(100)]

    assert [i for i, packet in enumerate(packets) if packet.is_key] == [0, 15, 30, 45, 60, 75, 90]
    assert all(60 <= after.pts_ms - before.pts_ms <= 73 for before, after in pairwise(packets))


async def test_a_file_that_names_other_files_is_refused(tmp_path: Path, clip_path: Path) -> None:
    playlist = tmp_path / "a list.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{clip_path}'\n")

    assert await _reason(playlist.as_uri()) == "the file is of no kind that holds pictures"


async def test_a_reader_that_stalls_goes_on_at_a_key_frame(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.source.CAMERA_QUEUE_FRAMES", 4)
    clock = SystemClock()
    async with RtspCameras({"cam": clip}, clock) as cameras:
        port = await cameras.listen()
        async with Source(f"rtsp://127.0.0.1:{port}/cam", clock) as source:
            first = await anext(source)
            await clock.sleep(1500)
            later = [await anext(source) for _ in range(5)]

    assert first.is_key
    gaps = [i for i, (a, b) in enumerate(pairwise([first, *later])) if b.pts_ms - a.pts_ms > 100]
    assert gaps
    assert all(later[i].is_key for i in gaps)


@pytest.mark.parametrize(
    ("codec", "reason"),
    [
        ("mpeg4", "codec is neither H.264 nor H.265: mpeg4"),
        ("mpeg2video", "codec is neither H.264 nor H.265: mpeg2video"),
    ],
)
async def test_another_codec_is_named(tmp_path: Path, codec: str, reason: str) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((192, 320, 3), np.uint8), format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    assert await _reason(f"file://{path}") == reason


async def test_a_source_without_video_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))

    assert await _reason(f"file://{path}") == "no video track"


async def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert await _reason(f"file://{tmp_path}/nothing.mp4") == "no such file"


async def test_a_source_that_ended_is_let_go_by_whoever_read_it(tmp_path: Path) -> None:  # R1150
    before = set(threading.enumerate())
    with by_counting_alone():
        source = Source(f"file:{tmp_path / 'none.mp4'}", SystemClock())
        async with source:
            reader = weakref.ref(source._reader)
            with suppress(SourceError):
                await anext(source)
        del source
        for thread in {each for each in threading.enumerate() if each.name == "camera-source"} - before:
            thread.join()
        assert reader() is None
