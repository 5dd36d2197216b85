"""Coded clips as MPEG program streams, one piece for each picture, as GB/T 28181 cameras send them. FFmpeg muxes."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import msgspec
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.video.stream import VideoStream

from streams.packets import Codec

_TICK: Final = Fraction(1, 90_000)
_TO_ANNEX_B: Final = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
# FFmpeg cannot write a first picture at zero.
_FIRST_PTS: Final = 90_000


class PsFrame(msgspec.Struct, frozen=True, gc=False):
    """One picture with the packs around it."""

    at_ms: int
    """Since the beginning of the clip."""
    is_key: bool
    data: bytes


class PsClip(msgspec.Struct, frozen=True):
    """A clip that begins at a key frame, so that it can be looped."""

    frames: tuple[PsFrame, ...]
    duration_ms: int
    codec: Codec


def load_ps_clip(path: Path) -> PsClip:
    """Read the video track of a file, H.264 or H.265. Blocking. Raises `ValueError` for another codec."""
    frames: list[PsFrame] = []
    with av.open(str(path), mode="r") as container:
        stream = container.streams.video[0]
        name = stream.codec_context.name
        if name not in _TO_ANNEX_B or stream.average_rate is None:
            raise ValueError(f"{path.name} is neither H.264 nor H.265")
        for packet in _annex_b(container, stream, _TO_ANNEX_B[name]):
            at_ms = math.floor((packet.dts or 0) * packet.time_base * 1000)
            frames.append(PsFrame(at_ms, packet.is_keyframe, _mux(packet, stream, at_ms)))
        frame_ms = math.floor(1000 / stream.average_rate)
    codec: Codec = "h264" if name == "h264" else "h265"
    return PsClip(tuple(frames), frames[-1].at_ms + frame_ms, codec)


def _annex_b(container: InputContainer, stream: VideoStream, filter_name: str) -> list[av.Packet[VideoStream]]:
    to_annex_b = BitStreamFilterContext(filter_name, stream)
    coded = (packet for packet in container.demux(stream) if packet.size)  # an empty one is FFmpeg's mark for the end
    return [packet for one in coded for packet in to_annex_b.filter(one)]


def _mux(packet: av.Packet[VideoStream], stream: VideoStream, at_ms: int) -> bytes:
    """Return one picture as a program stream of its own: so it ends with its picture, as cameras' packs do."""
    written = io.BytesIO()
    with av.open(written, "w", format="vob", options={"preload": "0"}) as muxer:
        alone = av.Packet(bytes(packet))
        alone.stream = muxer.add_stream_from_template(stream)
        alone.time_base = _TICK
        alone.pts = alone.dts = _FIRST_PTS + at_ms * 90
        alone.is_keyframe = packet.is_keyframe
        muxer.mux(alone)
    return written.getvalue()
