"""Streams agreed with devices: INVITE, the dialog while it lasts, playback control, BYE from either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from edge.gb28181 import sdp
from edge.gb28181.devices import Device, Outcome
from edge.gb28181.invite import Answer, InviteError, Media
from edge.gb28181.line import Line
from edge.gb28181.mansrtsp import CONTENT_TYPE, control
from edge.limits import GB28181_INVITE_MS, GB28181_STREAMS
from edge.sip.dialog import Dialog
from edge.sip.message import Request

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


class Stream:
    """One agreed stream; see `edge.gb28181.invite.InviteDialog`."""

    def __init__(
        self, device: Device, channel: str, answer: Answer, dialog: Dialog, line: Line, *, is_playback: bool
    ) -> None:
        self.device = device
        self.is_playback = is_playback
        self.channel = channel
        self.answer = answer
        self.dialog = dialog
        self._line = line
        self._controls = 0
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def host(self) -> str:
        """Where the device signals from."""
        return self.device.peer.host

    @property
    def is_over(self) -> bool:
        """Whether the device ended it, or is gone."""
        return self._end.done()

    async def ended(self) -> str:
        """Wait until the device ends the stream; return why."""
        return await asyncio.shield(self._end)

    def end(self, why: str) -> None:
        """It is over, once."""
        if not self._end.done():
            self._end.set_result(why)

    async def control(self, scale: float | None) -> None:
        """Play on at a speed, or hold it. Raises `InviteError` where the device refuses or does not answer."""
        self._controls += 1
        body = control(self._controls, scale)
        peer = self.device.peer
        info = self.dialog.request("INFO", self._line.endpoint.via(peer), ("Content-Type", CONTENT_TYPE), body=body)
        try:
            response = await self._line.endpoint.ask(info, peer)
        except (UnavailableError, TooManyError) as error:
            raise InviteError(error.detail) from error
        if response.status >= 300:
            raise InviteError(f"playback control answered {response.status} {response.reason}", response.status)

    def part(self) -> None:
        """Tell the device to stop sending, unless it has stopped itself."""
        if not self._end.done():
            peer = self.device.peer
            self._line.endpoint.tell(self.dialog.request("BYE", self._line.endpoint.via(peer)), peer)
            self._end.set_result("ended here")


class Streams:
    """All streams of a platform."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._open: dict[str, Stream] = {}

    @property
    def count(self) -> int:
        """How many run."""
        return len(self._open)

    @asynccontextmanager
    async def invite(
        self, device: Device, channel: str, media: Media, playback: tuple[int, int] | None
    ) -> AsyncIterator[Stream]:
        """Agree on a stream for the block. Raises `InviteError`."""
        if len(self._open) >= GB28181_STREAMS:
            raise InviteError(f"{GB28181_STREAMS} GB/T 28181 streams run already")
        stream = await self._begin(device, channel, media, playback)
        key = stream.dialog.call_id
        self._open[key] = stream
        try:
            yield stream
        finally:
            del self._open[key]
            stream.part()

    def bye(self, request: Request) -> bool:
        """The other side ends a stream; False where there is none like it."""
        stream = self._open.get(request.get("call-id") or "")
        if stream is None or not stream.dialog.holds(request):
            return False
        stream.end("the device ended the stream (BYE)")
        return True

    def file_end(self, device: Device, channel: str, call_id: str) -> None:
        """A recording has been played to its end; live pictures of the same channel go on.

        It is that of the dialog, or of devices that speak outside of it the channel's.
        """
        playing = [stream for stream in self._of(device) if stream.is_playback]
        meant = [stream for stream in playing if stream.dialog.call_id == call_id]
        for stream in meant or [stream for stream in playing if channel in (stream.channel, device.id)]:
            stream.end("the recording ended")

    def gone(self, device: Device, why: str) -> None:
        """A device is offline: its streams are over."""
        for stream in self._of(device):
            stream.end(f"the device went offline: {why}")

    def _of(self, device: Device) -> list[Stream]:
        return [stream for stream in self._open.values() if stream.device is device]

    async def _begin(self, device: Device, channel: str, media: Media, playback: tuple[int, int] | None) -> Stream:
        line = self._line
        if media.host in _EVERY_ADDRESS:
            media = msgspec.structs.replace(media, host=line.endpoint.address_toward(device.peer.host))
        subject = ("Subject", f"{channel}:{media.ssrc:010d},{line.server}:0")
        request = line.request(
            "INVITE", device, channel, line.contact(device), subject, ("Content-Type", sdp.CONTENT_TYPE),
            body=sdp.offer(line.server, channel, media, playback),
        )  # fmt: skip
        try:
            response, dialog = await line.endpoint.invite(request, device.peer, GB28181_INVITE_MS)
        except (UnavailableError, TooManyError) as error:
            raise self._failed(device, channel, 0, error.detail) from error
        if dialog is None:
            why = f"INVITE answered {response.status} {response.reason}".rstrip()
            raise self._failed(device, channel, response.status, why)
        try:
            answer = sdp.parse_answer(response.body)
        except InvalidInputError as error:
            line.endpoint.tell(dialog.request("BYE", line.endpoint.via(device.peer)), device.peer)
            raise self._failed(device, channel, 200, f"INVITE answered 200, but {error.detail}") from error
        device.last_invite = Outcome(self._clock.now_ms(), channel, 200, "INVITE answered 200")
        return Stream(device, channel, answer, dialog, line, is_playback=playback is not None)

    def _failed(self, device: Device, channel: str, status: int, why: str) -> InviteError:
        device.last_invite = Outcome(self._clock.now_ms(), channel, status, why)
        return InviteError(why, status or None)
