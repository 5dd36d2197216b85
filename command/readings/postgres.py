"""Readings in PostgreSQL, which several hubs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import replace

from command.kernel.errors import UnavailableError
from command.kernel.postgres import Connection, Postgres
from command.readings import AreaQuery, Changes, Day, Pass, Place, Position, Presence, Readings, Sighting, SightingQuery
from command.readings.area import Area, cell_of_fix
from command.readings.bounds import (
    DAY_MS,
    check_cameras,
    check_devices,
    check_positions,
    check_query,
    check_sightings,
    check_space,
    day_of,
    room_for,
    rows_of,
    within,
)
from command.readings.group import Batch, GroupCommit, newest_of
from command.readings.pattern import beyond, plate_pattern
from command.readings.postgres_schema import DROPPED_AT_ONCE, SCHEMA, drop_days, look, make_days, partition
from command.readings.rows import (
    POSITION_COLUMNS,
    SIGHTING_COLUMNS,
    position_row,
    sighting_row,
    to_position,
    to_sighting,
)

_ROWS_AT_ONCE = 10_000
_TRIES = 3
"""A batch meets a day that another hub has just dropped at most as often as days are dropped: hardly twice."""
_P_TYPES = "$1::text[], $2::text[], $3::bigint[], $4::float8[], $5::float8[], $6::text[], $7::float8[], $8::float8[], "
_P_TYPES += "$9::float8[], $10::float8[], $11::boolean[]"
_ADD_POSITIONS = f"""
    INSERT INTO readings_positions AS p (space, {POSITION_COLUMNS}, cell)
    SELECT * FROM unnest({_P_TYPES}, $12::bigint[])
    ON CONFLICT (space, device, at_ms) DO UPDATE SET sos = true WHERE excluded.sos AND NOT p.sos
"""  # noqa: S608 - columns of our own
_ADD_NEWEST = f"""
    INSERT INTO readings_newest AS n (space, {POSITION_COLUMNS}, stamp)
    SELECT *, pg_current_xact_id()::text::bigint FROM unnest({_P_TYPES})
    ON CONFLICT (space, device) DO UPDATE SET
        stamp = excluded.stamp, at_ms = excluded.at_ms, lat = excluded.lat, lon = excluded.lon,
        source = excluded.source, accuracy_m = excluded.accuracy_m, speed_kmh = excluded.speed_kmh,
        heading_deg = excluded.heading_deg, altitude_m = excluded.altitude_m, sos = excluded.sos
    WHERE excluded.at_ms > n.at_ms
"""  # noqa: S608
_ADD_SOS = """
    UPDATE readings_newest AS n SET sos = true, stamp = pg_current_xact_id()::text::bigint
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS pressed (space, device, at_ms)
    WHERE (n.space, n.device, n.at_ms) = (pressed.space, pressed.device, pressed.at_ms) AND NOT n.sos
"""
_ADD_SIGHTINGS = f"""
    INSERT INTO readings_sightings (space, {SIGHTING_COLUMNS}, reversed)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::integer[], $8::float8[],
        $9::text[], $10::bytea[], $11::text[], $12::smallint[], $13::bytea[], $14::text[], $15::float8[],
        $16::smallint[], $17::text[], $18::text[]
    ) ON CONFLICT DO NOTHING RETURNING space, first_ms, camera, plate
"""  # noqa: S608
_TRACK = f"""
    SELECT {POSITION_COLUMNS} FROM readings_positions
    WHERE space = $1 AND device = $2 AND at_ms BETWEEN $3 AND $4 ORDER BY at_ms LIMIT $5
"""  # noqa: S608
_LATEST = f"""
    SELECT {POSITION_COLUMNS} FROM readings_newest
    WHERE space = $1 AND ($2::text[] IS NULL OR device = ANY ($2)) ORDER BY device
