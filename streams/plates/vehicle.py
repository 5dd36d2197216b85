"""What is known of one vehicle from the reads of its plate, and whether another read is of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from command.kernel.ga36 import PlateKind
from command.readings import PlateColour
from streams.plates.ballot import Ballots
from streams.plates.read import Read
from streams.plates.track import Box, Lane, Size, Track

# Reads of one vehicle differ in few characters, and only in ones that one of them is unsure of; where the plate is
# in the same place as before, more may differ.
_DIFFERENT_CHARS = 2
_DIFFERENT_CHARS_SAME_PLACE = 4
_SURE = 0.9
# A plate is in the same place when it is less than its width from where it was, or would be by now.
_SAME_PLACE_WIDTHS = 1.0
# Without a doubt it is the same one when it is so near to that within so long, with one frame at most in between.
_ONE_MISSED_WIDTHS = 0.5
_WITHIN_MS = 600


class Vehicle:
    """Takes reads in the order of their time; says what they come to by now."""

    def __init__(self, at_ms: int) -> None:
        self.first_ms = self.last_ms = self.best_ms = at_ms
        self.track = Track()
        self.reads = 0
        self.plate, self.confidence = "", 0.0
        self.char_confidences: tuple[float, ...] = ()
        self.kind: PlateKind = "ordinary"
        self.rows = 1
        self.best_box: Box = (0, 0, 0, 0)
        self._best_confidence = -1.0
        self._colours: Counter[PlateColour] = Counter()
        self._ballots = Ballots()

    @property
    def colour(self) -> PlateColour:
        """The colour seen most, but for `unknown`."""
        return max(self._colours, key=lambda colour: (colour != "unknown", self._colours[colour]))

    def add(self, at_ms: int, read: Read, size: Size, lanes: Sequence[Lane] = ()) -> None:
        """Count one read in a picture of a size."""
        is_another_look = self.track.add(at_ms, read.box, size, lanes)
        self.last_ms = at_ms
        self.reads += 1
        self._colours[read.colour] += 1
        self.plate, self.char_confidences = self._ballots.add(read, is_another_look=is_another_look)
        self.confidence = min(self.char_confidences)
        if read.confidence > self._best_confidence:
            self._best_confidence, self.best_ms, self.best_box = read.confidence, at_ms, read.box
        if read.plate == self.plate:
            self.kind, self.rows = read.kind, read.rows

    def may_be(self, at_ms: int, read: Read, size: Size, *, missed_frames: int) -> bool:
        """Say whether a read of another frame can be of it, which so many frames since the last read did not show."""
        away = self.track.away(at_ms, read.box, size)
        is_there = away < _SAME_PLACE_WIDTHS
        if len(read.plate) != len(self.plate):
            return is_there and min(self.confidence, read.confidence) < _SURE
        pairs = zip(self.plate, read.plate, self.char_confidences, read.char_confidences, strict=True)
        differing = [min(mine, theirs) for a, b, mine, theirs in pairs if a != b]
        unsure = sum(sureness < _SURE for sureness in differing)
        is_steady = is_there if not missed_frames else missed_frames == 1 and away < _ONE_MISSED_WIDTHS
        if is_steady and at_ms - self.last_ms <= _WITHIN_MS:
            # Even a sure read may be wrong in one character; the next car of a convoy is not there so soon.
            return len(differing) <= min(_DIFFERENT_CHARS_SAME_PLACE, unsure + 1)
        return len(differing) <= _DIFFERENT_CHARS and unsure == len(differing)

    def fit(self, at_ms: int, read: Read, size: Size) -> tuple[bool, int, float]:
        """Return how badly a read fits, the least for the best: not in its place, characters that differ, how far."""
        differing = sum(a != b for a, b in zip(self.plate, read.plate, strict=False))
        differing += abs(len(self.plate) - len(read.plate))
        away = self.track.away(at_ms, read.box, size)
        return away >= _SAME_PLACE_WIDTHS, differing, away
