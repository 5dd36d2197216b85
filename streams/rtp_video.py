"""From the RTP packets of one camera to its access units, whatever it wraps them in: PS, a byte stream, or RFC 6184."""

from __future__ import annotations

import re
from typing import Final

from streams.access_units import AccessUnit, AccessUnits, AnnexB
from streams.depacketise import Depacketiser
from streams.h264 import nal_units
from streams.packets import Codec
from streams.ps import PsDemuxer
from streams.rtp import RtpPacket

_START_CODE: Final = re.compile(rb"\x00{2,3}\x01([\x00-\xff])")
# Sequence parameter sets, and aggregations that begin a picture (RFC 6184 STAP-A; RFC 7798 AP and VPS).
_H264_BEGINNINGS: Final = frozenset(bytes([importance | kind]) for importance in (0x20, 0x40, 0x60) for kind in (7, 24))
_H265_BEGINNINGS: Final = frozenset((b"\x40\x01", b"\x42\x01", b"\x60\x01"))
_NAMES: Final = {"h264": "H.264", "h265": "H.265"}


class RtpVideo:
    """Takes packets in order and returns access units; nothing raises.

    `encoding` is what was agreed (`PS`, `H264`, `H265`, the names of SDP). What the payload itself shows counts for
    more: cameras say PS and send bare H.264, with or without RFC 6184.
    """

    def __init__(self, encoding: str = "PS") -> None:
        self._units = AccessUnits()
        self._wrapping: _Ps | _ByteStream | _Payloads | None = None
        self._encoding = encoding.upper()
        self.packets = 0
        self._last: RtpPacket | None = None
        # Whether the marker ends an access unit, as it should; None until seen. Some cameras set it on every packet.
        self._marker_ends: bool | None = None

    @property
    def dropped(self) -> int:
        """Access units that came damaged, or after a damaged one and before the next key frame."""
        return self._units.dropped

    @property
    def trouble(self) -> str:
        """Why no picture comes out, for a technician; empty while some do."""
        if self._wrapping is None:
            return "what arrives holds neither PS nor H.264 nor H.265" if self.packets else ""
        trouble = self._units.trouble
        wrapped = f" in {self._wrapping.name}" if self._wrapping.name else ""
        announced = self._wrapping.announced
        if trouble == "no video":
            return f"{announced or 'sound or data'}{wrapped}, but no video of H.264 or H.265"
        codec = _NAMES[self._units.codec] if self._units.codec else announced or "video"
        if trouble == "no parameter sets":
            return f"stream is {codec}{wrapped} without parameter sets"
        if trouble == "no key frame":
            return f"{codec}{wrapped} arrives, but no whole key frame"
        return ""

    @property
    def trouble_hop(self) -> str:
        """The hop of the way that `trouble` is at: ps, codec or key_frame."""
        if self._wrapping is None:
            return "ps"
        return "codec" if self._units.trouble == "no video" else "key_frame"

    @property
    def seen(self) -> tuple[str, str]:
        """What the packets hold and of which codec, for a technician; empty what has not been seen."""
        wrapped = self._wrapping.name if self._wrapping else ""
        return wrapped, _NAMES[self._units.codec] if self._units.codec else ""

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        """Take the next packet."""
        self.packets += 1
        wrapping = self._wrapping
        last, self._last = self._last, packet
        if packet.follows_gap and wrapping is not None:
            wrapping.damage()
        elif last is not None and last.marker:
            self._judge_marker(last, packet)
        if wrapping is None:
            wrapping = self._wrapping = self._sniff(last, packet)
            if wrapping is None:
                return []
        done = wrapping.feed(packet)
        if packet.marker and self._marker_ends:
            done += wrapping.end()
        return done

    def _judge_marker(self, last: RtpPacket, packet: RtpPacket) -> None:
        if packet.timestamp != last.timestamp:
            if self._marker_ends is None:
                self._marker_ends = True
        elif self._marker_ends is not False:
            if self._marker_ends and self._wrapping is not None:
                self._wrapping.damage()  # an access unit was cut in two
            self._marker_ends = False

    def _sniff(self, last: RtpPacket | None, packet: RtpPacket) -> _Ps | _ByteStream | _Payloads | None:
        payload = packet.payload
        if (code := _START_CODE.match(payload)) is not None:
            # The bit after it is set in a program stream and clear in a NAL unit.
            return _Ps(self._units) if code[1] >= b"\x80" else _ByteStream(self._units)
        if self._encoding in ("H264", "H265"):
            return _Payloads(self._units, "h264" if self._encoding == "H264" else "h265")
        if last is None or packet.follows_gap or last.timestamp == packet.timestamp:
            return None  # in the middle of a picture anything looks like anything
        if payload[:1] in _H264_BEGINNINGS:
            return _Payloads(self._units, "h264")
        return _Payloads(self._units, "h265") if payload[:2] in _H265_BEGINNINGS else None


class _Ps:
    """A program stream. Its packs need not begin or end with a picture."""

    name = "PS"

    def __init__(self, units: AccessUnits) -> None:
        self._demuxer = PsDemuxer(units)

    @property
    def announced(self) -> str:
        return self._demuxer.announced

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        return self._demuxer.feed(packet.payload, packet.timestamp)

    def end(self) -> list[AccessUnit]:
        return self._demuxer.end()

    def damage(self) -> None:
        self._demuxer.damage()


class _ByteStream:
    """Annex B cut into packets as it comes."""

    name = "a bare byte stream"
    announced = ""

    def __init__(self, units: AccessUnits) -> None:
        self._annex_b = AnnexB(units)

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        return self._annex_b.feed(packet.payload, None, packet.timestamp)

    def end(self) -> list[AccessUnit]:
        return self._annex_b.end()

    def damage(self) -> None:
        self._annex_b.damage()


class _Payloads:
    """RFC 6184 or RFC 7798, whose depacketiser knows where access units end."""

    name = "RTP"
    announced = ""

    def __init__(self, units: AccessUnits, codec: Codec) -> None:
        self._units = units
        self._depacketiser = Depacketiser(codec)

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        broken = self._depacketiser.broken
        pictures = self._depacketiser.feed(packet)
        if self._depacketiser.broken != broken:
            self._units.damage()
        done: list[AccessUnit] = []
        for picture in pictures:
            for unit in nal_units(picture.data):
                self._units.add(unit, None, picture.timestamp)
            if (whole := self._units.end()) is not None:
                done.append(whole)
        return done

    def end(self) -> list[AccessUnit]:
        return []

    def damage(self) -> None:
        self._units.damage()
