"""A section of 2 km between two cameras, and sightings of a car."""

from __future__ import annotations

from typing import Any

from command.facts.violations import MeasuringPoint, SpeedSection
from command.readings import Sighting
from command.rows import SectionVersion

START_MS = 1_700_000_000_000
YEAR_MS = 365 * 86_400_000


def section(**changes: Any) -> SpeedSection:
    given: dict[str, Any] = {
        "name": "滨江路",
        "start": MeasuringPoint(camera="k1", device="GD-001", clock_error_ms=100, frame_error_ms=40),
        "end": MeasuringPoint(camera="k2", device="GD-002", clock_error_ms=100, frame_error_ms=40),
        "length_m": 2000.0,
        "length_error_m": 20.0,
        "measured_by": "市计量所",
        "measured_ms": START_MS - YEAR_MS,
        "limit_small_kmh": 60,
        "limit_large_kmh": 50,
        "certificate": "JL-2026-0117",
        "certificate_until_ms": START_MS + YEAR_MS,
    }
    return SpeedSection(**given | changes)


def version(definition: SpeedSection | None = None, until_ms: int | None = None) -> SectionVersion:
    return SectionVersion(
        version=7, by="zhang", at_ms=START_MS, from_ms=START_MS, until_ms=until_ms,
        definition=definition or section(),
    )  # fmt: skip


def seen(camera: str, after_s: float, **changes: Any) -> Sighting:
    """A sure passage of a second that begins so long after the rules came into force."""
    first_ms = START_MS + int(after_s * 1000)
    given: dict[str, Any] = {
        "camera": camera, "plate": "京A12345", "colour": "blue", "first_ms": first_ms, "last_ms": first_ms + 1000,
        "reads": 6, "confidence": 0.97, "picture": "ab" * 32, "box": (100, 500, 80, 30),
    }  # fmt: skip
    return Sighting(**given | changes)
