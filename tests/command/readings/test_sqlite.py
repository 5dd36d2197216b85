"""Readings in SQLite: a file for each day, and what is durable when (SPEC R190-R195)."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.kernel.errors import DamagedFileError, UnavailableError
from command.readings import AreaQuery, Position, Sighting, SightingQuery
from command.readings import group as group_module
from command.readings import sqlite as store_module
from command.readings import sqlite_days as days_module
from command.readings import sqlite_search as search_module
from command.readings.bounds import DAY_MS
from command.readings.sqlite import SqliteReadings

SPACE = "live"
EVER = SightingQuery(from_ms=0, to_ms=10**15)


def fix(at_ms: int, device: str = "d1") -> Position:
    return Position(device=device, at_ms=at_ms, lat=29.1, lon=113.1, source="jt808")


def passage(plate: str, first_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 900, reads=4, confidence=0.9
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteReadings]:
    readings = SqliteReadings(tmp_path / "readings.sqlite3")
    yield readings
    await readings.close()


async def test_what_was_added_is_there_after_the_files_are_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite3"
    first = SqliteReadings(path)
    await first.add_positions(SPACE, [fix(10)])
    await first.add_sightings(SPACE, [passage("湘F12345", DAY_MS)])
    stamp = (await first.changed_positions(SPACE, 0)).stamp
    # Nothing is closed in good order: the files alone have to hold it, as after a kill.
    second = SqliteReadings(path)
    assert await second.track(SPACE, "d1", 0, 100, 10) == [fix(10)]
    assert await second.search(SPACE, EVER) == [passage("湘F12345", DAY_MS)]
    await second.add_positions(SPACE, [fix(11)])
    assert (await second.changed_positions(SPACE, stamp)).positions == [fix(11)]
    await second.close()
    await first.close()


async def test_commits_are_on_the_disk_before_anybody_is_told(store: SqliteReadings) -> None:
    await store.add_positions(SPACE, [fix(10)])
    main = await store._writer.run(lambda db: db.execute("PRAGMA synchronous").fetchone())
    day = await store._writer.run(lambda _: store._written.to_write(SPACE, 0).execute("PRAGMA synchronous").fetchone())
    assert main == day == (2,)


async def test_a_day_is_a_file_and_forgetting_it_removes_the_file(store: SqliteReadings, tmp_path: Path) -> None:
    await store.add_positions(SPACE, [fix(10), fix(DAY_MS)])
    await store.search(SPACE, EVER)  # who has read keeps files open
    folder = tmp_path / "readings" / SPACE
    assert {path.name for path in folder.glob("*.sqlite3")} == {"1970-01-01.sqlite3", "1970-01-02.sqlite3"}
    assert all(day.size_bytes > 0 for day in await store.days())
    await store.forget(DAY_MS)
    assert not list(folder.glob("1970-01-01*"))
    assert store._read._open.keys() == {(SPACE, 1)}, "an open file keeps its room on the disk"
    assert await store.track(SPACE, "d1", 0, 2 * DAY_MS, 9) == [fix(DAY_MS)]


async def test_forgetting_that_was_interrupted_is_finished_by_the_next(store: SqliteReadings, tmp_path: Path) -> None:
    await store.add_positions(SPACE, [fix(10), fix(DAY_MS)])
    left = tmp_path / "readings" / SPACE / "1970-01-01.sqlite3"
    held = left.read_bytes()
    await store.forget(DAY_MS)
    left.write_bytes(held)
    assert await store.forget(DAY_MS) == 1
    assert not left.exists()


async def test_no_more_files_are_open_than_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "READINGS_FILES_READ", 3)
    monkeypatch.setattr(store_module, "READINGS_FILES_WRITTEN", 2)
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    await store.add_positions(SPACE, [fix(day * DAY_MS) for day in range(9)])
    for _ in range(2):
        assert len(await store.track(SPACE, "d1", 0, 9 * DAY_MS, 100)) == 9
        assert (len(store._read._open), len(store._written._open)) == (3, 2)
    await store.close()


async def test_the_log_of_a_past_day_is_moved_into_its_file(store: SqliteReadings, tmp_path: Path) -> None:
    await store.add_positions(SPACE, [fix(n) for n in range(2000)])
    await store.track(SPACE, "d1", 0, 9, 9)
    log = tmp_path / "readings" / SPACE / "1970-01-01.sqlite3-wal"
    assert log.stat().st_size > 0
    await store.add_positions(SPACE, [fix(DAY_MS)])
    assert log.stat().st_size == 0
    assert len(await store.track(SPACE, "d1", 0, DAY_MS, 9999)) == 2001


async def test_no_more_days_are_made_than_named(store: SqliteReadings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days_module, "READINGS_DAYS", 2)
    await store.add_positions(SPACE, [fix(0), fix(DAY_MS)])
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(2 * DAY_MS)])
    await store.forget(DAY_MS)
    await store.add_positions(SPACE, [fix(2 * DAY_MS)])


async def test_devices_that_send_at_once_share_a_commit(store: SqliteReadings) -> None:
    commits: list[str] = []
    await store._writer.run(lambda db: db.set_trace_callback(commits.append))
    async with asyncio.TaskGroup() as tasks:
        for number in range(500):
            tasks.create_task(store.add_positions(SPACE, [fix(10, f"d{number}")]))
        tasks.create_task(store.add_sightings(SPACE, [passage("湘F12345", 9)]))
    assert len(await store.search(SPACE, EVER)) == 1
    assert len(await store.latest_positions(SPACE)) == 500
    assert commits.count("COMMIT") <= 3


async def test_a_file_that_refuses_tells_everybody_and_serves_again_later(store: SqliteReadings) -> None:
    await store.add_sightings(SPACE, [passage("湘F12345", 1)])
    for statement, refused in (("PRAGMA query_only = ON", True), ("PRAGMA query_only = OFF", False)):
        await store._writer.run(lambda _, s=statement: store._written.to_write(SPACE, 0).execute(s))  # type: ignore[misc] # mypy knows no lambda with a default here
        answers = await asyncio.gather(
            *(store.add_positions(SPACE, [fix(10, f"d{n}")]) for n in range(5)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [UnavailableError if refused else type(None)] * 5
        assert len(await store.latest_positions(SPACE)) == (0 if refused else 5)


async def test_a_damaged_day_is_told_and_the_others_serve(store: SqliteReadings, tmp_path: Path) -> None:
    await store.add_positions(SPACE, [fix(DAY_MS)])
    (tmp_path / "readings" / SPACE / "1970-01-01.sqlite3").write_bytes(b"nothing of a database" * 500)
    with pytest.raises(UnavailableError):
        await store.track(SPACE, "d1", 0, 2 * DAY_MS, 9)
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(5)])
    assert await store.track(SPACE, "d1", DAY_MS, 2 * DAY_MS, 9) == [fix(DAY_MS)]


async def test_a_damaged_day_costs_nobody_else_what_was_stored_along_with_it(
    store: SqliteReadings, tmp_path: Path
) -> None:  # R1209
    (tmp_path / "readings" / SPACE).mkdir()
    (tmp_path / "readings" / SPACE / "1970-01-01.sqlite3").write_bytes(b"nothing of a database" * 500)
    # The first begins a commit of its own, and the others share the next one.
    first, damaged, fixes, passages = await asyncio.gather(
        store.add_positions(SPACE, [fix(DAY_MS)]),
        store.add_positions(SPACE, [fix(5, "d2")]),
        store.add_positions(SPACE, [fix(DAY_MS, "d3")]),
        store.add_sightings(SPACE, [passage("湘F12345", DAY_MS)]),
        return_exceptions=True,
    )
    assert isinstance(damaged, DamagedFileError)
    assert (first, fixes) == (None, None)
    assert passages == [passage("湘F12345", DAY_MS)], "or nobody would judge it"
    assert [one.device for one in await store.latest_positions(SPACE)] == ["d1", "d3"]
    assert await store.search(SPACE, SightingQuery(from_ms=DAY_MS, to_ms=2 * DAY_MS)) == passages


async def test_a_day_that_was_emptied_is_damaged_and_no_day_without_readings(tmp_path: Path) -> None:  # R867
    path = tmp_path / "readings" / SPACE / "1970-01-01.sqlite3"
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    await store.add_positions(SPACE, [fix(5), fix(DAY_MS)])
    await store.close()
    path.write_bytes(b"")
    again = SqliteReadings(tmp_path / "readings.sqlite3")
    try:
        for asked in (
            again.track(SPACE, "d1", 0, DAY_MS, 9),
            again.search(SPACE, EVER),
            again.add_positions(SPACE, [fix(6)]),
        ):
            with pytest.raises(DamagedFileError, match="holds nothing"):
                await asked
        assert path.read_bytes() == b""
        assert await again.track(SPACE, "d1", DAY_MS, 2 * DAY_MS, 9) == [fix(DAY_MS)]
    finally:
        await again.close()


async def test_a_day_of_a_newer_program_is_refused(store: SqliteReadings, tmp_path: Path) -> None:
    folder = tmp_path / "readings" / SPACE
    folder.mkdir()
    with closing(sqlite3.connect(folder / "1970-01-01.sqlite3")) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(UnavailableError, match="schema 9"):
        await store.search(SPACE, EVER)


async def test_a_folder_that_cannot_be_written_to_is_told(store: SqliteReadings, tmp_path: Path) -> None:
    (tmp_path / "readings" / SPACE).write_text("in the way")
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(5)])
    (tmp_path / "readings" / SPACE).unlink()
    await store.add_positions(SPACE, [fix(5)])


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "readings").write_text("in the way")
    with pytest.raises(UnavailableError):
        SqliteReadings(tmp_path / "readings.sqlite3")


async def test_more_than_may_wait_is_refused_at_once(store: SqliteReadings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "READINGS_WAITING", 2)
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(1), fix(2), fix(3)])
    await store.add_positions(SPACE, [fix(1), fix(2)])
    assert len(await store.track(SPACE, "d1", 0, 9, 9)) == 2


async def test_writing_goes_on_while_somebody_searches(store: SqliteReadings) -> None:
    await store.add_sightings(SPACE, [passage("湘F12345", 1)])
    loop = asyncio.get_running_loop()
    reading, written = asyncio.Event(), asyncio.Event()

    def while_reading(_: sqlite3.Connection) -> int:
        file = store._read.to_read(SPACE, 0)
        assert file is not None
        file.execute("BEGIN")
        (before,) = file.execute("SELECT count(*) FROM sightings").fetchone()
        loop.call_soon_threadsafe(reading.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result(30)
        file.rollback()
        count: int = before
        return count

    async with asyncio.TaskGroup() as tasks:
        search = tasks.create_task(store._reader.run(while_reading))
        await reading.wait()
        await store.add_sightings(SPACE, [passage("湘F12345", 2)])
        written.set()
    assert search.result() == 1
    assert len(await store.search(SPACE, EVER)) == 2


BY_PLATE = "sightings_by_plate (plate=? AND first_ms>? AND first_ms<?)"
QUESTIONS = [
    (EVER, "sightings_by_time (first_ms>? AND first_ms<?)", ""),
    (replace(EVER, plate="湘F12345"), BY_PLATE, ""),
    (replace(EVER, plate="湘F12*"), BY_PLATE, "PRIMARY KEY (plate>? AND plate<?)"),
    (replace(EVER, plate="湘F*345"), BY_PLATE, "plates_by_reversed (reversed>? AND reversed<?)"),
    (replace(EVER, plate="湘F*345", cameras=("c1",)), BY_PLATE, "plates_by_reversed (reversed>? AND reversed<?)"),
    (replace(EVER, plate="*2*"), BY_PLATE, "SCAN plates"),
    (replace(EVER, plate="*2*", to_ms=1000), "sightings_by_time (first_ms>? AND first_ms<?)", ""),
    (
        replace(EVER, plate="*2*", cameras=("c1", "c2"), limit=20_000),
        "by_camera (camera=? AND first_ms>? AND first_ms<?)",
        "",
    ),
]


@pytest.mark.parametrize(("query", "way", "before"), QUESTIONS)
async def test_sightings_are_searched_by_an_index(
    store: SqliteReadings, query: SightingQuery, way: str, before: str
) -> None:
    await store.add_sightings(SPACE, [passage("湘F12345", 1)])
    *first, last = await _plans(store, lambda: store.search(SPACE, query))
    assert way in last
    assert "SEARCH sightings USING INTEGER PRIMARY KEY (rowid=?)" in last
    assert (before in first[0]) if before else not first


async def test_a_pattern_that_fits_much_is_looked_for_by_time(
    store: SqliteReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "READINGS_LOOKED_UP", 2)
    await store.add_sightings(SPACE, [passage(f"湘F1234{n}", n) for n in range(3)] + [passage("湘F00001", 1)])
    much, little = replace(EVER, plate="湘F1*", limit=2), replace(EVER, plate="湘F0*")
    assert "sightings_by_time" in (await _plans(store, lambda: store.search(SPACE, much)))[-1]
    assert BY_PLATE in (await _plans(store, lambda: store.search(SPACE, little)))[-1]
    assert len(await store.search(SPACE, much)) == 2


async def test_tracks_and_areas_are_searched_by_an_index(store: SqliteReadings) -> None:
    await store.add_positions(SPACE, [fix(1)])
    (plan,) = await _plans(store, lambda: store.track(SPACE, "d1", 0, 9, 9))
    assert "PRIMARY KEY (device=? AND at_ms>? AND at_ms<?)" in plan
    area = AreaQuery(ring=((113.0, 29.0), (113.2, 29.0), (113.1, 29.2)), from_ms=0, to_ms=9)
    (plan,) = await _plans(store, lambda: store.devices_in(SPACE, area))
    assert "COVERING INDEX positions_by_cell (cell=? AND at_ms>? AND at_ms<?)" in plan


async def _plans(store: SqliteReadings, ask: Callable[[], Awaitable[object]]) -> list[str]:
    """How SQLite carries out the statements that a question comes to."""
    said: list[str] = []

    def file(_: sqlite3.Connection) -> sqlite3.Connection:
        found = store._read.to_read(SPACE, 0)
        assert found is not None
        return found

    db = await store._reader.run(file)
    db.set_trace_callback(said.append)
    await ask()
    db.set_trace_callback(None)
    plans = []
    for statement in said:
        if re.match(r"\s*SELECT", statement):
            rows = await store._reader.run(lambda _, s=statement: db.execute(f"EXPLAIN QUERY PLAN {s}").fetchall())  # type: ignore[misc] # as above
            plans.append("".join(f"{row[3]}\n" for row in rows))
    return plans


# files of earlier schemas


async def test_passages_wait_for_whoever_writes_to_their_day(store: SqliteReadings, tmp_path: Path) -> None:  # R560
    """Also after a further day was begun. One that reads before it has its turn is refused at once, as SQLite has it,
    and with it whatever else came just then."""
    await store.add_sightings(SPACE, [passage("湘F12345", 7)])
    await store.add_sightings(SPACE, [passage("湘F12345", DAY_MS)])
    loop, begun, statements = asyncio.get_running_loop(), asyncio.Event(), list[str]()

    def trace(statement: str) -> None:
        statements.append(statement)
        loop.call_soon_threadsafe(begun.set)

    def watch(_: sqlite3.Connection) -> tuple[int]:
        file = store._written.to_write(SPACE, 0)
        waits_ms: tuple[int] = file.execute("PRAGMA busy_timeout").fetchone()
        file.set_trace_callback(trace)
        return waits_ms

    assert await store._writer.run(watch) == (5000,)
    with closing(sqlite3.connect(tmp_path / "readings" / SPACE / "1970-01-01.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")  # as whoever brings the day to a newer schema
        other.execute("PRAGMA user_version = 2")
        async with asyncio.TaskGroup() as tasks:
            adding = tasks.create_task(store.add_sightings(SPACE, [passage("湘F12346", 8)]))
            await begun.wait()
            assert statements == ["BEGIN IMMEDIATE"]
            other.commit()
    assert adding.result() == [passage("湘F12346", 8)]
