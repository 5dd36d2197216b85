"""How safely things are kept: signed heads, and backups at their hours."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from command.backup.folder import Owner
from command.backup.making import Source
from command.backup.schedule import Backups, Plan
from command.journal.anchors import Anchor, is_in_the_clear, place_at
from command.journal.heads import PURPOSE, HeadKey
from command.journal.kept_heads import KeptHeads
from command.journal.signer import HeadSigner
from command.kernel.clock import Clock
from command.kernel.release import release
from consoles.http import health, metrics
from consoles.limits import BACKUP_LATE_TURNS
from consoles.parts.base import Base
from consoles.parts.unsaved_clips import UnsavedClips

log = logging.getLogger(__name__)


@asynccontextmanager
async def vouching(base: Base) -> AsyncIterator[HeadSigner]:
    """Give what signs the heads of the journal, before it is loaded: a record cut off or rewritten is not served.

    Whoever runs it lets it go before the block is left; then it signs once more.
    """
    hub = base.hub
    async with aiohttp.ClientSession() as http:
        key, notes = HeadKey(base.key.derive(PURPOSE)), Path(base.settings.data) / "anchors"
        heads = KeptHeads(hub.space, hub.journal, key.public)
        anchors = [Anchor(place_at(place, http, notes), heads, hub.clock) for place in base.settings.anchors]
        for place in filter(is_in_the_clear, base.settings.anchors):
            log.warning("signed heads go unencrypted to %s: whoever is on the way can say that they were kept", place)
        signer = HeadSigner(hub.space, hub.journal, key, hub.clock, anchors)
        await signer.resume()
        base.measured.append(metrics.counted("heads", "Signed heads of the journal", signer.counters))
        for number, anchor in enumerate(anchors, start=1):
            base.measured.extend(_measured(f"anchor_{number}", anchor))
        base.degraded.append(_wrong_with(signer, anchors))
        try:
            yield signer
        finally:
            await signer.stop()


def _measured(name: str, anchor: Anchor) -> tuple[metrics.Source, metrics.Source]:
    upto = "Fact up to which signed heads are kept outside"
    return (
        metrics.counted(name, "Signed heads kept outside", anchor.counters),
        metrics.gauge(f"{name}_kept_seq", upto, lambda: anchor.kept_seq),
    )


def _wrong_with(signer: HeadSigner, anchors: list[Anchor]) -> health.Check:
    def check() -> Iterator[str]:
        if signer.damage:
            yield "journal: not what was signed, see the log"
        for number, anchor in enumerate(anchors, start=1):
            if anchor.away:
                yield f"anchor {number}: away"
            if anchor.strange:
                yield f"anchor {number}: has what the record does not, see the log"

    return check


@dataclass(frozen=True)
class Scheduled:
    """The backups that the hub makes by itself, and what is the matter with them now."""

    plan: Plan
    backups: Backups
    troubles: health.Check


def scheduled(base: Base) -> Scheduled | None:
    """Make backups at their hours, where the settings say so; the hub is loaded, so its history is known."""
    settings, clock = base.settings, base.hub.clock
    plan = settings.backup
    if plan is None:
        return None
    source = Source(
        data=Path(settings.data), database=settings.journal or None, clips=settings.clips_folder,
        settings=Path(settings.file) if settings.file else None, release=release(),
        hub=settings.known_as,
    )  # fmt: skip
    backups = Backups(plan, source, Owner(history=base.hub.history, key=base.key), clock)
    unsaved = _unsaved(base, backups)
    late_ms = BACKUP_LATE_TURNS * plan.every_ms

    def troubles() -> Iterator[str]:
        if clock.now_ms() - (backups.last_good_ms or base.started_ms) > late_ms:
            yield "none of late"
        if backups.failing:
            yield "the last one came to nothing"
        if backups.lost:
            yield f"the newest lacks {len(backups.lost)} pictures or files"
        if ahead := backups.ahead:
            yield f"{len(ahead)} dated ahead of the clock, up to {ahead[-1]}"
        if unsaved:
            yield from unsaved.troubles()

    base.tasks.start(backups.run(), "backups")
    base.measured.extend(_figures(backups, clock))
    base.degraded.append(lambda: [f"backup: {trouble}" for trouble in troubles()])
    return Scheduled(plan, backups, troubles)


def _unsaved(base: Base, backups: Backups) -> UnsavedClips | None:
    """Look which clips of other hubs are in no backup; a hub that is alone has all there are."""
    if base.kept.places is None:
        return None
    unsaved = UnsavedClips(backups, base.kept.places, base.hub.clock)
    base.tasks.start(unsaved.saving.run(), "hubs-saving")
    told = "Clips of other hubs that are in no backup"
    base.measured.append(metrics.gauge("backup_clips_elsewhere", told, unsaved.count))
    return unsaved


def _figures(backups: Backups, clock: Clock) -> list[metrics.Source]:
    def age_s() -> float:
        if backups.last_good_ms is None:
            return math.inf
        return max(0, clock.now_ms() - backups.last_good_ms) / 1000

    ahead = "Backups dated ahead of the clock, which count as no new ones"
    lost = "Pictures and files that the newest good backup lacks"
    return [
        metrics.gauge("backup_age_seconds", "Age of the newest good backup", age_s),
        metrics.gauge("backup_lost", lost, lambda: len(backups.lost)),
        metrics.gauge("backups_failed", "Backups that came to nothing since the start", lambda: backups.failed),
        metrics.gauge("backups_ahead", ahead, lambda: len(backups.ahead)),
    ]
