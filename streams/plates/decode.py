"""From chances by column to a plate: the best path of CTC (Graves 2006) among those that spell what GA 36 allows.

CTC yields for each column the chance of each character or of none. Only sequences that are plates are searched, so a
look-alike that no plate can hold at that place never wins.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from command.kernel import ga36
from command.kernel.ga36 import PlateKind
from streams.plates.rectify import Floats

_FLOOR = 1e-6
_NEVER = -1e9
# A character that no column gives more than this is not in the picture; leaving it out saves most of the time.
_WORTH_A_SEARCH = 1e-4
_UPPER_LINE_CHARS = 2
_FRAME_LIKE = 1 + ga36.ALPHABET.index("1")
_SEEN_AT_LEAST = 0.5
# The police's O is far rarer than the Q, D and C it is taken for.
_RETIRED_SERIES = -2.0
# No digit stands for an authority: what looks like a 0 there is an O, or a Q or D whose stroke is not seen, which are
# so much more frequent that they are worth the doubt.
_O, _ZERO = 1 + ga36.ALPHABET.index("O"), 1 + ga36.ALPHABET.index("0")
_TAKEN_FOR_O = [1 + ga36.ALPHABET.index(char) for char in "QD"]
_O_AMONG_THESE = 0.05


class Characters(msgspec.Struct, frozen=True):
    """A plate, what it was issued for, and what the network gives each of its characters, 0…1, not yet calibrated.

    `unexplained` is how many characters beside those of the plate the network sees, weighed by their chances; the
    rim of a plate, which looks like a 1, is none.
    """

    plate: str
    kind: PlateKind
    confidences: tuple[float, ...]
    unexplained: float

    @property
    def confidence(self) -> float:
        """A plate is as sure as its least sure character."""
        return min(self.confidences)

    @property
    def mean(self) -> float:
        """The characters' confidence on average."""
        return sum(self.confidences) / len(self.confidences)


def _log_prior() -> Floats:
    """Return (format, position, character): 0 where the format allows it, else as good as never."""
    longest = max(map(len, ga36.FORMATS))
    prior = np.full((len(ga36.FORMATS), longest, len(ga36.ALPHABET)), _NEVER, np.float32)
    for number, format_ in enumerate(ga36.FORMATS):
        for position, chars in enumerate(format_):
            prior[number, position, [ga36.ALPHABET.index(char) for char in chars]] = 0
    prior[:, 1, ga36.ALPHABET.index("O")] += _RETIRED_SERIES
    return prior


_LOG_PRIOR = _log_prior()
_LAST = [len(format_) - 1 for format_ in ga36.FORMATS]
_KINDS: tuple[PlateKind, ...] = tuple(kind for kind, formats in ga36.FORMATS_BY_KIND.items() for _ in formats)


def best_plate(chances: Floats, priors: Mapping[PlateKind, float], line_break: int | None = None) -> Characters | None:
    """Search the best CTC path that spells a plate (Viterbi); None when there are too few columns for any.

    `chances` is (column, 1 + character of `ga36.ALPHABET`), column 0 the chance of no character; `priors` are added
    to the log-likelihood of each kind. Of two lines beside each other the upper, which holds the first two characters,
    ends at column `line_break`. A state is (format, position, character) either on the character or in the gap behind
    it.
    """
    chances = _rounds_as_zeros(chances)
    seen = np.flatnonzero(chances[:, 1:].max(axis=0) > _WORTH_A_SEARCH)
    if not seen.size:
        return None
    prior = _LOG_PRIOR[:, :, seen]
    shown = chances[:, 1 + seen]
    blanks = np.log(chances[:, 0] + _FLOOR)
    on = np.full(prior.shape, _NEVER, np.float32)
    gap = on.copy()
    lead = 0.0
    rows = np.arange(prior.shape[0])[:, None], np.arange(prior.shape[1] - 1)[None, :]
    steps = []
    for number, (blank, column) in enumerate(zip(blanks, np.log(shown + _FLOOR), strict=True)):
        entered, came_from = _enter(on, gap, lead, rows)
        entered += prior
        if line_break is not None:
            _forbid(entered, number - line_break)
        entering, leaving = entered > on, on > gap
        gap = np.where(leaving, on, gap) + blank
        on = np.where(entering, entered, on) + column
        lead += float(blank)
        steps.append((entering, came_from, leaving))
    ends = [
        max(gap[f, last].max(), on[f, last].max()) + priors[kind]
        for f, (last, kind) in enumerate(zip(_LAST, _KINDS, strict=True))
    ]
    winner = int(np.argmax(ends))
    if ends[winner] < _NEVER / 2:
        return None
    sureness = _sureness(chances)[:, 1 + seen]
    plate, confidences, gaps = _trace(_LAST[winner], winner, on[winner], gap[winner], steps, sureness)
    beside = 1 - chances[gaps, 0] - chances[gaps, _FRAME_LIKE]
    unexplained = float(beside[beside > _SEEN_AT_LEAST].sum())
    return Characters(
        "".join(ga36.ALPHABET[seen[letter]] for letter in plate), _KINDS[winner], confidences, unexplained
    )


def _rounds_as_zeros(chances: Floats) -> Floats:
    """Return the chances with what looks like an O a 0 as well: no serial holds an O, and no authority is a 0."""
    chances = chances.copy()
    chances[:, _ZERO] += chances[:, _O]
    return chances


def _sureness(chances: Floats) -> Floats:
    """Return how sure each column makes each character: as the network does, but for O, which it tells from no 0."""
    sureness = chances.copy()
    rounds = chances[:, _ZERO]
    o, others = rounds * _O_AMONG_THESE, chances[:, _TAKEN_FOR_O].sum(axis=1)
    sureness[:, _O] = rounds * o / np.maximum(o + others, _FLOOR)
    return sureness


def _forbid(entered: Floats, columns_behind_break: int) -> None:
    """Let no character of one line be entered in the other; the network may tell one a column early or late."""
    if columns_behind_break < -1:
        entered[:, _UPPER_LINE_CHARS:] = _NEVER
    elif columns_behind_break > 0:
        entered[:, :_UPPER_LINE_CHARS] = _NEVER


def _enter(
    on: Floats, gap: Floats, lead: float, rows: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> tuple[Floats, NDArray[np.intp]]:
    """Return how well each state can be entered, and from which: a gap, or behind those a character."""
    letters = on.shape[2]
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
    return entered, came_from


def _trace(
    position: int,
    format_: int,
    on: Floats,
    gap: Floats,
    steps: list[tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.bool_]]],
    sureness: Floats,
) -> tuple[list[int], tuple[float, ...], NDArray[np.bool_]]:
    """Walk the best path back; a character is as sure as its surest column. Returns also which columns hold none."""
    is_on = bool(on[position].max() >= gap[position].max())
    letter = int((on if is_on else gap)[position].argmax())
    plate, confidences, surest = [], [], 0.0
    gaps = np.ones(len(steps), np.bool_)
    for column in range(len(steps) - 1, -1, -1):
        entering, came_from, leaving = (step[format_, position, letter] for step in steps[column])
        if not is_on:
            is_on = bool(leaving)
            continue
        gaps[column] = False
        surest = max(surest, float(sureness[column, letter]))
        if entering:
            plate.append(letter)
            confidences.append(min(1.0, surest))
            surest = 0.0
            if position == 0:
                break
            position -= 1
            is_on, letter = bool(came_from >= on.shape[1]), int(came_from % on.shape[1])
    return plate[::-1], tuple(confidences[::-1]), gaps
