"""Rows of lists of the watch list (库)."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.base import Level
from command.facts.libraries import LibraryContent
from command.facts.watchlist import WatchAction, WatchArea, WatchHours
from command.rows.base import Row
from command.rows.watchlist import RememberedHit


class LibraryFile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file of a list: who brought it and when, and what came and went with it beside the one before."""

    content: LibraryContent
    by: str
    at_ms: int
    added: int = 0
    removed: int = 0
    gone: tuple[str, ...] = ()
    approved_by: str = ""
    approved_ms: int | None = None


class LibraryTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where and when a list is to fire, and whether for look-alikes: who offered that and when."""

    id: str
    by: str
    at_ms: int
    look_alike: bool = False
    area: WatchArea | None = None
    hours: WatchHours | None = None


class LineMark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of whose hits some were none; `not_plates` do not fire for it, as the line itself once it is set aside.

    The other fields are as in `WatchRow`; hits are those since the mark began, and those in the tables when it did.
    """

    line: str
    rejected: int = 0
    wrong_in_a_row: int = 0
    not_plates: tuple[str, ...] = ()
    hits: int = 0
    judged: int = 0
    wrong_share: float | None = None
    remembered: tuple[RememberedHit, ...] = ()
    waiting: tuple[tuple[int, int], ...] = ()


class LibraryRow(Row, frozen=True):
    """A list of the watch list (库): one row, whatever it holds. `file` is in force and `waiting` to be approved.

    So are `area`, `hours` and `look_alike`, which means exact lines alone, and `waiting_terms`. The list is in force
    since `first_approved_ms`, whichever file it has by now.
    `wrong_share` is that of hits that were none, once there are enough; `marks` are of single lines.
    """

    name: str
    office: str
    reason: str
    level: Level
    action: WatchAction
    until_ms: int
    state: Literal["requested", "active", "lifted", "expired"]
    requested_by: str
    requested_ms: int
    file: LibraryFile | None = None
    waiting: LibraryFile | None = None
    ended_ms: int | None = None
    hits: int = 0
    rejected: int = 0
    wrong_share: float | None = None
    marks: tuple[LineMark, ...] = ()
    look_alike: bool = False
    area: WatchArea | None = None
    hours: WatchHours | None = None
    waiting_terms: LibraryTerms | None = None
    first_approved_ms: int | None = None
