"""Bus lane, emergency lane and wrong way: where in the picture a plate was, and which way it went."""

from __future__ import annotations

from command.facts.violations import Finding, PictureRegion, Step, ViolationKind
from command.readings import Direction, Sighting
from command.rows import RegionsVersion
from streams.limits import VIOLATION_LANE_READS
from streams.violations.hours import surely_within
from streams.violations.plates import ON_DUTY, Unfounded, doubt, is_exempt, judged

_OPPOSITE: dict[Direction, Direction] = {"towards": "away", "away": "towards", "left": "right", "right": "left"}
_MAYBE_BUS = ("yellow", "yellow_green")
"""Colours of plates that buses have, new energy buses too. Lorries have them as well, so a camera cannot tell."""


def judge_lane(version: RegionsVersion, sighting: Sighting) -> list[Finding | Unfounded]:
    """Judge a passage by every region that shows the lane it was in for most of its frames."""
    if not (version.holds(sighting.first_ms) and version.holds(sighting.last_ms)):
        return ["not_in_force"]
    regions = [region for region in version.regions if region.lane is not None and region.lane == sighting.lane]
    if not regions:
        return ["other_lane"]
    if doubtful := doubt(sighting):
        return [doubtful]
    if sighting.reads < VIOLATION_LANE_READS:
        return ["unsure"]
    found: list[Finding | Unfounded] = []
    for region in regions:
        if region.use != "general":
            found.append(_use(version, region, sighting))
        if region.travel is not None:
            found.append(_way(version, region, region.travel, sighting))
    return found


def shows_inside(region: PictureRegion, box: tuple[int, int, int, int], width: int, height: int) -> bool:
    """Say whether the middle of a plate's box, in a picture of a size in pixels, is in the region."""
    x, y = (box[0] + box[2] / 2) / width, (box[1] + box[3] / 2) / height
    inside = False
    for (ax, ay), (bx, by) in zip(region.ring, (*region.ring[1:], region.ring[0]), strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def _use(version: RegionsVersion, region: PictureRegion, sighting: Sighting) -> Finding | Unfounded:
    if _is_free(version, sighting):
        return "exempt"
    if region.use == "bus" and (sighting.colour in (*_MAYBE_BUS, "unknown") or sighting.kind == "new_energy_large"):
        return "other_vehicle"
    if not surely_within(region.hours, sighting):
        return "at_other_times"
    return _finding("bus_lane" if region.use == "bus" else "emergency_lane", version, region, sighting)


def _is_free(version: RegionsVersion, sighting: Sighting) -> bool:
    return sighting.kind in ON_DUTY or is_exempt(sighting.plate, version.exempt, sighting.last_ms)


def _way(version: RegionsVersion, region: PictureRegion, travel: Direction, sighting: Sighting) -> Finding | Unfounded:
    if sighting.direction is None or sighting.direction != _OPPOSITE[travel]:
        return "right_way"
    if _is_free(version, sighting):
        return "exempt"
    return _finding("wrong_way", version, region, sighting)


def _finding(kind: ViolationKind, version: RegionsVersion, region: PictureRegion, sighting: Sighting) -> Finding:
    steps = [
        Step(step="in_region", args={"region": region.name, "lane": region.lane or 0, "reads": sighting.reads}),
        Step(step="not_exempt", args={"exempt": len(version.exempt)}),
    ]
    if kind == "wrong_way":
        steps.insert(1, Step(step="went", args={"direction": sighting.direction or "", "allowed": region.travel or ""}))
    return Finding(
        kind=kind, plate=sighting.plate, colour=sighting.colour, plate_kind=sighting.kind, rule=sighting.camera,
        version=version.version, passages=(judged(sighting),), steps=tuple(steps), region=region.name,
    )  # fmt: skip
