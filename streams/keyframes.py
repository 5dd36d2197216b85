"""Decodes pictures of one H.264 stream: key frames alone, or whole runs while somebody needs every frame."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.packets import Packet

Picture = NDArray[np.uint8]
"""Blue, green, red; shape (height, width, 3)."""

_JPEG_QUALITY = 80


class PictureDecoder:
    """Blocking: call it in a worker thread, one call at a time. Undecodable packets give no picture."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("h264", "r")
        codec.thread_count = 1  # the hub has many cameras; frame threads would also hold pictures back
        codec.flags |= av.codec.context.Flags.low_delay
        self._codec = codec

    def decode(self, packet: Packet, *, alone: bool) -> Picture | None:
        """Decode one packet. `alone` says that the packets right after this one will not come.

        A packet that is not a key frame needs all packets since the last key frame to have been decoded.
        """
        try:
            if packet.is_key:
                self._codec.flush_buffers()
            frames = self._codec.decode(av.Packet(packet.data))
            if alone:
                frames += self._codec.decode(None)
        except av.error.FFmpegError:
            return None
        if not frames:
            return None
        return frames[-1].to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def jpeg(packet: Packet) -> bytes | None:
    """Return a key frame as JPEG, or None if it does not decode. Blocking."""
    picture = PictureDecoder().decode(packet, alone=True)
    if picture is None:
        return None
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return encoded.tobytes() if done else None
