"""Where the way to a camera ends, told by hop (SPEC R395, R399, R400, R746)."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from command.kernel.clock import SystemClock
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams import rtsp
from streams.camera_spec import CameraSpec
from streams.diagnosis import Diagnosis, Ways, diagnose
from streams.keeper import CameraKeeper
from tests.ports import free_port
from tests.streams.coding import coded_h265
from tests.streams.peers import PATIENCE_S, Statuses, gstreamer_server

CLOCK = SystemClock()
_WAY = ["address", "name", "tcp", "describe", "codec", "setup", "play", "packets", "key_frame", "picture"]
_PICTURES = "videotestsrc is-live=true ! video/x-raw,width=320,height=192,framerate=15/1"
_H264 = f"( {_PICTURES} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 )"


@asynccontextmanager
async def _keeper() -> AsyncIterator[CameraKeeper]:
    async with asyncio.timeout(PATIENCE_S), CameraKeeper(CLOCK, Statuses()) as keeper:
        keeper.keep_known(False)
        yield keeper


async def _diagnosed(address: str) -> Diagnosis:
    async with _keeper() as keeper:
        await keeper.sync({"a": CameraSpec("a", address)})
        found = await diagnose(keeper.camera("a"), CLOCK, Ways())
    assert "s3cret" not in repr(found)
    assert found.failed is None or re.search("[一-鿿]", found.hops[-1].told_zh), found.hops[-1].told
    assert [hop.ok for hop in found.hops[:-1]] == [True] * (len(found.hops) - 1)
    gone = [hop.hop for hop in found.hops]
    assert gone == [hop for hop in _WAY[: _WAY.index(gone[-1]) + 1] if hop not in ("setup", "play") or hop in gone]
    return found


@pytest.mark.parametrize("auth", ["digest", "basic"])
async def test_a_camera_of_gstreamer_shows_every_hop(auth: str) -> None:
    port = free_port()
    async with gstreamer_server(port, _H264, auth=auth, credentials="admin:s3cret"):
        good = await _diagnosed(f"rtsp://admin:s3cret@127.0.0.1:{port}/cam1")
        wrong = await _diagnosed(f"rtsp://admin:s3crets3cret@127.0.0.1:{port}/cam1")
        nobody = await _diagnosed(f"rtsp://127.0.0.1:{port}/cam1")
        elsewhere = await _diagnosed(f"rtsp://admin:s3cret@127.0.0.1:{port}/cam2")

    assert good.failed is None
    assert [hop.hop for hop in good.hops] == _WAY
    assert good.hops[-1].told == "h264, 320 x 192"
    assert (wrong.failed, wrong.hops[-1].told) == ("describe", "401: the camera refuses the user or the password")
    assert nobody.hops[-1].told == "the camera asks for user and password, and the address has none"
    assert elsewhere.failed == "describe"
    assert elsewhere.hops[-1].told.startswith("404: ")


async def test_a_camera_that_sends_over_udp_only_is_said_to_and_read() -> None:
    port = free_port()
    async with gstreamer_server(port, _H264, "udp"):
        found = await _diagnosed(f"rtsp://127.0.0.1:{port}/cam1")

    told = {hop.hop: hop.told for hop in found.hops}
    assert told["setup"] == "the camera sends over UDP only"
    assert "play" not in told
    assert found.failed is None


async def test_a_camera_of_another_codec_is_told_which() -> None:
    port = free_port()
    async with gstreamer_server(port, f"( {_PICTURES} ! avenc_mpeg4 ! rtpmp4vpay name=pay0 )"):
        found = await _diagnosed(f"rtsp://127.0.0.1:{port}/cam1")

    assert found.failed == "codec"
    assert found.hops[-1].told == "the video is MP4V-ES: set the camera to H.264 or H.265"


@pytest.mark.parametrize(
    ("address", "hop", "told"),
    [
        ("rtsp://admin:s3cret@/x", "address", "names no host"),
        ("rtsp://admin:s3cret@127.0.0.1:x/", "address", "malformed"),
        ("rtsp://127.0.0.1/x#transport=smoke", "address", "transport=tcp|udp"),
        ("rtsp://admin:s3cret@nowhere.invalid/x", "name", "does not resolve"),
        ("rtsp://admin:s3cret@127.0.0.1:1/x", "tcp", "nothing listens at port 1"),
    ],
)
async def test_the_way_may_end_early(address: str, hop: str, told: str) -> None:
    found = await _diagnosed(address)

    assert found.failed == hop
    assert told in found.hops[-1].told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", "what answers does not speak RTSP"),
        (b"R" * 100_000, "what answers does not speak RTSP"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", "its answer is too long"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "the length of its answer is no number"),
        (b"RTSP/1.0 401 No\r\nWWW-Authenticate: Kerberos x\r\n\r\n", "in a way that is not known"),
        (b"", "the camera closed the connection at DESCRIBE"),
    ],
)
async def test_a_peer_that_is_no_camera_is_told_apart(answer: bytes, told: str) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await _diagnosed(f"rtsp://admin:s3cret@127.0.0.1:{port}/x")

    assert found.failed == "describe"
    assert told in found.hops[-1].told


async def test_a_peer_that_says_nothing_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not before: in so short a time a busy machine looks up no name.
        monkeypatch.setattr("streams.diagnosis.CAMERA_OPEN_MS", 300)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        found = await _diagnosed(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/x")

    assert (found.failed, found.hops[-1].told) == ("describe", "connected, and no answer to DESCRIBE")


_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
)


@pytest.mark.parametrize(
    ("takes_tcp", "options", "advice"),
    [
        (True, "", "the camera agreed to send: is its encoder on, do too many watch it?"),
        (False, "", "they come over UDP: is a firewall or NAT between, is their port another than agreed?"),
        (
            True,
            "#transport=udp",
            "they come over UDP: is a firewall or NAT between, is their port another than agreed?",
        ),
    ],
)
async def test_a_camera_that_agrees_and_sends_nothing_is_told_with_what_to_look_at(
    takes_tcp: bool, options: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R746
    monkeypatch.setattr("streams.source.CAMERA_OPEN_MS", 500)

    talks: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def agree(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks[asyncio.current_task()] = writer
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                said = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}
                transport, body = said.get("transport", ""), _SDP if head.startswith("DESCRIBE") else ""
                status = "461 Unsupported Transport" if "TCP" in transport and not takes_tcp else "200 OK"
                ports = "" if "TCP" in transport else ";server_port=5000-5001"
                setup = f"Session: 1\r\nTransport: {transport}{ports}\r\n" if transport else ""
                kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n" if body else ""
                writer.write(f"RTSP/1.0 {status}\r\nCSeq: {said['cseq']}\r\n{setup}{kind}\r\n{body}".encode())

    async with await asyncio.start_server(agree, "127.0.0.1", 0) as server:
        found = await _diagnosed(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/x{options}")
        for talk, writer in talks.items():
            writer.close()
            await writer.wait_closed()
            assert talk is not None
            await talk

    assert (found.failed, found.hops[-1].told) == ("packets", f"no packets for 0 s: {advice}")


async def test_a_camera_that_sends_another_codec_than_it_says_is_found_out(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("CAMERA_OPEN_MS", "CAMERA_KEY_MS"):  # soon, and later than a busy machine shows what came first
        monkeypatch.setattr(f"streams.source.{limit}", 3000)
    lying = msgspec.structs.replace(coded_h265(10), parameter_sets=clip.parameter_sets)
    async with RtspCameras({"cam": lying}, CLOCK) as cameras:
        found = await _diagnosed(f"rtsp://127.0.0.1:{await cameras.listen()}/cam")

    assert found.failed == "key_frame"
    assert found.hops[-1].told == "it says that it sends H.264 and sends H.265"


async def test_garbage_in_the_shape_of_pictures_is_found_out(clip: Clip) -> None:
    frames = [
        msgspec.structs.replace(frame, payloads=(b"\x65" + b"\xaa" * 500,) if frame.is_key else (b"\x41\xaa",))
        for frame in clip.frames
    ]
    async with RtspCameras({"cam": msgspec.structs.replace(clip, frames=tuple(frames))}, CLOCK) as cameras:
        found = await _diagnosed(f"rtsp://127.0.0.1:{await cameras.listen()}/cam")

    assert (found.failed, found.hops[-1].told) == ("picture", "what it sends does not decode as H.264")


async def test_a_camera_that_is_being_pulled_is_not_connected_to_again(clip: Clip) -> None:
    async with RtspCameras({"cam": clip}, CLOCK) as cameras, _keeper() as keeper:
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{await cameras.listen()}/cam")})
        async with keeper.camera("a").subscribe():
            await keeper.camera("a").still()
            found = await diagnose(keeper.camera("a"), CLOCK, Ways())

    assert [hop.hop for hop in found.hops] == ["packets", "key_frame", "picture"]
    assert found.failed is None


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        # The hashes as `printf … | sha256sum` (md5sum) have them.
        (
            'Digest realm="camera", nonce="abc", algorithm=SHA-256',
            'response="f6276e00124f2c91e628c6b14599cdadff1e5c9d0765ecd034549403af219055"',
        ),
        ('Digest realm="camera", nonce="abc"', 'response="cac2929986fe9fed02059c8a684b34d4"'),
        ('Basic realm="WallyWorld"', "Basic " + base64.b64encode(b"Aladdin:open sesame").decode()),
    ],
)
def test_the_password_is_proven_in_the_ways_of_the_standards(challenge: str, expected: str) -> None:
    target = rtsp.target("rtsp://Aladdin:open%20sesame@host/x")

    assert expected in rtsp.authorization([challenge], "DESCRIBE", target.url, target)
    assert "sesame" not in repr(target)
