"""Makes a backup of a hub at work: in an order in which nothing that is named can be missing.

Whoever names something is read before what it names, and whatever is named only ever grows: first the link cursors,
which say how far the services were told; then the services and accounts, which name situations, units and devices;
then the cut, the journal's last fact; then the facts up to it, which never change, so that the cut is all the snapshot
it takes; then readings; and last the pictures, files and clips that facts and readings name. No store is held for
longer than one short read: a long transaction would keep SQLite's log and PostgreSQL's dead rows from being cleared.
Only each small database is read to its end in one, so that its tables fit each other; that takes seconds.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path

from command.backup.archive import ArchiveWriter
from command.backup.clips import clip_name, clips_in, read_clips
from command.backup.records import (
    Blob,
    ClipPiece,
    ClipSheet,
    Entries,
    File,
    Manifest,
    Positions,
    Record,
    Rows,
    Sightings,
    SignedHeads,
)
from command.backup.stores import Stores
from command.backup.tables import SERVICES, SHARED, postgres_rows, sqlite_rows
from command.backup.tally import Tally
from command.blobs import Blobs, DamagedBlobError
from command.journal import GENESIS, Answer, DamagedJournalError, Entry, Head, Journal, StoredFact, chained
from command.kernel.clock import Clock
from command.kernel.errors import DamagedFileError, InvalidInputError, UnavailableError, UnknownIdError
from command.kernel.limits import BACKUP_CHUNK_BYTES, BACKUP_READ_FACTS, READINGS_ROWS
from command.readings import Day, Place, Position, Readings, SightingQuery, place_of
from command.readings.bounds import DAY_MS

LIVE = "live"
SETTINGS = "triune.toml"
_KEPT = (("scenarios", "*.y*ml"), ("rehearsals", "*.json"))
"""Folders of small files of the data folder: what can be rehearsed, and what rehearsals came to."""


async def take_backup(
    stores: Stores, writer: ArchiveWriter, clock: Clock, release: str, settings: Path | None
) -> Manifest:
    """Write everything and return the manifest. `settings` is the file that the hub was started with.

    Raises `DamagedJournalError` for a journal that does not hold together: a backup of it would pass for a good one.
    A picture, clip or day of readings that is damaged is no reason to have no backup; the manifest names it.
    `InvalidInputError` where no fact is on record: in turn with others such a backup would be kept in the place of a
    good one.
    """
    tally = Tally()

    async def write(records: AsyncGenerator[Record]) -> None:
        # A file that refuses ends the reading at once, and with it the transaction that it may be in.
        async with aclosing(records):
            async for record in records:
                tally.take(record)
                writer.add(record)

    lost = set[str]()
    await write(_small(stores, settings, lost))
    # The live space first: of the others only what had happened by then is restored to a moment of it.
    spaces = sorted(await stores.journal.spaces(), key=lambda name: (name != LIVE, name))
    if not spaces:
        raise InvalidInputError("empty: no fact is on record yet, or they were lost, or it is another hub's store")
    cuts = {space: await stores.journal.head(space) for space in spaces}
    made_ms = clock.now_ms()
    for space, cut in cuts.items():
        await write(_entries(stores.journal, space, cut))
        await write(_signed(stores.journal, space, cut))
    await write(_readings(stores.readings, lost))
    names = await stores.blobs.names()
    needed = tally.named()
    lost |= needed - names
    await write(_blobs(stores.blobs, sorted(names), needed, lost))
    await write(_clips(stores, tally, lost))
    manifest = Manifest(
        made_ms=made_ms, release=release, contents=tally.contents, lost=tuple(sorted(lost)), sha256=writer.sha256,
        clips_elsewhere=tally.elsewhere(lost),
    )  # fmt: skip
    writer.end(manifest)
    return manifest


async def _small(stores: Stores, settings: Path | None, lost: set[str]) -> AsyncGenerator[Rows | File]:
    for store in (*SHARED, *SERVICES):
        path = stores.data / f"{store}.sqlite3"
        if stores.postgres and store in SHARED:
            async with aclosing(postgres_rows(stores.postgres, store)) as found:
                async for rows in found:
                    yield rows
        elif path.is_file():
            for rows in sqlite_rows(path, store):
                yield rows
    for file in _files(stores.data, settings, lost):
        yield file


async def _blobs(blobs: Blobs, names: Sequence[str], needed: set[str], lost: set[str]) -> AsyncGenerator[Blob]:
    """Yield what can be read and add the others to `lost`. What retention removes meanwhile is no longer wanted."""
    for name in names:
        try:
            yield Blob(name=name, data=await blobs.get(name))
        except DamagedBlobError:
            lost.add(name)
        except UnknownIdError:
            lost.update(needed & {name})


async def _clips(stores: Stores, tally: Tally, lost: set[str]) -> AsyncGenerator[ClipSheet | ClipPiece]:
    """Yield the clips that are what they were and add the others, and those that are missing here, to `lost`."""
    try:
        files = clips_in(stores.clips)
    except OSError:
        files = {}
        lost.add("clips")
    for found in read_clips(files, tally.named_clips):
        if isinstance(found, str):
            lost.add(clip_name(found))
        else:
            yield found
    # Of several hubs each has the clips that it exported itself: those of others are no loss of this one.
    for clip, fact in tally.named_clips.items():
        if clip not in tally.clips.taken and (not stores.postgres or fact.hub == stores.hub != ""):
            lost.add(clip_name(clip))


def _files(data: Path, settings: Path | None, lost: set[str]) -> list[File]:
    files = list[File]()
    if settings:
        try:
            files.append(File(path=SETTINGS, data=settings.read_bytes()))
        except OSError:  # the hub began with it: somebody moved it since
            lost.add(SETTINGS)
    try:
        for folder, names in _KEPT:
            for path in sorted((data / folder).glob(names)):
                with suppress(FileNotFoundError):  # the hub let go of it, or somebody took it away
                    files.append(File(path=f"{folder}/{path.name}", data=path.read_bytes()))
    except OSError as error:
        raise UnavailableError(f"{error.filename} cannot be read: {error.strerror}") from error
    return files


async def _entries(journal: Journal, space: str, cut: Head) -> AsyncGenerator[Entries]:
    """Yield the entries up to the cut, put together again from facts and answers.

    Raises `DamagedJournalError` where they do not make up one chain up to the cut.
    """
    facts, batch, size, seq = _facts(journal, space, cut), list[Entry](), 0, 0
    async for key, answer in _answers(journal, space, cut):
        belonging: list[StoredFact] = []
        while seq < answer.seq and (fact := await anext(facts, None)) is not None:
            belonging.append(fact)
            seq = fact.seq
            size += len(fact.data)
        if not belonging or seq != answer.seq:
            raise DamagedJournalError(f"{space}: fact {answer.seq}, an answer, is missing; run `triune verify`")
        batch.append(Entry(key=key, subject=answer.subject, facts=tuple(belonging)))
        if size >= BACKUP_CHUNK_BYTES or len(batch) >= BACKUP_READ_FACTS:
            yield Entries(space=space, entries=tuple(batch))
            batch, size = [], 0
    if seq != cut.seq:
        raise DamagedJournalError(f"{space}: nobody asked for the facts after {seq}; run `triune verify`")
    if batch:
        yield Entries(space=space, entries=tuple(batch))


async def _facts(journal: Journal, space: str, cut: Head) -> AsyncIterator[StoredFact]:
    """Yield the facts up to the cut without their digests, once they are known to fit the chain."""
    after, digest = 0, GENESIS
    while after < cut.seq:
        page = await journal.read(space, after, min(BACKUP_READ_FACTS, cut.seq - after))
        if not page or [fact.seq for fact in page] != list(range(after + 1, after + 1 + len(page))):
            raise DamagedJournalError(f"{space}: a fact after {after} is missing; run `triune verify`")
        digest, after = chained(page, digest), page[-1].seq
        for fact in page:
            yield StoredFact(seq=fact.seq, at_ms=fact.at_ms, actor=fact.actor, data=fact.data)


async def _answers(journal: Journal, space: str, cut: Head) -> AsyncIterator[tuple[str, Answer]]:
    after = 0
    while page := await journal.answered(space, after, BACKUP_READ_FACTS):
        for key, answer in page:
            if answer.seq > cut.seq:
                return
            yield key, answer
        after = page[-1][1].seq


async def _signed(journal: Journal, space: str, cut: Head) -> AsyncGenerator[SignedHeads]:
    after = 0
    while after < cut.seq and (page := await journal.signed(space, after, BACKUP_READ_FACTS)):
        if heads := tuple(head for head in page if head.seq <= cut.seq):
            yield SignedHeads(space=space, heads=heads)
        after = page[-1].seq


async def _readings(readings: Readings, lost: set[str]) -> AsyncGenerator[Positions | Sightings]:
    """Yield all readings, day by day, and add damaged days to `lost`. One that retention drops is no longer wanted."""
    devices: dict[str, list[str]] = {}
    for day in await readings.days():
        if day.space not in devices:
            devices[day.space] = [fix.device for fix in await readings.latest_positions(day.space)]
        try:
            async for positions in _positions(readings, day, devices[day.space]):
                yield positions
            async for sightings in _sightings(readings, day):
                yield sightings
        except DamagedFileError:
            lost.add(f"readings/{day.space}/{datetime.fromtimestamp(day.start_ms / 1000, UTC):%Y-%m-%d}.sqlite3")


async def _positions(readings: Readings, day: Day, devices: Sequence[str]) -> AsyncIterator[Positions]:
    batch: list[Position] = []
    for device in devices:
        from_ms = day.start_ms
        while page := await readings.track(day.space, device, from_ms, day.start_ms + DAY_MS - 1, READINGS_ROWS):
            batch += page
            from_ms = page[-1].at_ms + 1
            if len(batch) >= READINGS_ROWS:
                yield Positions(space=day.space, positions=tuple(batch))
                batch = []
            if len(page) < READINGS_ROWS:
                break
    if batch:
        yield Positions(space=day.space, positions=tuple(batch))


async def _sightings(readings: Readings, day: Day) -> AsyncIterator[Sightings]:
    after: Place | None = None
    while True:
        query = SightingQuery(
            from_ms=day.start_ms, to_ms=day.start_ms + DAY_MS - 1, limit=READINGS_ROWS, after=after
        )  # fmt: skip
        page = await readings.search(day.space, query)
        if page:
            yield Sightings(space=day.space, sightings=tuple(page))
        if len(page) < READINGS_ROWS:
            return
        after = place_of(page[-1])
