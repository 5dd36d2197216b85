"""Calls (SPEC R21-R29, R940, R941)."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from command.actors import HUB
from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from command.kernel.limits import FORM_ANSWERS, TEXT_CHARS
from command.requests import (
    AnswerCall,
    ClassifyCall,
    EndCall,
    GivenPlace,
    HangUpCall,
    LinkCall,
    LocateCall,
    MergeSituation,
    OpenSituation,
    ReportCall,
)
from tests.command.support import COMMANDER, DISPATCHER, START_MS, TAKER, actor, desk

PLACE = GivenPlace(lat=30.5, lon=114.3, text="桥头")


async def test_a_call_goes_through_its_steps() -> None:  # R21
    async with desk() as d:
        call = await d.ask(ReportCall(dialled="122", caller="13512345678", place=PLACE))
        row = await d.row("calls", call)
        assert (row.state, row.arrived_ms, row.place.text) == ("ringing", START_MS, "桥头")
        await d.pass_time(5000)
        await d.ask(AnswerCall(call=call), TAKER)
        await d.ask(ClassifyCall(call=call, form={"vehicles": "2"}), TAKER)
        situation = await d.situation(call=call)
        await d.ask(EndCall(call=call, outcome="situation"), TAKER)
        row = await d.row("calls", call)
        assert (row.state, row.answered_ms, row.answered_by) == ("ended", START_MS + 5000, "call_taker")
        assert (row.form, row.situation, row.outcome) == ({"vehicles": "2"}, situation, "situation")
        opened = await d.row("situations", situation)
        assert (opened.calls, opened.place.text, opened.source) == ((call,), "桥头", call)


async def test_two_desks_answer_one_call_and_one_of_them_gets_it() -> None:  # R22
    async with desk() as d:
        call = await d.ask(ReportCall(dialled="110", caller="1"))
        both = await asyncio.gather(
            *(d.ask(AnswerCall(call=call), actor("call_taker", name)) for name in ("甲", "乙")), return_exceptions=True
        )
        assert both[0] == call
        assert isinstance(both[1], ConflictError)
        assert "甲" in both[1].detail
        assert (await d.row("calls", call)).answered_by == "甲"


async def test_an_exchange_that_tells_twice_tells_of_one_call() -> None:  # R23
    async with desk() as d:
        ring = ReportCall(dialled="110", caller="1", call="pbx-7")
        assert await d.ask(ring) == await d.ask(ring) == "pbx-7"
        assert len(await d.table("calls")) == 1


async def test_no_call_is_taken_for_another_that_has_its_id() -> None:  # R23
    """An exchange whose counter began anew, and one that names its calls as the hub does."""
    async with desk() as d:
        await d.ask(ReportCall(dialled="110", caller="1", call="pbx-7"))
        with pytest.raises(ConflictError):
            await d.ask(ReportCall(dialled="110", caller="2", call="pbx-7"))
        next_seq = d.hub.committed_seq + 1
        await d.ask(ReportCall(dialled="119", caller="3", call=f"c{next_seq + 1}"))
        call = await d.ask(ReportCall(dialled="110", caller="4"))
        assert (await d.row("calls", call)).caller == "4"
        assert len(await d.table("calls")) == 3


async def test_a_place_of_a_receiver_without_a_fix_never_costs_the_call() -> None:  # R24
    async with desk() as d:
        null = GivenPlace(lat=0, lon=0, source="phone")
        call = await d.ask(ReportCall(dialled="110", caller="1", place=null))
        assert (await d.row("calls", call)).place is None
        with pytest.raises(InvalidInputError):
            await d.ask(LocateCall(call=call, place=null), TAKER)


async def test_places_come_in_as_wgs84_whatever_the_map_speaks() -> None:  # R24
    async with desk() as d:
        call = await d.answered_call()
        gcj = GivenPlace(lat=39.913345, lon=116.384047, datum="gcj02")
        await d.ask(LocateCall(call=call, place=gcj), TAKER)
        place = (await d.row("calls", call)).place
        assert (place.lat, place.lon) == pytest.approx((39.911954, 116.377817), abs=2e-6)


async def test_the_carriers_fix_reaches_the_situation_that_has_no_place() -> None:  # R25
    """It comes after the situation was opened, and after the caller hung up."""
    async with desk() as d:
        call = await d.answered_call()
        situation = await d.situation(call=call)
        await d.ask(LocateCall(call=call, place=PLACE))
        assert (await d.row("situations", situation)).place.text == "桥头"
        await d.ask(LocateCall(call=call, place=GivenPlace(lat=30.6, lon=114.3)))
        assert (await d.row("situations", situation)).place.text == "桥头"
        gone = await d.ask(ReportCall(dialled="110", caller="9"))
        await d.ask(HangUpCall(call=gone))
        await d.ask(LocateCall(call=gone, place=PLACE))
        assert (await d.row("calls", gone)).place.text == "桥头"


async def test_a_caller_who_hangs_up_unanswered_stays_to_be_called_back() -> None:  # R26
    async with desk() as d:
        call = await d.ask(ReportCall(dialled="110", caller="1"))
        await d.ask(HangUpCall(call=call))
        await d.ask(HangUpCall(call=call))
        assert (await d.row("calls", call)).state == "abandoned"
        with pytest.raises(ConflictError):
            await d.ask(AnswerCall(call=call), TAKER)
        await d.ask(EndCall(call=call, outcome="inquiry"), TAKER)


async def test_a_caller_who_hangs_up_in_the_middle_leaves_the_instant_on_the_call() -> None:  # R940
    """The desk calls back on it; the exchange tells of every end, some twice, and most after the desk is done."""
    async with desk() as d:
        call = await d.answered_call()
        await d.ask(ClassifyCall(call=call, form={"what": "有人持刀"}), TAKER)
        assert (await d.row("calls", call)).hung_up_ms is None
        await d.pass_time(7000)
        at_ms = d.clock.now_ms()
        await d.ask(HangUpCall(call=call))
        await d.pass_time(1000)
        seq = d.hub.committed_seq
        await d.ask(HangUpCall(call=call))
        assert d.hub.committed_seq == seq
        row = await d.row("calls", call)
        assert (row.state, row.hung_up_ms, row.form) == ("answered", at_ms, {"what": "有人持刀"})
        await d.ask(ClassifyCall(call=call, form={"what": "有人持刀抢劫"}), TAKER)
        assert (await d.row("calls", call)).hung_up_ms == at_ms
        await d.ask(EndCall(call=call, outcome="inquiry"), TAKER)
        over = await d.answered_call()
        await d.ask(EndCall(call=over, outcome="inquiry"), TAKER)
        await d.ask(HangUpCall(call=over))
        assert (await d.row("calls", over)).hung_up_ms is None


async def test_hubs_of_the_release_before_read_on_where_a_caller_hung_up() -> None:  # R940, R265
    """They stop at a kind that they do not know, and pass over a field: all that they make of this one is nothing."""
    async with desk() as d:
        call = await d.answered_call()
        await d.ask(ClassifyCall(call=call, form={"what": "打架"}), TAKER)
        seq = d.hub.committed_seq
        await d.ask(HangUpCall(call=call))
        (told,) = await d.hub.journal.read("live", seq, 10)
        assert msgspec.json.decode(told.data) == {
            "fact": "call_classified", "call": call, "form": {"what": "打架"}, "hung_up": True,
        }  # fmt: skip


async def test_a_call_ends_only_with_what_it_led_to() -> None:  # R27
    async with desk() as d:
        call = await d.answered_call()
        for outcome, why in (("situation", ""), ("duplicate", ""), ("hoax", ""), ("misdial", "")):
            with pytest.raises(ConflictError):
                await d.ask(EndCall(call=call, outcome=outcome, why=why), TAKER)  # type: ignore[arg-type]
        await d.ask(EndCall(call=call, outcome="hoax", why="小孩"), TAKER)
        for again in (EndCall(call=call, outcome="inquiry"), ClassifyCall(call=call, form={})):
            with pytest.raises(ConflictError):
                await d.ask(again, TAKER)
        with pytest.raises(UnknownIdError):
            await d.ask(EndCall(call="none", outcome="inquiry"), TAKER)


async def test_a_ringing_call_cannot_be_worked_on() -> None:  # R22
    async with desk() as d:
        call = await d.ask(ReportCall(dialled="110", caller="1"))
        situation = await d.situation()
        for request in (ClassifyCall(call=call, form={}), LinkCall(call=call, situation=situation)):
            with pytest.raises(ConflictError):
                await d.ask(request, TAKER)
        with pytest.raises(ConflictError):
            await d.situation(call=call)


async def test_a_call_is_about_one_situation() -> None:  # R28
    async with desk() as d:
        call = await d.answered_call()
        first, other = await d.situation(call=call), await d.situation()
        with pytest.raises(ConflictError):
            await d.situation(call=call)
        await d.ask(LinkCall(call=call, situation=other, why="同一起"), TAKER)
        await d.ask(LinkCall(call=call, situation=other, why="同一起"), TAKER)
        assert (await d.row("situations", first)).calls == ()
        assert (await d.row("situations", other)).calls == (call,)
        row = await d.row("calls", call)
        assert (row.situation, row.linked_why) == (other, "同一起")


async def test_the_same_form_again_is_no_fact() -> None:  # R29
    async with desk() as d:
        call = await d.answered_call()
        await d.ask(ClassifyCall(call=call, form={"what": "x"}), TAKER)
        seq = d.hub.committed_seq
        await d.ask(ClassifyCall(call=call, form={"what": "x"}), TAKER)
        assert d.hub.committed_seq == seq


async def test_merging_takes_the_calls_along_also_those_that_ended() -> None:  # R33
    async with desk() as d:
        call = await d.answered_call()
        row, into = await d.situation(call=call), await d.situation()
        await d.ask(EndCall(call=call, outcome="situation"), TAKER)
        await d.ask(MergeSituation(situation=row, into=into, why="同一起"), COMMANDER)
        assert (await d.row("calls", call)).situation == into
        assert (await d.row("situations", into)).calls == (call,)
        merged = await d.row("situations", row)
        assert (merged.state, merged.merged_into, merged.calls) == ("closed", into, ())
        with pytest.raises(ConflictError):
            await d.ask(LinkCall(call=await d.answered_call(), situation=row), TAKER)
        with pytest.raises(UnknownIdError):
            await d.ask(OpenSituation(title="x", service="110", kind="accident", level=4, call="none"), DISPATCHER)
        assert await d.ask(ReportCall(dialled="110", caller="5"), HUB)


async def test_two_people_at_one_form_wipe_nothing_of_each_other() -> None:  # R941
    async with desk() as d:
        call = await d.answered_call()
        burning = ClassifyCall(call=call, form={"burning": "液化气站起火"}, seen={"burning": ""})
        await d.ask(burning, TAKER)
        await d.ask(ClassifyCall(call=call, form={"floors": "共3层"}, seen={"floors": ""}), COMMANDER)
        assert (await d.row("calls", call)).form == {"burning": "液化气站起火", "floors": "共3层"}
        await d.ask(ClassifyCall(call=call, form={"floors": "共5层"}, seen={"floors": "共3层"}), TAKER)
        assert (await d.row("calls", call)).form["floors"] == "共5层"
        await d.ask(ClassifyCall(call=call, form={"floors": ""}, seen={"floors": "共5层"}), TAKER)
        assert (await d.row("calls", call)).form["floors"] == ""
        seq = d.hub.committed_seq
        await d.ask(burning, TAKER)  # once more under another key
        assert d.hub.committed_seq == seq


async def test_what_two_wrote_into_one_field_at_the_same_time_is_both_kept() -> None:  # R941
    async with desk() as d:
        call = await d.answered_call()
        for text, who in (("1", TAKER), ("11", COMMANDER), ("1", TAKER), ("11；3", DISPATCHER), ("", COMMANDER)):
            await d.ask(ClassifyCall(call=call, form={"injured": text}, seen={"injured": ""}), who)
        assert (await d.row("calls", call)).form == {"injured": "1；11；3"}


async def test_a_form_that_two_fill_has_the_bounds_of_one() -> None:  # R941
    async with desk() as d:
        call = await d.answered_call()
        full = {f"q{n}": "x" for n in range(FORM_ANSWERS)}
        await d.ask(ClassifyCall(call=call, form=full), TAKER)
        with pytest.raises(InvalidInputError, match="at most 40 answers"):
            await d.ask(ClassifyCall(call=call, form={"more": "x"}, seen={}), TAKER)
        with pytest.raises(InvalidInputError, match="at most 4000 characters"):
            await d.ask(ClassifyCall(call=call, form={"q1": "y" * TEXT_CHARS}, seen={}), TAKER)
        assert (await d.row("calls", call)).form == full


async def test_a_whole_form_is_the_whole_form() -> None:  # R941
    """As pages of the release before ask, and an exchange that fills it in."""
    async with desk() as d:
        call = await d.answered_call()
        await d.ask(ClassifyCall(call=call, form={"what": "打架", "who": "两男"}), TAKER)
        await d.ask(ClassifyCall(call=call, form={"what": "打架"}), TAKER)
        assert (await d.row("calls", call)).form == {"what": "打架"}
