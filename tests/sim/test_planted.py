"""A simulation that finds nothing is worth what it would find: faults of each kind are put in and found."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command import wire
from command.actors import HUB, Actor
from command.deadlines import Deadlines
from command.hub import Changes, Listener
from command.journal import Answer, Entry, Head, Journal, Outcome, StoredFact, Turn
from command.kernel.clock import SystemClock
from command.kernel.errors import HubBusyError, UnavailableError
from command.patrol.places import UnitPlaces
from command.patrol.watch import PatrolWatch
from command.readings import Position
from command.requests import FireDeadline, IssueOrder, Request
from command.rows import DeadlineRow
from command.rules import archive, base
from command.tables import Table
from command.uplink.hub_uplink import HubUplink
from consoles.console import Console
from consoles.frames import text_frame
from consoles.push import Feed
from consoles.sim import audit
from consoles.sim.node import Parts, SimulatedHub
from consoles.sim.services import Gateway
from consoles.sim.simulation import simulate
from consoles.sim.store import Access, JournalAccess, _ReadingsAccess
from tests.sim.finding import found


class _Wrapped:
    """A journal with a fault in its turns."""

    def __init__(self, real: JournalAccess, turn: Callable[[Turn, JournalAccess], Turn]) -> None:
        self._real = real
        self._turn = turn

    def turn(self, space: str) -> AbstractAsyncContextManager[Turn]:
        return _Wrapping(self._real.turn(space), lambda turn: self._turn(turn, self._real))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Wrapping:
    def __init__(self, real: AbstractAsyncContextManager[Turn], wrap: Callable[[Turn], Turn]) -> None:
        self._real = real
        self._wrap = wrap

    async def __aenter__(self) -> Turn:
        return self._wrap(await self._real.__aenter__())

    async def __aexit__(self, *error: Any) -> None:
        await self._real.__aexit__(*error)


def journal(turn: Callable[[Turn, JournalAccess], Turn]) -> Parts:
    wrapped: Callable[[JournalAccess], Any] = lambda real: _Wrapped(real, turn)  # noqa: E731
    return Parts(journal=wrapped)


class _Loses:
    """Says stored, and stores nothing: an acknowledged request is lost."""

    def __init__(self, real: Turn, _: JournalAccess) -> None:
        self._real = real

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        if any(entry.subject.startswith("w") for entry in entries):
            last = entries[-1].facts[-1]
            return Outcome(head=Head(seq=last.seq, digest=b"\1" * 32), stored=True)
        return await self._real.append(entries, after, keys)


def test_an_acknowledged_entry_that_is_lost() -> None:  # R282
    failure = found(journal(_Loses)).failure
    assert failure is not None
    assert "says stored, and does not hold" in failure or "durable" in failure


class _Doubles:
    """Keeps no keys: an entry that met a deadline is stored a second time."""

    def __init__(self, real: Turn, _: JournalAccess) -> None:
        self._real = real

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        outcome = await self._real.append(entries, after, keys)
        if outcome.stored and entries and "@" in entries[0].key:
            facts = [fact for entry in entries for fact in entry.facts]
            again = [replace(fact, seq=outcome.head.seq + n, digest=b"") for n, fact in enumerate(facts, 1)]
            twice = Entry(key=entries[0].key + "'", subject=entries[0].subject, facts=tuple(again))
            await self._real.append([twice], outcome.head, [])
        return outcome


def test_a_deadline_that_is_met_twice() -> None:  # R282
    assert "doubled" in (found(journal(_Doubles)).failure or "")


class _AnswersEarly(SimulatedHub):
    """Says yes before it is stored."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        if isinstance(request, IssueOrder) and key is not None:
            seq = self.committed_seq
            self._audit.answered(self.name, key, Answer(seq=seq + 2, subject=f"o{seq + 1}"))
        return await super().ask(request, actor, key)


def test_an_answer_before_the_commit() -> None:  # R282
    assert "is durable" in (found(Parts(hub=_AnswersEarly)).failure or "")


class _MissesDeadlines(SimulatedHub):
    """Takes some deadlines for met."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        if isinstance(request, FireDeadline) and request.deadline.startswith("order_sign"):
            return Answer(seq=self.committed_seq, subject="")
        return await super().ask(request, actor, key)


def test_a_deadline_that_is_missed() -> None:  # R282
    assert "is not met" in (found(Parts(hub=_MissesDeadlines)).failure or "")


class _ForgetsKeys(SimulatedHub):
    """Takes each request for a new one."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        self._keys += 1
        fresh = f"{key}#{self.name}{self._keys}"
        return await super().ask(request, actor, key if actor is HUB else fresh)


