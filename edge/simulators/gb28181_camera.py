"""A simulated GB/T 28181 camera: registers over UDP, shows one channel, and sends a clip live or as a recording."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, cast

import msgspec

from command.kernel.clock import Clock
from edge.digest import Credentials, comma_parameters, response
from edge.gb28181.local_time import instant_ms, written
from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import Pace, Send, over_tcp, over_udp, recording, stream
from edge.sip.message import Header, Message, Request, Response, SipError, parse, respond, serialise

_ANSWER_S: Final = 2
_KEEPALIVE_MS: Final = 60_000
_RETRY_MS: Final = 3000
_STREAMS: Final = 16
_CONTROLS: Final = 100
_MANSCDP: Final = "Application/MANSCDP+xml"
_NAME: Final = "模拟摄像机"
_XML: Final = '<?xml version="1.0" encoding="GB2312"?>\r\n'


class Offer(msgspec.Struct, frozen=True):
    """What a platform asks for."""

    host: str
    port: int
    setup: str
    """`passive`: it listens; `active`: it connects; empty: UDP."""
    ssrc: int
    recorded: tuple[int, int] | None
    """From and to, UTC seconds, of a playback."""


class Gb28181Camera:
    """`async with Gb28181Camera(clip, clock, …) as camera: await camera.registered.wait()`.

    `platform` is its SIP address; `device`, `channel` and `server` are ids of 20 digits. A lost platform is tried again
    for ever. It has recorded the clip again and again during `recorded`, spans of UTC milliseconds; a playback of
    another time is the clip, once.
    """

    def __init__(
        self, clip: PsClip, clock: Clock, *, platform: tuple[str, int], server: str, device: str, channel: str,
        password: str, recorded: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        self.registered = asyncio.Event()
        self.streams: dict[str, asyncio.Task[None]] = {}
        """What is being sent, by Call-ID."""
        self.full = False
        """Whether it says that it is busy."""
        self.controls: deque[str] = deque(maxlen=_CONTROLS)
        """The newest commands to its motors, hexadecimal."""
        self._clip = clip
        self._clock = clock
        self._platform = platform
        self._server = server
        self._device = device
        self._channel = channel
        self._password = password
        self._recorded = recorded
        self._paces: dict[str, Pace] = {}
        self._agreed: dict[str, tuple[Offer, asyncio.Server | None, asyncio.Future[asyncio.Transport]]] = {}
        self._waiting: dict[str, asyncio.Future[Response]] = {}
        self._number = 0
        self._tasks = asyncio.TaskGroup()
        self._own: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), ("127.0.0.1", 0), self._platform
        )
        self._host, self._port = self._transport.get_extra_info("sockname")[:2]
        await self._tasks.__aenter__()
        self._start(self._stay_registered())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.abort()
        for task in (*self._own, *self.streams.values()):
            task.cancel()
        for _, server, _ in self._agreed.values():
            if server is not None:
                server.close()
        await self._tasks.__aexit__(None, None, None)

    @property
    def playbacks(self) -> int:
        """How many recordings it plays now."""
        return len(self._paces)

    def take(self, data: bytes) -> None:
        """Take a message of the platform; what cannot be read is left."""
        try:
            message = parse(data)
            if isinstance(message, Response):
                waiting = self._waiting.get(message.need("call-id") + message.need("cseq"))
                if waiting is not None and message.status >= 200 and not waiting.done():
                    waiting.set_result(message)
            else:
                self._answer(message)
        except SipError:
            return

    async def _stay_registered(self) -> None:
        while True:
            try:
                await self._register()
                self.registered.set()
                while True:
                    await self._tell(f"<Notify>{self._head('Keepalive')}<Status>OK</Status></Notify>")
                    await self._clock.sleep(_KEEPALIVE_MS)
            except (TimeoutError, PermissionError):
                self.registered.clear()
                await self._clock.sleep(_RETRY_MS)

    async def _register(self) -> None:
        uri = f"sip:{self._server}@{self._server[:10]}"
        call_id = secrets.token_hex(8)
        first = await self._ask("REGISTER", uri, call_id, ("Expires", "3600"))
        if first.status == 401:
            said = comma_parameters(first.need("www-authenticate").partition(" ")[2])
            told = Credentials(
                username=self._device, realm=said["realm"], nonce=said["nonce"], uri=uri, response="",
                algorithm="SHA-256" if said.get("algorithm") == "SHA-256" else "MD5",
                qop="auth" if "qop" in said else "", nonce_count=1, client_nonce=secrets.token_hex(4),
            )  # fmt: skip
            login = (
                f'Digest username="{told.username}", realm="{told.realm}", nonce="{told.nonce}", uri="{uri}", '
                f'response="{response(told, "REGISTER", self._password)}", algorithm={told.algorithm}'
            )
            if told.qop:
                login += f', qop=auth, nc=00000001, cnonce="{told.client_nonce}"'
            first = await self._ask("REGISTER", uri, call_id, ("Expires", "3600"), ("Authorization", login))
        if first.status != 200:
            raise PermissionError(f"REGISTER answered {first.status}")

    async def _tell(self, body: str) -> None:
        """Send a MESSAGE and wait for its 200."""
        content = (_XML + body).encode("gb18030")
        uri = f"sip:{self._server}@{self._server[:10]}"
        await self._ask("MESSAGE", uri, secrets.token_hex(8), ("Content-Type", _MANSCDP), body=content)

    async def _tell_unless_away(self, body: str) -> None:
        """Send a MESSAGE whose answer may as well not come."""
        with suppress(TimeoutError):
            await self._tell(body)

    async def _ask(self, method: str, uri: str, call_id: str, *headers: Header, body: bytes = b"") -> Response:
        """Send a request and return its final answer. Raises `TimeoutError`."""
        self._number += 1
        own = f"<sip:{self._device}@{self._server[:10]}>"
        request = Request(method=method, uri=uri, body=body, headers=(
            ("Via", f"SIP/2.0/UDP {self._host}:{self._port};rport;branch=z9hG4bK{secrets.token_hex(8)}"),
            ("From", f"{own};tag={secrets.token_hex(4)}"), ("To", own if method == "REGISTER" else f"<{uri}>"),
            ("Call-ID", call_id), ("CSeq", f"{self._number} {method}"),
            ("Contact", self._contact()), ("Max-Forwards", "70"), *headers,
        ))  # fmt: skip
        key = f"{call_id}{self._number} {method}"
        self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            self._send(request)
            async with asyncio.timeout(_ANSWER_S):
                return await self._waiting[key]
        finally:
            del self._waiting[key]

    def _answer(self, request: Request) -> None:
        call_id = request.need("call-id")
        if request.method == "ACK":
            self._begin(call_id)
        elif request.method == "MESSAGE":
            self._send(respond(request, 200, tag=secrets.token_hex(4)))
            self._answer_query(request.body.decode("gb18030", "replace"))
        elif request.method == "BYE":
            self._send(respond(request, 200))
            self._end(call_id)
        elif request.method == "INFO" and call_id in self._paces:
            _steer(self._paces[call_id], request.body.decode("ascii", "replace"))
            self._send(respond(request, 200))
        elif request.method == "INVITE" and self.full:
            self._send(respond(request, 486, tag=secrets.token_hex(4)))
        elif request.method == "INVITE" and len(self._agreed) < _STREAMS:
            if call_id not in self._agreed:  # else it came again, and its answer is under way
                self._start(self._agree(request, call_id))
        else:
            self._send(respond(request, 405, tag=secrets.token_hex(4)))

    def _answer_query(self, query: str) -> None:
        command, number = re.search(r"<CmdType>(\w+)</CmdType>", query), re.search(r"<SN>(\d+)</SN>", query)
        if moved := re.search(r"<PTZCmd>(\w{16})</PTZCmd>", query):
            self.controls.append(moved[1])
        if command is None or number is None:
            return
        contents = {
            "Catalog": (
                f'<SumNum>1</SumNum><DeviceList Num="1"><Item><DeviceID>{self._channel}</DeviceID><Name>{_NAME}'
                f"</Name><Manufacturer>Triune</Manufacturer><Parental>0</Parental><ParentID>{self._device}</ParentID>"
                "<Status>ON</Status></Item></DeviceList>"
            ),
            "DeviceInfo": f"<Result>OK</Result><DeviceName>{_NAME}</DeviceName><Channel>1</Channel>",
            "DeviceStatus": "<Result>OK</Result><Online>ONLINE</Online><Status>OK</Status>",
        }
        if command[1] == "RecordInfo":
            contents["RecordInfo"] = self._record_list(query)
        if command[1] in contents:
            told = f"<Response>{self._head(command[1], number[1])}{contents[command[1]]}</Response>"
            self._start(self._tell_unless_away(told))

    def _record_list(self, query: str) -> str:
        """Return the recordings of the time that is asked for."""
        asked = [instant_ms(said) or 0 for said in re.findall(r"<(?:Start|End)Time>([^<]+)<", query)]
        items = [
            f"<Item><DeviceID>{self._channel}</DeviceID><Name>{_NAME}</Name><StartTime>{written(from_ms)}"
            f"</StartTime><EndTime>{written(to_ms)}</EndTime><Type>time</Type></Item>"
            for from_ms, to_ms in self._recorded
            if len(asked) == 2 and from_ms < asked[1] and to_ms > asked[0]
        ]
        return f'<SumNum>{len(items)}</SumNum><RecordList Num="{len(items)}">{"".join(items)}</RecordList>'

    async def _agree(self, request: Request, call_id: str) -> None:
        """Answer an invitation; pictures begin with its ACK."""
        offer = _read_offer(request.body.decode("latin-1"))
        if offer is None:
            self._send(respond(request, 488, tag=secrets.token_hex(4)))
            return
        came: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()
        server, port = None, 40_000
        if offer.setup == "active":
            server = await asyncio.get_running_loop().create_server(lambda: _Media(came), self._host, 0)
            port = server.sockets[0].getsockname()[1]
        self._agreed[call_id] = offer, server, came
        wire = "TCP/RTP/AVP" if offer.setup else "RTP/AVP"
        lines = [
            "v=0", f"o={self._device} 0 0 IN IP4 {self._host}", "s=Play", f"c=IN IP4 {self._host}", "t=0 0",
            f"m=video {port} {wire} 96", "a=sendonly", "a=rtpmap:96 PS/90000",
            *([f"a=setup:{'passive' if offer.setup == 'active' else 'active'}"] if offer.setup else []),
            f"y={offer.ssrc:010d}",
        ]  # fmt: skip
        kind, contact = ("Content-Type", "APPLICATION/SDP"), ("Contact", self._contact())
        body = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        self._send(respond(request, 200, contact, kind, tag=secrets.token_hex(4), body=body))

    def _begin(self, call_id: str) -> None:
        if call_id in self._agreed and call_id not in self.streams:
            task = self._tasks.create_task(self._play(call_id, *self._agreed[call_id]))
            self.streams[call_id] = task
            task.add_done_callback(lambda _: self._forget(call_id))

    def _end(self, call_id: str) -> None:
        if call_id in self.streams:
            self.streams[call_id].cancel()
        else:
            self._forget(call_id)

    def _forget(self, call_id: str) -> None:
        self.streams.pop(call_id, None)
        self._paces.pop(call_id, None)
        agreed = self._agreed.pop(call_id, None)
        if agreed is not None and agreed[1] is not None:
            agreed[1].close()

    async def _play(
        self, call_id: str, offer: Offer, server: asyncio.Server | None, came: asyncio.Future[asyncio.Transport]
    ) -> None:
        close: Callable[[], None] | None = None
        try:
            async with asyncio.timeout(_ANSWER_S):
                send, close = await self._open(offer, server, came)
            if offer.recorded is None:
                await stream(self._clip, offer.ssrc, send, self._clock)
            pace = self._paces[call_id] = Pace(self._clock)
            await recording(self._clip, offer.ssrc, send, pace, self._lasts_ms(offer.recorded or (0, 0)))
            ended = f"<Notify>{self._head('MediaStatus', of=self._channel)}<NotifyType>121</NotifyType></Notify>"
            await self._tell_unless_away(ended)
        except (OSError, TimeoutError):
            return  # the platform does not take it
        finally:
            if close is not None:
                close()

    def _lasts_ms(self, asked_s: tuple[int, int]) -> int:
        from_ms, to_ms = asked_s[0] * 1000, asked_s[1] * 1000
        ends = [end_ms for begin_ms, end_ms in self._recorded if begin_ms - 1000 < from_ms < end_ms]
        return min(to_ms, ends[0]) - from_ms if ends else self._clip.duration_ms

    async def _open(
        self, offer: Offer, server: asyncio.Server | None, came: asyncio.Future[asyncio.Transport]
    ) -> tuple[Send, Callable[[], None]]:
        """Open the way that was agreed on; return what sends on it, and what closes it."""
        loop = asyncio.get_running_loop()
        if not offer.setup:
            datagrams, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, (self._host, 0), (offer.host, offer.port)
            )
            return over_udp(datagrams), datagrams.abort
        if server is None:
            connection, _ = await loop.create_connection(asyncio.Protocol, offer.host, offer.port)
        else:
            connection = await came
        return over_tcp(connection), connection.abort

    def _head(self, command: str, number: str = "1", of: str = "") -> str:
        return f"<CmdType>{command}</CmdType><SN>{number}</SN><DeviceID>{of or self._device}</DeviceID>"

    def _contact(self) -> str:
        return f"<sip:{self._device}@{self._host}:{self._port}>"

    def _send(self, message: Message) -> None:
        self._transport.sendto(serialise(message))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._own.add(task)
        task.add_done_callback(self._own.discard)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, camera: Gb28181Camera) -> None:
        self._camera = camera

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        self._camera.take(data)


class _Media(asyncio.Protocol):
    """The platform's connection to a camera that listens."""

    def __init__(self, came: asyncio.Future[asyncio.Transport]) -> None:
        self._came = came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        if self._came.done():
            transport.abort()
        else:
            self._came.set_result(transport)


def _read_offer(text: str) -> Offer | None:
    """Read what a platform asks for; None where something is missing."""
    host = re.search(r"^c=IN IP4 (\S+)", text, re.MULTILINE)
    port = re.search(r"^m=video (\d{1,5}) (TCP/)?RTP/AVP", text, re.MULTILINE)
    ssrc = re.search(r"^y=(\d{10})", text, re.MULTILINE)
    setup = re.search(r"^a=setup:(active|passive)", text, re.MULTILINE)
    if host is None or port is None or ssrc is None or (port[2] is not None) is not (setup is not None):
        return None
    span = re.search(r"^s=Playback[\s\S]*^t=(\d+) (\d+)", text, re.MULTILINE)
    recorded = (int(span[1]), int(span[2])) if span else None
    return Offer(host[1], int(port[1]), setup[1] if setup else "", int(ssrc[1]), recorded)


def _steer(pace: Pace, order: str) -> None:
    """Do what an order of MANSRTSP says."""
    if order.startswith("PAUSE"):
        pace.hold()
        return
    scale = re.search(r"^Scale: ([0-9.]+)", order, re.MULTILINE)
    pace.play(float(scale[1]) if scale else None)
