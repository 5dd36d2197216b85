"""Rows of what cameras are and what passed them."""

from __future__ import annotations

from typing import Literal

from command.facts.recording import RecordingPolicy
from command.kernel.ga36 import PlateKind
from command.readings import Direction, PlateColour, SightingSource
from command.rows.base import Row


class PassageRow(Row, frozen=True):
    """One passage of a vehicle of late; a reading, as a position is. `id` is its place in the ring of the newest.

    The rest is as in `Sighting`; `picture` is a blob id, empty without one.
    """

    camera: str
    plate: str
    colour: PlateColour
    kind: PlateKind
    rows: int
    first_ms: int
    last_ms: int
    confidence: float
    char_confidences: tuple[float, ...] = ()
    picture: str = ""
    box: tuple[int, int, int, int] | None = None
    direction: Direction | None = None
    heading_deg: float | None = None
    lane: int | None = None
    source: SightingSource = "camera"


class CameraRow(Row, frozen=True):
    """A camera, and whether pictures arrive."""

    name: str
    lat: float
    lon: float
    bearing_deg: float
    field_deg: float
    reads_plates: bool
    state: Literal["unknown", "up", "down"] = "unknown"
    since_ms: int = 0
    reason: str = ""
    recording: RecordingPolicy = RecordingPolicy()
