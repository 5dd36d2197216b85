"""Rows of what desks sent to the wall."""

from __future__ import annotations

import msgspec

from command.facts.wall import Tiles
from command.rows.base import Row


class FocusRow(Row, frozen=True):
    """The one row "wall": which situation a desk sent there, and who did."""

    situation: str
    by: str
    at_ms: int


class SentCamera(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A camera that somebody put on a screen."""

    camera: str
    by: str
    at_ms: int


class ScreenRow(Row, frozen=True):
    """The one row "wall": the cameras that desks sent there, the first the largest; None: in the wall's own layout."""

    cameras: tuple[SentCamera, ...]
    tiles: Tiles | None = None
