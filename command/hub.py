"""The sequencer: one task owns a space's tables. It decides what is queued, commits once, answers and publishes."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from command import facts, rules
from command.actors import HUB, Actor
from command.facts import Fact, Recorded
from command.journal import Answer, Entry, Journal, StoredFact
from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError, UnavailableError
from command.kernel.limits import BATCH_REQUESTS, INBOX_REQUESTS, MOVED_DEADLINES, REQUEST_KEY_CHARS
from command.requests import FireDeadline, Request
from command.rows import DeadlineRow, PositionRow, Row
from command.settings import Limits
from command.tables import Tables

log = logging.getLogger(__name__)
T = TypeVar("T")
Changes = Mapping[tuple[str, str], Row | None]
Listener = Callable[[int, Changes], None]
_READ_FACTS = 10_000
RETRY_MS = 1000


@dataclass(slots=True)
class _Asked:
    request: Request
    actor: Actor
    key: str
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Reading:
    """A function of the tables, run between two batches, when all they hold is durable."""

    read: Callable[[Tables], Any]
    answer: asyncio.Future[Any]


@dataclass
class HubCounters:
    """What `/metrics` shows of the hub."""

    requests: int = 0
    refused: int = 0
    repeated: int = 0
    batches: int = 0
    failed_batches: int = 0
    faults: int = 0


@dataclass
class _Batch:
    entries: list[Entry] = field(default_factory=list)
    answers: list[tuple[_Asked, Answer]] = field(default_factory=list)


class Hub:
    """The record of one space. `ask` to change it, `read` to look at it, `listen` to follow it."""

    def __init__(self, space: str, clock: Clock, journal: Journal, limits: Limits | None = None) -> None:
        self.space = space
        self.clock = clock
        self.journal = journal
        self.accepting = False
        self.committed_seq = 0
        self.counters = HubCounters()
        self._limits = limits
        self._tables = Tables(limits)
        self._inbox: asyncio.Queue[_Asked | _Reading] = asyncio.Queue(INBOX_REQUESTS)
        self._fresh_positions: dict[str, PositionRow] = {}
        self._listeners: list[Listener] = []
        self._deadlines: list[tuple[int, str]] = []
        self._deadline_set = asyncio.Event()
        self._lost = asyncio.Event()
        self._look_again = True
        self._appended = asyncio.Event()
        self._stopped = False

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        """Return the answer once everything the request brought about is durable.

        The same `key` again gets the first answer. Raises what the rule refuses with, `TooManyError` when the inbox is
        full, `InvalidInputError` for a key that no journal could keep, and `UnavailableError` when the journal is away
        and nobody can tell. Keys are of the whole space: who passes on keys from outside puts the asker in front.
        """
        if key and (len(key) > REQUEST_KEY_CHARS or not key.isprintable()):
            raise InvalidInputError(f"an idempotency key has at most {REQUEST_KEY_CHARS} characters, all printable")
        asked = _Asked(request, actor, key or uuid.uuid4().hex, asyncio.get_running_loop().create_future())
        self._enqueue(asked)
        return await asked.answer

    async def read(self, look: Callable[[Tables], T]) -> T:
        """Return what `look` sees in the tables at one sequence number, all of it durable."""
        reading = _Reading(look, asyncio.get_running_loop().create_future())
        self._enqueue(reading)
        result: T = await reading.answer
        return result

    def positions_changed(self, rows: list[PositionRow]) -> None:
        """Take the newest fixes of units, already stored, into the tables; they wait at most for one batch."""
        for row in rows:
            self._fresh_positions[row.id] = row
        if self._inbox.empty():
            self._nudge()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(seq, changed rows)` after each commit, in order, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def wait_beyond(self, seq: int) -> None:
        """Return once a fact after `seq` is durable."""
        while self.committed_seq <= seq:
            await self._appended.wait()

    async def load(self) -> None:
        """Fold everything that the journal holds beyond what the tables have.

        After a loss only once it can be written again: a full disk can be read, and yes would be told too soon.
        """
        self._look_again = False
        if self._lost.is_set():
            await self.journal.probe()
        while stored := await self.journal.read(self.space, self._tables.seq, _READ_FACTS):
            for fact in stored:
                rules.fold(self._tables, recorded(fact))
            self._publish()
        self._gather_deadlines()
        self.accepting = True
        self._lost.clear()

    def _set_deadline(self, row: DeadlineRow) -> None:
        heapq.heappush(self._deadlines, (row.at_ms, row.id))
        if len(self._deadlines) > len(self._tables.deadlines) + MOVED_DEADLINES:
            self._gather_deadlines()
        self._deadline_set.set()

    def _gather_deadlines(self) -> None:
        self._deadlines = [(row.at_ms, row.id) for row in self._tables.deadlines]
        heapq.heapify(self._deadlines)
        self._deadline_set.set()

    async def run(self) -> None:
        """Serve until cancelled. Whoever still waits then, or asks later, gets `UnavailableError`."""
        self._nudge()  # so that the journal is read and deadlines come due before anybody asks
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sequence(), name=f"sequencer-{self.space}")
                tasks.create_task(self._keep_deadlines(), name=f"deadlines-{self.space}")
                tasks.create_task(self._recover(), name=f"recover-{self.space}")
        finally:
            self._stopped, self.accepting = True, False
            while not self._inbox.empty():
                _refuse(self._inbox.get_nowait().answer, UnavailableError("the hub has stopped"))

    def _nudge(self) -> None:
        """Make the sequencer go round once, with nothing to ask; where the inbox is full it will anyway."""
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody waits for it
        with contextlib.suppress(TooManyError):
            self._enqueue(_Reading(lambda _: None, answer))

    def _enqueue(self, item: _Asked | _Reading) -> None:
        if self._stopped:
            raise UnavailableError("the hub has stopped")
        try:
            self._inbox.put_nowait(item)
        except asyncio.QueueFull:
            raise TooManyError(f"the hub has {INBOX_REQUESTS} requests waiting; try again") from None

    async def _sequence(self) -> None:
        while True:
            items = [await self._inbox.get()]
            while len(items) < BATCH_REQUESTS and not self._inbox.empty():
                items.append(self._inbox.get_nowait())
            try:
                await self._serve([i for i in items if isinstance(i, _Asked) and not i.answer.done()])
                for item in items:
                    if isinstance(item, _Reading) and not item.answer.done():
                        _resolve(item.answer, item.read, self._tables)
            finally:  # nobody is left waiting where the hub stops in the middle
                for item in items:
                    _refuse(item.answer, UnavailableError("the hub stopped before it could answer"))

    async def _serve(self, asked: list[_Asked]) -> None:
        self.counters.requests += len(asked)
        try:
            if not self.accepting and (asked or self._look_again):
                await self.load()
            batch = await self._decide(asked)
            if batch.entries:
                await self.journal.append(self.space, batch.entries)
                self.counters.batches += 1
        except TriuneError as error:
            self._lose_journal(error, asked)
            return
        for item, answer in batch.answers:
            if not item.answer.done():
                item.answer.set_result(answer)
        self._take_positions()
        self._publish()

    def _lose_journal(self, error: TriuneError, asked: list[_Asked]) -> None:
        """Go back to what was durable. Whether the batch happened, only the journal knows.

        `load` reads it once it answers again, and a caller who asks again with the same key gets what stands there.
        """
        self._tables.undo_to((self.committed_seq, 0))
        if asked or self.accepting:  # and not each time that it is looked for again
            self.counters.failed_batches += 1
            log.error("the journal is away, %d requests not answered: %s", len(asked), error.detail)
        self.accepting = False
        self._lost.set()
        for item in asked:
            _refuse(item.answer, UnavailableError(error.detail))

    async def _decide(self, asked: list[_Asked]) -> _Batch:
        batch = _Batch()
        if not asked:
            return batch
        known = await self.journal.answers(self.space, [item.key for item in asked])
        for item in asked:
            if answer := known.get(item.key):
                self.counters.repeated += 1
                batch.answers.append((item, answer))
                continue
            point = self._tables.savepoint()
            try:
                entry = self._entry(item)
            except TriuneError as error:
                self._tables.undo_to(point)
                self.counters.refused += 1
                _refuse(item.answer, error)
                continue
            except Exception as error:  # a fault in a rule must not take the sequencer, or the other requests, with it
                self._tables.undo_to(point)
                self.counters.faults += 1
                log.exception("rule for %s failed", type(item.request).__name__)
                _refuse(item.answer, TriuneError(f"internal fault: {type(error).__name__}"))
                continue
            answer = Answer(seq=self._tables.seq, subject=entry.subject)
            known[item.key] = answer
            batch.answers.append((item, answer))
            if entry.facts:
                batch.entries.append(entry)
        return batch

    def _entry(self, item: _Asked) -> Entry:
        now_ms = self.clock.now_ms()
        stored: list[StoredFact] = []
        subject = ""

        def note(fact: Fact) -> None:
            # Folded as it will be read back: a restart gives the same tables, and nothing unreadable is ever stored.
            seq = self._tables.seq + 1
            data, fact = _as_stored(fact, seq)
            rules.fold(self._tables, Recorded(seq=seq, at_ms=now_ms, actor=item.actor.id, fact=fact))
            stored.append(StoredFact(seq=seq, at_ms=now_ms, actor=item.actor.id, data=data))

        decision = rules.decide(self._tables, item.request, item.actor, now_ms)
        try:
            while True:
                note(next(decision))
        except StopIteration as stop:
            subject = stop.value or ""
        return Entry(key=item.key, subject=subject, facts=tuple(stored))

    def _take_positions(self) -> None:
        fresh, self._fresh_positions = self._fresh_positions, {}
        for row in fresh.values():
            self._tables.positions.put(row)

    def _publish(self) -> None:
        touched = self._tables.settle()
        if self._tables.seq > self.committed_seq:
            self.committed_seq = self._tables.seq
            appended, self._appended = self._appended, asyncio.Event()
            appended.set()
        if not touched:
            return
        changes = {(table, key): self._tables.by_name[table].get(key) for table, key in touched}
        for row in changes.values():
            if isinstance(row, DeadlineRow):
                self._set_deadline(row)
        for listener in tuple(self._listeners):
            try:
                listener(self.committed_seq, changes)
            except Exception:  # a fault in one console must not take the sequencer, or the other consoles, with it
                self.counters.faults += 1
                log.exception("a listener failed")

    async def _keep_deadlines(self) -> None:
        """Ask for each deadline when its instant comes; its key names it and the instant, so it happens once.

        The heap may hold deadlines that were dropped or moved since; the rule looks at the row and does nothing then.
        """
        while True:
            self._deadline_set.clear()
            while self._deadlines and self._deadlines[0][0] <= self.clock.now_ms():
                # Taken off first: while the hub answers, an earlier one may be pushed.
                at_ms, deadline = heapq.heappop(self._deadlines)
                try:
                    await self.ask(FireDeadline(deadline=deadline), HUB, key=f"{deadline}@{at_ms}")
                except (TooManyError, UnavailableError) as error:
                    log.warning("deadline %s has to wait: %s", deadline, error.detail)
                    heapq.heappush(self._deadlines, (at_ms, deadline))
                    await self.clock.sleep(RETRY_MS)
                except TriuneError:  # asked again after a restart; the others must not wait for its mending
                    log.exception("deadline %s cannot be met", deadline)
            await self._wait_for_deadline(self._deadlines[0][0] if self._deadlines else None)

    async def _wait_for_deadline(self, at_ms: int | None) -> None:
        async with asyncio.TaskGroup() as tasks:
            waits: list[asyncio.Task[Any]] = [tasks.create_task(self._deadline_set.wait())]
            if at_ms is not None:
                waits.append(tasks.create_task(self.clock.sleep_until(at_ms)))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _recover(self) -> None:
        """While the journal is away, look again from time to time whether or not anybody asks."""
        while True:
            await self._lost.wait()
            await self.clock.sleep(RETRY_MS)
            self._look_again = True
            self._nudge()


def recorded(stored: StoredFact) -> Recorded:
    """Return the stored fact, decoded; `UnreadableFactError` names its sequence number."""
    fact = facts.decode(stored.data, stored.seq)
    return Recorded(seq=stored.seq, at_ms=stored.at_ms, actor=stored.actor, fact=fact)


def _as_stored(fact: Fact, seq: int) -> tuple[bytes, Fact]:
    """Return the fact as bytes and as read from them; `InvalidInputError` where its type or JSON has no room (NaN)."""
    try:
        data = facts.encode(fact)
        return data, facts.decode(data, seq)
    except (facts.UnreadableFactError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{type(fact).__name__} cannot be recorded: {error}") from error


def _resolve(answer: asyncio.Future[Any], read: Callable[[Tables], Any], tables: Tables) -> None:
    try:
        answer.set_result(read(tables))
    except Exception as error:  # noqa: BLE001 - the fault is of whoever looks, and goes to them
        answer.set_exception(error)


def _refuse(answer: asyncio.Future[Any], error: TriuneError) -> None:
    """Tell whoever waits, unless they were told already or have gone."""
    if not answer.done():
        answer.set_exception(error)
