"""From what the network gives a character to how often it is right then: two monotone tables, fitted on labelled reads.

A table is drawn through the shares of right reads in bins of what the network said. Each share is shrunk towards what
was said, as by `_PRIOR_READS` further reads, since labelled pictures hold few unsure reads and none of things that are
no plate; then shares that fall are pooled (isotonic regression by pool adjacent violators, Ayer et al. 1955).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

Said = tuple[float, bool]
"""What was said, 0…1, and whether it was right."""

_BIN_EDGES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0)
_PRIOR_READS = 20


class Table(msgspec.Struct, frozen=True):
    """A rising line through points: where the network says `said`, the share `right` is right."""

    said: tuple[float, ...] = (0.0, 1.0)
    right: tuple[float, ...] = (0.0, 1.0)

    def __call__(self, said: float) -> float:
        """Return the chance to be right."""
        return float(np.interp(said, self.said, self.right))


class Calibration(msgspec.Struct, frozen=True):
    """`plates` takes what was said of a plate's least sure character, `characters` of any."""

    plates: Table = Table()
    characters: Table = Table()


UNCALIBRATED = Calibration()
# Of both networks, fitted to 2773 reads of the labelled pictures that docs/MODELS.md names, as they are and strained.
CALIBRATION = Calibration(
    plates=Table(
        said=(0.0, 0.1336, 0.4105, 0.6177, 0.7448, 0.8525, 0.9259, 0.9688, 0.9853, 0.9979),
        right=(0.0, 0.4268, 0.5863, 0.6889, 0.7632, 0.85, 0.9298, 0.9838, 0.9945, 0.9989),
    ),
    characters=Table(
        said=(0.0, 0.1333, 0.4147, 0.6129, 0.7483, 0.8545, 0.9267, 0.9689, 0.9857, 0.9971, 0.9997),
        right=(0.0, 0.5249, 0.6546, 0.7363, 0.8613, 0.8955, 0.9395, 0.9884, 0.9973, 0.9993, 0.9994),
    ),
)


def fit(reads: Sequence[Said]) -> Table:
    """Return the table of labelled reads."""
    said, right = np.array([said for said, _ in reads]), np.array([right for _, right in reads], float)
    bins = np.clip(np.searchsorted(_BIN_EDGES, said, side="right") - 1, 0, len(_BIN_EDGES) - 2)
    pools: list[tuple[float, float, float]] = []  # reads, what was said and what was right in them, summed
    for number in range(len(_BIN_EDGES) - 1):
        here = bins == number
        middle = float(said[here].mean()) if here.any() else (_BIN_EDGES[number] + _BIN_EDGES[number + 1]) / 2
        weight = float(here.sum()) + _PRIOR_READS
        pools.append((weight, middle * weight, float(right[here].sum()) + middle * _PRIOR_READS))
        while len(pools) > 1 and pools[-2][2] / pools[-2][0] >= pools[-1][2] / pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            pools.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    points = [(said / weight, right / weight) for weight, said, right in pools]
    return Table(
        said=(0.0, *(round(said, 4) for said, _ in points)), right=(0.0, *(round(right, 4) for _, right in points))
    )
