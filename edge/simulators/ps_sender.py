"""Sends a clip as PS over RTP, by UDP or TCP (RFC 4571), as GB/T 28181 cameras do."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final

import msgspec

from command.kernel.clock import Clock
from command.kernel.limits import RTSP_UNREAD_BYTES
from edge.simulators.ps_clips import PsClip, PsFrame

PAYLOAD_TYPE: Final = 96
_HEADER: Final = struct.Struct("!BBHII")
_PAYLOAD_BYTES: Final = 1400

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
