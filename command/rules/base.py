"""How rules are written down and found: a decision for each request, a fold for each fact, a handler for each deadline.

A decision is a generator: it yields facts, each of which is folded before the generator goes on, and returns the id of
what the request was about. It reads tables and its arguments, nothing else; no clock, no I/O. To refuse, it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from command.actors import Actor, Role
from command.facts import KINDS, TAGS, Fact, Recorded
from command.kernel.errors import NoRightError, TooManyError
from command.kernel.limits import KEPT_ROWS, MARKS_PER_SITUATION, SWEEP_PAUSE_MS
from command.requests import REQUESTS, FireDeadline, Request
from command.rows import DeadlineRow, MarkRow, Row, UnitRow
from command.tables import Table, Tables

Decision = Generator[Fact, None, str]
Q = TypeVar("Q", bound=Request)
F = TypeVar("F", bound=Fact)
R = TypeVar("R", bound=Row)
Decide = Callable[[Tables, Q, Actor, int], Decision]
Fold = Callable[[Tables, F, Recorded], None]
Fire = Callable[[Tables, DeadlineRow, int], Decision]

SWEEP = "sweep"
SWEPT = "tables"

_decisions: dict[type[Request], tuple[frozenset[Role], Decide[Any]]] = {}
_folds: dict[type[Fact], Fold[Any]] = {}
_deadlines: dict[str, Fire] = {}


def decides(request: type[Q], *roles: Role) -> Callable[[Decide[Q]], Decide[Q]]:
    """Register the decision for a request and the roles that may make it."""

    def register(rule: Decide[Q]) -> Decide[Q]:
        assert request not in _decisions, request
        _decisions[request] = (frozenset(roles), rule)
        return rule

    return register


def folds(*facts: type[Fact]) -> Callable[[Fold[F]], Fold[F]]:
    """Register the fold for one or more kinds of fact; its annotation names the same kinds."""

    def register(rule: Fold[F]) -> Fold[F]:
        for fact in facts:
            assert fact not in _folds, fact
            _folds[fact] = rule
        return rule

    return register


def fires(kind: str) -> Callable[[Fire], Fire]:
    """Register what happens when a deadline of this kind comes."""

    def register(rule: Fire) -> Fire:
        assert kind not in _deadlines, kind
        _deadlines[kind] = rule
        return rule

    return register


def decide(t: Tables, request: Request, actor: Actor, now_ms: int) -> Decision:
    """Return the decision for a request, after checking that the actor's role allows it (`NoRightError`)."""
    roles, rule = _decisions[type(request)]
    if actor.roles.isdisjoint(roles):
        raise NoRightError(f"{request.__struct_config__.tag} needs one of the roles {', '.join(sorted(roles))}")
    return rule(t, request, actor, now_ms)


@decides(FireDeadline, "hub")
def fire_deadline(t: Tables, request: FireDeadline, actor: Actor, now_ms: int) -> Decision:
    """Do what a deadline brings about. One that was dropped, moved or fired already brings nothing about."""
    deadline = t.deadlines.get(request.deadline)
    if deadline is None or deadline.at_ms > now_ms:
        return ""
    return (yield from _deadlines[deadline.kind](t, deadline, now_ms))


def check_station(actor: Actor, unit: UnitRow) -> None:
    """Refuse where the actor may act for one station only and the unit is another's (two-level dispatch)."""
    if actor.station and actor.station != unit.station:
        raise NoRightError(f"{actor.id} acts for station {actor.station}, unit {unit.id} is of {unit.station}")


def check_room(table: Table[Any], most: int) -> None:
    """Refuse one more where `most` rows are open, which only people can end; `TooManyError`."""
    if table.open >= most:
        raise TooManyError(f"{most} {table.name} are open, the most that there may be; end some first")


def fold(t: Tables, recorded: Recorded) -> None:
    """Bring the tables to the recorded fact. Never refuses: what stands in the journal happened."""
    t.seq = recorded.seq
    _folds[type(recorded.fact)](t, recorded.fact, recorded)


def unruled() -> tuple[set[type[Request]], set[type[Fact]]]:
    """Return the requests without a decision and the facts without a fold; both are empty in a sound build."""
    return set(REQUESTS.values()) - set(_decisions), set(KINDS.values()) - set(_folds)


def set_deadline(t: Tables, kind: str, subject: str, at_ms: int) -> None:
    """Ask to be called at an instant about a subject; again with another instant moves it."""
    t.deadlines.put(DeadlineRow(id=f"{kind}:{subject}", at_ms=at_ms, kind=kind, subject=subject))


def drop_deadline(t: Tables, kind: str, subject: str) -> None:
    """No longer wait for it."""
    t.deadlines.drop(f"{kind}:{subject}")


def over(t: Tables, at_ms: int, table: Table[Any] | None = None) -> None:
    """Something is over: the sweep comes once it was kept long enough, or soon where its `table` is full."""
    full = table is not None and len(table) > KEPT_ROWS[table.name]
    sweep_ms = at_ms + (SWEEP_PAUSE_MS if full else kept_ms(t))
    standing = t.deadlines.get(f"{SWEEP}:{SWEPT}")
    if standing is None or sweep_ms < standing.at_ms:
        set_deadline(t, SWEEP, SWEPT, sweep_ms)


def kept_ms(t: Tables) -> int:
    """Return for how long what is over stays in the tables."""
    return t.limits.keep_closed_h * 3_600_000


def mark(t: Tables, situation: str, r: Recorded, **args: str | int | float | bool) -> None:
    """Put the fact on the situation's time line, which keeps the newest; the journal has them all."""
    if situation:
        kind = TAGS[type(r.fact)]
        t.marks.put(MarkRow(id=str(r.seq), situation=situation, at_ms=r.at_ms, actor=r.actor, kind=kind, args=args))
        t.marks.keep_newest(situation, MARKS_PER_SITUATION)
