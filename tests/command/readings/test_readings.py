"""The contract of every store of readings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import READINGS_ROWS
from command.readings import Position, Readings, Sighting
from command.readings import memory as memory_module
from command.readings import sqlite as sqlite_module
from command.readings.memory import MemoryReadings
from command.readings.sqlite import SqliteReadings

SPACE = "live"
PLATES = ["湘F12345", "湘F12346", "湘FD12345", "粤A12345", "湘F123警", "A[1]B"]


def fix(at_ms: int, device: str = "d1") -> Position:
    return Position(device=device, at_ms=at_ms, lat=29.1 + at_ms / 1e6, lon=113.1, source="jt808")


def passage(plate: str, first_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 900, reads=4, confidence=0.9
    )


@pytest.fixture(params=["memory", "sqlite"])
async def readings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Readings]:
    store: Readings = MemoryReadings() if request.param == "memory" else SqliteReadings(tmp_path / "readings.sqlite3")
    yield store
    await store.close()


async def test_a_track_is_in_order_whatever_order_it_came_in(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(30), fix(10)])
    await readings.add_positions(SPACE, [fix(20), fix(15, "d2")])
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, 100, 10)] == [10, 20, 30]


async def test_a_track_includes_both_ends_and_stops_at_the_limit(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(t) for t in range(0, 100, 10)])
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 20, 40, 10)] == [20, 30, 40]
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 20, 90, 2)] == [20, 30]
    assert await readings.track(SPACE, "d1", 40, 20, 10) == []
    assert await readings.track(SPACE, "d1", 0, 90, -1) == []
    assert await readings.track(SPACE, "d9", 0, 90, 10) == []


async def test_no_answer_is_longer_than_the_named_limit(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(t) for t in range(READINGS_ROWS + 1)])
    assert len(await readings.track(SPACE, "d1", 0, READINGS_ROWS + 1, 10**9)) == READINGS_ROWS


async def test_every_field_comes_back(readings: Readings) -> None:
    full = Position(
        device="d1", at_ms=1_700_000_000_123, lat=29.144066, lon=113.116418, source="owntracks", accuracy_m=7.5,
        speed_kmh=36.0, heading_deg=271.5, altitude_m=-3.0, sos=True,
    )  # fmt: skip
    seen = replace(passage("湘F12345", 5), picture="a" * 64, box=(1, 2, 30, 40))
    await readings.add_positions(SPACE, [full, fix(5)])
    await readings.add_sightings(SPACE, [seen, passage("湘F12345", 4)])
    assert await readings.track(SPACE, "d1", 0, 2_000_000_000_000, 10) == [fix(5), full]
    assert await readings.sightings(SPACE, "湘F12345", 0, 10, 10) == [seen, passage("湘F12345", 4)]


async def test_the_same_again_is_stored_once(readings: Readings) -> None:
    for _ in range(2):
        await readings.add_positions(SPACE, [fix(10), replace(fix(10), lat=1.0)])
        await readings.add_sightings(SPACE, [passage("湘F12345", 5), replace(passage("湘F12345", 5), reads=99)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == [fix(10)]
    assert await readings.sightings(SPACE, "*", 0, 100, 10) == [passage("湘F12345", 5)]


async def test_an_sos_pressed_within_the_same_second_is_not_lost(readings: Readings) -> None:
    pressed = replace(fix(10), sos=True)
    await readings.add_positions(SPACE, [fix(10)])
    await readings.add_positions(SPACE, [pressed])
    await readings.add_positions(SPACE, [fix(10)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == [pressed]


async def test_latest_is_the_newest_fix_not_the_last_stored(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(30), fix(7, "d2")])
    await readings.add_positions(SPACE, [fix(20)])
    assert await readings.latest_positions(SPACE) == [fix(30), fix(7, "d2")]


async def test_spaces_do_not_see_each_other(readings: Readings) -> None:
    await readings.add_positions("rehearsal-1", [fix(10)])
    await readings.add_sightings("rehearsal-1", [passage("湘F12345", 5)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == []
    assert await readings.latest_positions(SPACE) == []
    assert await readings.sightings(SPACE, "*", 0, 100, 10) == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("湘F12345", ["湘F12345"]),
        ("湘F1234?", ["湘F12346", "湘F12345"]),
        ("湘F*", ["湘F123警", "湘FD12345", "湘F12346", "湘F12345"]),
        ("*12345", ["粤A12345", "湘FD12345", "湘F12345"]),
        ("*警", ["湘F123警"]),
        ("湘F1234", []),
        ("[湘粤]*", []),
        ("A[1]?", ["A[1]B"]),
        ("***", PLATES[::-1]),
    ],
)
async def test_plates_are_found_by_pattern_newest_first(readings: Readings, pattern: str, found: list[str]) -> None:
    await readings.add_sightings(SPACE, [passage(plate, number) for number, plate in enumerate(PLATES)])
    assert [s.plate for s in await readings.sightings(SPACE, pattern, 0, 100, 10)] == found


async def test_sightings_are_bounded_by_time_and_number(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage("湘F12345", t, camera) for t in (1, 2, 3) for camera in ("c1", "c2")])
    found = await readings.sightings(SPACE, "湘F12345", 2, 3, 3)
    assert [(s.first_ms, s.camera) for s in found] == [(3, "c1"), (3, "c2"), (2, "c1")]
    assert await readings.sightings(SPACE, "湘F12345", 2, 3, -1) == []


@pytest.mark.parametrize("pattern", ["", "湘F" + "?" * 20])
async def test_a_pattern_of_no_use_is_refused(readings: Readings, pattern: str) -> None:
    with pytest.raises(InvalidInputError):
        await readings.sightings(SPACE, pattern, 0, 100, 10)


async def test_memory_refuses_what_it_cannot_hold_and_counts_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "READINGS_IN_MEMORY", 3)
    store = MemoryReadings()
    await store.add_positions(SPACE, [fix(1), fix(1)])
    await store.add_sightings(SPACE, [passage("湘F12345", 5)])
    await store.add_positions(SPACE, [fix(2)])
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(3)])
    assert len(await store.track(SPACE, "d1", 0, 9, 9)) == 2


async def test_what_was_added_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite3"
    first = SqliteReadings(path)
    await first.add_positions(SPACE, [fix(10)])
    # Nothing is closed in good order: the file alone has to hold it, as after a kill.
    second = SqliteReadings(path)
    assert await second.track(SPACE, "d1", 0, 100, 10) == [fix(10)]
    await second.close()
    await first.close()


async def test_devices_that_send_at_once_share_a_commit(tmp_path: Path) -> None:
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    commits: list[str] = []
    await store._writer.run(lambda db: db.set_trace_callback(commits.append))
    async with asyncio.TaskGroup() as tasks:
        for number in range(500):
            tasks.create_task(store.add_positions(SPACE, [fix(10, f"d{number}")]))
    assert len(await store.latest_positions(SPACE)) == 500
    assert commits.count("COMMIT") <= 3
    await store.close()


async def test_a_file_that_refuses_tells_everybody_and_serves_again_later(tmp_path: Path) -> None:
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    await store._writer.run(lambda db: db.execute("PRAGMA query_only = ON"))
    answers = await asyncio.gather(
        *(store.add_positions(SPACE, [fix(10, f"d{n}")]) for n in range(5)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [UnavailableError] * 5
    assert await store.latest_positions(SPACE) == []
    await store._writer.run(lambda db: db.execute("PRAGMA query_only = OFF"))
    await store.add_positions(SPACE, [fix(11, "d1")])
    assert await store.latest_positions(SPACE) == [fix(11, "d1")]
    await store.close()


async def test_somebody_who_gives_up_takes_nobody_with_them(tmp_path: Path) -> None:
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(store.add_positions(SPACE, [fix(10, "d1")]))
        second = tasks.create_task(store.add_positions(SPACE, [fix(10, "d2")]))
        third = tasks.create_task(store.add_positions(SPACE, [fix(10, "d3")]))
        while not store._commit.locked():
            await asyncio.wait([first], timeout=0)
        first.cancel()
    assert first.cancelled()
    assert second.done()
    assert third.done()
    assert {p.device for p in await store.latest_positions(SPACE)} >= {"d2", "d3"}
    await store.close()


async def test_more_than_may_wait_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_module, "READINGS_WAITING", 2)
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(1), fix(2), fix(3)])
    await store.add_positions(SPACE, [fix(1), fix(2)])
    assert len(await store.track(SPACE, "d1", 0, 9, 9)) == 2
    await store.close()


@pytest.mark.parametrize(
    ("query", "terms", "index"),
    [
        (sqlite_module._TRACK, (SPACE, "d1", 0, 9, 9), "PRIMARY KEY (space=? AND device=? AND at_ms>? AND at_ms<?)"),
        (sqlite_module._SIGHTINGS, (SPACE, "湘F12345", 0, 9, 9), "sightings_by_"),
    ],
)
async def test_questions_walk_an_index(tmp_path: Path, query: str, terms: tuple[str | int, ...], index: str) -> None:
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    plan = await store._reader.run(lambda db: db.execute(f"EXPLAIN QUERY PLAN {query}", terms).fetchall())
    assert index in plan[0][3]
    await store.close()
