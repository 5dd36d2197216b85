"""What must hold between the parts of a plan: order without circles, deadlines that can be met, names that exist.

The checks read the YAML tree and not the typed plan, so that they can also judge a file that holds wrong values.
"""

from __future__ import annotations

import graphlib
import math
from collections.abc import Iterator

import msgspec

from command.kernel.limits import PLAN_TASKS
from plans.yaml_lines import Mapping, Node, Problem, Scalar, Sequence


class _Task(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks need of a task; a part that is missing or unreadable is None or left out."""

    node: Mapping
    path: str
    phase: int
    id: Scalar | None
    group: Scalar | None
    due_min: float | None
    due_from: Scalar | None
    after: tuple[Scalar, ...]
    approval: Mapping | None


def check_plan(root: Node) -> list[Problem]:
    """Return what does not fit together in a plan whose shape may be broken too."""
    phases = _mappings(root, "phases", "phases")
    tasks = [
        _task(node, path, number)
        for number, (phase, phase_path) in enumerate(phases)
        for node, path in _mappings(phase, "tasks", f"{phase_path}.tasks")
    ]
    if len(tasks) > PLAN_TASKS:
        return [tasks[PLAN_TASKS].node.problem(tasks[PLAN_TASKS].path, f"a plan has at most {PLAN_TASKS} tasks")]
    by_id = {task.id.text: task for task in reversed(tasks) if task.id is not None}
    problems = _twice([(phase.get("id"), path) for phase, path in phases], "id", "phase")
    problems += _twice([(task.id, task.path) for task in tasks], "id", "task")
    groups = _mappings(root, "groups", "groups")
    problems += _twice([(group.get("group"), path) for group, path in groups], "group", "group")
    named = {name.text for group, _ in groups if isinstance(name := group.get("group"), Scalar)}
    circles, before = _order(tasks, by_id)
    problems += circles
    for task in tasks:
        problems += _after(task, by_id)
        problems += _deadline(task, by_id, before)
        problems += _approval(task)
        if task.group is not None and task.group.text not in named:
            problems.append(task.group.problem(f"{task.path}.group", f"the plan has no group {task.group.text}"))
    return problems


def _task(node: Mapping, path: str, phase: int) -> _Task:
    after, approval = node.get("after"), node.get("needs_approval")
    return _Task(
        node=node,
        path=path,
        phase=phase,
        id=_scalar(node, "id"),
        group=_scalar(node, "group"),
        due_min=_number(node.get("due_min")),
        due_from=_scalar(node, "due_from"),
        after=tuple(item for item in after.items if isinstance(item, Scalar)) if isinstance(after, Sequence) else (),
        approval=approval if isinstance(approval, Mapping) else None,
    )


def _twice(ids: list[tuple[Node | None, str]], key: str, what: str) -> list[Problem]:
    first: dict[str, Node] = {}
    problems = []
    for node, path in ids:
        if isinstance(node, Scalar) and first.setdefault(node.text, node) is not node:
            message = f"the {what} {node.text} is already on line {first[node.text].line}"
            problems.append(node.problem(f"{path}.{key}", message))
    return problems


def _order(tasks: list[_Task], by_id: dict[str, _Task]) -> tuple[list[Problem], dict[str, frozenset[str]]]:
    """Return the circles, and for every task outside of one all tasks that come before it."""
    waits = {
        name: {after.text for after in task.after if after.text in by_id and after.text != name}
        for name, task in by_id.items()
    }
    problems = []
    for _ in tasks:  # each round opens one circle, so there are no more rounds than tasks
        sorter = graphlib.TopologicalSorter(waits)
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            circle: list[str] = error.args[1][:-1]
            start = min(circle, key=lambda name: by_id[name].node.line)
            turn = circle.index(start)
            spoken = " → ".join([*circle[turn:], *circle[:turn], start])
            problems.append(by_id[start].node.problem(f"{by_id[start].path}.after", f"waits for itself: {spoken}"))
            waits[start] = set()
        else:
            break
    before: dict[str, frozenset[str]] = {}
    for name in graphlib.TopologicalSorter(waits).static_order():
        before[name] = frozenset(waits[name]).union(*(before[earlier] for earlier in waits[name]))
    return problems, before


def _after(task: _Task, by_id: dict[str, _Task]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, after in enumerate(task.after):
        path, earlier = f"{task.path}.after[{index}]", by_id.get(after.text)
        if after.text in seen:
            yield after.problem(path, f"{after.text} is named twice")
        elif earlier is None:
            yield after.problem(path, f"there is no task {after.text}")
        elif task.id is not None and after.text == task.id.text:
            yield after.problem(path, "a task cannot wait for itself")
        elif earlier.phase > task.phase:
            yield after.problem(path, f"{after.text} belongs to a later phase")
        seen.add(after.text)


def _deadline(task: _Task, by_id: dict[str, _Task], before: dict[str, frozenset[str]]) -> Iterator[Problem]:
    if task.due_from is not None:
        earlier = before.get(task.id.text, frozenset()) if task.id is not None else frozenset()
        if task.due_from.text not in by_id:
            yield task.due_from.problem(f"{task.path}.due_from", f"there is no task {task.due_from.text}")
        elif task.id is not None and task.due_from.text not in earlier:
            message = f"{task.due_from.text} does not come before this task, so its time may never start"
            yield task.due_from.problem(f"{task.path}.due_from", message)
    due_min = _from_phase_start(task, by_id)
    for index, after in enumerate(task.after):
        waited = by_id.get(after.text)
        if waited is None or waited is task or waited.phase != task.phase:
            continue
        waited_min = _from_phase_start(waited, by_id)
        if due_min is not None and waited_min is not None and waited_min > due_min:
            message = f"due {due_min:g} min into the phase, before {after.text}, which may take {waited_min:g} min"
            yield after.problem(f"{task.path}.after[{index}]", message)


def _from_phase_start(task: _Task, by_id: dict[str, _Task]) -> float | None:
    """Return when the task is due at the latest, in minutes from the start of its phase, if that can be told."""
    total_min, seen, at = 0.0, set(), task
    while at.due_min is not None:
        total_min += at.due_min
        if at.due_from is None:
            return total_min
        following = by_id.get(at.due_from.text)
        if following is None or following.phase != task.phase or following.path in seen:
            return None
        seen.add(following.path)
        at = following
    return None


def _approval(task: _Task) -> Iterator[Problem]:
    if task.approval is None:
        return
    path = f"{task.path}.needs_approval"
    due, warn = task.approval.get("due_min"), task.approval.get("warn_min")
    due_min, warn_min = _number(due), _number(warn)
    if warn is not None and due_min is not None and warn_min is not None and warn_min > due_min:
        yield warn.problem(
            f"{path}.warn_min", f"the warning at {warn_min:g} min comes after the due time, {due_min:g} min"
        )
    if due is not None and due_min is not None and task.due_min is not None and due_min > task.due_min:
        message = f"the approval may take {due_min:g} min, longer than the task itself, {task.due_min:g} min"
        yield due.problem(f"{path}.due_min", message)


def _mappings(parent: Node, key: str, path: str) -> list[tuple[Mapping, str]]:
    children = parent.get(key) if isinstance(parent, Mapping) else None
    if not isinstance(children, Sequence):
        return []
    return [(item, f"{path}[{index}]") for index, item in enumerate(children.items) if isinstance(item, Mapping)]


def _scalar(node: Mapping, key: str) -> Scalar | None:
    value = node.get(key)
    return value if isinstance(value, Scalar) else None


def _number(node: Node | None) -> float | None:
    try:
        value = float(node.text) if isinstance(node, Scalar) and node.plain else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
