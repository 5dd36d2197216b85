"""Sends a clip as PS over RTP, by UDP or TCP (RFC 4571), as GB/T 28181 cameras do."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final

import msgspec

from command.kernel.clock import Clock
from edge.limits import RTSP_UNREAD_BYTES
from edge.simulators.ps_clips import PsClip, PsFrame

PAYLOAD_TYPE: Final = 96
_HEADER: Final = struct.Struct("!BBHII")
_PAYLOAD_BYTES: Final = 1400
_LOOK_MS: Final = 10
_LATE_MS: Final = 100

Send = Callable[[bytes], None]
"""Takes one RTP packet."""


class RtpState(msgspec.Struct):
    """Where an RTP stream stands."""

    ssrc: int
    sequence: int = 0


def rtp_packets(frame: PsFrame, state: RtpState, at_ms: int) -> list[bytes]:
    """Return the RTP packets of one picture; the last one has the marker."""
    packets: list[bytes] = []
    for at in range(0, len(frame.data), _PAYLOAD_BYTES):
        marker = 0x80 if at + _PAYLOAD_BYTES >= len(frame.data) else 0
        header = _HEADER.pack(0x80, marker | PAYLOAD_TYPE, state.sequence, at_ms * 90 & 0xFFFFFFFF, state.ssrc)
        packets.append(header + frame.data[at : at + _PAYLOAD_BYTES])
        state.sequence = (state.sequence + 1) & 0xFFFF
    return packets


async def stream(clip: PsClip, ssrc: int, send: Send, clock: Clock, *, loop: bool = True, scale: float = 1.0) -> None:
    """Send the clip in step with the clock, again and again unless `loop` is false.

    Its PES time stamps start over with the clip, as those of cameras do that play a file.
    """
    state = RtpState(ssrc)
    started_ms = clock.now_ms()
    played_ms = 0
    while True:
        for frame in clip.frames:
            await clock.sleep_until(started_ms + round((played_ms + frame.at_ms) / scale))
            for packet in rtp_packets(frame, state, played_ms + frame.at_ms):
                send(packet)
        if not loop:
            return
        played_ms += clip.duration_ms


class Pace:
    """How fast a recording is played: `scale` times, or not at all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scale = 1.0
        self._held = False
        self._from: tuple[int, int] = (0, clock.now_ms())  # of the recording, of the clock

    def play(self, scale: float | None) -> None:
        """Go on, at another speed where one is said."""
        self._turn(held=False)
        self._scale = scale or self._scale

    def hold(self) -> None:
        """Stand still."""
        self._turn(held=True)

    def _turn(self, *, held: bool) -> None:
        self._from, self._held = (self.at_ms, self._clock.now_ms()), held

    @property
    def at_ms(self) -> int:
        """Where the recording stands."""
        at_ms, since_ms = self._from
        return at_ms if self._held else at_ms + round((self._clock.now_ms() - since_ms) * self._scale)

    async def until(self, at_ms: int) -> None:
        """Wait for this place of the recording."""
        await self._clock.sleep(0)  # where it is late already, whoever reads comes in between
        if self.at_ms - at_ms > _LATE_MS * self._scale:  # what was kept waiting goes on from there, without a flood
            self._from = at_ms, self._clock.now_ms()
        while self.at_ms < at_ms:
            await self._clock.sleep(_LOOK_MS)


async def recording(clip: PsClip, ssrc: int, send: Send, pace: Pace, lasts_ms: int) -> None:
    """Send the clip again and again until the recording has lasted so long, its stamps those of the recording."""
    state = RtpState(ssrc)
    played_ms = 0
    while True:
        for frame in clip.frames:
            at_ms = played_ms + frame.at_ms
            if at_ms >= lasts_ms:
                return
            await pace.until(at_ms)
            for packet in rtp_packets(frame, state, at_ms):
                send(packet)
        played_ms += clip.duration_ms


def over_udp(transport: asyncio.DatagramTransport) -> Send:
    """Return what sends to whom the transport is connected to, until it is closed."""

    def send(packet: bytes) -> None:
        if not transport.is_closing():
            transport.sendto(packet)

    return send


def over_tcp(transport: asyncio.WriteTransport) -> Send:
    """Return what puts each packet's length before it; of what the other side leaves unread too long, packets go."""

    def send(packet: bytes) -> None:
        if not transport.is_closing() and transport.get_write_buffer_size() < RTSP_UNREAD_BYTES:
            transport.write(len(packet).to_bytes(2, "big") + packet)

    return send
