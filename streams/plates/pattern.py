"""Watch patterns: a plate in which `?` stands for one character and `*` for any number of them."""

from __future__ import annotations

import re

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PATTERN_CHARS
from streams.plates import ga36

_WILD = {"?": ".", "*": ".*"}


class Pattern(msgspec.Struct, frozen=True):
    """A checked pattern: `text` as people see it, `expression` as it is matched."""

    text: str
    expression: re.Pattern[str]

    def matches(self, plate: str) -> bool:
        """Say whether the plate, written in any usual way, is one that is watched."""
        return self.expression.fullmatch(ga36.strip_separators(plate)) is not None


def compile_pattern(text: str) -> Pattern:
    """Check and compile a pattern; `InvalidInputError` says what no plate can satisfy.

    A pattern without wild cards must be a plate. A lone `*` would watch everybody and is refused.
    """
    stripped = ga36.strip_separators(text)
    if not 1 <= len(stripped) <= PATTERN_CHARS:
        raise InvalidInputError(f"a watch pattern has 1 to {PATTERN_CHARS} characters")
    for char in stripped:
        if char not in ga36.ALPHABET and char not in _WILD:
            raise InvalidInputError(f"no plate contains {char!r} (GA 36)")
    if not set(stripped) - set(_WILD):
        raise InvalidInputError("a watch pattern names at least one character")
    canonical = re.sub(r"\*+", "*", stripped)
    if not set(canonical) & set(_WILD) and not ga36.is_plausible(canonical):
        raise InvalidInputError(f"{canonical} is no plate (GA 36); use ? or * where characters are unknown")
    if len(canonical.replace("*", "")) > max(map(len, ga36.FORMATS)):
        raise InvalidInputError("a watch pattern is no longer than a plate")
    return Pattern(canonical, re.compile("".join(_WILD.get(char, re.escape(char)) for char in canonical)))
