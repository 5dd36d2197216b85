"""Pictures in bodies: base64 that is really a JPEG or PNG, within bounds; addresses of pictures are never fetched."""

from __future__ import annotations

import binascii
from collections import OrderedDict

from command.kernel.errors import InvalidInputError
from edge.limits import VIID_IMAGE_MS, VIID_IMAGES_BYTES, VIID_PICTURE_BYTES, VIID_PNG_PX
from streams.plates.picture import check_decodes, picture_size
from streams.plates.png import PNG

_BASE64_MOST = (VIID_PICTURE_BYTES + 2) // 3 * 4
_LINE_ENDS = str.maketrans("", "", "\r\n \t")


def picture_of(data: object) -> bytes:
    """Return the picture that a member `Data` holds. Raises `InvalidInputError` for what is none, or too large.

    Decoded once to see that it is a picture; that takes a while, so call it in a thread.
    """
    if not isinstance(data, str):
        raise InvalidInputError("Data is no text")
    text = data.partition(",")[2] if data.startswith("data:") else data
    if len(text) <= 2 * _BASE64_MOST:
        text = text.translate(_LINE_ENDS)
    if len(text) > _BASE64_MOST:
        raise InvalidInputError(f"a picture has at most {VIID_PICTURE_BYTES} bytes")
    try:
        picture = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError("Data is not base64") from error
    _check(picture)
    return picture


def _check(picture: bytes) -> None:
    """Look at its header, then decode it."""
    width, height = picture_size(picture)
    if picture.startswith(PNG) and width * height > VIID_PNG_PX:
        raise InvalidInputError(f"a PNG picture of {width} x {height} pixels")
    check_decodes(picture)


class ImagesWaiting:
    """Images that came by themselves, until the vehicle that was found in them comes."""

    def __init__(self) -> None:
        self.unclaimed = 0
        """Images that went without their vehicle having come."""
        self._images: OrderedDict[str, tuple[bytes, int]] = OrderedDict()
        self._bytes = 0

    def put(self, image: str, picture: bytes, now_ms: int) -> None:
        """Keep an image for a while."""
        self._take(image)
        self._images[image] = (picture, now_ms)
        self._bytes += len(picture)
        self.tidy(now_ms)

    def claim(self, images: list[str]) -> bytes | None:
        """Return the first of these that is here; it is not kept any longer."""
        return next((picture for image in images if (picture := self._take(image)) is not None), None)

    def tidy(self, now_ms: int) -> None:
        """Let go what waited for too long, or is too much."""
        while self._images:
            image, (_, at_ms) = next(iter(self._images.items()))
            if self._bytes <= VIID_IMAGES_BYTES and now_ms - at_ms <= VIID_IMAGE_MS:
                return
            self._take(image)
            self.unclaimed += 1

    def _take(self, image: str) -> bytes | None:
        picture, _ = self._images.pop(image, (None, 0))
        self._bytes -= len(picture or b"")
        return picture
