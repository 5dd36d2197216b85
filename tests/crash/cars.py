"""What passes: cars, each fifth with a picture of its own, each tenth the one that is looked for."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import cv2
import numpy as np

from command.readings import Sighting

WANTED = "湘FA0001"
"""The plate on the watch list. Its car passes now: an entry does not fire for what was before it."""
DAY_MS = 24 * 3600 * 1000
_PICTURED, _WANTED = 5, 10
_BOX = (2, 2, 20, 10)


class Passage(NamedTuple):
    """What is found again of a passage or hit: camera, plate, first instant, and the picture's name if there is one."""

    camera: str
    plate: str
    at_ms: int
    picture: str = ""


class Car(NamedTuple):
    """A car before a camera, and the picture of it, empty where there is none."""

    sighting: Sighting
    jpeg: bytes


def is_wanted(number: int) -> bool:
    """Say of a turn whether its car is the one looked for."""
    return number % _WANTED == 0


def car(camera: str, number: int, first_ms: int, plate: str = "") -> Car:
    """Return the car of a turn before a camera. No two pictures are alike, so that none stands in for another."""
    jpeg = _jpeg(f"{camera} {number} {first_ms}") if number % _PICTURED == 0 else b""
    sighting = Sighting(
        camera=camera, plate=plate or f"湘F{number % 100_000:05d}", colour="blue", first_ms=first_ms,
        last_ms=first_ms + 500, reads=3, confidence=0.9, picture=hashlib.sha256(jpeg).hexdigest() if jpeg else None,
        box=_BOX if jpeg else None,
    )  # fmt: skip
    return Car(sighting, jpeg)


def passage_of(sighting: Sighting) -> Passage:
    """Return what is found again of it."""
    return Passage(sighting.camera, sighting.plate, sighting.first_ms, sighting.picture or "")


def _jpeg(what: str) -> bytes:
    seed = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8])
    noise = np.random.default_rng(seed).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()