def test_a_request_that_takes_effect_twice() -> None:  # R282
    assert "doubled" in (found(Parts(hub=_ForgetsKeys)).failure or "")


class _WrongTables(SimulatedHub):
    """Undoes a failed batch only in part: rows stay that the journal does not hold."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        def spoilt(seq: int, changes: Changes) -> None:
            listener(seq, {at: None if at[0] == "orders" and seq % 7 == 0 else row for at, row in changes.items()})

        return super().listen(spoilt)


def test_rows_that_the_journal_does_not_fold_to() -> None:  # R282
    assert "is not what the journal folds to" in (found(Parts(hub=_WrongTables)).failure or "")


class _LeavesListeners(SimulatedHub):
    """Never lets a listener go, and takes a new one with each request."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        self.listen(lambda *_: None)
        return await super().ask(request, actor, key)


def test_memory_that_grows() -> None:  # R282
    assert "listeners" in (found(Parts(hub=_LeavesListeners)).failure or "")


class _Reorders(Feed):
    """Holds a change back for a tick, and sends the next one first."""

    _held: Changes | None = None

    def _on_change(self, seq: int, changes: Changes) -> None:
        held, self._held = self._held, changes
        if held is not None:
            super()._on_change(seq, held)


def test_a_feed_that_tells_old_rows() -> None:  # R282
    assert "is not what it was then" in (found(Parts(feed=_Reorders)).failure or "")


class _Skips(Feed):
    """Forgets what a slow console missed."""

    def _give_missed(self, console: Console) -> None:
        console.behind.clear()
        super()._give_missed(console)


def test_a_console_that_misses_rows() -> None:  # R282
    assert "are not the hub's" in (found(Parts(feed=_Skips)).failure or "")


def test_a_text_that_is_sent_with_other_words(monkeypatch: pytest.MonkeyPatch) -> None:  # R282
    real = Gateway.send

    async def send(self: Gateway, key: str, phone: str, text: str) -> None:
        await real(self, key, phone, text)
        if int(key.rpartition("/m")[2].partition("@")[0]) % 5 == 0:
            await real(self, key, phone, text + "!")

    monkeypatch.setattr(Gateway, "send", send)
    assert "sent with other words" in (found().failure or "")


def test_a_rule_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:  # R282
    roles, real = base._decisions[IssueOrder]

    def broken(t: Any, request: Any, actor: Any, now_ms: int) -> Any:
        if t.seq % 11 == 0:
            raise KeyError("a fault of ours")
        return real(t, request, actor, now_ms)

    decisions: dict[Any, Any] = base._decisions
    monkeypatch.setitem(decisions, IssueOrder, (roles, broken))
    failure = found().failure or ""
    assert "internal fault" in failure or "faults of rules" in failure  # whoever sees it first


def test_a_real_clock_that_is_reached() -> None:  # R281
    class Unguarded(SimulatedHub):
        async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
            SystemClock().now_ms()
            return await super().ask(request, actor, key)

    assert "reaches time.time_ns" in (found(Parts(hub=Unguarded)).failure or "")


def test_a_store_that_says_away_for_ever() -> None:  # R282
    class Away(JournalAccess):
        async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
            if after > 60:
                raise UnavailableError("cannot be read")
            return await super().read(space, after, limit)

    broken: Callable[[JournalAccess], Journal] = lambda real: Away(real.access)  # noqa: E731
    assert "although nothing is wrong any more" in (found(Parts(journal=broken)).failure or "")


def test_fixes_that_are_taken_and_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:  # R875
    async def add_positions(self: Any, space: str, positions: Sequence[Position]) -> None:
        pass

    monkeypatch.setattr(_ReadingsAccess, "add_positions", add_positions)
    assert "were taken and are not stored" in (found().failure or "")


def test_fixes_that_other_hubs_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:  # R875
    async def follow(self: HubUplink, fixes: Sequence[Position], *, old: bool = False) -> None:
        pass

    monkeypatch.setattr(HubUplink, "follow", follow)
    monkeypatch.setattr(audit, "_LATELY_US", 0)  # units called silent would be found before
    assert "and the newest fix stored is" in (found().failure or "")


