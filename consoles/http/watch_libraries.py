"""Lists of the watch list (库) over HTTP: files brought and asked for, how lists are held, and what a plate is on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Protocol

import msgspec
from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from command.actors import HUB
from command.blobs import Blobs
from command.facts.base import Level
from command.facts.libraries import LibraryContent as Content
from command.facts.watchlist import WatchAction
from command.kernel import ga36
from command.kernel.errors import ConflictError, NoRightError, TooManyError, UnknownIdError
from command.requests import Instant, Name, OfferLibraryFile, Reason, RecordQuery, RequestLibrary
from command.requests.libraries import Sha256
from command.requests.watchlist import GivenArea, GivenHours, Office
from command.rows import LibraryRow
from command.rules.hits import is_set_aside
from command.rules.watchlist import MAY_ASK
from command.services.bodies import read_body
from consoles.http.context import LIVE, Space, actor_of, context_of, require
from consoles.http.record import json_response
from consoles.http.sightings import an_hour
from consoles.http.watches import key_of
from consoles.limits import (
    LIBRARY_FILE_BODY_MS,
    LIBRARY_FILE_BYTES,
    LIBRARY_FILES_AT_ONCE,
    LIBRARY_FILES_READ,
    QUERY_BODY_BYTES,
)
from consoles.watch_files.library import Read, read_library
from streams.watch_library import Changes, LibraryContent, LibraryIndex
from streams.watch_list import Match

_PATH = "/api/v1/watches/libraries"
_MAY_LOOK = (*MAY_ASK, "duty_leader", "director", "administrator")


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list to look out for, with a file that this hub has read."""

    name: Name
    reason: Reason
    level: Level
    until_ms: Instant
    sha256: Sha256
    office: Office = ""
    action: WatchAction = "alarm"
    look_alike: bool = False
    area: GivenArea | None = None
    hours: GivenHours | None = None


class Offered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that this hub has read, in place of the one before."""

    sha256: Sha256


class Lookup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries and lists a plate is on, and why that is asked."""

    plate: Annotated[str, Meta(min_length=2, max_length=16)]
    reason: Reason


class HoldsLists(Protocol):
    """How lists are held here."""

    @property
    def index(self) -> LibraryIndex:
        """Those that are looked for."""
        ...

    @property
    def held(self) -> Mapping[str, object]:
        """Each with its file, and what is wrong with that."""
        ...


