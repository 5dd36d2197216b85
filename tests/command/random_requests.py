"""Random requests of every kind, made from their types: mostly of ids and instants that fit, sometimes hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import inspect as mi

from command.actors import HUB, ROLES, Actor
from command.facts.plan_definition import PlanDefinition
from command.facts.violations import Finding, JudgedPassage, MeasuringPoint, PictureRegion, SpeedSection
from command.requests import REQUESTS, Request
from command.rules import base
from command.tables import Tables
from tests.command.support import ACTORS, MINUTE_MS, a_plan, ring

_TABLES = {
    "call": "calls", "situation": "situations", "into": "situations", "order": "orders", "unit": "units",
    "units": "units", "task": "tasks", "message": "messages", "station": "stations", "device": "devices",
    "fence": "fences", "area": "fences", "sos": "sos", "alarm": "alarms", "camera": "cameras", "cameras": "cameras",
    "watch": "watches", "hit": "hits", "link": "links", "plan": "plans", "activation": "activations",
    "library": "libraries", "approval": "approvals", "case": "cases", "deadline": "deadlines", "section": "sections",
    "restriction": "restrictions", "rule": "sections", "violation": "violations", "query": "queries",
}  # fmt: skip
_NEW = ("n1", "n2", "c40", "新〔1〕")
_TEXT = ("", "x", "桥头 打架", "?*", "京A12345", "\u0000'\"\\\n", "长" * 120)
_HOSTILE_TEXT = ("\ud800", "a\nb", "x" * 5000)
_HOSTILE_FLOATS = (float("nan"), float("inf"), 1e308, 91.0, 0.0)
_PLANS = (a_plan(), a_plan("2", "封路"), a_plan("1", "别的"))
_CORNERS = ((0.1, 0.2), (0.5, 0.2), (0.5, 0.9))


def _point(camera: str) -> MeasuringPoint:
    return MeasuringPoint(camera=camera, device="GD", clock_error_ms=100, frame_error_ms=40)


def _section(one: Random, _t: Tables, now_ms: int) -> SpeedSection:
    return SpeedSection(
        name="x", start=_point("k1"), end=_point(one.choice(("k1", "k2", "k2", "k2"))), length_m=2000,
        length_error_m=20, measured_by="x", measured_ms=now_ms - MINUTE_MS, limit_small_kmh=60, limit_large_kmh=50,
        certificate="x", certificate_until_ms=now_ms + MINUTE_MS * one.choice((1, 600, 60_000)),
    )  # fmt: skip


def _region(one: Random, _t: Tables, _now_ms: int) -> PictureRegion:
    return PictureRegion(name=str(one.random()), ring=_CORNERS, lane=one.choice((None, 1, 2)), travel="away")


def _finding(one: Random, t: Tables, now_ms: int) -> Finding:
    """Return one by a version of a section that may have been in force."""
    version = one.choice([v for row in t.sections for v in row.versions] or [None])
    began_ms = now_ms if version is None else max(version.from_ms, now_ms - MINUTE_MS)
    passage = JudgedPassage(
        camera="k1", first_ms=began_ms, last_ms=began_ms + 1, reads=5, confidence=0.97, source="camera"
    )
    return Finding(
        kind="interval_speed", plate=one.choice(("京A12345", "京B22222")), colour="blue", plate_kind="ordinary",
        rule=next((row.id for row in t.sections if version in row.versions), "x"),
        version=version.version if version else 1, passages=(passage, passage), steps=(),
    )  # fmt: skip


_SOUND: dict[type, Callable[[Random, Tables, int], object]] = {
    PlanDefinition: lambda one, _t, _now_ms: one.choice(_PLANS),
    SpeedSection: _section,
    PictureRegion: _region,
    Finding: _finding,
}
"""What would hardly ever be right by chance."""
_BUSY = (
    "report_call", "answer_call", "open_situation", "link_call", "issue_order", "step_order", "step_order",
    "feed_back", "report_patrol", "raise_sos", "clear_sos", "activate_plan", "finish_task", "request_watch",
    "approve_watch", "report_hit", "merge_situation", "close_situation", "take_alarm", "shelve_alarm",
    "decide_approval", "recall_order", "start_shift",
)  # fmt: skip
_ALL = tuple(REQUESTS)
_BUSY_SHARE = 0.75
"""So many of the requests are what a busy night brings, however many kinds there are."""


class RandomRequests:
    """Makes requests from a seed, so that a failure can be had again."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._hostile = False

    def next(self, t: Tables, now_ms: int) -> tuple[Request, Actor]:
        """Return a request and who makes it: mostly somebody who may, and one in twelve of hostile content."""
        kind = self._kind(t)
        self._hostile = self.random.random() < 1 / 12
        allowed = sorted(base._decisions[kind][0])
        role = self.random.choice(allowed if self.random.random() < 0.9 else sorted(ROLES))
        actor = HUB if role == "hub" else ACTORS[role]
        shape = mi.type_info(kind)
        assert isinstance(shape, mi.StructType)
        fields = {f.name: self._value(f.type, f.name, t, now_ms) for f in shape.fields}
        return kind(**fields), actor

    def _kind(self, t: Tables) -> type[Request]:
        """Choose among what there is something to ask about; now and then among all."""
        while True:
            kind = REQUESTS[self.random.choice(_BUSY if self.random.random() < _BUSY_SHARE else _ALL)]
            shape = mi.type_info(kind)
            assert isinstance(shape, mi.StructType)
            named = (_TABLES[field.name] for field in shape.fields if field.required and field.name in _TABLES)
            if all(len(t.by_name[name]) for name in named) or self.random.random() < 1 / 12:
                return kind

    def _value(self, kind: mi.Type, name: str, t: Tables, now_ms: int) -> Any:
        one = self.random
        match kind:
            case mi.StrType():
                return self._text(kind, name, t)
            case mi.IntType() | mi.FloatType():
                return self._number(kind, name, now_ms)
            case mi.StructType(cls=cls) if cls in _SOUND:
                return _SOUND[cls](one, t, now_ms)
            case mi.StructType(cls=cls, fields=fields):
                return cls(**{f.name: self._value(f.type, f.name, t, now_ms) for f in fields})
            case mi.UnionType(types=types):
                return self._value(one.choice(types), name, t, now_ms)
            case mi.BoolType():
                return one.random() < 0.5
            case mi.LiteralType(values=values):
                return one.choice(values)
            case mi.ListType() if name == "ring" and not self._hostile:
                return ring(30.5, 114.3, one.choice((0.001, 0.01)))
            case mi.ListType(item_type=item, min_length=least) | mi.VarTupleType(item_type=item, min_length=least):
                return [self._value(item, name, t, now_ms) for _ in range(one.randint(least or 0, 5))]
            case mi.TupleType(item_types=items):
                return tuple(self._value(item, name, t, now_ms) for item in items)
            case mi.DictType():
                return {one.choice(_TEXT): one.choice(_TEXT)}
        assert isinstance(kind, mi.NoneType), kind
        return None

    def _text(self, kind: mi.StrType, name: str, t: Tables) -> str:
        if name in _TABLES:
            newest = list(t.by_name[_TABLES[name]].changed_seq)[-4:]
            return self.random.choice(newest if newest and self.random.random() < 0.9 else _NEW)
        if kind.pattern:
            return "ab" * 32 if "64" in kind.pattern else self.random.choice(("13512345678", "110"))
        if name in ("pattern", "plate"):
            return self.random.choice(("京A12345", "京B22222"))
        text = self.random.choice((*_TEXT, *_HOSTILE_TEXT) if self._hostile else _TEXT)
        return text.ljust(kind.min_length or 0, "x")

    def _number(self, kind: mi.IntType | mi.FloatType, name: str, now_ms: int) -> int | float:
        if name.endswith("_ms"):
            return max(0, now_ms + MINUTE_MS * self.random.choice((-90, -1, 0, 1, 5, 30, 600)))
        least = -180 if kind.ge is None else kind.ge
        if isinstance(kind, mi.IntType):
            return self.random.randint(int(max(least, 0)), int(min(kind.le or 90, 90)))
        if self._hostile:
            return self.random.choice(_HOSTILE_FLOATS)
        most = 180 if kind.le is None else kind.le
        return min(max(self.random.choice((30.5, 30.502, 114.3, 114.302, 0.5)), least), most)
