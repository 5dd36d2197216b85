"""Facts of earlier releases, brought into the shape of this one when they are read; what is stored never changes.

A kind whose content changes its meaning gets a new tag (`order_issued_2`) and its old tag an upcast, so nothing old can
be taken for new. A field that is dropped, or added with a default, needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Raw: TypeAlias = dict[str, Any]
"""A fact as JSON has it, with its tag under `fact`."""
Upcast: TypeAlias = Callable[[Raw], Raw]

_upcasts: dict[str, Upcast] = {}


def upcasts(kind: str) -> Callable[[Upcast], Upcast]:
    """Register a pure function that turns a fact stored under the tag `kind` into one of the release after it."""

    def register(function: Upcast) -> Upcast:
        assert kind not in _upcasts, kind
        _upcasts[kind] = function
        return function

    return register


def brought_up(raw: Raw) -> Raw | None:
    """Return the fact as this release writes it, through as many releases as lie between; None where it is not old."""
    passed: set[str] = set()
    while (kind := raw.get("fact")) in _upcasts and kind not in passed:
        passed.add(kind)
        raw = _upcasts[kind](raw)
    return raw if passed else None
