"""A GB/T 28181 channel as a packet source: agreed with the device over SIP, taken in as RTP over UDP or TCP."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Final, Protocol, Self, get_args
from urllib.parse import parse_qs, urlsplit

from command.kernel.clock import Clock
from command.kernel.listening import Listening
from edge.gb28181.ids import is_id
from edge.gb28181.invite import Answer, InviteDialog, InviteError, Media, Transport
from edge.gb28181.ports import MediaPorts
from edge.gb28181.reception import Connection, Datagrams, Reception
from edge.limits import GB28181_HELD_MS, GB28181_LAST_MS, GB28181_QUIET_MS, GB28181_STREAMS
from streams.limits import CAMERA_FROZEN_MS, CAMERA_OPEN_MS, MEDIA_KEY_MS
from streams.packets import Packet
from streams.sources import SourceError

SCHEME: Final = "gb28181"


class Inviter(Protocol):
    """What is asked of the platform (`edge.gb28181.platform.Platform`)."""

    def ssrc(self, *, playback: bool) -> AbstractContextManager[int]:
        """Lend a stream's SSRC."""
        ...

    def invite(
        self, device: str, channel: str, media: Media, playback: tuple[int, int] | None = None
    ) -> AbstractAsyncContextManager[InviteDialog]:
        """Agree on a stream with a device until it is left; raises `InviteError`."""
        ...


class Gb28181Media:
    """Opens channels of the devices at one platform; `Sources.register(SCHEME, media.open)` makes cameras of them.

    An address is `gb28181://<device>/<channel>`, with `?transport=udp|tcp_passive|tcp_active` where it is not UDP.
    """

    def __init__(self, platform: Inviter, ports: MediaPorts) -> None:
        self._platform = platform
        self._ports = ports
        self._newest: OrderedDict[tuple[str, str], Gb28181Source | Mapping[str, str]] = OrderedDict()

    def open(self, address: str, clock: Clock) -> Gb28181Source:
        """Return the source of a channel's live pictures. Raises `SourceError` for a bad address."""
        return self._source(address, clock, None)

    def seen(self, address: str) -> Mapping[str, str]:
        """Return what is known of the hops of a channel's newest live stream, for technicians."""
        device, channel, _ = _read_address(address)
        newest = self._newest.get((device, channel), {})
        return newest.seen() if isinstance(newest, Gb28181Source) else newest

    def _note(self, channel: tuple[str, str], newest: Gb28181Source | Mapping[str, str]) -> None:
        self._newest[channel] = newest
        self._newest.move_to_end(channel)
        if len(self._newest) > GB28181_STREAMS:
            self._newest.popitem(last=False)

    def playback(self, address: str, from_ms: int, to_ms: int, clock: Clock) -> Gb28181Source:
        """Return the source of what the device has recorded of a channel, at the pace of `Gb28181Source.steer`.

        Raises `SourceError` for a bad address; iteration ends with `PlaybackEndedError` where the recording does.
        """
        return self._source(address, clock, (from_ms, to_ms))

    def _source(self, address: str, clock: Clock, playback: tuple[int, int] | None) -> Gb28181Source:
        device, channel, transport = _read_address(address)
        source = Gb28181Source(self._platform, self._ports, clock, device, channel, transport, playback)
        if playback is None:
            source.on_note = partial(self._note, (device, channel))
        return source


class PlaybackEndedError(SourceError):
    """The device has sent all that it recorded of the time asked for."""


