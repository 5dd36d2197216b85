"""One suite for every store of readings (SPEC R190-R195): memory, SQLite, PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import READINGS_AREA_CORNERS, READINGS_CAMERAS, READINGS_ROWS
from command.readings import AreaQuery, Place, Position, Presence, Readings, Sighting, SightingQuery, place_of
from command.readings import area as area_module
from command.readings import sqlite_search as search_module
from command.readings.bounds import DAY_MS
from command.readings.memory import MemoryReadings
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings

SPACE = "live"
NOON = 20_000 * DAY_MS + DAY_MS // 2
ALL_TIME = 2**62
PLATES = ["湘F12345", "湘F12346", "湘FD12345", "粤A12345", "湘F123警", "A[1]B", "A%_\\B"]


def fix(at_ms: int, device: str = "d1", lat: float = 29.1, lon: float = 113.1) -> Position:
    return Position(device=device, at_ms=at_ms, lat=lat, lon=lon, source="jt808")


def passage(plate: str, first_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 900, reads=4, confidence=0.9
    )


def asked(plate: str = "*", **terms: Any) -> SightingQuery:
    return replace(SightingQuery(plate=plate, from_ms=-ALL_TIME, to_ms=ALL_TIME), **terms)


def box(south: float, west: float, north: float, east: float, from_ms: int = 0, to_ms: int = ALL_TIME) -> AreaQuery:
    return AreaQuery(ring=((west, south), (east, south), (east, north), (west, north)), from_ms=from_ms, to_ms=to_ms)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def readings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Readings]:
    store: Readings
    match request.param:
        case "memory":
            store = MemoryReadings()
        case "sqlite":
            store = SqliteReadings(tmp_path / "readings.sqlite3")
        case _:
            store = await PostgresReadings.open(request.getfixturevalue("postgres_url"))
    yield store
    await store.close()


async def starts(readings: Readings, space: str = SPACE) -> list[int]:
    return [day.start_ms // DAY_MS for day in await readings.days() if day.space == space]


# tracks and newest fixes


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
    assert await readings.track(SPACE, "d1", -ALL_TIME, -1, 10) == []
    assert len(await readings.track(SPACE, "d1", -ALL_TIME, ALL_TIME, 100)) == 10


async def test_a_track_goes_over_midnight(readings: Readings) -> None:  # R190
    around = [DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS, 5 * DAY_MS]
    await readings.add_positions(SPACE, [fix(at_ms) for at_ms in reversed(around)])
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, ALL_TIME, 10)] == around
    assert [p.at_ms for p in await readings.track(SPACE, "d1", DAY_MS, 2 * DAY_MS - 1, 10)] == around[1:3]
    assert [p.at_ms for p in await readings.track(SPACE, "d1", DAY_MS, ALL_TIME, 3)] == around[1:4]
    assert await starts(readings) == [0, 1, 2, 5]


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
    assert await readings.latest_positions(SPACE) == [full]
    assert await readings.search(SPACE, asked("湘F12345")) == [seen, passage("湘F12345", 4)]


async def test_the_same_again_is_stored_once(readings: Readings) -> None:  # R191
    for _ in range(2):
        await readings.add_positions(SPACE, [fix(10), replace(fix(10), lat=1.0)])
        await readings.add_sightings(SPACE, [passage("湘F12345", 5), replace(passage("湘F12345", 5), reads=99)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == await readings.latest_positions(SPACE) == [fix(10)]
    assert await readings.search(SPACE, asked()) == [passage("湘F12345", 5)]


async def test_an_sos_pressed_within_the_same_second_is_not_lost(readings: Readings) -> None:  # R191
    pressed = replace(fix(10), sos=True)
    await readings.add_positions(SPACE, [fix(10)])
    await readings.add_positions(SPACE, [replace(pressed, lat=1.0), fix(10)])
    await readings.add_positions(SPACE, [fix(10)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == [pressed]
    assert await readings.latest_positions(SPACE) == [pressed]
    await readings.add_positions(SPACE, [fix(20, "d2"), replace(fix(20, "d2"), sos=True)])
    assert await readings.latest_positions(SPACE, ["d2"]) == [replace(fix(20, "d2"), sos=True)]


async def test_latest_is_the_newest_fix_not_the_last_stored(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(30), fix(NOON, "d2"), fix(7, "d3")])
    await readings.add_positions(SPACE, [fix(20), fix(NOON - DAY_MS, "d2")])
    assert await readings.latest_positions(SPACE) == [fix(30), fix(NOON, "d2"), fix(7, "d3")]
    assert await readings.latest_positions(SPACE, ["d3", "d9", "d1", "d1"]) == [fix(30), fix(7, "d3")]
    assert await readings.latest_positions(SPACE, []) == []


async def test_whoever_polls_learns_every_newest_fix(readings: Readings) -> None:  # R194
    assert (await readings.changed_positions(SPACE, 0)).positions == []
    await readings.add_positions(SPACE, [fix(10), fix(10, "d2")])
    first = await readings.changed_positions(SPACE, 0)
    assert first.positions == [fix(10), fix(10, "d2")]
    assert (await readings.changed_positions(SPACE, first.stamp)).positions == []
    await readings.add_positions(SPACE, [fix(20), fix(5, "d2")])
    second = await readings.changed_positions(SPACE, first.stamp)
    assert second.positions == [fix(20)]
    await readings.add_positions(SPACE, [replace(fix(20), sos=True)])
    third = await readings.changed_positions(SPACE, second.stamp)
    assert third.positions == [replace(fix(20), sos=True)]
    await readings.add_positions(SPACE, [fix(20)])
    assert (await readings.changed_positions(SPACE, third.stamp)).positions == []
    assert (await readings.changed_positions(SPACE, first.stamp)).positions == third.positions


async def test_spaces_do_not_see_each_other(readings: Readings) -> None:
    await readings.add_positions("rehearsal-1", [fix(10)])
    await readings.add_sightings("rehearsal-1", [passage("湘F12345", 5)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == []
    assert await readings.latest_positions(SPACE) == []
    assert (await readings.changed_positions(SPACE, 0)).positions == []
    assert await readings.search(SPACE, asked()) == []
    assert await readings.devices_in(SPACE, box(29, 113, 30, 114)) == []
    assert [day.space for day in await readings.days()] == ["rehearsal-1"]


# sightings


PATTERNS = [
    ("湘F12345", ["湘F12345"]),
    ("湘F1234?", ["湘F12346", "湘F12345"]),
    ("湘F*", ["湘F123警", "湘FD12345", "湘F12346", "湘F12345"]),
    ("*12345", ["粤A12345", "湘FD12345", "湘F12345"]),
    ("????345", ["粤A12345", "湘F12345"]),
    ("*警", ["湘F123警"]),
    ("湘*345", ["湘FD12345", "湘F12345"]),
    ("*F*3*", ["湘F123警", "湘FD12345", "湘F12346", "湘F12345"]),
    ("湘F12345*", ["湘F12345"]),
    ("湘F123456*", []),
    ("湘F1234", []),
    ("[湘粤]*", []),
    ("A[1]?", ["A[1]B"]),
    ("A%?\\B", ["A%_\\B"]),
    ("%F%", []),
    ("湘_12345", []),
    ("*\\*", ["A%_\\B"]),
    ("***", PLATES[::-1]),
    ("?", []),
]


async def test_plates_are_found_by_pattern_newest_first(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage(plate, number) for number, plate in enumerate(PLATES)])
    for pattern, found in PATTERNS:
        assert [s.plate for s in await readings.search(SPACE, asked(pattern))] == found, pattern
        assert [s.plate for s in await readings.sightings(SPACE, pattern, 0, 100, 10)] == found, pattern


async def test_sightings_are_bounded_by_time_and_number(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage("湘F12345", t, camera) for t in (1, 2, 3) for camera in ("c1", "c2")])
    found = await readings.search(SPACE, asked("湘F12345", from_ms=2, to_ms=3, limit=3))
    assert [(s.first_ms, s.camera) for s in found] == [(3, "c1"), (3, "c2"), (2, "c1")]
    assert await readings.search(SPACE, asked(limit=-1)) == []
    assert await readings.search(SPACE, asked(from_ms=3, to_ms=2)) == []
    assert await readings.search(SPACE, asked(to_ms=-1)) == []


async def test_sightings_are_found_by_cameras_and_colour(readings: Readings) -> None:
    cameras = ["c1", "c2", "C2", "c10", "c'3"]
    seen = [
        replace(passage(plate, day * DAY_MS + number, camera), colour=colour)
        for day in (1, 2, 40)
        for number, camera in enumerate(cameras)
        for plate, colour in (("湘F12345", "blue"), ("湘FD12345", "green"))
    ]
    await readings.add_sightings(SPACE, seen)

    async def found(query: SightingQuery) -> list[Sighting]:
        answer = await readings.search(SPACE, query)
        assert answer == sorted(answer, key=lambda s: (-s.first_ms, s.camera, s.plate))
        return answer

    assert len(await found(asked())) == len(seen)
    for wanted in (("c1",), ("c1", "c'3", "c1", "nobody"), tuple(cameras), ()):
        assert {*await found(asked(cameras=wanted))} == {s for s in seen if s.camera in wanted}
    assert {*await found(asked(cameras=("c2", "c10"), colour="green"))} == {
        s for s in seen if s.camera in ("c2", "c10") and s.colour == "green"
    }
    assert {*await found(asked("*D*", cameras=("c2",)))} == {
        s for s in seen if s.camera == "c2" and s.colour == "green"
    }
    assert len(await found(asked("湘FD12345", cameras=("c2", "c1"), from_ms=2 * DAY_MS))) == 4
    assert len(await found(asked(cameras=tuple(f"c{n}" for n in range(READINGS_CAMERAS)), limit=7))) == 7


async def test_pages_join_without_a_gap_or_anything_twice(readings: Readings) -> None:  # R193
    seen = [
        passage(plate, day * DAY_MS + second * 700_000, camera)
        for day in (3, 4)
        for second in range(3)
        for camera in ("c1", "c2", "c3")
        for plate in ("湘F12345", "湘F12355")
    ]
    await readings.add_sightings(SPACE, seen)
    in_order = sorted(seen, key=lambda s: (-s.first_ms, s.camera, s.plate))
    ways: list[dict[str, Any]] = [
        {},
        {"cameras": ("c1", "c2", "c3")},
        {"plate": "湘*"},
        {"plate": "*5"},
        {"plate": "*1*"},
    ]
    for way in ways:
        pages: list[Sighting] = []
        after: Place | None = None
        while page := await readings.search(SPACE, asked(**way, limit=5, after=after)):
            pages += page
            after = place_of(page[-1])
            # What is seen meanwhile is newer, and moves nothing.
            await readings.add_sightings(SPACE, [passage("粤F12345", (9 + len(pages)) * 1000 + 5 * DAY_MS, "c9")])
        assert [s for s in pages if s.camera != "c9"] == in_order, way
        assert len({place_of(s) for s in pages}) == len(pages)


async def test_every_store_answers_as_memory_does(readings: Readings, monkeypatch: pytest.MonkeyPatch) -> None:  # R190
    monkeypatch.setattr(search_module, "READINGS_LOOKED_UP", 20)  # some patterns one way, some the other
    chance, oracle = random.Random(7), MemoryReadings()
    plates = ["".join(chance.choices("湘粤F12", k=chance.randint(2, 5))) for _ in range(60)]
    cameras = [f"c{n}" for n in range(8)]
    seen = [
        replace(
            passage(
                chance.choice(plates), chance.randrange(4 * DAY_MS) // 40_000_000 * 20_000_000, chance.choice(cameras)
            ),
            colour=chance.choice(["blue", "green"]),
        )
        for _ in range(400)
    ]
    fixes = [
        fix(chance.randrange(4 * DAY_MS), f"d{n % 9}", chance.uniform(29, 29.1), chance.uniform(113, 113.1))
        for n in range(300)
    ]
    for store in (readings, oracle):
        for begin in range(0, 400, 100):
            await store.add_sightings(SPACE, seen[begin : begin + 100])
            await store.add_positions(SPACE, fixes[begin : begin + 100])
    for _ in range(150):
        from_ms, to_ms = sorted(chance.randrange(4 * DAY_MS) for _ in range(2))
        query = SightingQuery(
            plate="".join(chance.choices("湘F12?*", k=chance.randint(1, 4))) if chance.random() < 0.7 else "*",
            cameras=tuple(chance.sample(cameras, chance.randint(0, 8))) if chance.random() < 0.5 else None,
            colour=chance.choice([None, None, "green"]),
            from_ms=from_ms,
            to_ms=to_ms,
            limit=chance.choice([1, 7, 1000]),
            after=place_of(chance.choice(seen)) if chance.random() < 0.3 else None,
        )
        assert await readings.search(SPACE, query) == await oracle.search(SPACE, query), query
    for _ in range(30):
        from_ms, to_ms = sorted(chance.randrange(4 * DAY_MS) for _ in range(2))
        corners = [(chance.uniform(113, 113.1), chance.uniform(29, 29.1)) for _ in range(3)]
        triangle = AreaQuery(ring=tuple(corners), from_ms=from_ms, to_ms=to_ms)
        assert await readings.devices_in(SPACE, triangle) == await oracle.devices_in(SPACE, triangle), triangle
        device = chance.choice(fixes).device
        assert await readings.track(SPACE, device, from_ms, to_ms, 9) == await oracle.track(
            SPACE, device, from_ms, to_ms, 9
        )
    assert await readings.latest_positions(SPACE) == await oracle.latest_positions(SPACE)


# areas


async def test_devices_are_found_by_area_and_time(readings: Readings) -> None:  # R192
    await readings.add_positions(
        SPACE,
        [
            fix(NOON, "inside", 29.105, 113.105), fix(NOON + 10, "inside", 29.106, 113.105),
            fix(NOON + 20, "inside", 29.3, 113.105), fix(NOON + DAY_MS, "inside", 29.105, 113.105),
            fix(NOON, "on the border", 29.1, 113.105), fix(NOON, "on the corner", 29.1, 113.1),
            fix(NOON, "beside", 29.0999, 113.105), fix(NOON, "far", -29.1, -113.1),
            fix(NOON - 1, "before", 29.105, 113.105), fix(NOON + 2 * DAY_MS, "after", 29.105, 113.105),
        ],
    )  # fmt: skip
    found = await readings.devices_in(SPACE, box(29.1, 113.1, 29.11, 113.11, NOON, NOON + DAY_MS))
    assert found == [
        Presence("inside", NOON, NOON + DAY_MS, 3),
        Presence("on the border", NOON, NOON, 1),
        Presence("on the corner", NOON, NOON, 1),
    ]
    assert await readings.devices_in(SPACE, box(29.1, 113.1, 29.11, 113.11, NOON, NOON - 1)) == []


async def test_an_area_is_its_polygon_not_the_box_around_it(readings: Readings) -> None:  # R192
    await readings.add_positions(SPACE, [fix(1, "notch", 29.15, 113.15), fix(1, "arm", 29.02, 113.15)])
    letter_l = ((113.0, 29.0), (113.2, 29.0), (113.2, 29.05), (113.05, 29.05), (113.05, 29.2), (113.0, 29.2))
    found = await readings.devices_in(SPACE, AreaQuery(ring=letter_l, from_ms=0, to_ms=9))
    assert [presence.device for presence in found] == ["arm"]


async def test_areas_reach_to_the_edges_of_the_globe(readings: Readings) -> None:  # R192
    corners = [(-90.0, -180.0), (90.0, 180.0), (0.0, 0.0)]
    await readings.add_positions(SPACE, [fix(n, f"d{n}", *corner) for n, corner in enumerate(corners)])
    for south, west, device in ((-90.0, -180.0, "d0"), (89.9, 179.9, "d1"), (0.0, -0.1, "d2")):
        assert [p.device for p in await readings.devices_in(SPACE, box(south, west, south + 0.1, west + 0.1))] == [
            device
        ]


NO_AREAS: list[tuple[tuple[float, float], ...]] = [
    (),
    ((113.0, 29.0), (113.1, 29.0)),
    ((113.0, 29.0), (113.1, 29.0), (113.2, 29.0)),
    ((113.0, 29.0), (113.1, 29.1), (113.1, 29.0), (113.0, 29.1)),
    ((113.0, 29.0), (113.1, float("nan")), (113.1, 29.1)),
    ((113.0, 29.0), (181.0, 29.0), (113.1, 29.1)),
    ((113.0, 29.0), (123.0, 29.0), (113.0, 39.0)),
    tuple((113 + n / 1e5, 29.0 + n % 2 / 10) for n in range(READINGS_AREA_CORNERS + 1)),
]


async def test_what_is_no_area_is_refused(readings: Readings) -> None:
    for ring in NO_AREAS:
        with pytest.raises(InvalidInputError):
            await readings.devices_in(SPACE, AreaQuery(ring=ring, from_ms=0, to_ms=9))


async def test_an_area_with_too_much_in_it_is_refused(readings: Readings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_module, "READINGS_AREA_FIXES", 3)
    query = box(29.0, 113.0, 29.2, 113.2)
    await readings.add_positions(SPACE, [fix(1), fix(DAY_MS), fix(2, "d2"), fix(2, "far", 39.0)])
    assert [p.fixes for p in await readings.devices_in(SPACE, query)] == [2, 1]
    await readings.add_positions(SPACE, [fix(2 * DAY_MS)])
    with pytest.raises(TooLargeError):
        await readings.devices_in(SPACE, query)


# days


async def test_whole_days_are_forgotten(readings: Readings) -> None:  # R195
    for day in (1, 2, 3):
        await readings.add_positions(SPACE, [fix(day * DAY_MS), fix((day + 1) * DAY_MS - 1, f"d{day}")])
        await readings.add_sightings(SPACE, [passage("湘F12345", day * DAY_MS)])
    assert await readings.forget(3 * DAY_MS - 1) == 1
    assert await starts(readings) == [2, 3]
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, ALL_TIME, 10)] == [2 * DAY_MS, 3 * DAY_MS]
    assert [s.first_ms for s in await readings.search(SPACE, asked())] == [3 * DAY_MS, 2 * DAY_MS]
    assert [p.device for p in await readings.latest_positions(SPACE)] == ["d1", "d2", "d3"]
    assert await readings.forget(3 * DAY_MS) == 1
    assert await readings.forget(3 * DAY_MS) == 0
    assert [p.device for p in await readings.latest_positions(SPACE)] == ["d1", "d3"]
    assert [p.device for p in (await readings.changed_positions(SPACE, 0)).positions] == ["d1", "d3"]


async def test_what_comes_for_a_forgotten_day_is_counted_and_not_stored(readings: Readings) -> None:  # R195
    await readings.add_positions(SPACE, [fix(DAY_MS)])
    await readings.forget(2 * DAY_MS)
    await readings.forget(DAY_MS)  # what is forgotten stays so
    await readings.add_positions(SPACE, [fix(DAY_MS), fix(2 * DAY_MS - 1, "d2"), fix(2 * DAY_MS, "d3")])
    await readings.add_sightings(SPACE, [passage("湘F12345", 5), passage("湘F12345", 2 * DAY_MS)])
    assert readings.too_old == 3
    assert [p.device for p in await readings.latest_positions(SPACE)] == ["d3"]
    assert [s.first_ms for s in await readings.search(SPACE, asked())] == [2 * DAY_MS]
    assert await starts(readings) == [2]


async def test_late_readings_find_their_day(readings: Readings) -> None:  # R190
    await readings.add_sightings(SPACE, [passage("湘F12345", NOON)])
    await readings.add_sightings(SPACE, [passage("湘F12346", NOON - 80 * DAY_MS)])
    assert [s.plate for s in await readings.search(SPACE, asked())] == ["湘F12345", "湘F12346"]
    assert await starts(readings) == [19_920, 20_000]


async def test_one_space_is_forgotten_by_itself_or_all_together(readings: Readings) -> None:  # R195
    for space in (SPACE, "rehearsal-1"):
        await readings.add_positions(space, [fix(1), fix(DAY_MS)])
    assert await readings.forget(DAY_MS, "rehearsal-1") == 1
    assert await starts(readings) == [0, 1]
    assert await starts(readings, "rehearsal-1") == [1]
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, ALL_TIME, 9)] == [1, DAY_MS]
    assert await readings.forget(2 * DAY_MS) == 3
    await readings.add_positions("made-later", [fix(1)])
    assert await readings.days() == []
    assert readings.too_old == 1


async def test_forgetting_and_writing_at_once_does_no_harm(readings: Readings) -> None:  # R195
    async with asyncio.TaskGroup() as tasks:
        for day in range(12):
            tasks.create_task(readings.add_positions(SPACE, [fix(day * DAY_MS, f"d{day}"), fix(100 * DAY_MS)]))
            tasks.create_task(readings.forget(day * DAY_MS))
    await readings.forget(11 * DAY_MS)
    assert await starts(readings) == [11, 100]
    assert [p.device for p in await readings.latest_positions(SPACE)] == ["d1", "d11"]


# what is refused


async def test_a_pattern_of_no_use_is_refused(readings: Readings) -> None:
    for pattern in ("", "湘F" + "?" * 20, "湘\x00", "湘\ud800*", "\n"):
        with pytest.raises(InvalidInputError):
            await readings.search(SPACE, asked(pattern))


async def test_a_pattern_made_to_take_long_does_not(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage("A" * 16, number) for number in range(500)])
    assert await readings.search(SPACE, asked("*A*A*A*A*A*A*A*B")) == []


async def test_a_space_that_is_no_name_is_refused(readings: Readings) -> None:
    for space in ("", "a/b", "..", "x" * 33, 'a"b', "演练", "a\n"):
        with pytest.raises(InvalidInputError):
            await readings.add_positions(space, [fix(1)])
        with pytest.raises(InvalidInputError):
            await readings.search(space, asked())
        with pytest.raises(InvalidInputError):
            await readings.forget(0, space)


BAD_FIXES = [
        replace(fix(1), device=""), replace(fix(1), device="d" * 129), replace(fix(1), device="d\x00"),
        replace(fix(1), device="\udc80"), replace(fix(1), at_ms=-1), replace(fix(1), at_ms=2**63),
        replace(fix(1), lat=float("nan")), replace(fix(1), lon=180.1), replace(fix(1), speed_kmh=float("inf")),
]  # fmt: skip


async def test_a_fix_that_no_store_can_hold_takes_nobody_with_it(readings: Readings) -> None:
    for bad in BAD_FIXES:
        with pytest.raises(InvalidInputError):
            await readings.add_positions(SPACE, [fix(5), bad])
    assert await readings.latest_positions(SPACE) == []
    await readings.add_positions(SPACE, [fix(5)])
    assert await readings.latest_positions(SPACE) == [fix(5)]


BAD_SIGHTINGS = [
        replace(passage("湘F12345", 1), camera="\x00"), passage("", 1), passage("湘" * 17, 1), passage("湘\ud800", 1),
        passage("湘F12345", -1), replace(passage("湘F12345", 1), last_ms=2**63),
        replace(passage("湘F12345", 1), reads=2**31), replace(passage("湘F12345", 1), confidence=float("nan")),
        replace(passage("湘F12345", 1), box=(0, 0, 0, 2**70)), replace(passage("湘F12345", 1), picture="\x00"),
]  # fmt: skip


async def test_a_sighting_that_no_store_can_hold_is_refused(readings: Readings) -> None:
    for bad in BAD_SIGHTINGS:
        with pytest.raises(InvalidInputError):
            await readings.add_sightings(SPACE, [passage("湘F12345", 5), bad])
    assert await readings.search(SPACE, asked()) == []


async def test_a_question_that_names_too_much_is_refused(readings: Readings) -> None:
    names = tuple(map(str, range(READINGS_CAMERAS + 1)))
    for question in (asked(cameras=names), asked(cameras=("\x00",)), asked(after=Place(1, "c", "\x00"))):
        with pytest.raises(InvalidInputError):
            await readings.search(SPACE, question)
    with pytest.raises(InvalidInputError):
        await readings.latest_positions(SPACE, list(map(str, range(READINGS_ROWS + 1))))
    with pytest.raises(InvalidInputError):
        await readings.track(SPACE, "d\x00", 0, 1, 1)


# many writers


async def test_writers_at_once_all_get_theirs_stored(readings: Readings) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(60):
            fixes = [fix(number % 7 * DAY_MS, f"d{number}"), fix(DAY_MS, "everybody")]
            tasks.create_task(readings.add_positions(SPACE, fixes))
    assert len(await readings.latest_positions(SPACE)) == 61
    assert await starts(readings) == list(range(7))


async def test_a_writer_who_gives_up_takes_nobody_with_them(readings: Readings) -> None:
    async with asyncio.TaskGroup() as tasks:
        writers = [tasks.create_task(readings.add_positions(SPACE, [fix(10, f"d{n}")])) for n in range(6)]
        for cancelled in (writers[0], writers[3]):
            await asyncio.wait([cancelled], timeout=0)
            cancelled.cancel()
    stored = {p.device for p in await readings.latest_positions(SPACE)}
    assert {"d1", "d2", "d4", "d5"} <= stored
    await readings.add_positions(SPACE, [fix(11, "d0")])
    assert fix(11, "d0") in await readings.latest_positions(SPACE)
