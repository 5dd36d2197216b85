"""Silence, and places, where a hub could hear nobody for a while: hub, uplink and stores are the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.kernel.errors import UnavailableError
from command.kernel.limits import SILENCE_GRACE_MS, SILENCE_SWEEP_MS
from command.readings.memory import MemoryReadings
from command.requests import EnrolDevice, EnrolUnit, RetireDevice, RetireUnit
from tests.command.patrol.ground import START_MS, fix
from tests.command.patrol_house import LIMITS, SPACE, BrittleJournal, BrittleReadings, House, running

SILENT_MS = LIMITS.silent_s * 1000


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running(House(BrittleJournal(), BrittleReadings())) as house:
        await house.enrol()
        await house.send(fix(100, 500, 0))
        yield house


async def goes_on(house: House, for_ms: int) -> None:
    """Let time pass as it does, and the hub look for silent units meanwhile."""
    until_ms = house.clock.now_ms() + for_ms
    while house.clock.now_ms() < until_ms:
        house.clock.advance(house.clock.now_ms() + SILENCE_SWEEP_MS)
        await house.uplink.look_for_silent()


@pytest.mark.parametrize("record_too", [True, False])
async def test_while_nothing_can_be_stored_nobody_is_silent_and_who_stays_silent_is_said_to_be_a_little_later(
    house: House, *, record_too: bool
) -> None:  # R1103
    assert isinstance(house.readings, BrittleReadings)
    assert isinstance(house.journal, BrittleJournal)
    house.readings.away, house.journal.away = True, record_too
    for _ in range(2 * SILENT_MS // 30_000):
        await goes_on(house, 30_000)
        with pytest.raises(UnavailableError):  # it is heard of, and not taken
            await house.uplink.positions([fix(100, 500, (house.clock.now_ms() - START_MS) / 1000)])
    house.readings.away = house.journal.away = False
    await house.hub.ask(EnrolDevice(device="d2", kind="osmand", unit="u1"), HUB)  # the record is back
    await goes_on(house, SILENCE_GRACE_MS - 2 * SILENCE_SWEEP_MS)
    assert await house.alarms() == []
    await goes_on(house, 4 * SILENCE_SWEEP_MS)
    assert await house.alarms() == ["went_silent"]
    assert (await house.unit()).silent_since_ms == START_MS


async def test_a_hub_that_stood_still_calls_nobody_silent_whom_it_did_not_hear(house: House) -> None:  # R1103
    house.clock.advance(START_MS + 2 * SILENT_MS)  # a machine that was suspended, or a clock that was set on
    await house.uplink.look_for_silent()
    assert await house.alarms() == []
    await house.send(fix(100, 500, 2 * SILENT_MS / 1000 + 10))
    await goes_on(house, SILENT_MS - 2 * SILENCE_SWEEP_MS)
    assert await house.alarms() == []
    await goes_on(house, 4 * SILENCE_SWEEP_MS)
    assert await house.alarms() == ["went_silent"]


async def test_one_device_that_is_refused_beside_others_that_are_heard_hides_no_silence(house: House) -> None:  # R1103
    assert isinstance(house.readings, BrittleReadings)
    unit = EnrolUnit(unit="u2", name="巡逻二组", kind="patrol_car", service="110", station="s1", phone="1", officers=[])
    await house.hub.ask(unit, HUB)
    await house.hub.ask(EnrolDevice(device="d2", kind="jt808", unit="u2"), HUB)
    for _ in range(SILENT_MS // 30_000 + 1):
        await goes_on(house, 30_000)
        now_s = (house.clock.now_ms() - START_MS) / 1000
        await house.uplink.positions([fix(900, 500, now_s, device="d2")])
        house.readings.away = True
        with pytest.raises(UnavailableError):
            await house.uplink.positions([fix(100, 500, 0.5)])
        house.readings.away = False
    assert await house.alarms() == ["went_silent"]
    assert (await house.unit()).silent_since_ms == START_MS


@pytest.mark.parametrize("retired", [True, False])
async def test_a_device_that_changed_hands_puts_nobody_where_another_was_after_a_restart(*, retired: bool) -> None:
    """R1104: at the start, and where a hub hears what the others stored."""
    journal, readings = MemoryJournal(), MemoryReadings()
    async with running(House(journal, readings)) as before:
        await before.enrol()
        await before.send(fix(100, 500, 10))
        before.clock.advance(START_MS + 60_000)
        another = EnrolUnit(
            unit="u2", name="巡逻二组", kind="patrol_car", service="110", station="s1", phone="1", officers=[]
        )
        await before.hub.ask(another, HUB)
        for request in (RetireDevice(device="d1"), RetireUnit(unit="u1")) if retired else ():
            await before.hub.ask(request, HUB)
        await before.hub.ask(EnrolDevice(device="d1", kind="jt808", unit="u2"), HUB)
    async with running(House(journal, readings, START_MS + 70_000)) as house:
        await house.uplink.restore()
        await house.uplink.follow((await readings.changed_positions(SPACE, 0)).positions, old=True)
        assert await places(house) == {}
        await house.uplink.follow([fix(500, 500, 50)])  # told just now at another hub, by a device whose clock is slow
        assert await places(house) == {"u2": START_MS + 50_000}
        await house.send(fix(900, 500, 80))
        assert await places(house) == {"u2": START_MS + 80_000}
    async with running(House(journal, readings, START_MS + 90_000)) as house:
        await house.uplink.restore()
        assert await places(house) == {"u2": START_MS + 80_000}


async def places(house: House) -> dict[str, int]:
    """Return of when the place of each unit is, once what waits for a batch is taken."""
    await house.hub.read(lambda t: t.seq)
    return await house.hub.read(lambda t: {row.id: row.at_ms for row in t.positions})
