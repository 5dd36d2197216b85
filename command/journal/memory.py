"""The journal in memory: for rehearsals, whose record ends with them, and for replaying the past."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from command.journal import GENESIS, Answer, Entry, StoredFact


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
        facts = self._facts.setdefault(space, [])
        for entry in entries:
            for fact in entry.facts:
                assert fact.seq == len(facts) + 1, (fact.seq, len(facts))
                facts.append(replace(fact, digest=fact.chained_to(facts[-1].digest if facts else GENESIS)))
            self._answers[space, entry.key] = Answer(seq=entry.facts[-1].seq, subject=entry.subject)

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return self._facts.get(space, [])[after : after + limit]

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        return {key: self._answers[space, key] for key in keys if (space, key) in self._answers}

    async def spaces(self) -> list[str]:
        """Return every space."""
        return sorted(self._facts)

    async def close(self) -> None:
        """Nothing to release."""
