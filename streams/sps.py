"""What a sequence parameter set says of its pictures: ITU-T H.264 section 7.3.2.1.1 and H.265 section 7.3.2.2."""

from __future__ import annotations

from typing import Final

import msgspec

from command.kernel.errors import InvalidInputError

# Profiles of H.264 whose sets go on with chroma format and scaling lists.
_HIGH: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_PIXELS: Final = 16384


class PictureFormat(msgspec.Struct, frozen=True):
    """Size in pixels after cropping, `chroma_format_idc`, and the bit depths of luma and chroma."""

    width: int
    height: int
    chroma: int
    luma_bits: int
    chroma_bits: int


def h264_format(sps: bytes) -> PictureFormat:
    """Return what a sequence parameter set of H.264 (a whole NAL unit) says. Raises `InvalidInputError`."""
    bits = _Bits(_plain(sps[1:]))
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    chroma, luma_bits, chroma_bits, planes = 1, 8, 8, 0
    if profile in _HIGH:
        chroma = bits.ue()
        planes = bits.u(1) if chroma == 3 else 0
        luma_bits, chroma_bits = 8 + bits.ue(), 8 + bits.ue()
        bits.u(1)
        if bits.u(1):
            for i in range(12 if chroma == 3 else 8):
                if bits.u(1):
                    _skip_scaling_list(bits, 16 if i < 6 else 64)
    bits.ue()
    _skip_picture_order(bits)
    bits.ue()
    bits.u(1)
    width, height_units = (bits.ue() + 1) * 16, bits.ue() + 1
    frames_only = bits.u(1)
    if not frames_only:
        bits.u(1)
    height = height_units * 16 * (2 - frames_only)
    bits.u(1)
    if bits.u(1):
        across, down = _crop_units(0 if planes else chroma)
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= (left + right) * across
        height -= (top + bottom) * down * (2 - frames_only)
    return _checked(PictureFormat(width, height, chroma, luma_bits, chroma_bits))


def h265_format(sps: bytes) -> PictureFormat:
    """Return what a sequence parameter set of H.265 (a whole NAL unit) says. Raises `InvalidInputError`."""
    bits = _Bits(_plain(sps[2:]))
    bits.u(4)
    sub_layers = bits.u(3)
    bits.u(1 + 96)
    present = [(bits.u(1), bits.u(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.u(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.u(88 * has_profile + 8 * has_level)
    bits.ue()
    chroma = bits.ue()
    planes = bits.u(1) if chroma == 3 else 0
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        across, down = _crop_units(0 if planes else chroma)
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= (left + right) * across
        height -= (top + bottom) * down
    return _checked(PictureFormat(width, height, chroma, 8 + bits.ue(), 8 + bits.ue()))


def _crop_units(chroma: int) -> tuple[int, int]:
    return (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)


def _checked(picture: PictureFormat) -> PictureFormat:
    sound = picture.chroma <= 3 and picture.luma_bits <= 16 and picture.chroma_bits <= 16
    if not (sound and 0 < picture.width <= _MOST_PIXELS and 0 < picture.height <= _MOST_PIXELS):
        raise InvalidInputError(f"the sequence parameter set names pictures of {picture.width} × {picture.height}")
    return picture


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.ue()
        bits.ue()
        for _ in range(min(bits.ue(), 255)):
            bits.ue()


def _plain(body: bytes) -> bytes:
    """Take out the bytes that keep start codes from appearing inside (emulation prevention)."""
    return body.replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """Reads bits, first the most significant. Past the end it raises `InvalidInputError`."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise InvalidInputError("the sequence parameter set is cut short")
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        if zeros > 32:
            raise InvalidInputError("the sequence parameter set holds a number that is too large")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -(value // 2)
