"""One PostgreSQL database and a bounded pool of connections to it: whole transactions, and an end to every wait."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import Pool, PoolConnectionProxy

from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import (
    POSTGRES_COMMAND_MS,
    POSTGRES_CONNECT_MS,
    POSTGRES_CONNECTIONS,
    POSTGRES_IDLE_MS,
    POSTGRES_SCHEMA_MS,
    POSTGRES_WAITING,
)
from command.kernel.schemas import refuse_other

# It warns of each try to reach a server that is away, with a traceback; who asks for something says it in a sentence.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
_Prepared: TypeAlias = dict[str, tuple[object, ...]]

NOW_MS = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms"
"""Asks for the server's clock."""
_ABOUT_TLS = re.compile(r"certificate|`?sslmode|private key", re.IGNORECASE)
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises when a command was not, or may not have been, carried out. TimeoutError is an OSError."""

_LOST = (
    UnavailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    OSError,
)
"""Errors after which nothing can be said to the server, not even to take back what was done.

`UnavailableError` is one of the others, which the body has turned into it already.
"""

_SETTINGS = {
    "application_name": "triune",
    # What a commit promises does not depend on what the database or the role was set to; nor does what a transaction
    # sees that has waited for its turn, nor how long it may wait. That it may only be read is left as it is set: so a
    # server is told that another takes over.
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": str(POSTGRES_IDLE_MS),
    # A hub whose machine is gone says nothing at all; its connection must not hold a lock for hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # One that is frozen while it is told something takes nothing more: what is sent to it is given up.
    "tcp_user_timeout": str(POSTGRES_IDLE_MS),
    # Compiling costs more than the short statements here ever take.
    "jit": "off",
}
_ANY_LENGTH = (
    "SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) <> '0'"
)
"""Ends a limit that the role may have, and that servers before PostgreSQL 17 do not know. To be sent as one message."""


class Postgres:
    """A database that several hubs share. Use `open`.

    A server that restarts is used again by the next transaction; the ones it interrupts end in `UnavailableError`.
    One that is set to be read only is left by all connections at once, for whichever of the address takes writes.
    """

    def __init__(self, url: str, pool: Pool[asyncpg.Record], prepared: _Prepared, *, only_reads: bool = False) -> None:
        self._url = url
        self._pool = pool
        self._prepared = prepared
        self._only_reads = only_reads
        self._waiting = 0

    @classmethod
    async def open(cls, url: str, schema: tuple[str, ...], name: str) -> Postgres:
        """Connect, and bring the schema `name` up to its last version; `schema` holds one script for each.

        Several processes may do so at once. Raises `UnavailableError` where the server is not reached, would lose
        commits, or holds a schema from a newer program.
        """
        with told_as_unavailable():
            await _bring_up_to_date(url, schema, name)
            # After a failover the server that was written to may only be read.
            return cls(url, *await _pool(url, SessionAttribute.read_write, _SETTINGS))

    @classmethod
    async def open_beside(cls, url: str, schemas: Mapping[str, tuple[str, ...]]) -> Postgres:
        """Connect to what hubs keep, and change nothing: the server itself refuses every command that would write.

        `schemas` are those that have to be there, by name. Raises `InvalidInputError` where one is not, and
        `UnavailableError` where one is of another version, or the server is not reached.
        """
        with told_as_unavailable():
            # What commits have just left may not be on a standby yet.
            pool = await _pool(url, SessionAttribute.primary, _SETTINGS | {"default_transaction_read_only": "on"})
        postgres = cls(url, *pool, only_reads=True)
        try:
            _refuse_others(await postgres.schema_versions(), schemas)
        except BaseException:
            await postgres.close()
            raise
        return postgres

    async def schema_versions(self) -> dict[str, int]:
        """Return the version of each schema that is there, by name; of a database that no hub has used, none."""
        if not await self.fetch("SELECT 1 WHERE to_regclass('triune_schemas') IS NOT NULL"):
            return {}
        return {row["name"]: row["version"] for row in await self.fetch("SELECT name, version FROM triune_schemas")}

    async def bring_up_to_date(self, schema: tuple[str, ...], name: str) -> None:
        """Do for one more schema what `open` did for the first: several stores may use one pool."""
        with told_as_unavailable():
            await _bring_up_to_date(self._url, schema, name)

    async def prepare(self, statements: Iterable[tuple[str, tuple[object, ...]]]) -> None:
        """Have every connection know these statements before it is lent; each comes with terms that make it do nothing.

        A statement that is new to a connection is sent first, and its terms once the server has understood it. No time
        of the server's ends its wait for those: a hub that is frozen just then would keep the locks that it has.
        """
        self._prepared.update(statements)
        with told_as_unavailable():
            await self._pool.expire_connections()

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncIterator[Connection]:
        """Run the body in one transaction, durable once it is left; an exception takes everything back.

        `lock` names what is held until then, among all processes; whoever wants it too waits. Raises
        `UnavailableError` where the database is away, refuses or does not answer in time: then nobody knows whether
        it happened until a later look says so. What breaks a constraint is raised as asyncpg does.
        """
        async with self._connection() as connection:
            try:
                await connection.execute(f"BEGIN; {_lock(lock)}" if lock else "BEGIN")
                yield connection
            except (GeneratorExit, asyncio.CancelledError, *_LOST):
                raise  # the connection is given up, and the transaction with it
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            # A transaction in which a command failed can be "committed", and is then taken back without an error.
            if await connection.execute("COMMIT") != "COMMIT":
                raise UnavailableError("the database took the transaction back: a command in it had failed")

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Return the rows of one statement, which is a transaction of its own."""
        async with self._connection() as connection:
            return await connection.fetch(sql, *args)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; one that something went wrong with in the middle is not lent again."""
        if self._waiting >= POSTGRES_WAITING:
            raise UnavailableError("too many wait for the database")
        with told_as_unavailable():
            self._waiting += 1
            try:
                connection = await self._pool.acquire(timeout=POSTGRES_CONNECT_MS / 1000)
            finally:
                self._waiting -= 1
            try:
                try:
                    yield connection
                finally:
                    is_left = await self._leave_if_replaced(connection)
                if is_left:
                    raise UnavailableError("the database may only be read any more: another server takes over")
            except (GeneratorExit, asyncio.CancelledError, *_LOST):
                _give_up(connection)
                raise
            finally:
                await self._pool.release(connection)

    async def _leave_if_replaced(self, connection: Connection) -> bool:
        """Give up all connections once the server has said, with an answer, that new transactions may only read.

        What was read there just now may be of before what is written elsewhere, and what was committed may be lost.
        """
        with suppress(asyncpg.InterfaceError):  # it may be closed, and back with the pool, already
            told = getattr(connection.get_settings(), "default_transaction_read_only", "off")
            if told == "on" and not self._only_reads:
                await self._pool.expire_connections()
                _give_up(connection)
                return True
        return False

    async def now_ms(self) -> int:
        """Return what the server's clock says."""
        now_ms: int = (await self.fetch(NOW_MS))[0]["now_ms"]
        return now_ms

    async def close(self) -> None:
        """Wait for what is under way, no longer than a command may take, and close the connections."""
        try:
            async with asyncio.timeout(POSTGRES_COMMAND_MS / 1000):
                await self._pool.close()
        except _AWAY:
            self._pool.terminate()


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Turn what asyncpg raises into `UnavailableError`, but for broken constraints."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError:
        raise
    except TimeoutError as error:
        raise UnavailableError("the database does not answer in time") from error
    except _AWAY as error:
        raise UnavailableError(f"the database is away or refuses: {str(error) or type(error).__name__}") from error


