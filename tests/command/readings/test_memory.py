"""What memory holds is bounded (SPEC R190-R195 hold as for every store)."""

from __future__ import annotations

import pytest

from command.kernel.errors import UnavailableError
from command.readings import Position, Sighting
from command.readings import memory as module
from command.readings.bounds import DAY_MS
from command.readings.memory import MemoryReadings

SPACE = "rehearsal-1"
SEEN = Sighting(camera="c1", plate="湘F12345", colour="blue", first_ms=5, last_ms=6, reads=4, confidence=0.9)


def fix(at_ms: int) -> Position:
    return Position(device="d1", at_ms=at_ms, lat=29.1, lon=113.1, source="jt808")


async def test_memory_refuses_what_it_cannot_hold_and_counts_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READINGS_IN_MEMORY", 3)
    store = MemoryReadings()
    await store.add_positions(SPACE, [fix(1), fix(1)])
    await store.add_sightings(SPACE, [SEEN])
    await store.add_positions(SPACE, [fix(DAY_MS)])
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(3)])
    assert len(await store.track(SPACE, "d1", 0, DAY_MS, 9)) == 2
    await store.forget(DAY_MS)
    await store.add_positions(SPACE, [fix(DAY_MS), fix(DAY_MS + 1)])
    with pytest.raises(UnavailableError):
        await store.add_positions(SPACE, [fix(DAY_MS + 2), fix(DAY_MS + 3)])
