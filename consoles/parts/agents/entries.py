"""Which entries of the watch list an agent looks out for, and where, when and for which plates not."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from command.facts.watchlist import WatchArea
from command.kernel.local_time import BEIJING_AHEAD_MIN
from command.rows import CameraRow, WatchRow
from command.rules.hits import cameras_in
from edge.agent.protocol import Hours, Watch
from edge.limits import AGENT_WATCH_DETAIL_BYTES

log = logging.getLogger(__name__)
_Place = tuple[float, float]
_QUOTES_BYTES = 3


class Entries:
    """The entries in force. Which cameras an area holds is looked up once, while they stay where they are."""

    def __init__(self) -> None:
        self._rows: Sequence[WatchRow] = ()
        self._places: Mapping[str, _Place] = {}
        self._inside: dict[WatchArea, frozenset[str]] = {}

    def take(self, watches: Sequence[WatchRow], cameras: Iterable[CameraRow]) -> None:
        """Know these entries and where the cameras of all agents stand."""
        cameras = list(cameras)
        places = {camera.id: (camera.lat, camera.lon) for camera in cameras}
        known = self._inside if places == self._places else {}
        areas = {watch.area for watch in watches if watch.area is not None}
        self._inside = {area: known[area] if area in known else cameras_in(area, cameras) for area in areas}
        self._rows, self._places = watches, places

    def of(self, agent: str, cameras: Iterable[str]) -> tuple[Watch, ...]:
        """Return those that can fire before an agent's cameras.

        Past `AGENT_WATCH_DETAIL_BYTES` it is told no more areas and plates: what it finds too much the hub leaves out.
        """
        mine = frozenset(cameras)
        told, told_bytes = [], 0
        for row in self._rows:
            inside = mine if row.area is None else self._inside[row.area] & mine
            if row.area is not None and not inside:
                continue
            before = None if inside == mine else sorted(inside)
            more_bytes = sum(len(word.encode()) + _QUOTES_BYTES for word in (*(before or ()), *row.not_plates))
            if told_bytes + more_bytes > AGENT_WATCH_DETAIL_BYTES:
                log.warning("agent %s is not told where watch %s does not fire: too much is to be told", agent, row.id)
                told.append(_watch(row, None, ()))
                continue
            told_bytes += more_bytes
            told.append(_watch(row, before, row.not_plates))
        return tuple(told)


def _watch(row: WatchRow, cameras: list[str] | None, not_plates: Sequence[str]) -> Watch:
    hours = None
    if row.hours is not None:
        hours = Hours(from_min=row.hours.from_min, to_min=row.hours.to_min, ahead_min=BEIJING_AHEAD_MIN)
    return Watch(
        id=row.id, pattern=row.pattern, until_ms=row.until_ms, look_alike=row.look_alike, cameras=cameras, hours=hours,
        not_plates=[*not_plates],
    )  # fmt: skip
