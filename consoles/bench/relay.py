"""Relay: what a viewer of a 720p25 camera costs the hub, beside the floor and aiortc's relay; how late pictures come.

Camera and viewers are other processes; what counts is the CPU time of this one. The floor is SRTP and `sendto` of the
same packets, once for each viewer. Costs are shares of one core for each viewer, for video that arrived.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TypeVar

import msgspec
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer, MediaRelay
from aiortc.rtcdtlstransport import SRTP_PROFILES
from pylibsrtp import Policy, Session

from command.kernel.clock import Clock, SystemClock
from command.kernel.errors import UnavailableError
from consoles.bench import burnt_clock, glass, relay_camera, relay_viewers
from consoles.bench.measure import allow_many_sockets, cpu_s, percentile
from consoles.bench.report import Report, Step
from consoles.parts.serving import serving
from edge.simulators.clips import load_clip
from streams.camera_spec import CameraSpec, CameraStatus
from streams.keeper import CameraKeeper
from streams.relay.http import routes
from streams.relay.relay import Relay

A = TypeVar("A", bound=msgspec.Struct)
_CAMERA = "camera"
_ANSWER_S = 120.0


@dataclass(frozen=True)
class Sizes:
    """How many viewers at most, for how long and how often is measured, and how long the clip of the camera is."""

    viewers: int = 50
    seconds: int = 5
    rounds: int = 2
    clip_s: int = 10
    glass_s: int = 6


QUICK = Sizes(viewers=16, seconds=1, rounds=1, clip_s=4, glass_s=1)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure at a 16th, a quarter and all of the viewers; then in turns with the floor and the other relay."""
    allow_many_sockets()
    clock = SystemClock()
    steps: list[Step] = []
    first_ms: list[float] = []
    glass_ms: list[float] = []
    ours: list[float] = []
    stock: list[float] = []
    floors: list[float] = []
    async with _process("relay_camera", str(folder), str(sizes.clip_s)) as camera_process:
        camera = await camera_process.answer(relay_camera.Camera)
        packets = _packets(Path(camera.clip), sizes.seconds)

        async def instant() -> relay_camera.Instant:
            return await camera_process.ask(relay_camera.When(), relay_camera.Instant)

        for turn in range(sizes.rounds):
            async with _our_relay(clock, camera.url) as url:
                if turn == 0:
                    glass_ms = await glass.measure(url, _CAMERA, instant, sizes.glass_s)
                async with _process("relay_viewers") as crowd:
                    for times in (1, 4, 16) if turn == 0 else (16,):
                        viewers = max(1, sizes.viewers * times // 16)
                        first_ms += (
                            await _grow(crowd, f"{url}/api/v1/cameras/{_CAMERA}/whep", viewers)
                        ).first_picture_ms
                        spent_s, watched = await _spent(clock, crowd, sizes.seconds)
                        if turn == 0:
                            steps.append(
                                Step(
                                    times,
                                    f"packets to {viewers} viewers",
                                    watched.packets,
                                    spent_s * 1e6 / watched.packets,
                                )
                            )
                    ours.append(_share(spent_s, watched))
            floors.append(_floor(packets, sizes.viewers) / (sizes.viewers * sizes.seconds))
            async with _stock_relay(camera.url) as url, _process("relay_viewers") as crowd:
                await _grow(crowd, url, sizes.viewers)
                stock.append(_share(*await _spent(clock, crowd, sizes.seconds)))
            floors.append(_floor(packets, sizes.viewers) / (sizes.viewers * sizes.seconds))
    return Report(
        "relay",
        {
            "viewers": sizes.viewers,
            "cpu_per_viewer": round(mean(ours), 5),
            "floor_per_viewer": round(mean(floors), 5),
            "ratio": round(mean(ours) / mean(floors), 2),
            "stock_per_viewer": round(mean(stock), 5),
            "to_stock": round(mean(ours) / mean(stock), 3),
            "first_picture_ms": round(percentile(first_ms, 0.95)),
            "glass_p95_ms": round(percentile(glass_ms, 0.95)) if glass_ms else None,
            "glass_p50_ms": round(percentile(glass_ms, 0.5)) if glass_ms else None,
        },
        steps,
    )


def _share(spent_s: float, watched: relay_viewers.Watched) -> float:
    """Return CPU seconds for each second of video of each viewer, of what arrived."""
    return spent_s / (watched.pictures / burnt_clock.FPS)


async def _grow(crowd: _Process, url: str, viewers: int) -> relay_viewers.Watched:
    return await crowd.ask(relay_viewers.Grow(url, viewers), relay_viewers.Watched)


async def _spent(clock: Clock, crowd: _Process, seconds: int) -> tuple[float, relay_viewers.Watched]:
    """Return the CPU time of this process over so many seconds, and what came to the viewers meanwhile."""
    # A viewer's first seconds are a still and then silence up to the camera's next key frame.
    await clock.sleep(2500)
    gc.collect()
    before = await crowd.ask(relay_viewers.Count(), relay_viewers.Watched)
    before_s = cpu_s()
    await clock.sleep(seconds * 1000)
    after = await crowd.ask(relay_viewers.Count(), relay_viewers.Watched)
    spent_s = cpu_s() - before_s
    if after.pictures == before.pictures:
        raise UnavailableError("no pictures came to the viewers")
    return spent_s, msgspec.structs.replace(
        after, packets=after.packets - before.packets, pictures=after.pictures - before.pictures
    )


def _packets(clip: Path, seconds: int) -> list[bytes]:
    """Return the RTP packets of so many seconds of the clip."""
    frames = load_clip(clip).frames
    header = bytes([0x80, 102]) + bytes(6) + (1).to_bytes(4, "big")
    wanted = (frames[i % len(frames)] for i in range(seconds * burnt_clock.FPS))
    payloads = [payload for frame in wanted for payload in frame.payloads]
    return [header[:2] + (i & 0xFFFF).to_bytes(2, "big") + header[4:] + payload for i, payload in enumerate(payloads)]


def _floor(packets: list[bytes], viewers: int) -> float:
    """Return the CPU seconds of protecting and sending the packets to so many viewers, one after another."""
    profile = SRTP_PROFILES[0]
    key = bytes(profile.key_length + profile.salt_length)
    with ExitStack() as stack:
        pairs = []
        for _ in range(viewers):
            far, near = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2))
            far.bind(("127.0.0.1", 0))
            far.setblocking(False)
            policy = Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp_profile)
            pairs.append((Session(policy), near, far, far.getsockname()))
        spent_s = 0.0
        for packet in packets:
            before_s = cpu_s()
            for session, near, _, address in pairs:
                near.sendto(session.protect(packet), address)
            spent_s += cpu_s() - before_s
            for _, _, far, _ in pairs:
                far.recv(2048)
    return spent_s


