"""Shifts, fences, what positions led to, SOS (SPEC R48-R57)."""

from __future__ import annotations

from typing import Literal

import pytest

from command.actors import HUB, Actor
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError, UnknownIdError
from command.requests import (
    ClearAlarm,
    ClearSos,
    DrawFence,
    EndShift,
    EnrolDevice,
    EnrolStation,
    EnrolUnit,
    RaiseSos,
    RemoveFence,
    ReportPatrol,
    Request,
    StartShift,
    TakeAlarm,
)
from edge.jt808.frame import Header
from tests.command.support import (
    ACTORS,
    ADMIN,
    DISPATCHER,
    HERE,
    HOUR_MS,
    MINUTE_MS,
    OFFICER,
    START_MS,
    Desk,
    actor,
    desk,
    position,
    ring,
)

LAT, LON = HERE
Change = Literal["left_area", "returned", "stood_still", "moved_again", "went_silent", "heard_again"]


async def report(d: Desk, change: Change, unit: str = "u1", fence: str | None = None) -> None:
    await d.ask(ReportPatrol(unit=unit, change=change, since_ms=START_MS, fence=fence, lat=LAT, lon=LON))


async def forbid(d: Desk) -> None:
    await d.ask(DrawFence(fence="f2", name="禁区", kind="forbidden", ring=ring(LAT, LON, 0.001)))


async def test_leaving_the_area_alarms_tells_the_officer_and_ends_with_the_return() -> None:  # R48
    async with desk() as d:
        await d.on_duty("u1")
        await report(d, "left_area", fence="f1")
        alarm = await d.alarm("left_area", "u1")
        assert alarm is not None
        assert (alarm.lat, alarm.detail, alarm.state) == (LAT, "城关片区", "raised")
        assert (await d.unit()).out_of == "f1"
        assert [m.to for m in await d.messages(alarm.id)] == ["巡u1"]
        seq = d.hub.committed_seq
        await report(d, "left_area", fence="f1")
        assert d.hub.committed_seq == seq
        await report(d, "returned", fence="f1")
        assert await d.table("alarms") == {}
        assert (await d.unit()).out_of == ""


async def test_the_leader_is_told_once_when_nobody_reacts() -> None:  # R49
    async with desk() as d:
        await d.on_duty("u1")
        await report(d, "stood_still")
        alarm = await d.alarm("stood_still", "u1")
        assert alarm is not None
        await d.pass_time(5 * MINUTE_MS - 1)
        assert not (await d.row("alarms", alarm.id)).escalated
        await d.pass_time(HOUR_MS)
        assert (await d.row("alarms", alarm.id)).escalated
        assert [m.phone for m in await d.messages(alarm.id)] == ["13800000000", "13900000001"]


async def test_an_alarm_that_somebody_took_is_not_escalated() -> None:  # R49
    async with desk() as d:
        await d.on_duty("u1")
        await report(d, "went_silent")
        alarm = await d.alarm("went_silent", "u1")
        assert alarm is not None
        await d.ask(TakeAlarm(alarm=alarm.id), DISPATCHER)
        await d.pass_time(HOUR_MS)
        assert len(await d.messages(alarm.id)) == 1
        await report(d, "heard_again")
        assert await d.table("alarms") == {}


@pytest.mark.parametrize("change", ["left_area", "stood_still", "went_silent"])
async def test_a_conclusion_that_comes_after_the_shift_alarms_nobody(change: Change) -> None:  # R50
    async with desk() as d:
        await d.on_duty("u1")
        await d.ask(EndShift(unit="u1"), OFFICER)
        await report(d, change, fence="f1")
        assert await d.table("alarms") == {}


async def test_a_unit_at_work_does_not_sit_still() -> None:  # R50
    async with desk() as d:
        await d.on_duty("u1")
        await d.order("u1")
        await report(d, "stood_still")
        assert await d.table("alarms") == {}


async def test_the_end_of_the_shift_ends_its_alarms() -> None:  # R50
    async with desk() as d:
        await d.on_duty("u1")
        await report(d, "left_area", fence="f1")
        await report(d, "stood_still")
        await report(d, "went_silent")
        await d.pass_time(8 * HOUR_MS)
        unit = await d.unit()
        assert (unit.state, unit.out_of, unit.still_since_ms, unit.silent_since_ms) == ("off", "", None, None)
        assert await d.table("alarms") == {}