def _lock(name: str) -> str:
    """Return the command that takes an advisory lock, which is a number, until the transaction ends."""
    number = int.from_bytes(hashlib.sha256(f"triune {name}".encode()).digest()[:8], signed=True)
    return f"SELECT pg_advisory_xact_lock({number})"


def _give_up(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):  # it may be closed, and back with the pool, already
        connection.terminate()


async def _prepare(prepared: _Prepared, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for statement, terms in prepared.items():
        await connection.fetch(statement, *terms)


async def _nothing_to_reset(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Save the round trip: whatever is set here is set for a transaction."""


def _refuse_others(found: Mapping[str, int], schemas: Mapping[str, tuple[str, ...]]) -> None:
    for name, schema in schemas.items():
        if name not in found:
            raise InvalidInputError(f"no {name} in this database")
        refuse_other(f"{name} in this database", found[name], len(schema))


async def _pool(url: str, server: SessionAttribute, settings: dict[str, str]) -> tuple[Pool[asyncpg.Record], _Prepared]:
    """Return a pool, and the statements that each connection of it is to know: none yet."""
    prepared: _Prepared = {}
    with _told_without_password():
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=POSTGRES_CONNECTIONS,
            connect=_first_fit,
            command_timeout=POSTGRES_COMMAND_MS / 1000,
            target_session_attrs=server,
            server_settings=settings | {"statement_timeout": str(POSTGRES_COMMAND_MS)},
            init=partial(_prepare, prepared),
            # Else they are forgotten after some minutes, and sent anew within a transaction.
            max_cached_statement_lifetime=0,
            reset=_nothing_to_reset,
        )
    return pool, prepared


async def _bring_up_to_date(url: str, schema: tuple[str, ...], name: str) -> None:
    connection = await _connect(url)
    try:
        await _refuse_careless(connection)
        async with connection.transaction():
            # One lock for all schemas: also the table of versions is made once.
            await connection.execute(_lock("schemas"))
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS triune_schemas (name text PRIMARY KEY, version integer NOT NULL)"
            )
            version = await connection.fetchval("SELECT version FROM triune_schemas WHERE name = $1", name) or 0
            if version > len(schema):
                raise UnavailableError(f"the {name} tables are of schema {version}; this program knows {len(schema)}")
            for script in schema[version:]:
                await connection.execute(script)
            if version < len(schema):
                await connection.execute(
                    "INSERT INTO triune_schemas VALUES ($1, $2) "
                    "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
                    name,
                    len(schema),
                )
    finally:
        connection.terminate()


async def _connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    with _told_without_password():
        return await _first_fit(
            url,
            command_timeout=POSTGRES_SCHEMA_MS / 1000,
            target_session_attrs=SessionAttribute.read_write,
            server_settings=_SETTINGS | {"statement_timeout": str(POSTGRES_SCHEMA_MS)},
        )


@asynccontextmanager
async def looked_into(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Lend a connection of its own to the server that a hub would use; for who looks at it and changes nothing.

    Raises what asyncpg does, `OSError`, and `ValueError` for an address that is none.
    """
    connection = await _first_fit(url, target_session_attrs=SessionAttribute.read_write)
    try:
        yield connection
    finally:
        connection.terminate()


_NOT_THIS_ONE = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,  # it took the connection and closed it: a proxy with nothing behind it does so
    asyncpg.TargetServerAttributeNotMatched,
)
"""What is raised, beside `OSError`, for a server that is not the one to use now."""
_FITTED: dict[tuple[str, object], str] = {}
"""The server that was last connected to, of each address and of what it is to be."""


async def _first_fit(dsn: str | None = None, **settings: Any) -> asyncpg.Connection[asyncpg.Record]:
    """Connect to the first server of the address that is what it is to be; the one that was so last time comes first.

    Each has the same share of the time: the driver would give all of it to one that is off, or hangs, and to the first
    of the address it would give it anew for each connection.
    """
    wanted = dsn or "", settings["target_session_attrs"]
    *others, last = sorted(_servers(dsn or ""), key=lambda server: server != _FITTED.get(wanted))
    share_s = POSTGRES_CONNECT_MS / 1000 / (len(others) + 1)

    async def connect_to(server: str) -> asyncpg.Connection[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(server, timeout=share_s, **settings)
        try:
            await connection.execute(_ANY_LENGTH, timeout=share_s)
        except BaseException:
            connection.terminate()
            raise
        _FITTED[wanted] = server
        return connection

    for server in others:
        with suppress(OSError, *_NOT_THIS_ONE):
            return await connect_to(server)
    return await connect_to(last)


def _servers(url: str) -> list[str]:
    """Return an address for each server of one; what is none at all is returned as it is, for the driver to refuse."""
    with suppress(ValueError):
        parts = urlsplit(url)
        account, at, servers = parts.netloc.rpartition("@")
        if "," in servers:
            return [parts._replace(netloc=f"{account}{at}{server}").geturl() for server in servers.split(",")]
    return [url]


@contextmanager
def _told_without_password() -> Iterator[None]:
    """The message may hold a piece of it: an address is cut at the wrong place where the password is not quoted.

    Not so where it is about TLS, and then only the driver can say what is missing.
    """
    try:
        yield
    except ValueError as error:
        told = str(error).partition("\n")[0]
        if isinstance(error, asyncpg.ClientConfigurationError) and _ABOUT_TLS.search(told):
            raise UnavailableError(f"the database cannot be reached over TLS: {told}") from error
        raise UnavailableError("the address of the database is not postgresql://user@host:port/database") from error


async def _refuse_careless(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """A server that does not write to disk what it commits would lose facts; one in another encoding, letters."""
    for setting, needed in (("fsync", "on"), ("server_encoding", "UTF8")):
        if (found := await connection.fetchval("SELECT current_setting($1)", setting)) != needed:
            raise UnavailableError(f"the database server has {setting} {found}; the record needs {needed}")
