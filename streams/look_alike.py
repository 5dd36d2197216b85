"""How well a plate that was read fits an entry that it only looks like.

Of every character that differs, the weight of the pair (`LOOK_ALIKES`) is taken down by how sure the reader was of it,
and the product of these is the score: `score = Π weight(read, wanted) × (1 - SURE_SHARE × confidence)`, 0…1. Sure
characters count less and not nothing, since the witness may have been wrong where the reader was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.kernel.look_alikes import LOOK_ALIKES

SURE_SHARE = 0.5
"""What a character that was read for certain takes off the weight; own default."""

_NONE: Mapping[str, float] = {}

OTHERS: Mapping[str, Sequence[tuple[str, float]]] = {
    char: sorted(others.items(), key=lambda pair: -pair[1]) for char, others in LOOK_ALIKES.items()
}
"""What each character may be taken for, the likeliest first."""


def shares(plate: str, char_confidences: Sequence[float] = ()) -> list[float]:
    """Return by how much the weight of each pair counts, by how sure the reader was of each character of a plate."""
    if len(char_confidences) != len(plate):
        return [1 - SURE_SHARE] * len(plate)
    return [_share(confidence) for confidence in char_confidences]


def fit(pattern: str, plate: str, shares: Sequence[float]) -> float:
    """Return how well a plate fits a pattern, 0…1, by the best way through it; where no share counts, whether it does.

    `shares` are of each character of the plate.
    """
    ways = {0: 1.0}
    """How far into the plate the pattern's beginning can reach, and how well it fits that far."""
    for wanted in pattern:
        ways = _after_any(ways, len(plate)) if wanted == "*" else _after(ways, wanted, plate, shares)
    return ways.get(len(plate), 0.0)


def _after(ways: Mapping[int, float], wanted: str, plate: str, shares: Sequence[float]) -> dict[int, float]:
    reached = {}
    for at, so_far in ways.items():
        if at < len(plate):
            char = plate[at]
            weight = 1.0 if wanted in ("?", char) else LOOK_ALIKES.get(char, _NONE).get(wanted, 0.0) * shares[at]
            if weight:
                reached[at + 1] = so_far * weight
    return reached


def _after_any(ways: Mapping[int, float], end: int) -> dict[int, float]:
    best, reached = 0.0, {}
    for at in range(min(ways, default=end + 1), end + 1):
        best = reached[at] = max(best, ways.get(at, 0.0))
    return reached


def _share(confidence: float) -> float:
    return 1 - SURE_SHARE * min(1.0, max(0.0, confidence))
