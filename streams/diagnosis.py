"""Goes the way to a camera hop by hop, so that whoever has to mend it knows where it ends and what to do."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, NoReturn

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.limits import CAMERA_OPEN_MS, RTSP_ANSWER_BYTES
from streams import rtsp
from streams.camera import Camera
from streams.sources import SourceError, scheme_of, split_options


class Hop(msgspec.Struct, frozen=True):
    """How one hop went. `told` is for a technician and holds neither address nor password."""

    hop: str
    """address, name, tcp, describe, codec, setup, play; then packets, key_frame, picture for every kind of source."""
    ok: bool
    told: str
    took_ms: int


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The way to a camera as far as it goes; all is well where every hop is ok."""

    camera: str
    at_ms: int
    hops: list[Hop]
    failed: str | None
    """The hop where it ends."""


class _Failed(Exception):  # noqa: N818 - not an error: it ends the way
    pass


async def diagnose(camera: Camera, clock: Clock) -> Diagnosis:
    """Go to the camera and return how far that came; of one that is being pulled, say how its packets come."""
    at_ms = clock.now_ms()
    hops: list[Hop] = []
    try:
        if not camera.view().pulled and scheme_of(camera.spec.url) in ("rtsp", "rtsps"):
            await _RtspWay(camera.spec.url, clock, hops).go()
        await _pictures(camera, clock, hops)
    except _Failed:
        pass
    return Diagnosis(camera=camera.id, at_ms=at_ms, hops=hops, failed=hops[-1].hop if not hops[-1].ok else None)


async def _pictures(camera: Camera, clock: Clock, hops: list[Hop]) -> None:
    """The last hops of any source. The camera's own pull is used, so that there are never two."""
    from_ms = clock.now_ms()
    try:
        try:
            await camera.examined()
        except UnavailableError:  # a camera may need a moment to let go of our first connection
            await camera.examined()
    except UnavailableError as error:
        hop = camera.view().failed_hop or "packets"
        reached = _PICTURE_HOPS[: _PICTURE_HOPS.index(hop)] if hop in _PICTURE_HOPS else ()
        hops += [Hop(name, ok=True, told="", took_ms=0) for name in reached]
        told = str(error.extra.get("reason") or error.detail)
        hops.append(Hop(hop, ok=False, told=told, took_ms=clock.now_ms() - from_ms))
        return
    view = camera.view()
    age_ms = max(0, clock.now_ms() - (view.picture_ms or 0))
    hops.append(Hop("packets", ok=True, told=f"the newest is {age_ms} ms old", took_ms=clock.now_ms() - from_ms))
    hops.append(Hop("key_frame", ok=True, told="", took_ms=0))
    hops.append(Hop("picture", ok=True, told=f"{view.codec}, {view.width_px} x {view.height_px}", took_ms=0))


_PICTURE_HOPS: Final = ("packets", "key_frame", "picture")

_ADVICE: Final = {
    401: "the camera refuses the user or the password",
    403: "the camera lets this user not see the stream",
    404: "the camera has no stream of that path",
    453: "the camera has no bandwidth left: too many are connected",
    454: "the camera forgot the session: too many may be connected",
    461: "the camera sends over UDP only",
    503: "the camera is busy: too many may be connected",
}


