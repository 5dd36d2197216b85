"""Alarms: one open for each kind and subject; taken, shelved, cleared; to the leader when nobody takes it."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Level, Recorded
from command.facts.patrol import (
    AlarmCleared,
    AlarmEscalated,
    AlarmKind,
    AlarmRaised,
    AlarmRenewed,
    AlarmRepeated,
    AlarmShelved,
    AlarmTaken,
)
from command.kernel.errors import ConflictError
from command.rows import AlarmRow, DeadlineRow, StationRow
from command.rules.base import Decision, decides, drop_deadline, fires, folds, mark, set_deadline
from command.rules.messages import queue_message
from command.tables import Tables

ESCALATE = "alarm_escalate"
UNSHELVE = "alarm_unshelve"
ESCALATED_KINDS: frozenset[AlarmKind] = frozenset({"left_area", "entered_forbidden", "stood_still", "went_silent"})
"""Patrol alarms whose officer is told first and whose leader is told when nobody reacts."""


def open_alarm(t: Tables, kind: AlarmKind, subject: str) -> AlarmRow | None:
    """Return the open alarm of this kind about this subject."""
    return next((a for a in t.alarms if a.kind == kind and a.subject == subject), None)


def raise_alarm(
    t: Tables,
    kind: AlarmKind,
    level: Level,
    subject: str,
    *,
    situation: str = "",
    lat: float | None = None,
    lon: float | None = None,
    detail: str = "",
) -> Decision:
    """Raise it, or count it up where it is open already; anew where it is graver or of another situation now.

    Returns its id.
    """
    standing = open_alarm(t, kind, subject)
    if standing and (level < standing.level or situation != standing.situation):
        graver = min(level, standing.level)
        yield AlarmRenewed(alarm=standing.id, level=graver, situation=situation, lat=lat, lon=lon, detail=detail)
        return standing.id
    if standing:
        yield AlarmRepeated(alarm=standing.id)
        return standing.id
    alarm = t.next_id("a")
    yield AlarmRaised(
        alarm=alarm, kind=kind, level=level, subject=subject, situation=situation, lat=lat, lon=lon, detail=detail
    )
    return alarm


def clear_alarm(t: Tables, kind: AlarmKind, subject: str, why: str = "") -> Decision:
    """Clear the open alarm of this kind and subject, if there is one."""
    standing = open_alarm(t, kind, subject)
    if standing is None:
        return ""
    yield AlarmCleared(alarm=standing.id, why=why)
    return standing.id


@decides(q.TakeAlarm, *DESK, "camera_watch", "hub")
def take_alarm(t: Tables, request: q.TakeAlarm, actor: Actor, now_ms: int) -> Decision:
    """Whoever is first has it; taking one's own again says nothing."""
    row = t.alarms.need(request.alarm)
    if row.state == "taken" and row.taken_by == actor.id:
        return row.id
    if row.state == "taken":
        raise ConflictError(f"alarm {row.id} was taken by {row.taken_by}", taken_by=row.taken_by, current=row)
    yield AlarmTaken(alarm=row.id)
    return row.id


@decides(q.ShelveAlarm, *DESK, "camera_watch", "hub")
def shelve_alarm(t: Tables, request: q.ShelveAlarm, actor: Actor, now_ms: int) -> Decision:
    """Put aside; it comes back by itself. A call for help cannot be put aside."""
    row = t.alarms.need(request.alarm)
    if row.kind == "sos":
        raise ConflictError("an SOS cannot be shelved")
    yield AlarmShelved(alarm=row.id, until_ms=now_ms + request.minutes * 60_000, why=request.why)
    return row.id


@decides(q.ClearAlarm, *DESK, "camera_watch", "hub")
def clear_by_hand(t: Tables, request: q.ClearAlarm, actor: Actor, now_ms: int) -> Decision:
    """Somebody says it is over. An SOS is cleared by clearing the call for help itself."""
    row = t.alarms.need(request.alarm)
    if row.kind == "sos":
        raise ConflictError("clear the SOS itself, not its alarm")
    yield AlarmCleared(alarm=row.id, why=request.why)
    return row.id


