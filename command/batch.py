"""A batch: the decision on everything that was asked at once, and what becomes of it once the journal has answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from command import facts, rules
from command.actors import Actor
from command.facts import Fact, Recorded
from command.journal import Answer, Entry, StoredFact
from command.kernel.errors import InvalidInputError, TriuneError
from command.requests import Request
from command.tables import Tables

log = logging.getLogger(__name__)


class Committed(msgspec.Struct, frozen=True, gc=False):
    """What one request brought about, now durable: what logs and traces tell of it."""

    key: str
    actor: str
    kind: str
    """The request's tag."""
    subject: str
    first_seq: int
    last_seq: int


@dataclass(slots=True)
class Asked:
    """A request, and who waits for its answer."""

    request: Request
    actor: Actor
    key: str
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class Batch:
    """What was decided; nobody is told before it is durable."""

    entries: list[Entry] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    """Who asked for each entry."""
    answers: list[tuple[Asked, Answer]] = field(default_factory=list)
    refusals: list[tuple[Asked, TriuneError]] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    """Keys of requests that brought nothing about: they may be repetitions of some that did."""
    faults: int = 0
    """Rules that failed; their requests are refused."""

    def refuse(self, item: Asked, error: TriuneError) -> None:
        """Refuse, unless the store knows that it was answered before."""
        self.refusals.append((item, error))
        self.doubtful.append(item.key)

    def answer_as_before(self, known: Mapping[str, Answer]) -> int:
        """Give those that were asked before the answer of then; return how many."""
        items = [item for item, _ in (*self.answers, *self.refusals) if item.key in known]
        self.refusals = [(item, error) for item, error in self.refusals if item.key not in known]
        self.answers = [(item, answer) for item, answer in self.answers if item.key not in known]
        self.answers += [(item, known[item.key]) for item in items]
        return len(items)

    def settle(self) -> None:
        """Tell everybody who still waits; the entries are durable."""
        for item, answer in self.answers:
            if not item.answer.done():
                item.answer.set_result(answer)
        for item, refusal in self.refusals:
            if not item.answer.done():
                item.answer.set_exception(refusal)

    def committed(self) -> list[Committed]:
        """Return what each entry's request brought about."""
        return [
            Committed(
                entry.key,
                item.actor.id,
                str(item.request.__struct_config__.tag),
                entry.subject,
                entry.facts[0].seq,
                entry.facts[-1].seq,
            )
            for item, entry in zip(self.asked, self.entries, strict=True)
        ]


def decide(tables: Tables, asked: Sequence[Asked], known: Mapping[str, Answer], now_ms: int) -> Batch:
    """Decide one request after another, each on the tables as the ones before leave them."""
    batch = Batch()
    given = dict(known)
    for item in asked:
        if answer := given.get(item.key):
            batch.answers.append((item, answer))
            continue
        point = tables.savepoint()
        try:
            entry = _entry(tables, item, now_ms)
        except TriuneError as error:
            tables.undo_to(point)
            batch.refuse(item, error)
            continue
        except Exception as error:  # a fault in a rule must not take the sequencer, or the other requests, with it
            tables.undo_to(point)
            batch.faults += 1
            log.exception("rule for %s failed", type(item.request).__name__)
            batch.refuse(item, TriuneError(f"internal fault: {type(error).__name__}"))
            continue
        answer = given[item.key] = Answer(seq=tables.seq, subject=entry.subject)
        batch.answers.append((item, answer))
        if entry.facts:
            batch.entries.append(entry)
            batch.asked.append(item)
        else:
            batch.doubtful.append(item.key)
    return batch


def _entry(tables: Tables, item: Asked, now_ms: int) -> Entry:
    """Decide one request. Each fact is folded as it will be read back: a restart gives the same tables."""
    actor = item.actor.id
    stored: list[StoredFact] = []
    decision = rules.decide(tables, item.request, item.actor, now_ms)
    while True:
        try:
            fact = next(decision)
        except StopIteration as stop:
            return Entry(key=item.key, subject=stop.value or "", facts=tuple(stored))
        seq = tables.seq + 1
        data, fact = _as_stored(fact, seq)
        rules.fold(tables, Recorded(seq=seq, at_ms=now_ms, actor=actor, fact=fact))
        stored.append(StoredFact(seq=seq, at_ms=now_ms, actor=actor, data=data))


def _as_stored(fact: Fact, seq: int) -> tuple[bytes, Fact]:
    """Return the fact as bytes and as read from them; `InvalidInputError` where its type or JSON has no room (NaN)."""
    try:
        data = facts.encode(fact)
        return data, facts.decode(data, seq)
    except (facts.UnreadableFactError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{type(fact).__name__} cannot be recorded: {error}") from error
