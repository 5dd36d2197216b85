"""The journal in memory: for rehearsals, whose record ends with them, and for replaying the past."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from command.journal import GENESIS, Answer, Entry, StoredFact
from command.kernel.errors import UnavailableError


class MemoryJournal:
    """Facts in lists; gone with the process."""

    def __init__(self) -> None:
        self._facts: dict[str, list[StoredFact]] = {}
        self._answers: dict[tuple[str, str], Answer] = {}

    async def head(self, space: str) -> int:
        """Return the last sequence number."""
        return len(self._facts.get(space, ()))

    async def append(self, space: str, entries: Sequence[Entry]) -> None:
        """Keep the entries."""
        facts = self._facts.get(space, [])
        seq, digest = (facts[-1].seq, facts[-1].digest) if facts else (0, GENESIS)
        chained: list[StoredFact] = []
        given: dict[tuple[str, str], Answer] = {}
        for entry in entries:
            for fact in entry.facts:
                seq += 1
                if fact.seq != seq:
                    raise UnavailableError(f"the journal stands at {seq - 1}, the batch goes on with {fact.seq}")
                digest = fact.chained_to(digest)
                chained.append(replace(fact, digest=digest))
            name = (space, entry.key)
            if name in self._answers or name in given:
                raise UnavailableError("the journal holds an entry of the batch already")
            given[name] = Answer(seq=seq, subject=entry.subject)
        self._facts.setdefault(space, []).extend(chained)
        self._answers.update(given)

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return self._facts.get(space, [])[after : after + limit]

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        return {key: self._answers[space, key] for key in keys if (space, key) in self._answers}

    async def probe(self) -> None:
        """Memory takes what it is given."""

    async def spaces(self) -> list[str]:
        """Return every space."""
        return sorted(self._facts)

    async def close(self) -> None:
        """Nothing to release."""
