"""What was read before each camera in each hour, in a small table of this hub's or of all hubs, added to by each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from command.kernel.database import Database, Statement
from streams.plates.quality import Measure

_COLUMNS = ("watched_ms", "passages", "confidence_milli", "found", "unread", "moving", "strangers")
_ADD = f"""
    INSERT INTO reading_hours (camera, hour, {", ".join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (camera, hour) DO UPDATE SET
        {", ".join(f"{name} = reading_hours.{name} + excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - our own column names
_LOOK = f"SELECT camera, hour, {', '.join(_COLUMNS)} FROM reading_hours"  # noqa: S608 - our own column names

Hours = Mapping[int, Measure]
"""What was read, by hour since 1970."""


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

    async def of(self, camera: str, from_hour: int) -> Hours:
        """Return a camera's hours from one on."""
        rows = await self._database.rows(f"{_LOOK} WHERE camera = ? AND hour >= ?", camera, from_hour)
        return {hour: _measure(*values) for _, hour, *values in rows}

    async def at(self, hours: Iterable[int]) -> dict[str, dict[int, Measure]]:
        """Return these hours of every camera."""
        wanted = sorted(set(hours))
        marks = ", ".join("?" * len(wanted))
        found: dict[str, dict[int, Measure]] = {}
        for camera, hour, *values in await self._database.rows(f"{_LOOK} WHERE hour IN ({marks})", *wanted):
            found.setdefault(camera, {})[hour] = _measure(*values)
        return found

    async def forget(self, before_hour: int) -> None:
        """Drop what is older than an hour."""
        await self._database.write(("DELETE FROM reading_hours WHERE hour < ?", (before_hour,)))

    async def close(self) -> None:
        """Finish what is queued."""
        await self._database.close()


def _measure(*values: int) -> Measure:
    watched_ms, passages, confidence_milli, found, unread, moving, strangers = values
    return Measure(
        watched_ms=watched_ms, passages=passages, confidence_sum=confidence_milli / 1000, found=found, unread=unread,
        moving=moving, strangers=strangers,
    )  # fmt: skip
