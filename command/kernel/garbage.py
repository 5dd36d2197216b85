"""When Python looks for garbage: seldom, since nearly all that a hub lets go is freed by counting references."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 10_000
"""So many more objects until the young ones are looked through; Python's own 700 are a few dozen requests."""


def spare_what_stays() -> None:
    """Collect once, then never look through what is there now again, and through what comes later seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
