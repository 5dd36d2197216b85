"""A running plan's tasks with their marks, planned against done: for the director, the evaluation and the time line."""

from __future__ import annotations

import msgspec

from command.facts.plan_definition import Bilingual, PlanDefinition
from command.rows import TaskRow
from command.tables import Tables
from plans.evaluate import Evaluation, Outcome, TaskRecord, evaluate


class TaskLine(msgspec.Struct, frozen=True, kw_only=True):
    """One task of the plan: planned from `opened_ms` to `due_ms`, done at `done_ms` by whom. Instants are UTC."""

    key: str
    phase: str
    title: Bilingual
    mark: Outcome
    late_ms: int
    earned: float | None
    too_early_for: tuple[str, ...]
    opened_ms: int | None
    due_ms: int | None
    done_ms: int | None
    done_by: str


def evaluation(t: Tables, plan: PlanDefinition, activation: str | None, now_ms: int) -> Evaluation:
    """Return the marks of one run of the plan, or of none yet, as of `now_ms`."""
    return evaluate(_records(plan, _rows(t, activation)), now_ms)


def task_lines(t: Tables, plan: PlanDefinition, activation: str | None, now_ms: int) -> list[TaskLine]:
    """Return every task of the plan in its order, opened or not."""
    rows = _rows(t, activation)
    marks = {mark.task: mark for mark in evaluate(_records(plan, rows), now_ms).marks}
    lines = []
    for phase in plan.phases:
        for task in phase.tasks:
            row, mark = rows.get(task.id), marks[task.id]
            lines.append(
                TaskLine(
                    key=task.id, phase=phase.id, title=task.title, mark=mark.outcome, late_ms=mark.late_ms,
                    earned=mark.earned, too_early_for=mark.too_early_for, opened_ms=row.opened_ms if row else None,
                    due_ms=row.due_ms if row else None, done_ms=row.done_ms if row else None,
                    done_by=row.done_by if row else "",
                )
            )  # fmt: skip
    return lines


def _rows(t: Tables, activation: str | None) -> dict[str, TaskRow]:
    return {row.key: row for row in t.tasks if row.activation == activation}


def _records(plan: PlanDefinition, rows: dict[str, TaskRow]) -> list[TaskRecord]:
    tasks = [task for phase in plan.phases for task in phase.tasks]
    return [
        TaskRecord(
            task=task.id,
            order=order,
            opened_ms=row.opened_ms if (row := rows.get(task.id)) else None,
            due_ms=row.due_ms if row else None,
            done_ms=row.done_ms if row else None,
            after=task.after,
        )
        for order, task in enumerate(tasks)
    ]
