"""Watch patterns: a plate in which `?` stands for one character and `*` for any number of them."""

from __future__ import annotations

import re

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.limits import PATTERN_CHARS

_WILD = frozenset("?*")


class ImpossiblePatternError(InvalidInputError):
    """No plate can be what the pattern says, so a watch for it would never fire."""

    code = "impossible_pattern"


def checked_pattern(text: str) -> str:
    """Return a pattern as it is kept; `ImpossiblePatternError` says why no plate can satisfy it.

    Without wild cards it has to be a plate. A lone `*` would watch everybody: `InvalidInputError`, as for one that is
    too long to be looked at.
    """
    stripped = ga36.strip_separators(text)
    if not 1 <= len(stripped) <= PATTERN_CHARS:
        raise InvalidInputError(f"a watch pattern has 1 to {PATTERN_CHARS} characters")
    for char in stripped:
        if char not in ga36.ALPHABET and char not in _WILD:
            raise ImpossiblePatternError(f"no plate contains {char!r} (GA 36)")
    if not set(stripped) - _WILD:
        raise InvalidInputError("a watch pattern names at least one character")
    canonical = re.sub(r"\*+", "*", stripped)
    if not any(_fits(canonical, format_) for format_ in ga36.FORMATS):
        hint = "" if set(canonical) & _WILD else "; use ? or * where characters are unknown"
        raise ImpossiblePatternError(f"no plate can be {canonical} (GA 36){hint}")
    return canonical


def _fits(pattern: str, format_: ga36.Format) -> bool:
    """Say whether a plate of the format satisfies the pattern; `ends` are the places that its beginning can reach."""
    ends = {0}
    for char in pattern:
        if char == "*":
            ends = set(range(min(ends), len(format_) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(format_) and (char == "?" or char in format_[end])}
        if not ends:
            return False
    return len(format_) in ends
