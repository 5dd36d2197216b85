"""Plates of every kind and things that are none, drawn by GA 36-2018 and put into real photos.

Positions and sizes are the standard's, in millimetres; the characters are of a common font, stretched to theirs.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from command.kernel import ga36
from command.readings import PlateColour
from edge.simulators.plate_drawing import font
from streams.plates.picture import Picture
from streams.plates.read import Read

Bgr = tuple[int, int, int]

INKS: dict[PlateColour, tuple[Bgr, Bgr]] = {
    "blue": ((150, 70, 10), (255, 255, 255)),
    "yellow": ((20, 175, 240), (20, 20, 20)),
    "green": ((130, 205, 120), (20, 20, 20)),
    "yellow_green": ((130, 205, 120), (20, 20, 20)),
    "white": ((235, 235, 235), (20, 20, 20)),
    "black": ((25, 25, 25), (240, 240, 240)),
}
_RED: Bgr = (30, 30, 200)
_PAPERS: dict[bool, tuple[Bgr, Bgr]] = {
    False: ((235, 215, 180), (225, 195, 140)), True: ((170, 205, 230), (140, 185, 215))
}  # fmt: skip
"""Temporary plates' paper and the lines on it, whether or not they are good in other provinces."""
_FONT_PX = 160
# Left edges of the characters in millimetres, one pixel each.
_SEVEN = (15, 72, 151, 208, 265, 322, 379)
_EIGHT = (15, 69, 147, 198, 249, 300, 351, 402)