class _RtspWay:
    """One connection of our own, as far as PLAY, and its end; FFmpeg, which pulls, tells these hops not apart."""

    def __init__(self, address: str, clock: Clock, hops: list[Hop]) -> None:
        self._address = address
        self._clock = clock
        self._hops = hops
        self._from_ms = clock.now_ms()
        self._sequence = 0
        self._authorization: Callable[[str, str], str] | None = None

    async def go(self) -> None:
        """Append each hop. Raises `_Failed` at the one where it ends."""
        try:
            url, options = split_options(self._address)
            self._target = rtsp.target(url)
        except (SourceError, rtsp.RtspError) as error:
            self._fail("address", str(error))
        self._ok("address")
        await self._resolve()
        async with AsyncExitStack() as stack:
            reader, self._writer = await self._connect()
            self._reader = reader
            stack.callback(self._writer.close)
            media = await self._describe()
            if options.get("transport") != "udp":
                await self._play(media)

    def _ok(self, hop: str, told: str = "") -> None:
        now_ms = self._clock.now_ms()
        self._hops.append(Hop(hop, ok=True, told=told, took_ms=now_ms - self._from_ms))
        self._from_ms = now_ms

    def _fail(self, hop: str, told: str) -> NoReturn:
        self._hops.append(Hop(hop, ok=False, told=told, took_ms=self._clock.now_ms() - self._from_ms))
        raise _Failed

    async def _resolve(self) -> None:
        try:
            async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
                loop = asyncio.get_running_loop()
                await loop.getaddrinfo(self._target.host, self._target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            self._fail("name", "the name of the camera does not resolve: is it right, does the name server answer?")
        self._ok("name")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = None
        if self._target.is_tls:  # as FFmpeg does: cameras sign their own certificates
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
                streams = await asyncio.open_connection(
                    self._target.host, self._target.port, ssl=context, limit=RTSP_ANSWER_BYTES
                )
        except TimeoutError:
            self._fail("tcp", "no answer: is it switched on, is a firewall between?")
        except ConnectionRefusedError:
            self._fail("tcp", f"there is a machine, and nothing listens at port {self._target.port}")
        except ssl.SSLError:
            self._fail("tcp", "it does not speak TLS")
        except OSError as error:
            self._fail("tcp", f"not reachable: {error.strerror or type(error).__name__}")
        self._ok("tcp")
        return streams

    async def _describe(self) -> rtsp.Media:
        url, accept = self._target.url, [("Accept", "application/sdp")]
        answer, body = await self._ask("describe", "DESCRIBE", url, accept)
        if answer.status == 401:
            if not self._target.user:
                self._fail("describe", "the camera asks for user and password, and the address has none")
            challenges = answer.values("www-authenticate")
            self._authorization = lambda method, about: rtsp.authorization(challenges, method, about, self._target)
            answer, body = await self._ask("describe", "DESCRIBE", url, accept)
        self._need_ok("describe", answer)
        self._ok("describe")
        base_url = ([*answer.values("content-base"), *answer.values("content-location"), url])[0]
        media = rtsp.video(body.decode("utf-8", "replace"), base_url)
        if media is None:
            self._fail("codec", "the stream has no video")
        if media.encoding not in ("H264", "H265"):
            self._fail("codec", f"the video is {media.encoding}: set the camera to H.264 or H.265")
        self._ok("codec", media.encoding)
        return media

    async def _play(self, media: rtsp.Media) -> None:
        transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]
        answer, _ = await self._ask("setup", "SETUP", media.control, transport)
        if answer.status == 461:
            self._ok("setup", _ADVICE[461])
            return
        self._need_ok("setup", answer)
        self._ok("setup")
        session = [("Session", value.partition(";")[0]) for value in answer.values("session")[:1]]
        answer, _ = await self._ask("play", "PLAY", self._target.url, session)
        self._need_ok("play", answer)
        self._ok("play")
        self._send("TEARDOWN", self._target.url, session)

    def _need_ok(self, hop: str, answer: rtsp.Response) -> None:
        if answer.status != 200:
            advice = _ADVICE.get(answer.status) or "the camera refuses"
            self._fail(hop, f"{answer.status}: {advice}")

    async def _ask(
        self, hop: str, method: str, url: str, headers: list[tuple[str, str]]
    ) -> tuple[rtsp.Response, bytes]:
        try:
            async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
                self._send(method, url, headers)
                return await self._answer()
        except TimeoutError:
            self._fail(hop, f"connected, and no answer to {method}")
        except (asyncio.IncompleteReadError, OSError):
            self._fail(hop, f"the camera closed the connection at {method}")
        except (rtsp.RtspError, asyncio.LimitOverrunError) as error:
            self._fail(hop, str(error) if isinstance(error, rtsp.RtspError) else "what answers does not speak RTSP")

    def _send(self, method: str, url: str, headers: list[tuple[str, str]]) -> None:
        self._sequence += 1
        if self._authorization is not None:
            headers = [*headers, ("Authorization", self._authorization(method, url))]
        self._writer.write(rtsp.request(method, url, self._sequence, headers))

    async def _answer(self) -> tuple[rtsp.Response, bytes]:
        """Read one answer, and pass over packets before it (RFC 2326 section 10.12)."""
        while True:
            start = await self._reader.readexactly(1)
            if start == b"$":
                head = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            if start != b"R":
                raise rtsp.RtspError("what answers does not speak RTSP")
            answer = rtsp.response(start + await self._reader.readuntil(b"\r\n\r\n"))
            if answer.body_bytes > RTSP_ANSWER_BYTES:
                raise rtsp.RtspError("its answer is too long")
            return answer, await self._reader.readexactly(answer.body_bytes)
