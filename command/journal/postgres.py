"""The journal in PostgreSQL, for several hubs: who writes to a space holds its lock, and all see one sequence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from command.journal import (
    GENESIS,
    Answer,
    DamagedJournalError,
    Entry,
    Head,
    Kind,
    Outcome,
    SignedHead,
    StoredFact,
    Turn,
    rows_of,
)
from command.kernel.errors import UnavailableError
from command.kernel.limits import READ_FACTS
from command.kernel.postgres import Connection, Postgres, told_as_unavailable

_PROBE_BYTES = 256 * 1024
SCHEMA = (
    """
    CREATE TABLE facts (
        space text COLLATE "C" NOT NULL, seq bigint NOT NULL, at_ms bigint NOT NULL, actor text NOT NULL,
        data bytea NOT NULL, digest bytea NOT NULL, PRIMARY KEY (space, seq)
    );
    CREATE TABLE answers (
        space text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, seq bigint NOT NULL, subject text NOT NULL,
        PRIMARY KEY (space, key)
    );
    CREATE INDEX answers_by_seq ON answers (space, seq);
    CREATE TABLE signed_heads (
        space text COLLATE "C" NOT NULL, seq bigint NOT NULL, digest bytea NOT NULL, at_ms bigint NOT NULL,
        signature bytea NOT NULL, PRIMARY KEY (space, seq)
    );
    CREATE TABLE probe (filler bytea NOT NULL);
    ALTER TABLE probe ALTER COLUMN filler SET STORAGE EXTERNAL;
    """,
    """
    CREATE TABLE history (id text NOT NULL);
    INSERT INTO history VALUES (replace(gen_random_uuid()::text, '-', ''));
    """,
)
_READ = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3"
_HEAD = "SELECT seq, digest FROM facts WHERE space = $1 ORDER BY seq DESC LIMIT 1"
# One row at least: the head, with an answer beside it for each key that has one.
_LOOK = f"""
    SELECT head.seq AS head_seq, head.digest, known.key, known.seq, known.subject
    FROM (SELECT 1) AS one LEFT JOIN ({_HEAD}) AS head ON true
    LEFT JOIN answers AS known ON known.space = $1 AND known.key = ANY($2::text[])
"""  # noqa: S608 - a part of our own
# One statement, and not COPY: no time of the server's ends its wait for the data of a COPY, so a hub that was frozen
# there kept all others from writing. With one row this takes half of COPY's time, with a full batch a quarter more.
_STORE = """
    WITH stored AS (
        INSERT INTO facts SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[])
    )
    INSERT INTO answers SELECT $1, * FROM unnest($7::text[], $8::bigint[], $9::text[])
"""
_IN_TURNS: tuple[tuple[str, tuple[object, ...]], ...] = (
    (_LOOK, ("", [])),
    (_READ, ("", 0, 0)),
    (_STORE, ("", *[[]] * 8)),
)
"""What is asked in a turn, with terms for nothing."""
_SIZE = """
    SELECT sum(pg_total_relation_size(name)) AS size_bytes
    FROM unnest(ARRAY['facts', 'answers', 'signed_heads']::regclass[]) AS of (name)
"""
# From one space to the next by the index: DISTINCT would read every fact.
_SPACES = """
    WITH RECURSIVE found AS (
        (SELECT space FROM facts ORDER BY space LIMIT 1)
        UNION ALL
        SELECT (SELECT space FROM facts WHERE space > found.space ORDER BY space LIMIT 1)
        FROM found WHERE found.space IS NOT NULL
    )
    SELECT space FROM found WHERE space IS NOT NULL
