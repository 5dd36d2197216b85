"""Plans on a situation: published, activated, phases and their tasks, overdue, stood down."""

from __future__ import annotations

import graphlib

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.plan_definition import PlanDefinition, PlanPhase, PlanTask
from command.facts.plans import (
    PhaseStarted,
    PlanActivated,
    PlanPublished,
    PlanStoodDown,
    TaskDone,
    TaskOpened,
    TaskOverdue,
)
from command.kernel.errors import ConflictError, InvalidInputError, TooLargeError
from command.kernel.limits import PLAN_TASKS
from command.rows import ActivationRow, DeadlineRow, PlanRow, TaskRow
from command.rules.alarms import clear_alarm, raise_alarm
from command.rules.approvals import decide_once, request_approval
from command.rules.base import Decision, decides, drop_deadline, fires, folds, mark, set_deadline
from command.rules.situations import need_open
from command.tables import Tables

DUE = "task_due"


@decides(q.PublishPlan, "administrator", "commander", "hub")
def publish_plan(t: Tables, request: q.PublishPlan, actor: Actor, now_ms: int) -> Decision:
    """A checked plan becomes one to activate. The same version again says nothing; running ones keep theirs."""
    definition = request.definition
    _check_ids(definition)
    row = t.plans.get(definition.id)
    if row is None or row.version != definition.version:
        yield PlanPublished(plan=definition.id, version=definition.version, definition=definition)
    elif row.definition != definition:
        raise ConflictError(f"plan {definition.id} version {definition.version} was published with other content")
    return definition.id


def _check_ids(definition: PlanDefinition) -> None:
    """Refuse what would never end: ids used twice, or tasks that wait for one that is not there or comes after.

    Everything else that authors get wrong is found, with its line, where plans are read.
    """
    tasks = [task for phase in definition.phases for task in phase.tasks]
    if len(tasks) > PLAN_TASKS:
        raise TooLargeError(f"a plan has at most {PLAN_TASKS} tasks")
    names = [phase.id for phase in definition.phases], [task.id for task in tasks]
    if any(len(set(ids)) < len(ids) for ids in names):
        raise InvalidInputError("a phase or task id stands twice in the plan")
    known: set[str] = set()
    for phase in definition.phases:
        known |= {task.id for task in phase.tasks}
        if any(not known.issuperset((*task.after, *filter(None, (task.due_from,)))) for task in phase.tasks):
            raise InvalidInputError(f"a task of phase {phase.id} waits for one that does not come before it")
    try:
        graphlib.TopologicalSorter({task.id: task.after for task in tasks}).prepare()
    except graphlib.CycleError as error:
        raise InvalidInputError("tasks of the plan wait for each other in a circle") from error


@decides(q.ActivatePlan, "commander", "duty_leader", "dispatcher", "hub")
def activate_plan(t: Tables, request: q.ActivatePlan, actor: Actor, now_ms: int) -> Decision:
    """One plan a situation at a time; the first phase starts at once."""
    plan, situation = t.plans.need(request.plan), need_open(t, request.situation)
    if situation.activation and t.activations.need(situation.activation).state == "active":
        raise ConflictError(f"situation {situation.id} runs {situation.activation} already", current=situation)
    activation = t.next_id("p")
    yield PlanActivated(activation=activation, plan=plan.id, situation=situation.id)
    yield from _start_phase(t, activation, plan.definition.phases[0], now_ms)
    return activation


@decides(q.FinishTask, "call_taker", "dispatcher", "commander", "duty_leader", "camera_watch", "officer", "hub")
def finish_task(t: Tables, request: q.FinishTask, actor: Actor, now_ms: int) -> Decision:
    """Done; what waited for it opens, and the phase may end. A task that needs a yes is not done before it."""
    task = t.tasks.need(request.task)
    if task.state == "done":
        return task.id
    if task.state == "dropped":
        raise ConflictError(f"task {task.id} belongs to a plan that was stood down", current=task)
    approval = t.approvals.get(task.approval)
    if approval and approval.state != "granted":
        raise ConflictError(f"task {task.id} waits for approval {approval.id}", approval=approval.id, current=task)
    yield TaskDone(task=task.id, note=request.note)
    yield from clear_alarm(t, "task_overdue", task.id, "done")
    yield from _go_on(t, task.activation, now_ms)
    return task.id


