"""`triune verify`: is the record whole, unaltered and readable; is every file of the evidence what its name says."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import msgspec

from command import facts
from command.access.keys import ENVIRONMENT, SiteKey
from command.backup.clips import FOLDER, clips_in, opened
from command.backup.records import ClipElsewhere
from command.blobs import SCHEMA as BLOBS_SCHEMA
from command.blobs import Blobs, FolderBlobs, PostgresBlobs
from command.facts import UnreadableFactError
from command.facts.recording import ClipExported
from command.journal import DamagedJournalError, Journal, StoredFact
from command.journal.anchor_file import AnchorFile, read_anchor
from command.journal.audit import Audit
from command.journal.heads import PURPOSE, HeadKey
from command.journal.postgres import SCHEMA as JOURNAL_SCHEMA
from command.journal.postgres import PostgresJournal
from command.journal.sqlite_snapshot import SnapshotToAudit
from command.kernel.database import PostgresDatabase
from command.kernel.errors import InvalidInputError, TriuneError
from command.kernel.postgres import Postgres
from command.kernel.sqlite import SQLITE_ERRORS
from command.kernel.sqlite_only_read import OnlyRead
from command.links.cursors import FURTHEST, Cursors, Furthest
from command.list_files import ListFiles
from command.named_files import files_named
from consoles.http.context import LIVE
from consoles.settings import load_settings

_FAULTS_SHOWN = 100
_PROGRESS_FACTS = 50_000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong. `seq` is of the fact concerned, where one is."""

    space: str
    seq: int | None
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The last line. `spaces` holds the number of facts of each; `first_fault_seq` is the lowest that a fault names.

    `sealed` says up to which fact of each space signed heads, or heads kept outside, vouch for what is there: whoever
    can write to the store could have cut off what came later. `public_key` is what the heads were checked with.
    `clips_elsewhere` were exported at other hubs that share the record: those are to be checked there.
    """

    ok: bool
    spaces: dict[str, int]
    blobs: int
    damaged_blobs: list[str]
    missing_blobs: list[str]
    clips: int
    damaged_clips: list[str]
    missing_clips: list[str]
    clips_elsewhere: list[ClipElsewhere]
    first_fault_seq: int | None
    faults: list[Fault]
    faults_total: int
    sealed: dict[str, int]
    signed_heads: int
    anchored_heads: int
    anchor_lines_unreadable: int
    public_key: str | None


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("verify", help="check the journal's chain and the evidence")
    parser.add_argument("--data", help="the hub's data folder (default: that of the settings, else var)")
    parser.add_argument("--config", type=Path, help="the settings file the hub is started with: where its clips are")
    parser.add_argument("--journal", help="postgresql://… where hubs share the journal")
    parser.add_argument("--anchor", type=Path, help="file of signed heads that was kept outside")
    parser.add_argument("--public-key", default="", help="what heads are checked with (default: the site key's)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every fault and a verdict; 0 where all is well, 1 where something is not."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    verdict = verify(
        Path(settings.data), settings.journal, arguments.anchor, arguments.public_key, progress=sys.stderr.isatty(),
        clips=settings.clips_folder, hub=settings.known_as,
    )  # fmt: skip
    for fault in verdict.faults:
        print(f"{fault.space} {fault.seq if fault.seq is not None else '-'}: {fault.what}")
    for name in verdict.damaged_blobs:
        print(f"evidence {name}: damaged, or sealed with another key")
    for name in verdict.missing_blobs:
        print(f"evidence {name}: missing")
    for name in verdict.damaged_clips:
        print(f"clip {name}: its file or its sheet is not what the record says")
    for name in verdict.missing_clips:
        print(f"clip {name}: missing")
    for one in verdict.clips_elsewhere:
        print(f"clip {one.clip}: is not here; it was exported at {one.hub or 'another hub'}")
    print(json.dumps(msgspec.to_builtins(verdict), ensure_ascii=False))
    return 0 if verdict.ok else 1


def verify(
    data: Path, journal: str = "", anchor: Path | None = None, public_key: str = "", *, progress: bool = False,
    clips: Path | None = None, hub: str = "",
) -> Verdict:  # fmt: skip
    """Look at everything and change nothing of it.

    `clips` is the folder of clips, where recordings are kept outside of the data folder; `hub` the address that other
    hubs know this one by. A record with no fact at all is not `ok`: so it is with a hub that was just installed, and
    with one that was wiped. Raises `InvalidInputError` where there is no journal or anchor, `UnavailableError` where a
    database is away, or its tables are of another release.
    """
    verification = _Verification(data, clips or data / FOLDER, hub, progress=progress)
    return asyncio.run(verification.run(journal, anchor, public_key))


class _Clips(msgspec.Struct, frozen=True, kw_only=True):
    damaged: list[str]
    missing: list[str]
    elsewhere: list[ClipElsewhere]


class _Verification:
    """What was found so far."""

    def __init__(self, data: Path, clips: Path, hub: str, *, progress: bool) -> None:
        self._data = data
        self._clips_folder = clips
        self._hub = hub
        self._progress = progress
        self._faults: list[Fault] = []
        self._faults_total = 0
        self._first_seq: int | None = None
        self._counts: dict[str, int] = {}
        self._sealed: dict[str, int] = {}
        self._heads = 0
        self._seen = 0
        self._named: set[bytes] = set()
        self._clips: dict[str, ClipExported] = {}
        self._list_files: defaultdict[str, ListFiles] = defaultdict(ListFiles)
        self._key: SiteKey | None = None

    async def run(self, journal_url: str, anchor: Path | None, public_key: str) -> Verdict:
        public = self._public(public_key)
        outside = AnchorFile(public=public, outside={}, heads=0, unreadable=0)
        if anchor is not None:
            outside = read_anchor(anchor, public, lambda what: self._report("", None, what))
        async with _stores(self._data, journal_url, self._key) as (journal, blobs, told):
            await self._whole(journal)
            try:
                found = await journal.spaces()
                if any(type(space) is not str for space in found):  # a damaged file may hold anything there
                    self._report("", None, "altered: the name of a space is no text")
                for space in sorted({LIVE, *outside.outside, *(name for name in found if type(name) is str)}):
                    await self._space(journal, space, outside)
                if not any(self._counts.values()):
                    self._report("", None, "empty: no fact is on record yet, or they were lost, or it is another hub's")
            except DamagedJournalError as error:
                self._report("", None, error.detail)
            if cut_off := told.missing(last := self._counts.get(LIVE, 0)):
                self._report(LIVE, last + 1, cut_off)
            count, damaged, missing = await self._evidence(blobs)
            clips = self._look_at_clips(shared=bool(journal_url))
        return Verdict(
            ok=not (self._faults_total or damaged or missing or clips.damaged or clips.missing),
            spaces=self._counts,
            blobs=count,
            damaged_blobs=damaged,
            missing_blobs=missing,
            clips=len(self._clips),
            damaged_clips=clips.damaged,
            missing_clips=clips.missing,
            clips_elsewhere=clips.elsewhere,
            first_fault_seq=self._first_seq,
            faults=self._faults,
            faults_total=self._faults_total,
            sealed=self._sealed,
            signed_heads=self._heads,
            anchored_heads=outside.heads,
            anchor_lines_unreadable=outside.unreadable,
            public_key=outside.public.hex() if outside.public else None,
        )

    def _public(self, given: str) -> bytes | None:
        """Return the key that heads are checked with; the site's own is never made here."""
        path = self._data / "site.key"
        if path.is_file() or os.environ.get(ENVIRONMENT):
            try:
                self._key = SiteKey.load(path)
            except (TriuneError, OSError) as error:
                self._report("", None, f"the site key cannot be read: {error}")
        if not given:
            return HeadKey(self._key.derive(PURPOSE)).public if self._key else None
        try:
            public = bytes.fromhex(given)
        except ValueError:
            public = b""
        if len(public) != 32:
            raise InvalidInputError("a public key is 32 bytes, written as 64 hex digits")
        return public

    async def _whole(self, journal: Journal) -> None:
        """Look at what belongs to no space: the pages of a file, and the name of its history."""
        try:
            for problem in await journal.problems() if isinstance(journal, SnapshotToAudit) else ():
                self._report("", None, problem)
            await journal.history()
        except DamagedJournalError as error:
            self._report("", None, error.detail)

    async def _space(self, journal: Journal, space: str, outside: AnchorFile) -> None:
        def report(seq: int | None, what: str) -> None:
            self._report(space, seq, what)

        def look(fact: StoredFact) -> None:
            self._look(space, fact)

        audit = Audit(journal, space, report, look, outside.public, outside.outside.get(space, ()))
        try:
            await audit.run()
        finally:
            if audit.facts or space in outside.outside:
                self._counts[space], self._sealed[space] = audit.facts, audit.sealed_seq
            self._heads += audit.heads
            if self._progress and self._seen >= _PROGRESS_FACTS:
                sys.stderr.write("\n")

    def _look(self, space: str, fact: StoredFact) -> None:
        self._seen += 1
        if self._progress and self._seen % _PROGRESS_FACTS == 0:
            sys.stderr.write(f"\r{space}: {self._seen:,} facts read")
            sys.stderr.flush()
        try:
            known = facts.decode(fact.data, fact.seq)
            self._list_files[space].take(known, fact.at_ms)
            self._named.update(name.encode() for name in files_named(known))
            if isinstance(known, ClipExported):
                self._clips[known.clip] = known
        except UnreadableFactError as error:
            self._report(space, fact.seq, f"unreadable: {error.detail}")

    def _report(self, space: str, seq: int | None, what: str) -> None:
        self._faults_total += 1
        if len(self._faults) < _FAULTS_SHOWN:
            self._faults.append(Fault(space=space, seq=seq, what=what))
        if seq is not None and (self._first_seq is None or seq < self._first_seq):
            self._first_seq = seq

    async def _evidence(self, blobs: Blobs | None) -> tuple[int, list[str], list[str]]:
        """Return how many files there are, and the names of those that are damaged or missing."""
        if blobs is None:
            if self._named or (self._data / "blobs").is_dir():
                self._report("", None, "the site key is missing, so evidence cannot be opened")
            return 0, [], []
        count, damaged = await blobs.verify()
        named = {name.decode() for name in self._named}.union(*(files.needed() for files in self._list_files.values()))
        return count, damaged, sorted(named - await blobs.names())

    def _look_at_clips(self, *, shared: bool) -> _Clips:
        """Hold each clip that the record names to the hash there. Of several hubs each has those that it exported."""
        found = _Clips(damaged=[], missing=[], elsewhere=[])
        try:
            files = clips_in(self._clips_folder)
        except OSError as error:
            files = {}
            self._report("", None, f"the folder of clips cannot be read: {error.strerror}")
        for clip, fact in sorted(self._clips.items()):
            if clip in files:
                with opened(files[clip], fact) as whole:
                    if whole is None:
                        found.damaged.append(clip)
            elif shared and (not self._hub or fact.hub != self._hub):
                found.elsewhere.append(ClipElsewhere(clip, fact.hub))
            else:
                found.missing.append(clip)
        return found


