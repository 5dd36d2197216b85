"""How well a plate that was read fits an entry that it only looks like.

Of every character that differs, the weight of the pair (`LOOK_ALIKES`) is taken down by how sure the reader was of it,
and the product of these is the score: `score = Π weight(read, wanted) × (1 - SURE_SHARE × confidence)`, 0…1. Sure
characters count less and not nothing, since the witness may have been wrong where the reader was not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from command.kernel.look_alikes import LOOK_ALIKES

SURE_SHARE = 0.5
"""What a character that was read for certain takes off the weight; own default."""


OTHERS: Mapping[str, Sequence[tuple[str, float]]] = {
    char: sorted(others.items(), key=lambda pair: -pair[1]) for char, others in LOOK_ALIKES.items()
}
"""What each character may be taken for, the likeliest first."""


def shares(plate: str, char_confidences: Sequence[float] = ()) -> list[float]:
    """Return by how much the weight of each pair counts, by how sure the reader was of each character of a plate."""
    if len(char_confidences) != len(plate):
        return [1 - SURE_SHARE] * len(plate)
    return [_share(confidence) for confidence in char_confidences]


def _sure(plate: str, char_confidences: Sequence[float]) -> Sequence[float]:
    return char_confidences if len(char_confidences) == len(plate) else (1.0,) * len(plate)


def score(pattern: str, plate: str, char_confidences: Sequence[float] = ()) -> float:
    """Return how well a plate fits a pattern with `?` and `*`, 0 for not at all; 1 where nothing differs.

    Characters of a plate without confidences are taken for certain.
    """
    sure = _sure(plate, char_confidences)
    head, star, tail = pattern.partition("*")
    known = len(head) + len(tail)
    if known > len(plate) or (not star and known < len(plate)):
        return 0.0
    if "*" not in tail:  # what stands where is settled
        rest = len(plate) - len(tail)
        return math.prod(map(_fit, plate, head, sure)) * math.prod(map(_fit, plate[rest:], tail, sure[rest:]))
    # The best score of each place in the plate that the pattern read so far can end at.
    ends = [1.0] + [0.0] * len(plate)
    for wanted in pattern:
        if wanted == "*":
            for at in range(len(plate)):
                ends[at + 1] = max(ends[at + 1], ends[at])
            continue
        reached = [0.0] * (len(plate) + 1)
        for at, (char, confidence) in enumerate(zip(plate, sure, strict=True)):
            if ends[at]:
                reached[at + 1] = ends[at] * _fit(char, wanted, confidence)
        ends = reached
    return ends[-1]


def _fit(char: str, wanted: str, confidence: float) -> float:
    if wanted in (char, "?"):
        return 1.0
    return LOOK_ALIKES.get(char, {}).get(wanted, 0.0) * _share(confidence)


def _share(confidence: float) -> float:
    return 1 - SURE_SHARE * min(1.0, max(0.0, confidence))