@decides(q.NextPhase, "commander", "duty_leader", "hub")
def next_phase(t: Tables, request: q.NextPhase, actor: Actor, now_ms: int) -> Decision:
    """The commander does not wait for the rest of this phase; its open tasks stay open."""
    activation = _need_active(t, request.activation)
    phases = activation.definition.phases
    at = next(i for i, phase in enumerate(phases) if phase.id == activation.phase)
    if at + 1 == len(phases):
        raise ConflictError(f"{activation.phase} is the last phase", current=activation)
    yield from _start_phase(t, activation.id, phases[at + 1], now_ms)
    return activation.id


@decides(q.StandDownPlan, "commander", "duty_leader", "hub")
def stand_down_plan(t: Tables, request: q.StandDownPlan, actor: Actor, now_ms: int) -> Decision:
    """End it; open tasks are dropped, and what they still wait for is refused."""
    activation = _need_active(t, request.activation)
    tasks = [task for task in t.tasks if task.activation == activation.id and task.state == "open"]
    yield PlanStoodDown(activation=activation.id, why=request.why)
    for task in tasks:
        yield from clear_alarm(t, "task_overdue", task.id, "stood down")
        approval = t.approvals.get(task.approval)
        if approval and approval.state == "waiting":
            yield from decide_once(t, approval, granted=False, by=actor.name, why=request.why)
    return activation.id


