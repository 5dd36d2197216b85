"""The journal: one gapless sequence of facts for each space, and the answers given for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Literal, Protocol, TypeAlias

import msgspec

from command.kernel.errors import TriuneError

Kind: TypeAlias = Literal["sqlite", "postgresql", "memory"]
GENESIS = b"\0" * 32
"""What the first fact of a space is chained to."""


class DamagedJournalError(TriuneError):
    """A journal that was changed, or that lost what it once held; nothing is built on it until it is restored."""

    status = 500
    code = "damaged_journal"


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What whoever asked is told: the sequence number up to which it is so, and the id of what it was about."""

    seq: int
    subject: str

    def is_sound(self) -> bool:
        """Say whether each value is of its kind: a file keeps whatever is written into it behind the hub's back."""
        return type(self.seq) is int and type(self.subject) is str


class StoredFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact as bytes. `data` is its JSON; `digest` chains it to all before it (SHA-256)."""

    seq: int
    at_ms: int
    actor: str
    data: bytes
    digest: bytes = b""

    def chained_to(self, previous: bytes) -> bytes:
        """Return the digest of this fact after one with digest `previous`."""
        sealed = b"%b%d\n%d\n%b\n%b" % (previous, self.seq, self.at_ms, self.actor.encode(), self.data)
        return sha256(sealed).digest()

    def is_sound(self) -> bool:
        """As `Answer.is_sound`. A number with a fraction, say, is chained like the whole one that it was."""
        return (
            type(self.seq) is int
            and type(self.at_ms) is int
            and type(self.actor) is str
            and type(self.data) is bytes
            and type(self.digest) is bytes
        )


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that one request brought about, at least one fact. Entries are stored whole or not at all."""

    key: str
    subject: str
    facts: tuple[StoredFact, ...]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last fact of a space: its number and the digest that seals everything up to it. Number 0 for no facts."""

    seq: int = 0
    digest: bytes = GENESIS


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head that a site vouched for at an instant (Ed25519): what was there then can neither change nor go unseen."""

    seq: int
    digest: bytes
    at_ms: int
    signature: bytes

    def is_sound(self) -> bool:
        """As `Answer.is_sound`."""
        return (
            type(self.seq) is int
            and type(self.digest) is bytes
            and type(self.at_ms) is int
            and type(self.signature) is bytes
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. Not `stored`: decide it again, with `unseen` folded and `known` used."""

    head: Head
    """Where the journal stands now."""
    stored: bool
    unseen: tuple[StoredFact, ...] = ()
    """Facts that others have written since; at most `READ_FACTS` of them at a time."""
    known: Mapping[str, Answer] = {}
    """Answers given before for keys of this batch."""


class Turn(Protocol):
    """A while in which a space can be written. In a shared store nobody else writes from the first `append` on."""

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        """Store the entries in one transaction, chained, durable on return; or nothing, and say why not.

        `after` is the head that they were decided on: nothing is stored on another one. `keys` are those of further
        requests, whose decision brought nothing about: their answers are looked up too. Entries that do not count on
        from `after` are our own fault (`AssertionError`).
        """
        ...


class Journal(Protocol):
    """Where facts are kept.

    Every method raises `UnavailableError` when the store is away; after a failed `append` nobody knows whether it
    happened until `read` says so. A store that is not what it was raises `DamagedJournalError`.
    """

    @property
    def kind(self) -> Kind:
        """What it is kept in."""
        ...

    def turn(self, space: str) -> AbstractAsyncContextManager[Turn]:
        """Return a turn at writing; what was not stored when it is left never happened."""
        ...

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        ...

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number, in order, with their digests."""
        ...

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given for these idempotency keys."""
        ...

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers whose number is after `after`, in order: with `read`, all that a backup needs."""
        ...

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head; the same number again is no fault."""
        ...

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number, in order."""
        ...

    async def probe(self) -> None:
        """Write something as large as a usual batch and take it back: a store that can be read may still be full."""
        ...

    async def history(self) -> str:
        """Return the id of this history: a store that was restored goes on in another one, with the same numbers."""
        ...

    async def spaces(self) -> list[str]:
        """Return every space that holds facts."""
        ...

    async def size_bytes(self) -> int:
        """Return what all of it takes on the disk: facts, answers, signed heads and indexes; 0 in memory."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...


def chained(facts: Sequence[StoredFact], previous: bytes) -> bytes:
    """Return the digest of the last fact; `DamagedJournalError` names the first that does not fit the chain."""
    for fact in facts:
        try:
            previous = fact.chained_to(previous)
        except (TypeError, AttributeError):  # whoever changed a file may have put text where bytes were
            previous = b""
        if previous != fact.digest:
            raise DamagedJournalError(
                f"fact {fact.seq} does not fit the chain: it, or one before it, was changed or removed. "
                "Nothing is repaired: run `triune verify`, then restore a backup",
                seq=fact.seq,
            )
    return previous


class Rows(msgspec.Struct, frozen=True, gc=False):
    """What a store inserts for a batch, column by column as its tables have them."""

    facts: list[tuple[str, int, int, str, bytes, bytes]]
    """Space, number, time in ms, actor, data, digest."""
    answers: Collection[tuple[str, str, int, str]]
    """Space, key, number of the last fact, subject."""
    head: Head


def rows_of(space: str, entries: Sequence[Entry], after: Head) -> Rows:
    """Return the rows of entries chained on from `after`.

    Asserts that they count on from there, that none is empty and no key comes twice.
    """
    facts, answers, seq, digest = [], dict[str, tuple[str, str, int, str]](), after.seq, after.digest
    for entry in entries:
        assert entry.facts, entry.key
        for fact in entry.facts:
            seq += 1
            assert fact.seq == seq, (fact.seq, seq)
            digest = fact.chained_to(digest)
            facts.append((space, seq, fact.at_ms, fact.actor, fact.data, digest))
        answers[entry.key] = (space, entry.key, seq, entry.subject)
    assert len(answers) == len(entries)
    return Rows(facts, answers.values(), Head(seq=seq, digest=digest))