@asynccontextmanager
async def _our_relay(clock: Clock, camera_url: str) -> AsyncIterator[str]:
    """Serve the camera as the hub does; gives the origin."""

    async def on_status(_camera: str, _status: CameraStatus) -> None:
        pass

    async def anybody(_request: web.Request, _camera: str) -> None:
        pass

    async with (
        CameraKeeper(clock, on_status) as keeper,
        Relay(clock, relay_viewers.LOOPBACK) as relay,
    ):
        await keeper.sync({_CAMERA: CameraSpec(_CAMERA, camera_url)})
        app = web.Application()
        app.add_routes([*routes(relay, keeper, anybody), *glass.routes])
        async with serving(app, "127.0.0.1", 0) as url:
            await keeper.camera(_CAMERA).still()
            yield url


@asynccontextmanager
async def _stock_relay(camera_url: str) -> AsyncIterator[str]:
    """Serve the camera by aiortc's own means, without decoding; gives the address that takes offers."""
    connections: list[RTCPeerConnection] = []
    player = await asyncio.to_thread(MediaPlayer, camera_url, options={"rtsp_transport": "tcp"}, decode=False)
    assert player.video is not None
    video = player.video
    relay = MediaRelay()

    async def watch(request: web.Request) -> web.Response:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        connection.addTrack(relay.subscribe(video))
        await connection.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return web.Response(status=201, text=connection.localDescription.sdp, content_type="application/sdp")

    app = web.Application()
    app.add_routes([web.post("/whep", watch)])
    try:
        async with serving(app, "127.0.0.1", 0) as url:
            yield f"{url}/whep"
    finally:
        for connection in connections:
            await connection.close()
        video.stop()


class _Process:
    """Another process of a measurement, by its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, order: msgspec.Struct, kind: type[A]) -> A:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        return await self.answer(kind)

    async def answer(self, kind: type[A]) -> A:
        assert self._process.stdout is not None
        async with asyncio.timeout(_ANSWER_S):
            line = await self._process.stdout.readline()
        if not line:
            raise UnavailableError("a process of the measurement has ended; its last words are above")
        return msgspec.json.decode(line, type=kind)


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[_Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"consoles.bench.{module}",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield _Process(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