@fires(DUE)
def task_due(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Not done in time: an alarm until it is."""
    task = t.tasks.need(deadline.subject)
    if task.state != "open" or task.overdue:
        return ""
    yield TaskOverdue(task=task.id)
    situation = t.situations.need(task.situation)
    yield from raise_alarm(t, "task_overdue", situation.level, task.id, situation=situation.id)
    return task.id


def _need_active(t: Tables, activation: str) -> ActivationRow:
    row = t.activations.need(activation)
    if row.state != "active":
        raise ConflictError(f"plan activation {row.id} is {row.state}", state=row.state, current=row)
    return row


def _start_phase(t: Tables, activation: str, phase: PlanPhase, now_ms: int) -> Decision:
    yield PhaseStarted(activation=activation, phase=phase.id)
    yield from _open_ready(t, activation, phase, now_ms)
    return activation


def _go_on(t: Tables, activation: str, now_ms: int) -> Decision:
    """Open what became ready in the running phase; start the next one where the plan says so."""
    row = t.activations.need(activation)
    if row.state != "active":
        return activation
    phases = row.definition.phases
    at = next(i for i, phase in enumerate(phases) if phase.id == row.phase)
    for phase in phases[: at + 1]:
        yield from _open_ready(t, activation, phase, now_ms)
    done = _done_keys(t, activation)
    if at + 1 < len(phases) and phases[at].next == "tasks_done" and all(k.id in done for k in phases[at].tasks):
        yield from _start_phase(t, activation, phases[at + 1], now_ms)
    return activation


def _done_keys(t: Tables, activation: str) -> dict[str, int]:
    return {
        task.key: task.done_ms
        for task in t.tasks
        if task.activation == activation and task.state == "done" and task.done_ms is not None
    }


def _open_ready(t: Tables, activation: str, phase: PlanPhase, now_ms: int) -> Decision:
    opened = {task.key for task in t.tasks if task.activation == activation}
    done = _done_keys(t, activation)
    row = t.activations.need(activation)
    for task in phase.tasks:
        if task.id not in opened and all(before in done for before in task.after):
            yield from _open_task(t, row, phase, task, done, now_ms)
    return activation


def _open_task(
    t: Tables, row: ActivationRow, phase: PlanPhase, task: PlanTask, done: dict[str, int], now_ms: int
) -> Decision:
    start_ms = done.get(task.due_from or "", _phase_start_ms(t, row, phase))
    task_id = t.next_id("t")
    yield TaskOpened(
        task=task_id, activation=row.id, phase=phase.id, key=task.id, due_ms=start_ms + round(task.due_min * 60_000)
    )
    if task.needs_approval:
        need = task.needs_approval
        yield from request_approval(
            t, item=need.item.zh, subject=task_id, situation=row.situation,
            warn_ms=now_ms + round(need.warn_min * 60_000), due_ms=now_ms + round(need.due_min * 60_000),
        )  # fmt: skip
    return task_id


def _phase_start_ms(t: Tables, row: ActivationRow, phase: PlanPhase) -> int:
    """Return when the phase started: one that the commander has left began with its first task."""
    if row.phase == phase.id:
        return row.phase_started_ms
    opened = (k.opened_ms for k in t.tasks if k.activation == row.id and k.phase == phase.id)
    return min(opened, default=row.phase_started_ms)


@folds(PlanPublished)
def plan_published(t: Tables, fact: PlanPublished, r: Recorded) -> None:
    """The newest version."""
    t.plans.put(PlanRow(id=fact.plan, version=fact.version, definition=fact.definition))


@folds(PlanActivated)
def plan_activated(t: Tables, fact: PlanActivated, r: Recorded) -> None:
    """Runs the version that is newest now."""
    plan = t.plans.need(fact.plan)
    t.activations.put(
        ActivationRow(
            id=fact.activation, plan=fact.plan, situation=fact.situation, state="active",
            phase=plan.definition.phases[0].id, phase_started_ms=r.at_ms, activated_ms=r.at_ms,
            activated_by=r.actor, definition=plan.definition,
        )
    )  # fmt: skip
    situation = t.situations.need(fact.situation)
    t.situations.put(replace(situation, activation=fact.activation, changed_ms=r.at_ms))
    mark(t, fact.situation, r, plan=fact.plan, title=plan.definition.title.zh)


@folds(PhaseStarted)
def phase_started(t: Tables, fact: PhaseStarted, r: Recorded) -> None:
    """Due times count from here."""
    row = replace(t.activations.need(fact.activation), phase=fact.phase, phase_started_ms=r.at_ms)
    t.activations.put(row)
    title = next(p.title.zh for p in row.definition.phases if p.id == fact.phase)
    mark(t, row.situation, r, phase=fact.phase, title=title)


@folds(PlanStoodDown)
def plan_stood_down(t: Tables, fact: PlanStoodDown, r: Recorded) -> None:
    """Its open tasks no longer count."""
    row = replace(t.activations.need(fact.activation), state="stood_down")
    t.activations.put(row)
    for task in [x for x in t.tasks if x.activation == row.id and x.state == "open"]:
        t.tasks.put(replace(task, state="dropped"))
        drop_deadline(t, DUE, task.id)
    mark(t, row.situation, r, why=fact.why)


@folds(TaskOpened)
def task_opened(t: Tables, fact: TaskOpened, r: Recorded) -> None:
    """Can be done now; its due time runs."""
    activation = t.activations.need(fact.activation)
    phase = next(p for p in activation.definition.phases if p.id == fact.phase)
    task = next(k for k in phase.tasks if k.id == fact.key)
    t.tasks.put(
        TaskRow(
            id=fact.task,
            activation=activation.id,
            situation=activation.situation,
            phase=fact.phase,
            key=fact.key,
            title=task.title.zh,
            title_en=task.title.en,
            owner=task.group,
            role=task.owner,
            state="open",
            opened_ms=r.at_ms,
            due_ms=fact.due_ms,
        )
    )
    set_deadline(t, DUE, fact.task, fact.due_ms)
    mark(t, activation.situation, r, task=fact.task, title=task.title.zh, due_ms=fact.due_ms)


@folds(TaskDone)
def task_done(t: Tables, fact: TaskDone, r: Recorded) -> None:
    """Done, in time or not; the plan is completed with its last task."""
    row = t.tasks.need(fact.task)
    t.tasks.put(replace(row, state="done", done_ms=r.at_ms, done_by=r.actor, note=fact.note))
    drop_deadline(t, DUE, fact.task)
    activation = t.activations.need(row.activation)
    planned = sum(len(phase.tasks) for phase in activation.definition.phases)
    if activation.state == "active" and len(_done_keys(t, activation.id)) == planned:
        t.activations.put(replace(activation, state="completed"))
    mark(t, row.situation, r, task=row.id, title=row.title, note=fact.note)


@folds(TaskOverdue)
def task_overdue(t: Tables, fact: TaskOverdue, r: Recorded) -> None:
    """Keeps its mark even when it is done later."""
    row = replace(t.tasks.need(fact.task), overdue=True)
    t.tasks.put(row)
    drop_deadline(t, DUE, fact.task)
    situation = t.situations.need(row.situation)
    t.situations.put(replace(situation, overdue=situation.overdue + 1, changed_ms=r.at_ms))
    mark(t, row.situation, r, task=row.id, title=row.title)
