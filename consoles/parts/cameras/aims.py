"""What the record says of where cameras look, for those who read plates in their pictures."""

from __future__ import annotations

from command.tables import Tables
from streams.plates.track import Lane
from streams.plates.watcher import Aim


def aims(tables: Tables, now_ms: int) -> dict[str, Aim]:
    """Return the bearing of each camera, and the lanes that are regions of its picture now."""
    return {camera.id: Aim(camera.bearing_deg, _lanes(tables, camera.id, now_ms)) for camera in tables.cameras}


def _lanes(tables: Tables, camera: str, now_ms: int) -> tuple[Lane, ...]:
    row = tables.regions.get(camera)
    regions = row.at(now_ms) if row else ()
    return tuple(Lane(region.lane, region.ring) for region in regions if region.lane is not None)
