"""Calls for help from a gateway to the record: raised once, acknowledged when on record, whatever is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.kernel.errors import InvalidInputError, TooLargeError, UnavailableError, UnknownIdError
from command.kernel.limits import POSITIONS_PER_BATCH
from command.readings import CallForHelp, Position
from command.readings.memory import MemoryReadings
from command.requests import ClearSos, EnrolDevice, EnrolUnit
from command.uplink import calls_for_help
from command.uplink.hub_uplink import HubUplink
from tests.command.patrol.ground import START_MS, fix
from tests.command.patrol_house import BrittleJournal, BrittleReadings, House, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running(House()) as house:
        await house.enrol()
        yield house


async def test_a_call_for_help_is_raised_even_when_fixes_cannot_be_stored() -> None:
    readings = BrittleReadings()
    async with running(House(readings=readings)) as house:
        await house.enrol()
        readings.away = True
        with pytest.raises(UnavailableError):
            await house.send(fix(0, 0, 0, sos=True))
        assert (await house.unit()).sos
        readings.away = False
        await house.send(fix(0, 0, 0, sos=True))
        assert await house.stored() == [0]
        assert house.uplink.counters.calls_for_help == 1


async def test_a_call_for_help_is_acknowledged_only_when_the_record_has_it() -> None:
    journal = BrittleJournal()
    async with running(House(journal=journal)) as house:
        await house.enrol()
        journal.away = True
        with pytest.raises(UnavailableError):
            await house.send(fix(0, 0, 0, sos=True))
        journal.away = False
        await house.send(fix(0, 0, 0, sos=True))
        assert (await house.unit()).sos
        assert await house.alarms() == ["sos"]


async def test_a_call_for_help_opens_one_situation_however_often_it_is_sent(house: House) -> None:
    for t in range(0, 50, 5):
        await house.send(fix(100, 500, t, sos=True))
    (sos,) = await house.hub.read(lambda t: list(t.sos))
    assert (sos.lat, sos.lon) == (fix(100, 500, 0).lat, fix(100, 500, 0).lon)
    assert len(await house.hub.read(lambda t: list(t.situations))) == 1
    await house.hub.ask(ClearSos(sos=sos.id, why="安全"), HUB)
    await house.send(fix(100, 500, 50, sos=True))  # the button is still in
    assert (await house.unit()).sos == ""
    await house.send(fix(100, 500, 55))
    await house.send(fix(100, 500, 60, sos=True))
    assert (await house.unit()).sos
    assert len(await house.hub.read(lambda t: list(t.situations))) == 2


async def test_what_is_sent_again_after_the_release_calls_nobody_anew(house: House) -> None:  # R971
    call = [fix(100, 500, t, sos=True) for t in range(0, 50, 10)]
    await house.send(*call)
    (sos,) = await house.hub.read(lambda t: list(t.sos))
    await house.hub.ask(ClearSos(sos=sos.id, why="安全"), HUB)
    await house.send(fix(100, 500, 50))
    await house.send(*call[2:], fix(100, 500, 60))
    house.uplink = HubUplink(house.hub, house.readings, house.tokens, house.clock)  # another hub, or after a restart
    await house.uplink.restore()
    await house.send(*call[3:], fix(100, 500, 70))
    assert len(await house.hub.read(lambda t: list(t.situations))) == 1


@pytest.mark.parametrize("minutes", [75, 13 * 60, 25 * 60])
async def test_a_button_that_stays_in_calls_nobody_anew_after_a_restart(house: House, minutes: int) -> None:  # R1028
    end_s = minutes * 60
    await house.send(fix(100, 500, 0))
    for begin_s in range(600, end_s, 6000):
        await house.send(*(fix(100, 500, t, sos=True) for t in range(begin_s, min(begin_s + 6000, end_s), 50)))
        if sos := await house.hub.read(lambda t: list(t.sos)):
            await house.hub.ask(ClearSos(sos=sos[0].id, why="安全"), HUB)
    house.uplink = HubUplink(house.hub, house.readings, house.tokens, house.clock)
    await house.uplink.restore()
    await house.send(fix(100, 500, end_s, sos=True))
    assert len(await house.hub.read(lambda t: list(t.situations))) == 1
    await house.send(fix(100, 500, end_s + 10))
    await house.send(fix(100, 500, end_s + 20, sos=True))
    assert len(await house.hub.read(lambda t: list(t.situations))) == 2, "released and pressed again"


async def test_how_long_a_button_is_in_is_asked_once_and_not_for_ever() -> None:  # R1028
    class Counting(MemoryReadings):
        tracks = 0

        async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
            self.tracks += 1
            return await super().track(space, device, from_ms, to_ms, limit)

    readings, end_s = Counting(), 60 * 3600
    async with running(House(readings=readings)) as house:
        await house.enrol()
        past = [fix(100, 500, t, sos=True) for t in range(0, end_s, 50)]
        await readings.add_positions(house.hub.space, past)
        await house.send(fix(100, 500, end_s, sos=True))
        asked = readings.tracks
        assert 24 < asked < 30
        await house.send(fix(100, 500, end_s + 10, sos=True))
        assert readings.tracks == asked
        assert (await house.unit()).sos == "", "history"


async def test_a_call_for_help_does_not_wait_for_readings_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:  # R971
    class Hanging(MemoryReadings):
        async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
            await asyncio.Event().wait()
            return []

    monkeypatch.setattr(calls_for_help, "SOS_LOOK_MS", 1)
    async with running(House(readings=Hanging())) as house:
        await house.enrol()
        await house.send(fix(100, 500, 0, sos=True))
        assert (await house.unit()).sos


def call(at_s: float, device: str = "d1") -> CallForHelp:
    return CallForHelp(device=device, at_ms=START_MS + round(at_s * 1000), source="jt808")


async def test_a_call_without_a_place_waits_neither_for_a_disk_nor_for_another_s_device() -> None:  # R1000
    readings = BrittleReadings()
    async with running(House(readings=readings)) as house:
        await house.enrol()
        await house.send(fix(100, 500, 0))
        readings.away = True
        with pytest.raises(UnavailableError):
            await house.uplink.calls_for_help([call(10)])
        assert (await house.unit()).sos
        readings.away = False
        with pytest.raises(UnknownIdError, match="d9"):
            await house.uplink.calls_for_help([call(11, "d9"), call(10)])
        assert await house.stored() == [0, 10]
        assert house.uplink.counters.calls_for_help == 1
        with pytest.raises(TooLargeError):
            await house.uplink.calls_for_help([call(1)] * (POSITIONS_PER_BATCH + 1))


async def test_a_call_of_long_after_the_newest_fix_is_of_there_but_stored_as_none(house: House) -> None:  # R1000
    await house.send(fix(100, 500, 0))
    house.clock.advance(START_MS + 2 * 3600_000)
    await house.uplink.calls_for_help([call(2 * 3600)])
    [sos] = await house.hub.read(lambda t: list(t.sos))
    assert (sos.lat, sos.lon) == (fix(100, 500, 0).lat, fix(100, 500, 0).lon)
    assert (place := await house.place())
    assert place.at_ms == START_MS, "nobody saw it there so late"
    assert await house.stored() == [0]


async def test_a_call_that_is_stored_makes_no_leap_of_the_next_fix(house: House) -> None:  # R1000
    await house.send(fix(0, 0, 0))
    await house.uplink.calls_for_help([call(50)])
    await house.send(fix(3000, 0, 60))
    assert (place := await house.place())
    assert place.at_ms == START_MS + 60_000


async def test_a_call_without_a_place_shows_its_unit_nowhere_anew(house: House) -> None:  # R1019
    await house.send(fix(100, 500, 0))
    for at_s in range(10, 45 * 60, 10):
        house.clock.advance(START_MS + at_s * 1000)
        await house.uplink.calls_for_help([call(at_s)])
    assert (place := await house.place())
    assert (place.at_ms, place.lat) == (START_MS, fix(100, 500, 0).lat), "as old as it is"
    assert await house.alarms() == ["sos"], "it is heard, so it is not silent"
    another = House(journal=house.journal, readings=house.readings, start_ms=house.clock.now_ms())
    async with running(another):
        await another.uplink.restore()
        assert (place := await another.place())
        assert START_MS - 1 <= place.at_ms <= START_MS
        await another.send(fix(3000, 500, 45 * 60))
        assert (place := await another.place())
        assert place.at_ms == START_MS + 45 * 60_000


async def test_a_place_that_is_none_of_a_device_is_refused(house: House) -> None:  # R1019
    with pytest.raises(InvalidInputError):
        await house.uplink.positions([replace(fix(0, 0, 0), source="call")])


async def test_a_call_without_a_place_from_the_day_before_yesterday_is_history(house: House) -> None:  # R1000
    house.clock.advance(START_MS + 2 * 24 * 3600 * 1000)
    await house.uplink.calls_for_help([call(0)])
    assert (await house.unit()).sos == ""


async def test_a_unit_off_duty_can_still_call_for_help_but_nothing_else_follows(house: House) -> None:
    await house.hub.ask(EnrolUnit(
        unit="u2", name="二组", kind="foot_patrol", service="110", station="s1", phone="1", officers=[], area="area",
    ), HUB)  # fmt: skip
    await house.hub.ask(EnrolDevice(device="d2", kind="owntracks", unit="u2"), HUB)
    await house.send(*(fix(100, 5000, t, device="d2") for t in range(0, 1200, 30)))
    assert await house.alarms() == []
    await house.send(fix(100, 5000, 1200, device="d2", sos=True))
    assert await house.alarms() == ["sos"]


async def test_a_call_from_the_day_before_yesterday_is_history(house: House) -> None:
    house.clock.advance(START_MS + 2 * 24 * 3600 * 1000)
    await house.uplink.positions([fix(100, 500, 0, sos=True)])
    assert (await house.unit()).sos == ""
    assert await house.stored() == [0]
