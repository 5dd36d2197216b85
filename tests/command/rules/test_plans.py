"""Plans, tasks and the approvals they wait for (SPEC R70-R78)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from command.facts.plan_definition import PlanDefinition
from command.kernel.errors import ConflictError, InvalidInputError
from command.requests import (
    ActivatePlan,
    CloseSituation,
    DecideApproval,
    FinishTask,
    NextPhase,
    PublishPlan,
    RequestApproval,
    StandDownPlan,
)
from command.rows import ApprovalRow, TaskRow
from tests.command.support import (
    ADMIN,
    COMMANDER,
    DISPATCHER,
    HOUR_MS,
    LEADER,
    MINUTE_MS,
    OFFICER,
    START_MS,
    Desk,
    a_plan,
    desk,
)


async def task(d: Desk, key: str) -> TaskRow:
    rows: dict[str, TaskRow] = await d.table("tasks")
    return next(k for k in rows.values() if k.key == key)


async def keys(d: Desk) -> list[str]:
    return [k.key for k in (await d.table("tasks")).values()]


async def approval(d: Desk) -> ApprovalRow:
    rows: dict[str, ApprovalRow] = await d.table("approvals")
    return next(iter(rows.values()))


async def finish(d: Desk, key: str) -> None:
    await d.ask(FinishTask(task=(await task(d, key)).id), OFFICER)


async def test_a_plan_runs_through_its_tasks_and_phases() -> None:  # R70
    async with desk() as d:
        situation, activation = await d.activation()
        assert await keys(d) == ["close"]
        close = await task(d, "close")
        assert (close.due_ms, close.owner, close.role) == (START_MS + 5 * MINUTE_MS, "traffic", "dispatcher")
        await d.pass_time(2 * MINUTE_MS)
        await finish(d, "close")
        assert await keys(d) == ["close", "cordon"]
        assert (await task(d, "cordon")).due_ms == START_MS + 12 * MINUTE_MS
        await d.ask(DecideApproval(approval=(await approval(d)).id, granted=True), LEADER)
        assert (await d.row("activations", activation)).phase == "first"
        await d.pass_time(MINUTE_MS)
        await finish(d, "cordon")
        assert (await d.row("activations", activation)).phase == "second"
        assert (await task(d, "pump")).due_ms == START_MS + 63 * MINUTE_MS
        await finish(d, "pump")
        assert (await d.row("activations", activation)).state == "completed"
        seq = d.hub.committed_seq
        await finish(d, "pump")
        assert d.hub.committed_seq == seq
        await d.ask(CloseSituation(situation=situation), DISPATCHER)


async def test_a_task_that_needs_a_yes_is_not_done_before_it() -> None:  # R71
    async with desk() as d:
        await d.activation()
        await finish(d, "close")
        row = await approval(d)
        cordon = await task(d, "cordon")
        assert (row.subject, cordon.approval, row.state) == (cordon.id, row.id, "waiting")
        assert (row.warn_ms, row.due_ms) == (START_MS + 4 * MINUTE_MS, START_MS + 8 * MINUTE_MS)
        for granted in (None, False):
            if granted is False:
                await d.ask(DecideApproval(approval=row.id, granted=False, why="太大"), LEADER)
            with pytest.raises(ConflictError):
                await finish(d, "cordon")
        again = await d.ask(RequestApproval(item="缩小", subject=cordon.id, due_minutes=5), DISPATCHER)
        await d.ask(DecideApproval(approval=again, granted=True), LEADER)
        await finish(d, "cordon")


async def test_a_late_task_is_one_alarm_until_it_is_done() -> None:  # R72
    async with desk() as d:
        situation, _ = await d.activation()
        close = await task(d, "close")
        await d.pass_time(5 * MINUTE_MS - 1)
        assert not (await task(d, "close")).overdue
        await d.pass_time(HOUR_MS)
        assert (await task(d, "close")).overdue
        alarm = await d.alarm("task_overdue", close.id)
        assert alarm is not None
        assert (alarm.count, alarm.level, alarm.situation) == (1, 2, situation)
        assert (await d.row("situations", situation)).overdue == 1
        await finish(d, "close")
        assert await d.alarm("task_overdue", close.id) is None
        assert (await task(d, "close")).overdue


async def test_the_commander_may_go_on_before_a_phase_is_done() -> None:  # R73
    async with desk() as d:
        _, activation = await d.activation()
        await d.ask(NextPhase(activation=activation), COMMANDER)
        assert await keys(d) == ["close", "pump"]
        with pytest.raises(ConflictError):
            await d.ask(NextPhase(activation=activation), COMMANDER)
        await finish(d, "close")
        assert await keys(d) == ["close", "pump", "cordon"]


async def test_a_task_of_a_phase_that_was_left_is_due_from_that_phase() -> None:  # R70, R73
    async with desk() as d:
        await d.ask(PublishPlan(definition=_with(number=1, due_from=None, needs_approval=None)))
        _, activation = await d.activation()
        await d.pass_time(3 * MINUTE_MS)
        await d.ask(NextPhase(activation=activation), COMMANDER)
        await d.pass_time(MINUTE_MS)
        await finish(d, "close")
        assert (await task(d, "cordon")).due_ms == START_MS + 10 * MINUTE_MS


async def test_standing_down_drops_what_is_open_and_what_it_waits_for() -> None:  # R74
    async with desk() as d:
        _, activation = await d.activation()
        await finish(d, "close")
        await d.pass_time(30 * MINUTE_MS)
        assert len(await d.table("alarms")) == 2
        await d.ask(StandDownPlan(activation=activation, why="虚惊"), LEADER)
        assert await d.table("alarms") == {}
        assert [k.state for k in (await d.table("tasks")).values()] == ["done", "dropped"]
        row = await approval(d)
        assert (row.state, row.decided_by, row.why) == ("refused", "duty_leader", "虚惊")
        await d.pass_time(3 * HOUR_MS)
        assert await d.table("alarms") == {}
        assert set(await d.table("deadlines")) == {"sweep:tables"}
        for request in (
            FinishTask(task=(await task(d, "cordon")).id),
            NextPhase(activation=activation),
            StandDownPlan(activation=activation, why="x"),
        ):
            with pytest.raises(ConflictError):
                await d.ask(request, COMMANDER)


async def test_a_situation_runs_one_plan_at_a_time() -> None:  # R75
    async with desk() as d:
        situation, activation = await d.activation()
        with pytest.raises(ConflictError):
            await d.ask(ActivatePlan(plan="tanker", situation=situation), COMMANDER)
        await d.ask(StandDownPlan(activation=activation, why="x"), COMMANDER)
        await d.ask(ActivatePlan(plan="tanker", situation=situation), COMMANDER)


async def test_a_version_is_published_once_and_a_running_plan_keeps_its_own() -> None:  # R76
    async with desk() as d:
        _, activation = await d.activation()
        seq = d.hub.committed_seq
        await d.ask(PublishPlan(definition=a_plan()), ADMIN)
        assert d.hub.committed_seq == seq
        with pytest.raises(ConflictError):
            await d.ask(PublishPlan(definition=a_plan("1", "别的")), ADMIN)
        await d.ask(PublishPlan(definition=a_plan("2", "别的")), ADMIN)
        assert (await d.row("plans", "tanker")).version == "2"
        assert (await d.row("activations", activation)).definition.version == "1"


def _with(phase: int = 0, number: int = 0, **changes: Any) -> PlanDefinition:
    plan = a_plan("9")
    phases = list(plan.phases)
    tasks = list(phases[phase].tasks)
    tasks[number] = replace(tasks[number], **changes)
    phases[phase] = replace(phases[phase], tasks=tuple(tasks))
    return replace(plan, phases=tuple(phases))


@pytest.mark.parametrize(
    "plan",
    [
        _with(id="cordon"),
        _with(1, id="close"),
        _with(after=("none",)),
        _with(after=("close",)),
        _with(after=("cordon",)),
        _with(after=("pump",)),
        _with(due_from="none"),
        replace(a_plan("9"), phases=(a_plan().phases[0], replace(a_plan().phases[1], id="first"))),
    ],
    ids=["twice", "twice in two phases", "unknown", "itself", "circle", "later", "due from unknown", "phase twice"],
)
async def test_a_plan_that_could_never_end_is_refused(plan: PlanDefinition) -> None:  # R77
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(PublishPlan(definition=plan), ADMIN)
