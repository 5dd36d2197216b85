"""What people at desks do next, seeing only what their console shows: sometimes late, sometimes wrong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from command import requests as q
from command.actors import Role
from consoles.sim.county import LAT, LON, PLAN, SHIFT_MS
from consoles.sim.mirror import Mirror

Json = dict[str, Any]
Act = Callable[[Mirror, Random, int], q.Request | None]
_MINUTE_MS = 60_000


def _one(rows: list[Json], dice: Random) -> Json | None:
    return rows[int(dice.random() * len(rows))] if rows else None


def _place(dice: Random) -> q.GivenPlace:
    return q.GivenPlace(lat=LAT + dice.uniform(-0.02, 0.02), lon=LON + dice.uniform(-0.02, 0.02), text="桥头")


def _open(mirror: Mirror) -> list[Json]:
    return mirror.where("situations", lambda row: row["state"] != "closed")


# calls


def _answer(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    call = _one(mirror.where("calls", lambda row: row["state"] == "ringing"), dice)
    return q.AnswerCall(call=call["id"]) if call else None


def _answered(mirror: Mirror, dice: Random) -> Json | None:
    return _one(mirror.where("calls", lambda row: row["state"] in ("answered", "abandoned")), dice)


def _classify(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    call = _answered(mirror, dice)
    return q.ClassifyCall(call=call["id"], form={"what": dice.choice(("斗殴", "火灾", "车祸"))}) if call else None


def _locate(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    call = _answered(mirror, dice)
    return q.LocateCall(call=call["id"], place=_place(dice)) if call else None


def _open_situation(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    calls = mirror.where("calls", lambda row: row["state"] == "answered" and not row["situation"])
    call = _one(calls, dice)
    if call is None:
        return None
    kind: Any = dice.choice(("accident", "public_security"))
    return q.OpenSituation(
        title="斗殴", service=call["dialled"], kind=kind, level=dice.choice((1, 2, 3, 4)), call=call["id"],
        place=_place(dice) if dice.random() < 0.5 else None,
    )  # fmt: skip


def _link(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    call, situation = _answered(mirror, dice), _one(_open(mirror), dice)
    return q.LinkCall(call=call["id"], situation=situation["id"], why="同一起") if call and situation else None


def _end(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    call = _answered(mirror, dice)
    if call is None:
        return None
    outcome: Any = dice.choice(("situation", "duplicate") if call["situation"] else ("hoax", "misdial"))
    return q.EndCall(call=call["id"], outcome=outcome, why="结束")


# situations and orders


def _order(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(_open(mirror), dice)
    unit = _one(mirror.where("units", lambda row: row["state"] == "free"), dice)
    return q.IssueOrder(situation=situation["id"], unit=unit["id"], text="速去") if situation and unit else None


def _recall(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    order = _one(mirror.where("orders", lambda row: row["ended_ms"] is None), dice)
    return q.RecallOrder(order=order["id"], why="另派") if order else None


def _note(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(mirror.rows("situations"), dice)
    return q.NoteSituation(situation=situation["id"], text=f"已核实{dice.randint(1, 99)}") if situation else None


def _level(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(_open(mirror), dice)
    return q.SetLevel(situation=situation["id"], level=dice.choice((1, 2, 3, 4)), why="核实") if situation else None


def _merge(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    one, into = _one(_open(mirror), dice), _one(_open(mirror), dice)
    return q.MergeSituation(situation=one["id"], into=into["id"], why="同一起") if one and into else None


def _close(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(_open(mirror), dice)
    return q.CloseSituation(situation=situation["id"], why="处置完毕") if situation else None


def _pin(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(_open(mirror), dice)
    return q.PinFocus(situation=situation["id"] if situation and dice.random() < 0.8 else None)


def _text(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    units = [row["id"] for row in mirror.rows("units")]
    return q.SendMessage(units=dice.sample(units, dice.randint(1, len(units))), text="注意安全") if units else None


def _shift(mirror: Mirror, dice: Random, now_ms: int) -> q.Request | None:
    unit = _one(mirror.where("units", lambda row: row["state"] == "off"), dice)
    return q.StartShift(unit=unit["id"], until_ms=now_ms + SHIFT_MS) if unit else None


# alarms


def _alarm(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    alarm = _one(mirror.rows("alarms"), dice)
    if alarm is None:
        return None
    match dice.randint(0, 3):
        case 0:
            return q.ShelveAlarm(alarm=alarm["id"], minutes=dice.randint(1, 10), why="稍后")
        case 1:
            return q.ClearAlarm(alarm=alarm["id"], why="已处理")
        case _:
            return q.TakeAlarm(alarm=alarm["id"])


def _sos(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    sos = _one(mirror.rows("sos"), dice)
    return q.ClearSos(sos=sos["id"], why="安全") if sos else None


# watches, plans, approvals


def _watch(mirror: Mirror, dice: Random, now_ms: int) -> q.Request | None:
    if len(mirror.where("watches", lambda row: row["ended_ms"] is None)) >= 8:
        return None
    until_ms = now_ms + dice.randint(2, 90) * _MINUTE_MS
    return q.RequestWatch(pattern=dice.choice(("京A1?345", "京B22222")), reason="嫌疑", level=2, until_ms=until_ms)


def _approve_watch(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    watch = _one(mirror.where("watches", lambda row: row["state"] == "requested"), dice)
    return q.ApproveWatch(watch=watch["id"]) if watch else None


def _lift(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    watch = _one(mirror.where("watches", lambda row: row["state"] == "active"), dice)
    return q.LiftWatch(watch=watch["id"], why="已查获") if watch else None


def _reject(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    hit = _one(mirror.rows("hits"), dice)
    return q.RejectHit(hit=hit["id"], why="不是此车") if hit else None


def _activate(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one([row for row in _open(mirror) if not row["activation"]], dice)
    return q.ActivatePlan(plan=PLAN, situation=situation["id"]) if situation else None


def _finish(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    task = _one(mirror.where("tasks", lambda row: row["state"] == "open"), dice)
    return q.FinishTask(task=task["id"], note="完成") if task else None


def _activation(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    running = _one(mirror.where("activations", lambda row: row["state"] == "active"), dice)
    if running is None:
        return None
    if dice.random() < 0.5:
        return q.NextPhase(activation=running["id"])
    return q.StandDownPlan(activation=running["id"], why="解除")


def _decide(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    approval = _one(mirror.where("approvals", lambda row: row["state"] == "waiting"), dice)
    return q.DecideApproval(approval=approval["id"], granted=dice.random() < 0.7, why="依规") if approval else None


def _request_approval(mirror: Mirror, dice: Random, _: int) -> q.Request | None:
    situation = _one(_open(mirror), dice)
    due_minutes = dice.randint(1, 20)
    return q.RequestApproval(
        item="启动应急响应", subject="报告", due_minutes=due_minutes, situation=situation["id"] if situation else None
    )


ACTS: dict[Role, tuple[tuple[int, Act], ...]] = {
    "call_taker": (
        (8, _answer), (4, _classify), (3, _locate), (6, _open_situation), (3, _link), (5, _end), (1, _note),
    ),
    "dispatcher": (
        (8, _order), (2, _recall), (2, _note), (2, _level), (2, _merge), (3, _close), (4, _alarm), (2, _sos),
        (1, _text), (2, _watch), (1, _lift), (1, _reject), (1, _pin), (2, _shift), (2, _finish),
    ),
    "commander": (
        (3, _activate), (5, _finish), (1, _activation), (3, _request_approval), (3, _approve_watch), (1, _pin),
        (2, _note), (1, _level),
    ),
    "duty_leader": ((6, _decide), (2, _alarm), (1, _note), (2, _sos), (3, _approve_watch)),
}  # fmt: skip
"""What each role does, and how often."""


def next_request(role: Role, mirror: Mirror, dice: Random, now_ms: int) -> q.Request | None:
    """Return what somebody of the role asks next; None where there is nothing to do of what came to mind."""
    acts = ACTS[role]
    act = dice.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
    return act(mirror, dice, now_ms)
