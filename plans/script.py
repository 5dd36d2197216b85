"""From what a script says to what people, devices and services ask of the record. Pure: reads tables, asks nothing."""

from __future__ import annotations

from typing import assert_never

import msgspec

from command import requests as q
from command.actors import HUB, Actor, Role
from command.facts import Place
from command.facts.plan_definition import PlanDefinition, PlanRole
from command.kernel.errors import ConflictError, UnknownIdError
from command.rows import ActivationRow, SituationRow, TaskRow
from command.tables import Tables
from plans.scenario import (
    ApprovalDecided,
    CallAnswered,
    CallEnded,
    CallLinked,
    CallRings,
    CameraFails,
    CameraRecovers,
    LinkFails,
    LinkRecovers,
    NoteInjected,
    PhaseOrdered,
    PlanActivated,
    PlateSighted,
    Scenario,
    Scripted,
    SituationOpened,
    TaskCarriedOut,
    UnitsOrdered,
    UnitStep,
)
from streams.watch_list import Wanted, WatchList

Asked = tuple[q.Request, Actor]

_NAMES: dict[Role, str] = {
    "call_taker": "演练接警员", "dispatcher": "演练派警员", "commander": "演练指挥长", "duty_leader": "演练值班领导",
    "officer": "演练民警", "camera_watch": "演练视频巡查员", "director": "演练导调", "exchange": "演练话务台",
}  # fmt: skip
_CallEvent = CallRings | CallAnswered | SituationOpened | CallLinked | CallEnded
_PlanEvent = PlanActivated | PhaseOrdered | TaskCarriedOut | ApprovalDecided | NoteInjected
_SceneEvent = PlateSighted | CameraFails | CameraRecovers | LinkFails | LinkRecovers


def played(role: Role, unit: str = "") -> Actor:
    """Return the actor that the script plays in a role; an officer is of a unit."""
    return Actor(id=f"script:{unit or role}", name=_NAMES[role], roles=frozenset({role}), unit=unit)


