"""The journal in memory: for rehearsals, whose record ends with them, and for replaying the past."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from command.journal import Answer, Entry, Head, Kind, Outcome, SignedHead, StoredFact, Turn, rows_of
from command.kernel.limits import READ_FACTS


class MemoryJournal:
    """Facts in lists; gone with the process. What is stored, is stored at once."""

    kind: Kind = "memory"

    def __init__(self, history: str = "memory") -> None:
        self._history = history
        self._facts: dict[str, list[StoredFact]] = {}
        self._answers: dict[str, dict[str, Answer]] = {}
        self._signed: dict[str, list[SignedHead]] = {}

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        """Return a turn at writing."""
        yield _Turn(self, space)

    def append(self, space: str, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        """Keep the entries, or say why not."""
        facts, answers = self._facts.setdefault(space, []), self._answers.setdefault(space, {})
        unseen = tuple(facts[after.seq : after.seq + READ_FACTS])
        known = {key: answers[key] for key in (*(e.key for e in entries), *keys) if key in answers}
        if after != self._head(space) or any(entry.key in known for entry in entries):
            return Outcome(head=self._head(space), stored=False, unseen=unseen, known=known)
        rows = rows_of(space, entries, after)
        facts += [StoredFact(seq=s, at_ms=a, actor=w, data=d, digest=h) for _, s, a, w, d, h in rows.facts]
        answers |= {key: Answer(seq=seq, subject=subject) for _, key, seq, subject in rows.answers}
        return Outcome(head=rows.head, stored=True, known=known)

    def _head(self, space: str) -> Head:
        facts = self._facts.get(space)
        return Head(seq=facts[-1].seq, digest=facts[-1].digest) if facts else Head()

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        return self._head(space)

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return self._facts.get(space, [])[after : after + limit]

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        answers = self._answers.get(space, {})
        return {key: answers[key] for key in keys if key in answers}

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number: they were kept in order."""
        return [item for item in self._answers.get(space, {}).items() if item[1].seq > after][:limit]

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head."""
        kept = {each.seq: each for each in self._signed.get(space, [])}
        kept.setdefault(head.seq, head)
        self._signed[space] = [kept[seq] for seq in sorted(kept)]

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number."""
        return [each for each in self._signed.get(space, []) if each.seq > after][:limit]

    async def probe(self) -> None:
        """Memory takes what it is given."""

    async def history(self) -> str:
        """Return the id of this history: a store that was restored goes on in another one, with the same numbers."""
        return self._history

    async def spaces(self) -> list[str]:
        """Return every space."""
        return sorted(space for space, facts in self._facts.items() if facts)

    async def size_bytes(self) -> int:
        """Return nothing: it takes no disk."""
        return 0

    async def close(self) -> None:
        """Nothing to release."""


class _Turn:
    def __init__(self, journal: MemoryJournal, space: str) -> None:
        self._journal = journal
        self._space = space

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        return self._journal.append(self._space, entries, after, keys)
