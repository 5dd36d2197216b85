"""Passages as a file for a spreadsheet: with who took it, why and when, and nothing in it that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from command.kernel.local_time import local_text
from command.readings import UNSTATED, Sighting
from command.rows import CameraRow

_COLUMNS = (
    "time", "plate", "colour", "kind", "camera", "camera_name", "lat", "lon", "direction", "heading_deg", "lane",
    "confidence", "reads", "source", "picture",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n|＝＋－＠")
"""A cell that begins so is run by one spreadsheet or another (OWASP, CSV injection)."""
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""So that spreadsheets read it as UTF-8."""


def csv_of(about: Mapping[str, str], sightings: Sequence[Sighting], cameras: Mapping[str, CameraRow]) -> str:
    """Return the file: what `about` says of it, line by line, then a head and the passages. Times are Beijing's."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows((name, _safe(value)) for name, value in about.items())
    writer.writerow(())
    writer.writerow(_COLUMNS)
    for seen in sightings:
        writer.writerow(map(_cell, _values(seen, cameras.get(seen.camera))))
    return _MARK + text.getvalue()


def _values(seen: Sighting, camera: CameraRow | None) -> tuple[str | float | None, ...]:
    return (
        local_text(seen.first_ms), seen.plate, seen.colour, seen.kind, seen.camera, camera.name if camera else None,
        camera.lat if camera else None, camera.lon if camera else None, seen.direction, seen.heading_deg, seen.lane,
        None if seen.confidence == UNSTATED else round(seen.confidence, 3), seen.reads, seen.source, seen.picture,
    )  # fmt: skip


def _cell(value: str | float | None) -> str | float:
    return "" if value is None else _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
