"""Orders, messages, evidence (SPEC R37-R47)."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.kernel.errors import ConflictError, NoRightError, UnknownIdError
from command.requests import (
    CloseSituation,
    EndShift,
    FeedBack,
    FixEvidence,
    IssueOrder,
    RecallOrder,
    RecordMessage,
    RefuseOrder,
    SendMessage,
    StepOrder,
)
from tests.command.support import (
    COMMANDER,
    DISPATCHER,
    HOUR_MS,
    MINUTE_MS,
    OFFICER,
    SECOND_MS,
    START_MS,
    Desk,
    actor,
    desk,
)

OTHER = actor("officer", "民警u2", unit="u2")


async def step(d: Desk, order: str, name: Literal["signed", "departed", "arrived"], who: Actor = OFFICER) -> None:
    await d.ask(StepOrder(order=order, step=name), who)


async def test_an_order_goes_through_its_steps_with_unit_and_situation() -> None:  # R37
    async with desk() as d:
        await d.on_duty("u1")
        situation = await d.situation()
        order = await d.order("u1", situation)
        seen = [(await d.row("situations", situation)).state]
        states = [(await d.unit()).state]
        for name in ("signed", "departed", "arrived"):
            await d.pass_time(SECOND_MS)
            await step(d, order, name)
            seen.append((await d.row("situations", situation)).state)
            states.append((await d.unit()).state)
        await d.ask(FeedBack(order=order, result="调解", text="双方和解"), OFFICER)
        seen.append((await d.row("situations", situation)).state)
        states.append((await d.unit()).state)
        assert seen == ["dispatched", "signed", "departed", "on_scene", "fed_back"]
        assert states == ["ordered", "ordered", "moving", "on_scene", "free"]
        row = await d.row("orders", order)
        times = [row.issued_ms, row.signed_ms, row.departed_ms, row.arrived_ms, row.fed_back_ms]
        assert times == [START_MS, *(START_MS + n * SECOND_MS for n in (1, 2, 3)), START_MS + 3 * SECOND_MS]
        assert (row.result, row.feedback, row.issued_by) == ("调解", "双方和解", "dispatcher")
        told = (await d.marks(situation))[-1].args  # R933
        assert (told["unit"], told["result"], told["text"]) == ("u1", "调解", "双方和解")
        assert (await d.unit()).order == ""
        await d.ask(CloseSituation(situation=situation), DISPATCHER)


async def test_the_officer_is_told_by_text_too() -> None:  # R37
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order()
        (message,) = await d.messages(order)
        assert (message.to, message.phone, message.state) == ("巡u1", "13800000000", "queued")
        assert "斗殴" in message.text


async def test_a_terminal_that_was_offline_may_jump_and_repeat_but_not_go_back() -> None:  # R38
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order()
        await step(d, order, "departed")
        row = await d.row("orders", order)
        assert (row.state, row.signed_ms, row.departed_ms) == ("departed", START_MS, START_MS)
        seq = d.hub.committed_seq
        await step(d, order, "signed")
        await step(d, order, "departed")
        assert d.hub.committed_seq == seq
        with pytest.raises(ConflictError):
            await d.ask(FeedBack(order=order, result="x"), OFFICER)
        with pytest.raises(ConflictError):
            await d.ask(RefuseOrder(order=order, why="x"), OFFICER)


async def test_only_the_units_own_officer_acts_on_its_order() -> None:  # R39
    """Also an officer with a second role in the field, one without a unit, and a desk of another station."""
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order()
        watcher = Actor(id="x", name="x", roles=frozenset({"officer", "camera_watch"}), unit="u2")
        nobody = actor("officer", "无单位")
        for who in (OTHER, watcher, nobody, actor("dispatcher", "乡镇", station="st2")):
            with pytest.raises(NoRightError):
                await step(d, order, "signed", who)
        for who in (OTHER, watcher, nobody):
            with pytest.raises(NoRightError):
                await d.ask(RefuseOrder(order=order, why="x"), who)
        await step(d, order, "signed", actor("dispatcher", "城关", station="st1"))


async def test_a_station_dispatches_its_own_units_only() -> None:  # R39
    async with desk() as d:
        await d.on_duty()
        situation = await d.situation()
        fire = actor("dispatcher", "消防站", station="st2")
        with pytest.raises(NoRightError):
            await d.ask(IssueOrder(situation=situation, unit="u1"), fire)
        assert await d.ask(IssueOrder(situation=situation, unit="u4"), fire)
        order = await d.order("u1", situation)
        with pytest.raises(NoRightError):
            await d.ask(RecallOrder(order=order, why="x"), fire)


async def test_a_unit_that_is_off_or_busy_is_not_sent() -> None:  # R40
    async with desk() as d:
        situation = await d.situation()
        with pytest.raises(ConflictError, match="off duty"):
            await d.order("u1", situation)
        await d.on_duty("u1")
        order = await d.order("u1", situation)
        with pytest.raises(ConflictError) as refused:
            await d.order("u1", situation)
        assert refused.value.extra["order"] == order
        with pytest.raises(ConflictError):
            await d.ask(EndShift(unit="u1"), OFFICER)
        with pytest.raises(UnknownIdError):
            await d.order("none", situation)


async def test_a_task_of_another_situation_is_not_ordered() -> None:  # R40
    async with desk() as d:
        await d.on_duty()
        situation, _ = await d.activation()
        task = next(iter(await d.table("tasks")))
        with pytest.raises(ConflictError):
            await d.ask(IssueOrder(situation=await d.situation(), unit="u1", task=task), DISPATCHER)
        await d.ask(IssueOrder(situation=situation, unit="u1", task=task), DISPATCHER)


async def test_an_unsigned_order_goes_to_the_leader_once() -> None:  # R41
    async with desk() as d:
        await d.on_duty("u1")
        situation = await d.situation(level=3)
        order = await d.order("u1", situation)
        await d.pass_time(60 * SECOND_MS - 1)
        assert await d.alarm("order_unsigned", order) is None
        await d.pass_time(1)
        alarm = await d.alarm("order_unsigned", order)
        assert alarm is not None
        assert (alarm.level, alarm.situation) == (3, situation)
        await d.pass_time(HOUR_MS)
        told = [m for m in await d.messages(order) if m.phone == "13900000001"]
        assert len(told) == 1
        assert (await d.row("situations", situation)).overdue == 1
        await step(d, order, "signed")
        assert await d.alarm("order_unsigned", order) is None
        row = await d.row("orders", order)
        assert (row.overdue, row.state) == (True, "signed")


async def test_a_signed_refused_or_recalled_order_is_never_overdue() -> None:  # R41
    async with desk() as d:
        await d.on_duty()
        signed, refused, recalled = [await d.order(unit) for unit in ("u1", "u2", "u3")]
        await step(d, signed, "signed")
        await d.ask(RefuseOrder(order=refused, why="爆胎"), OTHER)
        await d.ask(RecallOrder(order=recalled, why="误报"), COMMANDER)
        await d.pass_time(HOUR_MS)
        assert not any(o.overdue for o in (await d.table("orders")).values())
        assert (await d.unit("u2")).state == (await d.unit("u3")).state == "free"
        assert [m.text for m in await d.messages(recalled)][-1] == "【撤回】斗殴。误报"  # R958
        for order in (refused, recalled):
            with pytest.raises(ConflictError):
                await step(d, order, "signed", HUB)


async def test_an_unsigned_orders_alarm_ends_with_the_order() -> None:  # R1132
    async with desk() as d:
        await d.on_duty()
        refused, recalled = await d.order("u1"), await d.order("u2")
        await d.pass_time(60 * SECOND_MS)
        assert await d.alarm("order_unsigned", refused)
        assert await d.alarm("order_unsigned", recalled)
        await d.ask(RefuseOrder(order=refused, why="爆胎"), OFFICER)
        await d.ask(RecallOrder(order=recalled, why="误报"), COMMANDER)
        assert not [alarm for alarm in (await d.table("alarms")).values() if alarm.kind == "order_unsigned"]


async def test_a_refused_order_leaves_the_situation_open_to_another() -> None:  # R36, R42
    async with desk() as d:
        await d.on_duty()
        situation = await d.situation()
        order = await d.order("u1", situation)
        await d.ask(RefuseOrder(order=order, why="爆胎"), OFFICER)
        assert (await d.row("situations", situation)).state == "received"
        await d.order("u2", situation)
        assert (await d.row("situations", situation)).state == "dispatched"


async def test_a_shift_that_ends_during_an_order_goes_on_until_it_is_done() -> None:  # R43
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order()
        await step(d, order, "arrived")
        await d.pass_time(9 * HOUR_MS)
        assert (await d.unit()).state == "on_scene"
        await d.ask(FeedBack(order=order, result="x"), OFFICER)
        assert (await d.unit()).state == "free"
        await d.pass_time(15 * MINUTE_MS)
        assert (await d.unit()).state == "off"


async def test_messages_by_hand_go_to_each_unit_once() -> None:  # R44
    async with desk() as d:
        situation = await d.situation()
        send = SendMessage(units=["u1", "u2", "u1"], text="集合", situation=situation)
        await d.ask(send, DISPATCHER)
        assert [m.to for m in await d.messages(situation)] == ["巡u1", "巡u2"]
        for bad in (SendMessage(units=["u1", "none"], text="x"), SendMessage(units=["u1"], text="x", situation="none")):
            with pytest.raises(UnknownIdError):
                await d.ask(bad, DISPATCHER)
        assert len(await d.table("messages")) == 2


async def test_what_became_of_a_message_is_said_once() -> None:  # R44
    async with desk() as d:
        message = await d.ask(SendMessage(units=["u1"], text="x"), DISPATCHER)
        await d.ask(RecordMessage(message=message, sent=False, why="空号"))
        await d.ask(RecordMessage(message=message, sent=True))
        row = await d.row("messages", message)
        assert (row.state, row.why) == ("failed", "空号")


async def test_the_same_file_is_the_same_evidence() -> None:  # R45
    async with desk() as d:
        await d.on_duty()
        situation = await d.situation()
        order = await d.order("u1", situation)
        fix = FixEvidence(
            situation=situation, sha256="ab" * 32, media_type="image/jpeg", size=9, name="a.jpg",
            taken_ms=START_MS + HOUR_MS, order=order,
        )  # fmt: skip
        assert await d.ask(fix, OFFICER) == await d.ask(fix, OFFICER)
        (row,) = (await d.table("evidence")).values()
        assert (row.taken_ms, row.by, row.order) == (START_MS, "officer", order)
        other = FixEvidence(
            situation=await d.situation(), sha256="cd" * 32, media_type="image/jpeg", size=9, name="a.jpg", taken_ms=0,
            order=order,
        )  # fmt: skip
        with pytest.raises(ConflictError):
            await d.ask(other, OFFICER)
        with pytest.raises(NoRightError):  # R39
            await d.ask(replace(fix, sha256="ef" * 32), OTHER)
