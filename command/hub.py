"""The sequencer: one task owns a space's tables. It decides what is queued, commits once, answers and publishes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from command import facts, rules
from command.actors import Actor
from command.batch import Asked, Batch, Committed, decide
from command.deadlines import Deadlines
from command.facts import Recorded
from command.journal import Answer, DamagedJournalError, Head, Journal, StoredFact, chained
from command.kernel.clock import Clock
from command.kernel.correlation import key_of
from command.kernel.durations import Durations
from command.kernel.errors import HubBusyError, InvalidInputError, RecordAwayError, TriuneError
from command.kernel.limits import (
    BATCH_REQUESTS,
    DECISIONS_PER_BATCH,
    HUB_HANGS_MS,
    HUB_RETRY_MS,
    INBOX_REQUESTS,
    READ_FACTS,
    REQUEST_KEY_CHARS,
)
from command.requests import Request
from command.rows import DeadlineRow, PassageRow, PositionRow, Row, retired_id
from command.settings import Limits
from command.tables import Tables

log = logging.getLogger(__name__)
T = TypeVar("T")
Changes = Mapping[tuple[str, str], Row | None]
Listener = Callable[[int, Changes], None]
CommitListener = Callable[[Sequence[Committed]], None]


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


class Hub:
    """The record of one space. `ask` to change it, `read` to look at it, `listen` to follow it."""

    def __init__(self, space: str, clock: Clock, journal: Journal, limits: Limits | None = None) -> None:
        self.space = space
        self.clock = clock
        self.journal = journal
        self._accepting = False
        """Whether the journal took what it was last given, and all that it holds is folded."""
        self._round_begun_s: float | None = None
        """When the sequencer took up what it is at, by the loop's clock."""
        self.damaged = False
        """Whether the journal is not the one that was folded: nothing is recorded then, and no waiting mends that."""
        self.history = ""
        """Which record these numbers count: another one after a backup was restored."""
        self.committed_seq = 0
        self.journal_seq = 0
        """Where the journal stood when it was last heard of; ahead of `committed_seq` while another hub leads."""
        self.counters = HubCounters()
        self.commit_s = Durations()
        """From handing over a batch to its being durable."""
        self._tables = Tables(limits)
        self._inbox: deque[Asked | _Reading] = deque()
        self._asked = asyncio.Event()
        self._fresh_positions: dict[str, PositionRow] = {}
        self._fresh_passages: dict[str, PassageRow] = {}
        self._head = Head()
        self._listeners: list[Listener] = []
        self._commit_listeners: list[CommitListener] = []
        self._deadlines = Deadlines(clock, self.ask)
        self._lost = asyncio.Event()
        self._look_again = True
        self._appended = asyncio.Event()
        self.stopped = False
        """Whether it was told to end: nothing is taken any more."""

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        """Return the answer once everything the request brought about is durable.

        The same `key` again gets the first answer. Raises what the rule refuses with, `HubBusyError` when the inbox is
        full, `InvalidInputError` for a key that no journal could keep, and `RecordAwayError` when the journal is away
        and nobody can tell. Keys are of the whole space: who passes on keys from outside puts the asker in front.
        """
        if key and (len(key) > REQUEST_KEY_CHARS or not key.isprintable()):
            raise InvalidInputError(f"an idempotency key has at most {REQUEST_KEY_CHARS} characters, all printable")
        asked = Asked(request, actor, key_of(key), asyncio.get_running_loop().create_future())
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
        if not self._inbox:
            self._nudge()

    def passages_changed(self, rows: list[PassageRow]) -> None:
        """Take passages of vehicles, already stored, into the tables, as newest fixes are."""
        for row in rows:
            self._fresh_passages[row.id] = row
        if not self._inbox:
            self._nudge()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(seq, changed rows)` after each commit, in order, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_commit(self, listener: CommitListener) -> Callable[[], None]:
        """Call `listener` with what this hub itself committed, until the returned function is called."""
        self._commit_listeners.append(listener)
        return lambda: self._commit_listeners.remove(listener)

    def look(self, seq: int | None = None) -> None:
        """Hear that the journal may stand at `seq`, or somewhere: another hub wrote."""
        self.journal_seq = max(self.journal_seq, self.committed_seq + 1 if seq is None else seq)
        if self.journal_seq > self.committed_seq and not self._inbox:
            self._nudge()

    async def catch_up(self, seq: int) -> None:
        """Return once the tables are at `seq`, or at the journal's head where that is before it.

        Raises as `read`.
        """
        if seq > self.committed_seq:
            self.journal_seq = max(self.journal_seq, seq)
            await self.read(lambda _: None)

    async def wait_beyond(self, seq: int) -> None:
        """Return once a fact after `seq` is durable."""
        while self.committed_seq <= seq:
            await self._appended.wait()

    @property
    def accepting(self) -> bool:
        """Whether requests can be recorded, as far as anybody can tell: a store that is silent for long may be gone."""
        return self._accepting and not self.hangs

    @property
    def hangs(self) -> bool:
        """Whether the store does not answer; a disk may hang without an error."""
        begun_s = self._round_begun_s
        return begun_s is not None and asyncio.get_running_loop().time() - begun_s > HUB_HANGS_MS / 1000

    @property
    def inbox_depth(self) -> int:
        """How many requests and readers wait."""
        return len(self._inbox)

    @property
    def head(self) -> Head:
        """The last fact that the tables were folded from."""
        return self._head

    @property
    def limits(self) -> Limits:
        """What the rules hold to."""
        return self._tables.limits

    async def start_from(self, tables: Tables, head: Head) -> bool:
        """Take tables folded earlier up to a head instead of folding it all again; before anything was loaded.

        Says no, and takes nothing, where the journal holds another fact there.
        """
        assert self.committed_seq == 0
        assert not self._listeners
        at = await self.journal.read(self.space, head.seq - 1, 1)
        if not at or at[0].digest != head.digest:
            return False
        self._tables, self._head, self.committed_seq = tables, head, head.seq
        return True

    async def load(self) -> None:
        """Fold everything that the journal holds beyond what the tables have.

        After a loss only once it can be written again: a full disk can be read, and yes would be told too soon. Raises
        `DamagedJournalError` where it is not the journal that the tables were folded from.
        """
        self._look_again = False
        if self._lost.is_set():
            await self.journal.probe()
        self.history = await self.journal.history()
        await self._follow()
        self._deadlines.gather(self._tables.deadlines)
        self._accepting, self.damaged = True, False
        self._lost.clear()

    async def _follow(self) -> None:
        """Fold and publish up to the journal's head."""
        while stored := await self.journal.read(self.space, self.committed_seq, READ_FACTS):
            self._take_in(stored)
        self._check_head(await self.journal.head(self.space))

    def _take_in(self, stored: Sequence[StoredFact]) -> None:
        """Fold and publish facts that are durable, after looking whether they follow from those folded before."""
        if stored:
            digest = chained(stored, self._head.digest)
            for fact in stored:
                rules.fold(self._tables, recorded(fact))
            self._head = Head(seq=stored[-1].seq, digest=digest)
            self._publish()

    def _check_head(self, head: Head) -> None:
        """Refuse a journal that ends before what was once folded from it, or that differs there."""
        if head.seq < self._head.seq or (head.seq == self._head.seq and head != self._head):
            raise DamagedJournalError(
                f"the journal stands at fact {head.seq} and is not the one that held fact {self.committed_seq}; "
                "restore it, then start the hub anew",
                seq=head.seq,
            )
        self.journal_seq = head.seq

    async def run(self) -> None:
        """Serve until cancelled. Whoever still waits then, or asks later, gets `RecordAwayError`."""
        self._nudge()  # so that the journal is read and deadlines come due before anybody asks
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sequence(), name=f"sequencer-{self.space}")
                tasks.create_task(self._deadlines.run(), name=f"deadlines-{self.space}")
                tasks.create_task(self._recover(), name=f"recover-{self.space}")
        finally:
            self.stopped, self._accepting = True, False
            while self._inbox:
                _refuse(self._inbox.popleft().answer, RecordAwayError("the hub has stopped"))

    def _nudge(self) -> None:
        """Make the sequencer go round once, with nothing to ask; a full inbox does it anyway, a stopped hub no more."""
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody waits for it
        with contextlib.suppress(HubBusyError, RecordAwayError):
            self._enqueue(_Reading(lambda _: None, answer))

    def _enqueue(self, item: Asked | _Reading) -> None:
        if self.stopped:
            raise RecordAwayError("the hub has stopped")
        if len(self._inbox) >= INBOX_REQUESTS:
            raise HubBusyError(f"the hub has {INBOX_REQUESTS} requests waiting; try again")
        self._inbox.append(item)
        self._asked.set()

    async def _sequence(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._round_begun_s = None
            await self._asked.wait()
            self._round_begun_s = loop.time()
            items = [self._inbox.popleft() for _ in range(min(BATCH_REQUESTS, len(self._inbox)))]
            if not self._inbox:
                self._asked.clear()
            try:
                await self._serve([i for i in items if isinstance(i, Asked) and not i.answer.done()])
                for item in items:
                    if isinstance(item, _Reading) and not item.answer.done():
                        _resolve(item.answer, item.read, self._tables)
            finally:  # nobody is left waiting where the hub stops in the middle
                for item in items:
                    if not item.answer.done():
                        item.answer.set_exception(RecordAwayError("the hub stopped before it could answer"))

    async def _serve(self, asked: list[Asked]) -> None:
        self.counters.requests += len(asked)
        try:
            if not self._accepting and (asked or self._look_again):
                await self.load()
            elif self._accepting and self.journal_seq > self.committed_seq:
                await self._follow()
            batch = await self._commit(asked) if asked else Batch()
        except TriuneError as error:
            self._lose_journal(error, asked)
            return
        batch.settle()
        self._take_readings()
        self._publish()
        if batch.entries and self._commit_listeners:
            self._tell_commit(batch)

    async def _commit(self, asked: list[Asked]) -> Batch:
        """Decide and store; again with what others wrote meanwhile, or with answers that were given before."""
        known: dict[str, Answer] = {}
        loop = asyncio.get_running_loop()
        async with self.journal.turn(self.space) as turn:
            for _ in range(DECISIONS_PER_BATCH):
                batch = decide(self._tables, asked, known, self.clock.now_ms())
                self.counters.faults += batch.faults
                started_s = loop.time()
                outcome = await turn.append(batch.entries, self._head, batch.doubtful)
                self.commit_s.note(loop.time() - started_s)
                known.update(outcome.known)
                if outcome.stored:
                    self._head, self.journal_seq = outcome.head, outcome.head.seq
                    self.counters.batches += bool(batch.entries)
                    if known:
                        self.counters.repeated += batch.answer_as_before(known)
                    self.counters.refused += len(batch.refusals)
                    return batch
                self._tables.undo_to((self.committed_seq, 0))
                self._take_in(outcome.unseen)
                self._check_head(outcome.head)
                if outcome.head.seq > self.committed_seq:
                    await self._follow()
        raise RecordAwayError("others write faster than this hub can follow; try again")

    def _lose_journal(self, error: TriuneError, asked: list[Asked]) -> None:
        """Go back to what was durable. Whether the batch happened, only the journal knows.

        `load` reads it once it answers again, and a caller who asks again with the same key gets what stands there.
        """
        self._tables.undo_to((self.committed_seq, 0))
        if asked or self._accepting:  # and not each time that it is looked for again
            self.counters.failed_batches += 1
            log.error("the journal is lost, %d requests not answered: %s", len(asked), error.detail)
        self._accepting, self.damaged = False, isinstance(error, DamagedJournalError)
        self._lost.set()
        for item in asked:
            _refuse(item.answer, error if self.damaged else RecordAwayError(error.detail))

    def _tell_commit(self, batch: Batch) -> None:
        told = batch.committed()
        for listener in tuple(self._commit_listeners):
            try:
                listener(told)
            except Exception:  # as with consoles: who watches must not stop what is watched
                self.counters.faults += 1
                log.exception("a listener to commits failed")

    def _take_readings(self) -> None:
        fresh, self._fresh_positions = self._fresh_positions, {}
        for row in fresh.values():
            if retired_id("unit", row.id) not in self._tables.retired.rows:  # it may be since this was on its way
                self._tables.positions.put(row)
        passages, self._fresh_passages = self._fresh_passages, {}
        for passage in passages.values():
            self._tables.passages.put(passage)

    def _publish(self) -> None:
        changes = self._tables.settle()
        if self._tables.seq > self.committed_seq:
            self.committed_seq = self._tables.seq
            appended, self._appended = self._appended, asyncio.Event()
            appended.set()
        if not changes:
            return
        for (table, _), row in changes.items():
            if table == "deadlines" and isinstance(row, DeadlineRow):
                self._deadlines.set(row, self._tables.deadlines)
        for listener in tuple(self._listeners):
            try:
                listener(self.committed_seq, changes)
            except Exception:  # a fault in one console must not take the sequencer, or the other consoles, with it
                self.counters.faults += 1
                log.exception("a listener failed")

    async def _recover(self) -> None:
        """While the journal is away, look again from time to time whether or not anybody asks."""
        while True:
            await self._lost.wait()
            await self.clock.sleep(HUB_RETRY_MS)
            self._look_again = True
            self._nudge()


def recorded(stored: StoredFact) -> Recorded:
    """Return the stored fact, decoded; `UnreadableFactError` names its sequence number."""
    fact = facts.decode(stored.data, stored.seq)
    return Recorded(seq=stored.seq, at_ms=stored.at_ms, actor=stored.actor, fact=fact)


def _resolve(answer: asyncio.Future[Any], read: Callable[[Tables], Any], tables: Tables) -> None:
    try:
        answer.set_result(read(tables))
    except Exception as error:  # noqa: BLE001 - the fault is of whoever looks, and goes to them
        answer.set_exception(error)


def _refuse(answer: asyncio.Future[Any], error: TriuneError) -> None:
    """Tell whoever waits, unless they were told already or have gone."""
    if not answer.done():
        answer.set_exception(error)
