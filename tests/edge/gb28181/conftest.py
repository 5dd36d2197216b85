"""A small clip that tests of media send, in either codec."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from edge.simulators.ps_clips import PsClip, load_ps_clip

_X265 = "log-level=none:keyint=10:min-keyint=10:bframes=0"
_OPTIONS: dict[str, dict[str, str]] = {"libx264": {}, "libx265": {"x265-params": _X265, "preset": "ultrafast"}}


@pytest.fixture(scope="session", params=["libx264", "libx265"])
def any_clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    """One second, 25 pictures, a key frame every ten."""
    return load_ps_clip(_code(request.param, tmp_path_factory.mktemp("clips")))


@pytest.fixture(scope="session")
def ps_clip(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    """The same in H.264."""
    return load_ps_clip(_code("libx264", tmp_path_factory.mktemp("clips")))


def _code(codec: str, folder: Path) -> Path:
    path = folder / f"{codec}.mp4"
    ground = np.random.default_rng(1).integers(0, 255, (192, 400, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        stream.codec_context.gop_size = 10
        stream.codec_context.thread_count = 1
        stream.options = {"bf": "0", **_OPTIONS[codec]}
        for i in range(25):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(ground[:, i : i + 320]), format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
