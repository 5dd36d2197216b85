"""Goes the way to a camera hop by hop, so that whoever has to mend it knows where it ends and what to do."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final, NoReturn

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from streams import rtsp
from streams.camera import Camera
from streams.hop_words import in_chinese
from streams.limits import CAMERA_OPEN_MS, RTSP_ANSWER_BYTES
from streams.sources import SourceError, scheme_of, split_options

ARRIVAL: Final = "arrival"
"""The only hop of the pull here, of cameras that somebody else pulls and passes on."""


class Hop(msgspec.Struct, frozen=True):
    """How one hop went. `told` is for technicians, without address and password; `told_zh` says it in Chinese."""

    hop: str
    """RTSP: address, name, tcp, describe, codec, setup, play. Gateways have their own, or some before these. Then those
    of the camera's pull: packets, key_frame, picture unless the gateway tells more of them apart."""
    ok: bool
    told: str
    took_ms: int
    told_zh: str = ""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The way to a camera as far as it goes; all is well where every hop is ok."""

    camera: str
    at_ms: int
    hops: list[Hop]
    failed: str | None
    """The hop where it ends."""


class WayEndedError(Exception):
    """The way ended at the hop that was noted last."""


class Hops:
    """The hops gone so far, each with the time since the one before."""

    def __init__(self, clock: Clock) -> None:
        self.gone: list[Hop] = []
        self.names: Mapping[str, str] = {}
        """What to call hops from now on that are gone a second time."""
        self.pull: tuple[str, ...] | None = None
        """The hops of the pull here, where they are not those that the way names."""
        self.silence = ""
        """What to look at where no packets come though the way ended well."""
        self._clock = clock
        self._from_ms = clock.now_ms()

    def ok(self, hop: str, told: str = "") -> None:
        """Note that it went well."""
        self._add(hop, told, ok=True)

    def fail(self, hop: str, told: str) -> NoReturn:
        """Note where it ends. Raises `WayEndedError`."""
        self._add(hop, told, ok=False)
        raise WayEndedError

    def take(self, diagnosis: Diagnosis) -> None:
        """Note the hops that somebody nearer to the camera went. Raises `WayEndedError` where that ended."""
        self.gone += diagnosis.hops
        self._from_ms = self._clock.now_ms()
        if diagnosis.failed is not None:
            raise WayEndedError

    def _add(self, hop: str, told: str, *, ok: bool) -> None:
        now_ms = self._clock.now_ms()
        hop = self.names.get(hop, hop)
        self.gone.append(Hop(hop, ok=ok, told=told, took_ms=now_ms - self._from_ms, told_zh=in_chinese(told)))
        self._from_ms = now_ms


def _nothing(_address: str) -> Mapping[str, str]:
    return {}


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How cameras of one kind are gone to."""

    go: Callable[[str, Clock, Hops], Awaitable[None]]
    """`go(address, clock, hops)` notes the hops before the camera's own pull; at the end `WayEndedError` is raised."""
    connects: bool = True
    """Whether it takes a connection of its own, which a camera that is being pulled is spared."""
    pull: tuple[str, ...] = ("packets", "key_frame", "picture")
    """The hops of the pull; a `SourceError` names the one where it ends."""
    seen: Callable[[str], Mapping[str, str]] = _nothing
    """`seen(address)` returns what is known of the hops of the newest pull, for technicians."""


class Ways:
    """The kinds of way that the hub knows. Gateways register theirs when the site is put together."""

    def __init__(self) -> None:
        self._kinds: dict[str, Way] = {"rtsp": RTSP, "rtsps": RTSP}

    def register(self, scheme: str, way: Way) -> None:
        """Let cameras at addresses that begin with `scheme:` be gone to like this."""
        assert scheme not in self._kinds, f"the scheme {scheme} is registered twice"
        self._kinds[scheme] = way

    def of(self, address: str) -> Way:
        """Return the way; of addresses whose kind is not known only the pull is looked at."""
        return self._kinds.get(scheme_of(address), _PULL)


