"""Read the characters of a straightened plate: PP-OCRv4 probabilities, decoded within what GA 36 allows.

CTC (Graves 2006) yields for each column the chance of each character or of none. The best path is searched only
among character sequences that are plates, so a look-alike that no plate can hold at that place never wins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from command.kernel import ga36
from streams.plates.detect import Floats
from streams.plates.models import RECOGNISER, open_session
from streams.plates.picture import Picture
from streams.plates.rectify import STRIP_HEIGHT_PX

# Narrower input than the network's usual 320 saves CPU; plates need at most 190 of it, and it reads them as well.
_INPUT_WIDTH_PX = 256
_FLOOR = 1e-6
_NEVER = -1e9
# The police's O is far rarer than the Q, D and C it is taken for.
_RETIRED_SERIES = -2.0

# The network's dictionary also holds what plates do not; these mean a plate character wherever they are seen.
_ALIASES = {"I": "1", "l": "1", "i": "1", "|": "1", "o": "0"} | dict(
    zip("雲蘇閩貴寧滬粵學", "云苏闽贵宁沪粤学", strict=True)
)


class Characters(msgspec.Struct, frozen=True):
    """A plate and how sure each of its characters is, 0…1."""

    plate: str
    confidences: tuple[float, ...]

    @property
    def confidence(self) -> float:
        """A plate is as sure as its least sure character."""
        return min(self.confidences)


class Recogniser:
    """The network that reads plates. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._session = open_session(RECOGNISER)
        dictionary = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._classes, self._starts = _meanings(["", *dictionary, " "])

    def recognise(self, strip: Picture, format_bias: Sequence[float]) -> Characters | None:
        """Return the likeliest plate in a BGR strip, None when it is too narrow to hold one.

        `format_bias` is added to the log-likelihood of each of `ga36.FORMATS`.
        """
        output = self._session.run(None, {"x": _network_input(strip)})[0][0]
        chances: Floats = np.add.reduceat(output[:, self._classes], self._starts, axis=1)
        return best_plate(chances, format_bias)


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


def _log_prior() -> Floats:
    """Return (format, position, character): 0 where the format allows it, else as good as never."""
    longest = max(map(len, ga36.FORMATS))
    prior = np.full((len(ga36.FORMATS), longest, len(ga36.ALPHABET)), _NEVER, np.float32)
    for number, format_ in enumerate(ga36.FORMATS):
        for position, chars in enumerate(format_):
            prior[number, position, [ga36.ALPHABET.index(char) for char in chars]] = 0
    prior[:, 1, ga36.ALPHABET.index("O")] = _RETIRED_SERIES
    return prior


_LOG_PRIOR = _log_prior()
_LAST = [len(format_) - 1 for format_ in ga36.FORMATS]


def best_plate(chances: Floats, format_bias: Sequence[float]) -> Characters | None:
    """Search the best CTC path that spells a plate (Viterbi).

    `chances` is (column, 1 + character of `ga36.ALPHABET`), column 0 the chance of no character.
    A state is (format, position, character) either on the character or in the gap behind it.
    """
    logs = np.log(chances + _FLOOR)
    formats, _, letters = _LOG_PRIOR.shape
    on = np.full(_LOG_PRIOR.shape, _NEVER, np.float32)
    gap = on.copy()
    lead = 0.0
    rows = np.arange(formats)[:, None], np.arange(_LOG_PRIOR.shape[1] - 1)[None, :]
    steps = []
    for column in logs:
        # Entering a character: from the gap behind any other one, or straight from a different character.
        before = np.concatenate([gap, on], axis=2)[:, :-1]
        first = before.argmax(axis=2)
        best = before[*rows, first]
        entered = np.empty_like(on)
        entered[:, 0] = lead
        entered[:, 1:] = best[:, :, None]
        came_from = np.full(on.shape, -1)
        came_from[:, 1:] = first[:, :, None]
        # Straight from the same character would be one character, not two: take the second best there.
        straight = first >= letters
        before[*rows, first] = np.where(straight, _NEVER, best)
        second = before.argmax(axis=2)
        at = (*np.nonzero(straight),)
        same = first[at] - letters
        entered[at[0], at[1] + 1, same] = before[at[0], at[1], second[at]]
        came_from[at[0], at[1] + 1, same] = second[at]
        entered += _LOG_PRIOR
        entering, leaving = entered > on, on > gap
        gap = np.where(leaving, on, gap) + column[0]
        on = np.where(entering, entered, on) + column[1:]
        lead += float(column[0])
        steps.append((entering, came_from, leaving))
    ends = [max(gap[f, last].max(), on[f, last].max()) + format_bias[f] for f, last in enumerate(_LAST)]
    winner = int(np.argmax(ends))
    if ends[winner] < _NEVER / 2:
        return None
    return _trace(winner, on[winner], gap[winner], steps, chances)


def _trace(
    format_: int,
    on: Floats,
    gap: Floats,
    steps: list[tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.bool_]]],
    chances: Floats,
) -> Characters:
    """Walk the best path back; a character is as sure as its surest column."""
    position = _LAST[format_]
    is_on = bool(on[position].max() >= gap[position].max())
    letter = int((on if is_on else gap)[position].argmax())
    plate, confidences, surest = "", [], 0.0
    for column in range(len(steps) - 1, -1, -1):
        entering, came_from, leaving = (step[format_, position, letter] for step in steps[column])
        if not is_on:
            is_on = bool(leaving)
            continue
        surest = max(surest, float(chances[column, 1 + letter]))
        if entering:
            plate += ga36.ALPHABET[letter]
            confidences.append(min(1.0, surest))
            surest = 0.0
            if position == 0:
                break
            position -= 1
            is_on, letter = bool(came_from >= on.shape[1]), int(came_from % on.shape[1])
    return Characters(plate[::-1], tuple(confidences[::-1]))
