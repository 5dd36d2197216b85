"""One SQLite file and the thread that owns it: WAL, synchronous=FULL, so that a commit survives a power cut."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from command.kernel.errors import DamagedFileError, TriuneError, UnavailableError
from command.kernel.folders import one_at_a_time, sync_folder

T = TypeVar("T")
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What a connection raises: where SQLite's words quote a damaged file's bytes, Python cannot read even those."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_TEXT = "Could not decode to UTF-8"
"""How Python begins to say that a row holds text that is none; it has no code of SQLite's."""
_PRIMARY_CODE = 0xFF


class SqliteThread:
    """Runs functions of a connection one after another in a thread of its own.

    `schema` holds one script for each version; a file is brought up to the last, and one from a newer program refused.
    A queue and one call back to the loop: an executor's futures cost twice that, and each commit waits for it.
    """

    def __init__(self, path: Path, schema: tuple[str, ...], name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._connection = _open(path, schema, name)
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name=f"sqlite-{name}", daemon=True)
        self._thread.start()
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns; everything it writes is one transaction, durable when this returns.

        Raises `UnavailableError` where SQLite refuses (disk full, locked by another program), `DamagedFileError` where
        it finds the file damaged.
        """
        if self._closed:
            raise UnavailableError(f"the {self._name} file is closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._asked.put((loop, answer, work))
        return await answer

    def _serve(self) -> None:
        while asked := self._asked.get():
            loop, answer, work = asked
            if answer.cancelled():
                continue
            result, error = None, None
            try:
                result = self._in_transaction(work)
            except BaseException as raised:  # noqa: BLE001 - it goes to whoever asked
                error = raised
            with suppress(RuntimeError):  # the loop may be gone by now, and nobody waits
                loop.call_soon_threadsafe(_answer, answer, result, error)
            del asked, answer, work, result, error  # nothing is kept alive while waiting

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        try:
            with connection:
                return work(connection)
        except sqlite3.IntegrityError:
            raise
        except SQLITE_ERRORS as error:
            raise self._told("the database file refuses", error) from error

    def _told(self, what: str, error: Exception) -> TriuneError:
        """Return what a caller is told of an error of the file."""
        return _told(what, error)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        if not self._closed:
            self._closed = True
            self._asked.put(None)
            await asyncio.to_thread(self._thread.join)
            self._connection.close()


_Asked = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[sqlite3.Connection], Any]]


def _answer(answer: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if not answer.done():
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)


def make_file(path: Path, schema: tuple[str, ...]) -> None:
    """Make a file beside its place and put it there whole, so that one without a schema is never a new one.

    One that is there by then is left alone: a hub and a command beside it may both begin with a new folder. Raises
    `OSError` or what SQLite raises.
    """
    with one_at_a_time(path.parent):
        if path.exists():
            return
        new = path.with_name(path.name + ".new")
        # Where somebody removed a file after a kill its log is still there, and would be taken for the new file's.
        for left_behind in (new, *_logs_of(new), *_logs_of(path)):
            left_behind.unlink(missing_ok=True)
        with closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            bring_up_to_date(connection, schema)
        new.replace(path)
        sync_folder(path.parent)


def _logs_of(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _open(path: Path, schema: tuple[str, ...], name: str) -> sqlite3.Connection:
    try:
        if not path.exists():
            make_file(path, schema)
        connection = sqlite3.connect(path, check_same_thread=False)
    except (*SQLITE_ERRORS, OSError) as error:
        raise UnavailableError(f"the {name} file cannot be opened: {error}") from error
    try:
        _take_up(connection, schema, name)
    except (*SQLITE_ERRORS, UnavailableError) as error:
        connection.close()
        if isinstance(error, UnavailableError):
            raise
        raise _told(f"the {name} file cannot be opened", error) from error
    return connection


def _told(what: str, error: Exception) -> UnavailableError:
    code = getattr(error, "sqlite_errorcode", None) or 0
    is_no_text = isinstance(error, UnicodeDecodeError) or str(error).startswith(_NO_TEXT)
    if code & _PRIMARY_CODE in _DAMAGED or is_no_text:
        return DamagedFileError(f"{what}, since it is damaged: {words_of(error)}")
    return UnavailableError(f"{what}: {words_of(error)}")


def words_of(error: Exception) -> str:
    """Return what SQLite said, with bytes that are no text written out."""
    return error.object.decode("utf-8", "backslashreplace") if isinstance(error, UnicodeDecodeError) else str(error)


def _take_up(connection: sqlite3.Connection, schema: tuple[str, ...], name: str) -> None:
    version = version_of(connection)
    if not version:
        raise DamagedFileError(f"the {name} file holds nothing: it was emptied or cut off; restore it from a backup")
    _refuse_newer(version, schema, name)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version < len(schema):
        bring_up_to_date(connection, schema)
        _refuse_newer(version_of(connection), schema, name)


def _refuse_newer(version: int, schema: tuple[str, ...], name: str) -> None:
    if version > len(schema):
        raise UnavailableError(f"the {name} file is of schema {version}; this program knows {len(schema)}")


def version_of(connection: sqlite3.Connection) -> int:
    """Return of which version of its schema a file is; 0 where it holds nothing."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def bring_up_to_date(connection: sqlite3.Connection, schema: tuple[str, ...]) -> None:
    """Run what a file lacks of its schema, all of it or nothing.

    Of several that want to, in whatever processes, one does, and the others wait and find it done.
    """
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if (version := version_of(connection)) < len(schema):
            for script in schema[version:]:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(schema)}")


def _statements(script: str) -> Iterator[str]:
    """Take a script apart: SQLite's driver would end the transaction before it runs one whole."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement
