"""The fact that takes what is over out of the tables."""

from __future__ import annotations

from command.facts.base import Fact


class TablesSwept(Fact, frozen=True, tag="tables_swept"):
    """What was over for long enough left the tables: situations with all that hangs on them, and what stood alone.

    The journal keeps it all. The next sweep is due at `next_ms`; at 0, once something else is over.
    """

    next_ms: int
    situations: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
