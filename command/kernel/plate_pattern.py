"""Watch patterns: a plate in which `?` stands for one character and `*` for any number of them."""

from __future__ import annotations

import re

import msgspec

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.limits import PATTERN_CHARS

_WILD = {"?": ".", "*": ".*"}


class ImpossiblePatternError(InvalidInputError):
    """No plate can be what the pattern says, so a watch for it would never fire."""

    code = "impossible_pattern"


class Pattern(msgspec.Struct, frozen=True):
    """A checked pattern: `text` as people see it, `expression` as it is matched."""

    text: str
    expression: re.Pattern[str]

    def matches(self, plate: str) -> bool:
        """Say whether the plate, written in any usual way, is one that is watched."""
        return self.expression.fullmatch(ga36.strip_separators(plate)) is not None


def compile_pattern(text: str) -> Pattern:
    """Check and compile a pattern; `ImpossiblePatternError` says why no plate can satisfy it.

    Without wild cards it has to be a plate. A lone `*` would watch everybody: `InvalidInputError`, as for one that is
    too long to be looked at.
    """
    stripped = ga36.strip_separators(text)
    if not 1 <= len(stripped) <= PATTERN_CHARS:
        raise InvalidInputError(f"a watch pattern has 1 to {PATTERN_CHARS} characters")
    for char in stripped:
        if char not in ga36.ALPHABET and char not in _WILD:
            raise ImpossiblePatternError(f"no plate contains {char!r} (GA 36)")
    if not set(stripped) - set(_WILD):
        raise InvalidInputError("a watch pattern names at least one character")
    canonical = re.sub(r"\*+", "*", stripped)
    if not any(_fits(canonical, format_) for format_ in ga36.FORMATS):
        hint = "" if set(canonical) & set(_WILD) else "; use ? or * where characters are unknown"
        raise ImpossiblePatternError(f"no plate can be {canonical} (GA 36){hint}")
    return Pattern(canonical, re.compile("".join(_WILD.get(char, re.escape(char)) for char in canonical)))


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
