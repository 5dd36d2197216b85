"""The labelled pictures that plate tests read, and a film of vehicles passing made of them."""

from __future__ import annotations

import csv
import random
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from streams.plates.picture import Picture, decode_picture
from tests.paths import shared

WIDTH_PX, HEIGHT_PX, FRAMES_PER_S = 960, 720, 25
PASSING_FRAMES, EMPTY_FRAMES = 40, 50
# Photos of one vehicle each.
PASSING = ("皖AYL375", "粤CXE592", "川A88888")


def labelled(kind: str) -> list[tuple[Path, str]]:
    """Return (file, plate) of all labelled pictures of a kind."""
    labels = shared("data/plates/labels.tsv")
    with labels.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [(labels.parent / row["file"], row["plate"]) for row in rows if row["kind"] == kind]


def sample(kind: str, count: int) -> list[tuple[Path, str]]:
    """Return some of them, the same each time."""
    return random.Random(36).sample(labelled(kind), count)


def photo(plate: str) -> Picture:
    """Return the labelled photo of a plate."""
    files = {label: file for file, label in labelled("full")}
    return decode_picture(files[plate].read_bytes())


def passing(plates: tuple[str, ...] = PASSING) -> list[Picture]:
    """Return the frames of vehicles that come nearer and drift across an empty grey road, one after the other."""
    road = np.full((HEIGHT_PX, WIDTH_PX, 3), 90, np.uint8)
    frames = [road] * 10
    for plate in plates:
        vehicle = photo(plate)
        height, width = vehicle.shape[:2]
        fit = min(WIDTH_PX / width, HEIGHT_PX / height)
        for step in range(PASSING_FRAMES):
            progress = step / PASSING_FRAMES
            scale = fit * (0.75 + 0.35 * progress)
            left = (WIDTH_PX - width * scale) / 2 + 120 * (0.5 - progress)
            top = (HEIGHT_PX - height * scale) / 2
            move = np.array([[scale, 0, left], [0, scale, top]], np.float32)
            shown = cv2.warpAffine(vehicle, move, (WIDTH_PX, HEIGHT_PX), borderValue=(90, 90, 90))
            frames.append(shown.astype(np.uint8, copy=False))
        frames += [road] * EMPTY_FRAMES
    return frames


def write_video(path: Path, frames: list[Picture]) -> None:
    """Write frames as a video that cameras of any make could have recorded."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FRAMES_PER_S)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.bit_rate = 12_000_000
        stream.time_base = Fraction(1, FRAMES_PER_S)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        container.mux(stream.encode(None))
