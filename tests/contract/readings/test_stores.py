"""What comes back of what was put in, what no store takes, and many writers at once (SPEC R190, R191)."""

from __future__ import annotations

import asyncio
import random

import pytest
from msgspec.structs import replace

from command.kernel.errors import InvalidInputError
from command.kernel.limits import READINGS_CAMERAS, READINGS_ROWS
from command.readings import AreaQuery, Place, Position, Readings, SightingQuery, place_of
from command.readings import sqlite_search as search_module
from command.readings.bounds import DAY_MS
from command.readings.memory import MemoryReadings
from tests.contract.readings.samples import SPACE, asked, box, fix, passage, starts


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


async def test_spaces_do_not_see_each_other(readings: Readings) -> None:
    await readings.add_positions("rehearsal-1", [fix(10)])
    await readings.add_sightings("rehearsal-1", [passage("湘F12345", 5)])
    assert await readings.track(SPACE, "d1", 0, 100, 10) == []
    assert await readings.latest_positions(SPACE) == []
    assert (await readings.changed_positions(SPACE, 0)).positions == []
    assert await readings.search(SPACE, asked()) == []
    assert await readings.devices_in(SPACE, box(29, 113, 30, 114)) == []
    assert [day.space for day in await readings.days()] == ["rehearsal-1"]


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
        replace(passage("湘F12345", 1), char_confidences=(0.5, 1.1)), replace(passage("湘F12345", 1), rows=3),
        replace(passage("湘F12345", 1), char_confidences=(0.5,) * 17), replace(passage("湘F12345", 1), lane=0),
        replace(passage("湘F12345", 1), heading_deg=float("nan")),
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
