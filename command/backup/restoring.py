"""Restores an archive into stores made anew, and holds them to what the archive says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path, PurePosixPath

from command.backup import DamagedArchiveError
from command.backup.clips import put_clip
from command.backup.records import (
    Blob,
    ClipPiece,
    ClipSheet,
    Entries,
    File,
    Positions,
    Record,
    Rows,
    Sightings,
    SignedHeads,
    SpaceContents,
)
from command.backup.stores import Stores
from command.backup.tables import SHARED, schema_of
from command.backup.tally import Tally
from command.journal import Head
from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.kernel.errors import InvalidInputError

_READINGS_AT_ONCE = 5000
"""For each commit: few enough to be stored within the time that a database is given."""
_NAME = re.compile(r"[a-z_]+")


class Restorer:
    """Puts records into stores. Use as a context; it closes the small databases, not the stores."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._tally = Tally()
        self._heads: dict[str, Head] = {}
        self._databases: dict[str, Database] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Restorer:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what was opened."""
        await self._stack.aclose()

    async def restore(self, records: Iterable[Record]) -> dict[str, SpaceContents]:
        """Put everything where it belongs; return how far each space goes.

        Raises `DamagedArchiveError` where what the stores hold now is not what was put in.
        """
        for record in records:
            self._tally.take(record)
            await self._put(record)
        spaces = self._tally.contents.spaces
        for space, contents in spaces.items():
            head = await self._stores.journal.head(space)
            if (head.seq, head.digest) != (contents.seq, contents.digest):
                raise DamagedArchiveError(f"{space} was to end with fact {contents.seq} and does not: begin again")
        return spaces

    async def _put(self, record: Record) -> None:
        stores = self._stores
        match record:
            case Entries() if record.entries:
                await self._append(record)
            case SignedHeads(space=space, heads=heads):
                for head in heads:
                    await stores.journal.sign(space, head)
            case Positions(space=space, positions=positions):
                for first in range(0, len(positions), _READINGS_AT_ONCE):
                    await stores.readings.add_positions(space, positions[first : first + _READINGS_AT_ONCE])
            case Sightings(space=space, sightings=sightings):
                for first in range(0, len(sightings), _READINGS_AT_ONCE):
                    await stores.readings.add_sightings(space, sightings[first : first + _READINGS_AT_ONCE])
            case Blob(data=data):
                await stores.blobs.add(data)
            case ClipSheet(clip=clip) | ClipPiece(clip=clip) if clip not in self._tally.clips.altered:
                put_clip(stores.clips, record)
            case File():
                _put_file(stores.data, record)
            case Rows():
                await self._insert(record)
            case _:
                pass

    async def _append(self, record: Entries) -> None:
        after = self._heads.get(record.space, Head())
        async with self._stores.journal.turn(record.space) as turn:
            outcome = await turn.append(record.entries, after, [])
        if not outcome.stored:
            raise InvalidInputError("somebody else writes to the journal: restore into a new one")
        self._heads[record.space] = outcome.head

    async def _insert(self, record: Rows) -> None:
        database = await self._database(record.store, record.version)
        for name in (record.table, *record.columns):
            if not _NAME.fullmatch(name):
                raise DamagedArchiveError(f"{name!r} is no name of a table or column")
        columns, marks = ", ".join(record.columns), ", ".join("?" * len(record.columns))
        insert = f"INSERT INTO {record.table} ({columns}) VALUES ({marks})"  # noqa: S608 - names checked above
        await database.write(*((insert, tuple(row)) for row in record.rows))

    async def _database(self, store: str, version: int) -> Database:
        """Return the store, made as it was; whoever uses it next brings it up to date."""
        if (database := self._databases.get(store)) is None:
            schema = schema_of(store, version)
            if self._stores.postgres and store in SHARED:
                database = await PostgresDatabase.open(self._stores.postgres, schema, store)
            else:
                database = SqliteDatabase(self._stores.data / f"{store}.sqlite3", schema, store)
            self._databases[store] = database
            self._stack.push_async_callback(database.close)
        return database


def _put_file(folder: Path, file: File) -> None:
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise DamagedArchiveError(f"{file.path} does not lie in the data folder")
    to = folder / path
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(file.data)