async def test_two_fences_are_two_alarms() -> None:  # R51
    """Out of its area and into a forbidden one: coming back from one says nothing about the other."""
    async with desk() as d:
        await d.on_duty("u1")
        await forbid(d)
        await report(d, "left_area", fence="f1")
        await report(d, "left_area", fence="f2")
        kinds = {a.kind for a in (await d.table("alarms")).values()}
        assert kinds == {"left_area", "entered_forbidden"}
        await report(d, "returned", fence="f2")
        assert {a.kind for a in (await d.table("alarms")).values()} == {"left_area"}
        await report(d, "returned", fence="f1")
        assert await d.table("alarms") == {}
        seq = d.hub.committed_seq
        await report(d, "returned", fence="f1")
        await report(d, "returned")
        assert d.hub.committed_seq == seq


async def test_an_alarm_cleared_by_hand_does_not_come_again_while_the_unit_stays_out() -> None:  # R51
    async with desk() as d:
        await d.on_duty("u1")
        await report(d, "left_area", fence="f1")
        alarm = await d.alarm("left_area", "u1")
        assert alarm is not None
        await d.ask(ClearAlarm(alarm=alarm.id, why="已批准"), DISPATCHER)
        await report(d, "left_area", fence="f1")
        assert await d.table("alarms") == {}
        await report(d, "returned", fence="f1")
        await report(d, "left_area", fence="f1")
        assert await d.alarm("left_area", "u1") is not None


@pytest.mark.parametrize(
    "change",
    [
        RemoveFence(fence="f2"),
        EnrolUnit(unit="u1", name="巡u1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]),
    ],
)
async def test_a_fence_that_no_longer_applies_leaves_no_alarm(change: Request) -> None:  # R51
    async with desk() as d:
        await d.on_duty("u1")
        await forbid(d)
        await report(d, "left_area", fence="f2" if isinstance(change, RemoveFence) else "f1")
        await d.ask(change, ADMIN)
        assert await d.table("alarms") == {}
        assert (await d.unit()).out_of == ""


async def test_a_fence_that_is_an_area_is_not_removed() -> None:  # R52
    async with desk() as d:
        with pytest.raises(ConflictError, match="u1"):
            await d.ask(RemoveFence(fence="f1"), ADMIN)


@pytest.mark.parametrize(
    "bad",
    [
        [(0.1, 0.1), (1, 1), (0.1, 0.1)],
        [(0.1, 0.1), (1, 1), (2, 2)],
        [(0.1, 0.1), (1, 1), (1, 0.1), (0.1, 1)],
        [(0.1, 0.1), (1, 1), (float("nan"), 1)],
        [(0.1, 0.1), (1, 1), (300, 1)],
    ],
)
async def test_a_ring_that_encloses_nothing_is_no_fence(bad: list[tuple[float, float]]) -> None:  # R52
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(DrawFence(fence="f9", name="x", kind="area", ring=bad), ADMIN)


async def test_shifts() -> None:  # R53
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(StartShift(unit="u1", until_ms=START_MS), OFFICER)
        await d.on_duty("u1")
        seq = d.hub.committed_seq
        await d.on_duty("u1")
        assert d.hub.committed_seq == seq
        await d.ask(EndShift(unit="u1"), OFFICER)
        await d.ask(EndShift(unit="u1"), OFFICER)
        assert d.hub.committed_seq == seq + 1
        assert (await d.table("deadlines")) == {}


@pytest.mark.parametrize(
    "who",
    [
        actor("officer", "民警u2", unit="u2"),
        actor("officer", "无单位"),
        actor("dispatcher", "消防站", station="st2"),
    ],
)
async def test_nobody_speaks_for_another_unit(who: Actor) -> None:  # R39
    async with desk() as d:
        for request in (StartShift(unit="u1", until_ms=START_MS + 1), EndShift(unit="u1"), RaiseSos(unit="u1")):
            with pytest.raises(NoRightError):
                await d.ask(request, who)


async def test_sos_opens_a_situation_and_tells_the_near_and_the_leader() -> None:  # R54
    async with desk() as d:
        await d.on_duty("u1", "u2", "u3")
        d.hub.positions_changed(
            [
                position("u1", LAT, LON), position("u2", LAT + 0.01, LON), position("u3", LAT + 0.5, LON),
                position("u4", LAT, LON),
            ]
        )  # fmt: skip
        await d.pass_time(0)
        sos = await d.ask(RaiseSos(unit="u1"), OFFICER)
        row = await d.row("sos", sos)
        assert (row.lat, row.lon, row.raised_ms) == (LAT, LON, START_MS)
        situation = await d.row("situations", row.situation)
        assert (situation.level, situation.source, situation.place.lat) == (2, "u1", LAT)
        alarm = await d.alarm("sos", "u1")
        assert alarm is not None
        assert (alarm.level, alarm.situation) == (1, row.situation)
        assert [m.phone for m in await d.messages(sos)] == ["13800000000", "13900000001"]
        assert (await d.messages(sos))[0].to == "巡u2"
        seq = d.hub.committed_seq
        assert await d.ask(RaiseSos(unit="u1"), OFFICER) == sos
        assert d.hub.committed_seq == seq
        await d.ask(ClearSos(sos=sos, why="安全"), DISPATCHER)
        assert await d.table("sos") == await d.table("alarms") == {}
        assert (await d.unit()).sos == ""
        assert (await d.row("situations", row.situation)).state == "received"
        with pytest.raises(UnknownIdError):
            await d.ask(ClearSos(sos=sos, why="x"), DISPATCHER)


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (31.0, None), (None, 114.0), (float("nan"), 114.0)])
async def test_sos_of_a_broken_receiver_uses_the_newest_fix(lat: float | None, lon: float | None) -> None:  # R55
    async with desk() as d:
        d.hub.positions_changed([position("u1", LAT, LON)])
        await d.pass_time(0)
        sos = await d.ask(RaiseSos(unit="u1", lat=lat, lon=lon), ACTORS["device"])
        row = await d.row("sos", sos)
        assert (row.lat, row.lon) == (LAT, LON)


