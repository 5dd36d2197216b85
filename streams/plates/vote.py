"""From reads in single frames to passages of vehicles: follow each plate, vote character by character, tell once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from command.kernel.ga36 import PlateKind
from command.readings import Direction, PlateColour
from streams.limits import PASSAGES_OPEN
from streams.plates.read import Read
from streams.plates.track import Box, Lane, Size
from streams.plates.vehicle import Vehicle

# A vehicle is gone, and told if it was not yet, when it was not read for this long and in this many frames that were
# looked at.
GAP_MS = 1_000
# Its plate is remembered for longer: behind a bus and seen again it is still the same passage.
LINGER_MS = 10_000
_MISSED_FRAMES = 3
# Told before it is gone, so that a hit comes at once; one that stands is waited for a little, to know where it goes.
_EARLY_READS = 3
_EARLY_READS_STANDING = 5
_EARLY_CONFIDENCE = 0.9
# Told at its end only with this much behind it; the rest are grilles and signs.
_TOLD_READS = 2
_TOLD_CONFIDENCE = 0.6
_TOLD_ONCE_CONFIDENCE = 0.88
# Of callers that do not say how large their pictures are; only lanes and directions depend on it.
_USUAL_SIZE: Size = (1920, 1080)


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle before one camera.

    `confidence` is that of the least sure character after voting and `char_confidences` of each; `best_ms` the frame
    with the surest read of it and `box` the plate there: x, y, width, height in pixels. `direction` is how it went in
    the picture until it was told, and `lane` where, None where that is not known.
    """

    plate: str
    colour: PlateColour
    kind: PlateKind
    rows: int
    first_ms: int
    last_ms: int
    reads: int
    confidence: float
    char_confidences: tuple[float, ...]
    best_ms: int
    box: Box
    direction: Direction | None = None
    lane: int | None = None


