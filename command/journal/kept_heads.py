"""The signed heads that a journal keeps, checked, and as they go outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from command.journal import DamagedJournalError, Journal, SignedHead
from command.journal.heads import BLOCK_FACTS, AnchoredHead, AnswersDigest, block_before, is_signed, to_anchor
from command.kernel.limits import ANCHOR_PAGE_HEADS


class KeptHeads:
    """Those of one space, signed with one site's key."""

    def __init__(self, space: str, journal: Journal, public: bytes) -> None:
        self._space = space
        self._journal = journal
        self._public = public

    async def answers(self, *numbers: int) -> list[bytes]:
        """Return the digest of the answers up to each of these numbers, which are in order and of one block.

        Each answer has facts of its own, so those of a block fit one page.
        """
        after, digest, found = block_before(numbers[0]), AnswersDigest(), []
        answered = deque(await self._journal.answered(self._space, after, BLOCK_FACTS + 1))
        for upto in numbers:
            while answered and answered[0][1].seq <= upto:
                digest.add(*answered.popleft())
            found.append(digest.at(upto))
        return found

    async def checked(self, heads: Sequence[SignedHead]) -> list[AnchoredHead]:
        """Return heads of one block, in order, as they go outside.

        Raises `DamagedJournalError` for the first that this site did not sign, or not over these answers.
        """
        found = []
        for head, answers in zip(heads, await self.answers(*(head.seq for head in heads)), strict=True):
            if not is_signed(self._space, head, answers, self._public):
                what = f"the signed head {head.seq} does not fit this site's key and the answers before it"
                raise damaged(head.seq, what)
            found.append(to_anchor(self._space, head, answers, self._public))
        return found

    async def after(self, seq: int, before: int | None) -> list[AnchoredHead]:
        """Return the next heads after a number, and before another one where it is given: few, and of one block.

        Raises `DamagedJournalError` as `checked`.
        """
        heads = await self._journal.signed(self._space, seq, ANCHOR_PAGE_HEADS)
        heads = [head for head in heads if before is None or head.seq < before]
        if not heads:
            return []
        block = block_before(heads[0].seq)
        return await self.checked([head for head in heads if block_before(head.seq) == block])

    async def holds(self, head: AnchoredHead) -> bool:
        """Say whether the journal keeps a signed head of this number for the same facts."""
        kept = await self._journal.signed(self._space, head.seq - 1, 1)
        return bool(kept) and (kept[0].seq, kept[0].digest.hex()) == (head.seq, head.digest)

    def last_of(self, tail: bytes) -> AnchoredHead | None:
        """Return the last head of this space that this site signed, from the end of what a place keeps.

        Torn lines and those of others count for nothing.
        """
        for line in reversed(tail.splitlines()):
            try:
                head = msgspec.json.decode(line, type=AnchoredHead)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            if (head.space, head.public_key) == (self._space, self._public.hex()) and head.is_genuine():
                return head
        return None


def damaged(seq: int, what: str) -> DamagedJournalError:
    """Return the error for a record that was changed, at fact `seq`."""
    return DamagedJournalError(f"{what}. Nothing is repaired: run `triune verify`, then restore a backup", seq=seq)