"""  # noqa: S608
# Every transaction below the oldest that still runs is finished: none of them can come to light after this look.
_STAMP = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS stamp"
_CHANGED = f"SELECT {POSITION_COLUMNS} FROM readings_newest WHERE space = $1 AND stamp >= $2 ORDER BY device"  # noqa: S608
_IN_CELLS = """
    SELECT device, at_ms, lat, lon FROM readings_positions
    WHERE space = $1 AND cell = ANY ($2) AND at_ms BETWEEN $3 AND $4
        AND lat BETWEEN $5 AND $6 AND lon BETWEEN $7 AND $8 LIMIT $9
"""
_PASSES = """
    SELECT first_ms, camera, plate FROM readings_sightings
    WHERE space = $1 AND ($2::text[] IS NULL OR camera = ANY ($2)) AND first_ms BETWEEN $3 AND $4
        AND ($6::text[] IS NULL OR plate = ANY ($6)) LIMIT $5
"""
_TRAFFIC = """
    SELECT camera, count(*) AS passages FROM readings_sightings
    WHERE space = $1 AND camera = ANY ($2) AND first_ms BETWEEN $3 AND $4 GROUP BY camera
"""
_KNOWN = """
    SELECT DISTINCT plate FROM readings_sightings
    WHERE space = $1 AND plate = ANY ($2) AND first_ms BETWEEN $3 AND $4 AND ($5::text[] IS NULL OR camera = ANY ($5))
