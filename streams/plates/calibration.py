"""From what the network gives a character to how often it is right then: monotone tables, fitted on labelled reads.

A table is drawn through the shares of right reads in bins of what the network said. Each share is shrunk towards what
was said, as by `_PRIOR_READS` further reads, since labelled pictures hold few unsure reads and none of things that are
no plate; then shares that fall are pooled (isotonic regression by pool adjacent violators, Ayer et al. 1955).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from command.kernel import ga36

Said = tuple[float, bool]
"""What was said, 0…1, and whether it was right."""

_BIN_EDGES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0)
_PRIOR_READS = 20
_READS_TO_COUNT_ALIKE = 30


class Table(msgspec.Struct, frozen=True):
    """A rising line through points: where the network says `said`, the share `right` is right."""

    said: tuple[float, ...] = (0.0, 1.0)
    right: tuple[float, ...] = (0.0, 1.0)

    def __call__(self, said: float) -> float:
        """Return the chance to be right."""
        return float(np.interp(said, self.said, self.right))


class Calibration(msgspec.Struct, frozen=True):
    """`plates` takes what was said of the least sure character, `provinces` of a province, `characters` of others.

    Each province counts alike in its table, however many of it are among the labelled pictures.
    """

    plates: Table = Table()
    characters: Table = Table()
    provinces: Table = Table()

    def of(self, char: str, said: float) -> float:
        """Return the chance that a character is right."""
        return (self.provinces if char in ga36.PROVINCES else self.characters)(said)

    def stated(self, plate: str, said: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """Return the chance that a whole plate is right, and that each of its characters is."""
        each = tuple(self.of(char, one) for char, one in zip(plate, said, strict=True))
        return min(self.plates(min(said)), *each), each


UNCALIBRATED = Calibration()
# Of both networks, fitted to 2845 reads of 346 pictures (docs/MODELS.md), as they are and strained.
CALIBRATION = Calibration(
    plates=Table(
        said=(0.0, 0.0882, 0.2496, 0.402, 0.6048, 0.7517, 0.8582, 0.9273, 0.9681, 0.9947, 0.9995),
        right=(0.0, 0.3469, 0.4041, 0.461, 0.6384, 0.7541, 0.8201, 0.9288, 0.9795, 0.9944, 0.9999),
    ),
    characters=Table(
        said=(0.0, 0.142, 0.4154, 0.6081, 0.7535, 0.8584, 0.9291, 0.9686, 0.9961, 0.9997),
        right=(0.0, 0.3786, 0.5354, 0.5716, 0.706, 0.8772, 0.932, 0.9766, 0.9983, 0.9999),
    ),
    provinces=Table(
        said=(0.0, 0.0567, 0.1492, 0.2424, 0.3837, 0.6204, 0.7482, 0.8607, 0.9301, 0.969, 0.9937, 0.9998),
        right=(0.0, 0.2331, 0.2707, 0.3953, 0.4664, 0.6984, 0.7254, 0.8687, 0.883, 0.9659, 0.9844, 0.9944),
    ),
)


def alike(provinces: Sequence[str]) -> list[float]:
    """Return weights by which each province counts alike, but for those read too seldom to say so much."""
    reads = Counter(provinces)
    return [1 / max(reads[province], _READS_TO_COUNT_ALIKE) for province in provinces]


def fit(reads: Sequence[Said], weights: Sequence[float] | None = None) -> Table:
    """Return the table of labelled reads, each of which counts as its weight says against the others, else alike.

    Of no reads it is the line on which what was said is right.
    """
    if not reads:
        return Table()
    said, right = np.array([said for said, _ in reads]), np.array([right for _, right in reads], float)
    counts = np.ones(len(reads)) if weights is None else np.array(weights)
    # Reads of many weights say less than as many of one (Kish 1965).
    counts *= counts.sum() / (counts**2).sum()
    bins = np.clip(np.searchsorted(_BIN_EDGES, said, side="right") - 1, 0, len(_BIN_EDGES) - 2)
    pools: list[tuple[float, float, float]] = []  # reads, what was said and what was right in them, summed
    for number in range(len(_BIN_EDGES) - 1):
        here = bins == number
        between = (_BIN_EDGES[number] + _BIN_EDGES[number + 1]) / 2
        middle = float(np.average(said[here], weights=counts[here])) if here.any() else between
        weight = float(counts[here].sum()) + _PRIOR_READS
        were_right = float((right * counts)[here].sum()) + middle * _PRIOR_READS
        pools.append((weight, middle * weight, were_right))
        while len(pools) > 1 and pools[-2][2] / pools[-2][0] >= pools[-1][2] / pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            pools.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    points = [(said / weight, right / weight) for weight, said, right in pools]
    # Rounded down: nothing is certain.
    return Table(
        said=(0.0, *(round(said, 4) for said, _ in points)),
        right=(0.0, *(math.floor(right * 10_000) / 10_000 for _, right in points)),
    )
