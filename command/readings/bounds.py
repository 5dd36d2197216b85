"""What every store of readings holds to: how much one answer carries, and what a plate pattern means."""

from __future__ import annotations

import re

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PATTERN_CHARS, READINGS_ROWS


def rows_of(limit: int) -> int:
    """Return how many rows an answer may hold: what was asked for, within 0 and `READINGS_ROWS`."""
    return max(0, min(limit, READINGS_ROWS))


def to_glob(pattern: str) -> str:
    """Return the pattern for SQLite's GLOB, in which `[` would begin a set.

    Raises `InvalidInputError` for an empty or too long pattern.
    """
    return _checked(pattern).replace("[", "[[]")


def to_expression(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression to match whole plates with. Raises as `to_glob`."""
    wild = {"?": ".", "*": ".*"}
    return re.compile("".join(wild.get(char, re.escape(char)) for char in _checked(pattern)), re.DOTALL)


def _checked(pattern: str) -> str:
    if not 1 <= len(pattern) <= PATTERN_CHARS:
        raise InvalidInputError(f"a plate pattern has 1 to {PATTERN_CHARS} characters")
    return re.sub(r"\*+", "*", pattern)
