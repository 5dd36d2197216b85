"""Counting passages, the same of every store (SPEC R562)."""

from __future__ import annotations

from random import Random

import pytest

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import READINGS_CAMERAS, READINGS_PLATES
from command.readings import Pass, Readings
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import ALL_TIME, SPACE, passage

SEEN = [
    Pass(5, "c1", "湘F1"), Pass(5, "c2", "湘F1"), Pass(7, "c1", "湘F2"), Pass(DAY_MS, "c1", "湘F1"),
    Pass(DAY_MS + 1, "c2", "湘F3"), Pass(40 * DAY_MS, "c3", "湘F2"),
]  # fmt: skip


async def store(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage(one.plate, one.first_ms, one.camera) for one in reversed(SEEN)])
    await readings.add_sightings("drill", [passage("湘F9", 5)])


async def test_passages_are_counted_by_camera_and_time_oldest_first(readings: Readings) -> None:
    await store(readings)
    assert await readings.passes(SPACE, None, -ALL_TIME, ALL_TIME, 9) == SEEN
    assert await readings.passes(SPACE, ("c2", "c3"), 0, ALL_TIME, 9) == [SEEN[1], SEEN[4], SEEN[5]]
    assert await readings.passes(SPACE, None, 6, DAY_MS, 9) == SEEN[2:4]
    assert await readings.passes(SPACE, (), 0, ALL_TIME, 9) == []
    assert await readings.passes(SPACE, None, 9, 8, 9) == []
    assert await readings.passes(SPACE, ("c1", "c2"), 0, ALL_TIME, 9, ("湘F1", "湘F3")) == [
        SEEN[n] for n in (0, 1, 3, 4)
    ]
    assert await readings.passes(SPACE, None, 0, ALL_TIME, 9, ("湘F3", "湘F9")) == [SEEN[4]]
    assert await readings.passes(SPACE, None, 0, ALL_TIME, 9, ()) == []
    assert await readings.traffic(SPACE, ("c1", "c2", "c9"), 0, DAY_MS) == {"c1": 3, "c2": 1}


async def test_more_passages_than_may_be_counted_are_refused(readings: Readings) -> None:
    await store(readings)
    assert len(await readings.passes(SPACE, None, 0, ALL_TIME, 6)) == 6
    for most in (5, 3, 2, 0):
        with pytest.raises(TooLargeError, match=f"more than {most} passages"):
            await readings.passes(SPACE, None, 0, ALL_TIME, most)


async def test_plates_are_told_that_were_seen_before(readings: Readings) -> None:
    await store(readings)
    plates = ("湘F1", "湘F2", "湘F3", "湘F9", "湘F1")
    assert await readings.known_plates(SPACE, plates, 0, ALL_TIME) == {"湘F1", "湘F2", "湘F3"}
    assert await readings.known_plates(SPACE, plates, 6, DAY_MS) == {"湘F1", "湘F2"}
    assert await readings.known_plates(SPACE, plates, 0, ALL_TIME, ("c2", "c3")) == {"湘F1", "湘F2", "湘F3"}
    assert await readings.known_plates(SPACE, plates, 0, DAY_MS, ("c2",)) == {"湘F1"}
    assert await readings.known_plates(SPACE, (), 0, ALL_TIME) == set()


async def test_counting_is_what_going_through_all_gives(readings: Readings) -> None:
    chance = Random(7)
    seen = sorted({
        Pass(chance.randrange(3 * DAY_MS), f"c{chance.randrange(6)}", f"湘F{chance.randrange(30)}") for _ in range(300)
    })  # fmt: skip
    await readings.add_sightings(SPACE, [passage(one.plate, one.first_ms, one.camera) for one in seen])
    for _ in range(25):
        from_ms, to_ms = sorted(chance.randrange(3 * DAY_MS) for _ in range(2))
        cameras = tuple(f"c{n}" for n in range(chance.randint(0, 6)))
        plates = tuple(f"湘F{n}" for n in range(0, 40, 3))
        wanted = [one for one in seen if from_ms <= one.first_ms <= to_ms and one.camera in cameras]
        assert await readings.passes(SPACE, cameras, from_ms, to_ms, 999) == wanted
        assert sum((await readings.traffic(SPACE, cameras, from_ms, to_ms)).values()) == len(wanted)
        known = await readings.known_plates(SPACE, plates, from_ms, to_ms, cameras)
        assert known == {one.plate for one in wanted} & set(plates)


async def test_a_count_that_names_too_much_is_refused(readings: Readings) -> None:
    names = tuple(map(str, range(READINGS_CAMERAS + 1)))
    with pytest.raises(InvalidInputError):
        await readings.passes(SPACE, names, 0, 1, 1)
    with pytest.raises(InvalidInputError):
        await readings.traffic(SPACE, ("\x00",), 0, 1)
    with pytest.raises(InvalidInputError):
        await readings.known_plates(SPACE, tuple(map(str, range(READINGS_PLATES + 1))), 0, 1)
