"""What is old is forgotten by the time that is known, in every store: a clock alone erases nothing (SPEC R907-R908)."""

from __future__ import annotations

from command.kernel.limits import READINGS_LEAP_PART, READINGS_PACE
from command.readings import Readings
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import SPACE, fix, passage, starts

KEEP_MS = 20 * DAY_MS
HOUR_MS = DAY_MS // 24
TODAY = 20_000
NOW_MS = TODAY * DAY_MS + 12 * HOUR_MS
LEAP_MS = KEEP_MS // READINGS_LEAP_PART


async def fill(readings: Readings) -> None:
    for day in range(TODAY - 19, TODAY + 1):
        await readings.add_positions(SPACE, [fix(day * DAY_MS)])


async def forget(readings: Readings, now_ms: int, ran_ms: int = 0) -> tuple[int, int]:
    """Return how far time is known then, and how many days are forgotten by it."""
    known_ms = await readings.look(now_ms, ran_ms, KEEP_MS)
    return known_ms, await readings.forget(known_ms - KEEP_MS)


async def test_time_goes_with_a_clock_that_is_right_be_it_that_nothing_comes(readings: Readings) -> None:  # R907
    await fill(readings)
    for day in range(30):  # the last reading came long ago
        assert (await forget(readings, NOW_MS + day * DAY_MS, HOUR_MS))[0] == NOW_MS + day * DAY_MS
    assert await readings.days() == []


async def test_a_clock_that_is_ahead_erases_little_and_little_by_little(readings: Readings) -> None:  # R907
    await fill(readings)
    assert await forget(readings, NOW_MS) == (NOW_MS, 0)
    ahead_ms = NOW_MS + 365 * DAY_MS
    for _ in range(3):
        assert await forget(readings, ahead_ms) == (NOW_MS, 0), "as often as a hub is started"
    for hour in range(1, 25):
        assert (await forget(readings, ahead_ms + hour * HOUR_MS, HOUR_MS))[
            0
        ] == NOW_MS + hour * READINGS_PACE * HOUR_MS
    assert len(await starts(readings)) == 20 - READINGS_PACE + 1
    # Right again: nothing is lost by the way back, and what was not forgotten yet waits for its time.
    assert await forget(readings, NOW_MS + DAY_MS) == (NOW_MS + DAY_MS, 0)
    assert len(await starts(readings)) == 20 - READINGS_PACE + 1
    assert await forget(readings, NOW_MS + (READINGS_PACE + 1) * DAY_MS) == (NOW_MS + (READINGS_PACE + 1) * DAY_MS, 1)


async def test_a_little_ahead_is_believed_at_once_and_costs_no_more_than_that(readings: Readings) -> None:  # R907
    await fill(readings)
    await forget(readings, NOW_MS)
    assert await forget(readings, NOW_MS + LEAP_MS) == (NOW_MS + LEAP_MS, 0)
    assert await forget(readings, NOW_MS + 2 * LEAP_MS) == (NOW_MS + 2 * LEAP_MS, 1)
    assert await forget(readings, NOW_MS + 3 * LEAP_MS + 1) == (NOW_MS + 2 * LEAP_MS, 0)


async def test_a_machine_that_was_off_for_long_catches_up(readings: Readings) -> None:  # R907
    await fill(readings)
    await forget(readings, NOW_MS)
    now_ms, hours = NOW_MS + 6 * DAY_MS, 0
    while (await forget(readings, now_ms, HOUR_MS if hours else 0))[0] < now_ms:
        now_ms, hours = now_ms + HOUR_MS, hours + 1
    assert hours * HOUR_MS <= 6 * DAY_MS // (READINGS_PACE - 1)
    assert min(await starts(readings)) * DAY_MS == (now_ms - KEEP_MS) // DAY_MS * DAY_MS


async def test_new_readings_are_taken_again_after_a_clock_that_had_everything_forgotten(
    readings: Readings,
) -> None:  # R908
    await fill(readings)
    await readings.forget(NOW_MS + 345 * DAY_MS)  # as releases before did by a clock a year ahead
    await readings.add_positions(SPACE, [fix(NOW_MS)])
    assert (await readings.days(), readings.too_old) == ([], 1)
    assert await forget(readings, NOW_MS) == (NOW_MS, 0)
    await readings.add_positions(SPACE, [fix(NOW_MS), fix(NOW_MS - KEEP_MS), fix(NOW_MS - KEEP_MS - DAY_MS)])
    assert await readings.add_sightings(SPACE, [passage("湘F12345", NOW_MS)])
    assert await starts(readings) == [TODAY - 20, TODAY]
    assert [p.at_ms for p in await readings.latest_positions(SPACE)] == [NOW_MS]
    assert readings.too_old == 2, "what is older than is kept stays forgotten"


async def test_where_nobody_looked_before_the_newest_day_is_what_is_known(readings: Readings) -> None:  # R907
    await fill(readings)
    assert await forget(readings, NOW_MS + 365 * DAY_MS) == ((TODAY + 1) * DAY_MS, 0)
    assert await forget(readings, NOW_MS) == (NOW_MS, 0)


async def test_a_clock_that_is_behind_for_a_while_changes_nothing(readings: Readings) -> None:  # R907
    await fill(readings)
    await forget(readings, NOW_MS)
    assert await forget(readings, 0) == (0, 0)
    assert await forget(readings, NOW_MS + DAY_MS) == (NOW_MS + DAY_MS, 0)
    assert await forget(readings, NOW_MS + 2 * DAY_MS) == (NOW_MS + 2 * DAY_MS, 1)