def test_an_older_fix_of_a_unit_that_replaces_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:  # R875
    real = UnitPlaces.believe

    def believe(self: UnitPlaces, fix: Position, unit: str) -> bool:
        self._newest.pop(unit, None)
        return real(self, fix, unit)

    monkeypatch.setattr(UnitPlaces, "believe", believe)
    assert "goes back in time" in (found(hubs=3, first=13).failure or "")


def test_a_report_of_a_patrol_that_is_told_once_only(monkeypatch: pytest.MonkeyPatch) -> None:  # R875
    monkeypatch.setattr(PatrolWatch, "not_recorded", lambda *_: None)
    assert "and its row says" in (found(hubs=1).failure or "")


class _KeepsViews(Feed):
    """Makes what an audience is shown for ever, once somebody of it was there."""

    def _leave_view(self, console: Console) -> None:
        views = dict(self._views)
        super()._leave_view(console)
        self._views.update(views)


def test_views_that_nobody_looks_at() -> None:  # R876
    assert "views are kept for" in (found(Parts(feed=_KeepsViews)).failure or "")


class _KeepsConsoles(Feed):
    """Discards no console."""

    def leave(self, console: Console) -> None:
        self._leave_view(console)


def test_consoles_that_are_not_let_go() -> None:  # R876
    assert "may still be there" in (found(Parts(feed=_KeepsConsoles)).failure or "")


def test_consoles_that_are_gone_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:  # R876
    monkeypatch.setattr(Console, "is_silent", lambda *_: False)
    assert "may still be there" in (found(hubs=1).failure or "")


def test_deadlines_that_were_moved_and_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:  # R876
    def kept(self: Deadlines, row: DeadlineRow, table: Table[DeadlineRow]) -> None:
        heapq.heappush(self._heap, (row.at_ms, row.id, table.changed_seq[row.id]))
        self._changed.set()

    monkeypatch.setattr(Deadlines, "set", kept)
    assert "deadlines are kept" in (found().failure or "")


def test_orders_that_stay_when_their_situation_leaves_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:  # R1151
    real = archive._drop

    def dropped(table: Table[Any], keys: Iterable[str]) -> None:
        if table.name != "orders":
            real(table, keys)

    monkeypatch.setattr(archive, "_drop", dropped)
    assert "orders of situations that left the tables" in (simulate(3, 0.2, 1).failure or "")


class _TakesAll(SimulatedHub):
    """Has an inbox without end."""

    def _enqueue(self, item: Any) -> None:
        self._inbox.append(item)
        self._asked.set()


def test_an_inbox_without_end() -> None:  # R876
    assert "wait in its inbox" in (found(Parts(hub=_TakesAll)).failure or "")


class _DropsDeadlines(SimulatedHub):
    """Does not ask again for a deadline that came while it was busy."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        try:
            return await super().ask(request, actor, key)
        except HubBusyError:
            if isinstance(request, FireDeadline):
                return Answer(seq=self.committed_seq, subject="")
            raise


def test_a_deadline_that_came_while_the_hub_was_busy() -> None:  # R876
    assert "is not met" in (found(Parts(hub=_DropsDeadlines), hubs=1, first=11).failure or "")


class _AlwaysSure(Feed):
    """Says that the hub records, whatever became of its store."""

    def _beat_of(self, seq: int, behind_ms: int) -> bytes:
        beat = wire.Beat(seq=seq, now_ms=self._hub.clock.now_ms(), accepting=True, behind_ms=behind_ms)
        return text_frame(msgspec.json.encode(beat))


def test_a_beat_that_says_recorded_without_a_store(monkeypatch: pytest.MonkeyPatch) -> None:  # R877
    monkeypatch.setattr(Access, "full_us", 0)  # a full disk would be found before
    assert "after its store went away" in (found(Parts(feed=_AlwaysSure)).failure or "")


class _AlwaysFresh(Feed):
    """Says of each picture that it is of now."""

    def _beat_of(self, seq: int, behind_ms: int) -> bytes:
        return super()._beat_of(seq, 0)


def test_a_beat_that_says_fresh_of_an_old_picture() -> None:  # R877
    assert "says that it is 0 ms old" in (found(Parts(feed=_AlwaysFresh)).failure or "")
