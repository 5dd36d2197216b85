"""A small clip that tests of this package stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.simulators.clips import Clip, load_clip
from edge.simulators.street_video import Street, render, traffic


@pytest.fixture(scope="session")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a street at 320 × 180, 15 pictures a second, a key frame every second."""
    street = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return render(street, tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def clip(clip_path: Path) -> Clip:
    return load_clip(clip_path)
