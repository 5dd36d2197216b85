"""What is over leaves the tables, by facts, and the journal keeps it (SPEC R160-R168)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from command.actors import HUB
from command.facts.archive import TablesSwept
from command.hub import recorded
from command.journal.memory import MemoryJournal
from command.kernel import limits as kernel_limits
from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, TooManyError, UnknownIdError
from command.kernel.limits import SWEEP_EVERY_MS, SWEPT_AT_ONCE
from command.requests import (
    ActivatePlan,
    AnswerCall,
    ApproveWatch,
    CloseSituation,
    DecideApproval,
    EndCall,
    FeedBack,
    FinishTask,
    FixEvidence,
    HangUpCall,
    IssueOrder,
    LiftWatch,
    LinkCall,
    MergeSituation,
    NoteSituation,
    OpenSituation,
    RaiseSos,
    RecordCase,
    RecordMessage,
    RejectHit,
    ReportCall,
    ReportHit,
    ReportLink,
    RequestApproval,
    RequestWatch,
    SendMessage,
    StandDownPlan,
    StepOrder,
)
from command.rules import base
from command.rules.archive import tables_swept
from command.settings import Limits
from command.tables import Tables
from tests.command.support import (
    COMMANDER,
    DISPATCHER,
    HOUR_MS,
    LEADER,
    MINUTE_MS,
    OFFICER,
    START_MS,
    Desk,
    desk,
    picture,
    refold,
)

KEPT_MS = 24 * HOUR_MS
DAY_MS = 24 * HOUR_MS
OF_A_SITUATION = (
    "situations",
    "calls",
    "orders",
    "hits",
    "evidence",
    "activations",
    "tasks",
    "approvals",
    "cases",
    "marks",
)
GROWING = (*OF_A_SITUATION, "messages", "watches", "alarms", "sos", "deadlines")


async def swept(d: Desk) -> list[TablesSwept]:
    """Return the sweeps that the journal holds."""
    facts = [recorded(stored).fact for stored in await d.hub.journal.read("live", 0, 1_000_000)]
    return [fact for fact in facts if isinstance(fact, TablesSwept)]


async def sizes(d: Desk, *names: str) -> dict[str, int]:
    return await d.hub.read(lambda t: {name: len(t.by_name[name]) for name in names or GROWING})


async def busy_situation(d: Desk, number: int = 1) -> str:
    """Return a closed situation with a row in every table that hangs on it."""
    until_ms = d.clock.now_ms() + 2 * HOUR_MS
    watch = await d.ask(RequestWatch(pattern=f"京A{number:05d}", reason="x", level=2, until_ms=until_ms), COMMANDER)
    await d.ask(ApproveWatch(watch=watch), LEADER)
    seen_ms = d.clock.now_ms()
    hit = await d.ask(ReportHit(watch=watch, plate=f"京A{number:05d}", camera="k1", seen_ms=seen_ms, confidence=0.9))
    situation: str = (await d.row("hits", hit)).situation
    call = await d.answered_call(caller=f"138{number:08d}")
    await d.ask(LinkCall(call=call, situation=situation), DISPATCHER)
    await d.ask(EndCall(call=call, outcome="situation"), DISPATCHER)
    order = await d.order(situation=situation)
    await d.ask(
        FixEvidence(situation=situation, sha256="ab" * 32, media_type="image/jpeg", size=1, name="x", taken_ms=1)
    )
    await d.ask(StepOrder(order=order, step="arrived"), OFFICER)
    await d.ask(FeedBack(order=order, result="处置完毕"), OFFICER)
    activation = await d.ask(ActivatePlan(plan="tanker", situation=situation), COMMANDER)
    task = next(k.id for k in (await d.table("tasks")).values() if k.activation == activation)
    await d.ask(FinishTask(task=task), DISPATCHER)
    await d.ask(StandDownPlan(activation=activation, why="够了"), COMMANDER)
    await d.ask(RecordCase(case=f"案{number}", situation=situation, step="opened"))
    await d.ask(CloseSituation(situation=situation), DISPATCHER)
    return situation


async def test_a_closed_situation_leaves_after_a_day_with_all_that_hangs_on_it() -> None:  # R161, R162
    async with desk() as d:
        await d.on_duty()
        situation = await busy_situation(d)
        still_open = await d.situation()
        assert all((await sizes(d, *OF_A_SITUATION)).values())
        await d.pass_time(KEPT_MS - MINUTE_MS)
        assert situation in await d.table("situations")
        await d.pass_time(MINUTE_MS + SWEEP_EVERY_MS)
        left = await sizes(d, *OF_A_SITUATION)
        assert {name for name, size in left.items() if size} == {"situations", "marks"}
        assert list(await d.table("situations")) == [still_open]
        assert {mark.situation for mark in (await d.table("marks")).values()} == {still_open}
        tables = await d.hub.read(lambda t: t)
        assert picture(tables) == picture(await refold(d.hub.journal))
        for late in (
            NoteSituation(situation=situation, text="x"),
            MergeSituation(situation=still_open, into=situation, why="x"),
            RequestApproval(item="x", subject="x", due_minutes=5, situation=situation),
            RecordCase(case="案1", situation=situation, step="assessed"),
            IssueOrder(situation=situation, unit="u1"),
        ):
            with pytest.raises(UnknownIdError):
                await d.ask(late)


async def test_a_change_after_the_close_keeps_it_another_day() -> None:  # R161
    async with desk() as d:
        situation = await d.situation()
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        await d.pass_time(KEPT_MS // 2)
        await d.ask(NoteSituation(situation=situation, text="补记"), DISPATCHER)
        await d.pass_time(KEPT_MS // 2 + HOUR_MS)
        assert situation in await d.table("situations")
        await d.pass_time(KEPT_MS // 2)
        assert situation not in await d.table("situations")


async def test_one_that_waits_for_a_yes_stays_until_a_day_after_it() -> None:  # R161
    async with desk() as d:
        situation = await d.situation()
        approval = await d.ask(RequestApproval(item="x", subject="x", due_minutes=5, situation=situation), DISPATCHER)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        await d.pass_time(3 * KEPT_MS)
        assert situation in await d.table("situations")
        await d.ask(DecideApproval(approval=approval, granted=True), LEADER)
        await d.pass_time(KEPT_MS - HOUR_MS)
        assert situation in await d.table("situations")
        await d.pass_time(2 * HOUR_MS)
        assert await sizes(d, "situations", "approvals") == {"situations": 0, "approvals": 0}


async def test_what_stands_alone_leaves_by_its_own_time() -> None:  # R163
    async with desk() as d:
        await d.on_duty()
        hoax, forgotten = await d.answered_call(), await d.answered_call()
        await d.ask(EndCall(call=hoax, outcome="hoax", why="x"), DISPATCHER)
        gone = await d.ask(ReportCall(dialled="110", caller="110"))
        await d.ask(HangUpCall(call=gone))
        worked_on = await d.answered_call()
        await d.ask(LinkCall(call=worked_on, situation=await d.situation()), DISPATCHER)
        sent = await d.ask(SendMessage(units=["u1"], text="x"), DISPATCHER)
        await d.ask(RecordMessage(message=sent, sent=True))
        await d.ask(SendMessage(units=["u2"], text="没有网关"), DISPATCHER)
        lifted = await d.ask(
            RequestWatch(pattern="京A12345", reason="x", level=2, until_ms=START_MS + 9 * DAY_MS), COMMANDER
        )
        await d.ask(LiftWatch(watch=lifted, why="x"), DISPATCHER)
        expired = await d.ask(RequestWatch(pattern="京B*", reason="x", level=2, until_ms=START_MS + HOUR_MS), COMMANDER)
        lasting = await d.ask(
            RequestWatch(pattern="京C*", reason="x", level=2, until_ms=START_MS + 9 * DAY_MS), COMMANDER
        )
        alone = await d.ask(RequestApproval(item="x", subject="x", due_minutes=5), DISPATCHER)
        await d.ask(DecideApproval(approval=alone, granted=True), LEADER)
        waiting = await d.ask(RequestApproval(item="x", subject="x", due_minutes=5), DISPATCHER)
        await d.pass_time(KEPT_MS - HOUR_MS)
        assert await sizes(d, "calls", "messages", "approvals") == {"calls": 4, "messages": 2, "approvals": 2}
        assert forgotten in await d.table("calls")
        assert expired in await d.table("watches")
        await d.pass_time(2 * HOUR_MS + 2 * SWEEP_EVERY_MS)
        assert list(await d.table("calls")) == [worked_on]
        assert await d.table("messages") == {}
        assert list(await d.table("approvals")) == [waiting]
        assert list(await d.table("watches")) == [lasting]


async def test_a_hit_can_be_rejected_once_its_watch_has_left() -> None:  # R163
    async with desk() as d:
        watch = await d.ask(
            RequestWatch(pattern="京A12345", reason="x", level=2, until_ms=START_MS + HOUR_MS), COMMANDER
        )
        await d.ask(ApproveWatch(watch=watch), LEADER)
        hit = await d.ask(ReportHit(watch=watch, plate="京A12345", camera="k1", seen_ms=START_MS, confidence=0.9))
        await d.pass_time(KEPT_MS + 2 * HOUR_MS)
        assert await d.table("watches") == {}
        await d.ask(RejectHit(hit=hit, why="不是"), DISPATCHER)
        assert (await d.row("hits", hit)).rejected_why == "不是"
        assert picture(await d.hub.read(lambda t: t)) == picture(await refold(d.hub.journal))


async def test_a_car_whose_merged_situation_outlives_the_one_that_went_on_opens_a_new_one() -> None:  # R69
    limits = Limits(keep_closed_h=2, hit_join_minutes=24 * 60)
    async with desk(limits=limits) as d:
        watch = await d.ask(
            RequestWatch(pattern="京A12345", reason="x", level=2, until_ms=START_MS + 9 * DAY_MS), COMMANDER
        )
        await d.ask(ApproveWatch(watch=watch), LEADER)
        hit = ReportHit(watch=watch, plate="京A12345", camera="k1", seen_ms=START_MS, confidence=0.9)
        former = (await d.row("hits", await d.ask(hit))).situation
        into = await d.situation()
        await d.ask(MergeSituation(situation=former, into=into, why="x"), DISPATCHER)
        await d.ask(CloseSituation(situation=into), DISPATCHER)
        await d.pass_time(HOUR_MS)
        await d.ask(NoteSituation(situation=former, text="x"), DISPATCHER)
        await d.pass_time(HOUR_MS + SWEEP_EVERY_MS)
        assert list(await d.table("situations")) == [former]
        again = await d.ask(ReportHit(watch=watch, plate="京A12345", camera="k2", seen_ms=START_MS, confidence=0.9))
        assert (await d.row("hits", again)).situation not in (former, into)


async def test_while_a_service_is_away_what_it_is_told_of_stays() -> None:  # R164
    async with desk() as d:
        situation = await d.situation()
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        await d.ask(ReportLink(link="case", up=False, reason="weg"))
        await d.pass_time(5 * DAY_MS)
        assert situation in await d.table("situations")
        await d.ask(ReportLink(link="case", up=True))
        await d.pass_time(SWEEP_EVERY_MS - MINUTE_MS)
        assert situation in await d.table("situations")
        await d.pass_time(2 * SWEEP_EVERY_MS)
        assert situation not in await d.table("situations")


async def test_an_old_journal_lets_go_in_bounded_sweeps_after_the_links_had_their_time() -> None:  # R165
    journal, clock = MemoryJournal(), VirtualClock(START_MS)
    async with desk(journal, clock=clock) as d:
        for number in range(SWEPT_AT_ONCE + 100):
            call = await d.ask(ReportCall(dialled="110", caller=str(number)))
            await d.ask(HangUpCall(call=call))
    clock.advance(START_MS + 90 * DAY_MS)
    async with desk(journal, clock=clock, enrolled=False) as d:
        await d.pass_time(SWEEP_EVERY_MS - MINUTE_MS)
        assert await sizes(d, "calls") == {"calls": SWEPT_AT_ONCE + 100}
        await d.pass_time(MINUTE_MS)
        assert await sizes(d, "calls") == {"calls": 100}
        await d.pass_time(MINUTE_MS)
        assert await sizes(d, "calls") == {"calls": 0}
        assert [len(fact.calls) for fact in await swept(d)] == [0, SWEPT_AT_ONCE, 100]
        head = d.hub.committed_seq
        await d.pass_time(10 * DAY_MS)
        assert d.hub.committed_seq == head  # nothing is over: no sweep


async def test_a_full_table_lets_the_oldest_go_early_and_never_what_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # R166
    monkeypatch.setattr(base, "KEPT_ROWS", small := dict.fromkeys(kernel_limits.KEPT_ROWS, 5))
    monkeypatch.setattr("command.rules.archive.KEPT_ROWS", small)
    async with desk() as d:
        ringing = [await d.ask(ReportCall(dialled="110", caller=str(n))) for n in range(7)]
        for call in ringing[:4]:
            await d.ask(HangUpCall(call=call))
        await d.pass_time(5 * MINUTE_MS)
        assert list(await d.table("calls")) == ringing[2:]
        more = [await d.ask(ReportCall(dialled="110", caller="1")) for _ in range(9)]
        assert set(more) <= set(await d.table("calls"))  # a call is never refused
        opened = [await d.situation() for _ in range(7)]
        for situation in opened[:3]:
            await d.ask(CloseSituation(situation=situation), DISPATCHER)
        await d.pass_time(5 * MINUTE_MS)
        assert list(await d.table("situations")) == opened[2:]
        sweeps = len(await swept(d))
        await d.pass_time(HOUR_MS)
        assert len(await swept(d)) - sweeps <= HOUR_MS // SWEEP_EVERY_MS


async def test_more_open_than_anybody_could_end_is_refused_but_never_a_call_for_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # R167
    monkeypatch.setattr("command.rules.situations.OPEN_SITUATIONS", 2)
    monkeypatch.setattr("command.rules.approvals.OPEN_APPROVALS", 2)
    monkeypatch.setattr("command.rules.watchlist.OPEN_WATCHES", 2)
    monkeypatch.setattr("command.rules.messages.KEPT_ROWS", {"messages": 2})
    situation = OpenSituation(title="x", service="110", kind="accident", level=4)
    watch = RequestWatch(pattern="京A*1", reason="x", level=2, until_ms=START_MS + HOUR_MS)
    approval = RequestApproval(item="x", subject="x", due_minutes=5)
    text = SendMessage(units=["u1"], text="x")
    async with desk() as d:
        await d.on_duty()
        last: dict[str, Any] = {}
        for request, ending in (
            (situation, lambda row: CloseSituation(situation=row)),
            (watch, lambda row: LiftWatch(watch=row, why="x")),
            (approval, lambda row: DecideApproval(approval=row, granted=True)),
            (text, lambda row: RecordMessage(message=row, sent=True)),
        ):
            for _ in range(2):
                last["row"] = await d.ask(request, HUB)
            with pytest.raises(TooManyError, match="2 "):
                await d.ask(request, HUB)
            await d.ask(ending(last["row"]))
            await d.ask(request, HUB)
        call = await d.answered_call()
        with pytest.raises(TooManyError):
            await d.situation(call=call)
        assert (await d.row("calls", call)).state == "answered"
        await d.ask(RaiseSos(unit="u1"), OFFICER)
        assert (await d.unit()).sos


def test_what_stands_in_the_journal_is_folded_whatever_the_tables_hold() -> None:  # R162
    fact = TablesSwept(next_ms=0, calls=("c9",), messages=("m9",), watches=("w9",), approvals=("v9",))
    t = Tables()
    stored = recorded_of(fact)
    tables_swept(t, fact, stored)
    assert not any(len(table) for table in t.by_name.values())


def recorded_of(fact: TablesSwept) -> Any:
    from command.facts import Recorded  # noqa: PLC0415

    return Recorded(seq=1, at_ms=START_MS, actor="hub", fact=fact)


def test_a_time_too_short_for_texts_to_be_sent_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="keep_closed_h"):
        msgspec.convert({"keep_closed_h": 1}, Limits)


@pytest.mark.parametrize("pattern", ["湘FI*", "湘F1234", "*湘", "京A1234567"])
async def test_a_watch_that_no_plate_can_satisfy_is_refused(pattern: str) -> None:  # R160
    async with desk() as d:
        with pytest.raises(InvalidInputError) as refused:
            await d.ask(RequestWatch(pattern=pattern, reason="x", level=2, until_ms=START_MS + HOUR_MS), COMMANDER)
        assert refused.value.code == "impossible_pattern"


async def test_twenty_days_of_work_need_no_more_than_the_last() -> None:  # R168
    async with desk() as d:
        most: list[dict[str, int]] = []
        for day in range(20):
            await d.on_duty()
            for hour in range(8):
                number = day * 8 + hour
                await busy_situation(d, number)
                call = await d.ask(ReportCall(dialled="119", caller=str(number)))
                await d.ask(AnswerCall(call=call), DISPATCHER)
                await d.ask(EndCall(call=call, outcome="inquiry"), DISPATCHER)
                await d.pass_time(HOUR_MS)
            most.append(await sizes(d))
            await d.pass_time(16 * HOUR_MS)
        assert most[-1] == most[2]
        assert all(size for name, size in most[-1].items() if name not in ("alarms", "sos"))
        situations = most[-1]["situations"]
        assert situations <= 2 * 8
        tables = await d.hub.read(lambda t: t)
        assert max(len(table.dropped_seq) for table in tables.by_name.values()) <= kernel_limits.TOMBSTONES
        assert picture(tables) == picture(await refold(d.hub.journal))