async def diagnose(camera: Camera, clock: Clock, ways: Ways) -> Diagnosis:
    """Go to the camera and return how far that came; of one that is being pulled, say how its packets come."""
    at_ms, hops = clock.now_ms(), Hops(clock)
    way = ways.of(camera.spec.url)
    try:
        if not (way.connects and camera.view().pulled):
            await way.go(camera.spec.url, clock, hops)
        await _pull(camera, clock, hops, way)
    except WayEndedError:
        pass
    gone = hops.gone
    return Diagnosis(camera=camera.id, at_ms=at_ms, hops=gone, failed=None if gone[-1].ok else gone[-1].hop)


async def _pull(camera: Camera, clock: Clock, hops: Hops, way: Way) -> None:
    """The last hops of any source. The camera's own pull is used, so that there are never two."""
    pull = hops.pull or way.pull
    try:
        try:
            await camera.examined()
        except UnavailableError:  # a camera may need a moment to let go of our first connection
            await camera.examined()
    except UnavailableError as error:
        hop = camera.view().failed_hop or "packets"
        seen = way.seen(camera.spec.url)
        for name in pull[: pull.index(hop)] if hop in pull else ():
            hops.ok(name, seen.get(name, ""))
        reason = str(error.extra.get("reason") or error.detail)
        if hops.silence and reason.startswith("no packets"):
            reason = f"{reason}: {hops.silence}"
        hops.fail(hop, reason)
    view = camera.view()
    age_ms = max(0, clock.now_ms() - (view.picture_ms or 0))
    told = {
        "packets": f"the newest is {age_ms} ms old",
        ARRIVAL: f"the newest is {age_ms} ms old",
        "picture": f"{view.codec}, {view.width_px} x {view.height_px}",
        **way.seen(camera.spec.url),
    }
    for name in pull:
        hops.ok(name, told.get(name, ""))


async def resolve(host: str, port: int, hops: Hops) -> None:
    """Look the host's address up: the hop `name`. Raises `WayEndedError`."""
    try:
        async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
            await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        hops.fail("name", "the name of the camera does not resolve: is it right, does the name server answer?")
    hops.ok("name")


