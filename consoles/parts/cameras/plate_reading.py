"""Who reads plates in the pictures of this hub's cameras, and why before some of them nobody can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consoles.http import metrics
from consoles.parts.agents.part import EdgeAgents
from consoles.parts.base import Base
from consoles.parts.reading_quality import Troubles
from streams.keeper import CameraKeeper
from streams.plates.pool import PlatePool
from streams.plates.watcher import OnPassage, PlateWatcher


@dataclass(frozen=True)
class PlateReading:
    """Of this hub; both are None where it reads no plates."""

    pool: PlatePool | None = None
    watcher: PlateWatcher | None = None


@asynccontextmanager
async def plate_reading(base: Base, on_passage: OnPassage) -> AsyncIterator[PlateReading]:
    """Read plates, where the settings say so, until the block is left."""
    if not base.settings.plate_workers:
        yield PlateReading()
        return
    async with PlatePool(base.settings.plate_workers, base.hub.clock) as pool:
        base.measured.append(metrics.counted("plate_frames", "Frames for plate readers", pool.counters))
        base.degraded.append(lambda: [f"plates: {pool.failing}"] if pool.failing else [])
        yield PlateReading(pool, PlateWatcher(pool, on_passage))


def troubles_of(pool: PlatePool | None, keeper: CameraKeeper, agents: EdgeAgents) -> Troubles:
    """Return what says why before which cameras no plates can be read, here and at agents."""

    async def told() -> dict[str, str]:
        found = await agents.troubles()
        if pool is not None and pool.trouble:
            own = [camera for camera in keeper.running() if keeper.camera(camera).spec.reads_plates]
            found |= dict.fromkeys(own, pool.trouble)
        return found

    return told
