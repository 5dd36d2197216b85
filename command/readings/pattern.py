"""Plate patterns of searches (`?` one character, `*` any number), as each store asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PATTERN_CHARS

_WILD = re.compile(r"[?*]")


@dataclass(frozen=True, slots=True)
class PlatePattern:
    """A checked pattern. `prefix` and `suffix` are what surely begins and ends a plate, for the indexes of both."""

    text: str
    prefix: str
    suffix: str

    @property
    def anything(self) -> bool:
        """Say whether every plate fits."""
        return self.text == "*"

    @property
    def exact(self) -> bool:
        """Say whether the pattern is a plate."""
        return self.prefix == self.text

    @property
    def glob(self) -> str:
        """Return it for SQLite's GLOB, in which `[` would begin a set."""
        return self.text.replace("[", "[[]")

    @property
    def like(self) -> str:
        """Return it for SQL's LIKE, with a backslash before what would be special there."""
        return re.sub(r"([\\%_])", r"\\\1", self.text).replace("?", "_").replace("*", "%")

    @property
    def expression(self) -> re.Pattern[str]:
        """Return it as a regular expression to match whole plates with."""
        wild = {"?": ".", "*": ".*"}
        return re.compile("".join(wild.get(char, re.escape(char)) for char in self.text), re.DOTALL)


def plate_pattern(text: str) -> PlatePattern:
    """Check a pattern; `InvalidInputError` for an empty or too long one, or one that holds what cannot be printed."""
    if not (1 <= len(text) <= PATTERN_CHARS and text.isprintable()):
        raise InvalidInputError(f"a plate pattern has 1 to {PATTERN_CHARS} characters that can be printed")
    text = re.sub(r"\*+", "*", text)
    return PlatePattern(text, prefix=_WILD.split(text)[0], suffix=_WILD.split(text)[-1])


def beyond(prefix: str) -> str:
    """Return the end of the range of texts that begin with `prefix`: no text that can be printed ends as this does."""
    return prefix + "\U0010ffff"
