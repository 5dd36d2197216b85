"""Limits that a little county would never reach, narrowed while a simulation runs, so that what they bound is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from command import deadlines, hub, tables
from command.kernel.limits import KEPT_ROWS
from command.rules import base

INBOX = 48
"""Requests that wait at a hub (`INBOX_REQUESTS`)."""
MOVED = 8
"""Deadlines in a heap beyond those that stand (`MOVED_DEADLINES`)."""
TOMBSTONES = 3
"""Dropped rows whose numbers a table keeps; who resumes from before takes a snapshot."""

MARKS = 12
"""On the time line of a situation (`MARKS_PER_SITUATION`); older ones leave it."""
CLOSED = 8
"""Situations in the tables (`KEPT_ROWS`): past it those over for longest leave them."""


@contextmanager
def narrow_limits() -> Iterator[None]:
    """Hold the hubs to the narrow limits."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(hub, "INBOX_REQUESTS", INBOX))
        stack.enter_context(patch.object(deadlines, "MOVED_DEADLINES", MOVED))
        stack.enter_context(patch.object(tables, "TOMBSTONES", TOMBSTONES))
        stack.enter_context(patch.object(base, "MARKS_PER_SITUATION", MARKS))
        stack.enter_context(patch.dict(KEPT_ROWS, situations=CLOSED))
        yield
