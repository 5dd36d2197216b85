"""One plate read in one picture, as readers tell it and trackers take it."""

from __future__ import annotations

import msgspec

from command.kernel.ga36 import PlateKind
from command.readings import PlateColour


class Read(msgspec.Struct, frozen=True):
    """A plate and how sure it is.

    `confidence` 0…1 is that of the least sure character; `corners` are pixels, clockwise from the top left, empty for a
    crop.
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
