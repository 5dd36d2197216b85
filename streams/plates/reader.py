"""From a picture to plates: find, straighten, judge the colour, read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from command.readings import PlateColour
from streams.plates.calibration import CALIBRATION, Calibration
from streams.plates.colour import plate_colour
from streams.plates.decode import Characters
from streams.plates.detect import Finder, Found
from streams.plates.light import brightened, evened
from streams.plates.picture import Picture, check_picture
from streams.plates.read import Looked, Read
from streams.plates.recognise import Recogniser
from streams.plates.rectify import (
    ABOVE_CORNERS,
    FAR_OUTWARDS,
    OUTWARDS,
    UPPER_WIDTH_PX,
    Floats,
    rectify,
    rectify_two_lines,
)

# The first look finds most. In a photo others follow while it read nothing, or nothing sure: for plates far away, then
# for plates so near that they are larger than the finder was taught, then for those on which the light is uneven.
_FIRST_LOOK_PX, _LOOK_AT_LEAST_PX = 960, 640
_FAR_LOOK_PX, _FAR_LOOK_AT_MOST_PX, _NEAR_LOOK_PX = 1280, 1920, 400
_ENLARGE_AT_MOST = 2
# Of a video each frame has one look, and cars come from afar.
_FRAME_LOOK_PX = 1280
_SURE = 0.8

# Of the least sure character, and on average. What the finder is not sure of has to be read all the better.
_FINDER_SURE = 0.5
# Of a video the next frame is a chance as good as this one, and nearer.
_FINDER_SURE_IN_FRAMES = 0.4
_CREDIBLE = (0.01, 0.7)
_CREDIBLE_ALONE = (0.3, 0.85)
# Shop names and adverts may hold a plate's characters, but not only those.
_UNEXPLAINED_AT_MOST = 0.7

# Read with the finder's corners further out where a character is less clear than this, and the whole as clear as that.
_CLEAR, _A_PLATE_MEAN = 0.85, 0.5

# A plate of two lines, read as one, has characters that nothing supports.
_ONE_LINE_CONFIDENCE = 0.3
_CREDIBLE_TWO_LINES = (0.05, 0.8)
_TWO_LINES_ASPECT_AT_MOST = 3.0

_GREENS: frozenset[PlateColour] = frozenset({"green", "yellow_green"})


class PlateReader:
    """Both networks. Opening takes some hundred milliseconds; not for use by several threads at once.

    `UnavailableError` when one of them is missing or altered.
    """

    def __init__(self, calibration: Calibration = CALIBRATION) -> None:
        self._calibration = calibration
        self._finder = Finder()
        self._recogniser = Recogniser()

    def read(self, picture: Picture) -> list[Read]:
        """Return the plates in a BGR photo, surest first; `InvalidInputError` when it is not one."""
        check_picture(picture)
        picture = brightened(picture)
        reads: list[Read] = []
        longest_px = max(picture.shape[:2])
        for look_px in _looks_px(longest_px):
            reads = _join(reads, self._look(picture, look_px))
            if reads and reads[-1].confidence >= _SURE:
                return reads
        return _join(reads, self._look(evened(picture), _look_px(longest_px, _FIRST_LOOK_PX)))

    def read_frame(self, picture: Picture) -> list[Read]:
        """Do the same for a frame of a video with one look only: the next frame is the second."""
        return self.look(picture).reads

    def look(self, picture: Picture) -> Looked:
        """Do the same, and count what surely is a plate but could not be read, as through a dirty lens."""
        check_picture(picture)
        picture = brightened(picture)
        found = self._finder.find(picture, _look_px(max(picture.shape[:2]), _FRAME_LOOK_PX))
        tried = [(one, self._read_found(picture, one)) for one in found if one.score >= _FINDER_SURE_IN_FRAMES]
        unread = sum(read is None and one.score >= _FINDER_SURE for one, read in tried)
        return Looked(_join([], [read for _, read in tried if read]), unread)

    def read_crop(self, picture: Picture) -> Read | None:
        """Return the plate that fills a BGR picture, None when there is none."""
        check_picture(picture)
        height, width = picture.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return self._read(picture, iter([picture]), corners, is_sure=True)

    def _look(self, picture: Picture, look_px: int) -> list[Read]:
        reads: list[Read] = []
        for one in self._finder.find(picture, look_px):
            # Beside a sure plate what the finder is not sure of is seldom worth the time.
            if one.score < _FINDER_SURE and any(read.confidence >= _SURE for read in reads):
                break
            if read := self._read_found(picture, one):
                reads.append(read)
        return reads

    def _read_found(self, picture: Picture, found: Found) -> Read | None:
        strips = (rectify(picture, found.corners, outwards) for outwards in (OUTWARDS, FAR_OUTWARDS))
        return self._read(picture, strips, found.corners, is_sure=found.score >= _FINDER_SURE)

    def _read(self, picture: Picture, strips: Iterator[Picture], corners: Floats, *, is_sure: bool) -> Read | None:
        """Read the first strip, and the others where it may be better read."""
        strip = next(strips)
        colour = plate_colour(strip)
        characters, rows = self._recogniser.recognise(strip, colour), 1
        for another in strips:
            if characters is None or not _is_worth_another(characters):
                break
            other = self._recogniser.recognise(another, colour)
            if other and _rank(other, is_sure=is_sure) > _rank(characters, is_sure=is_sure):
                characters = other
        if characters is None or characters.confidence < _ONE_LINE_CONFIDENCE:
            for above in ABOVE_CORNERS if is_sure and _aspect(corners) <= _TWO_LINES_ASPECT_AT_MOST else ():
                joined = rectify_two_lines(picture, corners, above)
                other = self._recogniser.recognise(joined, colour, UPPER_WIDTH_PX)
                if other and _is_two_lines(other) and (characters is None or other.mean > characters.mean):
                    characters, rows = other, 2
        if characters is None or not _is_credible(characters, is_sure=is_sure) or _is_tractors(characters, colour):
            return None
        points = tuple((float(x), float(y)) for x, y in corners)
        whole, each = self._calibration.stated(characters.plate, characters.confidences)
        return Read(characters.plate, colour, whole, each, points, characters.kind, rows)


def _looks_px(longest_px: int) -> Iterator[int]:
    """Yield the lengths to scale a photo's longer side to, the likeliest first."""
    first_px = _look_px(longest_px, _FIRST_LOOK_PX)
    yield first_px
    far_px = min(max(_FAR_LOOK_PX, longest_px // 2), _FAR_LOOK_AT_MOST_PX)
    further_px = (look_px for look_px in (far_px, _NEAR_LOOK_PX) if look_px != first_px)
    yield from (look_px for look_px in further_px if look_px <= longest_px * _ENLARGE_AT_MOST)


def _look_px(longest_px: int, wanted_px: int) -> int:
    """Return the length to scale a picture's longer side to: no longer than it is, where it is not too small."""
    return min(max(longest_px, _LOOK_AT_LEAST_PX), wanted_px, longest_px * _ENLARGE_AT_MOST)


def _join(reads: list[Read], others: list[Read]) -> list[Read]:
    """Return the surest read of each place, surest first."""
    joined: list[Read] = []
    for read in sorted(reads + others, key=lambda read: read.confidence, reverse=True):
        if not any(_overlap(read.box, known.box) for known in joined):
            joined.append(read)
    return joined


def _overlap(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Say whether the middle of one lies in the other."""
    (x, y, width, height), (left, top, breadth, depth) = box, other
    return abs(2 * (x - left) + width - breadth) < max(width, breadth) and abs(2 * (y - top) + height - depth) < max(
        height, depth
    )


def _aspect(corners: Floats) -> float:
    """Return width by height of a plate's corners."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float((top + bottom) / max(left + right, 1e-6))


def _is_credible(characters: Characters, *, is_sure: bool) -> bool:
    """A sign or grille forced into a plate's form has characters that nothing in the picture supports, or others."""
    least, mean_least = _CREDIBLE if is_sure else _CREDIBLE_ALONE
    return (
        characters.confidence >= least
        and characters.mean >= mean_least
        and characters.unexplained <= _UNEXPLAINED_AT_MOST
    )


def _is_tractors(characters: Characters, colour: PlateColour) -> bool:
    """A tractor's plate, which is green and no plate of GA 36, has two digits for the authority: 01 looks like an O."""
    return characters.plate[1] == "O" and colour in _GREENS


def _is_worth_another(characters: Characters) -> bool:
    """Say whether it is a plate, by most of its characters, but not all of them are clear."""
    return characters.mean >= _A_PLATE_MEAN and characters.confidence < _CLEAR


def _rank(characters: Characters, *, is_sure: bool) -> tuple[bool, float]:
    return _is_credible(characters, is_sure=is_sure), characters.confidence


def _is_two_lines(characters: Characters) -> bool:
    least, mean_least = _CREDIBLE_TWO_LINES
    return characters.confidence >= least and characters.mean >= mean_least
