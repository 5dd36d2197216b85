"""Passages of late: stored first, shown once each, the oldest give way (SPEC R625, R626)."""

from __future__ import annotations

import pytest

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PASSAGES_FRESH_MS, PASSAGES_SHOWN
from command.passages import Passages
from command.readings import Sighting
from command.readings.memory import MemoryReadings
from command.rows import PassageRow
from tests.command.support import START_MS, Desk, desk


def passed(plate: str, at_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms + 400, reads=3, confidence=0.97,
        picture="ab" * 32, box=(10, 20, 120, 40), direction="towards", lane=2,
    )  # fmt: skip


async def test_a_passage_is_stored_then_told_then_shown_to_consoles() -> None:
    async with desk(enrolled=False) as d:
        readings, told = MemoryReadings(), list[Sighting]()
        passages = Passages(d.hub, readings)
        passages.on_stored(told.extend)
        one = passed("湘F12345", START_MS)
        await passages.add([one])
        [row] = await _shown(d)
        assert (row.camera, row.plate, row.first_ms, row.box, row.lane) == (
            "c1", "湘F12345", START_MS, (10, 20, 120, 40), 2,
        )  # fmt: skip
        assert told == [one]
        assert await readings.sightings("live", "湘F12345", START_MS, START_MS, 2) == [one]


async def test_what_is_told_again_is_new_to_nobody() -> None:  # R844
    async with desk() as d:
        readings, stored, new = MemoryReadings(), list[Sighting](), list[Sighting]()
        for passages in (Passages(d.hub, readings), Passages(d.hub, readings)):  # the second is another hub's
            passages.on_stored(stored.extend)
            passages.on_new(new.extend)
            for _ in range(2):
                await passages.add([passed("湘F12345", START_MS)])
        assert (len(stored), new) == (4, [passed("湘F12345", START_MS)])


async def test_what_cannot_be_stored_is_not_shown() -> None:
    async with desk(enrolled=False) as d:
        passages = Passages(d.hub, MemoryReadings())
        with pytest.raises(InvalidInputError):
            await passages.add([passed("", START_MS)])
        assert await _shown(d) == []


async def test_the_newest_are_shown_each_once_and_the_oldest_give_way() -> None:
    async with desk(enrolled=False) as d:
        passages = Passages(d.hub, MemoryReadings())
        many = [passed(f"湘F{n:05}", START_MS + n) for n in range(PASSAGES_SHOWN + 2)]
        passages.follow(many)
        passages.follow(many[-5:])  # another hub tells of them too
        rows = await _shown(d)
        assert sorted(row.plate for row in rows) == [seen.plate for seen in many[2:]]
        assert len({row.id for row in rows}) == PASSAGES_SHOWN
        place = next(row.id for row in rows if row.plate == many[-1].plate)
        assert place == "p1"  # that of the second, which was the oldest by then


async def test_what_an_agent_tells_hours_later_is_kept_and_is_no_news() -> None:
    async with desk(enrolled=False) as d:
        readings = MemoryReadings()
        late = passed("湘F00001", d.hub.clock.now_ms() - PASSAGES_FRESH_MS - 1000)
        await Passages(d.hub, readings).add([late])
        assert await _shown(d) == []
        assert await readings.sightings("live", "湘F00001", late.first_ms, late.first_ms, 2) == [late]


async def test_a_hub_that_starts_shows_what_passed_shortly_before_and_what_a_clock_ahead_saw() -> None:  # R1253
    async with desk(enrolled=False) as d:
        readings = MemoryReadings()
        now_ms = d.hub.clock.now_ms()
        seen = [("湘F00002", -5000), ("湘F00003", -4000), ("湘F00004", 60_000)]
        await readings.add_sightings("live", [passed(plate, now_ms + after_ms) for plate, after_ms in seen])
        passages = Passages(d.hub, readings)
        await passages.look()
        await passages.look()
        assert [row.plate for row in await _shown(d)] == [plate for plate, _ in seen]


async def _shown(d: Desk) -> list[PassageRow]:
    return await d.hub.read(lambda t: list(t.passages))