async def test_sos_without_any_place_still_calls() -> None:  # R55
    async with desk() as d:
        sos = await d.ask(RaiseSos(unit="u1"), OFFICER)
        row = await d.row("sos", sos)
        assert (row.lat, row.lon) == (None, None)
        assert (await d.row("situations", row.situation)).place is None
        assert [m.phone for m in await d.messages(sos)] == ["13900000001"]


async def test_enrolling_needs_what_it_names_and_keeps_what_runs() -> None:  # R56
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order("u1")
        again = EnrolUnit(
            unit="u1", name="新名", kind="patrol_car", service="110", station="st1", phone="1", officers=["甲"],
            area="f1",
        )  # fmt: skip
        await d.ask(again, ADMIN)
        unit = await d.unit()
        assert (unit.name, unit.order, unit.state, unit.devices) == ("新名", order, "ordered", ("du1",))
        wrong: list[Request] = [
            EnrolUnit(unit="u9", name="x", kind="ambulance", service="120", station="none", phone="1", officers=[]),
            EnrolDevice(device="d9", kind="mobile", unit="none"),
        ]
        for request in wrong:
            with pytest.raises(UnknownIdError):
                await d.ask(request, ADMIN)
        with pytest.raises(InvalidInputError):
            await d.ask(EnrolDevice(device="d9", kind="jt808"), ADMIN)
        await d.ask(EnrolDevice(device="pbx", kind="pbx"), ADMIN)


async def test_a_jt808_terminal_is_enrolled_under_a_number_that_one_can_have() -> None:  # R1088
    async with desk() as d:
        for device in ("013900001111", "0", "139-0000-1111", "car1", "1" * 21, "8A"):
            with pytest.raises(InvalidInputError, match="no JT/T 808 terminal"):
                await d.ask(EnrolDevice(device=device, kind="jt808", unit="u1"), ADMIN)
        phones = ("13900001111", "1" * 20, "8a6f1c")
        for device in phones:
            assert Header(msg_id=0x0200, phone=device.zfill(20), serial=1).device == device, "what the gateway looks up"
            await d.ask(EnrolDevice(device=device, kind="jt808", unit="u1"), ADMIN)
        await d.ask(EnrolDevice(device="013900001111", kind="osmand", unit="u1"), ADMIN)
        # One of an earlier release, in a rehearsal.
        await d.ask(EnrolDevice(device="013900002222", kind="jt808", unit="u1"), HUB)
        assert (await d.unit()).devices == ("du1", *phones, "013900001111", "013900002222")


async def test_a_device_belongs_to_one_unit() -> None:  # R56
    async with desk() as d:
        await d.ask(EnrolDevice(device="du1", kind="mobile", unit="u2"), ADMIN)
        assert (await d.unit("u1")).devices == ()
        assert (await d.unit("u2")).devices == ("du2", "du1")


async def test_a_new_leader_is_the_one_who_is_told() -> None:  # R57
    async with desk() as d:
        station = EnrolStation(
            station="st1", name="城关所", service="110", lat=LAT, lon=LON, leader="新所长", leader_phone="139"
        )
        await d.ask(station, ADMIN)
        sos = await d.ask(RaiseSos(unit="u1"), OFFICER)
        assert [m.to for m in await d.messages(sos)] == ["新所长"]
