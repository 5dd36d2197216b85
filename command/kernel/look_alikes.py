"""Which plate characters are taken for which, and how easily: for watches on a plate that a witness half saw."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# How easily one is taken for the other, 0…1, in either direction: the square root of the share that the recogniser gave
# the other in 290 real plates, each made small, dim, shaken and noisy in three ways, in the worse direction. Pairs that
# people mix up and it seldom does (1 7, U V, C G, P R and the like) have a modest weight.
_PAIRS: tuple[tuple[str, str, float], ...] = (
    ("0", "O", 0.86),
    ("0", "Q", 0.63),
    ("2", "Z", 0.57),
    ("0", "D", 0.53),
    ("6", "G", 0.52),
    ("5", "S", 0.52),
    ("0", "U", 0.49),
    ("1", "T", 0.47),
    ("0", "C", 0.45),
    ("8", "B", 0.44),
    ("1", "Y", 0.4),
    ("1", "7", 0.4),
    ("D", "O", 0.5),
    ("Q", "O", 0.5),
    ("D", "Q", 0.4),
    ("U", "V", 0.4),
    ("E", "F", 0.37),
    ("M", "N", 0.37),
    ("W", "N", 0.34),
    ("V", "W", 0.32),
    ("1", "X", 0.31),
    ("M", "H", 0.31),
    ("C", "G", 0.3),
    ("7", "Z", 0.29),
    ("1", "J", 0.29),
    ("3", "J", 0.28),
    ("7", "T", 0.27),
    ("T", "Y", 0.26),
    ("3", "5", 0.24),
    ("4", "A", 0.24),
    ("V", "Y", 0.23),
    ("1", "L", 0.23),
    ("8", "R", 0.21),
    ("8", "X", 0.21),
    ("6", "B", 0.2),
    ("5", "6", 0.2),
    ("3", "S", 0.2),
    ("5", "G", 0.2),
    ("0", "J", 0.2),
    ("U", "J", 0.19),
    ("3", "8", 0.2),
    ("6", "8", 0.2),
    ("0", "8", 0.2),
    ("H", "N", 0.2),
    ("K", "X", 0.2),
    ("P", "R", 0.2),
    ("皖", "桂", 0.6),
    ("川", "皖", 0.39),
    ("粤", "鄂", 0.35),
    ("粤", "皖", 0.35),
    ("津", "豫", 0.35),
    ("浙", "皖", 0.34),
    ("津", "浙", 0.3),
    ("湘", "皖", 0.29),
    ("湘", "浙", 0.28),
    ("湘", "鄂", 0.26),
    ("苏", "皖", 0.26),
    ("川", "鄂", 0.2),
    ("川", "闽", 0.2),
    ("浙", "鄂", 0.2),
    ("赣", "浙", 0.2),
    ("苏", "赣", 0.2),
)


def _by_character() -> Mapping[str, Mapping[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for one, other, weight in _PAIRS:
        table.setdefault(one, {})[other] = weight
        table.setdefault(other, {})[one] = weight
    return MappingProxyType({char: MappingProxyType(others) for char, others in table.items()})


LOOK_ALIKES: Mapping[str, Mapping[str, float]] = _by_character()
"""For each character those it is taken for, with a weight 0…1; symmetric; a character is not its own look-alike."""
