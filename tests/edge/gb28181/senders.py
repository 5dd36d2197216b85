"""Devices that send what a test tells them to, agreed with without SIP: that is `edge.gb28181.platform`'s to test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from command.kernel.clock import Clock, SystemClock
from edge.gb28181.invite import Answer, InviteError, Media
from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import Send, over_tcp, over_udp, stream

DEVICE = "34020000001320000001"
CHANNEL = "34020000001310000001"
ADDRESS = f"gb28181://{DEVICE}/{CHANNEL}"
SSRC = 100_000_001

Behaviour = Callable[[Send, Media], Awaitable[None]]


class Agreed:
    """A dialog that the test ends."""

    def __init__(self, answer: Answer, host: str) -> None:
        self.answer = answer
        self.host = host
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.controls: list[float | None] = []

    async def ended(self) -> str:
        return await self.end

    async def control(self, scale: float | None) -> None:
        self.controls.append(scale)


class Device:
    """Answers each invitation and then behaves; `asked` and `parted` say what it heard."""

    def __init__(
        self,
        behave: Behaviour,
        *,
        host: str = "127.0.0.1",
        said_host: str = "",
        signals_from: str = "",
        refusal: str = "",
        ssrc: int | None = None,
        encoding: str = "PS",
    ) -> None:
        self.asked: list[tuple[str, str, Media, tuple[int, int] | None]] = []
        self.dialogs: list[Agreed] = []
        self.parted = 0
        self.lent: list[int] = []
        self._behave = behave
        self._host = host
        self._said_host = said_host or host
        self._signals_from = signals_from or self._said_host
        self._refusal = refusal
        self._ssrc = ssrc
        self._encoding = encoding

    @contextmanager
    def ssrc(self, *, playback: bool) -> Iterator[int]:
        ssrc = SSRC + playback * 1_000_000_000
        self.lent.append(ssrc)
        try:
            yield ssrc
        finally:
            self.lent.remove(ssrc)

    @asynccontextmanager
    async def invite(
        self, device: str, channel: str, media: Media, playback: tuple[int, int] | None = None
    ) -> AsyncIterator[Agreed]:
        self.asked.append((device, channel, media, playback))
        if self._refusal:
            raise InviteError(self._refusal, 486)
        async with asyncio.TaskGroup() as tasks:
            port = 9000
            if media.transport == "tcp_active":
                server = await asyncio.get_running_loop().create_server(
                    lambda: _Once(self, tasks, media), self._host, 0
                )
                port = server.sockets[0].getsockname()[1]
                sending = None
            else:
                sending = tasks.create_task(self._send(media))
            answer = Answer(
                host=self._said_host, port=port, ssrc=self._ssrc, setup=None, payload_type=96, encoding=self._encoding
            )  # fmt: skip
            dialog = Agreed(answer, self._signals_from)
            self.dialogs.append(dialog)
            yield dialog
            self.parted += 1
            if sending is None:
                server.close()
            else:
                sending.cancel()

    async def _send(self, media: Media) -> None:
        loop = asyncio.get_running_loop()
        if media.transport == "udp":
            datagrams, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, (self._host, 0), (media.host, media.port)
            )
            try:
                await self._behave(over_udp(datagrams), media)
            finally:
                datagrams.abort()
        else:
            stream_transport, _ = await loop.create_connection(
                asyncio.Protocol, media.host, media.port, local_addr=(self._host, 0)
            )
            try:
                await self._behave(over_tcp(stream_transport), media)
            finally:
                stream_transport.abort()


class _Once(asyncio.Protocol):
    """A connection of the platform to a device that listens."""

    def __init__(self, device: Device, tasks: asyncio.TaskGroup, media: Media) -> None:
        self._device = device
        self._tasks = tasks
        self._media = media

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)

        async def behave() -> None:
            await self._device._behave(over_tcp(transport), self._media)
            transport.close()

        self._sending = self._tasks.create_task(behave())

    def connection_lost(self, exc: Exception | None) -> None:
        self._sending.cancel()


def plays(
    clip: PsClip, *, ssrc: int | None = None, loop: bool = True, scale: float = 1.0, clock: Clock | None = None
) -> Behaviour:
    """Send the clip, under the agreed SSRC or another."""

    async def behave(send: Send, media: Media) -> None:
        pace = clock or SystemClock()
        await stream(clip, media.ssrc if ssrc is None else ssrc, send, pace, loop=loop, scale=scale)

    return behave


async def silent(_send: Send, _media: Media) -> None:
    """Agree and send nothing."""


def sender_from(host: str) -> socket.socket:
    """A UDP socket of another machine of the loopback."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((host, 0))
    return sender
