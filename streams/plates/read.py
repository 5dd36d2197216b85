"""One plate read in one picture, as readers tell it and trackers take it."""

from __future__ import annotations

import msgspec

from command.kernel.ga36 import PlateKind
from command.readings import PlateColour


class Read(msgspec.Struct, frozen=True):
    """A plate and how sure it is.

    `confidence` 0…1 is the chance that the whole plate is right, and `char_confidences` that each character is, as
    measured on labelled pictures (`streams.plates.calibration`); the plate is never surer than its least sure
    character. Of 0.9 and more few are wrong, below 0.5 about half. `corners` are pixels, clockwise from the top left;
    of a crop its own.
    """

    plate: str
    colour: PlateColour
    confidence: float
    char_confidences: tuple[float, ...]
    corners: tuple[tuple[float, float], ...]
    kind: PlateKind = "ordinary"
    rows: int = 1
    """Lines of characters."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height in pixels around the corners."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        left, top = int(min(xs)), int(min(ys))
        return left, top, int(max(xs)) - left + 1, int(max(ys)) - top + 1


class Looked(msgspec.Struct, frozen=True):
    """What one look at a picture showed: plates, surest first, and how many more there are that could not be read."""

    reads: list[Read]
    unread: int = 0
