"""What a plate tells of its vehicle, as far as rules ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from command.facts.violations import Exemption, JudgedPassage, MeasuringPoint
from command.kernel import ga36
from command.kernel.ga36 import PlateKind
from command.readings import Sighting
from streams.limits import VIOLATION_CONFIDENCE

Unfounded = Literal[
    "unsure", "no_picture", "misread", "slower", "not_in_force", "calibration_expired", "implausible",
    "other_vehicle", "exempt", "at_other_times", "other_lane", "right_way",
]  # fmt: skip
"""Why a passage is no violation, or may not be called one."""

ON_DUTY: frozenset[PlateKind] = frozenset({"police", "emergency"})
"""Vehicles that on duty may use any lane, area and direction (Road Traffic Safety Law of the PRC, article 53): a person
decides about their speed, nothing is found of the rest."""


def is_sure(sighting: Sighting) -> bool:
    """Say whether every character was read surely enough to accuse somebody."""
    return min((sighting.confidence, *sighting.char_confidences)) >= VIOLATION_CONFIDENCE


def doubt(sighting: Sighting) -> Unfounded | None:
    """Return why nothing may be concluded from a sighting whatever it shows: nobody could look at it, or it errs."""
    if not sighting.picture or sighting.box is None:
        return "no_picture"
    return None if is_sure(sighting) else "unsure"


def is_large(sighting: Sighting) -> bool | None:
    """Say whether it is a large vehicle by its plate; None where that does not tell, as of a learner's car."""
    if sighting.kind in ("trailer", "new_energy_large") or sighting.colour == "yellow_green":
        return True
    if sighting.kind not in {"ordinary", "new_energy_small"}:
        return None
    return {"yellow": True, "blue": False, "green": False}.get(sighting.colour)


def last_digit(plate: str) -> int | None:
    """Return the last digit of a plate, whatever letters follow it."""
    return next((int(char) for char in reversed(plate) if char in ga36.DIGITS), None)


def is_exempt(plate: str, exempt: Iterable[Exemption], at_ms: int) -> bool:
    """Say whether somebody registered that a rule does not apply to it at an instant."""
    return any(one.plate == plate and at_ms < one.until_ms for one in exempt)


def judged(sighting: Sighting, point: MeasuringPoint | None = None) -> JudgedPassage:
    """Return what the record keeps of a sighting that was judged."""
    return JudgedPassage(
        camera=sighting.camera, first_ms=sighting.first_ms, last_ms=sighting.last_ms, reads=sighting.reads,
        confidence=sighting.confidence, source=sighting.source, device=point.device if point else "",
        clock_error_ms=point.clock_error_ms + point.frame_error_ms if point else None,
        char_confidences=sighting.char_confidences, picture=sighting.picture or "", box=sighting.box,
        lane=sighting.lane, direction=sighting.direction,
    )  # fmt: skip
