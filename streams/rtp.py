"""RTP as it comes in: header (RFC 3550), order and loss, whose stream it is, framing over TCP (RFC 4571), time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from streams.limits import (
    RTP_BAD_FRAMES,
    RTP_JUMP_PACKETS,
    RTP_PROBATION_PACKETS,
    RTP_REORDER_MS,
    RTP_REORDER_PACKETS,
    RTP_SSRC_SILENT_MS,
)

CLOCK_HZ: Final = 90_000
"""Of every video payload (RFC 3551)."""

_HEADER: Final = struct.Struct("!BBHII")
_HALF: Final = 0x8000
# RTCP on the RTP port: packet types 192–223 stand where RTP has marker and payload type (RFC 5761 section 4).
_RTCP: Final = range(192, 224)


class RtpError(Exception):
    """What came is not RTP."""


class RtpPacket(msgspec.Struct, frozen=True, gc=False):
    """One packet without its padding and header extension."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    follows_gap: bool = False
    """Whether packets right before this one are missing, or it begins another stream."""


def parse(datagram: bytes) -> RtpPacket:
    """Read one packet. Raises `RtpError` for anything that is not RTP version 2, RTCP included."""
    if len(datagram) < _HEADER.size:
        raise RtpError("shorter than a header")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    if first >> 6 != 2:
        raise RtpError("not version 2")
    if second in _RTCP:
        raise RtpError("RTCP")
    start = _HEADER.size
    end = len(datagram)
    if first & 0x3F:  # padding, extension or contributing sources
        start += 4 * (first & 0x0F)
        if first & 0x10:
            if end < start + 4:
                raise RtpError("the header extension is cut off")
            start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
        if first & 0x20:
            padding = datagram[-1]
            if not padding:
                raise RtpError("padding of no bytes")
            end -= padding
        if start > end:
            raise RtpError("header and padding are longer than the packet")
    return RtpPacket(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, datagram[start:end])


class RtpCounts(msgspec.Struct):
    """What became of the packets of one stream."""

    taken: int = 0
    malformed: int = 0
    wrong_ssrc: int = 0
    late: int = 0
    """Came again, or after they had been given up."""
    lost: int = 0