class Script:
    """What the events of one scenario for one plan ask. Names of the script are resolved by what the tables say now.

    So a step that a trainee took first is found as done: the situation of a script is the one that its call is about,
    whoever opened it, and an order is the one that the unit is on.
    """

    def __init__(self, scenario: Scenario, plan: PlanDefinition) -> None:
        self._plan = plan
        self._opens = {e.situation: e.call for e in scenario.events if isinstance(e, SituationOpened)}
        self._says = {e.call: e.text for e in scenario.events if isinstance(e, CallRings)}
        self._owners: dict[str, PlanRole] = {task.id: task.owner for phase in plan.phases for task in phase.tasks}

    def learn(self, event: Scripted) -> None:
        """Take in the names that an injected event brings."""
        if isinstance(event, SituationOpened):
            self._opens[event.situation] = event.call
        elif isinstance(event, CallRings):
            self._says[event.call] = event.text

    def requests(self, t: Tables, event: Scripted | UnitStep, now_ms: int) -> list[Asked]:
        """Return what is asked; `UnknownIdError` or `ConflictError` where what the event needs is not there."""
        match event:
            case CallRings() | CallAnswered() | SituationOpened() | CallLinked() | CallEnded():
                return self._of_call(t, event)
            case PlanActivated() | PhaseOrdered() | TaskCarriedOut() | ApprovalDecided() | NoteInjected():
                return [self._of_plan(t, event)]
            case UnitsOrdered():
                situation = self._situation(t, event.situation).id
                task = self._task(t, event.task).id if event.task else None
                dispatcher = played("dispatcher")
                return [
                    (q.IssueOrder(situation=situation, unit=unit, text=event.text, task=task), dispatcher)
                    for unit in event.units
                ]
            case UnitStep():
                return [_of_unit(t, event)]
            case PlateSighted() | CameraFails() | CameraRecovers() | LinkFails() | LinkRecovers():
                return _of_scene(t, event, now_ms)
        assert_never(event)

    def _of_call(self, t: Tables, event: _CallEvent) -> list[Asked]:
        taker = played("call_taker")
        match event:
            case CallRings():
                place = given(event.place) if event.place else None
                ring = q.ReportCall(call=event.call, dialled=event.dialled, caller=event.caller, place=place)
                return [(ring, played("exchange"))]
            case CallAnswered():
                answer: list[Asked] = [(q.AnswerCall(call=event.call), taker)]
                if says := self._says.get(event.call):
                    answer.append((q.ClassifyCall(call=event.call, form={"what": says}), taker))
                return answer
            case SituationOpened():
                opening = q.OpenSituation(
                    title=event.title, service=event.service, kind=event.incident, level=event.level,
                    call=event.call, place=given(event.place),
                )  # fmt: skip
                return [(opening, taker)]
            case CallLinked():
                situation = self._situation(t, event.situation).id
                return [(q.LinkCall(call=event.call, situation=situation, why=event.why), taker)]
            case CallEnded():
                return [(q.EndCall(call=event.call, outcome=event.outcome, why=event.why), taker)]
        assert_never(event)

    def _of_plan(self, t: Tables, event: _PlanEvent) -> Asked:
        match event:
            case PlanActivated():
                situation = self._situation(t, event.situation).id
                return q.ActivatePlan(plan=self._plan.id, situation=situation), played("commander")
            case PhaseOrdered():
                return self._next_phase(t, event.phase), played("commander")
            case TaskCarriedOut():
                task = self._task(t, event.task)
                return q.FinishTask(task=task.id, note=event.note), played(self._owners[event.task])
            case ApprovalDecided():
                approval = self._task(t, event.task).approval
                leader = Actor(id=f"script:{event.by}", name=event.by, roles=frozenset({"duty_leader"}))
                return q.DecideApproval(approval=approval, granted=event.granted, why=event.why), leader
            case NoteInjected():
                text = f"导调 → {_NAMES[event.to]}：{event.text}"
                return q.NoteSituation(situation=self._newest_situation(t).id, text=text), played("director")
        assert_never(event)

    def _situation(self, t: Tables, name: str) -> SituationRow:
        row = t.calls.get(self._opens.get(name, ""))
        if row is None or not row.situation:
            raise UnknownIdError(f"the situation {name} has not been opened")
        situation = t.situations.need(row.situation)
        while situation.merged_into:
            situation = t.situations.need(situation.merged_into)
        return situation

    def _newest_situation(self, t: Tables) -> SituationRow:
        situations = [s for s in t.situations if s.state != "closed"]
        if not situations:
            raise UnknownIdError("no situation is open to write it into")
        return max(situations, key=lambda s: s.changed_ms)

    def activation(self, t: Tables) -> ActivationRow:
        """Return the newest run of the plan; `UnknownIdError` before it was activated."""
        runs = [row for row in t.activations if row.plan == self._plan.id]
        if not runs:
            raise UnknownIdError(f"plan {self._plan.id} has not been activated")
        return max(runs, key=lambda row: row.activated_ms)

    def _task(self, t: Tables, key: str) -> TaskRow:
        activation = self.activation(t)
        task = next((row for row in t.tasks if row.activation == activation.id and row.key == key), None)
        if task is None:
            raise UnknownIdError(f"task {key} is not open yet")
        return task

    def _next_phase(self, t: Tables, phase: str) -> q.Request:
        activation = self.activation(t)
        names = [p.id for p in self._plan.phases]
        if phase not in names:
            raise UnknownIdError(f"the plan has no phase {phase}")
        if names.index(phase) != names.index(activation.phase) + 1:
            raise ConflictError(f"the plan is in phase {activation.phase}, so {phase} is not the next one")
        return q.NextPhase(activation=activation.id)


def given(place: Place) -> q.GivenPlace:
    """Return a place of a script as a request gives it."""
    return msgspec.convert(msgspec.structs.asdict(place), q.GivenPlace)


def _of_unit(t: Tables, event: UnitStep) -> Asked:
    unit = t.units.need(event.unit)
    if not unit.order:
        raise ConflictError(f"unit {unit.id} has no order")
    officer = played("officer", unit.id)
    if event.step == "fed_back":
        return q.FeedBack(order=unit.order, result=event.result or "已处置", text=event.text), officer
    return q.StepOrder(order=unit.order, step=event.step), officer


def _of_scene(t: Tables, event: _SceneEvent, now_ms: int) -> list[Asked]:
    match event:
        case PlateSighted():
            t.cameras.need(event.camera)
            watches = WatchList((w.id, Wanted(w.pattern, w.look_alike)) for w in t.watches if w.state == "active")
            return [
                (
                    q.ReportHit(
                        watch=match.watch,
                        plate=event.plate,
                        camera=event.camera,
                        seen_ms=now_ms,
                        confidence=event.confidence,
                        how=match.how,
                        score=match.score,
                    ),
                    HUB,
                )
                for match in watches.matching(event.plate)
            ]
        case CameraFails():
            return [(q.ReportCamera(camera=event.camera, up=False, reason=event.reason), HUB)]
        case CameraRecovers():
            return [(q.ReportCamera(camera=event.camera, up=True), HUB)]
        case LinkFails():
            return [(q.ReportLink(link=event.link, up=False, reason=event.reason), HUB)]
        case LinkRecovers():
            return [(q.ReportLink(link=event.link, up=True), HUB)]
    assert_never(event)
