"""Facts of traffic violations: the registers they are judged by, what was found, its evidence and its review."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import Fact
from command.facts.recording import Hours
from command.kernel.ga36 import PlateKind
from command.readings import Direction, PlateColour, SightingSource

ViolationKind = Literal["interval_speed", "restricted_area", "bus_lane", "emergency_lane", "wrong_way"]


Register = Literal["sections", "restrictions", "regions"]
RejectReason = Literal[
    "misread", "exempt", "emergency_vehicle", "calibration_doubt", "bad_picture", "other"
]  # fmt: skip
ClipState = Literal["pending", "ready", "missing"]

_Part = Annotated[float, Meta(ge=0, le=1)]
_Point = tuple[_Part, _Part]
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
    """The lane that it shows, 1 the leftmost in the picture. Needed where its use or direction is to be judged."""
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
    colours: Annotated[tuple[PlateColour, ...], Meta(max_length=8)] = ()
    """Of plates, as in sightings; what has another one, or none that was seen, is not judged."""
    kinds: Annotated[tuple[PlateKind, ...], Meta(max_length=16)] = ()
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


class JudgedPassage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vehicle before a camera, as it was judged. `picture` is a blob id, `box` x, y, width, height in its pixels."""

    camera: str
    first_ms: int
    last_ms: int
    reads: int
    confidence: float
    source: SightingSource
    """Who read it and dated it: the hub's own camera task, an edge agent, or a GA/T 1400 platform."""
    device: str = ""
    """The device's number, where a certificate names it."""
    clock_error_ms: int | None = None
    """How far these instants may be from true, where that is known."""
    char_confidences: tuple[float, ...] = ()
    picture: str = ""
    box: tuple[int, int, int, int] | None = None
    lane: int | None = None
    direction: Direction | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a calculation: which one, and the numbers and words that went into it and came out of it."""

    step: str
    args: dict[str, str | int | float]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules found: who, by which version of which rule, and how that was worked out."""

    kind: ViolationKind
    plate: str
    colour: PlateColour
    plate_kind: PlateKind
    rule: str
    version: int
    passages: Annotated[tuple[JudgedPassage, ...], Meta(min_length=1, max_length=2)]
    """In the order of driving: two of an interval section, else one."""
    steps: tuple[Step, ...]
    speed_kmh: float | None = None
    """The least that the mean speed can have been."""
    limit_kmh: int | None = None
    region: str = ""
    """Of the picture, by its name."""

    @property
    def began_ms(self) -> int:
        """When the first passage began."""
        return self.passages[0].first_ms

    @property
    def ended_ms(self) -> int:
        """When the last passage ended."""
        return self.passages[-1].last_ms


class ViolationFound(Fact, frozen=True, tag="violation_found"):
    """The rules say that a vehicle did what it may not; a person has to look before anything comes of it."""

    violation: str
    finding: Finding
    registered_by: str
    """Who registered that version of the rule, and so does not review what it finds."""


class ViolationPacked(Fact, frozen=True, tag="violation_packed"):
    """Its evidence, as the manifest with this SHA-256 lists it; a later one replaces it until that is decided on."""

    violation: str
    manifest: str
    clip: ClipState
    clip_why: str = ""
    """Why there is none."""
    parts: tuple[str, ...] = ()
    """The blobs that the manifest names."""
    unseen: tuple[int, ...] = ()
    """Passages of the finding, from 0, whose scene none of them shows."""


class ViolationClaimed(Fact, frozen=True, tag="violation_claimed"):
    """Somebody looks at it now, and nobody else until an instant. What they looked at before is free again."""

    violation: str
    until_ms: int


class ViolationPlateCorrected(Fact, frozen=True, tag="violation_plate_corrected"):
    """A person reads another plate in the pictures than the machine did; both are kept."""

    violation: str
    plate: str


class ViolationConfirmed(Fact, frozen=True, tag="violation_confirmed"):
    """A person looked at the evidence with this manifest and says it is so; not `final` where another has to, too."""

    violation: str
    manifest: str
    final: bool


class ViolationRejected(Fact, frozen=True, tag="violation_rejected"):
    """A person looked at the evidence and says that nothing comes of it."""

    violation: str
    manifest: str
    reason: RejectReason
    text: str = ""


class ViolationTakenBack(Fact, frozen=True, tag="violation_taken_back"):
    """Whoever decided last did not mean it: it is to be reviewed as before."""

    violation: str


class ViolationSent(Fact, frozen=True, tag="violation_sent"):
    """The case service has it, under this number."""

    violation: str
    case: str


class ViolationOverdue(Fact, frozen=True, tag="violation_overdue"):
    """Nobody finished its review in time."""

    violation: str
