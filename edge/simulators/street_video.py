"""Makes short looping clips of a street with passing vehicles, for cameras that do not exist."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final
from zlib import crc32

import av
import cv2
import msgspec
import numpy as np
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from edge.simulators.plate_drawing import Picture, PlateColour, draw_plate, font

# Part of the name of a cached clip: a change of the drawing makes new clips.
_EDITION: Final = 3

# The scene in metres: a vehicle comes towards the camera from FAR and leaves below the picture, or the other way.
_FAR_M: Final = 50.0
_NEAR_M: Final = 5.0
_SPEED_M_S: Final = 5.0
_PASSAGE_S: Final = (_FAR_M - _NEAR_M) / _SPEED_M_S
_BODY: Final = (640, 520)  # pixels of a vehicle's drawing
_BODY_WIDTH: Final = 0.62  # of the picture's width, at NEAR
_LANE_OFFSET: Final = 0.6  # likewise, from the middle
# Of the picture's height: the horizon, and how far below it the road is at NEAR. The camera hangs over the roofs.
_HORIZON: Final = 0.25
_DROP: Final = 1.65
_PAINTS: Final = ((60, 60, 70), (150, 150, 155), (40, 40, 150), (120, 70, 30), (225, 225, 225))


class Vehicle(msgspec.Struct, frozen=True):
    """A vehicle that passes once in each turn of the clip."""

    plate: str
    colour: PlateColour
    enters_s: float
    """When it comes into sight; it needs 45 m at its speed to pass, 9 s unless it is told."""
    lane: int
    """0 is left in the picture, 1 right."""
    speed_m_s: float = _SPEED_M_S
    away: bool = False
    """It drives away from the camera, which sees its back."""

    def distance_m(self, at_s: float) -> float:
        """Return how far from the camera it is; past either end of the scene it is out of sight."""
        driven_m = (at_s - self.enters_s) * self.speed_m_s
        return _NEAR_M + driven_m if self.away else _FAR_M - driven_m


class Street(msgspec.Struct, frozen=True):
    """What a simulated camera sees."""

    name: str
    """Shown in the picture."""
    vehicles: tuple[Vehicle, ...]
    seconds: int = 20
    width: int = 1280
    height: int = 720
    fps: int = 12
    seed: int = 0
    """Of houses and trees."""
    key_every_s: int = 1
    """Encoders that save send key frames rarely."""
    soiled: bool = False
    """The lens is dirty: mud on most of it, and nothing sharp behind."""
    bus_lane: bool = False
    """The right lane is painted as one for buses."""


def traffic(plates: Sequence[tuple[str, PlateColour]], seconds: int = 20) -> tuple[Vehicle, ...]:
    """Spread vehicles evenly over a clip, so that each has passed before the clip starts over."""
    room_s = max(seconds - _PASSAGE_S, 0.0)
    step_s = room_s / max(len(plates) - 1, 1)
    return tuple(Vehicle(plate, colour, i * step_s, i % 2) for i, (plate, colour) in enumerate(plates))


def render(street: Street, directory: Path) -> Path:
    """Return the street's clip (MP4, H.264, a key frame every second), made unless it is already there. Blocking."""
    key = hashlib.sha256(msgspec.json.encode((_EDITION, street))).hexdigest()[:16]
    path = directory / f"street-{key}.mp4"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with av.open(str(unfinished), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=street.fps)
            keys = street.fps * street.key_every_s
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = street.width, street.height, "yuv420p"
            stream.codec_context.thread_count = 1
            stream.options = {
                "preset": "veryfast",
                "tune": "zerolatency",  # no B-frames, which browsers do not expect of WebRTC
                "crf": "24",
                "x264-params": f"keyint={keys}:min-keyint={keys}:scenecut=0",
            }
            for i, picture in enumerate(pictures(street)):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.pts, frame.time_base = i, Fraction(1, street.fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        unfinished.replace(path)
    return path


def pictures(street: Street) -> Iterator[Picture]:
    """Yield the clip's frames."""
    ground = _ground(street)
    dirt = _dirt(street)
    # Of its plate, so that a car is the same one before every camera.
    bodies = {
        vehicle: _body(vehicle, _PAINTS[crc32(vehicle.plate.encode()) % len(_PAINTS)]) for vehicle in street.vehicles
    }
    for i in range(street.seconds * street.fps):
        at_s = i / street.fps
        picture = ground.copy()
        there = ((vehicle.distance_m(at_s), vehicle) for vehicle in street.vehicles)
        # The farthest first, so that nearer ones cover them.
        for distance_m, vehicle in sorted(there, key=lambda pair: pair[0], reverse=True):
            if _NEAR_M < distance_m <= _FAR_M:
                _place(picture, bodies[vehicle], vehicle.lane, distance_m)
        clock = f"T+{math.floor(at_s) // 60:02}:{math.floor(at_s) % 60:02}"
        if street.soiled:
            picture = _through_dirt(picture, dirt)
        _write(picture, clock, (street.width - street.width // 7, street.height // 20), street.height / 900)
        yield picture


def _dirt(street: Street) -> Picture:
    """Return how thick the mud is on the lens, 0…255 for each pixel."""
    rng = np.random.default_rng(street.seed)
    coarse = rng.uniform(0.35, 1.0, (6, 9)).astype(np.float32)
    thick = cv2.resize(coarse, (street.width, street.height), interpolation=cv2.INTER_CUBIC)
    return np.clip(thick * 200, 0, 255).astype(np.uint8)


def _through_dirt(picture: Picture, dirt: Picture) -> Picture:
    """Return what is seen through mud: blurred, and its colour the more the thicker it is."""
    blur = cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 160)
    share = (dirt.astype(np.float32) / 255)[..., None]
    return (blur * (1 - share) + np.array((52, 70, 84), np.float32) * share).astype(np.uint8)


def _place(picture: Picture, body: Picture, lane: int, distance_m: float) -> None:
    """Draw a vehicle where perspective puts it."""
    height, width = picture.shape[:2]
    scale = _NEAR_M / distance_m
    size = max(int(width * _BODY_WIDTH * scale), 8)
    tall = size * _BODY[1] // _BODY[0]
    centre = int(width / 2 + (-_LANE_OFFSET if lane == 0 else _LANE_OFFSET) * width * scale)
    bottom = _row(height, scale)
    left, top = centre - size // 2, bottom - tall
    drawn = cv2.resize(body, (size, tall), interpolation=cv2.INTER_AREA)
    x0, x1, y0, y1 = max(left, 0), min(left + size, width), max(top, 0), min(bottom, height)
    if x0 < x1 and y0 < y1:
        part = drawn[y0 - top : y1 - top, x0 - left : x1 - left]
        solid = part[:, :, 3:] > 127
        np.copyto(picture[y0:y1, x0:x1], part[:, :, :3], where=solid)


def _row(height: int, scale: float) -> int:
    """Return the row of the picture where the road is at NEAR / `scale`."""
    return int(height * (_HORIZON + _DROP * scale))


def _body(vehicle: Vehicle, paint: tuple[int, int, int]) -> Picture:
    """Return a vehicle as the camera sees it, with its plate: blue, green, red, opacity. Yellow plates are lorries'."""
    body = np.zeros((_BODY[1], _BODY[0], 4), np.uint8)
    solid = (*paint, 255)
    dark = (*(int(c * 0.55) for c in paint), 255)
    if vehicle.colour == "yellow":
        _lorry(body, solid, dark)
    else:
        _car(body, solid, dark)
    lamp = (40, 40, 200, 255) if vehicle.away else (235, 245, 250, 255)
    for x in (95, 545):
        cv2.ellipse(body, (x, 265), (52, 26), 0, 0, 360, lamp, -1, cv2.LINE_AA)
    if not vehicle.away:
        cv2.rectangle(body, (190, 245), (450, 290), (35, 35, 35, 255), -1)
    plate = draw_plate(vehicle.plate, vehicle.colour)
    wide = 190 * plate.shape[1] // 440
    tall = wide * plate.shape[0] // plate.shape[1]
    x, y = (_BODY[0] - wide) // 2, 330
    body[y - 6 : y + tall + 6, x - 6 : x + wide + 6] = (30, 30, 30, 255)
    body[y : y + tall, x : x + wide, :3] = cv2.resize(plate, (wide, tall), interpolation=cv2.INTER_AREA)
    return body


def _car(body: Picture, solid: tuple[int, ...], dark: tuple[int, ...]) -> None:
    cv2.fillPoly(body, [np.array([(130, 30), (510, 30), (575, 215), (65, 215)])], dark)
    cv2.fillPoly(body, [np.array([(148, 45), (492, 45), (545, 205), (95, 205)])], (120, 105, 85, 255))
    cv2.rectangle(body, (30, 205), (610, 440), solid, -1)
    _wheels(body)
    cv2.rectangle(body, (30, 400), (610, 455), dark, -1)


def _lorry(body: Picture, solid: tuple[int, ...], dark: tuple[int, ...]) -> None:
    cv2.rectangle(body, (30, 0), (610, 440), solid, -1)
    cv2.rectangle(body, (65, 30), (575, 190), (120, 105, 85, 255), -1)
    cv2.line(body, (320, 30), (320, 190), dark, 8)
    _wheels(body)
    cv2.rectangle(body, (20, 400), (620, 470), dark, -1)


def _wheels(body: Picture) -> None:
    cv2.rectangle(body, (45, 430), (165, 515), (25, 25, 25, 255), -1)
    cv2.rectangle(body, (475, 430), (595, 515), (25, 25, 25, 255), -1)


def _ground(street: Street) -> Picture:
    """Return the street without vehicles, its name burnt in."""
    width, height = street.width, street.height
    rng = np.random.default_rng(street.seed)
    horizon = _row(height, 0)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:horizon] = np.linspace((215, 190, 160), (230, 225, 215), horizon, dtype=np.uint8)[:, None]
    picture[horizon:] = (95, 125, 105)
    x = 0
    while x < width:
        wide, tall = int(rng.integers(width // 16, width // 7)), int(rng.integers(horizon // 3, horizon))
        shade = int(rng.integers(120, 190))
        cv2.rectangle(picture, (x, horizon - tall), (x + wide, horizon), (shade, shade - 5, shade - 15), -1)
        x += wide + int(rng.integers(2, width // 20))
    middle = width // 2
    # The road's edges meet at the horizon and leave the picture at its lower corners.
    edge = int(width * 0.58)
    road = np.array([(middle - 4, horizon), (middle + 4, horizon), (middle + edge, height), (middle - edge, height)])
    cv2.fillPoly(picture, [road], (92, 90, 88))
    for metres in np.arange(_NEAR_M, _FAR_M * 2, 6.0):
        near, far = (_row(height, _NEAR_M / m) for m in (metres, metres + 3))
        half = max(int(width / 120 * _NEAR_M / metres), 1)
        cv2.rectangle(picture, (middle - half, far), (middle + half, near), (225, 225, 225), -1)
    if street.bus_lane:
        _paint_bus_lane(picture)
    for _ in range(10):
        side = int(rng.choice([-1, 1]))
        metres = float(rng.uniform(16, 80))
        scale = _NEAR_M / metres
        foot = (
            middle + int(side * width * (1.5 + rng.uniform(0, 0.8)) * scale),
            _row(height, scale),
        )
        crown = max(int(height * 0.7 * scale), 3)
        cv2.line(picture, foot, (foot[0], foot[1] - 2 * crown), (50, 70, 90), max(crown // 5, 1))
        cv2.circle(
            picture, (foot[0], foot[1] - 2 * crown), crown, (60, int(rng.integers(90, 130)), 70), -1, cv2.LINE_AA
        )
    _write(picture, street.name, (width // 50, height // 20), height / 900)
    return picture


def _paint_bus_lane(picture: Picture) -> None:
    """Paint a yellow line beside the right lane and, where there is a Chinese font, 公交 on it."""
    height, width = picture.shape[:2]

    def at(offset: float, metres: float) -> tuple[int, int]:
        scale = _NEAR_M / metres
        return int(width * (0.5 + offset * scale)), _row(height, scale)

    yellow = (40, 190, 235)
    cv2.fillPoly(picture, [np.array([at(0.05, 11), at(0.11, 11), at(0.11, 60), at(0.05, 60)])], yellow)
    if (face := font(160)) is None:
        return
    words = Image.new("L", (200, 440))
    pen = ImageDraw.Draw(words)
    for i, character in enumerate("公交"):
        pen.text((20, 220 * i), character, font=face, fill=255)
    corners = np.array([(0, 0), (200, 0), (200, 440), (0, 440)], np.float32)
    ground = np.array([at(0.3, 26), at(0.9, 26), at(0.9, 13), at(0.3, 13)], np.float32)
    turned = cv2.getPerspectiveTransform(corners, ground)
    mask = cv2.warpPerspective(np.asarray(words), turned, (width, height))[..., None] / 255
    picture[:] = (picture * (1 - mask) + np.array(yellow) * mask).astype(np.uint8)


def _write(picture: Picture, text: str, at: tuple[int, int], size: float) -> None:
    """Burn text in, white on a dark edge; `at` is its lower left corner."""
    if text.isascii():
        for colour, thick in (((0, 0, 0), 5), ((255, 255, 255), 2)):
            cv2.putText(
                picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, max(int(thick * size), 1), cv2.LINE_AA
            )
    elif (face := font(max(int(30 * size), 8))) is not None:
        image = Image.fromarray(picture)
        corner = (at[0], at[1] - int(32 * size))
        ImageDraw.Draw(image).text(corner, text, font=face, fill="white", stroke_width=2, stroke_fill="black")
        picture[:] = np.asarray(image)
