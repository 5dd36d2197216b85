"""What was read before each camera in each hour, in a small table of this hub's or of all hubs, added to by each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from command.kernel.database import Database, Row, Statement
from streams.plates.quality import Measure

_COLUMNS = ("watched_ms", "passages", "confidence_milli", "found", "unread", "moving", "strangers")
_ADD = f"""
    INSERT INTO reading_hours (camera, hour, {", ".join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (camera, hour) DO UPDATE SET
        {", ".join(f"{name} = reading_hours.{name} + excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - our own column names
_ADD_TOTAL = """
    INSERT INTO agent_hours (camera, hour, run, found, unread, moving) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (camera, hour, run) DO UPDATE SET
        found = excluded.found, unread = excluded.unread, moving = excluded.moving
    WHERE agent_hours.moving < excluded.moving
"""
_LOOK = f"""
    SELECT camera, hour, {", ".join(_COLUMNS)} FROM (
        SELECT camera, hour, {", ".join(_COLUMNS)} FROM reading_hours
        UNION ALL SELECT camera, hour, 0, 0, 0, found, unread, moving, 0 FROM agent_hours
    ) AS of_all
"""  # noqa: S608 - our own column names

Hours = Mapping[int, Measure]
"""What was read, by hour since 1970."""


class Total(msgspec.Struct, frozen=True):
    """What one run of an agent's process counted before a camera in an hour, up to some moment of it."""

    camera: str
    hour: int
    run: str
    found: int
    unread: int
    moving: int


class ReadingHours:
    """Every method raises `UnavailableError` where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, measures: Mapping[tuple[str, int], Measure]) -> None:
        """Add to what is there, by camera and hour; all of it or nothing."""
        statements: list[Statement] = []
        for (camera, hour), measure in measures.items():
            milli = round(measure.confidence_sum * 1000)
            values = (
                measure.watched_ms, measure.passages, milli, measure.found, measure.unread, measure.moving,
                measure.strangers,
            )  # fmt: skip
            statements.append((_ADD, (camera, hour, *values)))
        if statements:
            await self._database.write(*statements)

    async def tell(self, totals: Sequence[Total]) -> None:
        """Keep what agents counted, all of it or nothing; what is less than is known of a run is passed over."""
        if totals:
            await self._database.write(*((_ADD_TOTAL, msgspec.structs.astuple(total)) for total in totals))

    async def of(self, camera: str, from_hour: int) -> Hours:
        """Return a camera's hours from one on."""
        rows = await self._database.rows(f"{_LOOK} WHERE camera = ? AND hour >= ?", camera, from_hour)
        return _summed(rows).get(camera, {})

    async def at(self, hours: Iterable[int]) -> dict[str, dict[int, Measure]]:
        """Return these hours of every camera."""
        wanted = sorted(set(hours))
        marks = ", ".join("?" * len(wanted))
        return _summed(await self._database.rows(f"{_LOOK} WHERE hour IN ({marks})", *wanted))

    async def forget(self, before_hour: int) -> None:
        """Drop what is older than an hour."""
        await self._database.write(
            ("DELETE FROM reading_hours WHERE hour < ?", (before_hour,)),
            ("DELETE FROM agent_hours WHERE hour < ?", (before_hour,)),
        )

    async def close(self) -> None:
        """Finish what is queued."""
        await self._database.close()


def _summed(rows: Iterable[Row]) -> dict[str, dict[int, Measure]]:
    found: dict[str, dict[int, Measure]] = {}
    for camera, hour, *values in rows:
        hours = found.setdefault(camera, {})
        hours[hour] = hours.get(hour, Measure()) + _measure(*values)
    return found


def _measure(*values: int) -> Measure:
    watched_ms, passages, confidence_milli, found, unread, moving, strangers = values
    return Measure(
        watched_ms=watched_ms, passages=passages, confidence_sum=confidence_milli / 1000, found=found, unread=unread,
        moving=moving, strangers=strangers,
    )  # fmt: skip
