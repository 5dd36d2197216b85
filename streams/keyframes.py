"""Decodes pictures of one stream: key frames alone, or whole runs while somebody needs every frame."""

from __future__ import annotations

from collections.abc import Sequence

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.limits import PICTURE_PIXELS
from streams.packets import Codec, Packet

Picture = NDArray[np.uint8]
"""Blue, green, red; shape (height, width, 3)."""

_JPEG_QUALITY = 80


class Decoded:
    """A decoded picture, as it was coded until somebody wants it otherwise."""

    def __init__(self, frame: av.VideoFrame, at_ms: int) -> None:
        self._frame = frame
        self.at_ms = at_ms
        """When it is to be shown, on the scale of the packets' `pts_ms`."""
        self.size_px = (frame.width, frame.height)

    def bgr(self) -> Picture:
        """Return it as blue, green and red. Blocking."""
        return self._frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


class PictureDecoder:
    """Blocking: call it in a worker thread, one call at a time. Undecodable packets give no picture.

    Pictures that no other refers to are left out (of B frames about half, of others none).
    """

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._decoder = _decoder("h264")

    def newest(self, packets: Sequence[Packet]) -> Decoded | None:
        """Decode packets that come after those before them, or begin at a key frame; return the last picture."""
        newest: Decoded | None = None
        for packet in packets:
            newest = self.frame(packet, alone=False) or newest
        return newest

    def frame(self, packet: Packet, *, alone: bool) -> Decoded | None:
        """Decode one packet. `alone` says that the packets right after this one will not come.

        A packet that is not a key frame needs all packets since the last key frame to have been decoded.
        """
        if packet.codec != self._codec:
            self._codec, self._decoder = packet.codec, _decoder(packet.codec)
        coded = av.Packet(packet.data)
        coded.pts = packet.pts_ms
        try:
            if packet.is_key:
                self._decoder.flush_buffers()
            frames = self._decoder.decode(coded)
            if alone:
                frames += self._decoder.decode(None)
        except av.error.FFmpegError:
            return None
        if not frames:
            return None
        return Decoded(frames[-1], packet.pts_ms if frames[-1].pts is None else frames[-1].pts)


def _decoder(codec: Codec) -> av.VideoCodecContext:
    decoder = av.VideoCodecContext.create("hevc" if codec == "h265" else "h264", "r")
    decoder.thread_count = 1  # the hub has many cameras; frame threads would also hold pictures back
    decoder.flags |= av.codec.context.Flags.low_delay
    decoder.skip_frame = "NONREF"
    # Memory is taken for what a camera says that its pictures measure, before anything of them is decoded.
    decoder.options = {"max_pixels": str(PICTURE_PIXELS)}
    return decoder


def size(packet: Packet) -> tuple[int, int] | None:
    """Return width and height in pixels of a key frame, or None if it does not decode. Blocking."""
    decoded = PictureDecoder().frame(packet, alone=True)
    return None if decoded is None else decoded.size_px


def jpeg(packet: Packet) -> bytes | None:
    """Return a key frame as JPEG, or None if it does not decode. Blocking."""
    decoded = PictureDecoder().frame(packet, alone=True)
    if decoded is None:
        return None
    done, encoded = cv2.imencode(".jpg", decoded.bgr(), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return encoded.tobytes() if done else None