class PassageTracker:
    """Votes over the frames of one camera. With `early`, a passage is told as soon as it is sure, else at its end.

    Each vehicle is told at most once. Frames come in the order of their time; where that goes back, all
    begins anew. `lanes`, none at first, may be changed at any time.
    """

    def __init__(self, *, early: bool) -> None:
        self.lanes: Sequence[Lane] = ()
        self.unsure = 0
        """Vehicles that went and were never told, because their plate was not sure enough; grilles and signs too."""
        self._early = early
        self._open: list[_Followed] = []
        self._now_ms = 0
        self._told: dict[str, int] = {}
        """When vehicles were last seen that went, by the plate they were told with."""

    def feed(self, at_ms: int, reads: Sequence[Read], size: Size = _USUAL_SIZE) -> list[Passage]:
        """Take what one frame of a size showed, possibly nothing, and return the passages that are to be told now."""
        ended = self._begin_anew(at_ms)
        seen: set[int] = set()
        for read, match in self._assigned(at_ms, reads, size):
            known = match or _Followed(Vehicle(at_ms))
            if match is None:
                self._open.append(known)
            known.vehicle.add(at_ms, read, size, self.lanes)
            known.missed_frames = 0
            seen.add(id(known))
        for known in self._open:
            if id(known) not in seen:
                known.missed_frames += 1
        sure = [known for known in self._open if self._early and _is_sure(known)]
        return ended + self._tell(sure) + self.tick(at_ms)

    def tick(self, at_ms: int) -> list[Passage]:
        """Let time pass without a frame that was looked at; return the passages that ended.

        A vehicle that stands in a still scene is not looked at, so it is not gone.
        """
        ended = self._begin_anew(at_ms)
        gone = [known for known in self._open if _is_gone(known, at_ms)]
        surplus = len(self._open) - len(gone) - PASSAGES_OPEN
        if surplus > 0:
            present = (known for known in self._open if known not in gone)
            gone += sorted(present, key=lambda known: known.vehicle.last_ms)[:surplus]
        told = ended + self._finish(gone)
        self._told = {plate: last_ms for plate, last_ms in self._told.items() if at_ms - last_ms < LINGER_MS}
        return told

    def flush(self) -> list[Passage]:
        """End every open passage, as at the end of a recording."""
        return self._finish(list(self._open))

    def wanted_frames(self) -> set[int]:
        """Return the instants of the frames whose pictures passages not yet told still refer to."""
        return {known.vehicle.best_ms for known in self._open if not known.told_as}

    def _begin_anew(self, at_ms: int) -> list[Passage]:
        """End everything where time went back by more than frames may be out of order: nothing else ever would."""
        went_back = at_ms < self._now_ms - GAP_MS
        self._now_ms = at_ms if went_back else max(at_ms, self._now_ms)
        if not went_back:
            return []
        told = self.flush()
        self._told.clear()
        return told

    def _assigned(self, at_ms: int, reads: Sequence[Read], size: Size) -> list[tuple[Read, _Followed | None]]:
        """Give each read the vehicle that it is of, None for a new one; those at their place have the first choice."""
        fitting = [
            (known.vehicle.fit(at_ms, read, size), number, known)
            for number, read in enumerate(reads)
            for known in self._open
            if known.vehicle.may_be(at_ms, read, size, missed_frames=known.missed_frames)
        ]
        of: dict[int, _Followed] = {}
        taken: set[int] = set()
        for _, number, known in sorted(fitting, key=lambda pair: pair[:2]):
            if number not in of and id(known) not in taken:
                of[number] = known
                taken.add(id(known))
        return [(read, of.get(number)) for number, read in enumerate(reads)]

    def _finish(self, gone: list[_Followed]) -> list[Passage]:
        """Forget vehicles, telling those that are worth it."""
        self._open = [known for known in self._open if known not in gone]
        told = self._tell([known for known in gone if _is_worth(known)])
        for known in gone:
            if known.told_as:
                self._told[known.told_as] = known.vehicle.last_ms
            else:
                self.unsure += 1
        return told

    def _tell(self, some: Sequence[_Followed]) -> list[Passage]:
        """Return the passages of vehicles as they are known now, but of those that had been told a moment ago."""
        told: list[Passage] = []
        for known in some:
            known.told_as = plate = known.vehicle.plate
            lately = {*self._told, *(other.told_as for other in self._open if other is not known)}
            # Read once only, and but for one character the plate of another: that one, misread.
            nearly = known.vehicle.reads == 1 and any(_is_nearly(plate, other) for other in lately)
            if plate not in lately and not nearly:
                told.append(_passage(known.vehicle))
        return told


class _Followed:
    """A vehicle in sight."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        self.missed_frames = 0
        self.told_as = ""
        """The plate that it was told with."""


def _is_gone(known: _Followed, now_ms: int) -> bool:
    """Say whether it was looked for in vain long enough."""
    return known.missed_frames >= _MISSED_FRAMES and now_ms - known.vehicle.last_ms >= GAP_MS


def _is_sure(known: _Followed) -> bool:
    """Say whether it can be told before its end."""
    vehicle = known.vehicle
    needed = _EARLY_READS if vehicle.track.direction else _EARLY_READS_STANDING
    return not known.told_as and vehicle.reads >= needed and vehicle.confidence >= _EARLY_CONFIDENCE


def _is_worth(known: _Followed) -> bool:
    """Say whether, at its end, it was a vehicle that was not told yet."""
    needed = _TOLD_CONFIDENCE if known.vehicle.reads >= _TOLD_READS else _TOLD_ONCE_CONFIDENCE
    return not known.told_as and known.vehicle.confidence >= needed


def _is_nearly(plate: str, other: str) -> bool:
    return len(plate) == len(other) and sum(a != b for a, b in zip(plate, other, strict=True)) == 1


def _passage(vehicle: Vehicle) -> Passage:
    return Passage(
        plate=vehicle.plate,
        colour=vehicle.colour,
        kind=vehicle.kind,
        rows=vehicle.rows,
        first_ms=vehicle.first_ms,
        last_ms=vehicle.last_ms,
        reads=vehicle.reads,
        confidence=vehicle.confidence,
        char_confidences=vehicle.char_confidences,
        best_ms=vehicle.best_ms,
        box=vehicle.best_box,
        direction=vehicle.track.direction,
        lane=vehicle.track.lane,
    )
