"""`triune rehearse`: run a scenario for a plan against the demonstration county, without a hub or anybody to watch."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from command.facts import Recorded
from command.facts.plan_definition import PlanDefinition
from command.hub import recorded
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from command.rows import CameraRow, DeviceRow, FenceRow, PlanRow, PositionRow, StationRow, UnitRow, WatchRow
from consoles.demo.county import County, load_county
from plans.format import load_plan
from plans.registers import Registers
from plans.rehearsal import Outcome, Rehearsal, Speed
from plans.scenario import Scenario
from plans.scenario_format import known_of, load_scenario

_READ_FACTS = 1000
_SHOWN_CHARS = 60


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("rehearse", help="rehearse a plan with the demonstration county's forces")
    parser.add_argument("plan", help="a plan's YAML file, or the name of one of the demonstration")
    parser.add_argument("scenario", help="a scenario's YAML file, or the name of one of the demonstration")
    parser.add_argument("--speed", default="max", help="1 to 60 times real time, or max (default)")
    parser.add_argument("--quiet", action="store_true", help="print the result only")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rehearse and print what happens; the last line is the result as JSON."""
    county = load_county()
    plan = _plan(arguments.plan, county)
    scenario = _scenario(arguments.scenario, plan, county)
    rehearsal = Rehearsal(
        "rehearsal-1", plan, scenario, registers_of_county(county, scenario.starts_ms), speed=_speed(arguments.speed)
    )
    print(json.dumps(asyncio.run(_rehearse(rehearsal, quiet=arguments.quiet)), ensure_ascii=False))
    return 0


async def _rehearse(rehearsal: Rehearsal, *, quiet: bool) -> dict[str, object]:
    clock = SystemClock()
    began_ms = clock.now_ms()
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(rehearsal.run())]
        if not quiet:
            work.append(tasks.create_task(_print_facts(rehearsal)))
        await rehearsal.ended.wait()
        outcome = await rehearsal.outcome()
        for task in work:
            task.cancel()
    for refusal in rehearsal.refused:
        print(f"{_offset(rehearsal, refusal.at_ms)} refused {refusal.kind} {refusal.about}: {refusal.why}")
    return summary(rehearsal, outcome, clock.now_ms() - began_ms)


def summary(rehearsal: Rehearsal, outcome: Outcome, real_ms: int) -> dict[str, object]:
    """Return what the last line says."""
    return {
        "plan": rehearsal.plan.id,
        "scenario": rehearsal.scenario.id,
        "events": len(rehearsal.performed),
        "facts": rehearsal.hub.committed_seq - rehearsal.prepared_seq,
        "refused": msgspec.to_builtins(rehearsal.refused),
        "tasks": [
            {
                "key": line.key,
                "title": line.title.zh,
                "mark": line.mark,
                "late_s": line.late_ms / 1000,
                "opened_s": _seconds(rehearsal, line.opened_ms),
                "due_s": _seconds(rehearsal, line.due_ms),
                "done_s": _seconds(rehearsal, line.done_ms),
            }
            for line in outcome.tasks
        ],
        "total": outcome.evaluation.total,
        "told": len(rehearsal.recorder.told) + rehearsal.recorder.dropped,
        "virtual_s": (outcome.now_ms - rehearsal.scenario.starts_ms) / 1000,
        "real_s": real_ms / 1000,
    }


def _seconds(rehearsal: Rehearsal, at_ms: int | None) -> float | None:
    return None if at_ms is None else (at_ms - rehearsal.scenario.starts_ms) / 1000


async def _print_facts(rehearsal: Rehearsal) -> None:
    await rehearsal.ready.wait()
    seq = rehearsal.prepared_seq
    while True:
        await rehearsal.hub.wait_beyond(seq)
        for stored in await rehearsal.journal.read(rehearsal.space, seq, _READ_FACTS):
            seq = stored.seq
            print(f"{_offset(rehearsal, stored.at_ms)} {line(recorded(stored))}")


def line(fact: Recorded) -> str:
    """Return a fact as a short line: who, what, and its plain values."""
    plain: dict[str, object] = msgspec.to_builtins(fact.fact)
    kind = plain.pop("fact")
    values = [f"{name}={str(value)[:_SHOWN_CHARS]}" for name, value in plain.items() if isinstance(value, str | int)]
    return " ".join([f"{fact.seq}", f"{fact.actor}", f"{kind}", *values])


def _offset(rehearsal: Rehearsal, at_ms: int) -> str:
    passed_s = (at_ms - rehearsal.scenario.starts_ms) // 1000
    return f"+{passed_s // 3600:02}:{passed_s // 60 % 60:02}:{passed_s % 60:02}"


def _speed(text: str) -> Speed:
    if text == "max":
        return "max"
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(f"a speed is a number or max, not {text!r}") from None


def _plan(name: str, county: County) -> PlanDefinition:
    known = next((plan for plan in county.plans if plan.id == name), None)
    return known or load_plan(_read(name, [plan.id for plan in county.plans]))


def _scenario(name: str, plan: PlanDefinition, county: County) -> Scenario:
    for scenario in county.scenarios:
        if name == scenario.id or (name == scenario.plan == plan.id):
            return scenario
    known = known_of(plan, frozenset(unit.id for unit in county.units), frozenset(cam.id for cam in county.cameras))
    return load_scenario(_read(name, [scenario.id for scenario in county.scenarios]), known)


def _read(name: str, names: Sequence[str]) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"{name} is no file that can be read ({error.strerror}) and none of {', '.join(names)}"
        ) from error


def registers_of_county(county: County, now_ms: int) -> Registers:
    """Return the demonstration county as a hub would have it that enrolled it at an instant."""
    return Registers(
        taken_ms=now_ms,
        stations=tuple(
            StationRow(
                id=s.id, name=s.name.zh, service=s.service, lat=s.lat, lon=s.lon, leader=s.leader.name,
                leader_phone=s.leader.phone,
            )
            for s in county.stations
        ),
        fences=tuple(
            FenceRow(id=f.id, name=f.name.zh, kind=f.kind, ring=f.ring, dwell_s=30, margin_m=30.0)
            for f in county.fences
        ),
        units=tuple(
            UnitRow(
                id=u.id, name=u.name, kind=u.kind, service=u.service, station=u.station, phone=u.phone,
                officers=u.officers, area=u.area, devices=(u.terminal.phone,),
            )
            for u in county.units
        ),
        devices=tuple(DeviceRow(id=u.terminal.phone, kind="jt808", unit=u.id) for u in county.units),
        cameras=tuple(
            CameraRow(
                id=c.id, name=c.name.zh, lat=c.lat, lon=c.lon, bearing_deg=c.bearing_deg, field_deg=c.field_deg,
                reads_plates=c.reads_plates, state="up",
            )
            for c in county.cameras
        ),
        watches=tuple(
            WatchRow(
                id=w.id, pattern=w.pattern, reason=w.reason.zh, level=w.level,
                until_ms=now_ms + w.valid_days * 86_400_000, state="active" if w.approved_by else "requested",
                requested_by=w.requested_by, requested_ms=now_ms, approved_by=w.approved_by,
            )
            for w in county.watches
        ),
        plans=tuple(PlanRow(id=p.id, version=p.version, definition=p) for p in county.plans),
        positions=tuple(
            PositionRow(
                id=u.id, device=u.terminal.phone, at_ms=now_ms, lat=u.route[0][1], lon=u.route[0][0], source="scenario"
            )
            for u in county.units
        ),
    )  # fmt: skip
