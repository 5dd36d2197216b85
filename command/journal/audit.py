"""Is the record of a space what was recorded: every fact, answer and signed head of it, held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from command.journal import GENESIS, Answer, DamagedJournalError, Journal, SignedHead, StoredFact
from command.journal.heads import BLOCK_FACTS, AnchoredHead, AnswersDigest, block_before, is_signed
from command.kernel.limits import READ_FACTS, VERIFY_FAILURES

_BEFORE_ALL = -(2**62)
"""Something may have been slipped in before the first."""
_UNSIGNED_FACTS = 2 * BLOCK_FACTS
"""A hub at work is never further behind with signing, unless it is at its first start with this release."""
_UNNUMBERED = "altered: the number of a fact is no whole number"
_UNNUMBERED_HEAD = "altered: the number of a signed head is no whole number"

Report = Callable[[int | None, str], None]
"""Is told the number of the fact where something is wrong, and what."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A head that is kept outside: the digest of the facts up to `seq`, and that of the answers of its block."""

    seq: int
    digest: bytes
    answers: bytes


def seals(anchored: Iterable[AnchoredHead]) -> list[Seal]:
    """Return what genuine anchored heads of one space say, in order, each once: several hubs may have anchored it."""
    found = {(one.seq, bytes.fromhex(one.digest), bytes.fromhex(one.answers)) for one in anchored}
    return [Seal(seq=seq, digest=digest, answers=answers) for seq, digest, answers in sorted(found)]


