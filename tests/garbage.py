"""Memory as it is where Python does not look for what only holds itself: a busy hub is long between two such looks."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def by_counting_alone() -> Iterator[None]:
    """Let go only what nothing refers to any more."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
