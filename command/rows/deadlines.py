"""Rows of what is due."""

from __future__ import annotations

from command.rows.base import Row


class DeadlineRow(Row, frozen=True):
    """Something the hub will ask of itself at an instant. Not shown on consoles."""

    at_ms: int
    kind: str
    subject: str