class Audit:
    """Goes once through a space, page by page, and reports what does not fit. A hub may go on writing meanwhile.

    `public` is the key that heads have to be signed with, None where it is not known. `outside` are heads kept outside,
    in order. `look` sees every fact. Raises `DamagedJournalError` where the store cannot be read on, and
    `UnavailableError` where it is away.
    """

    def __init__(
        self,
        journal: Journal,
        space: str,
        report: Report,
        look: Callable[[StoredFact], None],
        public: bytes | None = None,
        outside: Sequence[Seal] = (),
    ) -> None:
        self.facts = 0
        self.heads = 0
        """Signed heads that fit."""
        self.sealed_seq = 0
        """Up to where a head, signed or kept outside, vouches for what is there."""
        self._journal = journal
        self._space = space
        self._report = report
        self._look = look
        self._public = public
        self._outside = list(reversed(outside))
        self._seq = 0
        self._digest: bytes | None = GENESIS
        """Of the fact looked at last, as stored; None where it could not be read."""
        self._known: dict[int, tuple[bytes, bytes | None]] = {}
        """The digests of this page's facts: as stored, and as they follow."""
        self._answers = AnswersDigest()
        self._answered_seq = 0
        self._head_seq = 0
        self._broken_seq = 0
        """The last fact at which the chain was found broken."""
        self._rewritten = False
        self._heads_unchecked = False
        self._is_unnumbered_left = False

    async def run(self) -> None:
        """Look at everything."""
        after, at_end = _BEFORE_ALL, False
        while not at_end:
            while page := await self._page(after):
                self._known = {}
                for fact in page:
                    self._fact(fact)
                await self._hold_against(after, page[-1].seq)
                after = page[-1].seq
            answers = await self._journal.answered(self._space, after, READ_FACTS)
            heads = await self._journal.signed(self._space, after, READ_FACTS)
            # What a hub wrote meanwhile is looked at before it is missed.
            at_end = not await self._page(after)
        self._end(answers, heads)

    async def _page(self, after: int) -> list[StoredFact]:
        try:
            page = await self._journal.read(self._space, after, READ_FACTS)
        except DamagedJournalError:
            page = await self._one_by_one(after)
        self._is_unnumbered_left = bool(page)
        # SQLite sorts text after all numbers: the page ends with a number, or nothing else is left.
        while page and not _is_numbered(page[-1]):
            page.pop()
        return page

    async def _one_by_one(self, after: int) -> list[StoredFact]:
        """Return the facts before the first that cannot be read; where that is the next, report it and go past it."""
        found: list[StoredFact] = []
        try:
            while len(found) < READ_FACTS and (page := await self._journal.read(self._space, after, 1)):
                found += page
                after = page[-1].seq
        except DamagedJournalError as error:
            return found or await self._past(error)
        return found

    async def _past(self, error: DamagedJournalError) -> list[StoredFact]:
        for _ in range(VERIFY_FAILURES):
            self._seq, self._digest = self._seq + 1, None
            self._report(self._seq, f"damaged: {error.detail}")
            try:
                return await self._journal.read(self._space, self._seq, 1)
            except DamagedJournalError as again:
                error = again
        raise error

    def _fact(self, fact: StoredFact) -> None:
        if not _is_numbered(fact):
            self._report(self._seq + 1, _UNNUMBERED)
            return
        self.facts += 1
        if fact.seq <= self._seq:
            self._report(fact.seq, "inserted: facts are numbered from 1")
            return
        follows = self._follows(fact)
        if fact.seq != self._seq + 1:
            self._report(self._seq + 1, f"missing: after {self._seq} comes {fact.seq}")
            self._broken_seq, follows = self._seq + 1, fact.digest
        elif follows is None or follows != fact.digest:
            self._report(fact.seq, "altered: it does not fit the chain")
            self._broken_seq = fact.seq
        self._seq = fact.seq
        self._digest = fact.digest if type(fact.digest) is bytes else None
        self._known[fact.seq] = (fact.digest, follows)
        if type(fact.data) is bytes and type(fact.at_ms) is int:
            self._look(fact)

    def _follows(self, fact: StoredFact) -> bytes | None:
        """Return the digest that a fact has to have after the one before it; None where no fact is like it."""
        if not fact.is_sound():
            return None
        return fact.digest if self._digest is None else fact.chained_to(self._digest)

    async def _hold_against(self, after: int, upto: int) -> None:
        """Hold the facts of a page against the answers and heads of the same numbers."""
        most = min(upto - after, READ_FACTS) + 1  # each fact has one of each at most: one that is too many shows
        found = await self._journal.answered(self._space, after, most)
        answers = iter([item for item in found if _is_up_to(item[1], upto)])
        heads = []
        for head in await self._journal.signed(self._space, after, most):
            if _is_up_to(head, upto):
                if _is_numbered(head):
                    heads.append(head)
                else:
                    self._report(int(head.seq), _UNNUMBERED_HEAD)
        marks: list[Seal | SignedHead] = [*heads]
        while self._outside and self._outside[-1].seq <= upto:
            marks.append(self._outside.pop())
        kept = {head.seq for head in heads}
        item = next(answers, None)
        for mark in sorted(marks, key=lambda one: (one.seq, isinstance(one, SignedHead))):
            while item is not None and item[1].seq <= mark.seq:
                self._answer(*item)
                item = next(answers, None)
            if isinstance(mark, SignedHead):
                self._signed(mark)
            else:
                self._sealed(mark, is_kept=mark.seq in kept)
        while item is not None:
            self._answer(*item)
            item = next(answers, None)

    def _answer(self, key: str, answer: Answer) -> None:
        if type(key) is not str or not answer.is_sound():
            self._report(int(answer.seq), f"altered: a value in the answer to {key!r} is of another kind")
            return
        if answer.seq not in self._known:
            self._report(answer.seq, f"missing: it was given as the answer to {key!r}")
        elif answer.seq == self._answered_seq:
            self._report(answer.seq, f"altered: a second answer names it, to {key!r}")
        self._answered_seq = answer.seq
        self._answers.add(key, answer)

    def _signed(self, head: SignedHead) -> None:
        if (multiple := self._head_seq // BLOCK_FACTS * BLOCK_FACTS + BLOCK_FACTS) < head.seq:
            self._report(multiple, "the signed head of this number was removed")
        self._head_seq = head.seq
        if self._public is None:
            self._heads_unchecked = True
            self._fits(head.seq, head.digest)
            return
        answers = self._answers.at(head.seq)
        is_genuine = head.is_sound() and is_signed(self._space, head, answers, self._public)
        if not self._fits(head.seq, head.digest):
            return
        if is_genuine:
            self.heads += 1
            self._seal(head.seq)
        else:
            first = self._first_doubtful(head.seq)
            self._report(
                first,
                f"altered: the signed head {head.seq} is not what this key signed: it, or an answer to the facts "
                f"{first} to {head.seq}, was changed",
            )

    def _sealed(self, seal: Seal, *, is_kept: bool) -> None:
        if not is_kept:
            self._report(seal.seq, "the signed head of this number was removed: it is kept outside")
        if not self._fits(seal.seq, seal.digest):
            return
        if self._answers.at(seal.seq) == seal.answers:
            self._seal(seal.seq)
        else:
            first = self._first_doubtful(seal.seq)
            self._report(first, f"altered: an answer to the facts {first} to {seal.seq} was changed or removed")

    def _fits(self, seq: int, digest: bytes) -> bool:
        """Say whether the facts up to `seq` are those that had this digest once; report it where they are not."""
        if (known := self._known.get(seq)) is None:
            return False  # missing, and said to be
        if digest in known:
            self._rewritten = False
            return True
        if (
            not self._rewritten and self._broken_seq <= self.sealed_seq
        ):  # else it is said already where; all after differ
            first = self.sealed_seq + 1
            self._report(first, f"rewritten: the facts {first} to {seq}, or the head {seq}, are not what was signed")
        self._rewritten = True
        return False

    def _seal(self, seq: int) -> None:
        self.sealed_seq = max(self.sealed_seq, seq)

    def _first_doubtful(self, seq: int) -> int:
        """Return the first fact whose answer only a head at `seq` vouches for."""
        return max(block_before(seq), self.sealed_seq) + 1

    def _end(self, answers: Sequence[tuple[str, Answer]], heads: Sequence[SignedHead]) -> None:
        """Report what speaks of facts after the last, and what has no number."""
        if self._is_unnumbered_left:
            self._report(self._seq + 1, _UNNUMBERED)
        if gone := [*(head.seq for head in heads if _is_numbered(head)), *(seal.seq for seal in self._outside)]:
            self._report(self._seq + 1, f"cut off: facts up to {max(gone)} were signed")
        if not all(_is_numbered(head) for head in heads):
            self._report(None, _UNNUMBERED_HEAD)
        for key, answer in answers:
            if _is_numbered(answer):
                self._report(answer.seq, f"missing: it was given as the answer to {key!r}")
            else:
                self._report(None, f"altered: the answer to {key!r} names no fact")
        if self._seq > self._answered_seq and not answers:
            self._report(self._seq, "nobody asked for the last facts: they have no answer")
        if self._seq - max(self._head_seq, self.sealed_seq) > _UNSIGNED_FACTS:
            first = max(self._head_seq, self.sealed_seq) + 1
            self._report(
                first, f"no signed head vouches for the facts from {first} on: heads were removed, or never made"
            )
        if self._heads_unchecked:
            self._report(None, "the signed heads cannot be checked: there is no site key, and no public key was named")


def _is_numbered(one: StoredFact | Answer | SignedHead) -> bool:
    return type(one.seq) is int  # a damaged file may hold anything there


def _is_up_to(one: Answer | SignedHead, upto: int) -> bool:
    return isinstance(one.seq, int | float) and one.seq <= upto
