"""Simulated cameras: one RTSP server (RFC 2326, RTP interleaved in TCP) that loops coded clips under many paths."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import struct
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from command.kernel.clock import Clock
from edge.limits import RTSP_CONNECTIONS, RTSP_REQUEST_BYTES, RTSP_UNREAD_BYTES
from edge.simulators.clips import Clip, ClipFrame

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Stream Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    461: "Unsupported Transport",
}
_METHODS: Final = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_REALM: Final = "camera"
_PAYLOAD_TYPE: Final = 96
_RTP_HEADER: Final = struct.Struct("!BBHII")
_INTERLEAVED: Final = struct.Struct("!cBH")


class RtspCameras:
    """`async with RtspCameras(clips, clock) as cameras:` serves `rtsp://127.0.0.1:<port>/<path>` for each clip.

    `credentials` (user, password) are asked for by digest (RFC 2617). A camera starts its clip when the first player
    comes; players share one RTP stream, whose sequence and time stamps go on when the clip starts over.
    """

    def __init__(self, clips: dict[str, Clip], clock: Clock, *, credentials: tuple[str, str] | None = None) -> None:
        self._cameras = {path: _Camera(clip, clock) for path, clip in clips.items()}
        self._credentials = credentials
        self._connections: set[_Connection] = set()
        self._tasks = asyncio.TaskGroup()
        self._streams: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self.refused = 0
        """Connections and requests turned away."""

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._streams = [self._tasks.create_task(camera.stream()) for camera in self._cameras.values()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        for stream in self._streams:
            stream.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    async def listen(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Open the port (0 takes a free one) and return its number."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def set_up(self, path: str, up: bool) -> None:
        """Switch a camera on or off; off, its players lose their connection and new ones get 404."""
        camera = self._cameras[path]
        camera.up = up
        if not up:
            for player in list(camera.players):
                player.close()

    def give_key(self, path: str) -> None:
        """Have a camera send a key frame next: its clip begins anew."""
        self._cameras[path].begins_anew = True

    def players(self, path: str) -> int:
        """Return how many connections play this camera now."""
        return len(self._cameras[path].players)

    def round_began_ms(self, path: str) -> int:
        """Return when the camera's clip last began, UTC; frames are sent at this and their own time."""
        return self._cameras[path].round_began_ms

    # What a connection asks of the server.

    def admit(self, connection: _Connection) -> bool:
        """Count a new connection in, unless there are too many."""
        if len(self._connections) >= RTSP_CONNECTIONS:
            self.refused += 1
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: _Connection) -> None:
        """Forget a connection that is lost."""
        self._connections.discard(connection)
        for camera in self._cameras.values():
            camera.players.discard(connection)

    def find(self, url: str) -> _Camera | None:
        """Return the camera that a request's URL names, with or without its track, if it is on."""
        path = urlsplit(url).path.strip("/").removesuffix("/track0")
        camera = self._cameras.get(path)
        return camera if camera is not None and camera.up else None

    def allows(self, method: str, authorization: str, nonce: str) -> bool:
        """Check a digest (RFC 2617 without qop, which RTSP peers all speak)."""
        if self._credentials is None:
            return True
        user, password = self._credentials
        said = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        secret = _md5(f"{user}:{_REALM}:{password}")
        request = _md5(f"{method}:{said.get('uri', '')}")
        wanted = _md5(f"{secret}:{nonce}:{request}")
        return said.get("username") == user and hmac.compare_digest(said.get("response", "").encode(), wanted.encode())


class _Camera:
    """One path: a clip in a loop and whoever plays it."""

    def __init__(self, clip: Clip, clock: Clock) -> None:
        self.clip = clip
        self.players: set[_Connection] = set()
        self.up = True
        self.round_began_ms = 0
        self.begins_anew = False
        self._clock = clock
        self._wanted = asyncio.Event()
        self._sequence = secrets.randbits(15)
        self._ssrc = secrets.randbits(32)

    def add(self, player: _Connection) -> None:
        self.players.add(player)
        self._wanted.set()

    async def stream(self) -> None:
        """Send the clip for ever, in step with the clock, while anybody watches."""
        while True:
            if not self.players:
                self._wanted.clear()
                await self._wanted.wait()
            started_ms = self._clock.now_ms()
            while self.players:
                self.round_began_ms, clip = started_ms, self.clip
                for frame in clip.frames:
                    await self._clock.sleep_until(started_ms + frame.at_ms)
                    if self.begins_anew:
                        started_ms += frame.at_ms
                        break
                    self._send(frame, (started_ms + frame.at_ms) * 90 & 0xFFFFFFFF)
                else:
                    started_ms += clip.duration_ms
                self.begins_anew = False

    def _send(self, frame: ClipFrame, timestamp: int) -> None:
        last = len(frame.payloads) - 1
        packets: list[bytes] = []
        for i, payload in enumerate(frame.payloads):
            marker = 0x80 if i == last else 0
            header = _RTP_HEADER.pack(0x80, marker | _PAYLOAD_TYPE, self._sequence, timestamp, self._ssrc)
            packets.append(header + payload)
            self._sequence = (self._sequence + 1) & 0xFFFF
        for player in self.players:
            player.send(packets, is_key=frame.is_key)


