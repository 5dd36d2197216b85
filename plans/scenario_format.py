"""Read a scenario and check it: order in time, names that exist, tracks that can be driven."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from command.facts.plan_definition import PlanDefinition
from plans.expand import happenings
from plans.limits import SCENARIO_DURATION_MS, SCENARIO_EVENTS, SCENARIO_HAPPENINGS
from plans.scenario import OFFSET_PATTERN, Scenario, offset_ms
from plans.typed import convert
from plans.yaml_lines import Mapping, Node, PlanError, Problem, Scalar, Sequence, parse

_BRINGS_IN = {"call": "call", "open": "situation"}
"""Which kind of event brings a call or situation into the scenario; every other mention of it comes later."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario may name: units and cameras of the county, and of its plan the phases, tasks and approvals."""

    units: frozenset[str]
    cameras: frozenset[str]
    phases: frozenset[str]
    tasks: frozenset[str]
    approvals: frozenset[str]


def known_of(plan: PlanDefinition, units: frozenset[str], cameras: frozenset[str]) -> Known:
    """Return what a scenario for `plan` may name; its `approvals` are the tasks that need one."""
    tasks = [task for phase in plan.phases for task in phase.tasks]
    return Known(
        units=units,
        cameras=cameras,
        phases=frozenset(phase.id for phase in plan.phases),
        tasks=frozenset(task.id for task in tasks),
        approvals=frozenset(task.id for task in tasks if task.needs_approval is not None),
    )


def load_scenario(source: bytes | str, known: Known) -> Scenario:
    """Return the scenario written in `source`; `PlanError` holds all of its problems, with line and column."""
    root, problems = parse(source)
    listed = root.get("events") if isinstance(root, Mapping) else None
    items = listed.items if isinstance(listed, Sequence) else ()
    if len(items) > SCENARIO_EVENTS:
        raise PlanError([root.problem("events", f"a scenario has at most {SCENARIO_EVENTS} events")])
    events = [(item, f"events[{index}]") for index, item in enumerate(items) if isinstance(item, Mapping)]
    scenario, wrong = convert(root, Scenario)
    problems += wrong + list(_times(root, events)) + list(_mentions(events))
    for event, path in events:
        problems += _names(event, path, known)
        if _word(event.get("kind")) == "track":
            problems += _track(event, path)
        if _word(event.get("kind")) == "respond":
            problems += _response(event, path)
    if problems or scenario is None:
        raise PlanError(problems)
    if len(list(islice(happenings(scenario), SCENARIO_HAPPENINGS + 1))) > SCENARIO_HAPPENINGS:
        message = f"more than {SCENARIO_HAPPENINGS} fixes and events; raise fix_every_s or shorten the tracks"
        raise PlanError([root.problem("", message)])
    return scenario


def _times(root: Node, events: list[tuple[Mapping, str]]) -> Iterator[Problem]:
    ends = root.get("ends") if isinstance(root, Mapping) else None
    ends_ms = _at_ms(ends)
    if ends is None or ends_ms is None:
        return
    if not 0 < ends_ms <= SCENARIO_DURATION_MS:
        yield ends.problem("ends", f"a rehearsal lasts at most {SCENARIO_DURATION_MS // 3_600_000} hours and not 0")
    for event, path in events:
        at = event.get("at")
        at_ms = _at_ms(at)
        if at is not None and at_ms is not None and at_ms > ends_ms:
            yield at.problem(f"{path}.at", "this comes after the end of the rehearsal")


def _mentions(events: list[tuple[Mapping, str]]) -> Iterator[Problem]:
    """Yield calls and situations that come in twice, never, or only after they are mentioned."""
    for kind, key in _BRINGS_IN.items():
        since_ms: dict[str, int] = {}
        for event, path in events:
            name = event.get(key)
            if _word(event.get("kind")) == kind and name is not None and (word := _word(name)) is not None:
                if word in since_ms:
                    yield name.problem(f"{path}.{key}", f"the {key} {word} is already in the scenario")
                since_ms.setdefault(word, _at_ms(event.get("at")) or 0)
        for event, path in events:
            name = event.get(key)
            if _word(event.get("kind")) == kind or name is None or (word := _word(name)) is None:
                continue
            at_ms = _at_ms(event.get("at"))
            if word not in since_ms:
                yield name.problem(f"{path}.{key}", f"there is no {key} {word}")
            elif at_ms is not None and at_ms < since_ms[word]:
                yield name.problem(f"{path}.{key}", f"the {key} {word} comes later than this")


def _names(event: Mapping, path: str, known: Known) -> Iterator[Problem]:
    decides = _word(event.get("kind")) == "decide"
    allowed = {
        "unit": known.units,
        "units": known.units,
        "camera": known.cameras,
        "phase": known.phases,
        "task": known.tasks,
    }
    for key, names in allowed.items():
        value = event.get(key)
        items = value.items if isinstance(value, Sequence) else (value,)
        for item in items:
            if item is None or (word := _word(item)) is None:
                continue
            if word not in names:
                yield item.problem(f"{path}.{key}", f"there is no {key.removesuffix('s')} {word}")
            elif key == "task" and decides and word not in known.approvals:
                yield item.problem(f"{path}.{key}", f"the task {word} needs no approval")


def _track(event: Mapping, path: str) -> Iterator[Problem]:
    points = event.get("waypoints")
    items = [item for item in points.items if isinstance(item, Mapping)] if isinstance(points, Sequence) else []
    timed = [item.get("after_s") for item in items]
    if event.get("speed_kmh") is not None:
        for index, after in enumerate(timed):
            if after is not None:
                yield after.problem(
                    f"{path}.waypoints[{index}].after_s", "the track has a speed; give one or the other"
                )
        return
    last_s = -1.0
    for index, (item, after) in enumerate(zip(items, timed, strict=True)):
        where = f"{path}.waypoints[{index}].after_s"
        if after is None:
            yield item.problem(where, "the track has no speed_kmh, so each waypoint needs its time")
            continue
        after_s = _seconds(after)
        if after_s is None:
            continue
        if after_s <= last_s or (index == 0 and after_s != 0):
            yield after.problem(where, "times start at 0 and grow from waypoint to waypoint")
        last_s = after_s


def _response(event: Mapping, path: str) -> Iterator[Problem]:
    last_s, last_key = 0.0, ""
    for key in ("sign_s", "depart_s", "arrive_s", "feed_back_s"):
        delay = event.get(key)
        delay_s = _seconds(delay)
        if delay is None or delay_s is None:
            continue
        if delay_s < last_s:
            yield delay.problem(f"{path}.{key}", f"this comes before {last_key}, at {last_s:g} s")
        last_s, last_key = delay_s, key


def _seconds(node: Node | None) -> float | None:
    try:
        return float(_word(node) or "")
    except ValueError:
        return None


def _word(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _at_ms(node: Node | None) -> int | None:
    word = _word(node)
    return offset_ms(word) if word is not None and OFFSET_PATTERN.fullmatch(word) else None
