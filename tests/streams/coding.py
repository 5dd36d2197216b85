"""Small clips that tests code themselves."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from edge.simulators.clips import Clip, ClipFrame
from streams import h264, h265


def h265_pictures(count: int) -> list[bytes]:
    """Return pictures of H.265, 320 × 192, a key frame first, as Annex B."""
    encoder = av.VideoCodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 192, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 10), Fraction(10)
    encoder.options = {"x265-params": "log-level=none:keyint=10:bframes=0", "preset": "ultrafast"}
    packets = []
    for i in range(count):
        frame = av.VideoFrame.from_ndarray(np.full((192, 320, 3), 20 * i % 256, np.uint8), format="bgr24")
        frame.pts, frame.time_base = i, Fraction(1, 10)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [bytes(packet) for packet in packets]


def coded_h265(count: int) -> Clip:
    """Return such pictures at 10 a second as RTP payloads."""
    units = [h264.nal_units(picture) for picture in h265_pictures(count)]
    frames = [ClipFrame(100 * i, h265.is_key(x), tuple(h265.rtp_payloads(x))) for i, x in enumerate(units)]
    return Clip(tuple(frames), 100 * count, h265.parameter_sets(units[0]))
