"""Access units out of RTP payloads: H.264 (RFC 6184, packetization-mode 1) and H.265 (RFC 7798, not interleaved)."""

from __future__ import annotations

from typing import Final

import msgspec

from streams import h264
from streams.limits import CAMERA_FRAME_BYTES, WHIP_PICTURE_PACKETS
from streams.packets import Codec
from streams.rtp import RtpPacket

_STAP_A: Final = 24
_FU_A: Final = 28
_AGGREGATION: Final = 48
_FRAGMENT: Final = 49


class AccessUnit(msgspec.Struct, frozen=True):
    """One coded picture, Annex B, and its RTP time stamp (90 kHz, 32 bits)."""

    data: bytes
    timestamp: int


class Depacketiser:
    """Takes packets in order. A picture of which a packet is missing or malformed is left out and counted.

    Pictures end at the marker, or where the time stamp changes for senders that lose the marked packet.
    """

    def __init__(self, codec: Codec) -> None:
        self._take = self._h264 if codec == "h264" else self._h265
        self._units: list[bytes] = []
        self._fragment: bytearray | None = None
        self._timestamp: int | None = None
        self._broken = False
        self._bytes = 0
        self._packets = 0
        self.broken = 0
        """Pictures left out."""

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        """Return the pictures that this packet completes: none, one, or two where the first had lost its marker."""
        done: list[AccessUnit] = []
        if self._timestamp is not None and packet.timestamp != self._timestamp:
            self._broken = self._broken or packet.follows_gap
            done += self._finish()
        self._timestamp = packet.timestamp
        self._broken = self._broken or packet.follows_gap
        self._bytes += len(packet.payload)
        self._packets += 1
        if self._bytes > CAMERA_FRAME_BYTES or self._packets > WHIP_PICTURE_PACKETS:
            self._broken = True
        if not self._broken and packet.payload:
            self._take(packet.payload)
        if packet.marker:
            done += self._finish()
        return done

    def _finish(self) -> list[AccessUnit]:
        timestamp, whole = self._timestamp, not self._broken and self._fragment is None and bool(self._units)
        self.broken += not whole
        done = [AccessUnit(h264.annex_b(self._units), timestamp)] if whole and timestamp is not None else []
        self._units, self._fragment, self._timestamp = [], None, None
        self._broken, self._bytes, self._packets = False, 0, 0
        return done

    def _h264(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == _FU_A and len(payload) > 2:
            self._fragmented(payload[1], bytes([payload[0] & 0xE0 | payload[1] & 0x1F]), payload[2:])
        elif kind == _STAP_A:
            self._aggregated(payload[1:])
        elif 0 < kind < _STAP_A and self._fragment is None:
            self._units.append(payload)
        else:
            self._broken = True

    def _h265(self, payload: bytes) -> None:
        kind = payload[0] >> 1 & 0x3F
        if kind == _FRAGMENT and len(payload) > 3:
            header = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
            self._fragmented(payload[2], header, payload[3:])
        elif kind == _AGGREGATION and len(payload) > 2:
            self._aggregated(payload[2:])
        elif kind < _AGGREGATION and len(payload) > 2 and self._fragment is None:
            self._units.append(payload)
        else:
            self._broken = True

    def _fragmented(self, flags: int, header: bytes, part: bytes) -> None:
        """Both standards have the same first (0x80) and last (0x40) flags."""
        if bool(flags & 0x80) is not (self._fragment is None):
            self._broken = True
            return
        if self._fragment is None:
            self._fragment = bytearray(header)
        self._fragment += part
        if flags & 0x40:
            self._units.append(bytes(self._fragment))
            self._fragment = None

    def _aggregated(self, sized: bytes) -> None:
        at = 0
        while at < len(sized):
            end = at + 2 + int.from_bytes(sized[at : at + 2], "big")
            if end > len(sized) or end == at + 2:
                self._broken = True
                return
            self._units.append(sized[at + 2 : end])
            at = end
