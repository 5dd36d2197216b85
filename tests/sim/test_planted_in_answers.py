"""Faults about answers, instants, order within tables, who is heard, and what consoles ask for are put in and found."""

from __future__ import annotations

from typing import Any

import pytest

from command.actors import Actor
from command.batch import Batch
from command.kernel.errors import TriuneError
from command.patrol.watch import PatrolWatch
from command.requests import FireDeadline
from command.rules import base
from command.tables import Table, Tables
from consoles import push
from consoles.console import Console
from consoles.push import Feed
from consoles.sim.node import Parts
from tests.sim.finding import found


def test_a_repetition_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:  # R1237
    def refuse(self: Batch, item: Any, error: TriuneError) -> None:
        self.refusals.append((item, error))  # and nobody asks the store whether it was answered before

    monkeypatch.setattr(Batch, "refuse", refuse)
    assert "and the journal held its answer" in (found().failure or "")


def test_a_deadline_that_is_met_too_early(monkeypatch: pytest.MonkeyPatch) -> None:  # R1238
    def fire(t: Tables, request: FireDeadline, _: Actor, now_ms: int) -> Any:
        deadline = t.deadlines.get(request.deadline)
        return (yield from base._deadlines[deadline.kind](t, deadline, now_ms)) if deadline else ""

    decisions: dict[Any, Any] = base._decisions
    monkeypatch.setitem(decisions, FireDeadline, (base._decisions[FireDeadline][0], fire))
    assert "too early" in (found(hubs=1, first=6).failure or "")


def test_open_rows_that_are_counted_wrongly_after_an_undo(monkeypatch: pytest.MonkeyPatch) -> None:  # R1239
    real = Table._account

    def account(self: Table[Any], key: str, was: Any, row: Any) -> None:
        real(self, key, was, row)
        if self._is_open and was is not None and row is None:
            self.open += self._is_open(was)

    monkeypatch.setattr(Table, "_account", account)
    assert "its tables at" in (found().failure or "")


def test_marks_that_stand_in_another_order_after_an_undo(monkeypatch: pytest.MonkeyPatch) -> None:  # R1239
    real = Table.restore_change_order

    def restore(self: Table[Any]) -> None:
        groups = self._groups
        real(self)
        self._groups = groups

    monkeypatch.setattr(Table, "restore_change_order", restore)
    assert "marks" in (found().failure or "")


def test_a_unit_that_is_heard_at_another_hub_and_called_silent(monkeypatch: pytest.MonkeyPatch) -> None:  # R1241
    real = PatrolWatch.follow

    def follow(self: PatrolWatch, unit: Any, *seen: Any) -> None:
        known = self._units.get(unit.id)
        heard_ms = known.heard_ms if known else 0
        real(self, unit, *seen)
        if known:
            known.heard_ms = heard_ms

    monkeypatch.setattr(PatrolWatch, "follow", follow)
    assert "is called silent, and was heard" in (found().failure or "")


class _AnotherSeal(Feed):
    """Tells with each number the seal of another fact."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._seals.of = lambda seq: "00" * 8  # type: ignore[method-assign]


def test_a_seal_of_another_fact() -> None:  # R1240
    assert "is not that of the fact" in (found(Parts(feed=_AnotherSeal)).failure or "")


class _KeepsFilters(Feed):
    """Takes a table of another situation for the one that was asked for before."""

    def _begin(self, console: Console, filters: dict[str, str | None], *given: Any) -> None:
        console.filters = {name: filters.get(name, wanted) for name, wanted in console.filters.items()}
        super()._begin(console, filters, *given)


def test_a_table_of_another_situation_that_is_not_sent() -> None:  # R1240
    assert "marks" in (found(Parts(feed=_KeepsFilters)).failure or "")


def test_consoles_that_are_cut_off_when_a_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:  # R1242
    monkeypatch.setattr(push, "min", lambda passed_ms, _: passed_ms, raising=False)
    assert "a console that has read all that came" in (found(hubs=1, first=6).failure or "")
