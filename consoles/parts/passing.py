"""Passages of vehicles in a running hub: stored, shown as they happen, and counted for how well they are read."""

from __future__ import annotations

from command.hub import Hub
from command.passages import Passages
from consoles.http import metrics
from consoles.parts.background import Background
from consoles.parts.camera_rights import any_kept
from consoles.parts.reading_quality import ReadingQuality
from consoles.parts.stores import Stores
from consoles.settings import Settings


async def passing(
    settings: Settings, hub: Hub, kept: Stores, tasks: Background, measured: list[metrics.Source]
) -> tuple[Passages, ReadingQuality]:
    """Return what takes passages, and what counts them; adds to `measured` what could not be counted.

    Those before cameras that are kept to some roles are shown to nobody as they happen.
    """
    passages = Passages(hub, kept.readings, lambda camera: not any_kept(settings.cameras_kept_to, camera))
    await passages.look()
    quality = ReadingQuality(hub, kept.hours, kept.readings, kept.leases)
    passages.on_stored(quality.note)
    tasks.start(quality.run(), "reading-quality")
    measured.append(
        metrics.gauge("reading_hours_dropped", "Hours not counted for want of room", lambda: quality.dropped)
    )
    return passages, quality
