"""Stations, units and devices that are no more (SPEC R1053, R1054, R1056)."""

from __future__ import annotations

import pytest

from command.kernel.errors import ConflictError, UnknownIdError
from command.patrol.holders import devices_of, holder_at, of_unit
from command.requests import (
    ClearSos,
    CloseSituation,
    EnrolDevice,
    EnrolStation,
    EnrolUnit,
    FeedBack,
    FixEvidence,
    RaiseSos,
    ReportPatrol,
    RetireDevice,
    RetireStation,
    RetireUnit,
    StartShift,
    StepOrder,
)
from tests.command.support import (
    ADMIN,
    COMMANDER,
    DISPATCHER,
    HERE,
    MINUTE_MS,
    OFFICER,
    START_MS,
    Desk,
    desk,
    picture,
    position,
    refold,
)

LAT, LON = HERE


async def no_devices(d: Desk, unit: str = "u1") -> None:
    for device in (await d.unit(unit)).devices:
        await d.ask(RetireDevice(device=device), ADMIN)


async def test_a_unit_that_is_no_more_is_on_no_list_and_no_map_and_its_name_is_known() -> None:  # R1053, R1056
    async with desk() as d:
        await d.on_duty("u1")
        d.hub.positions_changed([position("u1", LAT, LON)])
        await d.ask(ReportPatrol(unit="u1", change="left_area", since_ms=START_MS, fence="f1", lat=LAT, lon=LON))
        assert await d.table("alarms") != {}
        await no_devices(d)
        unit = await d.unit()
        assert await d.ask(RetireUnit(unit="u1"), ADMIN) == "u1"
        for table in ("units", "positions", "alarms"):
            assert "u1" not in repr(await d.table(table)), table
        deadlines = await d.table("deadlines")
        assert not [key for key in deadlines if key.endswith(":u1")]
        was = await d.row("retired", "unit:u1")
        assert (was.name, was.station, was.at_ms) == (unit.name, "st1", START_MS)
        d.hub.positions_changed([position("u1", LAT, LON), position("u2", LAT, LON)])  # was on its way
        assert set(await d.table("positions")) == {"u2"}
        for asked in (StartShift(unit="u1", until_ms=START_MS + MINUTE_MS), RaiseSos(unit="u1")):
            with pytest.raises(UnknownIdError):
                await d.ask(asked, DISPATCHER)
        seq = d.hub.committed_seq
        assert await d.ask(RetireUnit(unit="u1"), ADMIN) == "u1"
        assert d.hub.committed_seq == seq, "again says nothing"
        await d.pass_time(9 * 60 * MINUTE_MS)
        assert d.hub.counters.faults == 0
        again = await refold(d.hub.journal)
        assert picture(again) == await d.hub.read(picture)


async def test_what_is_needed_is_not_retired_and_who_asks_is_told_what_holds_it() -> None:  # R1054
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order("u1")
        situation = (await d.row("orders", order)).situation

        async def held(by: str, unit: str = "u1") -> None:
            with pytest.raises(ConflictError, match=by):
                await d.ask(RetireUnit(unit=unit), ADMIN)

        await held(f"has an open order: {order}")
        for step in ("signed", "departed", "arrived"):
            await d.ask(StepOrder(order=order, step=step), OFFICER)
        await d.ask(FeedBack(order=order, result="handled", text="好"), OFFICER)
        sos = await d.ask(RaiseSos(unit="u1"), OFFICER)
        await held(f"calls for help: {sos}")
        await d.ask(ClearSos(sos=sos, why="好"), DISPATCHER)
        called = next(row.id for row in (await d.table("situations")).values() if row.source == "u1")
        await held(f"in situations: {situation}, {called}")
        for each in (situation, called):
            await d.ask(CloseSituation(situation=each), COMMANDER)
        await held("has devices: du1")
        with pytest.raises(ConflictError, match=r"has units: u1, u2, u3$"):
            await d.ask(RetireStation(station="st1"), ADMIN)
        await no_devices(d)
        await d.ask(RetireUnit(unit="u1"), ADMIN)
        evidence = FixEvidence(
            situation=situation,
            order=order,
            sha256="a" * 64,
            media_type="image/png",
            size=1,
            name="x",
            taken_ms=START_MS,
        )
        assert await d.ask(evidence, DISPATCHER), "what is over can still be added to"


async def test_a_station_that_has_no_units_closes() -> None:  # R1053
    async with desk() as d:
        await no_devices(d, "u4")
        await d.ask(RetireUnit(unit="u4"), ADMIN)
        await d.ask(RetireStation(station="st2"), ADMIN)
        assert set(await d.table("stations")) == {"st1"}
        assert (await d.row("retired", "station:st2")).name == "消防站"
        with pytest.raises(UnknownIdError):
            await d.ask(
                EnrolUnit(unit="u5", name="x", kind="fire_engine", service="119", station="st2", phone="", officers=[])
            )
        for unknown in (RetireStation(station="st7"), RetireUnit(unit="u7"), RetireDevice(device="d7")):
            with pytest.raises(UnknownIdError):
                await d.ask(unknown, ADMIN)


async def test_what_a_device_reported_stays_with_whoever_had_it_and_the_id_may_be_used_again() -> None:  # R1056
    async with desk() as d:
        d.clock.advance(START_MS + MINUTE_MS)
        await no_devices(d)
        assert (await d.unit()).devices == ()
        d.clock.advance(START_MS + 2 * MINUTE_MS)
        await d.ask(RetireUnit(unit="u1"), ADMIN)
        d.clock.advance(START_MS + 3 * MINUTE_MS)
        await d.ask(EnrolDevice(device="du1", kind="mobile", unit="u2"), ADMIN)

        async def had(minute: float) -> str:
            return await d.hub.read(lambda t: holder_at(t, "du1", START_MS + int(minute * MINUTE_MS)))

        assert [await had(minute) for minute in (0.5, 1.5, 3.5)] == ["u1", "", "u2"]
        assert await d.hub.read(lambda t: devices_of(t, "u1")) == ["du1"]
        [held] = await d.hub.read(lambda t: of_unit(t, "u1", START_MS, START_MS + 9 * MINUTE_MS))
        assert held.to_ms == START_MS + MINUTE_MS - 1
        assert set(await d.table("retired")) == {"unit:u1"}
        car = EnrolUnit(unit="u1", name="新车", kind="patrol_car", service="110", station="st1", phone="", officers=[])
        await d.ask(car, ADMIN)
        await d.ask(
            EnrolStation(station="st3", name="x", service="110", lat=LAT, lon=LON, leader="x", leader_phone="1")
        )
        assert await d.table("retired") == {}
        assert ((await d.unit()).name, (await d.unit()).devices, (await d.unit()).state) == ("新车", (), "off")
        again = await refold(d.hub.journal)
        assert picture(again) == await d.hub.read(picture)
