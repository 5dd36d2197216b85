"""From reads in single frames to passages of vehicles: follow each plate, vote character by character, tell once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from command.kernel.limits import PASSAGES_OPEN
from command.readings import PlateColour
from streams.plates.read import Read

Box = tuple[int, int, int, int]

# A vehicle is gone when it was not read for this long and in this many frames that were looked at.
GAP_MS = 1_500
# One that was told already is remembered for longer: behind a bus and seen again it is still the same passage.
LINGER_MS = 10_000
_MISSED_FRAMES = 3
# Told before it is gone, so that a hit comes at once.
_EARLY_READS = 3
_EARLY_CONFIDENCE = 0.9
# Told at its end only with this much behind it; the rest are grilles and signs.
_TOLD_READS = 2
_TOLD_CONFIDENCE = 0.5
_TOLD_ONCE_CONFIDENCE = 0.8

# Reads of one vehicle differ in few characters, and only in ones that one of them is unsure of; where the plate is
# in the same place as before, more may differ.
_DIFFERENT_CHARS = 2
_DIFFERENT_CHARS_SAME_PLACE = 4
_SURE = 0.9


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle before one camera.

    `confidence` is that of the least sure character after voting; `best_ms` the frame with the surest read of it and
    `box` the plate there: x, y, width, height in pixels.
    """

    plate: str
    colour: PlateColour
    first_ms: int
    last_ms: int
    reads: int
    confidence: float
    best_ms: int
    box: Box


class PassageTracker:
    """Votes over the frames of one camera. With `early`, a passage is told as soon as it is sure, else at its end.

    Each vehicle is told at most once. Frames must come in the order of their time.
    """

    def __init__(self, *, early: bool) -> None:
        self._early = early
        self._open: list[_Vehicle] = []

    def feed(self, at_ms: int, reads: Sequence[Read]) -> list[Passage]:
        """Take what one frame showed, possibly nothing, and return the passages that are to be told now."""
        unseen = list(self._open)
        for read in sorted(reads, key=lambda read: read.confidence, reverse=True):
            vehicle = min(
                (known for known in unseen if known.may_be(read)),
                key=lambda known: (_differences(known.plate, read.plate), not known.is_at(read.box)),
                default=None,
            )
            if vehicle is None:
                vehicle = _Vehicle(at_ms)
                self._open.append(vehicle)
            else:
                unseen.remove(vehicle)
            vehicle.add(at_ms, read)
        for vehicle in unseen:
            vehicle.missed_frames += 1
        told = [vehicle.tell() for vehicle in self._open if self._early and vehicle.is_sure()]
        return told + self.tick(at_ms)

    def tick(self, at_ms: int) -> list[Passage]:
        """Let time pass without a frame that was looked at; return the passages that ended.

        A vehicle that stands in a still scene is not looked at, so it is not gone.
        """
        gone = [vehicle for vehicle in self._open if vehicle.is_gone(at_ms)]
        surplus = len(self._open) - len(gone) - PASSAGES_OPEN
        if surplus > 0:
            present = (vehicle for vehicle in self._open if vehicle not in gone)
            gone += sorted(present, key=lambda vehicle: vehicle.last_ms)[:surplus]
        return self._finish(gone)

    def flush(self) -> list[Passage]:
        """End every open passage, as at the end of a recording."""
        return self._finish(list(self._open))

    def wanted_frames(self) -> set[int]:
        """Return the instants of the frames whose pictures passages not yet told still refer to."""
        return {vehicle.best_ms for vehicle in self._open if not vehicle.is_told}

    def _finish(self, gone: list[_Vehicle]) -> list[Passage]:
        self._open = [vehicle for vehicle in self._open if vehicle not in gone]
        return [vehicle.tell() for vehicle in gone if vehicle.is_worth_telling()]