@fires(ESCALATE)
def escalate(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Tell the unit's leader and make a record."""
    alarm = t.alarms.get(deadline.subject)
    if alarm is None or alarm.escalated:
        return ""
    yield AlarmEscalated(alarm=alarm.id)
    station = leader_of(t, alarm.subject)
    if station:
        unit = t.units.need(alarm.subject)
        text = f"【升级】{unit.name} {ALARM_WORDS[alarm.kind]},超时未处置"
        yield from queue_message(t, to=station.leader, phone=station.leader_phone, text=text, about=alarm.id)
    return alarm.id


@fires(UNSHELVE)
def unshelve(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """A shelved alarm that still stands is raised again."""
    alarm = t.alarms.get(deadline.subject)
    if alarm is None or alarm.state != "shelved":
        return ""
    yield AlarmRepeated(alarm=alarm.id)
    return alarm.id


ALARM_WORDS: dict[AlarmKind, str] = {
    "order_unsigned": "指令超时未签收",
    "left_area": "越界报警",
    "entered_forbidden": "进入禁区",
    "stood_still": "久坐不动报警",
    "went_silent": "位置失联",
    "sos": "一键报警",
    "plate_hit": "布控车辆出现",
    "watch_doubtful": "布控屡次误报",
    "task_overdue": "预案任务超时",
    "approval_overdue": "审批超时",
    "approval_warning": "审批即将超时",
    "camera_down": "摄像机离线",
    "link_down": "外部服务中断",
    "recording_failing": "录像异常",
    "device_alarm": "设备报警",
    "reading_worse": "读牌率下降",
    "library_failing": "名单库不可用",
}
"""How text messages to officers and leaders word each kind; screens have their own catalogue."""


def leader_of(t: Tables, unit: str) -> StationRow | None:
    """Return the station whose leader answers for the unit."""
    row = t.units.get(unit)
    return t.stations.get(row.station) if row else None


@folds(AlarmRaised)
def alarm_raised(t: Tables, fact: AlarmRaised, r: Recorded) -> None:
    """A new row, with a deadline where a leader is to be told."""
    t.alarms.put(
        AlarmRow(
            id=fact.alarm,
            kind=fact.kind,
            level=fact.level,
            subject=fact.subject,
            situation=fact.situation,
            state="raised",
            raised_ms=r.at_ms,
            lat=fact.lat,
            lon=fact.lon,
            detail=fact.detail,
        )
    )
    if fact.kind in ESCALATED_KINDS:
        set_deadline(t, ESCALATE, fact.alarm, r.at_ms + t.limits.alarm_escalate_s * 1000)
    _mark(t, t.alarms.need(fact.alarm), r)


@folds(AlarmRepeated)
def alarm_repeated(t: Tables, fact: AlarmRepeated, r: Recorded) -> None:
    """Count it; a shelved one whose time is over stands again, and its leader's clock runs again."""
    row = t.alarms.need(fact.alarm)
    if row.state == "shelved" and row.shelved_until_ms is not None and r.at_ms >= row.shelved_until_ms:
        drop_deadline(t, UNSHELVE, row.id)
        t.alarms.put(replace(row, state="raised", taken_by="", shelved_until_ms=None, shelved_why=""))
        if row.kind in ESCALATED_KINDS and not row.escalated:
            set_deadline(t, ESCALATE, row.id, r.at_ms + t.limits.alarm_escalate_s * 1000)
    else:
        t.alarms.put(replace(row, count=row.count + 1))


@folds(AlarmRenewed)
def alarm_renewed(t: Tables, fact: AlarmRenewed, r: Recorded) -> None:
    """As if raised now, whoever took it or put it aside; a leader who was told is not told again."""
    before = t.alarms.need(fact.alarm)
    drop_deadline(t, UNSHELVE, before.id)
    row = replace(
        before, level=fact.level, situation=fact.situation, state="raised", raised_ms=r.at_ms, lat=fact.lat,
        lon=fact.lon, detail=fact.detail, count=before.count + 1, taken_by="", shelved_until_ms=None, shelved_why="",
    )  # fmt: skip
    t.alarms.put(row)
    if row.kind in ESCALATED_KINDS and not row.escalated:
        set_deadline(t, ESCALATE, row.id, r.at_ms + t.limits.alarm_escalate_s * 1000)
    _mark(t, row, r)


@folds(AlarmEscalated)
def alarm_escalated(t: Tables, fact: AlarmEscalated, r: Recorded) -> None:
    """The leader knows."""
    drop_deadline(t, ESCALATE, fact.alarm)
    row = replace(t.alarms.need(fact.alarm), escalated=True)
    t.alarms.put(row)
    _mark(t, row, r)


@folds(AlarmTaken)
def alarm_taken(t: Tables, fact: AlarmTaken, r: Recorded) -> None:
    """Somebody's now: the leader need not be told."""
    drop_deadline(t, ESCALATE, fact.alarm)
    drop_deadline(t, UNSHELVE, fact.alarm)
    row = replace(t.alarms.need(fact.alarm), state="taken", taken_by=r.actor, shelved_until_ms=None)
    t.alarms.put(row)
    _mark(t, row, r)


@folds(AlarmShelved)
def alarm_shelved(t: Tables, fact: AlarmShelved, r: Recorded) -> None:
    """Aside until its instant."""
    drop_deadline(t, ESCALATE, fact.alarm)
    set_deadline(t, UNSHELVE, fact.alarm, fact.until_ms)
    row = t.alarms.need(fact.alarm)
    t.alarms.put(replace(row, state="shelved", shelved_until_ms=fact.until_ms, shelved_why=fact.why))


@folds(AlarmCleared)
def alarm_cleared(t: Tables, fact: AlarmCleared, r: Recorded) -> None:
    """Gone from the table; the journal and the time line keep it."""
    drop_deadline(t, ESCALATE, fact.alarm)
    drop_deadline(t, UNSHELVE, fact.alarm)
    row = t.alarms.need(fact.alarm)
    t.alarms.drop(fact.alarm)
    _mark(t, row, r, why=fact.why)


def _mark(t: Tables, row: AlarmRow, r: Recorded, **more: str) -> None:
    """Put it on the time line with what it is of: also its unit, be that the subject or the one of an order."""
    order = t.orders.get(row.subject)
    unit = order.unit if order else row.subject if t.units.get(row.subject) else ""
    of_unit = {"unit": unit} if unit else {}
    mark(t, row.situation, r, alarm=row.id, alarm_kind=row.kind, subject=row.subject, **of_unit, **more)
