"""Whether a device is enrolled, by the record of a hub that runs or does not; nothing is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from command import facts
from command.facts.patrol import DeviceEnrolled, DeviceRetired
from command.hub import Hub
from command.journal import Journal
from command.journal.postgres import SCHEMA, PostgresJournal
from command.journal.sqlite_snapshot import SqliteSnapshot
from command.kernel.clock import SystemClock
from command.kernel.errors import UnknownIdError
from command.kernel.limits import READ_FACTS
from command.kernel.postgres import Postgres
from command.snapshots import SnapshotFolder
from consoles.http.context import LIVE
from consoles.settings import Settings

_KINDS = (b"device_enrolled", b"device_retired")


async def need_enrolled(settings: Settings, device: str) -> None:
    """Raise `UnknownIdError` for a device that nobody has enrolled, or that was retired."""
    async with _journal(settings) as journal:
        if journal and await _is_enrolled(journal, settings, device):
            return
    raise UnknownIdError(f"no device {device!r} is enrolled: a token for it would open nothing", id=device)


async def _is_enrolled(journal: Journal, settings: Settings, device: str) -> bool:
    """Look into the newest snapshot that the record vouches for, and into the facts after it: all of them are years."""
    hub, seq, is_enrolled = Hub(LIVE, SystemClock(), journal, settings.limits), 0, False
    for tables, head in SnapshotFolder(settings.snapshots_folder).read(LIVE, settings.limits):
        if await hub.start_from(tables, head):
            seq, is_enrolled = head.seq, device in tables.devices.rows
            break
    while page := await journal.read(LIVE, seq, READ_FACTS):
        for stored in page:
            if any(kind in stored.data for kind in _KINDS):
                fact = facts.decode(stored.data, stored.seq)
                if isinstance(fact, DeviceEnrolled | DeviceRetired) and fact.device == device:
                    is_enrolled = isinstance(fact, DeviceEnrolled)
        seq = page[-1].seq
    return is_enrolled


@asynccontextmanager
async def _journal(settings: Settings) -> AsyncIterator[Journal | None]:
    """Open the record to be read; None where no hub has written one yet."""
    if settings.journal:
        postgres = await Postgres.open_beside(settings.journal, {"journal": SCHEMA})
        try:
            yield PostgresJournal(postgres)
        finally:
            await postgres.close()
        return
    path = Path(settings.data) / "journal.sqlite3"
    snapshot = SqliteSnapshot(path) if path.is_file() else None
    try:
        yield snapshot
    finally:
        if snapshot:
            await snapshot.close()