class _Vehicle:
    """What is known of one vehicle: weights for each length, position and character."""

    def __init__(self, at_ms: int) -> None:
        self.first_ms = self.last_ms = self.best_ms = at_ms
        self.missed_frames = 0
        self.is_told = False
        self.plate, self.confidence = "", 0.0
        self._char_confidences: tuple[float, ...] = ()
        self._reads = 0
        self._best_confidence = -1.0
        self._best_box: Box = (0, 0, 0, 0)
        self._last_box: Box = (0, 0, 0, 0)
        self._colours: Counter[PlateColour] = Counter()
        self._lengths: dict[int, float] = {}
        # For each length and position: character -> sum of confidences, and the chance that all its reads are wrong.
        self._votes: dict[int, list[dict[str, tuple[float, float]]]] = {}

    def add(self, at_ms: int, read: Read) -> None:
        """Count one read."""
        self.last_ms, self._last_box, self.missed_frames = at_ms, read.box, 0
        self._reads += 1
        self._colours[read.colour] += 1
        certainty = sum(read.char_confidences) / len(read.char_confidences)
        self._lengths[len(read.plate)] = self._lengths.get(len(read.plate), 0.0) + certainty
        positions = self._votes.setdefault(len(read.plate), [{} for _ in read.plate])
        for votes, char, confidence in zip(positions, read.plate, read.char_confidences, strict=True):
            weight, wrong = votes.get(char, (0.0, 1.0))
            votes[char] = (weight + confidence, wrong * (1 - confidence))
        if read.confidence > self._best_confidence:
            self._best_confidence, self.best_ms, self._best_box = read.confidence, at_ms, read.box
        self._elect()

    def may_be(self, read: Read) -> bool:
        """Say whether a read of another frame can be this vehicle."""
        if len(read.plate) != len(self.plate):
            return self.is_at(read.box) and min(self.confidence, read.confidence) < _SURE
        pairs = zip(self.plate, read.plate, self._char_confidences, read.char_confidences, strict=True)
        differing = [min(mine, theirs) for a, b, mine, theirs in pairs if a != b]
        unsure = sum(sureness < _SURE for sureness in differing)
        if self.is_at(read.box) and not self.missed_frames:
            # Even a sure read may be wrong in one character; the next car of a convoy is not there within a frame.
            return len(differing) <= min(_DIFFERENT_CHARS_SAME_PLACE, unsure + 1)
        return len(differing) <= _DIFFERENT_CHARS and unsure == len(differing)

    def is_at(self, box: Box) -> bool:
        """Say whether a plate is about where this one was: less than its width away."""
        x, y, width, height = self._last_box
        away_x = abs(x + width / 2 - box[0] - box[2] / 2)
        away_y = abs(y + height / 2 - box[1] - box[3] / 2)
        return max(away_x, away_y) < max(width, box[2])

    def is_sure(self) -> bool:
        """Say whether it can be told before its end."""
        return not self.is_told and self._reads >= _EARLY_READS and self.confidence >= _EARLY_CONFIDENCE

    def is_worth_telling(self) -> bool:
        """Say whether, at its end, it was a vehicle that was not told yet."""
        needed = _TOLD_CONFIDENCE if self._reads >= _TOLD_READS else _TOLD_ONCE_CONFIDENCE
        return not self.is_told and self.confidence >= needed

    def is_gone(self, now_ms: int) -> bool:
        """Say whether it was looked for in vain long enough."""
        gap_ms = LINGER_MS if self.is_told else GAP_MS
        return self.missed_frames >= _MISSED_FRAMES and now_ms - self.last_ms >= gap_ms

    def tell(self) -> Passage:
        """Return the passage as it is known now; it is not to be told again."""
        self.is_told = True
        known: Counter[PlateColour] = Counter({c: n for c, n in self._colours.items() if c != "unknown"})
        return Passage(
            plate=self.plate,
            colour=known.most_common(1)[0][0] if known else "unknown",
            first_ms=self.first_ms,
            last_ms=self.last_ms,
            reads=self._reads,
            confidence=self.confidence,
            best_ms=self.best_ms,
            box=self._best_box,
        )

    def _elect(self) -> None:
        """A character is as sure as its share of the votes times the chance that not all its reads are wrong."""
        length = max(self._lengths, key=lambda length: self._lengths[length])
        plate, confidences = "", []
        for votes in self._votes[length]:
            char = max(votes, key=lambda char: votes[char][0])
            weight, wrong = votes[char]
            total = sum(other for other, _ in votes.values())
            plate += char
            confidences.append((1 - wrong) * weight / total if total else 0.0)
        self.plate, self._char_confidences, self.confidence = plate, tuple(confidences), min(confidences)


def _differences(plate: str, other: str) -> int:
    return sum(a != b for a, b in zip(plate, other, strict=False)) + abs(len(plate) - len(other))
