"""What distance, weather, night, shaking and thrift do to pictures, to fit and to measure readers by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.plates.picture import Picture

_NOISE_SEED = 36


def smaller(picture: Picture) -> Picture:
    """Return it as from farther away."""
    size = max(1, round(picture.shape[1] * 0.6)), max(1, round(picture.shape[0] * 0.6))
    return _bgr(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def blurred(picture: Picture) -> Picture:
    """Return it out of focus, by a share of its size."""
    return _bgr(cv2.GaussianBlur(picture, (0, 0), 0.5 + picture.shape[1] / 1000))


def moved(picture: Picture) -> Picture:
    """Return it as of a car that passes quickly."""
    length = 3 + picture.shape[1] // 300
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    return _bgr(cv2.filter2D(picture, -1, kernel))


def by_night(picture: Picture) -> Picture:
    """Return it underexposed, with the noise of the sensor."""
    return _noisy(picture * 0.35, 4)


def tilted(picture: Picture) -> Picture:
    """Return it as of a camera that hangs askew by ten degrees."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 1)
    return _bgr(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE))


def thrifty(picture: Picture) -> Picture:
    """Return it as of a JPEG of quality 40."""
    return _bgr(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR))


def far(picture: Picture) -> Picture:
    """Return it as a small car in a film is: from far away, with the noise of the sensor, and coded thriftily."""
    size = max(1, round(picture.shape[1] * 0.4)), max(1, round(picture.shape[0] * 0.4))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return thrifty(_noisy(small, 2.5))


def against_the_light(picture: Picture) -> Picture:
    """Return it dim, with little contrast, as before a low sun."""
    return _noisy(picture * 0.25 + 35, 2)


STRAINS: Mapping[str, Callable[[Picture], Picture]] = {
    "smaller": smaller,
    "blurred": blurred,
    "moved": moved,
    "by_night": by_night,
    "tilted": tilted,
    "thrifty": thrifty,
    "far": far,
    "against_the_light": against_the_light,
}


def _noisy(picture: NDArray[np.generic] | cv2.typing.MatLike, deviation: float) -> Picture:
    """Return it with the noise of a sensor, by its standard deviation in grey levels."""
    noise = np.random.default_rng(_NOISE_SEED).normal(0, deviation, picture.shape)
    return _bgr((np.asarray(picture, np.float64) + noise).clip(0, 255))


def _bgr(picture: NDArray[np.generic] | cv2.typing.MatLike | None) -> Picture:
    if picture is None:
        raise ValueError("the strained picture could not be decoded")
    return np.asarray(picture).astype(np.uint8, copy=False)