def draw_plate(plate: str, colour: PlateColour, rows: int = 1) -> Picture:
    """Return a plate: 440 x 140, 480 x 140 with eight characters, 440 x 220 with two lines.

    What is red on it is red; the dot behind the authority is there, which embassies' numbers have none of.
    """
    height, width = (220, 440) if rows == 2 else (140, 480 if len(plate) == 8 else 440)
    background, ink = INKS[colour]
    plain = np.full((height, width, 3), background, np.uint8)
    if colour == "yellow_green":
        plain[:, : width // 4] = INKS["yellow"][0]
    cv2.rectangle(plain, (4, 4), (width - 5, height - 5), ink, 3)
    if rows == 2:
        places = [(110, 15, 80, 60), (250, 15, 80, 60), *((27 + 80 * i, 90, 65, 110) for i in range(5))]
    else:
        places = [(x, 25, 45, 90) for x in (_EIGHT if len(plate) == 8 else _SEVEN)]
    for char, place in zip(plate, places, strict=True):
        _ink(plain, char, place, _RED if char in "警使领应急" else ink)
    if plate[0] in ga36.PROVINCES:
        dot = (220, 45) if rows == 2 else ((places[1][0] + 45 + places[2][0]) // 2, 70)
        cv2.circle(plain, dot, 5, ink, -1, cv2.LINE_AA)
    return plain


def draw_temporary(plate: str, *, across_provinces: bool) -> Picture:
    """Return a temporary plate, of paper: black on a pattern, sky-blue within a province and brown across them."""
    background, lines = _PAPERS[across_provinces]
    written = draw_plate(plate, "white")
    paper = np.full_like(written, background)
    height, width = written.shape[:2]
    for x in range(-height, width, 10):
        cv2.line(paper, (x, 0), (x + height, height), lines, 2)
    ink = (1 - written.astype(np.float32) / INKS["white"][0][0]).clip(0, 1)
    shown: Picture = (paper * (1 - ink) + 20 * ink).astype(np.uint8)
    return shown


def draw_motorcycle(plate: str, colour: PlateColour) -> Picture:
    """Return a motorcycle's plate, 220 x 140 with two lines, twice as large."""
    background, ink = INKS[colour]
    plain = np.full((280, 440, 3), background, np.uint8)
    cv2.rectangle(plain, (6, 6), (433, 273), ink, 4)
    places = [(110, 20, 80, 70), (250, 20, 80, 70), *((26 + 80 * i, 110, 66, 140) for i in range(5))]
    for char, place in zip(plate, places, strict=True):
        _ink(plain, char, place, ink)
    return plain


def draw_tractor(plate: str) -> Picture:
    """Return a tractor's plate, 300 x 165: province and two digits above five characters. It is none of GA 36."""
    plain = np.full((241, 438, 3), (90, 140, 30), np.uint8)
    cv2.rectangle(plain, (4, 4), (433, 236), (255, 255, 255), 3)
    places = [(80, 16, 66, 73), (182, 16, 51, 73), (270, 16, 51, 73), *((26 + 80 * i, 110, 66, 110) for i in range(5))]
    for char, place in zip(plate, places, strict=True):
        _ink(plain, char, place, (255, 255, 255))
    return plain


def draw_sign(text: str, background: Bgr, ink: Bgr) -> Picture:
    """Return a shop's sign or an advert."""
    face = _face()
    width = round(face.getlength(text)) + 80
    image = Image.new("RGB", (width, 260), background[::-1])
    ImageDraw.Draw(image).text((40, 10), text, font=face, fill=ink[::-1])
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def draw_grille(number: int, badge: str) -> Picture:
    """Return a radiator grille with a badge on it."""
    grille = np.full((480, 720, 3), 60, np.uint8)
    for x in range(0, 720, 6 + number % 9):
        cv2.line(grille, (x, 100), (x, 380), (130 + 12 * (number % 9),) * 3, 2 + number % 3)
    cv2.rectangle(grille, (200, 180), (520, 280), (200, 200, 200), 4)
    cv2.putText(grille, badge, (230, 255), cv2.FONT_HERSHEY_DUPLEX, 2.2, (230, 230, 230), 5)
    return _soft(grille, 0.8)


def put_in_place(photo: Picture, read: Read, image: Picture) -> Picture:
    """Return a photo with a drawn plate where, and as askew and as bright as, the plate was that was read."""
    height, width = image.shape[:2]
    middle_x, middle_y, breadth, depth = 220.0, 70.0, 446.0, 160.0  # what the finder's corners span, in millimetres
    spanned = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (breadth / 2, depth / 2) + (middle_x, middle_y)
    real = cv2.getPerspectiveTransform(spanned.astype(np.float32), np.array(read.corners, np.float32))
    centred = np.array([[1, 0, middle_x - width / 2], [0, 1, middle_y - height / 2], [0, 0, 1]])
    x, y, shown_px, shown_height_px = read.box
    light = float(np.percentile(photo[max(0, y) : y + shown_height_px, max(0, x) : x + shown_px], 90)) / 255
    soft = _soft(image * (0.25 + 0.75 * light), 0.45 * breadth / shown_px)
    size = (photo.shape[1], photo.shape[0])
    over = cv2.warpPerspective(soft, real @ centred, size)
    cover = cv2.warpPerspective(np.full((height, width), 255, np.uint8), real @ centred, size)[..., None] / 255
    return _soft(photo * (1 - cover) + over * cover, 0.6)


def put_over(photo: Picture, read: Read, image: Picture, share: float) -> Picture:
    """Return a photo with a sign over the plate that was read, `share` times as wide."""
    x, y, width, height = read.box
    size = (round(width * share), max(12, round(width * share * image.shape[0] / image.shape[1])))
    shown = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    left, top = max(0, x + (width - size[0]) // 2), max(0, y + (height - size[1]) // 2)
    covered = photo.copy()
    place = covered[top : top + size[1], left : left + size[0]]
    place[:] = shown[: place.shape[0], : place.shape[1]]
    return _soft(covered, 0.7)


def without_plate(photo: Picture, read: Read) -> Picture:
    """Return a photo with the plate that was read painted over by what is around it."""
    corners = np.array(read.corners)
    hole = np.zeros(photo.shape[:2], np.uint8)
    middle = corners.mean(axis=0)
    cv2.fillConvexPoly(hole, (middle + (corners - middle) * 1.35).astype(np.int32), 255)
    return cv2.inpaint(photo, hole, 5, cv2.INPAINT_TELEA).astype(np.uint8, copy=False)


def _ink(plain: Picture, char: str, place: tuple[int, int, int, int], ink: Bgr) -> None:
    x, y, width, height = place
    narrow = width // 3 if char == "1" else width
    mask = cv2.resize(_glyph(char), (narrow, height))[..., None] / 255
    box = plain[y : y + height, x + (width - narrow) // 2 :][:, :narrow]
    box[:] = (box * (1 - mask) + np.array(ink) * mask).astype(np.uint8)


@cache
def _glyph(char: str) -> Picture:
    canvas = Image.new("L", (_FONT_PX * 2, _FONT_PX * 2))
    ImageDraw.Draw(canvas).text((_FONT_PX // 2, _FONT_PX // 4), char, font=_face(), fill=255)
    return np.asarray(canvas.crop(canvas.getbbox()))


def _face() -> ImageFont.FreeTypeFont:
    face = font(_FONT_PX)
    if face is None:
        pytest.skip("no Chinese font on this machine (Debian: fonts-noto-cjk)")
    return face


def _soft(picture: np.typing.NDArray[np.generic], sigma: float) -> Picture:
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma).clip(0, 255).astype(np.uint8)
