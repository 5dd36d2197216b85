"""A test picture with its own time in it: a clip whose every frame carries its number as black and white blocks.

A row of blocks at the top holds the number's bits, and a second one below it their opposites, so that a picture that
was not decoded whole is told from one that was.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

BITS: Final = 9
BLOCK_PX: Final = 32
WIDTH: Final = 1280
HEIGHT: Final = 720
FPS: Final = 25
FRAME_MS: Final = 1000 // FPS
_KEY_EVERY: Final = 2 * FPS
_GRAIN_PX: Final = 8


def render(path: Path, seconds: int, bits_per_s: int) -> None:
    """Write an H.264 clip of moving grain with a key frame every two seconds. Takes about a tenth of its length."""
    rng = np.random.default_rng(1)
    grain = rng.integers(40, 200, (HEIGHT // _GRAIN_PX, WIDTH // _GRAIN_PX), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.bit_rate = bits_per_s
        stream.gop_size = _KEY_EVERY
        stream.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": f"scenecut=0:vbv-maxrate={bits_per_s // 1000}:vbv-bufsize={bits_per_s // 1000}",
        }
        for number in range(seconds * FPS):
            # What moves and what is new in each picture, so that the encoder spends what it may.
            grain = np.roll(grain, 1, axis=1)
            rows = rng.integers(0, grain.shape[0], 12)
            grain[rows] = rng.integers(40, 200, (12, grain.shape[1]), dtype=np.uint8)
            grey = grain.repeat(_GRAIN_PX, 0).repeat(_GRAIN_PX, 1)
            _burn(grey, number)
            picture = av.VideoFrame.from_ndarray(np.repeat(grey[:, :, None], 3, axis=2), format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _burn(grey: np.ndarray[tuple[int, int], np.dtype[np.uint8]], number: int) -> None:
    for bit in range(BITS):
        lit = 255 * (number >> bit & 1)
        left = bit * BLOCK_PX
        grey[:BLOCK_PX, left : left + BLOCK_PX] = lit
        grey[BLOCK_PX : 2 * BLOCK_PX, left : left + BLOCK_PX] = 255 - lit
