"""Draws number plates by the proportions of GA 36-2018, for simulated streets."""

from __future__ import annotations

import logging
from functools import cache
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
"""Blue, green, red; shape (height, width, 3)."""

PlateColour = Literal["blue", "green", "yellow"]

_log = logging.getLogger(__name__)

# By file name: Pillow looks in the system's font folders (Debian: fonts-noto-cjk).
_FONTS: Final = ("NotoSansCJK-Bold.ttc", "NotoSansSC-Bold.otf", "NotoSansCJKsc-Bold.otf")
_GLYPH_PX: Final = 120

# Millimetres, which are pixels here.
_HEIGHT: Final = 140
_GLYPH: Final = (45, 90)
_TOP: Final = 25
_BACKGROUND: Final[dict[PlateColour, tuple[int, int, int]]] = {
    "blue": (170, 70, 10),
    "green": (90, 190, 60),
    "yellow": (20, 180, 245),
}


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont | None:
    """Return a font with Chinese characters, or None where the system has none."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    _log.warning("no Chinese font (Debian: fonts-noto-cjk): simulated plates lack their province")
    return None


def draw_plate(plate: str, colour: PlateColour) -> Picture:
    """Return a picture of a plate, one pixel for each millimetre: 440 × 140, or 480 × 140 for the green eight."""
    width, gap, first = (480, 9, 15) if len(plate) == 8 else (440, 12, 15)
    image = np.empty((_HEIGHT, width, 3), np.uint8)
    image[:] = _BACKGROUND[colour]
    if colour == "green":
        fade = np.linspace(1.0, 0.0, _HEIGHT)[:, None, None]
        image[:] = (fade * 235 + (1 - fade) * np.array(_BACKGROUND["green"])).astype(np.uint8)
    ink = (255, 255, 255) if colour == "blue" else (20, 20, 20)
    cv2.rectangle(image, (5, 5), (width - 6, _HEIGHT - 6), ink, 3)
    x = first
    for i, character in enumerate(plate):
        box = image[_TOP : _TOP + _GLYPH[1], x : x + _GLYPH[0]]
        mask = _glyph(character)[:, :, None] / 255
        box[:] = (box * (1 - mask) + np.array(ink) * mask).astype(np.uint8)
        x += _GLYPH[0] + gap
        if i == 1:  # the dot between the office's letter and the number
            cv2.circle(image, (x + 5, _HEIGHT // 2), 5, ink, -1, cv2.LINE_AA)
            x += 10 + gap
    return image


@cache
def _glyph(character: str) -> Picture:
    """Return a character as coverage 0–255, stretched to the 45 × 90 mm that every one of them fills."""
    face = font(_GLYPH_PX)
    if face is None:
        return _plain_glyph(character)
    canvas = Image.new("L", (_GLYPH_PX * 2, _GLYPH_PX * 2))
    ImageDraw.Draw(canvas).text((_GLYPH_PX // 2, _GLYPH_PX // 4), character, font=face, fill=255)
    box = canvas.getbbox()
    if box is None:
        return np.zeros((_GLYPH[1], _GLYPH[0]), np.uint8)
    # A one is a stroke; stretched it would be a block.
    narrow = character in "1I"
    size = (_GLYPH[0] // 3, _GLYPH[1]) if narrow else _GLYPH
    glyph = np.zeros((_GLYPH[1], _GLYPH[0]), np.uint8)
    left = (_GLYPH[0] - size[0]) // 2
    glyph[:, left : left + size[0]] = np.asarray(canvas.crop(box).resize(size, Image.Resampling.LANCZOS))
    return glyph


def _plain_glyph(character: str) -> Picture:
    glyph = np.zeros((_GLYPH[1], _GLYPH[0]), np.uint8)
    if character.isascii():
        cv2.putText(glyph, character, (2, 84), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 7, cv2.LINE_AA)
    return glyph
