"""Tracks and newest fixes, the same of every store (SPEC R190, R191, R194)."""

from __future__ import annotations

from msgspec.structs import replace

from command.kernel.limits import READINGS_ROWS
from command.readings import Readings
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import ALL_TIME, NOON, SPACE, fix, starts


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
    assert [p.at_ms for p in await readings.track(SPACE, "d1", 0, ALL_TIME, 2)] == around[:2]
    assert await starts(readings) == [0, 1, 2, 5]


async def test_no_answer_is_longer_than_the_named_limit(readings: Readings) -> None:
    await readings.add_positions(SPACE, [fix(t) for t in range(READINGS_ROWS + 1)])
    assert len(await readings.track(SPACE, "d1", 0, READINGS_ROWS + 1, 10**9)) == READINGS_ROWS


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
    await readings.add_positions(SPACE, [replace(fix(20), sos=True)])
    assert (await readings.changed_positions(SPACE, third.stamp)).positions == []
    assert (await readings.changed_positions(SPACE, first.stamp)).positions == third.positions