"""


class PostgresReadings(Readings):
    """Readings of all spaces of all hubs. Use `open`, but for looking at them as they are."""

    def __init__(self, db: Postgres) -> None:
        self._db = db
        self._there: set[tuple[str, int]] = set()
        self._group = GroupCommit(self._write)
        self.too_old = 0

    @classmethod
    async def open(cls, url: str) -> PostgresReadings:
        """Connect, and bring the tables up to date. Raises `UnavailableError` as `Postgres.open` does."""
        return cls(await Postgres.open(url, SCHEMA, "readings"))

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Store fixes; an SOS is added to the same fix, nothing else changes it."""
        check_positions(space, positions)
        await self._group.add(space, positions=positions)

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Store passages, and return those that were not stored before."""
        check_sightings(space, sightings)
        return await self._group.add(space, sightings=sightings)

    async def _write(self, batch: Batch) -> None:
        # In one order for all hubs, so that none waits for another that waits for it; and each key once, since
        # PostgreSQL changes no row twice in one statement.
        fixes: dict[tuple[str, str, int], Position] = {}
        for space, fix in batch.positions:
            known = fixes.setdefault((space, fix.device, fix.at_ms), fix)
            if fix.sos and not known.sos:
                fixes[space, fix.device, fix.at_ms] = replace(known, sos=True)
        positions = [(key[0], fixes[key]) for key in sorted(fixes)]
        sightings = sorted(batch.sightings, key=lambda one: (one[0], one[1].first_ms, one[1].camera, one[1].plate))
        days = {(space, day_of(fix.at_ms)) for space, fix in positions}
        days |= {(space, day_of(seen.first_ms)) for space, seen in sightings}
        for _ in range(_TRIES):
            there = await self._make(days)
            kept_positions = [one for one in positions if (one[0], day_of(one[1].at_ms)) in there]
            kept_sightings = [one for one in sightings if (one[0], day_of(one[1].first_ms)) in there]
            try:
                async with self._db.transaction() as db:
                    new = await _store(db, kept_positions, kept_sightings)
            except asyncpg.CheckViolationError:  # there is no partition for a row: another hub dropped it
                self._there.clear()
            else:
                batch.new |= new
                self.too_old += len(positions) - len(kept_positions) + len(sightings) - len(kept_sightings)
                return
        raise UnavailableError("the days of these readings are dropped again and again")

    async def _make(self, days: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return which of the days are there, made if need be."""
        if missing := days - self._there:
            async with self._db.transaction() as db:
                made = await make_days(db, missing)
            self._there |= made
        return days & self._there

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        check_devices(space, (device,))
        rows = await self._db.fetch(_TRACK, space, device, within(from_ms), within(to_ms), rows_of(limit))
        return _positions(rows)

    async def latest_positions(self, space: str, devices: Sequence[str] | None = None) -> list[Position]:
        """Return the newest fix of every device, or of those named, by device."""
        check_devices(space, devices)
        return _positions(await self._db.fetch(_LATEST, space, devices))

    async def changed_positions(self, space: str, since: int) -> Changes:
        """Return the newest fixes that changed since an earlier answer's stamp."""
        check_space(space)
        # First the stamp: what is committed between the two comes twice rather than never.
        (stamp,) = await self._db.fetch(_STAMP)
        return Changes(_positions(await self._db.fetch(_CHANGED, space, since)), stamp["stamp"])

    async def devices_in(self, space: str, query: AreaQuery) -> list[Presence]:
        """Return which devices reported from the area, by device."""
        check_space(space)
        area = Area(query)
        west, south, east, north = area.box
        times = (within(query.from_ms), within(query.to_ms))
        rows = await self._db.fetch(_IN_CELLS, space, area.cells, *times, south, north, west, east, area.room + 1)
        area.take([(row[0], row[1], row[2], row[3]) for row in rows])
        return area.presences()

    async def search(self, space: str, query: SightingQuery) -> list[Sighting]:
        """Return the passages, newest first. PostgreSQL goes from the newest day to older ones as far as needed."""
        check_query(space, query)
        sql, terms = _search(space, query)
        return [to_sighting(tuple(row)) for row in await self._fetch(sql, *terms)]

    async def passes(
        self, space: str, cameras: Sequence[str] | None, from_ms: int, to_ms: int, most: int,
        plates: Sequence[str] | None = None,
    ) -> list[Pass]:  # fmt: skip
        """Return all passages at the cameras, oldest first."""
        check_cameras(space, cameras, plates or ())
        rows = await self._fetch(_PASSES, space, cameras, within(from_ms), within(to_ms), room_for(most, 0), plates)
        room_for(most, len(rows))
        return sorted(Pass(*row) for row in rows)

    async def traffic(self, space: str, cameras: Sequence[str], from_ms: int, to_ms: int) -> dict[str, int]:
        """Return how many passages there were at each of the cameras."""
        check_cameras(space, cameras)
        rows = await self._fetch(_TRAFFIC, space, cameras, within(from_ms), within(to_ms))
        return {row["camera"]: row["passages"] for row in rows}

    async def known_plates(
        self, space: str, plates: Sequence[str], from_ms: int, to_ms: int, cameras: Sequence[str] | None = None
    ) -> set[str]:
        """Return those of the plates that passed in the time."""
        check_cameras(space, cameras, plates)
        rows = await self._fetch(_KNOWN, space, plates, within(from_ms), within(to_ms), cameras)
        return {row["plate"] for row in rows}

    async def _fetch(self, sql: str, *terms: Any) -> list[asyncpg.Record]:
        async with self._db.transaction() as db:
            # What is fast depends on the values: a plan for any would go through whole days for a rare plate.
            await db.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            return await db.fetch(sql, *terms)

    async def look(self, now_ms: int, ran_ms: int, keep_ms: int) -> int:
        """Return how far time is known to have come."""
        async with self._db.transaction() as db:
            return await look(db, now_ms, ran_ms, keep_ms)

    async def forget(self, before_ms: int, space: str | None = None) -> int:
        """Drop the days that ended by an instant, as whole tables."""
        if space is not None:
            check_space(space)
        gone = 0
        while True:
            async with self._db.transaction() as db:
                dropped = await drop_days(db, day_of(within(before_ms)), space)
            gone += dropped
            if dropped < DROPPED_AT_ONCE:
                return gone

    async def days(self) -> list[Day]:
        """Return the days kept, by space and day."""
        rows = await self._db.fetch("SELECT space, day FROM readings_days ORDER BY space, day")
        names = [
            [partition(table, row["space"], row["day"]) for row in rows]
            for table in ("readings_positions", "readings_sightings")
        ]
        sizes = await self._db.fetch(
            "SELECT coalesce(pg_total_relation_size(to_regclass(p)), 0)"
            " + coalesce(pg_total_relation_size(to_regclass(s)), 0) AS size_bytes"
            " FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS names (p, s, n) ORDER BY n",
            *names,
        )
        return [
            Day(row["space"], row["day"] * DAY_MS, size["size_bytes"]) for row, size in zip(rows, sizes, strict=True)
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self._db.close()


async def _store(
    db: Connection, positions: Sequence[tuple[str, Position]], sightings: Sequence[tuple[str, Sighting]]
) -> set[tuple[str, Place]]:
    """Return which sightings were not stored before."""
    if positions:
        rows = [(space, *position_row(fix), cell_of_fix(fix)) for space, fix in positions]
        await _execute(db, _ADD_POSITIONS, rows)
        newest = [(space, *position_row(fix)) for (space, _), fix in newest_of(positions).items()]
        await _execute(db, _ADD_NEWEST, newest)
        if pressed := [row[:3] for row in newest if row[-1]]:
            await _execute(db, _ADD_SOS, pressed)
    seen_rows = [(space, *sighting_row(seen), seen.plate[::-1]) for space, seen in sightings]
    return {(row[0], Place(row[1], row[2], row[3])) for row in await _execute(db, _ADD_SIGHTINGS, seen_rows)}


async def _execute(db: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> list[asyncpg.Record]:
    """Carry out a statement that takes columns, in parts that end well within the time of a command."""
    answered: list[asyncpg.Record] = []
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        columns = zip(*rows[begin : begin + _ROWS_AT_ONCE], strict=True)
        answered += await db.fetch(sql, *(list(column) for column in columns))
    return answered


def _search(space: str, query: SightingQuery) -> tuple[str, list[Any]]:
    """Return the statement and its terms. Raises as `plate_pattern`."""
    pattern = plate_pattern(query.plate)
    terms: list[Any] = [space, within(query.from_ms), within(query.to_ms)]
    where = ["space = $1", "first_ms BETWEEN $2 AND $3"]

    def add(condition: str, *values: Any) -> None:
        terms.extend(values)
        first = len(terms) - len(values) + 1
        where.append(condition.format(*(f"${number}" for number in range(first, len(terms) + 1))))

    if query.after is not None:
        after = msgspec.structs.astuple(query.after)
        add("first_ms <= {0} AND (first_ms < {0} OR (camera, plate) > ({1}, {2}))", *after)
    if query.colour is not None:
        add("colour = {0}", query.colour)
    if query.kind is not None:
        add("kind = {0}", query.kind)
    if query.direction is not None:
        add("direction = {0}", query.direction)
    if query.headings is not None:
        joined = "AND" if query.headings[0] <= query.headings[1] else "OR"
        add(f"(heading_deg >= {{0}} {joined} heading_deg <= {{1}})", *query.headings)
    if query.cameras is not None:
        add("camera = ANY ({0}::text[])", list(query.cameras))
    if pattern.exact:
        add("plate = {0}", pattern.text)
    elif not pattern.anything:
        add("plate LIKE {0}", pattern.like)
        for column, begins in (("plate", pattern.prefix), ("reversed", pattern.suffix[::-1])):
            if begins:
                add(f"{column} >= {{0}} AND {column} < {{1}}", begins, beyond(begins))
    terms.append(rows_of(query.limit))
    return (
        f"SELECT {SIGHTING_COLUMNS} FROM readings_sightings WHERE {' AND '.join(where)} "  # noqa: S608 - values apart
        f"ORDER BY first_ms DESC, camera, plate LIMIT ${len(terms)}",
        terms,
    )


def _positions(rows: Sequence[asyncpg.Record]) -> list[Position]:
    return [to_position(tuple(row)) for row in rows]
