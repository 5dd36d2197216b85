"""Readings in a PostgreSQL that several hubs share (SPEC R190-R195)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest
from msgspec.structs import replace

from command.kernel.errors import UnavailableError
from command.kernel.postgres import Postgres, looked_into
from command.readings import Position, Sighting, SightingQuery
from command.readings import postgres_schema as schema_module
from command.readings.bounds import DAY_MS
from command.readings.postgres import PostgresReadings, _search, _store
from tests.postgres import PostgresServer

SPACE = "live"
EVER = SightingQuery(from_ms=0, to_ms=10**15)


def fix(at_ms: int, device: str = "d1") -> Position:
    return Position(device=device, at_ms=at_ms, lat=29.1, lon=113.1, source="jt808")


def passage(plate: str, first_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 900, reads=4, confidence=0.9
    )


@pytest.fixture
async def hubs(postgres_url: str) -> AsyncIterator[list[PostgresReadings]]:
    stores = [await PostgresReadings.open(postgres_url) for _ in range(3)]
    yield stores
    for store in stores:
        await store.close()


async def test_sightings_of_the_first_schema_are_taken_over(postgres_url: str) -> None:  # R560
    first = await Postgres.open(postgres_url, schema_module.SCHEMA[:1], "readings")
    async with first.transaction() as db:
        await schema_module.make_days(db, [(SPACE, day) for day in range(40)])
        await db.execute(
            "INSERT INTO readings_sightings VALUES"
            " ('live', 'c1', 7, '湘F12345', 'blue', 907, 4, 0.9, NULL, NULL, '54321F湘')"
        )
    await first.close()
    store = await PostgresReadings.open(postgres_url)
    old, new = passage("湘F12345", 7), replace(passage("湘F12346", 8), kind="police", direction="left")
    await store.add_sightings(SPACE, [new, replace(new, first_ms=50 * DAY_MS)])
    assert await store.search(SPACE, replace(EVER, to_ms=9)) == [new, old]
    assert [s.first_ms for s in await store.search(SPACE, replace(EVER, kind="police"))] == [50 * DAY_MS, 8]
    await store.close()


async def test_hubs_make_days_and_store_the_same_devices_at_once(hubs: list[PostgresReadings]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            for turn, hub in enumerate(hubs):
                days = range(5) if turn % 2 else range(4, -1, -1)
                fixes = [fix(day * DAY_MS + number, f"d{device}") for day in days for device in range(4)]
                tasks.create_task(hub.add_positions(SPACE, fixes))
                tasks.create_task(hub.add_sightings(SPACE, [passage("湘F12345", day * DAY_MS) for day in days]))
    for hub in hubs:
        assert [len(await hub.track(SPACE, f"d{device}", 0, 9 * DAY_MS, 100)) for device in range(4)] == [50] * 4
        assert len(await hub.search(SPACE, EVER)) == 5
        assert [day.start_ms for day in await hub.days()] == [day * DAY_MS for day in range(5)]
        assert all(day.size_bytes > 0 for day in await hub.days())


async def test_a_day_that_another_hub_dropped_is_known_to_be_gone(hubs: list[PostgresReadings]) -> None:
    first, second, _ = hubs
    await first.add_positions(SPACE, [fix(1), fix(DAY_MS)])
    assert await second.forget(DAY_MS) == 1
    await first.add_positions(SPACE, [fix(2), fix(DAY_MS + 1)])
    assert first.too_old == 1
    assert [p.at_ms for p in await second.track(SPACE, "d1", 0, 9 * DAY_MS, 9)] == [DAY_MS, DAY_MS + 1]
    assert [p.at_ms for p in await second.latest_positions(SPACE)] == [DAY_MS + 1]


async def test_a_hub_whose_clock_is_a_year_ahead_erases_nothing_of_all_hubs(hubs: list[PostgresReadings]) -> None:
    """R907, R908: whichever of them looked first."""
    right, ahead, _ = hubs
    keep_ms, now_ms = 20 * DAY_MS, 30 * DAY_MS
    await right.add_positions(SPACE, [fix(now_ms - day * DAY_MS) for day in range(5)])
    assert await ahead.look(now_ms + 365 * DAY_MS, 0, keep_ms) == now_ms + DAY_MS, "the end of the newest day"
    assert await right.look(now_ms, 0, keep_ms) == now_ms
    assert await ahead.look(now_ms + 365 * DAY_MS, 0, keep_ms) == now_ms + DAY_MS
    assert await ahead.forget(now_ms + DAY_MS - keep_ms) == 0
    await right.add_positions(SPACE, [fix(now_ms + 1)])
    assert (len(await right.days()), right.too_old) == (5, 0)


async def test_more_days_are_forgotten_than_one_transaction_drops(
    hubs: list[PostgresReadings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_module, "DROPPED_AT_ONCE", 2)
    monkeypatch.setattr("command.readings.postgres.DROPPED_AT_ONCE", 2)
    await hubs[0].add_positions(SPACE, [fix(day * DAY_MS) for day in range(6)])
    assert await hubs[1].forget(5 * DAY_MS) == 5
    assert len(await hubs[0].days()) == 1


async def test_no_more_days_are_made_than_named(hubs: list[PostgresReadings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_module, "READINGS_DAYS", 2)
    await hubs[0].add_positions(SPACE, [fix(0), fix(DAY_MS)])
    with pytest.raises(UnavailableError):
        await hubs[0].add_positions(SPACE, [fix(2 * DAY_MS)])
    assert len(await hubs[0].days()) == 2


async def test_a_commit_that_takes_long_is_not_overlooked_by_who_polls(hubs: list[PostgresReadings]) -> None:
    slow, quick, poller = hubs
    await slow.add_positions(SPACE, [fix(1, "d1"), fix(1, "d2")])
    since = (await poller.changed_positions(SPACE, 0)).stamp
    async with slow._db.transaction() as db:
        await _store(db, [(SPACE, fix(2, "d1"))], [])
        await quick.add_positions(SPACE, [fix(2, "d2")])  # has the later stamp, and is there first
        meanwhile = await poller.changed_positions(SPACE, since)
        assert meanwhile.positions == [fix(2, "d2")]
    after = await poller.changed_positions(SPACE, meanwhile.stamp)
    assert fix(2, "d1") in after.positions
    assert (await poller.changed_positions(SPACE, after.stamp)).positions == []


async def test_what_is_stored_between_two_looks_of_one_poll_comes_with_the_next(
    hubs: list[PostgresReadings], monkeypatch: pytest.MonkeyPatch
) -> None:  # R1190
    poller, other, _ = hubs
    ask, numbers = poller._db.fetch, itertools.count(1)

    async def fetch(sql: str, *terms: object) -> list[asyncpg.Record]:
        rows = await ask(sql, *terms)
        await other.add_positions(SPACE, [fix(1, f"d{next(numbers)}")])
        return rows

    monkeypatch.setattr(poller._db, "fetch", fetch)
    first = await poller.changed_positions(SPACE, 0)
    second = await poller.changed_positions(SPACE, first.stamp)
    count = next(numbers) - 2  # what came after the last look comes with the one after it
    assert {known.device for known in first.positions + second.positions} == {f"d{n}" for n in range(1, count + 1)}


async def test_all_hubs_store_in_one_order_so_that_none_waits_for_one_that_waits(
    hubs: list[PostgresReadings],
) -> None:  # R1190
    ids = [f"d{number}" for number in range(9)]
    await hubs[0].add_positions(SPACE, [fix(1, each) for each in reversed(ids)])
    await hubs[0].add_sightings(SPACE, [passage("湘F12345", 1, each) for each in reversed(ids)])
    for column, table in (
        ("device", "readings_positions"),
        ("device", "readings_newest"),
        ("camera", "readings_sightings"),
    ):
        rows = await hubs[0]._db.fetch(f"SELECT {column} FROM {table} ORDER BY ctid")
        assert [row[column] for row in rows] == ids


async def test_of_many_readings_all_that_are_new_are_told(
    hubs: list[PostgresReadings], monkeypatch: pytest.MonkeyPatch
) -> None:  # R1190
    monkeypatch.setattr("command.readings.postgres._ROWS_AT_ONCE", 2)
    seen = [passage(f"湘F{number:05}", number) for number in range(7)]
    assert await hubs[0].add_sightings(SPACE, seen[2:3]) == seen[2:3]
    assert await hubs[0].add_sightings(SPACE, seen) == [*seen[:2], *seen[3:]]


async def test_days_are_not_dropped_while_somebody_reads_them_nor_do_others_wait_for_that(
    hubs: list[PostgresReadings], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1190
    await hubs[0].add_sightings(SPACE, [passage("湘F12345", 1)])
    async with looked_into(postgres_url) as reader:
        async with reader.transaction():
            assert await reader.fetchval("SELECT count(*) FROM readings_sightings") == 1
            with monkeypatch.context() as patience:
                sooner = schema_module._LOCK_TIMEOUT.replace("'2s'", "'50ms'")
                patience.setattr(schema_module, "_LOCK_TIMEOUT", sooner)
                with pytest.raises(UnavailableError, match="lock timeout"):
                    await hubs[0].forget(DAY_MS)
            assert await hubs[2].add_sightings(SPACE, [passage("湘F12346", 2)]), "it is there still, and takes more"
            assert await reader.fetchval("SELECT count(*) FROM readings_sightings") == 2
        assert await hubs[0].forget(DAY_MS) == 1


async def test_newest_days_are_searched_first_and_by_an_index(hubs: list[PostgresReadings]) -> None:
    seen = [passage(f"湘F{n:05}", day * DAY_MS + n * 1000, f"c{n % 50}") for day in range(3) for n in range(3000)]
    await hubs[0].add_sightings(SPACE, seen)
    await hubs[0]._db.fetch("ANALYZE readings_sightings")
    for query, way in (
        (replace(EVER, limit=10), "first_ms"),
        (replace(EVER, plate="湘F01234"), "plate"),
        (replace(EVER, plate="湘F0123*"), "plate"),
        (replace(EVER, plate="*1234"), "reversed"),
        (replace(EVER, cameras=("c1",), from_ms=DAY_MS, to_ms=DAY_MS + 60_000), "camera"),
    ):
        sql, terms = _search(SPACE, query)
        async with hubs[0]._db.transaction() as db:
            await db.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN (ANALYZE, COSTS off) {sql}", *terms))
        assert f"{way} " in plan.split("Index Cond: ", 1)[1], plan
        assert "Seq Scan" not in plan, plan
    sql, terms = _search(SPACE, replace(EVER, limit=10))
    plan = "\n".join(row[0] for row in await hubs[0]._db.fetch(f"EXPLAIN (ANALYZE, COSTS off) {sql}", *terms))
    assert plan.count("(never executed)") == 2, plan


async def test_a_server_that_is_away_is_said_and_found_again(
    hubs: list[PostgresReadings], postgres_server: PostgresServer
) -> None:
    hub = hubs[0]
    await hub.add_positions(SPACE, [fix(1)])
    await asyncio.to_thread(postgres_server.stop)
    try:
        for question in (
            hub.add_positions(SPACE, [fix(2)]), hub.add_sightings(SPACE, [passage("湘F12345", 1)]),
            hub.track(SPACE, "d1", 0, 9, 9), hub.latest_positions(SPACE), hub.changed_positions(SPACE, 0),
            hub.search(SPACE, EVER), hub.forget(DAY_MS), hub.days(),
        ):  # fmt: skip
            with pytest.raises(UnavailableError):
                await question
    finally:
        await asyncio.to_thread(postgres_server.start)
    assert await hub.track(SPACE, "d1", 0, 9, 9) == [fix(1)]
    await hub.add_positions(SPACE, [fix(2)])
    assert await hub.latest_positions(SPACE) == [fix(2)]