class _Connection(asyncio.Protocol):
    """One RTSP connection; malformed requests end it."""

    def __init__(self, server: RtspCameras) -> None:
        self._server = server
        self._buffer = bytearray()
        self._nonce = secrets.token_hex(16)
        self._session = secrets.token_hex(8)
        self._camera: _Camera | None = None
        self._channel = 0
        self._needs_key = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._server.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.leave(self)

    def close(self) -> None:
        self._transport.abort()

    def send(self, packets: list[bytes], *, is_key: bool) -> None:
        """Write one frame's RTP packets, interleaved (RFC 2326 section 10.12), or skip to a key frame if unread."""
        if self._transport.get_write_buffer_size() > RTSP_UNREAD_BYTES:
            self._needs_key = True
        if self._needs_key and not is_key:
            return
        self._needs_key = False
        self._transport.write(b"".join(_INTERLEAVED.pack(b"$", self._channel, len(p)) + p for p in packets))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > RTSP_REQUEST_BYTES:
            self._refuse()
            return
        while self._buffer and not self._transport.is_closing():
            if self._buffer[0] == ord("$"):  # RTCP from the player
                size = 4 + int.from_bytes(self._buffer[2:4], "big")
                if len(self._buffer) < max(size, 4):
                    return
                del self._buffer[:size]
                continue
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            lines = head.decode("utf-8", "replace").split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])}
            length = headers.get("content-length", "0")
            if not length.isdecimal():
                self._refuse()
                return
            size = len(head) + 4 + int(length)
            if len(self._buffer) < size:
                return
            del self._buffer[:size]
            self._request(lines[0], headers)

    def _refuse(self) -> None:
        self._server.refused += 1
        self._transport.abort()

    def _request(self, line: str, headers: dict[str, str]) -> None:
        method, _, rest = line.partition(" ")
        url, _, version = rest.partition(" ")
        sequence = headers.get("cseq", "")
        if version != "RTSP/1.0" or not sequence.isdecimal():
            self._refuse()
            return
        status, answer, body = self._answer(method, url, headers)
        self._server.refused += status != 200
        lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {sequence}", *answer]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        if status == 200 and method == "PLAY" and self._camera is not None:
            self._camera.add(self)
        elif method == "TEARDOWN":
            self._transport.close()

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> tuple[int, list[str], str]:
        """Return status, header lines and body."""
        if method == "OPTIONS":
            return 200, [f"Public: {_METHODS}"], ""
        if method not in _METHODS.split(", "):
            return 405, [f"Allow: {_METHODS}"], ""
        if not self._server.allows(method, headers.get("authorization", ""), self._nonce):
            return 401, [f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{self._nonce}"'], ""
        if method in ("DESCRIBE", "SETUP"):
            return self._introduce(method, url, headers)
        known = self._camera is not None and headers.get("session", "").partition(";")[0] == self._session
        return (200, self._session_line(), "") if known or method == "GET_PARAMETER" else (454, [], "")

    def _introduce(self, method: str, url: str, headers: dict[str, str]) -> tuple[int, list[str], str]:
        camera = self._server.find(url)
        if camera is None:
            return 404, [], ""
        if method == "DESCRIBE":
            return 200, [f"Content-Base: {url.rstrip('/')}/"], _describe(camera.clip)
        channels = re.search(r"RTP/AVP/TCP;.*interleaved=(\d{1,3})-(\d{1,3})", headers.get("transport", ""))
        if channels is None or int(channels[1]) > 255:
            return 461, [], ""
        self._camera = camera
        self._channel = int(channels[1])
        return 200, [*self._session_line(), f"Transport: RTP/AVP/TCP;unicast;{channels[0].split(';')[-1]}"], ""

    def _session_line(self) -> list[str]:
        return [f"Session: {self._session};timeout=60"]


def _describe(clip: Clip) -> str:
    lines = (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}",
        f"a=rtpmap:{_PAYLOAD_TYPE} H264/90000",
        f"a=fmtp:{_PAYLOAD_TYPE} {clip.fmtp()}",
        "a=control:track0",
    )
    return "\r\n".join(lines) + "\r\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
