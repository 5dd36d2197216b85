"""The lists of the watch list (库) that are in force, held by a hub: read from the store, checked, given to what looks.

A file is known by its hash, so that one that is missing or altered is never taken for the list; that is said on every
screen, the other lists go on, and it is tried again. Where a list had a file before, the hub goes on with that.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from command.blobs import Blobs
from command.hub import Changes, Hub
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError
from command.requests import ReportLibrary
from command.rows import LibraryRow
from command.rules.libraries import FAILING
from command.tables import Tables
from command.telling import tell
from consoles.limits import LIBRARY_AGAIN_MS
from edge.limits import LIBRARY_EDITS_KEPT
from streams.watch_edits import edits
from streams.watch_library import LibraryContent, LibraryIndex

log = logging.getLogger(__name__)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """How this hub holds a list: with which file, and what is wrong with the one in force."""

    sha256: str = ""
    entries: int = 0
    wrong: str = ""


class Libraries:
    """`look` reads what is in force; `run` keeps it so. `on_index` hears of each new index."""

    def __init__(self, hub: Hub, blobs: Blobs, on_index: Callable[[LibraryIndex], None]) -> None:
        self.held: dict[str, Held] = {}
        self.index = LibraryIndex()
        self._hub = hub
        self._blobs = blobs
        self._on_index = on_index
        self._changed = asyncio.Event()
        self._is_unsaid = False
        """How a list is could not be recorded, or what is in force not be looked up."""
        self._edits: OrderedDict[tuple[str, str], bytes | None] = OrderedDict()
        self._comparing = asyncio.Lock()
        hub.listen(self._on_change)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            held = (self.held.get(key, Held()).sha256, key in self.index.look_alike)
            if table == "libraries" and held != _wanted_of(row):
                self._changed.set()

    async def run(self) -> None:
        """Keep it so, until cancelled."""
        while True:
            again = self._is_unsaid or any(held.wrong for held in self.held.values())
            try:
                async with asyncio.timeout(LIBRARY_AGAIN_MS / 1000 if again else None):
                    await self._changed.wait()
            except TimeoutError:
                pass
            await self.look()

    async def look(self) -> None:
        """Read the files of lists that came into force, and let go of those that are so no more."""
        self._changed.clear()
        try:
            wanted, failing = await self._hub.read(_in_force)
        except TriuneError as error:
            log.warning("the lists stay as they were for now: %s", error.detail)
            self._is_unsaid = True
            return
        contents: dict[str, LibraryContent] = {}
        held: dict[str, Held] = {}
        look_alike = {library for library, (_, is_wide, _) in wanted.items() if is_wide}
        for library, (sha256, _, _) in wanted.items():
            content, wrong = self.index.contents.get(library), ""
            if content is None or self.held[library].sha256 != sha256:
                try:
                    content, known = await self._read(sha256), sha256
                except TriuneError as error:
                    known, wrong = self.held.get(library, Held()).sha256, error.detail
            else:
                known = sha256
            if content is not None:
                contents[library] = content
            held[library] = Held(sha256=known, entries=len(content) if content else 0, wrong=wrong)
        if contents != self.index.contents or look_alike != self.index.look_alike:
            self.index = await asyncio.to_thread(LibraryIndex, contents, look_alike)
            self._on_index(self.index)
        self.held = held
        await self._tell({library for library, (_, _, name) in wanted.items() if name in failing})

    async def _read(self, sha256: str) -> LibraryContent:
        """Return a file. Raises `UnavailableError` where it is missing, altered or cannot be had."""
        try:
            return await asyncio.to_thread(LibraryContent, await self._blobs.get(sha256))
        except InvalidInputError as error:
            raise UnavailableError(error.detail) from error

    async def _tell(self, failing: set[str]) -> None:
        """Say on every screen which lists are not as they should be, and which of those that were are again."""
        said = [
            await tell(self._hub, ReportLibrary(library=library, wrong=held.wrong), log, f"how list {library} is")
            for library, held in self.held.items()
            if held.wrong or library in failing
        ]
        self._is_unsaid = not all(said)

    def content(self, sha256: str) -> LibraryContent | None:
        """Return the file of a list that is held; None for another."""
        library = next((library for library, held in self.held.items() if held.sha256 == sha256), None)
        return self.index.contents.get(library) if library else None

    async def edits(self, since: str, sha256: str) -> bytes | None:
        """Return what makes the file of a list that is held of another; None where that is not known or not worth it.

        When a file comes into force all agents ask for the same: it is looked for once.
        """
        async with self._comparing:
            if (since, sha256) not in self._edits:
                self._edits[since, sha256] = await self._compare(since, self.content(sha256))
            self._edits.move_to_end((since, sha256))
            while len(self._edits) > LIBRARY_EDITS_KEPT:
                self._edits.popitem(last=False)
            return self._edits[since, sha256]

    async def _compare(self, since: str, content: LibraryContent | None) -> bytes | None:
        try:
            before = await self._read(since)
        except TriuneError:
            return None
        return await asyncio.to_thread(edits, before, content) if content else None


def _in_force(t: Tables) -> tuple[dict[str, tuple[str, bool, str]], set[str]]:
    """Return of each list in force its file, whether it means look-alikes, and its name; and the names of those of
    which an alarm stands."""
    wanted = {row.id: (*_wanted_of(row), row.name) for row in t.libraries if _wanted_of(row)[0]}
    return wanted, {alarm.subject for alarm in t.alarms if alarm.kind == FAILING}


def _wanted_of(row: object) -> tuple[str, bool]:
    """Return the file that is in force of a row, empty where none is, and whether look-alikes are meant."""
    if isinstance(row, LibraryRow) and row.state == "active" and row.file:
        return row.file.content.sha256, row.look_alike
    return "", False
