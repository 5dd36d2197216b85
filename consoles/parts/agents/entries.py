"""Which entries and lists of the watch list an agent looks out for, and where, when and for which plates not."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from command.facts.watchlist import WatchArea, WatchHours
from command.kernel.local_time import BEIJING_AHEAD_MIN
from command.rows import CameraRow, LibraryRow, WatchRow
from consoles.parts.areas import Areas
from edge.agent.protocol import Hours, Library, Watch
from edge.limits import AGENT_WATCH_DETAIL_BYTES

log = logging.getLogger(__name__)
_Place = tuple[float, float]
_QUOTES_BYTES = 3


class _Entry(NamedTuple):
    """What is told of an entry that fires before all cameras, and the area where there is one."""

    plain: Watch
    area: WatchArea | None


class _List(NamedTuple):
    """What is told of a list that fires before all cameras, and the area where there is one."""

    plain: Library
    area: WatchArea | None


class Entries:
    """The entries and lists in force. What has not changed is not looked up again: each hit changes a row."""

    def __init__(self) -> None:
        self._rows: dict[str, WatchRow] = {}
        self._entries: dict[str, _Entry] = {}
        self._others: list[tuple[Watch, frozenset[str] | None]] = []
        """Those that not every agent is told in the same words, and the cameras in their areas."""
        self._lists: list[_List] = []
        self._places: Mapping[str, _Place] = {}
        self._areas = Areas()
        self._inside: Mapping[WatchArea, frozenset[str]] = {}
        self._everywhere: tuple[Watch, ...] = ()
        self._told: dict[frozenset[str], tuple[Watch, ...]] = {}

    def take(
        self, watches: Sequence[WatchRow], cameras: Iterable[CameraRow], libraries: Iterable[LibraryRow] = ()
    ) -> None:
        """Know these entries and lists, and where the cameras of all agents stand."""
        cameras = list(cameras)
        places = {camera.id: (camera.lat, camera.lon) for camera in cameras}
        entries = {row.id: self._entry(row) for row in watches}
        lists = [_list(row) for row in libraries if row.state == "active" and row.file]
        if entries != self._entries or places != self._places or lists != self._lists:
            areas = {*(entry.area for entry in entries.values()), *(each.area for each in lists)}
            self._inside = self._areas.inside((area for area in areas if area is not None), cameras)
            self._everywhere = tuple(entry.plain for entry in entries.values() if _is_plain(entry))
            self._others = [
                (entry.plain, None if entry.area is None else self._inside[entry.area])
                for entry in entries.values()
                if not _is_plain(entry)
            ]
            self._told = {}
        self._entries, self._places, self._lists = entries, places, lists
        self._rows = {row.id: row for row in watches}

    def _entry(self, row: WatchRow) -> _Entry:
        if self._rows.get(row.id) is row:
            return self._entries[row.id]
        entry = _Entry(_plain(row), row.area)
        known = self._entries.get(row.id)
        return known if known == entry else entry

    def of(self, agent: str, cameras: Iterable[str]) -> tuple[Watch, ...]:
        """Return those that can fire before an agent's cameras.

        Past `AGENT_WATCH_DETAIL_BYTES` it is told no more areas and plates: what it finds too much the hub leaves out.
        """
        mine = frozenset(cameras)
        if mine not in self._told:
            self._told[mine] = (*self._everywhere, *self._of(agent, mine))
        return self._told[mine]

    def lists_of(self, cameras: Iterable[str]) -> tuple[Library, ...]:
        """Return the lists that can fire before an agent's cameras: with all of these, of all lists, under 1 MiB."""
        mine = frozenset(cameras)
        return tuple(self._lists_of(mine))

    def _lists_of(self, mine: frozenset[str]) -> Iterator[Library]:
        for plain, area in self._lists:
            inside = mine if area is None else self._inside[area] & mine
            if area is None or inside:
                yield plain if inside == mine else replace(plain, cameras=sorted(inside))

    def _of(self, agent: str, mine: frozenset[str]) -> Iterator[Watch]:
        told_bytes = 0
        for plain, of_all in self._others:
            inside = mine if of_all is None else of_all & mine
            if of_all is not None and not inside:
                continue
            before = None if inside == mine else sorted(inside)
            told_bytes += sum(len(word.encode()) + _QUOTES_BYTES for word in (*(before or ()), *plain.not_plates))
            if told_bytes <= AGENT_WATCH_DETAIL_BYTES:
                yield replace(plain, cameras=before)
            else:
                log.warning(
                    "agent %s is not told where watch %s does not fire: too much is to be told", agent, plain.id
                )
                yield replace(plain, not_plates=[])


def _is_plain(entry: _Entry) -> bool:
    return entry.area is None and not entry.plain.not_plates


def _plain(row: WatchRow) -> Watch:
    return Watch(
        id=row.id, pattern=row.pattern, until_ms=row.until_ms, look_alike=row.look_alike, hours=_told(row.hours),
        not_plates=[*row.not_plates],
    )  # fmt: skip


def _list(row: LibraryRow) -> _List:
    sha256 = row.file.content.sha256 if row.file else ""
    plain = Library(
        id=row.id, sha256=sha256, until_ms=row.until_ms, look_alike=row.look_alike, hours=_told(row.hours)
    )  # fmt: skip
    return _List(plain, row.area)


def _told(hours: WatchHours | None) -> Hours | None:
    if hours is None:
        return None
    return Hours(from_min=hours.from_min, to_min=hours.to_min, ahead_min=BEIJING_AHEAD_MIN)
