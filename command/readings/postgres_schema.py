"""The tables of readings in PostgreSQL, partitioned by space and UTC day, and how days come and go."""

from __future__ import annotations

from collections.abc import Iterable

from command.kernel.errors import UnavailableError
from command.kernel.limits import READINGS_DAYS
from command.kernel.postgres import Connection
from command.readings.bounds import DAY_MS, day_of
from command.readings.known_time import first_known_ms, known_ms

# Texts are compared by code point, as SQLite and Python do, and so that the indexes serve beginnings of plates.
# A partition holds one space, so only the keys, which have to, name it.
SCHEMA = (
    """
    CREATE TABLE readings_positions (
        space text COLLATE "C" NOT NULL, device text COLLATE "C" NOT NULL, at_ms bigint NOT NULL,
        lat double precision NOT NULL, lon double precision NOT NULL, source text NOT NULL,
        accuracy_m double precision, speed_kmh double precision, heading_deg double precision,
        altitude_m double precision, sos boolean NOT NULL, cell bigint NOT NULL,
        PRIMARY KEY (space, device, at_ms)
    ) PARTITION BY RANGE (space, at_ms);
    CREATE INDEX ON readings_positions (cell, at_ms) INCLUDE (lat, lon, device);
    CREATE TABLE readings_sightings (
        space text COLLATE "C" NOT NULL, camera text COLLATE "C" NOT NULL, first_ms bigint NOT NULL,
        plate text COLLATE "C" NOT NULL, colour text NOT NULL, last_ms bigint NOT NULL, reads integer NOT NULL,
        confidence double precision NOT NULL, picture text, box bytea, reversed text COLLATE "C" NOT NULL
    ) PARTITION BY RANGE (space, first_ms);
    CREATE UNIQUE INDEX ON readings_sightings (space, first_ms DESC, camera, plate);
    CREATE INDEX ON readings_sightings (camera, first_ms DESC, plate);
    CREATE INDEX ON readings_sightings (plate, first_ms DESC, camera);
    CREATE INDEX ON readings_sightings (reversed, first_ms DESC, camera, plate);
    CREATE TABLE readings_newest (
        space text COLLATE "C" NOT NULL, device text COLLATE "C" NOT NULL, at_ms bigint NOT NULL,
        lat double precision NOT NULL, lon double precision NOT NULL, source text NOT NULL,
        accuracy_m double precision, speed_kmh double precision, heading_deg double precision,
        altitude_m double precision, sos boolean NOT NULL, stamp bigint NOT NULL,
        PRIMARY KEY (space, device)
    );
    CREATE INDEX ON readings_newest (space, stamp);
    CREATE TABLE readings_days (
        space text COLLATE "C" NOT NULL, day integer NOT NULL, PRIMARY KEY (space, day)
    );
    CREATE TABLE readings_kept (space text COLLATE "C" PRIMARY KEY, from_day integer NOT NULL);
    """,
    # Constant defaults: no row of any day is written again.
    """
    ALTER TABLE readings_sightings
        ADD COLUMN kind text NOT NULL DEFAULT 'ordinary', ADD COLUMN lines smallint NOT NULL DEFAULT 1,
        ADD COLUMN char_confidences bytea, ADD COLUMN direction text, ADD COLUMN heading_deg double precision,
        ADD COLUMN lane smallint, ADD COLUMN source text NOT NULL DEFAULT 'camera';
    """,
    "CREATE TABLE readings_looked (known_ms bigint NOT NULL)",
)
ALL = ""
"""In `readings_kept` stands what holds for every space under this name."""
DROPPED_AT_ONCE = 32
"""A transaction locks every table and index that it drops, and the server has room for some thousands of locks."""
_TABLES = (("readings_positions", "at_ms"), ("readings_sightings", "first_ms"))
# Hubs make and drop days one after another. Waiting readers are waited for, but not while writers queue up behind.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('triune readings days', 0))"
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"


async def make_days(db: Connection, wanted: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Make what is missing of the days wanted, and return those that are there now; the others are forgotten.

    Raises `UnavailableError` past `READINGS_DAYS`.
    """
    await db.execute(_LOCK_TIMEOUT)
    await db.execute(_LOCK)
    kept: dict[str, int] = {
        row["space"]: row["from_day"] for row in await db.fetch("SELECT space, from_day FROM readings_kept")
    }
    there: set[tuple[str, int]] = set()
    for space, day in sorted(wanted):
        if day >= max(kept.get(space, 0), kept.get(ALL, 0)):
            await _make_day(db, space, day)
            there.add((space, day))
    return there


async def _make_day(db: Connection, space: str, day: int) -> None:
    made = await db.fetch("INSERT INTO readings_days VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING day", space, day)
    if not made:
        return
    if await db.fetchval("SELECT count(*) FROM readings_days WHERE space = $1", space) > READINGS_DAYS:
        raise UnavailableError(f"{space} keeps readings of {READINGS_DAYS} days and makes no further one")
    for table, _ in _TABLES:
        # Made apart and attached, a day takes no lock that a search or a writer would have to wait for.
        name = partition(table, space, day)
        await db.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        await db.execute(
            f"ALTER TABLE {table} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{space}', {day * DAY_MS}) TO ('{space}', {(day + 1) * DAY_MS})"
        )


async def drop_days(db: Connection, before: int, space: str | None) -> int:
    """Drop days before one, of a space or of all, note that they are gone for good, and return how many it were.

    There may be more where these are `DROPPED_AT_ONCE`.
    """
    await db.execute(_LOCK_TIMEOUT)
    await db.execute(_LOCK)
    await db.execute(
        "INSERT INTO readings_kept AS k VALUES ($1, $2) "
        "ON CONFLICT (space) DO UPDATE SET from_day = greatest(k.from_day, excluded.from_day)",
        space or ALL,
        before,
    )
    gone = await db.fetch(
        "DELETE FROM readings_days WHERE (space, day) IN ("
        "  SELECT space, day FROM readings_days WHERE day < $1 AND ($2::text IS NULL OR space = $2) LIMIT $3"
        ") RETURNING space, day",
        before,
        space,
        DROPPED_AT_ONCE,
    )
    for row in gone:
        for table, _ in _TABLES:
            await db.execute(f"DROP TABLE {partition(table, row['space'], row['day'])}")
    await db.execute(
        "DELETE FROM readings_newest WHERE at_ms < $1 AND ($2::text IS NULL OR space = $2)", before * DAY_MS, space
    )
    return len(gone)


async def look(db: Connection, now_ms: int, ran_ms: int, keep_ms: int) -> int:
    """Return how far time is known to have come, as `Readings.look`."""
    await db.execute(_LOCK_TIMEOUT)
    await db.execute(_LOCK)
    before_ms = await db.fetchval("SELECT known_ms FROM readings_looked")
    if before_ms is None:
        days = [row["day"] for row in await db.fetch("SELECT DISTINCT day FROM readings_days")]
        before_ms = first_known_ms(now_ms, days)
        await db.execute("INSERT INTO readings_looked VALUES ($1)", before_ms)
    known = known_ms(before_ms, now_ms, ran_ms, keep_ms)
    await db.execute("UPDATE readings_looked SET known_ms = $1", known)
    told_ms = min(now_ms, known)
    lower = "UPDATE readings_kept SET from_day = least(from_day, $1) WHERE space = $2"
    await db.execute(lower, day_of(told_ms - keep_ms), ALL)
    return told_ms


def partition(table: str, space: str, day: int) -> str:
    """Return the name of a partition, quoted. Spaces are checked to be letters, digits, - and _."""
    return f'"{table}_{day}_{space}"'
