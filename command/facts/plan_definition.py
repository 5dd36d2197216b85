"""What a written plan (预案) says: when it applies, who commands, and each phase's tasks. Durations are minutes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import IncidentKind, Level
from command.facts.patrol import UnitKind

Group = Literal[
    "coordination", "response", "security", "traffic", "medical", "communications", "logistics", "information"
]
"""综合协调, 现场处置, 治安警戒, 交通管制, 医疗救护, 通信保障, 后勤保障, 信息发布."""

PlanRole = Literal["call_taker", "dispatcher", "commander", "duty_leader", "officer", "camera_watch"]
"""接警员, 派警员, 指挥长, 值班领导, 民警, 视频巡查员: who owns a task of a plan."""

Authority = Literal["county", "city", "province", "national"]
"""Whom a report goes to: 县, 市, 省, 国家."""

Key = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=64)]
"""An id inside a plan: small letters, digits and single hyphens."""

Minutes = Annotated[float, Meta(ge=0, le=30 * 24 * 60)]
Line = Annotated[str, Meta(min_length=1, max_length=400)]


class PlanPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a plan. A key that it does not name is an error of whoever wrote the plan."""


class Bilingual(PlanPart, frozen=True):
    """The same words in Chinese, which come first on every screen, and in English."""

    zh: Line
    en: Line


class Applicability(PlanPart, frozen=True):
    """The situations a plan is for: of one of `kinds`, `lowest_level` or graver, inside the fence `area` if named."""

    kinds: Annotated[tuple[IncidentKind, ...], Meta(min_length=1)]
    lowest_level: Level
    place: Bilingual | None = None
    area: Line | None = None


class PlanGroup(PlanPart, frozen=True):
    """A working group and the office that leads it."""

    group: Group
    lead: Bilingual


class Approval(PlanPart, frozen=True):
    """A leader's yes that the task needs: asked for when it opens, yellow `warn_min` after that, red at `due_min`."""

    item: Bilingual
    due_min: Minutes
    warn_min: Minutes


class Report(PlanPart, frozen=True):
    """What is reported upward, and to whom, within `within_min` of the start of the phase."""

    to: Authority
    within_min: Minutes


class UnitNeed(PlanPart, frozen=True):
    """So many units of a kind that the task sends."""

    kind: UnitKind
    count: Annotated[int, Meta(ge=1, le=100)]


class PlanTask(PlanPart, frozen=True):
    """One thing to do. It opens when its phase has started and all of `after` are done.

    It is due `due_min` after its phase started or, where `due_from` names a task, after that one was done.
    """

    id: Key
    title: Bilingual
    group: Group
    owner: PlanRole
    due_min: Minutes
    due_from: Key | None = None
    after: tuple[Key, ...] = ()
    needs_approval: Approval | None = None
    report: Report | None = None
    orders: tuple[UnitNeed, ...] = ()
    text: Bilingual | None = None


class PlanPhase(PlanPart, frozen=True):
    """Tasks that belong together. `next` says what ends the phase: all its tasks done, or the commander's word."""

    id: Key
    title: Bilingual
    tasks: Annotated[tuple[PlanTask, ...], Meta(min_length=1)]
    next: Literal["tasks_done", "command"] = "tasks_done"


class PlanDefinition(PlanPart, frozen=True):
    """A whole plan. `command` is the role that decides in it; phases run in the order they stand in."""

    id: Key
    version: Line
    title: Bilingual
    applies: Applicability
    command: PlanRole
    groups: Annotated[tuple[PlanGroup, ...], Meta(min_length=1)]
    phases: Annotated[tuple[PlanPhase, ...], Meta(min_length=1)]