"""


class PostgresJournal:
    """The journal of all hubs on one database. Use `open`."""

    kind: Kind = "postgresql"

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @classmethod
    async def open(cls, postgres: Postgres) -> PostgresJournal:
        """Bring the tables up to date. The pool stays its owner's."""
        await postgres.bring_up_to_date(SCHEMA, "journal")
        await postgres.prepare(_IN_TURNS)
        return cls(postgres)

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        """Return a turn at writing; the first `append` waits for those of other hubs, and keeps them waiting."""
        async with AsyncExitStack() as transaction:
            yield _Turn(self._postgres, space, transaction)

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        rows = await self._postgres.fetch(_HEAD, space)
        return Head(seq=rows[0]["seq"], digest=rows[0]["digest"]) if rows else Head()

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return _facts(await self._postgres.fetch(_READ, space, after, limit))

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        query = "SELECT key, seq, subject FROM answers WHERE space = $1 AND key = ANY($2::text[])"
        return _answers(await self._postgres.fetch(query, space, keys))

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number."""
        query = "SELECT key, seq, subject FROM answers WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        return list(_answers(await self._postgres.fetch(query, space, after, limit)).items())

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head."""
        insert = "INSERT INTO signed_heads VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
        await self._postgres.fetch(insert, space, head.seq, head.digest, head.at_ms, head.signature)

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number."""
        query = (
            "SELECT seq, digest, at_ms, signature FROM signed_heads WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        )
        return [SignedHead(**row) for row in await self._postgres.fetch(query, space, after, limit)]

    async def probe(self) -> None:
        """Commit and delete some pages."""
        await self._postgres.fetch("INSERT INTO probe VALUES ($1)", bytes(_PROBE_BYTES))
        await self._postgres.fetch("DELETE FROM probe")

    async def history(self) -> str:
        """Return the id of this history: a store that was restored goes on in another one, with the same numbers."""
        rows = await self._postgres.fetch("SELECT id FROM history")
        if not rows:
            raise DamagedJournalError(
                "the journal does not say of which history it is: that was removed. Restore a backup"
            )
        return str(rows[0]["id"])

    async def spaces(self) -> list[str]:
        """Return every space."""
        return [row["space"] for row in await self._postgres.fetch(_SPACES)]

    async def size_bytes(self) -> int:
        """Return what its tables take with their indexes."""
        rows = await self._postgres.fetch(_SIZE)
        return int(rows[0]["size_bytes"])

    async def close(self) -> None:
        """Leave the pool as it is: others use it too."""


class _Turn:
    """Begins a transaction with the first `append`; it ends with what is stored, or empty with the turn."""

    def __init__(self, postgres: Postgres, space: str, transaction: AsyncExitStack) -> None:
        self._postgres = postgres
        self._space = space
        self._transaction = transaction
        self._connection: Connection | None = None

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        rows = rows_of(self._space, entries, after)
        if self._connection is None:
            begin = self._postgres.transaction(lock=f"journal {self._space}")
            self._connection = await self._transaction.enter_async_context(begin)
        with told_as_unavailable():
            head, known = await self._look(self._connection, [*(entry.key for entry in entries), *keys])
            if head != after:
                unseen = _facts(await self._connection.fetch(_READ, self._space, after.seq, READ_FACTS))
                return Outcome(head=head, stored=False, unseen=tuple(unseen), known=known)
            if any(entry.key in known for entry in entries):
                return Outcome(head=head, stored=False, known=known)
            try:
                if entries:
                    await self._connection.fetch(_STORE, self._space, *_columns(rows.facts), *_columns(rows.answers))
            except asyncpg.IntegrityConstraintViolationError as error:
                raise UnavailableError("somebody else writes to the journal without taking turns") from error
        self._connection = None
        await self._transaction.aclose()
        return Outcome(head=rows.head, stored=True, known=known)

    async def _look(self, connection: Connection, keys: Sequence[str]) -> tuple[Head, dict[str, Answer]]:
        rows = await connection.fetch(_LOOK, self._space, keys)
        head = Head(seq=rows[0]["head_seq"] or 0, digest=rows[0]["digest"] or GENESIS)
        return head, _answers(row for row in rows if row["key"] is not None)


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Return the columns but for the space."""
    return [list(column) for column in zip(*rows, strict=True)][1:]


def _facts(rows: Iterable[asyncpg.Record]) -> list[StoredFact]:
    return [StoredFact(seq=s, at_ms=a, actor=w, data=d, digest=h) for s, a, w, d, h in rows]


def _answers(rows: Iterable[asyncpg.Record]) -> dict[str, Answer]:
    return {row["key"]: Answer(seq=row["seq"], subject=row["subject"]) for row in rows}
