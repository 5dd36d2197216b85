"""What must hold after every step: durable before answered, each key and effect once, rows as the journal has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from command.actors import Actor
from command.facts import Fact, Recorded
from command.facts.calls import SituationClosed, SituationNoted, SituationOpened
from command.facts.orders import MessageQueued, OrderIssued, OrderOverdue, OrderRecalled
from command.facts.patrol import SosCleared, SosRaised, UnitWentSilent
from command.facts.plans import ApprovalOverdue, ApprovalRequested, ApprovalWarned, TaskOverdue
from command.facts.watchlist import WatchExpired, WatchRequested
from command.hub import Changes
from command.journal import GENESIS, Answer, Entry, Head, Outcome, StoredFact
from command.readings import Position
from command.rows import DeadlineRow
from consoles.sim.history import History
from consoles.sim.loop import VirtualLoop
from consoles.sim.trace import Trace

MARK = "#"
"""Stands before the key of a request in the words that it puts into the record."""

_LATELY_US = 60_000_000
"""A hub hears of fixes that others stored up to 15 s later, and calls units silent after 150; the store may be slow."""


@dataclass
class Sos:
    """A call for help in the record: which fix of which device it names, and from when to when it stood."""

    id: str
    unit: str
    device: str
    at_ms: int
    raised_us: int
    cleared_us: int | None = None


class Audit:
    """Follows what is durable, and fails the run where somebody says or shows anything else."""

    def __init__(self, loop: VirtualLoop, trace: Trace) -> None:
        self.history = History()
        self.loop = loop
        self.trace = trace
        self.head = Head()
        self.texts: dict[str, MessageQueued] = {}
        """Every text that was ever queued, by message."""
        self.set_us: dict[str, int] = {}
        """When each deadline that stands was set."""
        self.most_deadlines = 0
        """How many ever stood at once."""
        self.fixes: dict[str, dict[int, Position]] = {}
        """Every fix of which a device was told that it is taken, by device and instant."""
        self.taken_us: dict[tuple[str, int], int] = {}
        """When it was first told so."""
        self.heard_us: dict[str, int] = {}
        """When a hub last took a fix of each device for stored."""
        self.sos: list[Sos] = []
        """Every call for help in the record."""
        self._answers: dict[str, Answer] = {}
        self._digests = [GENESIS]
        """Of each fact, by its number."""
        self._met: Counter[tuple[str, str]] = Counter()

    def holds(self, key: str) -> bool:
        """Say whether the journal holds an answer under the key."""
        return key in self._answers

    def committed(self, who: str, entries: Sequence[Entry], facts: Sequence[StoredFact], head: Head) -> None:
        """See what became durable just now, as the store really holds it."""
        for entry in entries:
            if entry.key in self._answers:
                self.loop.fail(f"{who}: the key {entry.key} is held twice: not exactly once")
            self._answers[entry.key] = Answer(seq=entry.facts[-1].seq, subject=entry.subject)
        seq = self.head.seq
        for fact in facts:
            seq += 1
            if fact.seq != seq:
                self.loop.fail(f"{who}: fact {fact.seq} is stored where {seq} was to come: the sequence has a gap")
            self._digests.append(fact.chained_to(self._digests[-1]))
        if (head.seq, head.digest) != (seq, self._digests[-1]):
            self.loop.fail(f"{who}: the journal's head {head.seq} is not that of the facts stored up to {seq}")
        self.head = head
        key_of = {fact.seq: entry.key for entry in entries for fact in entry.facts}
        for recorded in self.history.take_in(facts):
            self._note(who, recorded)
            self._note_sos(recorded.fact, key_of[recorded.seq])
            self._see_silence(who, recorded.fact)
        for entry in entries:
            self._see_due(who, entry)
        self._note_deadlines()

    def _note(self, who: str, fact: Recorded) -> None:
        self.trace.note(who, "fact", f"{fact.seq} {fact.at_ms} {fact.actor} {type(fact.fact).__name__}")
        if isinstance(fact.fact, MessageQueued):
            self.texts[fact.fact.message] = fact.fact
        about = _met_once(fact.fact) or _words(fact.fact)
        if about:
            self._met[type(fact.fact).__name__, about] += 1
            if self._met[type(fact.fact).__name__, about] > 1:
                self.loop.fail(f"fact {fact.seq}: {type(fact.fact).__name__} of {about} for a second time: doubled")

    def _note_sos(self, fact: Fact, key: str) -> None:
        match fact:
            case SosRaised():
                device, _, at_ms = key.removeprefix("sos:").rpartition(":")
                self.sos.append(Sos(fact.sos, fact.unit, device, int(at_ms), self.loop.now_us))
            case SosCleared():
                row = next(row for row in self.sos if row.id == fact.sos)
                row.cleared_us = self.loop.now_us
            case _:
                pass

    def _see_silence(self, who: str, fact: Fact) -> None:
        """Nobody is called silent who was heard of late, at whichever hub."""
        if isinstance(fact, UnitWentSilent):
            devices = self.history.tables.units.need(fact.unit).devices
            ago_us = self.loop.now_us - max((self.heard_us.get(device, 0) for device in devices), default=0)
            if ago_us < _LATELY_US:
                self.loop.fail(f"{who}: {fact.unit} is called silent, and was heard {ago_us / 1e6:.0f} s ago")

    def _see_due(self, who: str, entry: Entry) -> None:
        """What a deadline brings about, under a key that names it, comes when it stands and is due."""
        deadline, named, _ = entry.key.rpartition("@")
        first = entry.facts[0]
        row = self.history.row(first.seq - 1, "deadlines", deadline)
        if named and not (isinstance(row, DeadlineRow) and row.at_ms <= first.at_ms):
            self.loop.fail(f"{who}: {entry.key} is met at {first.at_ms}, and what stands is {row}: too early")

    def _note_deadlines(self) -> None:
        standing = {f"{row.id}@{row.at_ms}" for row in self.history.tables.deadlines}
        self.set_us = {key: self.set_us.get(key, self.loop.now_us) for key in sorted(standing)}
        self.most_deadlines = max(self.most_deadlines, len(standing))

    def stored(self, who: str, entries: Sequence[Entry], outcome: Outcome) -> None:
        """See what a hub is told became of its batch."""
        if outcome.stored:
            lost = [entry.key for entry in entries if entry.key not in self._answers]
            if lost or outcome.head.seq > self.head.seq:
                self.loop.fail(f"{who}: the journal says stored, and does not hold {lost or outcome.head.seq}")

    def answered(self, who: str, key: str, answer: Answer) -> None:
        """See an answer leave a hub."""
        if answer.seq > self.head.seq:
            self.loop.fail(f"{who}: {key} is answered at {answer.seq}, and only {self.head.seq} is durable")
        known = self._answers.get(key)
        if known is not None and known != answer:
            self.loop.fail(f"{who}: {key} is answered {answer}, and the journal holds {known}")

    def fixes_taken(self, fixes: Sequence[Position]) -> None:
        """See a device hear that its fixes are taken."""
        for fix in fixes:
            self.fixes.setdefault(fix.device, {})[fix.at_ms] = fix
            self.taken_us.setdefault((fix.device, fix.at_ms), self.loop.now_us)

    def published(self, who: str, seq: int, before: int, changes: Changes) -> None:
        """See a hub publish rows: all of them durable, and what the journal folds to."""
        if seq < before:
            self.loop.fail(f"{who}: publishes {seq} after {before}: the sequence goes back")
        if seq > self.head.seq:
            self.loop.fail(f"{who}: publishes {seq}, and only {self.head.seq} is durable")
        for (table, key), row in changes.items():
            if table != "positions" and row != self.history.row(seq, table, key):
                self.loop.fail(f"{who}: at {seq} its {table} row {key} is not what the journal folds to")

    def sealed(self, who: str, seq: int, seal: str) -> None:
        """See a console told which record it is that a number counts."""
        if not self._digests[seq].hex().startswith(seal):
            self.loop.fail(f"{who}: the seal told with {seq} is not that of the fact")

    def told(self, who: str, actor: Actor, seq: int, table: str, key: str, row: Any, situation: str | None) -> None:
        """See a row reach a console: what it was at that number, as this person may see it and asked for it."""
        if seq > self.head.seq:
            self.loop.fail(f"{who}: is told of {seq}, and only {self.head.seq} is durable")
        if row != self.history.told(seq, table, key, actor, situation):
            self.loop.fail(f"{who}: the {table} row {key} told at {seq} is not what it was then")

    def missed_deadline(self, now_ms: int, well_since_us: int, grace_ms: int) -> str | None:
        """Name a deadline that a well hub whose clock says `now_ms` should have met; None where there is none."""
        for row in self.history.tables.deadlines:
            since_us = max(well_since_us, self.set_us[f"{row.id}@{row.at_ms}"])
            if row.at_ms + grace_ms < now_ms and since_us + grace_ms * 1000 < self.loop.now_us:
                return f"the deadline {row.id} was due {(now_ms - row.at_ms) / 1000:.1f} s ago and is not met"
        return None


def _met_once(fact: Fact) -> str:
    """Return whom a deadline was met for, where that happens once in its life."""
    match fact:
        case OrderOverdue():
            return fact.order
        case TaskOverdue():
            return fact.task
        case ApprovalWarned() | ApprovalOverdue():
            return fact.approval
        case WatchExpired():
            return fact.watch
        case _:
            return ""


def _words(fact: Fact) -> str:
    """Return the words of a request that only one request has, and that come into the record once for each effect."""
    match fact:
        case SituationOpened():
            words = fact.title
        case SituationNoted() | OrderIssued():
            words = fact.text
        case SituationClosed() | OrderRecalled():
            words = fact.why
        case WatchRequested():
            words = fact.reason
        case ApprovalRequested():
            words = fact.subject
        case MessageQueued():
            words = f"{fact.to} {fact.about} {fact.text}"
        case _:
            return ""
    return words if MARK in words else ""
