"""What the outside services know things of ours by: the id and the instant that it began.

A hub restored to an earlier moment gives ids anew, and the services were told more: the instant tells the two apart.
"""

from __future__ import annotations

_MARK = "@"
_INSTANT_DIGITS = 15


def name_of(row_id: str, began_ms: int) -> str:
    """Return the name outside of something that was opened, requested or queued at an instant."""
    return f"{row_id}{_MARK}{began_ms}"


def named(name: str) -> tuple[str, int | None]:
    """Return id and instant; None where there is none, as earlier releases wrote names."""
    row_id, _, began = name.partition(_MARK)
    return row_id, int(began) if began.isascii() and began.isdecimal() and len(began) <= _INSTANT_DIGITS else None
