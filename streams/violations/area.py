"""Restricted areas (禁行, 限行): who is seen at a camera where, when and what it drives is not allowed."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import compress

import numpy as np
import shapely

from command.facts.violations import Finding, Restriction, Step
from command.readings import Sighting
from command.rows import RestrictionVersion
from streams.violations.hours import surely_within
from streams.violations.plates import ON_DUTY, Unfounded, doubt, is_exempt, judged, last_digit

Position = tuple[float, float]
"""Longitude and latitude in degrees, WGS-84."""
Ring = tuple[Position, ...]


class Stands:
    """Cameras and where they stand, so that an area is asked for all of them at once."""

    def __init__(self, at: Mapping[str, Position]) -> None:
        self.cameras = tuple(at)
        self._points = np.asarray(shapely.points(np.array([*at.values()], float).reshape(-1, 2)))

    def within(self, polygon: shapely.Polygon) -> set[str]:
        """Return those in a polygon or on its border."""
        return set(compress(self.cameras, shapely.covers(polygon, self._points)))


class Extent:
    """The ring of a restriction, made ready once, and the cameras in it. One thread uses it at a time."""

    def __init__(self, polygon: shapely.Polygon, cameras: frozenset[str]) -> None:
        self.cameras = cameras
        self._polygon = polygon

    @classmethod
    def of(cls, ring: Ring, stand: Stands) -> Extent:
        """Return it of a ring that is a valid polygon."""
        polygon = shapely.Polygon(ring)
        shapely.prepare(polygon)
        return cls(polygon, frozenset(stand.within(polygon)))

    def after(self, moved: Stands, gone: Set[str]) -> Extent:
        """Return it with the cameras that moved or are new where they stand now, and without those that are gone."""
        if not moved.cameras and not gone:
            return self
        return Extent(self._polygon, self.cameras - gone - {*moved.cameras} | moved.within(self._polygon))


def judge_area(rule: str, version: RestrictionVersion, sighting: Sighting) -> Finding | Unfounded:
    """Judge a passage at a camera where the restriction holds."""
    if (unfit := _unfit(version, sighting)) is not None:
        return unfit
    given = version.definition
    return Finding(
        kind="restricted_area", plate=sighting.plate, colour=sighting.colour, plate_kind=sighting.kind, rule=rule,
        version=version.version, passages=(judged(sighting),),
        steps=(
            Step(step="seen_in_area", args={"at_ms": sighting.first_ms, "area": given.name}),
            Step(step="vehicle_concerned", args={"colour": sighting.colour, "kind": sighting.kind,
                                                 "last_digit": _digit(sighting.plate)}),
            Step(step="not_exempt", args={"exempt": len(given.exempt)}),
        ),
    )  # fmt: skip


def _digit(plate: str) -> str:
    digit = last_digit(plate)
    return "" if digit is None else str(digit)


def _unfit(version: RestrictionVersion, sighting: Sighting) -> Unfounded | None:
    given = version.definition
    if not (version.holds(sighting.first_ms) and version.holds(sighting.last_ms)):
        return "not_in_force"
    if not _concerns(given, sighting):
        return "other_vehicle"
    if sighting.kind in ON_DUTY or is_exempt(sighting.plate, given.exempt, sighting.last_ms):
        return "exempt"
    return doubt(sighting) if surely_within(given.hours, sighting) else "at_other_times"


def _concerns(given: Restriction, sighting: Sighting) -> bool:
    if given.colours and (sighting.colour == "unknown" or sighting.colour not in given.colours):
        return False
    if given.kinds and sighting.kind not in given.kinds:
        return False
    return not given.last_digits or last_digit(sighting.plate) in given.last_digits
