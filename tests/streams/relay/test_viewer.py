from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import av.codec
import numpy as np
import pytest
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
)

from streams.depacketise import Depacketiser
from streams.h264 import RTP_PAYLOAD_BYTES
from streams.packets import Codec, Packet
from streams.relay.sdp import VideoFormat
from streams.relay.viewer import Frame, Viewer, pack
from streams.rtp import RtpReceiver

KEY = Frame((b"\x67sets", b"\x65one", b"\x65two"), 1000, True)
NEXT = Frame((b"\x41three",), 1066, False)


class Wire:
    """Records what a viewer is sent."""

    def __init__(self) -> None:
        self.rtp: list[RtpPacket] = []
        self.rtcp: list[bytes] = []

    def send_rtp(self, packets: Sequence[bytes]) -> None:
        self.rtp += [RtpPacket.parse(packet) for packet in packets]

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)


def _viewer(wire: Wire, rtx: int | None = 103) -> Viewer:
    return Viewer(
        wire, VideoFormat("h264", 102, "42e01f", "packetization-mode=1", rtx), ssrc=11, rtx_ssrc=22, cname="name"
    )


def test_a_frame_is_one_run_of_rtp_packets_with_the_marker_on_its_last() -> None:
    wire = Wire()
    viewer = _viewer(wire)
    viewer.send(KEY, 0)
    viewer.send(NEXT, 66)

    first = wire.rtp[0].sequence_number
    assert [packet.sequence_number for packet in wire.rtp] == [first, first + 1, first + 2, first + 3]
    assert [packet.marker for packet in wire.rtp] == [0, 0, 1, 1]
    assert [packet.timestamp for packet in wire.rtp] == [90_000] * 3 + [95_940]
    assert {(packet.ssrc, packet.payload_type) for packet in wire.rtp} == {(11, 102)}


def test_it_begins_at_a_key_frame_and_does_so_again_when_it_says_that_it_lost_the_picture() -> None:
    wire = Wire()
    viewer = _viewer(wire)
    viewer.send(NEXT, 0)
    assert not wire.rtp

    viewer.send(KEY, 0)
    viewer.heard(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=0, media_ssrc=11))
    viewer.send(NEXT, 66)
    assert len(wire.rtp) == 3

    viewer.send(Frame(KEY.payloads, 2000, True), 1000)
    viewer.send(Frame(NEXT.payloads, 2066, False), 1066)
    assert len(wire.rtp) == 7


def test_after_a_still_only_a_newer_key_frame_moves_the_picture() -> None:
    wire = Wire()
    viewer = _viewer(wire)
    viewer.send_still(KEY, 0)
    viewer.send(KEY, 0)
    viewer.send(NEXT, 66)
    assert len(wire.rtp) == 6

    viewer.send(Frame(KEY.payloads, 2000, True), 1000)
    assert len(wire.rtp) == 9


def test_a_still_is_followed_by_itself_so_that_a_receiver_knows_it_is_complete() -> None:
    wire = Wire()
    _viewer(wire).send_still(KEY, 0)
    first, again = wire.rtp[:3], wire.rtp[3:]

    assert [packet.payload for packet in again] == [packet.payload for packet in first]
    assert {packet.timestamp for packet in again} == {first[0].timestamp + 90}


def test_lost_packets_are_sent_again_on_the_resending_stream() -> None:
    wire = Wire()
    viewer = _viewer(wire)
    viewer.send(KEY, 0)
    lost = wire.rtp[1].sequence_number
    viewer.heard(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=11, lost=[lost, lost + 900]))

    assert len(wire.rtp) == 4
    again = wire.rtp[3]
    assert (again.ssrc, again.payload_type, again.timestamp) == (22, 103, 90_000)
    assert again.payload == lost.to_bytes(2, "big") + KEY.payloads[1]


def test_a_viewer_without_a_resending_stream_gets_the_same_packet_again() -> None:
    wire = Wire()
    viewer = _viewer(wire, rtx=None)
    viewer.send(KEY, 0)
    viewer.heard(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=11, lost=[wire.rtp[1].sequence_number]))

    assert bytes(wire.rtp[3].serialize()) == bytes(wire.rtp[1].serialize())


def test_sender_reports_tie_the_stream_to_the_wall_clock_once_a_second() -> None:
    wire = Wire()
    viewer = _viewer(wire)
    now_ms = 1_700_000_000_500
    for i in range(30):
        viewer.send(Frame(KEY.payloads, 1000 + i * 66, True), now_ms + i * 66)

    assert len(wire.rtcp) == 2
    report = RtcpPacket.parse(wire.rtcp[0])[0]
    assert isinstance(report, RtcpSrPacket)
    assert report.sender_info.ntp_timestamp >> 32 == 1_700_000_000 + 2_208_988_800
    assert report.sender_info.ntp_timestamp & 0xFFFFFFFF == 1 << 31
    assert (report.sender_info.rtp_timestamp, report.sender_info.packet_count) == (90_000, 3)


def test_silence_is_counted_from_the_first_unanswered_picture() -> None:
    viewer = _viewer(Wire())
    assert viewer.silent_ms(50_000) == 0
    viewer.send(KEY, 1000)
    viewer.send(NEXT, 2000)
    assert viewer.silent_ms(9000) == 8000
    viewer.heard(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=11, lost=[]))
    assert viewer.silent_ms(9000) == 0


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("h265", "libx265")])
def test_what_a_viewer_is_sent_decodes_to_the_pictures_of_the_camera(codec: Codec, encoder: str) -> None:
    coded = av.codec.CodecContext.create(encoder, "w")
    assert isinstance(coded, av.VideoCodecContext)
    coded.width, coded.height, coded.pix_fmt, coded.time_base = 640, 480, "yuv420p", Fraction(1, 25)
    coded.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none"}
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    frames = [av.VideoFrame.from_ndarray(np.roll(noise, i, 0), format="rgb24") for i in range(3)]
    access_units = [bytes(p) for frame in [*frames, None] for p in coded.encode(frame)]

    wire = Wire()
    viewer = Viewer(wire, VideoFormat(codec, 102, "", "", None), ssrc=1, rtx_ssrc=2, cname="name")
    for i, unit in enumerate(access_units):
        viewer.send(pack(Packet(unit, 1000 + i * 40, i == 0, 0, codec)), i * 40)
    assert all(len(packet.payload) <= RTP_PAYLOAD_BYTES for packet in wire.rtp)
    assert len(wire.rtp) > 30

    received, depacketiser = RtpReceiver(), Depacketiser(codec)
    decoder = av.codec.CodecContext.create("hevc" if codec == "h265" else "h264", "r")
    decoded: list[av.VideoFrame] = []
    for packet in wire.rtp:
        for ordered in received.receive(packet.serialize(), 0):
            for picture in depacketiser.feed(ordered):
                decoded += decoder.decode(av.Packet(picture.data))
    decoded += decoder.decode(None)
    assert [(frame.width, frame.height) for frame in decoded] == [(640, 480)] * 3
    # An encoder without B-frames at this quality leaves the noise recognisable: nothing was mixed up on the way.
    for shown, drawn in zip(decoded, frames, strict=True):
        ours, theirs = (x.to_ndarray(format="gray").astype(int).ravel() for x in (shown, drawn))
        assert np.corrcoef(ours, theirs)[0, 1] > 0.5
    assert depacketiser.broken == 0
