"""Passages as a file for a spreadsheet: with who took it, why and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.kernel.local_time import local_text
from command.readings import UNSTATED, Sighting
from command.rows import CameraRow
from consoles.http import csv_file
from consoles.http.csv_file import Cell

_COLUMNS = (
    "time", "plate", "colour", "kind", "camera", "camera_name", "lat", "lon", "direction", "heading_deg", "lane",
    "confidence", "reads", "source", "picture",
)  # fmt: skip


def csv_of(about: Mapping[str, str], sightings: Sequence[Sighting], cameras: Mapping[str, CameraRow]) -> str:
    """Return the file: what `about` says of it, line by line, then a head and the passages. Times are Beijing's."""
    return csv_file.csv_of(about.items(), _COLUMNS, (_values(seen, cameras.get(seen.camera)) for seen in sightings))


def _values(seen: Sighting, camera: CameraRow | None) -> tuple[Cell, ...]:
    return (
        local_text(seen.first_ms), seen.plate, seen.colour, seen.kind, seen.camera, camera.name if camera else None,
        camera.lat if camera else None, camera.lon if camera else None, seen.direction, seen.heading_deg, seen.lane,
        None if seen.confidence == UNSTATED else round(seen.confidence, 3), seen.reads, seen.source, seen.picture,
    )  # fmt: skip
