"""Advice: likely duplicates and units to send (SPEC R88-R90)."""

from __future__ import annotations

from command.requests import (
    CloseSituation,
    EnrolDevice,
    EnrolUnit,
    GivenPlace,
    NoteSituation,
    RaiseSos,
    ReportCall,
    StartShift,
)
from command.rules import advice
from command.wire import Candidate, Recommendation
from tests.command.support import DISPATCHER, HERE, HOUR_MS, MINUTE_MS, OFFICER, SHIFT_MS, Desk, desk, position

LAT, LON = HERE


def at(north_m: float = 0) -> GivenPlace:
    return GivenPlace(lat=LAT + north_m / 111_195, lon=LON)


async def duplicates(d: Desk, call: str) -> list[Candidate]:
    now_ms = d.clock.now_ms()
    return await d.hub.read(lambda t: advice.likely_duplicates(t, call, now_ms))


async def units_for(d: Desk, situation: str) -> list[Recommendation]:
    now_ms = d.clock.now_ms()
    return await d.hub.read(lambda t: advice.recommend(t, t.situations.need(situation), now_ms))


async def test_the_nearest_and_newest_of_the_same_kind_is_the_likeliest() -> None:  # R88
    async with desk() as d:
        near, kind = await d.situation(place=at(50)), await d.situation(place=at(50), service="119")
        farther, far = await d.situation(place=at(500)), await d.situation(place=at(5000))
        call = await d.ask(ReportCall(dialled="110", caller="1", place=at()))
        found = await duplicates(d, call)
        assert [c.situation for c in found] == [near, kind, farther]
        assert far not in [c.situation for c in found]
        best = found[0]
        assert (best.distance_m, best.minutes, best.same_kind, best.same_caller) == (50, 0, True, False)
        assert 0 < found[-1].score < best.score <= 1


async def test_the_same_caller_is_found_without_a_place() -> None:  # R88
    async with desk() as d:
        first = await d.answered_call(caller="13900001111")
        situation = await d.situation(call=first)
        again = await d.ask(ReportCall(dialled="110", caller="13900001111"))
        assert [c.situation for c in await duplicates(d, again)] == [situation]
        stranger = await d.ask(ReportCall(dialled="110", caller="13900002222"))
        hidden = await d.ask(ReportCall(dialled="110", caller=""))
        assert await duplicates(d, stranger) == await duplicates(d, hidden) == []


async def test_closed_old_and_its_own_situations_are_no_duplicates() -> None:  # R88
    async with desk() as d:
        closed = await d.situation(place=at())
        await d.ask(CloseSituation(situation=closed), DISPATCHER)
        old = await d.situation(place=at())
        await d.pass_time(61 * MINUTE_MS)
        call = await d.answered_call(place=at())
        await d.situation(call=call)
        assert await duplicates(d, call) == []
        await d.ask(NoteSituation(situation=old, text="又响了"), DISPATCHER)
        assert [c.situation for c in await duplicates(d, call)] == [old]


async def test_at_most_five_are_shown() -> None:  # R88
    async with desk() as d:
        for _ in range(7):
            await d.situation(place=at())
        call = await d.ask(ReportCall(dialled="110", caller="1", place=at()))
        assert len(await duplicates(d, call)) == 5


async def test_fitting_units_come_first_then_by_arrival() -> None:  # R89
    """A foot patrol that is near needs longer than a car; the engine that is nearest does not fit a 110 call."""
    async with desk() as d:
        await d.on_duty()
        north = {"u1": 1500, "u2": 4000, "u3": 1000, "u4": 100}
        d.hub.positions_changed([position(unit, at(m).lat, LON) for unit, m in north.items()])
        await d.pass_time(0)
        found = await units_for(d, await d.situation(place=at()))
        assert [r.unit for r in found] == ["u1", "u2", "u3", "u4"]
        assert [r.fits for r in found] == [True, True, True, False]
        assert found[3].why == ["nearest", "other_service"]
        assert found[0].why == ["fits_service", "own_area"]
        assert found[1].why == ["fits_service"]
        assert found[0].distance_m == 1500
        assert found[0].arrival_s == round(1500 * 1.35 / (45 / 3.6))


async def test_an_old_position_counts_for_less_and_says_so() -> None:  # R89
    async with desk() as d:
        await d.on_duty("u1", "u2")
        await d.pass_time(3 * MINUTE_MS)
        d.hub.positions_changed([position("u1", LAT, LON), position("u2", at(3000).lat, LON, d.clock.now_ms())])
        await d.pass_time(0)
        found = await units_for(d, await d.situation(place=at()))
        assert [r.unit for r in found] == ["u2", "u1"]
        assert found[1].why == ["nearest", "fits_service", "own_area", "stale_position"]
        assert found[1].position_age_ms == 3 * MINUTE_MS


async def test_who_is_off_busy_in_distress_or_nowhere_is_not_offered() -> None:  # R90
    async with desk() as d:
        await d.on_duty("u1", "u2", "u3")
        d.hub.positions_changed([position(unit, LAT, LON) for unit in ("u1", "u2", "u4")])
        await d.pass_time(0)
        situation = await d.situation(place=at())
        await d.ask(RaiseSos(unit="u1"), OFFICER)
        await d.order("u2", situation)
        assert await units_for(d, situation) == []
        assert await units_for(d, await d.situation()) == []


async def test_at_most_ten_units_are_offered() -> None:  # R89
    async with desk() as d:
        for n in range(14):
            unit = EnrolUnit(
                unit=f"x{n}", name="x", kind="patrol_car", service="110", station="st1", phone="1", officers=[]
            )
            await d.ask(unit)
            await d.ask(EnrolDevice(device=f"dx{n}", kind="mobile", unit=f"x{n}"))
            await d.ask(StartShift(unit=f"x{n}", until_ms=SHIFT_MS + HOUR_MS))
        d.hub.positions_changed([position(f"x{n}", at(n * 100).lat, LON) for n in range(14)])
        await d.pass_time(0)
        found = await units_for(d, await d.situation(place=at()))
        assert [r.unit for r in found] == [f"x{n}" for n in range(10)]
