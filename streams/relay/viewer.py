"""What one viewer needs of its own: RTP headers, lost packets again, sender reports, and knowing when it is gone."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from streams import h264, h265
from streams.limits import RELAY_RESEND_PACKETS
from streams.packets import Codec, Packet
from streams.relay.sdp import VideoFormat

_RTP: Final = struct.Struct("!BBHII")
_REPORT_MS: Final = 1000
# A browser asks for about as many at once; more is no viewer's need.
_RESENDS_AT_ONCE: Final = 128
_NTP_EPOCH_S: Final = 2_208_988_800  # from 1900 to 1970
_SDES_CNAME: Final = 1


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One access unit as RTP payloads, shared by all viewers of a camera."""

    payloads: tuple[bytes, ...]
    pts_ms: int
    is_key: bool
    codec: Codec = "h264"


def pack(packet: Packet) -> Frame:
    """Cut a packet into RTP payloads."""
    units = h264.nal_units(packet.data)
    payloads = h264.rtp_payloads(units) if packet.codec == "h264" else h265.rtp_payloads(units)
    return Frame(tuple(payloads), packet.pts_ms, packet.is_key, packet.codec)


class Path(Protocol):
    """The way to the viewer."""

    def send_rtp(self, packets: Sequence[bytes]) -> None: ...  # noqa: D102

    def send_rtcp(self, packet: bytes) -> None: ...  # noqa: D102


class Viewer:
    """One RTP stream to one browser (RFC 3550, resending by RFC 4585 and RFC 4588). Never waits."""

    def __init__(self, path: Path, sent_as: VideoFormat, *, ssrc: int, rtx_ssrc: int, cname: str) -> None:
        self._path = path
        self._format = sent_as
        self._ssrc = ssrc
        self._rtx_ssrc = rtx_ssrc
        self._cname = cname
        # In the lower half, so that the first wrap is far: peers lose SRTP's roll-over count at an early one.
        self._sequence = secrets.randbits(15)
        self._rtx_sequence = secrets.randbits(15)
        self._needs_key = True
        self._last_pts_ms = 0
        self._kept: list[tuple[int, int, bytes] | None] = [None] * RELAY_RESEND_PACKETS
        self._packets = 0
        self._octets = 0
        self._reported_ms = 0
        self._unanswered_since_ms: int | None = None
        self._on_picture_lost: Callable[[], None] | None = None

    @property
    def codec(self) -> Codec:
        """What was agreed on; frames of another kind cannot be sent to it."""
        return self._format.codec

    def on_picture_lost(self, lost: Callable[[], None]) -> None:
        """Call `lost` whenever the viewer says that it cannot go on without a key frame."""
        self._on_picture_lost = lost

    def let_go(self) -> None:
        """Keep nothing for it any more: it is gone, and Python may be long in noticing that nobody has it."""
        self._kept = [None] * RELAY_RESEND_PACKETS
        self._on_picture_lost = None

    def silent_ms(self, now_ms: int) -> int:
        """Return for how long it has been sent pictures without a word from it."""
        return 0 if self._unanswered_since_ms is None else now_ms - self._unanswered_since_ms

    def send_still(self, frame: Frame, now_ms: int) -> None:
        """Show a key frame whose followers are gone; the picture moves from the next key frame on.

        It is sent twice: a receiver may show a picture only once the next one begins, which would be an interval of key
        frames away.
        """
        for pts_ms in (frame.pts_ms, frame.pts_ms + 1):
            self.send(msgspec.structs.replace(frame, pts_ms=pts_ms), now_ms)
            self._needs_key = True

    def send(self, frame: Frame, now_ms: int) -> None:
        """Send a frame, unless the viewer has to begin again at a key frame first."""
        if self._needs_key and (not frame.is_key or frame.pts_ms <= self._last_pts_ms):
            return
        self._needs_key = False
        self._last_pts_ms = frame.pts_ms
        timestamp = frame.pts_ms * 90 & 0xFFFFFFFF
        last = len(frame.payloads) - 1
        kind, sequence, ssrc, kept = self._format.payload_type, self._sequence, self._ssrc, self._kept
        packets = []
        for i, payload in enumerate(frame.payloads):
            marker = 0x80 if i == last else 0
            packets.append(_RTP.pack(0x80, kind | marker, sequence, timestamp, ssrc) + payload)
            kept[sequence % RELAY_RESEND_PACKETS] = (sequence, timestamp, payload)
            sequence = (sequence + 1) & 0xFFFF
        self._sequence = sequence
        self._path.send_rtp(packets)
        self._octets += sum(map(len, frame.payloads))
        self._packets += len(frame.payloads)
        if self._unanswered_since_ms is None:
            self._unanswered_since_ms = now_ms
        if now_ms - self._reported_ms >= _REPORT_MS:
            self._report(timestamp, now_ms)

    def heard(self, packet: AnyRtcpPacket) -> None:
        """Take what the viewer says: that it lives, what it lost, that it needs a key frame."""
        self._unanswered_since_ms = None
        match packet:
            case RtcpRtpfbPacket(fmt=fmt) if fmt == RTCP_RTPFB_NACK:
                found = (self._again(sequence) for sequence in packet.lost[:_RESENDS_AT_ONCE])
                if packets := [again for again in found if again is not None]:
                    self._path.send_rtp(packets)
            case RtcpPsfbPacket(fmt=fmt) if fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
                # Nothing before the next key frame helps it, whether that one is a kept one or still to come.
                self._needs_key = True
                if self._on_picture_lost is not None:
                    self._on_picture_lost()

    def _again(self, sequence: int) -> bytes | None:
        """Return a packet that was lost on the way, to be sent again; None where it is no longer kept."""
        kept = self._kept[sequence % RELAY_RESEND_PACKETS]
        if kept is None or kept[0] != sequence:
            return None
        _, timestamp, payload = kept
        if (kind := self._format.rtx_payload_type) is None:
            return _RTP.pack(0x80, self._format.payload_type, sequence, timestamp, self._ssrc) + payload
        header = _RTP.pack(0x80, kind, self._rtx_sequence, timestamp, self._rtx_ssrc)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return header + sequence.to_bytes(2, "big") + payload

    def _report(self, timestamp: int, now_ms: int) -> None:
        self._reported_ms = now_ms
        info = RtcpSenderInfo(
            ntp_timestamp=(now_ms + _NTP_EPOCH_S * 1000 << 32) // 1000,
            rtp_timestamp=timestamp,
            packet_count=self._packets & 0xFFFFFFFF,
            octet_count=self._octets & 0xFFFFFFFF,
        )
        name = RtcpSourceInfo(ssrc=self._ssrc, items=[(_SDES_CNAME, self._cname.encode())])
        report = RtcpSrPacket(ssrc=self._ssrc, sender_info=info)
        self._path.send_rtcp(bytes(report) + bytes(RtcpSdesPacket(chunks=[name])))
