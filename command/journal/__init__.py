"""The journal: one gapless sequence of facts for each space, and the answers given for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import msgspec

GENESIS = b"\0" * 32
"""What the first fact of a space is chained to."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What whoever asked is told: the sequence number up to which it is so, and the id of what it was about."""

    seq: int
    subject: str


class StoredFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact as bytes. `data` is its JSON; `digest` chains it to all before it (SHA-256)."""

    seq: int
    at_ms: int
    actor: str
    data: bytes
    digest: bytes = b""

    def chained_to(self, previous: bytes) -> bytes:
        """Return the digest of this fact after one with digest `previous`."""
        head = f"{self.seq}\n{self.at_ms}\n{self.actor}\n".encode()
        return hashlib.sha256(previous + head + self.data).digest()


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that one request brought about. Entries are stored whole or not at all."""

    key: str
    subject: str
    facts: tuple[StoredFact, ...]


class Journal(Protocol):
    """Where facts are kept. `append` returns only when they are durable.

    Every method raises `UnavailableError` when the store is away; after a failed `append` nobody knows whether it
    happened until `read` says so.
    """

    async def head(self, space: str) -> int:
        """Return the last sequence number, 0 for an empty space."""
        ...

    async def append(self, space: str, entries: Sequence[Entry]) -> None:
        """Store the entries in one transaction, chained.

        Raises `UnavailableError` and stores nothing where the facts do not go on from `head` or a key is known already:
        somebody else has written, and `read` says what.
        """
        ...

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number, in order."""
        ...

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given for these idempotency keys."""
        ...

    async def probe(self) -> None:
        """Write something as large as a usual batch and take it back: a store that can be read may still be full."""
        ...

    async def spaces(self) -> list[str]:
        """Return every space that holds facts."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
