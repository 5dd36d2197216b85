"""Positions from a gateway to the record: the hub, the uplink and the stores are the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command import uplink
from command.actors import HUB
from command.hub import Hub
from command.journal import Journal, Turn
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, TooLargeError, UnavailableError, UnknownIdError
from command.kernel.limits import POSITIONS_PER_BATCH, SILENCE_SWEEP_MS
from command.readings import Position, Readings
from command.readings.memory import MemoryReadings
from command.readings.sqlite import SqliteReadings
from command.requests import ClearSos, DrawFence, EnrolDevice, EnrolStation, EnrolUnit, StartShift
from command.rows import PositionRow, UnitRow
from command.settings import Limits
from command.uplink import HubUplink
from tests.command.patrol.ground import LAT, LON, SHIFT_UNTIL_MS, START_MS, fence, fix

SPACE = "live"
LIMITS = Limits(still_s=600, silent_s=300)


class Tokens:
    """Device tokens in memory."""

    def __init__(self) -> None:
        self.issued: dict[str, str] = {}

    async def issue(self, device: str) -> str:
        self.issued[device] = f"{device}-{len(self.issued)}"
        return self.issued[device]

    async def check(self, device: str, token: str) -> bool:
        return self.issued.get(device) == token


class BrittleReadings(MemoryReadings):
    """A store whose disk can be taken away, and held while it writes."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.hold = asyncio.Event()
        self.hold.set()

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        await self.hold.wait()
        if self.away:
            raise UnavailableError("the disk is full")
        await super().add_positions(space, positions)


class BrittleJournal(MemoryJournal):
    """A journal that can be away."""

    away = False

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        if self.away:
            raise UnavailableError("the journal is away")
        async with super().turn(space) as turn:
            yield turn


class House:
    """A hub with one unit on duty and what its uplink needs."""

    def __init__(
        self, journal: Journal | None = None, readings: Readings | None = None, start_ms: int = START_MS
    ) -> None:
        self.clock = VirtualClock(start_ms)
        self.journal = journal or MemoryJournal()
        self.readings = readings or MemoryReadings()
        self.hub = Hub(SPACE, self.clock, self.journal, LIMITS)
        self.tokens = Tokens()
        self.uplink = HubUplink(self.hub, self.readings, self.tokens, self.clock)

    async def enrol(self) -> None:
        ring = list(fence("area", (0, 0), (2000, 1000)).ring)
        station = EnrolStation(
            station="s1", name="荣家湾派出所", service="110", lat=LAT, lon=LON, leader="李所长",
            leader_phone="13900000000",
        )  # fmt: skip
        unit = EnrolUnit(
            unit="u1", name="巡逻一组", kind="patrol_car", service="110", station="s1", phone="13800000000",
            officers=["张三"], area="area",
        )  # fmt: skip
        for request in (
            station,
            DrawFence(fence="area", name="一号辖区", kind="area", ring=ring, dwell_s=30, margin_m=30),
            unit,
            EnrolDevice(device="d1", kind="jt808", unit="u1"),
            EnrolDevice(device="pbx", kind="pbx"),
            StartShift(unit="u1", until_ms=SHIFT_UNTIL_MS),
        ):
            await self.hub.ask(request, HUB)

    async def send(self, *fixes: Position) -> None:
        """Let the clock come to the newest fix, then hand the fixes over."""
        self.clock.advance(max(one.at_ms for one in fixes))
        await self.uplink.positions(fixes)

    async def unit(self) -> UnitRow:
        return await self.hub.read(lambda t: t.units.need("u1"))

    async def place(self) -> PositionRow | None:
        await self.hub.read(lambda t: t.seq)  # one round, so that what waits for a batch is taken
        return await self.hub.read(lambda t: t.positions.get("u1"))

    async def alarms(self) -> list[str]:
        return await self.hub.read(lambda t: sorted(alarm.kind for alarm in t.alarms))

    async def stored(self) -> list[int]:
        track = await self.readings.track(SPACE, "d1", 0, SHIFT_UNTIL_MS, 1000)
        return [(one.at_ms - START_MS) // 1000 for one in track]


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(house.hub.run())
        yield house
        task.cancel()


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


async def test_a_call_for_help_does_not_wait_for_readings_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:  # R971
    class Hanging(MemoryReadings):
        async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
            await asyncio.Event().wait()
            return []

    monkeypatch.setattr(uplink, "SOS_LOOK_MS", 1)
    async with running(House(readings=Hanging())) as house:
        await house.enrol()
        await house.send(fix(100, 500, 0, sos=True))
        assert (await house.unit()).sos


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