@asynccontextmanager
async def _stores(data: Path, url: str, key: SiteKey | None) -> AsyncIterator[tuple[Journal, Blobs | None, Furthest]]:
    """Open the journal, and the evidence where there is a key for it; say what links were told before."""
    async with AsyncExitStack() as stack:
        if url:
            needed = {"journal": JOURNAL_SCHEMA} | ({"blobs": BLOBS_SCHEMA} if key else {})
            postgres = await Postgres.open_beside(url, needed)
            stack.push_async_callback(postgres.close)
            blobs = PostgresBlobs(postgres, key.box("blobs")) if key else None
            has_links = "links" in await postgres.schema_versions()
            told = await Cursors(PostgresDatabase(postgres)).furthest() if has_links else Furthest("", 0)
            yield PostgresJournal(postgres), blobs, told
            return
        path = data / "journal.sqlite3"
        if not path.is_file():
            raise InvalidInputError(f"no journal in {data}")
        told = _told(data / "links.sqlite3")
        snapshot = SnapshotToAudit(path)
        stack.push_async_callback(snapshot.close)
        yield snapshot, FolderBlobs(data / "blobs", key.box("blobs")) if key else None, told


def _told(path: Path) -> Furthest:
    """Read the cursors of links beside a hub at work; nothing is made. A file that cannot be read says nothing.

    Raises `UnavailableError` where a log beside it would be left out.
    """
    if not path.is_file():
        return Furthest("", 0)
    try:
        with closing(OnlyRead(path)) as links:
            row = links.read(lambda db: db.execute(FURTHEST).fetchone())
    except SQLITE_ERRORS:
        row = None
    return Furthest(*row) if row else Furthest("", 0)
