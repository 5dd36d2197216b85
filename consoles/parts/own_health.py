"""How this hub is, for its administrators: of what its parts know already, and of figures that are asked for in turn.

One that nobody can tell is left empty; the others are told all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from command.journal.signer import HeadSigner
from command.readings import Day
from consoles.http.admin_health import (
    AdminHealth,
    BackupHealth,
    DiskHealth,
    JournalHealth,
    LinkHealth,
    ReadingsHealth,
    Tell,
)
from consoles.http.context import LIVE, Context
from consoles.http.health import Health, LinkState
from consoles.parts.base import Base
from consoles.parts.disks import Disk
from consoles.parts.hubs.listing import url_of_own
from consoles.parts.hubs.part import Hubs
from consoles.parts.keeping import Scheduled
from consoles.parts.watched import Watched


class _Kept(NamedTuple):
    """Days of readings of the live space, and what they take."""

    days: int
    bytes: int
    oldest_ms: int | None


def own_health(
    base: Base, context: Context, signer: HeadSigner, backups: Scheduled | None, disks: Sequence[Disk],
    hubs: Hubs | None,
) -> Tell:  # fmt: skip
    """Return what adds the figures of this hub to what was found; they are asked for from now on."""
    clock = base.hub.clock

    async def journal_bytes() -> int:
        return await base.hub.journal.size_bytes()

    async def days() -> _Kept:
        return _of_live(await base.kept.readings.days())

    size = Watched("what the journal takes", journal_bytes, clock)
    readings = Watched("what readings take", days, clock)
    base.tasks.start(size.run(), "journal-size")
    base.tasks.start(readings.run(), "readings-size")

    def tell(found: Health, links: Mapping[str, LinkState] | None) -> AdminHealth:
        return AdminHealth(
            status=found.status, wrong=found.wrong, degraded=found.degraded,
            hub=url_of_own(hubs) or base.hub_id, version=context.release,
            started_at_ms=base.started_ms, now_ms=clock.now_ms(),
            journal=_journal(base, signer, size.value),
            readings=_readings(readings.value, base.settings.keep_readings_days),
            backup=_backup(backups),
            disks=[_disk(disk) for disk in disks],
            links=_links(base, links or {}),
            consoles=sum(len(space.feed) for space in context.spaces.values()),
            devices=sum(count() for count in base.connected),
        )  # fmt: skip

    return tell


def _of_live(kept: Sequence[Day]) -> _Kept:
    days = [day for day in kept if day.space == LIVE]
    oldest_ms = min((day.start_ms for day in days), default=None)
    return _Kept(len(days), sum(day.size_bytes for day in days), oldest_ms)


def _journal(base: Base, signer: HeadSigner, size_bytes: int | None) -> JournalHealth:
    taken = base.kept.snapshots.newest.get(LIVE)
    least = min(signer.anchors, key=lambda anchor: anchor.kept_seq, default=None)
    return JournalHealth(
        kind=base.hub.journal.kind,
        committed_seq=base.hub.committed_seq,
        facts_bytes=size_bytes,
        snapshot_seq=taken.seq if taken else None,
        snapshot_at_ms=taken.at_ms if taken else None,
        signed_seq=signer.signed_seq or None,
        signed_at_ms=signer.signed_at_ms,
        anchored_seq=(least.kept_seq or None) if least else None,
        anchor_waiting=least.waiting if least else None,
    )


def _readings(kept: _Kept | None, keep_days: int) -> ReadingsHealth:
    if kept is None:
        return ReadingsHealth(days=None, bytes=None, oldest_day=None, keep_days=keep_days)
    oldest = kept.oldest_ms
    return ReadingsHealth(
        days=kept.days,
        bytes=kept.bytes,
        oldest_day=None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC).date().isoformat(),
        keep_days=keep_days,
    )


def _backup(scheduled: Scheduled | None) -> BackupHealth:
    if scheduled is None:
        return BackupHealth(folder=None, last_at_ms=None, bytes=None, seq=None, every_ms=None, trouble=None)
    backups, plan = scheduled.backups, scheduled.plan
    live = backups.newest.contents.spaces.get(LIVE) if backups.newest else None
    return BackupHealth(
        folder=plan.folder,
        last_at_ms=backups.last_good_ms,
        bytes=backups.newest_bytes,
        seq=live.seq if live else None,
        every_ms=plan.every_ms,
        trouble="; ".join(scheduled.troubles()) or None,
    )


def _disk(disk: Disk) -> DiskHealth:
    room = disk.room.value
    return DiskHealth(
        what=disk.what,
        path=str(disk.path),
        free_bytes=room.free_bytes if room else None,
        total_bytes=room.total_bytes if room else None,
    )


def _links(base: Base, states: Mapping[str, LinkState]) -> list[LinkHealth]:
    """Return those that were spoken to and those that are to be."""
    waiting = {link: count for waits in base.waits for link, count in waits().items()}
    return [
        LinkHealth(name=link, state=states.get(link), waiting=waiting.get(link)) for link in sorted({*states, *waiting})
    ]
