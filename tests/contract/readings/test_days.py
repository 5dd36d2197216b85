"""Readings are stored and forgotten by day in every store (SPEC R190, R195)."""

from __future__ import annotations

import asyncio

from command.readings import Readings
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import ALL_TIME, NOON, SPACE, asked, fix, passage, starts


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
    await readings.add_positions("rehearsal-1", [fix(1)])  # late, and for it alone
    assert (await starts(readings, "rehearsal-1"), readings.too_old) == ([1], 1)
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, ALL_TIME, 9)] == [1, DAY_MS]
    assert await readings.forget(2 * DAY_MS) == 3
    await readings.add_positions("made-later", [fix(1)])
    assert await readings.days() == []
    assert readings.too_old == 2


async def test_forgetting_and_writing_at_once_does_no_harm(readings: Readings) -> None:  # R195
    async with asyncio.TaskGroup() as tasks:
        for day in range(12):
            tasks.create_task(readings.add_positions(SPACE, [fix(day * DAY_MS, f"d{day}"), fix(100 * DAY_MS)]))
            tasks.create_task(readings.forget(day * DAY_MS))
    await readings.forget(11 * DAY_MS)
    assert await starts(readings) == [11, 100]
    assert [p.device for p in await readings.latest_positions(SPACE)] == ["d1", "d11"]
