"""Interval speed (区间测速): the least that the mean speed between two cameras can have been.

Everything that is not known exactly is taken in the driver's favour: the way as short, the time as long as it can have
been. The arithmetic is of whole numbers, and rounds down.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from command.facts.violations import Finding, SpeedSection, Step
from command.readings import PlateColour, Sighting
from command.rows import SectionVersion
from streams.limits import VIOLATION_SPEED_MOST_KMH
from streams.violations.plates import Unfounded, doubt, is_large, judged


def window_ms(section: SpeedSection) -> int:
    """Return the longest time between two passages that can be too fast: at the lower limit, errors added."""
    slowest_kmh = min(section.limit_small_kmh, section.limit_large_kmh)
    return int(section.length_m * 3600 / slowest_kmh) + _error_ms(section)


def pairs(section: SpeedSection, sightings: Iterable[Sighting]) -> list[tuple[Sighting, Sighting]]:
    """Return each drive through the section that sightings of one plate at its two cameras tell of, oldest first.

    A drive is an end whose sighting before it is at the start: of two starts the later one, of two ends the earlier.
    """
    ends = (section.start.camera, section.end.camera)
    ordered = sorted((one for one in sightings if one.camera in ends), key=lambda one: (one.first_ms, one.camera))
    return [(a, b) for a, b in pairwise(ordered) if (a.camera, b.camera) == ends]


def judge_speed(
    rule: str, version: SectionVersion, start: Sighting, end: Sighting, tolerance_percent: int
) -> Finding | Unfounded:
    """Judge one drive. `tolerance_percent` is by how much the limit may be passed before anything is found."""
    if (unfit := _unfit(version, start, end)) is not None:
        return unfit
    section = version.definition
    limit_kmh, size = _limit(section, start, end)
    length_mm = int((section.length_m - section.length_error_m) * 1000)
    longest_ms = end.last_ms - start.first_ms + _error_ms(section)
    tenths_kmh = length_mm * 36 // longest_ms
    if tenths_kmh * 10 <= limit_kmh * (100 + tolerance_percent):
        return "slower"
    if tenths_kmh > VIOLATION_SPEED_MOST_KMH * 10:
        return "implausible"
    return Finding(
        kind="interval_speed", plate=end.plate, colour=_colour(start, end), plate_kind=end.kind, rule=rule,
        version=version.version, passages=(judged(start, section.start), judged(end, section.end)),
        speed_kmh=tenths_kmh / 10, limit_kmh=limit_kmh,
        steps=(
            Step(step="length", args={"length_m": section.length_m, "error_m": section.length_error_m,
                                      "shortest_m": length_mm / 1000, "by": section.measured_by,
                                      "at_ms": section.measured_ms}),
            Step(step="time", args={"from_ms": start.first_ms, "to_ms": end.last_ms, "error_ms": _error_ms(section),
                                    "longest_ms": longest_ms}),
            Step(step="speed", args={"shortest_m": length_mm / 1000, "longest_ms": longest_ms,
                                     "speed_kmh": tenths_kmh / 10}),
            Step(step="limit", args={"size": size, "limit_kmh": limit_kmh, "tolerance_percent": tolerance_percent,
                                     "over_percent": (tenths_kmh * 10 - limit_kmh * 100) // limit_kmh}),
            Step(step="calibration", args={"certificate": section.certificate,
                                           "until_ms": section.certificate_until_ms}),
        ),
    )  # fmt: skip


def _unfit(version: SectionVersion, start: Sighting, end: Sighting) -> Unfounded | None:
    """Return why nothing may be concluded from two sightings, whatever the speed."""
    if not (version.holds(start.first_ms) and version.holds(end.last_ms)):
        return "not_in_force"
    if end.last_ms >= version.definition.certificate_until_ms:
        return "calibration_expired"
    if start.plate != end.plate or start.kind != end.kind or _differ(start.colour, end.colour):
        return "misread"
    if doubtful := doubt(start) or doubt(end):
        return doubtful
    return "implausible" if end.first_ms <= start.last_ms else None


def _error_ms(section: SpeedSection) -> int:
    return sum(point.clock_error_ms + point.frame_error_ms for point in (section.start, section.end))


def _differ(a: str, b: str) -> bool:
    return "unknown" not in (a, b) and a != b


def _colour(start: Sighting, end: Sighting) -> PlateColour:
    return start.colour if end.colour == "unknown" else end.colour


def _limit(section: SpeedSection, start: Sighting, end: Sighting) -> tuple[int, str]:
    """Return the limit for its size, the higher one where the plates do not tell."""
    sizes = {is_large(start), is_large(end)} - {None}
    if sizes == {True}:
        return section.limit_large_kmh, "large"
    if sizes == {False}:
        return section.limit_small_kmh, "small"
    return max(section.limit_small_kmh, section.limit_large_kmh), "unknown"
