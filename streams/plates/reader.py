"""From a picture to plates: find, straighten, judge the colour, read."""

from __future__ import annotations

from streams.plates.colour import plate_colour
from streams.plates.decode import Characters
from streams.plates.detect import Finder, Floats
from streams.plates.picture import Picture, check_picture
from streams.plates.read import Read
from streams.plates.recognise import Recogniser
from streams.plates.rectify import rectify

# The first look finds most, and a picture is not enlarged for it. In a photo others follow when it read nothing:
# for plates far away, then for plates so near that they are larger than the finder was taught.
_FIRST_LOOK_PX = 960
_FURTHER_LOOKS_PX = (1280, 400)
_ENLARGE_AT_MOST = 2
_CONFIDENCE_AT_LEAST = 0.01
_MEAN_CONFIDENCE_AT_LEAST = 0.7


class PlateReader:
    """Both networks. Opening takes some hundred milliseconds; not for use by several threads at once."""

    def __init__(self) -> None:
        self._finder = Finder()
        self._recogniser = Recogniser()

    def read(self, picture: Picture) -> list[Read]:
        """Return the plates in a BGR photo, surest first; `InvalidInputError` when it is not one."""
        reads = self.read_frame(picture)
        longest_px = max(picture.shape[:2])
        for look_px in _FURTHER_LOOKS_PX:
            if reads:
                break
            if look_px != longest_px and look_px <= longest_px * _ENLARGE_AT_MOST:
                reads = self._look(picture, look_px)
        return reads

    def read_frame(self, picture: Picture) -> list[Read]:
        """Do the same for a frame of a video with one look only: the next frame is the second."""
        check_picture(picture)
        return self._look(picture, min(_FIRST_LOOK_PX, max(picture.shape[:2])))

    def read_crop(self, picture: Picture) -> Read | None:
        """Return the plate that fills a BGR picture, None when there is none."""
        check_picture(picture)
        return self._read_strip(picture, None)

    def _look(self, picture: Picture, look_px: int) -> list[Read]:
        found = self._finder.find(picture, look_px)
        reads = (self._read_strip(rectify(picture, one.corners), one.corners) for one in found)
        return sorted(filter(None, reads), key=lambda read: read.confidence, reverse=True)

    def _read_strip(self, strip: Picture, corners: Floats | None) -> Read | None:
        colour = plate_colour(strip)
        characters = self._recogniser.recognise(strip, colour)
        if characters is None or not _is_credible(characters):
            return None
        points = () if corners is None else tuple((float(x), float(y)) for x, y in corners)
        return Read(characters.plate, colour, characters.confidence, characters.confidences, points, characters.kind)


def _is_credible(characters: Characters) -> bool:
    """A sign or grille forced into a plate's form has characters that nothing in the picture supports."""
    return characters.confidence >= _CONFIDENCE_AT_LEAST and characters.mean >= _MEAN_CONFIDENCE_AT_LEAST
