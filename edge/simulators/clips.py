"""A coded clip in memory, ready to be sent over RTP again and again without coding anything."""

from __future__ import annotations

import base64
import math
from pathlib import Path

import av
import msgspec
from av.bitstream import BitStreamFilterContext

from streams import h264


class ClipFrame(msgspec.Struct, frozen=True, gc=False):
    """One access unit as RTP payloads (RFC 6184)."""

    at_ms: int
    """Since the beginning of the clip."""
    is_key: bool
    payloads: tuple[bytes, ...]


class Clip(msgspec.Struct, frozen=True):
    """An H.264 clip that begins at a key frame, so that it can be looped."""

    frames: tuple[ClipFrame, ...]
    duration_ms: int
    parameter_sets: tuple[bytes, ...]

    def fmtp(self) -> str:
        """Return the format parameters that an SDP says of it (RFC 6184 section 8.1)."""
        sets = ",".join(base64.b64encode(unit).decode("ascii") for unit in self.parameter_sets)
        level = h264.profile_level_id(self.parameter_sets[0])
        return f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sets}"


def load_clip(path: Path) -> Clip:
    """Read the video track of a file. Blocking.

    Raises `ValueError` where it is not H.264 that begins at a key frame.
    """
    frames: list[ClipFrame] = []
    with av.open(str(path), mode="r") as container:
        stream = container.streams.video[0]
        if stream.codec_context.name != "h264" or stream.average_rate is None:
            raise ValueError(f"{path.name} is not H.264")
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        sets: tuple[bytes, ...] = ()
        for coded in container.demux(stream):
            if not coded.size:  # FFmpeg's mark for the end
                continue
            for packet in to_annex_b.filter(coded):
                units = h264.nal_units(bytes(packet))
                sets = sets or h264.parameter_sets(units)
                at_ms = math.floor((packet.dts or 0) * packet.time_base * 1000)
                frames.append(ClipFrame(at_ms, h264.is_key(units), tuple(h264.rtp_payloads(units))))
        frame_ms = math.floor(1000 / stream.average_rate)
    if not frames or not frames[0].is_key or not sets:
        raise ValueError(f"{path.name} does not begin with a key frame")
    start_ms = frames[0].at_ms
    frames = [msgspec.structs.replace(frame, at_ms=frame.at_ms - start_ms) for frame in frames]
    return Clip(tuple(frames), frames[-1].at_ms + frame_ms, sets)
