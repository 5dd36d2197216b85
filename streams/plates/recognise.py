"""Read the characters of a straightened plate: PP-OCRv4 probabilities, decoded within what GA 36 allows."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from command.kernel import ga36
from command.readings import PlateColour
from streams.plates.decode import Characters, best_plate
from streams.plates.models import RECOGNISER, open_session
from streams.plates.picture import Picture
from streams.plates.priors import kind_priors
from streams.plates.rectify import STRIP_HEIGHT_PX, Floats

# Narrower input than the network's usual 320 saves CPU; plates need at most 190 of it, and it reads them as well.
_INPUT_WIDTH_PX = 256

# The network's dictionary also holds what plates do not; these mean a plate character wherever they are seen.
_ALIASES = {"I": "1", "l": "1", "i": "1", "|": "1", "o": "0"} | dict(
    zip("雲蘇閩貴寧滬粵學臨應", "云苏闽贵宁沪粤学临应", strict=True)
)


class Recogniser:
    """The network that reads plates. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._session = open_session(RECOGNISER)
        dictionary = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._classes, self._starts = _meanings(["", *dictionary, " "])

    def recognise(self, strip: Picture, colour: PlateColour, upper_width_px: int | None = None) -> Characters | None:
        """Return the likeliest plate in a BGR strip with this background, None when it is too narrow to hold one.

        A plate of two lines is given as one strip 48 pixels high, with the upper line on the left, so wide.
        """
        output = self._session.run(None, {"x": _network_input(strip)})[0][0]
        chances: Floats = np.add.reduceat(output[:, self._classes], self._starts, axis=1)
        line_break = None if upper_width_px is None else round(upper_width_px / _INPUT_WIDTH_PX * len(chances))
        return best_plate(chances, kind_priors(colour), line_break)


def _network_input(strip: Picture) -> Floats:
    """Return (1, 3, 48, 256): scaled to the height, -1…1, zeros to the right."""
    height, width = strip.shape[:2]
    used = min(_INPUT_WIDTH_PX, math.ceil(STRIP_HEIGHT_PX * width / height))
    scaled = cv2.resize(strip, (used, STRIP_HEIGHT_PX)).astype(np.float32)
    batch = np.zeros((1, 3, STRIP_HEIGHT_PX, _INPUT_WIDTH_PX), np.float32)
    batch[0, :, :, :used] = scaled.transpose(2, 0, 1) / 127.5 - 1
    return batch


def _meanings(dictionary: list[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the network's classes that matter, grouped by meaning, and where each group starts.

    The first group means no character, the others are `ga36.ALPHABET` in its order.
    """
    groups: list[list[int]] = [[] for _ in range(1 + len(ga36.ALPHABET))]
    for number, symbol in enumerate(dictionary):
        char = _ALIASES.get(symbol, symbol)
        char = char.upper() if char.isascii() else char
        if char and char in ga36.ALPHABET:
            groups[1 + ga36.ALPHABET.index(char)].append(number)
        elif not char.isalnum():  # the dot behind the authority letter, bolts, frames
            groups[0].append(number)
    starts = np.cumsum([0, *map(len, groups[:-1])])
    return np.array([number for group in groups for number in group]), starts
