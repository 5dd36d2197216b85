"""Facts of traffic violations: the registers they are judged by, what was found, its evidence and its review."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import Fact
from command.facts.recording import Hours
from command.readings import Direction

ViolationKind = Literal["interval_speed", "restricted_area", "bus_lane", "emergency_lane", "wrong_way"]


Register = Literal["sections", "restrictions", "regions"]
RejectReason = Literal[
    "misread", "exempt", "emergency_vehicle", "calibration_doubt", "bad_picture", "other"
]  # fmt: skip
ClipState = Literal["pending", "ready", "missing"]

_Part = Annotated[float, Meta(ge=0, le=1)]
_Point = tuple[_Part, _Part]
_Word = Annotated[str, Meta(max_length=100)]
_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Camera = Annotated[str, Meta(min_length=1, max_length=64)]
_Plate = Annotated[str, Meta(min_length=5, max_length=10)]
_Instant = Annotated[int, Meta(ge=0, le=32_503_680_000_000)]
_ErrorMs = Annotated[int, Meta(ge=0, le=60_000)]
_SpeedKmh = Annotated[int, Meta(ge=5, le=120)]


class _Definition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a person registers."""


class PictureRegion(_Definition, frozen=True):
    """A region of a camera's picture and what it means.

    `ring` is a polygon of (x, y), each 0…1 of the picture's width and height from its top left corner. A plate is in
    it when the middle of its box is.
    """

    name: _Name
    ring: Annotated[tuple[_Point, ...], Meta(min_length=3, max_length=32)]
    lane: Annotated[int, Meta(ge=1, le=16)] | None = None
    """The lane that it shows, 1 the leftmost in the picture."""
    use: Literal["general", "bus", "emergency"] = "general"
    hours: Annotated[tuple[Hours, ...], Meta(max_length=16)] = ()
    """When a bus lane is one; always where none are named."""
    travel: Direction | None = None
    """The only direction in which one may drive there."""


class MeasuringPoint(_Definition, frozen=True):
    """One end of an interval section: the camera there, and how far its times may be from true."""

    camera: _Camera
    device: _Name
    """The device's number, as on its certificate."""
    clock_error_ms: _ErrorMs
    """The most that its clock differs from true time, either way."""
    frame_error_ms: _ErrorMs
    """The most that a picture's time stamp differs from when the picture was taken by that clock, either way."""


class SpeedSection(_Definition, frozen=True):
    """A road between two cameras on which the mean speed is judged (区间测速)."""

    name: _Name
    start: MeasuringPoint
    end: MeasuringPoint
    length_m: Annotated[float, Meta(ge=100, le=200_000)]
    """Along the road between the two lines at which the cameras read, as measured."""
    length_error_m: Annotated[float, Meta(ge=0, le=1000)]
    """The most that the way between two readings may be shorter: the measurement's error, and how far from its line
    each camera reads plates."""
    measured_by: _Name
    measured_ms: _Instant
    limit_small_kmh: _SpeedKmh
    limit_large_kmh: _SpeedKmh
    """For large vehicles (yellow plates, trailers, large new energy)."""
    certificate: _Name
    """Number of the calibration certificate."""
    certificate_until_ms: _Instant
    """From then on nothing is found."""


class Exemption(_Definition, frozen=True):
    """A plate to which a restriction does not apply, why, and until when."""

    plate: _Plate
    why: _Name
    until_ms: _Instant


class Restriction(_Definition, frozen=True):
    """An area or road that some vehicles may not enter at some hours (禁行, 限行).

    It applies to a vehicle that fits every list that is not empty. An empty list of hours means always.
    """

    name: _Name
    cameras: Annotated[tuple[_Camera, ...], Meta(max_length=64)] = ()
    ring: Annotated[tuple[tuple[float, float], ...], Meta(max_length=64)] = ()
    """(lon, lat), WGS-84: every camera that stands in it counts too."""
    hours: Annotated[tuple[Hours, ...], Meta(max_length=16)] = ()
    colours: Annotated[tuple[_Word, ...], Meta(max_length=8)] = ()
    """Of plates, as in sightings; what has another one, or none that was seen, is not judged."""
    kinds: Annotated[tuple[_Word, ...], Meta(max_length=16)] = ()
    """Of plates, as in sightings."""
    last_digits: Annotated[tuple[Annotated[int, Meta(ge=0, le=9)], ...], Meta(max_length=10)] = ()
    """尾号限行: the last digit of the plate, whatever letters follow it."""
    exempt: Annotated[tuple[Exemption, ...], Meta(max_length=500)] = ()


class SectionSet(Fact, frozen=True, tag="violation_section_set"):
    """An interval section as it holds from `from_ms` on, in place of what was registered under its id before."""

    section: str
    definition: SpeedSection
    from_ms: int


class RestrictionSet(Fact, frozen=True, tag="violation_restriction_set"):
    """A restriction as it holds from `from_ms` on, in place of what was registered under its id before."""

    restriction: str
    definition: Restriction
    from_ms: int


class RegionsSet(Fact, frozen=True, tag="violation_regions_set"):
    """What the regions of a camera's picture mean from `from_ms` on, in place of those before."""

    camera: str
    regions: tuple[PictureRegion, ...]
    from_ms: int
    exempt: tuple[Exemption, ...] = ()


class RuleEnded(Fact, frozen=True, tag="violation_rule_ended"):
    """Something registered holds no more; `rule` is a section, a restriction, or the camera of regions."""

    register: Register
    rule: str
    why: str