class RtpReceiver:
    """Puts one stream's packets in order and keeps those of others out, in bounded memory.

    `ssrc` is the agreed one; None takes the first. A device that sends with another one is taken all the same once it
    sent `RTP_PROBATION_PACKETS` in a row while the present stream was silent, and with these: many ignore what was
    agreed, and one that restarts draws anew. A missing packet is waited for until `RTP_REORDER_PACKETS` later ones have
    come or the first of them is `RTP_REORDER_MS` old.
    """

    def __init__(self, ssrc: int | None = None) -> None:
        self.counts = RtpCounts()
        self.ssrc: int | None = None
        """Whose packets are taken now."""
        self._agreed = ssrc
        self._newest_ms = 0
        self._probation: list[RtpPacket] = []
        self._next = 0
        self._jumped_to: int | None = None
        self._held: dict[int, RtpPacket] = {}
        self._held_since_ms = 0
        self._gap = False

    def receive(self, datagram: bytes, now_ms: int) -> list[RtpPacket]:
        """Take one datagram and return the packets whose turn it now is; wrong ones are counted, none raises."""
        try:
            packet = parse(datagram)
        except RtpError:
            self.counts.malformed += 1
            return []
        if packet.ssrc != self.ssrc:
            return self._change(packet, now_ms)
        self._newest_ms = now_ms
        if packet.sequence == self._next and not self._held:
            self._jumped_to = None
            return [self._pass(packet)]
        return self._order(packet, now_ms)

    def _change(self, packet: RtpPacket, now_ms: int) -> list[RtpPacket]:
        """Go over to this packet's stream, if it may be taken, with what it has sent in probation."""
        run = [packet]
        if packet.ssrc != self._agreed and (self._agreed is not None or self.ssrc is not None):
            last = self._probation[-1] if self._probation else None
            if last is None or (last.ssrc, (last.sequence + 1) & 0xFFFF) != (packet.ssrc, packet.sequence):
                self._probation = []
            elif len(self._probation) >= RTP_PROBATION_PACKETS:
                del self._probation[0]
            self._probation.append(packet)
            run = self._probation
            alive = self.ssrc is not None and now_ms - self._newest_ms < RTP_SSRC_SILENT_MS
            if alive or len(run) < RTP_PROBATION_PACKETS:
                self.counts.wrong_ssrc += 1
                return []
        self._probation = []
        self._begin(run[0])
        self.ssrc = packet.ssrc
        self._newest_ms = now_ms
        return [self._pass(one) for one in run]

    def _begin(self, packet: RtpPacket) -> None:
        """Go on at this packet, whatever was waited for."""
        self._held.clear()
        self._jumped_to = None
        self._next = packet.sequence
        self._gap = self.counts.taken > 0

    def _order(self, packet: RtpPacket, now_ms: int) -> list[RtpPacket]:
        ahead = (packet.sequence - self._next) & 0xFFFF
        behind = 0x10000 - ahead
        if min(ahead, behind) > RTP_JUMP_PACKETS:
            # RFC 3550 appendix A.1: two in a row on a new scale are a restarted sender, one is a stray.
            if packet.sequence != self._jumped_to:
                self._jumped_to = (packet.sequence + 1) & 0xFFFF
                self.counts.late += 1
                return []
            self._begin(packet)
            self._gap = True
            return [self._pass(packet)]
        self._jumped_to = None
        if ahead >= _HALF or packet.sequence in self._held:
            self.counts.late += 1
            return []
        if not self._held:
            self._held_since_ms = now_ms
        self._held[packet.sequence] = packet
        ready = list(self._run())
        while self._held and (len(self._held) > RTP_REORDER_PACKETS or now_ms - self._held_since_ms >= RTP_REORDER_MS):
            first = min(self._held, key=lambda sequence: (sequence - self._next) & 0xFFFF)
            self.counts.lost += (first - self._next) & 0xFFFF
            self._gap = True
            self._next = first
            ready += self._run()
            self._held_since_ms = now_ms
        return ready

    def _run(self) -> Iterator[RtpPacket]:
        while (packet := self._held.pop(self._next, None)) is not None:
            yield self._pass(packet)

    def _pass(self, packet: RtpPacket) -> RtpPacket:
        self.counts.taken += 1
        self._next = (packet.sequence + 1) & 0xFFFF
        if self._gap:
            self._gap = False
            return msgspec.structs.replace(packet, follows_gap=True)
        return packet


class Rfc4571Frames:
    """Cuts a TCP stream into packets: each has its length before it, two bytes, high byte first."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._bad = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take what the socket gave and return the whole packets; a part waits, 65 537 bytes at most.

        Raises `RtpError` where `RTP_BAD_FRAMES` in a row hold no RTP: then the lengths are not lengths.
        """
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        at = 0
        while len(buffer) - at >= 2:
            end = at + 2 + int.from_bytes(buffer[at : at + 2], "big")
            if end > len(buffer):
                break
            if end > at + 2:  # a frame of no bytes keeps a connection alive
                frames.append(bytes(buffer[at + 2 : end]))
                self._bad = 0 if buffer[at + 2] >> 6 == 2 else self._bad + 1
                if self._bad >= RTP_BAD_FRAMES:
                    raise RtpError("what comes over TCP is not RTP with its length before it (RFC 4571)")
            at = end
        del buffer[:at]
        return frames


class MediaTime:
    """Brings time stamps of 90 kHz that wrap, of PES (33 bits) and RTP (32 bits), to one scale of ms that does not.

    The PES time stamp counts. Where it is left out or stands still, time goes on as RTP's does.
    """

    def __init__(self) -> None:
        self._pts: int | None = None  # the last one, as it came
        self._timestamp: int | None = None
        self._ticks = 0  # on our scale, at the last PES time stamp
        self._rtp_ticks = 0  # since then

    def ms(self, pts: int | None, timestamp: int) -> int:
        """Return when to show what has this PES time stamp (None if it has none) and RTP time stamp."""
        if self._timestamp is not None:
            self._rtp_ticks += _signed(timestamp - self._timestamp, 32)
        self._timestamp = timestamp
        if pts is not None and pts != self._pts:
            self._ticks = pts if self._pts is None else self._ticks + _signed(pts - self._pts, 33)
            self._rtp_ticks = 0
            self._pts = pts
        return (self._ticks + self._rtp_ticks) * 1000 // CLOCK_HZ


def _signed(difference: int, bits: int) -> int:
    """Return the shorter way between two counters of so many bits."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
