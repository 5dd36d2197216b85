"""Counting: everything answered yes stands in the record once, and every acknowledged reading in the readings once."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from command.facts.calls import CallArrived, SituationNoted
from command.facts.orders import OrderIssued, OrderOverdue, OrderRecalled
from command.facts.watchlist import PlateHit
from command.hub import recorded
from command.journal import Head, StoredFact, chained
from command.kernel.errors import TriuneError
from command.kernel.limits import READ_FACTS, READINGS_ROWS
from command.readings import SightingQuery, place_of
from consoles.http.context import LIVE
from tests.crash.cars import Passage, passage_of
from tests.crash.ground import Ground
from tests.crash.ledger import Ledger
from tests.crash.waiting import ViolationError, insist
from tests.e2e.hub_process import triune


class Auditor:
    """Reads the record on from where it was read to before: what was there once must still be what the rest follows."""

    def __init__(self, ground: Ground, ledger: Ledger) -> None:
        self._ground = ground
        self._ledger = ledger
        self.head = Head()
        self._effects: Counter[str] = Counter()
        self._subjects: dict[str, tuple[int, str]] = {}
        self._issued: dict[str, int] = {}
        self._overdue: Counter[str] = Counter()
        self._hits: Counter[Passage] = Counter()
        self._plates: set[str] = set()
        """Pictures of plates alone, which hubs make for hits."""
        self._whole: set[str] = set()
        """Pictures that were opened before."""
        self._counted = 0

    async def count(self) -> None:
        """Look at everything asked since the last time, when all of it was answered."""
        await self._read_on()
        self._count_effects()
        self._count_deadlines()
        await self._count_fixes()
        await self._count_passages()
        _same("hits", self._hits, self._ledger.hits)
        await self._count_pictures()

    async def _read_on(self) -> None:
        async with self._ground.journal() as journal:
            while stored := await journal.read(LIVE, self.head.seq, READ_FACTS):
                numbers = [fact.seq for fact in stored]
                insist(
                    numbers == list(range(self.head.seq + 1, self.head.seq + 1 + len(stored))), "a gap in the record"
                )
                self.head = Head(seq=stored[-1].seq, digest=chained(stored, self.head.digest))
                for fact in stored:
                    self._take(fact)

    def _take(self, stored: StoredFact) -> None:
        fact = recorded(stored).fact
        match fact:
            case CallArrived(call=subject, caller=mark) | OrderIssued(order=subject, text=mark):
                pass
            case SituationNoted(situation=subject, text=mark) | OrderRecalled(order=subject, why=mark):
                pass
            case OrderOverdue(order=order):
                self._overdue[order] += 1
                return
            case PlateHit():
                self._hits[Passage(fact.camera, fact.plate, fact.seen_ms, fact.picture)] += 1
                self._plates.update({fact.plate_picture} - {""})
                return
            case _:
                return
        self._effects[mark] += 1
        self._subjects[mark] = stored.seq, subject
        if isinstance(fact, OrderIssued):
            self._issued[fact.order] = stored.seq

    def _count_effects(self) -> None:
        new = self._ledger.asked[self._counted :]
        for asked in new:
            insist(asked.answer, f"{asked.key} was never answered")
            assert asked.answer is not None
            found = self._effects[asked.mark]
            insist(found == 1, f"{asked.mark!r} stands in the record {found} times, answered {asked.answer}")
            seq, subject = self._subjects[asked.mark]
            insist(
                seq <= asked.answer.seq and subject == asked.answer.subject,
                f"{asked.mark!r} was answered {asked.answer} and is about {subject} at {seq}",
            )
        self._counted += len(new)
        insist(self._effects.total() == self._counted, "the record holds what nobody asked for")

    def _count_deadlines(self) -> None:
        for order in self._issued:
            times = self._overdue[order]
            insist(times == 1, f"the deadline of order {order} came {times} times")

    async def _count_fixes(self) -> None:
        async with self._ground.readings() as readings:
            for device, instants in self._ledger.fixes.items():
                stored: list[int] = []
                from_ms = instants[0] if instants else 0
                while True:
                    track = await readings.track(LIVE, device, from_ms, 2**52, READINGS_ROWS)
                    stored += [fix.at_ms for fix in track]
                    if len(track) < READINGS_ROWS:
                        break
                    from_ms = stored[-1] + 1
                lost, twice = set(instants) - set(stored), len(stored) - len(set(stored))
                insist(
                    not lost, f"{len(lost)} acknowledged fixes of {device} are lost, the first at {min(lost or {0})}"
                )
                insist(not twice, f"{twice} fixes of {device} are there twice")
                insist(
                    len(stored) == len(instants), f"{device} reported {len(instants)} fixes, {len(stored)} are there"
                )

    async def _count_passages(self) -> None:
        stored: Counter[Passage] = Counter()
        query = SightingQuery(from_ms=0, to_ms=2**52, limit=READINGS_ROWS)
        async with self._ground.readings() as readings:
            while True:
                found = await readings.search(LIVE, query)
                stored.update(map(passage_of, found))
                if len(found) < READINGS_ROWS:
                    break
                query = replace(query, after=place_of(found[-1]))
        _same("passages", stored, self._ledger.passages)

    async def _count_pictures(self) -> None:
        """Open those that were not opened before; the others still have to be there."""
        named = self._plates | {passage.picture for passage in self._ledger.passages} - {""}
        async with self._ground.blobs() as blobs:
            lost = named - await blobs.names()
            insist(not lost, f"{len(lost)} pictures are lost, the first is {min(lost, default=None)}")
            for name in named - self._whole:
                try:
                    await blobs.get(name)
                except TriuneError as error:
                    raise ViolationError(f"picture {name} is not whole: {error.detail}") from error
        self._whole |= named


def _same(what: str, stored: Counter[Passage], told: Counter[Passage]) -> None:
    """All that was acknowledged is there, and each once."""
    lost, more = told - stored, stored - told
    insist(not lost, f"{lost.total()} acknowledged {what} are lost, the first is {min(lost, default=None)}")
    insist(not more, f"{more.total()} {what} are there twice or were never told: {min(more, default=None)}")


async def verify(ground: Ground) -> None:
    """Run `triune verify`; it says itself what is wrong."""
    journal = ("--journal", ground.journal_url) if ground.journal_url else ()
    verdict = await triune("verify", "--data", str(ground.data), *journal)
    insist(verdict["ok"], f"triune verify: {verdict}")
