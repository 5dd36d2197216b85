"""What every store of readings holds to: what it takes, and how much one answer carries."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import (
    PATTERN_CHARS,
    READINGS_CAMERAS,
    READINGS_DEVICES,
    READINGS_PASSES,
    READINGS_PLATES,
    READINGS_ROWS,
    READINGS_SPACE_CHARS,
    READINGS_TEXT_CHARS,
)
from command.readings import Position, Sighting, SightingQuery

DAY_MS = 86_400_000
_LAST_MS = 253_402_300_799_999  # of the year 9999
_LARGEST = 2**31 - 1
_LINES = 2
_LANES = 99
_SPACE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def rows_of(limit: int) -> int:
    """Return how many rows an answer may hold: what was asked for, within 0 and `READINGS_ROWS`."""
    return max(0, min(limit, READINGS_ROWS))


def day_of(at_ms: int) -> int:
    """Return the UTC day of an instant, counted from 1970-01-01."""
    return at_ms // DAY_MS


def within(at_ms: int) -> int:
    """Return the instant, or the one just outside of what readings can have: questions may ask for all of time."""
    return max(-1, min(at_ms, _LAST_MS + 1))


def check_space(space: str) -> None:
    """Raise `InvalidInputError` unless the name can be that of a folder and of a table on any system."""
    if len(space) > READINGS_SPACE_CHARS or not _SPACE.fullmatch(space):
        raise InvalidInputError(f"a space is named by 1 to {READINGS_SPACE_CHARS} letters, digits, - and _")


def check_positions(space: str, positions: Sequence[Position]) -> None:
    """Raise `InvalidInputError` for what no store could hold; it would take its whole batch down."""
    check_space(space)
    for fix in positions:
        _check_text("device", fix.device, READINGS_TEXT_CHARS)
        _check_instant(fix.at_ms)
        if not (-90 <= fix.lat <= 90 and -180 <= fix.lon <= 180):
            raise InvalidInputError(f"not a point on the globe: lat {fix.lat}, lon {fix.lon}")
        measured = (fix.accuracy_m, fix.speed_kmh, fix.heading_deg, fix.altitude_m)
        if not all(value is None or math.isfinite(value) for value in measured):
            raise InvalidInputError("a measurement is a finite number")


def check_sightings(space: str, sightings: Sequence[Sighting]) -> None:
    """Raise `InvalidInputError` as `check_positions` does."""
    check_space(space)
    for seen in sightings:
        _check_text("camera", seen.camera, READINGS_TEXT_CHARS)
        _check_text("plate", seen.plate, PATTERN_CHARS)
        _check_instant(seen.first_ms)
        _check_instant(seen.last_ms)
        if seen.picture is not None:
            _check_text("picture", seen.picture, READINGS_TEXT_CHARS)
        if not (0 <= seen.reads <= _LARGEST and math.isfinite(seen.confidence)):
            raise InvalidInputError("reads and confidence are plain numbers")
        if seen.box is not None and not all(-_LARGEST <= edge <= _LARGEST for edge in seen.box):
            raise InvalidInputError("a box is in pixels of its picture")
        if not (len(seen.char_confidences) <= PATTERN_CHARS and all(0 <= one <= 1 for one in seen.char_confidences)):
            raise InvalidInputError("each character has one confidence of 0 to 1")
        if not (1 <= seen.rows <= _LINES and (seen.lane is None or 1 <= seen.lane <= _LANES)):
            raise InvalidInputError(f"a plate has 1 to {_LINES} lines, and lanes count from 1 to {_LANES}")
        if seen.heading_deg is not None:
            _check_bearing(seen.heading_deg)


def check_query(space: str, query: SightingQuery) -> None:
    """Raise `InvalidInputError` for a question that names more than it may."""
    check_space(space)
    check_names("cameras", query.cameras or (), READINGS_CAMERAS)
    for bearing in query.headings or ():
        _check_bearing(bearing)
    if query.after is not None:
        check_names("places", (query.after.camera, query.after.plate), 2)
        _check_instant(query.after.first_ms)


def check_cameras(space: str, cameras: Sequence[str] | None, plates: Sequence[str] = ()) -> None:
    """Raise `InvalidInputError` as `check_query` does."""
    check_space(space)
    check_names("cameras", cameras or (), READINGS_CAMERAS)
    check_names("plates", plates, READINGS_PLATES)


def room_for(most: int, found: int) -> int:
    """Return how many passages to read next: one more than there may be. Raises `TooLargeError` past that."""
    most = min(most, READINGS_PASSES)
    if found > most:
        raise TooLargeError(f"more than {most} passages there and then; ask for less time or fewer cameras", most=most)
    return most + 1 - found


def check_devices(space: str, devices: Sequence[str] | None) -> None:
    """Raise `InvalidInputError` as `check_query` does."""
    check_space(space)
    check_names("devices", devices or (), READINGS_DEVICES)


def check_names(what: str, names: Sequence[str], most: int) -> None:
    """Raise `InvalidInputError` for too many names, or one that can be nobody's."""
    if len(names) > most:
        raise InvalidInputError(f"one question names at most {most} {what}")
    for name in names:
        _check_text(what, name, READINGS_TEXT_CHARS)


def _check_text(what: str, text: str, most: int) -> None:
    # A NUL or half of a surrogate pair is no text to a database.
    if not (1 <= len(text) <= most and text.isprintable()):
        raise InvalidInputError(f"{what}: 1 to {most} characters that can be printed")


def _check_bearing(degrees: float) -> None:
    if not 0 <= degrees <= 360:
        raise InvalidInputError("a bearing is 0 to 360 degrees, clockwise from north")


def _check_instant(at_ms: int) -> None:
    if not 0 <= at_ms <= _LAST_MS:
        raise InvalidInputError("an instant is milliseconds since 1970-01-01, up to the year 9999")
