"""The doctor sees that the clock leapt since hubs ran, in a file and in PostgreSQL (SPEC R909)."""

from __future__ import annotations

from pathlib import Path

from command.readings import Readings
from command.readings.bounds import DAY_MS
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings
from consoles.doctor.known_time import examine

NOW_MS = 20_000 * DAY_MS
KEEP_DAYS = 180


async def look(readings: Readings) -> None:
    await readings.look(NOW_MS, 0, KEEP_DAYS * DAY_MS)
    await readings.close()


async def verdicts(data: Path, database: str | None) -> list[str]:
    """Return what is said on the same day, after a week without a hub, and with a clock a year ahead."""
    days = (0, 7, 365)
    found = [one for day in days for one in await examine(data, database, NOW_MS + day * DAY_MS, KEEP_DAYS)]
    assert not found or "365.0 days ahead" in found[-1].what.en
    return [one.verdict for one in found]


async def test_in_a_file(tmp_path: Path) -> None:  # R909
    assert await verdicts(tmp_path, None) == [], "no hub ran yet"
    await look(SqliteReadings(tmp_path / "readings.sqlite3"))
    assert await verdicts(tmp_path, None) == ["ok", "ok", "warn"]


async def test_in_a_database(tmp_path: Path, postgres_url: str) -> None:  # R909
    assert await verdicts(tmp_path, postgres_url) == [], "no hub ran yet"
    await look(await PostgresReadings.open(postgres_url))
    assert await verdicts(tmp_path, postgres_url) == ["ok", "ok", "warn"]
    assert await verdicts(tmp_path, "postgresql://127.0.0.1:1/none") == []
