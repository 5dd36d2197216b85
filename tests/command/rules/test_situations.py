"""Situations and the wall (SPEC R30-R36)."""

from __future__ import annotations

import pytest

from command.kernel.errors import ConflictError, NoRightError
from command.kernel.limits import MARKS_PER_SITUATION
from command.requests import (
    ClearSos,
    CloseSituation,
    GivenPlace,
    LocateSituation,
    MergeSituation,
    NoteSituation,
    PinFocus,
    RaiseSos,
    RecallOrder,
    SetLevel,
    StandDownPlan,
)
from tests.command.support import COMMANDER, DISPATCHER, LEADER, OFFICER, TAKER, desk, picture, refold


async def test_the_level_goes_up_and_down_and_the_time_line_says_which() -> None:  # R30
    async with desk() as d:
        situation = await d.situation(level=3)
        for level in (1, 1, 4):
            await d.ask(SetLevel(situation=situation, level=level, why="x"), COMMANDER)
        assert (await d.row("situations", situation)).level == 4
        kinds = [m.kind for m in await d.marks(situation)]
        assert kinds == ["situation_opened", "situation_raised", "situation_lowered"]


async def test_a_decision_is_a_commanders() -> None:  # R31
    async with desk() as d:
        situation = await d.situation()
        with pytest.raises(NoRightError):
            await d.ask(NoteSituation(situation=situation, text="封路", decision=True), TAKER)
        await d.ask(NoteSituation(situation=situation, text="封路", decision=True), COMMANDER)
        notes = [(m.actor, m.args["decision"]) for m in await d.marks(situation) if m.kind == "situation_noted"]
        assert notes == [("commander", True)]


async def test_a_situation_closes_once_nothing_of_it_runs() -> None:  # R32
    async with desk() as d:
        await d.on_duty()
        situation, activation = await d.activation()
        order = await d.order("u1", situation)
        close = CloseSituation(situation=situation)
        for mend, who in (
            (RecallOrder(order=order, why="x"), DISPATCHER),
            (StandDownPlan(activation=activation, why="x"), LEADER),
        ):
            for refused in (close, MergeSituation(situation=situation, into=await d.situation(), why="x")):
                with pytest.raises(ConflictError):
                    await d.ask(refused, DISPATCHER)
            await d.ask(mend, who)
        await d.ask(close, DISPATCHER)
        assert (await d.row("situations", situation)).state == "closed"
        for late in (close, SetLevel(situation=situation, level=1, why="x"), PinFocus(situation=situation)):
            with pytest.raises(ConflictError):
                await d.ask(late, COMMANDER)
        await d.ask(NoteSituation(situation=situation, text="补记"), DISPATCHER)


async def test_a_situation_with_a_call_for_help_is_neither_closed_nor_merged_away() -> None:  # R32
    async with desk() as d:
        sos = await d.ask(RaiseSos(unit="u1"), OFFICER)
        situation = (await d.row("sos", sos)).situation
        for request in (
            CloseSituation(situation=situation),
            MergeSituation(situation=situation, into=await d.situation(), why="x"),
        ):
            with pytest.raises(ConflictError):
                await d.ask(request, DISPATCHER)
        await d.ask(ClearSos(sos=sos, why="安全"), DISPATCHER)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)


async def test_merging_into_itself_or_a_closed_one_is_refused() -> None:  # R33
    async with desk() as d:
        one, other = await d.situation(), await d.situation()
        with pytest.raises(ConflictError):
            await d.ask(MergeSituation(situation=one, into=one, why="x"), COMMANDER)
        await d.ask(MergeSituation(situation=one, into=other, why="x"), COMMANDER)
        with pytest.raises(ConflictError) as refused:
            await d.ask(MergeSituation(situation=other, into=one, why="x"), COMMANDER)
        assert refused.value.extra["merged_into"] == other


async def test_the_wall_follows_a_merge_and_lets_go_of_what_closed() -> None:  # R34
    async with desk() as d:
        one, other = await d.situation(), await d.situation()
        await d.ask(PinFocus(situation=one), TAKER)
        await d.ask(MergeSituation(situation=one, into=other, why="x"), COMMANDER)
        assert (await d.row("focus", "wall")).situation == other
        await d.ask(CloseSituation(situation=other), COMMANDER)
        assert await d.table("focus") == {}
        await d.ask(PinFocus(situation=await d.situation()), TAKER)
        await d.ask(PinFocus(), TAKER)
        assert await d.table("focus") == {}


async def test_the_place_can_be_corrected() -> None:  # R30
    async with desk() as d:
        situation = await d.situation(place=GivenPlace(lat=30.5, lon=114.3, text="桥东"))
        await d.ask(LocateSituation(situation=situation, place=GivenPlace(lat=30.6, lon=114.3, text="桥西")), TAKER)
        assert (await d.row("situations", situation)).place.text == "桥西"


async def test_a_situation_keeps_its_newest_marks() -> None:  # R35
    async with desk() as d:
        situation = await d.situation()
        for n in range(MARKS_PER_SITUATION + 20):
            await d.ask(NoteSituation(situation=situation, text=str(n)), DISPATCHER)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        marks = await d.marks(situation)
        assert len(marks) == MARKS_PER_SITUATION
        assert marks[-1].kind == "situation_closed"
        assert marks[0].args["text"] == "21"
        assert picture(await refold(d.hub.journal)) == picture(await d.hub.read(lambda t: t))
