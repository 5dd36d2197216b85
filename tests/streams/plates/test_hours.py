"""What was read in each hour, in a file and in PostgreSQL (SPEC R629, R672)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.kernel.postgres import Postgres
from command.readings import hours
from streams.plates.hours import ReadingHours, Total
from streams.plates.quality import Measure

SOME = Measure(watched_ms=60_000, passages=3, confidence_sum=2.75, found=9, unread=2, moving=30, strangers=1)


async def _adds_up_looks_and_forgets(database: Database) -> None:
    kept = ReadingHours(database)
    await kept.add({})
    await kept.add({("c1", 100): SOME, ("c1", 101): Measure(passages=1), ("c2", 100): Measure(watched_ms=5)})
    await asyncio.gather(*(kept.add({("c1", 100): SOME}) for _ in range(3)))  # two hubs add to the same hour
    twice = SOME + SOME
    assert await kept.of("c1", 100) == {100: twice + twice, 101: Measure(passages=1)}
    assert await kept.of("c1", 101) == {101: Measure(passages=1)}
    assert await kept.at([100, 76]) == {"c1": {100: twice + twice}, "c2": {100: Measure(watched_ms=5)}}
    early, late = Total("c1", 100, "run1", found=4, unread=1, moving=7), Total("c1", 100, "run1", 9, 2, 15)
    for told in ([early], [late, Total("c3", 102, "run1", 1, 1, 1)], [early], [late]):  # again, and out of order
        await kept.tell(told)
    await kept.tell([Total("c1", 100, "run2", found=1, unread=0, moving=2)])  # the agent began anew
    await kept.tell([])
    of_agents = Measure(found=10, unread=2, moving=17)
    assert await kept.of("c1", 100) == {100: twice + twice + of_agents, 101: Measure(passages=1)}
    assert await kept.at([102]) == {"c3": {102: Measure(found=1, unread=1, moving=1)}}
    await kept.forget(101)
    assert await kept.at([100, 101]) == {"c1": {101: Measure(passages=1)}}


async def test_hours_in_a_file_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "hours.sqlite3"
    database = SqliteDatabase(file, hours.SCHEMA, "reading hours")
    await _adds_up_looks_and_forgets(database)
    await database.close()
    again = ReadingHours(SqliteDatabase(file, hours.SCHEMA, "reading hours"))
    assert await again.of("c1", 0) == {101: Measure(passages=1)}
    await again.close()


async def test_hours_in_postgresql_are_those_of_all_hubs(postgres_url: str) -> None:
    postgres = await Postgres.open(postgres_url, (), "site")
    await _adds_up_looks_and_forgets(await PostgresDatabase.open(postgres, hours.SCHEMA, "reading_hours"))
    await postgres.close()