class Gb28181Source:
    """One stream: `async with source: async for packet in source`. See `streams.sources.PacketSource`.

    Reasons name the first hop that fails: the invitation, the way of the packets, their sender, what they hold.
    """

    def __init__(
        self,
        platform: Inviter,
        ports: MediaPorts,
        clock: Clock,
        device: str,
        channel: str,
        transport: Transport,
        playback: tuple[int, int] | None,
    ) -> None:
        self._platform = platform
        self._ports = ports
        self._clock = clock
        self._device = device
        self._channel = channel
        self._transport: Transport = transport
        self._playback = playback
        self._reception = Reception(clock)
        self._stack = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()
        self._watch: asyncio.Task[None] | None = None
        self._dialog: InviteDialog | None = None
        self._where = ""
        self._waiting: list[Packet] = []  # oldest last
        self._begun_ms = 0
        self._picture_ms: int | None = None
        self.on_note: Callable[[Gb28181Source | Mapping[str, str]], None] = lambda _: None
        """Hears of it when it begins, and what was seen of it when it ends."""
        self._held_ms: int | None = None
        self._let_go_ms = 0

    async def __aenter__(self) -> Self:
        """Open a port and invite the device. Raises `SourceError`."""
        self.on_note(self)
        try:
            await self._agree()
        except InviteError as error:
            await self._close()
            raise SourceError(error.reason, hop="invite") from None
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Packet:
        """Return the next picture. Raises `SourceError` once the stream has ended or stands still."""
        if not self._waiting:
            self._waiting = (await self._pictures())[::-1]
            self._picture_ms = self._clock.now_ms()
        return self._waiting.pop()

    async def steer(self, scale: float | None) -> None:
        """Play on what is recorded at a speed (1 is normal), or hold it where there is none.

        One that is held for `GB28181_HELD_MS` ends. Raises `InviteError` where the device refuses or does not answer.
        """
        assert self._playback is not None
        assert self._dialog is not None
        await self._dialog.control(scale)
        now_ms = self._clock.now_ms()
        if scale is None:
            self._held_ms = self._held_ms or now_ms
        elif self._held_ms is not None:
            self._held_ms, self._let_go_ms = None, now_ms

    async def _agree(self) -> None:
        ssrc = self._stack.enter_context(self._platform.ssrc(playback=self._playback is not None))
        opened, port = self._bind()
        media = Media(transport=self._transport, host=self._ports.advertised, port=port, ssrc=ssrc)
        dialog = await self._stack.enter_async_context(
            self._platform.invite(self._device, self._channel, media, self._playback)
        )
        self._dialog = dialog
        self._begun_ms = self._clock.now_ms()
        self._reception.agree(
            frozenset((dialog.answer.host, dialog.host)), dialog.answer.ssrc or ssrc, dialog.answer.encoding
        )
        await self._receive(opened, dialog.answer)
        await self._tasks.__aenter__()
        self._watch = self._tasks.create_task(self._watch_end(dialog))

    def _bind(self) -> tuple[socket.socket | None, int]:
        """Open our side, where devices may come before their answer has been read: the kernel keeps them waiting."""
        if self._transport == "tcp_active":
            return None, 9  # RFC 4145: the side that connects says the discard port
        opened = self._ports.udp() if self._transport == "udp" else self._ports.tcp()
        self._stack.callback(opened.close)
        port: int = opened.getsockname()[1]
        self._where = f"{'UDP' if self._transport == 'udp' else 'TCP'} port {port}"
        return opened, port

    async def _receive(self, opened: socket.socket | None, answer: Answer) -> None:
        """Begin to take what comes."""
        loop = asyncio.get_running_loop()
        if opened is None:
            await self._connect(answer)
        elif self._transport == "udp":
            datagrams, _ = await loop.create_datagram_endpoint(lambda: Datagrams(self._reception), sock=opened)
            self._stack.callback(datagrams.abort)
        else:
            server = await loop.create_server(lambda: Connection(self._reception), sock=opened)
            self._stack.callback(self._reception.hang_up)
            self._stack.callback(server.close)

    async def _connect(self, answer: Answer) -> None:
        self._where = f"TCP {answer.host}:{answer.port}"
        try:
            async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._reception), answer.host, answer.port
                )
        except TimeoutError:
            raise SourceError(f"INVITE answered 200, but {self._where} does not answer: firewall?") from None
        except OSError as error:
            fault = error.strerror or type(error).__name__
            raise SourceError(f"INVITE answered 200, but {self._where} cannot be connected to: {fault}") from None
        self._stack.callback(transport.abort)

    async def _watch_end(self, dialog: InviteDialog) -> None:
        why = await dialog.ended()
        if self._playback is not None:
            await self._quiet()
        self._reception.end(why)

    async def _quiet(self) -> None:
        """Return once nothing comes any more: the end, told by SIP, overtakes what was sent before it."""
        for _ in range(GB28181_LAST_MS // GB28181_QUIET_MS):
            taken = self._reception.counts.taken
            await self._clock.sleep(GB28181_QUIET_MS)
            if self._reception.counts.taken == taken:
                return

    def seen(self) -> dict[str, str]:
        """Return what is known of the hops of the way, for a technician."""
        if self._dialog is None:
            return {}
        return {"invite": "answered 200", **self._reception.seen(self._where)}

    async def _close(self) -> None:
        self.on_note(self.seen())
        try:
            if self._watch is not None:
                self._watch.cancel()
                await self._tasks.__aexit__(None, None, None)
                self._watch = None
        finally:
            await self._stack.aclose()

    async def _pictures(self) -> list[Packet]:
        while True:
            limit_ms = CAMERA_OPEN_MS if self._picture_ms is None else CAMERA_FROZEN_MS
            try:
                async with Listening(limit_ms):
                    pictures = await self._reception.pictures.take()
            except TimeoutError:
                if self._is_held(limit_ms):
                    continue
                newest_ms = self._reception.newest_ms
                flows = newest_ms is not None and self._clock.now_ms() - newest_ms < limit_ms
                since_ms = self._begun_ms if self._picture_ms is None else self._picture_ms
                if flows and self._clock.now_ms() - since_ms < MEDIA_KEY_MS:
                    continue  # only a key frame is missing
                raise self._diagnosis(limit_ms, flows=flows) from None
            if pictures:
                return pictures
            if self._playback is not None:
                raise PlaybackEndedError(self._reception.reason)
            raise SourceError(self._reception.reason)

    def _is_held(self, limit_ms: int) -> bool:
        """Say whether no picture may come now: it is held, or was let go just now. Raises `SourceError`."""
        now_ms = self._clock.now_ms()
        if self._held_ms is not None and now_ms - self._held_ms >= GB28181_HELD_MS:
            raise SourceError(f"the playback was held for {GB28181_HELD_MS // 60_000} minutes")
        return self._held_ms is not None or now_ms - self._let_go_ms < limit_ms

    def _diagnosis(self, limit_ms: int, *, flows: bool) -> SourceError:
        """Say which hop fails, for a technician."""
        reception = self._reception
        counts = reception.counts
        if flows or (self._picture_ms is None and reception.newest_ms is not None):
            lost = counts.lost * 100 // max(counts.taken + counts.lost, 1)
            told = (reception.trouble or "no whole picture") + (f"; {lost} % of packets lost" if lost else "")
            return SourceError(told, hop=reception.trouble_hop)
        if self._picture_ms is not None:
            return SourceError(f"no packets for {limit_ms // 1000} s")
        if counts.wrong_ssrc:
            fault = f"INVITE answered 200, but packets on {self._where} are of another stream (SSRC)"
            return SourceError(fault, hop="ssrc")
        fault = f", no packets on {self._where}: NAT or firewall?"
        if counts.malformed:
            fault = f", but what arrives on {self._where} is not RTP"
        elif reception.wrong_address:
            assert self._dialog is not None
            hosts = self._dialog.answer.host, reception.last_wrong_address
            fault = f" by {hosts[0]}, but packets on {self._where} come from {hosts[1]}: NAT?"
        elif self._transport == "tcp_passive" and not reception.connected:
            fault = f", but nobody connected to {self._where}: NAT or firewall?"
        return SourceError(f"INVITE answered 200{fault}")


def _read_address(address: str) -> tuple[str, str, Transport]:
    """Return device, channel and transport of an address."""
    parts = urlsplit(address)
    channel = parts.path.strip("/")
    if parts.scheme != SCHEME or not (is_id(parts.netloc) and is_id(channel)):
        raise SourceError(f"the address is not {SCHEME}://<device of 20 digits>/<channel of 20 digits>")
    wanted = parse_qs(parts.query).get("transport", ["udp"])[0]
    for transport in get_args(Transport):
        if transport == wanted:
            return parts.netloc, channel, transport
    raise SourceError(f"the transport is none of {', '.join(get_args(Transport))}")
