"""The task that signs the head of a space, follows the chain while it does so, and has heads kept outside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from command.journal import DamagedJournalError, Head, Journal, SignedHead, chained
from command.journal.anchors import Anchor
from command.journal.heads import BLOCK_FACTS, HeadKey, to_anchor
from command.journal.kept_heads import KeptHeads, damaged
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.kernel.limits import ANCHOR_CALL_MS, HEAD_EVERY_MS, HEAD_LOOK_MS, HEADS_AT_ONCE, READ_FACTS

log = logging.getLogger(__name__)


@dataclass
class SignerCounters:
    """What `/metrics` shows of the signing."""

    signed: int = 0
    failed: int = 0


class HeadSigner:
    """Signs each multiple of `BLOCK_FACTS`, what is newer every `HEAD_EVERY_MS`, and the end.

    It signs only what follows, fact by fact, from the head signed before, so a record that was rewritten underneath is
    never vouched for. Of several hubs each signs; a number that is signed already stays as it is.
    """

    def __init__(
        self, space: str, journal: Journal, key: HeadKey, clock: Clock, anchors: Sequence[Anchor] = ()
    ) -> None:
        self.anchors = anchors
        self.counters = SignerCounters()
        self.damage: str | None = None
        """Why nothing is vouched for any more: for health and screens. Only a restored journal and a start end it."""
        self._space = space
        self._journal = journal
        self._kept = KeptHeads(space, journal, key.public)
        self._key = key
        self._clock = clock
        self._head = Head()
        self.signed_at_ms: int | None = None
        """When that was signed, by whichever hub; None where nothing is."""

    @property
    def signed_seq(self) -> int:
        """Up to where the record is vouched for."""
        return self._head.seq

    async def resume(self) -> None:
        """Find the last signed head; call it before the hub is loaded.

        Raises `DamagedJournalError` where the journal ends before it, or before an answer that was given, or differs
        there, or where it or an answer that it vouches for was changed, or signed with another site's key.
        `UnavailableError` where the journal is away.
        """
        last = await _last_signed(self._journal, self._space)
        if last is not None:
            await self._go_on_from(last)
        await self._refuse_cut_off()

    async def _go_on_from(self, last: SignedHead) -> None:
        facts = await self._journal.read(self._space, last.seq - 1, 1)
        if not facts or facts[0].seq != last.seq or facts[0].digest != last.digest:
            raise damaged(last.seq, f"the facts up to {last.seq}, once signed, are cut off or rewritten")
        await self._kept.checked([last])
        self._head, self.signed_at_ms = Head(seq=last.seq, digest=last.digest), last.at_ms

    async def _refuse_cut_off(self) -> None:
        """Refuse facts that are gone while an answer names them: the next ones would get their numbers again."""
        end = await self._journal.head(self._space)
        for _, answer in await self._journal.answered(self._space, end.seq, 1):
            # Another hub may have written since; facts and answers come together.
            if (await self._journal.head(self._space)).seq < answer.seq:
                raise damaged(end.seq + 1, f"the journal ends at fact {end.seq}, and an answer names {answer.seq}")

    async def run(self) -> None:
        """Sign until cancelled, and bring heads to where they are kept outside."""
        async with asyncio.TaskGroup() as tasks:
            for anchor in self.anchors:
                tasks.create_task(self._bring(anchor.run()), name=f"anchor-{anchor.name}")
            tasks.create_task(self._keep_signing(), name=f"heads-{self._space}")

    async def stop(self) -> None:
        """Sign what came last and bring it outside, where that can be done soon; call it after `run` has ended."""
        await self._try(is_due=True)
        for anchor in self.anchors:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANCHOR_CALL_MS / 1000):
                    await self._bring(anchor.bring())

    async def sign(self, *, is_due: bool) -> None:
        """Sign every multiple since the last head, `HEADS_AT_ONCE` at most, and where it is due the end too.

        Raises `DamagedJournalError` where the facts do not follow from the last head, `UnavailableError`.
        """
        end = await self._journal.head(self._space)
        if end.seq < self._head.seq:
            raise damaged(end.seq + 1, f"the journal ends at fact {end.seq}, and {self._head.seq} was signed")
        for _ in range(HEADS_AT_ONCE):
            upto = min(self._head.seq // BLOCK_FACTS * BLOCK_FACTS + BLOCK_FACTS, end.seq)
            if upto == self._head.seq or (upto % BLOCK_FACTS and not is_due):
                return
            await self._sign(upto)

    async def _sign(self, upto: int) -> None:
        facts = await self._journal.read(self._space, self._head.seq, upto - self._head.seq)
        digest = chained(facts, self._head.digest)
        if not facts or facts[-1].seq != upto:
            raise damaged(upto, f"fact {upto} is missing")
        (answers,) = await self._kept.answers(upto)
        head = Head(seq=upto, digest=digest)
        signed = self._key.sign(self._space, head, answers, self._clock.now_ms())
        await self._journal.sign(self._space, signed)
        self._head, self.signed_at_ms = head, signed.at_ms
        self.counters.signed += 1
        for anchor in self.anchors:
            anchor.offer(to_anchor(self._space, signed, answers, self._key.public))

    async def _keep_signing(self) -> None:
        due_ms = self._clock.now_ms() + HEAD_EVERY_MS
        while True:
            await self._clock.sleep(HEAD_LOOK_MS)
            is_due = self._clock.now_ms() >= due_ms
            if await self._try(is_due=is_due) and is_due:
                due_ms = self._clock.now_ms() + HEAD_EVERY_MS

    async def _try(self, *, is_due: bool) -> bool:
        """Sign; say whether that went well. A journal that is away or damaged is the hub's matter: it is told here."""
        if self.damage is not None:
            return False
        try:
            await self.sign(is_due=is_due)
        except DamagedJournalError as error:
            self._stop_vouching(error)
        except TriuneError as error:
            self.counters.failed += 1
            log.warning("the head of the journal could not be signed: %s", error.detail)
        return self.damage is None

    async def _bring(self, bringing: Awaitable[object]) -> None:
        """Bring heads outside. Where an older one turns out not to fit, no newer one may hide that."""
        try:
            await bringing
        except DamagedJournalError as error:
            self._stop_vouching(error)

    def _stop_vouching(self, error: DamagedJournalError) -> None:
        self.damage = error.detail
        self.counters.failed += 1
        log.critical("the journal is vouched for no longer: %s", error.detail)


async def _last_signed(journal: Journal, space: str) -> SignedHead | None:
    """Return the last signed head, looking back from the journal's end in ever longer steps."""
    end = (await journal.head(space)).seq
    span = 2 * BLOCK_FACTS
    while True:
        after = max(0, end - span)
        found: list[SignedHead] = []
        while page := await journal.signed(space, found[-1].seq if found else after, READ_FACTS):
            found = page
        if found or not after:
            return found[-1] if found else None
        span *= 4
