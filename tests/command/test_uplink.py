"""Positions from a gateway to the record: the hub, the uplink and the stores are the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import InvalidInputError, TooLargeError, UnavailableError, UnknownIdError
from command.kernel.limits import POSITIONS_PER_BATCH, SILENCE_SWEEP_MS
from command.readings import Position
from command.readings.sqlite import SqliteReadings
from command.requests import ClearSos, EnrolDevice
from command.rows import PositionRow
from tests.command.patrol.ground import START_MS, fix
from tests.command.patrol_house import LIMITS, SPACE, BrittleJournal, BrittleReadings, House, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running(House()) as house:
        await house.enrol()
        yield house


# devices


async def test_a_device_is_known_by_kind_and_id_and_holds_its_own_token(house: House) -> None:
    assert await house.uplink.device_known("jt808", "d1")
    assert not await house.uplink.device_known("osmand", "d1")
    assert not await house.uplink.device_known("jt808", "d9")
    token = await house.uplink.issue_device_token("jt808", "d1")
    assert await house.uplink.check_device_token("jt808", "d1", token)
    assert not await house.uplink.check_device_token("jt808", "d1", token + "x")
    assert not await house.uplink.check_device_token("osmand", "d1", token)
    with pytest.raises(UnknownIdError):
        await house.uplink.issue_device_token("jt808", "d9")


async def test_fixes_of_strangers_are_refused_and_those_of_others_kept(house: House) -> None:
    with pytest.raises(UnknownIdError, match="d9"):
        await house.send(fix(0, 0, 1), fix(0, 0, 2, device="d9"), fix(0, 0, 3, device="pbx"))
    assert await house.stored() == [1]
    assert [one.device for one in await house.readings.latest_positions(SPACE)] == ["d1"]
    assert house.uplink.counters.unknown == 2


@pytest.mark.parametrize(
    "wrong",
    [
        replace(fix(0, 0, 1), lat=91.0),
        replace(fix(0, 0, 1), lat=0.0, lon=0.0),
        replace(fix(0, 0, 1), lon=float("nan")),
        replace(fix(0, 0, 1), at_ms=-1),
        replace(fix(0, 0, 1), at_ms=1 << 64),
        replace(fix(0, 0, 1), accuracy_m=-1.0),
        replace(fix(0, 0, 1), speed_kmh=float("inf")),
    ],
)
async def test_a_fix_that_no_device_can_mean_is_refused_before_anything_is_stored(
    house: House, wrong: Position
) -> None:
    with pytest.raises(InvalidInputError):
        await house.uplink.positions([fix(0, 0, 0), wrong])
    assert await house.stored() == []
    assert house.uplink.counters.refused == 2
    await house.send(fix(0, 0, 2))
    assert await house.stored() == [2]


async def test_too_many_fixes_at_once_are_refused(house: House) -> None:
    with pytest.raises(TooLargeError):
        await house.uplink.positions([fix(0, 0, 0)] * (POSITIONS_PER_BATCH + 1))
    assert await house.stored() == []


# places


async def test_the_newest_fix_is_where_the_unit_is(house: House) -> None:
    await house.send(fix(100, 100, 10, accuracy_m=7.0), fix(50, 50, 5))
    await house.send(fix(70, 70, 8))
    newest = fix(100, 100, 10, accuracy_m=7.0)
    assert await house.place() == PositionRow(
        id="u1", device="d1", at_ms=newest.at_ms, lat=newest.lat, lon=newest.lon, source="jt808", accuracy_m=7.0
    )
    assert await house.stored() == [5, 8, 10]


async def test_an_older_fix_of_the_second_device_does_not_take_the_unit_back(house: House) -> None:
    await house.hub.ask(EnrolDevice(device="d2", kind="owntracks", unit="u1"), HUB)
    await house.send(fix(100, 100, 10))
    await house.send(fix(50, 50, 5, device="d2"))
    assert (place := await house.place())
    assert place.device == "d1"
    await house.send(fix(50, 50, 11, device="d2"))
    assert (place := await house.place())
    assert place.device == "d2"


@pytest.mark.parametrize("first", ["d1", "d2"])
async def test_of_two_devices_at_one_instant_the_same_places_the_unit_whichever_came_first(
    house: House, first: str
) -> None:
    await house.hub.ask(EnrolDevice(device="d2", kind="owntracks", unit="u1"), HUB)
    second = "d1" if first == "d2" else "d2"
    await house.send(fix(100, 100, 10, device=first))
    await house.send(fix(50, 50, 10, device=second))
    assert (place := await house.place())
    assert place.device == "d2"


async def test_a_leap_is_stored_but_moves_nothing_until_confirmed(house: House) -> None:
    await house.send(fix(0, 0, 0), fix(50_000, 0, 10))
    assert (place := await house.place())
    assert place.at_ms == START_MS
    await house.send(fix(50_010, 0, 20))
    assert (place := await house.place())
    assert place.at_ms == START_MS + 20_000
    assert await house.stored() == [0, 10, 20]


async def test_a_device_whose_clock_was_fast_is_followed_once_it_is_right(house: House) -> None:
    await house.uplink.positions([fix(0, 0, 500)])
    assert (place := await house.place())
    assert place.at_ms == house.clock.now_ms()
    await house.send(fix(30, 0, 10))
    assert (place := await house.place())
    assert place.at_ms == START_MS + 10_000


# acknowledged only when durable


async def test_nothing_is_acknowledged_or_shown_before_it_is_stored() -> None:
    readings = BrittleReadings()
    async with running(House(readings=readings)) as house:
        await house.enrol()
        readings.hold.clear()
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(house.uplink.positions([fix(0, 0, 0)]))
            assert await house.place() is None
            assert not sending.done()
            readings.hold.set()
        assert await house.place() is not None


async def test_a_store_that_is_away_means_no_acknowledgement_and_no_place() -> None:
    readings = BrittleReadings()
    async with running(House(readings=readings)) as house:
        await house.enrol()
        readings.away = True
        with pytest.raises(UnavailableError):
            await house.send(fix(0, 0, 0))
        assert await house.place() is None
        assert house.uplink.counters.not_stored == 1
        readings.away = False
        await house.send(fix(0, 0, 0))
        assert await house.place() is not None
        assert await house.stored() == [0]


async def test_what_the_journal_missed_is_told_again_and_the_fixes_are_acknowledged() -> None:
    journal = BrittleJournal()
    async with running(House(journal=journal)) as house:
        await house.enrol()
        await house.send(fix(100, 1500, 0))
        journal.away = True
        await house.send(fix(100, 1500, 40))
        assert await house.stored() == [0, 40]
        journal.away = False
        await house.send(fix(100, 1500, 50))
        assert (await house.unit()).out_of == "area"
        assert house.uplink.counters.reports_postponed == 1


# what follows


async def test_leaving_raises_an_alarm_and_a_message_and_returning_clears_it(house: House) -> None:
    await house.send(fix(100, 500, 0))
    await house.send(fix(100, 1500, 60))
    await house.send(fix(100, 1500, 100))
    assert (await house.unit()).out_of == "area"
    assert await house.alarms() == ["left_area"]
    assert [m.phone for m in await house.hub.read(lambda t: list(t.messages))] == ["13800000000"]
    await house.send(fix(100, 900, 160))
    assert (await house.unit()).out_of == ""
    assert await house.alarms() == []


async def test_a_night_in_one_batch_is_told_in_order(house: House) -> None:
    out = [fix(100, 1500, t) for t in range(60, 300, 30)]
    still = [fix(100, 500, t) for t in range(330, 1200, 30)]
    away = [fix(100 + t - 1200, 500, t) for t in range(1200, 1500, 30)]
    await house.send(fix(100, 500, 0), *reversed(out), *away, *still)
    unit = await house.unit()
    assert (unit.out_of, unit.still_since_ms) == ("", None)
    assert await house.alarms() == []
    assert house.uplink.counters.reports == 4  # left and returned, stood still and moved again
    await house.send(fix(100, 500, 0), *out, *still, *away)
    assert house.uplink.counters.reports == 4


async def test_standing_still_is_an_alarm_until_the_unit_moves(house: House) -> None:
    for t in range(0, 660, 30):
        await house.send(fix(100, 500, t))
    assert (await house.unit()).still_since_ms == START_MS
    assert await house.alarms() == ["stood_still"]
    await house.send(fix(300, 500, 690), fix(400, 500, 720))
    assert await house.alarms() == []


async def test_silence_is_found_by_the_sweep_and_ends_with_the_next_fix(house: House) -> None:
    async with asyncio.TaskGroup() as tasks:
        sweeping = tasks.create_task(house.uplink.run())
        await house.send(fix(100, 500, 0))
        for _ in range(2 * LIMITS.silent_s * 1000 // SILENCE_SWEEP_MS):
            house.clock.advance(house.clock.now_ms() + SILENCE_SWEEP_MS)
            await house.alarms()
            if (await house.unit()).silent_since_ms is not None:
                break
        sweeping.cancel()
    assert (await house.unit()).silent_since_ms == START_MS
    late_ms = house.clock.now_ms() - START_MS - LIMITS.silent_s * 1000
    assert 0 < late_ms <= 4 * SILENCE_SWEEP_MS
    assert await house.alarms() == ["went_silent"]
    await house.send(fix(100, 500, (house.clock.now_ms() - START_MS) / 1000 + 1))
    assert await house.alarms() == []


# SOS


# end to end, over a restart


async def test_after_a_restart_everything_goes_on_from_the_files(tmp_path: Path) -> None:
    def opened(at_s: int) -> House:
        journal, readings = SqliteJournal(tmp_path / "journal.sqlite3"), SqliteReadings(tmp_path / "readings.sqlite3")
        return House(journal, readings, START_MS + at_s * 1000)

    async with running(opened(0)) as house:
        await house.enrol()
        await house.send(fix(100, 1500, 0), fix(100, 1500, 40, sos=True), fix(100, 1510, 50, sos=True))
        assert await house.alarms() == ["left_area", "sos"]
        (sos,) = await house.hub.read(lambda t: list(t.sos))
        await house.hub.ask(ClearSos(sos=sos.id, why="安全"), HUB)
    first = house

    async with running(opened(55)) as house:
        await house.uplink.restore()
        assert (place := await house.place())
        assert place.at_ms == START_MS + 50_000
        await house.send(fix(100, 1500, 20), fix(100, 1520, 60, sos=True))
        assert await house.alarms() == ["left_area"], "the same call for help was raised again"
        assert (place := await house.place())
        assert place.at_ms == START_MS + 60_000
        await house.send(fix(100, 900, 70))
        assert await house.alarms() == []
        assert await house.stored() == [0, 20, 40, 50, 60, 70]
    for closed in (first, house):
        await closed.readings.close()
        await closed.journal.close()
