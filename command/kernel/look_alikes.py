"""Which plate characters are taken for which, and how easily: for watches on a plate that a witness half saw."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# How easily one is taken for the other, 0…1, in either direction.
_PAIRS: tuple[tuple[str, str, float], ...] = (
    ("0", "D", 0.6),
    ("0", "Q", 0.5),
    ("0", "O", 0.9),
    ("D", "Q", 0.4),
    ("D", "O", 0.6),
    ("Q", "O", 0.6),
    ("8", "B", 0.6),
    ("2", "Z", 0.5),
    ("5", "S", 0.5),
    ("1", "7", 0.4),
    ("1", "L", 0.2),
    ("0", "8", 0.2),
    ("6", "8", 0.2),
    ("3", "8", 0.2),
    ("6", "G", 0.3),
    ("C", "G", 0.4),
    ("E", "F", 0.4),
    ("U", "V", 0.4),
    ("V", "Y", 0.3),
    ("M", "N", 0.3),
    ("W", "N", 0.2),
    ("H", "N", 0.2),
    ("K", "X", 0.2),
    ("P", "R", 0.2),
    ("4", "A", 0.3),
    ("皖", "桂", 0.4),
    ("苏", "赣", 0.2),
    ("津", "浙", 0.3),
)


def _by_character() -> Mapping[str, Mapping[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for one, other, weight in _PAIRS:
        table.setdefault(one, {})[other] = weight
        table.setdefault(other, {})[one] = weight
    return MappingProxyType({char: MappingProxyType(others) for char, others in table.items()})


LOOK_ALIKES: Mapping[str, Mapping[str, float]] = _by_character()
"""For each character those it is taken for, with a weight 0…1; symmetric; a character is not its own look-alike."""