async def connect(
    host: str, port: int, hops: Hops, *, is_tls: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect: the hop `tcp`. Raises `WayEndedError`."""
    context = None
    if is_tls:  # as FFmpeg does: cameras sign their own certificates
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
            streams = await asyncio.open_connection(host, port, ssl=context, limit=RTSP_ANSWER_BYTES)
    except TimeoutError:
        hops.fail("tcp", "no answer: is it switched on, is a firewall between?")
    except ConnectionRefusedError:
        hops.fail("tcp", f"there is a machine, and nothing listens at port {port}")
    except ssl.SSLError:
        hops.fail("tcp", "it does not speak TLS")
    except OSError as error:
        hops.fail("tcp", f"not reachable: {error.strerror or type(error).__name__}")
    hops.ok("tcp")
    return streams


_ADVICE: Final = {
    401: "the camera refuses the user or the password",
    403: "the camera lets this user not see the stream",
    404: "the camera has no stream of that path",
    453: "the camera has no bandwidth left: too many are connected",
    454: "the camera forgot the session: too many may be connected",
    461: "the camera sends over UDP only",
    503: "the camera is busy: too many may be connected",
}


_OVER_UDP: Final = "they come over UDP: is a firewall or NAT between, is their port another than agreed?"
_AGREED: Final = "the camera agreed to send: is its encoder on, do too many watch it?"


class _RtspWay:
    """One connection of our own, as far as PLAY, and its end; FFmpeg, which pulls, tells these hops not apart."""

    def __init__(self, address: str, hops: Hops) -> None:
        self._address = address
        self._hops = hops
        self._sequence = 0
        self._authorization: Callable[[str, str], str] | None = None

    async def go(self) -> None:
        """Note each hop. Raises `WayEndedError` at the one where it ends."""
        try:
            url, options = split_options(self._address)
            self._target = rtsp.target(url)
        except (SourceError, rtsp.RtspError) as error:
            self._hops.fail("address", str(error))
        self._hops.ok("address")
        await resolve(self._target.host, self._target.port, self._hops)
        async with AsyncExitStack() as stack:
            reader, self._writer = await connect(
                self._target.host, self._target.port, self._hops, is_tls=self._target.is_tls
            )
            self._reader = reader
            stack.callback(self._writer.close)
            media = await self._describe()
            if options.get("transport") == "udp":
                self._hops.silence = _OVER_UDP
            else:
                await self._play(media)

    async def _describe(self) -> rtsp.Media:
        url, accept = self._target.url, [("Accept", "application/sdp")]
        answer, body = await self._ask("describe", "DESCRIBE", url, accept)
        if answer.status == 401:
            if not self._target.user:
                self._hops.fail("describe", "the camera asks for user and password, and the address has none")
            challenges = answer.values("www-authenticate")
            self._authorization = lambda method, about: rtsp.authorization(challenges, method, about, self._target)
            answer, body = await self._ask("describe", "DESCRIBE", url, accept)
        self._need_ok("describe", answer)
        self._hops.ok("describe")
        base_url = ([*answer.values("content-base"), *answer.values("content-location"), url])[0]
        media = rtsp.video(body.decode("utf-8", "replace"), base_url)
        if media is None:
            self._hops.fail("codec", "the stream has no video")
        if media.encoding not in ("H264", "H265"):
            self._hops.fail("codec", f"the video is {media.encoding}: set the camera to H.264 or H.265")
        self._hops.ok("codec", media.encoding)
        return media

    async def _play(self, media: rtsp.Media) -> None:
        transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]
        answer, _ = await self._ask("setup", "SETUP", media.control, transport)
        if answer.status == 461:
            self._hops.ok("setup", _ADVICE[461])
            self._hops.silence = _OVER_UDP
            return
        self._need_ok("setup", answer)
        self._hops.ok("setup")
        session = [("Session", value.partition(";")[0]) for value in answer.values("session")[:1]]
        answer, _ = await self._ask("play", "PLAY", self._target.url, session)
        self._need_ok("play", answer)
        self._hops.ok("play")
        self._hops.silence = _AGREED
        self._send("TEARDOWN", self._target.url, session)

    def _need_ok(self, hop: str, answer: rtsp.Response) -> None:
        if answer.status != 200:
            advice = _ADVICE.get(answer.status) or "the camera refuses"
            self._hops.fail(hop, f"{answer.status}: {advice}")

    async def _ask(
        self, hop: str, method: str, url: str, headers: list[tuple[str, str]]
    ) -> tuple[rtsp.Response, bytes]:
        try:
            async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
                self._send(method, url, headers)
                return await self._answer()
        except TimeoutError:
            self._hops.fail(hop, f"connected, and no answer to {method}")
        except (asyncio.IncompleteReadError, OSError):
            self._hops.fail(hop, f"the camera closed the connection at {method}")
        except (rtsp.RtspError, asyncio.LimitOverrunError) as error:
            self._hops.fail(
                hop, str(error) if isinstance(error, rtsp.RtspError) else "what answers does not speak RTSP"
            )

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


async def go_rtsp(address: str, clock: Clock, hops: Hops) -> None:
    """Go to an RTSP server as far as PLAY, on a connection of our own. Raises `WayEndedError`."""
    del clock
    await _RtspWay(address, hops).go()


async def _go_nowhere(address: str, clock: Clock, hops: Hops) -> None:
    del address, clock, hops


RTSP: Final = Way(go=go_rtsp)
_PULL: Final = Way(go=_go_nowhere)
