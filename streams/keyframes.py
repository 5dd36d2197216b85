"""Decodes pictures of one stream: key frames alone, or whole runs while somebody needs every frame."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.packets import Codec, Packet

Picture = NDArray[np.uint8]
"""Blue, green, red; shape (height, width, 3)."""

_JPEG_QUALITY = 80


class PictureDecoder:
    """Blocking: call it in a worker thread, one call at a time. Undecodable packets give no picture."""

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._decoder = _decoder("h264")

    def decode(self, packet: Packet, *, alone: bool) -> Picture | None:
        """Decode one packet. `alone` says that the packets right after this one will not come.

        A packet that is not a key frame needs all packets since the last key frame to have been decoded.
        """
        frame = self.frame(packet, alone=alone)
        return None if frame is None else frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)

    def frame(self, packet: Packet, *, alone: bool) -> av.VideoFrame | None:
        """Decode one packet as `decode` does, and leave the picture as it was coded."""
        if packet.codec != self._codec:
            self._codec, self._decoder = packet.codec, _decoder(packet.codec)
        try:
            if packet.is_key:
                self._decoder.flush_buffers()
            frames = self._decoder.decode(av.Packet(packet.data))
            if alone:
                frames += self._decoder.decode(None)
        except av.error.FFmpegError:
            return None
        return frames[-1] if frames else None


def _decoder(codec: Codec) -> av.VideoCodecContext:
    decoder = av.VideoCodecContext.create("hevc" if codec == "h265" else "h264", "r")
    decoder.thread_count = 1  # the hub has many cameras; frame threads would also hold pictures back
    decoder.flags |= av.codec.context.Flags.low_delay
    return decoder


def size(packet: Packet) -> tuple[int, int] | None:
    """Return width and height in pixels of a key frame, or None if it does not decode. Blocking."""
    frame = PictureDecoder().frame(packet, alone=True)
    return None if frame is None else (frame.width, frame.height)


def jpeg(packet: Packet) -> bytes | None:
    """Return a key frame as JPEG, or None if it does not decode. Blocking."""
    picture = PictureDecoder().decode(packet, alone=True)
    if picture is None:
        return None
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return encoded.tobytes() if done else None
