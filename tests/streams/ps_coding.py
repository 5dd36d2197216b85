"""Program streams of a small clip, demultiplexed as they are and over RTP, and decoded by FFmpeg."""

from __future__ import annotations

import av

from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import RtpState, rtp_packets
from streams.access_units import AccessUnit, AccessUnits
from streams.ps import PsDemuxer
from streams.rtp import RtpReceiver
from streams.rtp_video import RtpVideo

SSRC = 100_000_001
FFMPEG = {"h264": "h264", "h265": "hevc"}


def demux(stream: bytes, step: int = 1400) -> tuple[PsDemuxer, list[AccessUnit]]:
    demuxer = PsDemuxer(AccessUnits())
    units = [unit for at in range(0, len(stream), step) for unit in demuxer.feed(stream[at : at + step], 0)]
    return demuxer, units + demuxer.end()


def decoded(units: list[AccessUnit]) -> list[av.VideoFrame]:
    """Decode with FFmpeg; anything damaged in them fails the test."""
    codec = av.CodecContext.create(FFMPEG[units[0].codec], "r")
    assert isinstance(codec, av.VideoCodecContext)
    codec.thread_count = 1
    codec.options = {"err_detect": "explode"}
    frames = [frame for unit in units for frame in codec.decode(av.Packet(unit.data))]
    frames += codec.decode(None)
    assert not any(frame.is_corrupt for frame in frames)
    return frames


def datagrams(clip: PsClip) -> list[bytes]:
    state = RtpState(SSRC, sequence=65_500)
    return [packet for frame in clip.frames for packet in rtp_packets(frame, state, frame.at_ms)]


def over_rtp(packets: list[bytes], encoding: str = "PS") -> tuple[RtpVideo, list[AccessUnit]]:
    receiver, video = RtpReceiver(SSRC), RtpVideo(encoding)
    units = [
        unit for i, datagram in enumerate(packets) for one in receiver.receive(datagram, i) for unit in video.feed(one)
    ]
    return video, units


def demux_each(pieces: list[bytes]) -> tuple[PsDemuxer, list[AccessUnit]]:
    """Feed pieces as one RTP packet each."""
    demuxer = PsDemuxer(AccessUnits())
    return demuxer, [unit for piece in pieces for unit in demuxer.feed(piece, 0)] + demuxer.end()
