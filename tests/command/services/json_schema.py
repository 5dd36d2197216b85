"""A strict checker for that part of JSON Schema (2020-12) which the services use; an unknown word is a failure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


class NotAsAgreedError(AssertionError):
    """A value is not what the document says."""


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "enum": lambda value, choices: value in choices,
    "required": lambda value, names: set(names) <= set(value),
    "minimum": operator.ge,
    "maximum": operator.le,
    "minLength": lambda value, length: len(value) >= length,
    "maxLength": lambda value, length: len(value) <= length,
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
}


def check(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Raise `NotAsAgreedError` unless the value fits the schema."""
    for word, argument in schema.items():
        if not _fits(value, word, argument, schema, document):
            raise NotAsAgreedError(f"{word} {argument!r} is broken by {value!r}")


def _fits(value: Any, word: str, argument: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    match word:
        case "$ref":
            check(value, document["components"]["schemas"][argument.removeprefix("#/components/schemas/")], document)
        case "type":
            return isinstance(value, _TYPES[argument]) and not (argument != "boolean" and isinstance(value, bool))
        case "anyOf":
            return any(_passes(value, choice, document) for choice in argument)
        case "properties":
            for name, shape in argument.items():
                if name in value:
                    check(value[name], shape, document)
        case "items":
            for item in value:
                check(item, argument, document)
        case word if word in _BOUNDS:
            return _BOUNDS[word](value, argument)
        case "title" | "description" | "default":
            pass
        case _:
            raise NotAsAgreedError(f"the checker does not know {word!r} in {schema}")
    return True


def _passes(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    try:
        check(value, schema, document)
    except NotAsAgreedError:
        return False
    return True
