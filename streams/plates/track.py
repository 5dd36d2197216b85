"""Where a plate went in the picture: whether another read is of it, which way its vehicle goes, and in which lane."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from command.readings import Direction

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""
Size = tuple[int, int]
"""Width and height of a picture in pixels."""

# A plate that was not seen for longer may have gone anywhere: where it would be by now is not guessed.
_PREDICTED_MS = 1_000
# Displacement over the whole track that is no mistake of the corners, in widths of the plate (0.44 m and 0.48 m).
_MOVED_WIDTHS = 1.0
# How far a street camera's focal plane is, in widths of the picture: 42° of view. Near enough to tell ways apart.
_FOCAL_WIDTHS = 1.3
_DIRECTION_SPOTS = 3
# Nearer than this to where it last was, a picture of the plate is nearly the same picture again.
_ANOTHER_LOOK_WIDTHS = 0.2


class Lane(msgspec.Struct, frozen=True):
    """A lane as a region of the picture: its number, 1 the leftmost, and a polygon of (x, y), each 0…1 of the picture.

    A plate is in it when the middle of its box is.
    """

    number: int
    ring: tuple[tuple[float, float], ...]


class Track:
    """The boxes of one plate. Everything is kept in widths of the picture, so that its resolution may change."""

    def __init__(self) -> None:
        self._last: _Spot | None = None
        self._velocity = (0.0, 0.0)
        self._counted: _Spot | None = None
        self._lanes: Counter[int] = Counter()
        # Of sideways, downward and far, in widths of the plate from the camera's axis.
        self._ways = (_Line(), _Line(), _Line())
        self._first_ms = 0

    def add(self, at_ms: int, box: Box, size: Size, lanes: Sequence[Lane] = ()) -> bool:
        """Take where it is now; say whether this is another look at it, and not the same picture once more."""
        spot, before = _spot(at_ms, box, size), self._last
        if before is None:
            self._first_ms = at_ms
        elif (passed_ms := at_ms - before.at_ms) > 0:
            self._velocity = ((spot.x - before.x) / passed_ms, (spot.y - before.y) / passed_ms)
        self._last = spot
        for line, value in zip(self._ways, spot.ways(), strict=True):
            line.add(at_ms - self._first_ms, value)
        if (lane := lane_of(box, size, lanes)) is not None:
            self._lanes[lane] += 1
        is_another = self._counted is None or spot.away_from(self._counted) >= _ANOTHER_LOOK_WIDTHS
        if is_another:
            self._counted = spot
        return is_another

    def away(self, at_ms: int, box: Box, size: Size) -> float:
        """Return how far a plate is from where this one was or would be by now, in widths of the larger of both."""
        spot, last = _spot(at_ms, box, size), self._last
        if last is None:
            return math.inf
        passed_ms = at_ms - last.at_ms
        if not 0 < passed_ms <= _PREDICTED_MS:
            return spot.apart(last.x, last.y, last.width)
        x, y = (last.x + self._velocity[0] * passed_ms, last.y + self._velocity[1] * passed_ms)
        return min(spot.apart(last.x, last.y, last.width), spot.apart(x, y, last.width))

    @property
    def lane(self) -> int | None:
        """The lane that it was in most."""
        return self._lanes.most_common(1)[0][0] if self._lanes else None

    @property
    def direction(self) -> Direction | None:
        """Which way it went as seen, over the whole track; None while it has not clearly moved.

        A plate's width tells how far it is, and that where it is before the camera, so that one which comes nearer
        beside the camera is not taken for one that crosses.
        """
        sideways, down, far = (line.change() for line in self._ways)
        nearer = down - far
        if self._ways[0].count < _DIRECTION_SPOTS or max(abs(sideways), abs(nearer)) < _MOVED_WIDTHS:
            return None
        if abs(sideways) > abs(nearer):
            return "right" if sideways > 0 else "left"
        return "towards" if nearer > 0 else "away"


def lane_of(box: Box, size: Size, lanes: Sequence[Lane]) -> int | None:
    """Return the lane in which the middle of a box is; the first named where several are."""
    x, y = (box[0] + box[2] / 2) / size[0], (box[1] + box[3] / 2) / size[1]
    return next((lane.number for lane in lanes if _is_inside(x, y, lane.ring)), None)


class _Spot(msgspec.Struct, frozen=True):
    """A plate's middle and width, in widths of the picture, from the middle of the picture."""

    at_ms: int
    x: float
    y: float
    width: float

    def ways(self) -> tuple[float, float, float]:
        """Return how far right of, below and away from the camera it is, in widths of the plate."""
        return self.x / self.width, self.y / self.width, _FOCAL_WIDTHS / self.width

    def apart(self, x: float, y: float, width: float) -> float:
        return max(abs(self.x - x), abs(self.y - y)) / max(self.width, width)

    def away_from(self, other: _Spot) -> float:
        """Return how much moved or grew, in widths of the plate."""
        return self.apart(other.x, other.y, other.width) + abs(math.log(self.width / other.width))


def _spot(at_ms: int, box: Box, size: Size) -> _Spot:
    x, y, width, height = box
    return _Spot(
        at_ms,
        (x + width / 2) / size[0] - 0.5,
        (y + height / 2 - size[1] / 2) / size[0],
        max(width, 1) / size[0],
    )


class _Line:
    """The straight line nearest to some values over time (least squares)."""

    def __init__(self) -> None:
        self.count = 0
        self._mean_ms = self._mean = 0.0
        self._spread = self._joint = 0.0
        self._lasts_ms = 0.0

    def add(self, at_ms: float, value: float) -> None:
        self.count += 1
        self._lasts_ms = max(self._lasts_ms, at_ms)
        off_ms = at_ms - self._mean_ms
        self._mean_ms += off_ms / self.count
        self._mean += (value - self._mean) / self.count
        self._spread += off_ms * (at_ms - self._mean_ms)
        self._joint += off_ms * (value - self._mean)

    def change(self) -> float:
        """Return by how much the line goes up from the first value's time to the last one's."""
        return self._joint / self._spread * self._lasts_ms if self._spread > 0 else 0.0


def _is_inside(x: float, y: float, ring: Sequence[tuple[float, float]]) -> bool:
    """Cast a ray to the right and count the sides that it crosses."""
    inside = False
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside
