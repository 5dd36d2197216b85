"""Small clips that tests of this package stream."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from edge.simulators.clips import Clip, load_clip
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render, traffic

_X265 = "log-level=none:keyint=10:min-keyint=10:bframes=0:slices=2"
_OPTIONS: dict[str, dict[str, object]] = {
    "libx264": {"slices": "3"},
    "libx265": {"x265-params": _X265, "preset": "ultrafast"},
}


@pytest.fixture(scope="session")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a street at 320 × 180, 15 pictures a second, a key frame every second."""
    street = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return render(street, tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def clip(clip_path: Path) -> Clip:
    return load_clip(clip_path)


@pytest.fixture(scope="session", params=["libx264", "libx265"])
def coded_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds that move, 25 pictures a second, a key frame every ten."""
    path = tmp_path_factory.mktemp("coded") / f"{request.param}.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(request.param, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        stream.codec_context.max_b_frames = 0
        stream.codec_context.gop_size = 10
        stream.options = _OPTIONS[request.param]
        stream.codec_context.thread_count = 1
        rng = np.random.default_rng(1)
        ground = rng.integers(0, 255, (192, 480, 3), np.uint8)
        for i in range(50):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(ground[:, i : i + 320]), format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def ps_clip(coded_file: Path) -> PsClip:
    return load_ps_clip(coded_file)
