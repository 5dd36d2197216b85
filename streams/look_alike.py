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


OTHERS: Mapping[str, Sequence[tuple[str, float]]] = {
    char: sorted(others.items(), key=lambda pair: -pair[1]) for char, others in LOOK_ALIKES.items()
}
"""What each character may be taken for, the likeliest first."""


def shares(plate: str, char_confidences: Sequence[float] = ()) -> list[float]:
    """Return by how much the weight of each pair counts, by how sure the reader was of each character of a plate."""
    if len(char_confidences) != len(plate):
        return [1 - SURE_SHARE] * len(plate)
    return [_share(confidence) for confidence in char_confidences]


def _share(confidence: float) -> float:
    return 1 - SURE_SHARE * min(1.0, max(0.0, confidence))