class WatchLibraries:
    """The handlers. `matching` says what a plate is on."""

    def __init__(self, libraries: HoldsLists, matching: Callable[[str], Awaitable[list[Match]]], blobs: Blobs) -> None:
        self._libraries = libraries
        self._matching = matching
        self._blobs = blobs
        self._reading = asyncio.Semaphore(LIBRARY_FILES_AT_ONCE)
        self._read: OrderedDict[str, LibraryContent] = OrderedDict()
        """Files that were read here and may be asked for, the newest last: nobody else says what a file holds."""

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(f"{_PATH}/files", self.take_file),
            web.post(_PATH, self.ask),
            web.post(f"{_PATH}/{{library}}/files", self.offer),
            web.get(_PATH, self.tell),
            web.post("/api/v1/watches/lookup", self.look_up),
        ]

    async def take_file(self, request: web.Request) -> web.Response:
        """`POST …/libraries/files?library=b7`: a CSV, XLSX or XLS file as the body, read and kept, not yet asked for.

        The answer tells what is wrong or stands there twice, by row, and what would come and go of the list.
        """
        require(actor_of(request), *MAY_ASK)
        space = _live(request)
        before = await self._file_before(space, request.query.get("library", ""))
        if self._reading.locked():
            raise TooManyError("another list is being read; try again")
        async with self._reading:
            data = await read_body(request, LIBRARY_FILE_BYTES, LIBRARY_FILE_BODY_MS)
            told, kept = await read_library(data, space.hub.clock.now_ms())
            del data
            content = await asyncio.to_thread(LibraryContent, kept)
            sha256 = await self._blobs.add(kept)
        self._read[sha256] = content
        self._read.move_to_end(sha256)
        while len(self._read) > LIBRARY_FILES_READ:
            self._read.popitem(last=False)
        changes = await asyncio.to_thread(content.since, before)
        return json_response(_told(told, sha256, changes))

    async def ask(self, request: web.Request) -> web.Response:
        """`POST …/libraries`: ask for a list with a file that was read; it waits for approval."""
        actor = actor_of(request)
        require(actor, *MAY_ASK)
        space = _live(request)
        asked = msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=Asked)
        content = await self._brought(asked.sha256)
        wanted = RequestLibrary(
            name=asked.name, reason=asked.reason, level=asked.level, until_ms=asked.until_ms, office=asked.office,
            action=asked.action, content=_content(asked.sha256, content), look_alike=asked.look_alike,
            area=asked.area, hours=asked.hours,
        )  # fmt: skip
        answer = await space.hub.ask(wanted, replace(HUB, id=actor.id), key_of(request, actor))
        return json_response({"library": answer.subject})

    async def offer(self, request: web.Request) -> web.Response:
        """`POST …/libraries/{library}/files`: offer a file that was read in place of the one in force."""
        actor = actor_of(request)
        require(actor, *MAY_ASK)
        space = _live(request)
        sha256 = msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=Offered).sha256
        content, library = await self._brought(sha256), request.match_info["library"]
        before = await self._file_before(space, library)
        row = await _row(space, library)
        if before is None or row.file is None:
            raise ConflictError(f"list {row.name} has no file in force that this could replace", current=row)
        changes = await asyncio.to_thread(content.since, before)
        gone = await asyncio.to_thread(content.without, [mark.line for mark in row.marks])
        offered = OfferLibraryFile(
            library=library, content=_content(sha256, content), replaces=row.file.content.sha256, added=changes.added,
            removed=changes.removed, gone=tuple(gone),
        )  # fmt: skip
        answer = await space.hub.ask(offered, replace(HUB, id=actor.id), key_of(request, actor))
        return json_response({"library": answer.subject})

    async def tell(self, request: web.Request) -> web.Response:
        """`GET …/libraries`: how this hub holds each list that is in force."""
        require(actor_of(request), *_MAY_LOOK)
        return json_response(self._libraries.held)

    async def look_up(self, request: web.Request) -> web.Response:
        """`POST …/watches/lookup`: the entries and lists that a plate is on, on record before it is answered."""
        actor = actor_of(request)
        require(actor, *MAY_ASK, "duty_leader")
        space = _live(request)
        asked = msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=Lookup)
        plate = ga36.strip_separators(asked.plate)
        found = await self._matching(plate)
        record = RecordQuery(
            what="watches", terms=f"on the watch list: {plate}", reason=asked.reason, results=len(found),
            an_hour=an_hour(actor),
        )  # fmt: skip
        await space.hub.ask(record, replace(HUB, id=actor.id))
        marks = await space.hub.read(lambda t: [is_set_aside(t, match.watch, match.line, plate) for match in found])
        return json_response({
            "plate": plate,
            "found": [
                {"watch": match.watch, "how": match.how, "score": round(match.score, 3), "line": match.line,
                 "note": match.note, "set_aside": set_aside}
                for match, set_aside in zip(found, marks, strict=True)
            ],
        })  # fmt: skip

    async def _brought(self, sha256: str) -> LibraryContent:
        """Return a file that was read here, brought anew: between reading and asking the store may have let it go."""
        content = self._read.get(sha256)
        if content is None:
            raise ConflictError("this hub has not read such a file of late; bring it again")
        await self._blobs.add(content.data)
        return content

    async def _file_before(self, space: Space, library: str) -> LibraryContent | None:
        """Return the file in force of a list, from memory where it is held."""
        if not library:
            return None
        row = await _row(space, library)
        if row.file is None:
            return None
        sha256 = row.file.content.sha256
        held = self._libraries.index.contents.get(library)
        if held is not None and await asyncio.to_thread(held.sha256) == sha256:
            return held
        return await asyncio.to_thread(LibraryContent, await self._blobs.get(sha256))


def _live(request: web.Request) -> Space:
    space = context_of(request).space(request)
    if space.name != LIVE:
        raise NoRightError("a rehearsal has no lists of its own")
    return space


async def _row(space: Space, library: str) -> LibraryRow:
    row = await space.hub.read(lambda t: t.libraries.get(library))
    if row is None:
        raise UnknownIdError(f"no list {library[:64]!r}")
    return row


def _content(sha256: str, content: LibraryContent) -> Content:
    return Content(
        sha256=sha256, entries=len(content), patterns=len(content.patterns), size=len(content.data)
    )  # fmt: skip


def _told(told: Read, sha256: str, changes: Changes) -> dict[str, object]:
    return {
        "sha256": sha256, "rows": told.rows, "entries": told.entries, "patterns": told.patterns,
        "added": changes.added, "removed": changes.removed, "mixed_encodings": told.is_mixed,
        "problems": told.problems, "problems_more": told.problems_more, "duplicates": told.duplicates,
        "duplicates_more": told.duplicates_more, "dated": told.dated, "first_until_ms": told.first_until_ms,
        "last_until_ms": told.last_until_ms, "columns_left": told.columns_left,
    }  # fmt: skip
