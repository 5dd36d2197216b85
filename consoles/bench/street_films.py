"""Films of a street with one car after the other, made of photos of cars in motion or of drawn ones, and coded once."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from edge.simulators.street_video import Street, Vehicle, pictures
from streams.plates.picture import Picture, decode_picture
from streams.plates.reader import PlateReader
from streams.plates.track import Box

FRAMES_PER_S = 25
PASSAGE_S = 5
_FRAMES = PASSAGE_S * FRAMES_PER_S
_KEY_EVERY = 2 * FRAMES_PER_S
# Within the passage: the street is still before the car comes and after it has gone.
_ENTERS, _LEAVES = 15, 90
_DRAWN_S, _DRAWN_PER_S = 9, 9
_NOISE = 2.5
_NOISES = 7
# Narrow: plates at the very edge of a photo are to be read too.
_FEATHER = 0.02
_MISREAD_CHARS = 3
# A look at so much of a photo's width and height, at each corner, shows plates too small for a look at the whole.
_CORNER = 0.6
_COVER_MORE = 0.3
_OFFICES = "ABCDEFGHJKLMNP"
# Without 0, D, O and Q, which the usual fonts draw more alike than those of plates.
_SERIALS = "ABCEFGHJKLMNPRSTUVWXYZ123456789"

Coded = tuple[tuple[bytes, bool], ...]
"""Access units of H.264 (Annex B), and whether each is a key frame."""


@dataclass(frozen=True)
class Car:
    """One that passes: its plate, and its photo; drawn where there is none.

    `covered` are the plates of other cars in the photo, which its film does not show.
    """

    plate: str
    photo: Path | None = None
    covered: tuple[Box, ...] = ()

    def __str__(self) -> str:
        return f"{self.plate} ({self.photo.name if self.photo else 'drawn'})"


def cars(labels: Path | None, count: int) -> list[Car]:
    """Return so many cars with photos of a file of labels (columns file, kind, plate), else drawn; always the same.

    Raises `InvalidInputError` for a file that cannot be read or names no photo.
    """
    chance = np.random.default_rng(36)
    if labels is None:
        serials = ("".join(chance.choice(list(_SERIALS), 4)) for _ in range(count))
        return [Car(f"湘{chance.choice(list(_OFFICES))}{i % 9 + 1}{serial}") for i, serial in enumerate(serials)]
    try:
        with labels.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        photos = [
            Car(ga36.strip_separators(row["plate"]), labels.parent / row["file"])
            for row in rows
            if row["kind"] == "full" and row["plate"] and row["file"]
        ]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise InvalidInputError(f"{labels}: {error}") from error
    if not photos:
        raise InvalidInputError(f"{labels}: it names no photo (kind full)")
    order = chance.permutation(len(photos))
    return [photos[order[i % len(photos)]] for i in range(count)]


def each_alone(passing: Sequence[Car]) -> list[Car]:
    """Return the cars, each with what is to be covered, so that its plate is the only one in its film. Blocking.

    Labels name one plate for each photo, and some photos show several cars: of the others it could not be told whether
    they were read rightly. The labelled one is what looks most like its label; where nothing does, nothing is covered.
    """
    if not any(car.photo for car in passing):
        return list(passing)
    reader = PlateReader()
    photos = {(car.plate, car.photo) for car in passing if car.photo}
    covered = {(plate, photo): _plates_beside(reader, _photo(photo), plate) for plate, photo in photos}
    return [Car(car.plate, car.photo, covered[car.plate, car.photo]) if car.photo else car for car in passing]


def _plates_beside(reader: PlateReader, photo: Picture, plate: str) -> tuple[Box, ...]:
    """Return where in a photo plates of other cars are, however sure they are read."""
    height, width = photo.shape[:2]
    tall, wide = round(height * _CORNER), round(width * _CORNER)
    seen = [(read.plate, read.box) for read in reader.read(photo)]
    for top, left in itertools.product((0, height - tall), (0, width - wide)):
        for read in reader.read(np.ascontiguousarray(photo[top : top + tall, left : left + wide])):
            x, y, across, down = read.box
            seen.append((read.plate, (x + left, y + top, across, down)))
    own_differs, own = min(
        ((_characters_that_differ(read, plate), box) for read, box in seen), default=(len(plate), None)
    )
    if own is None or own_differs > _MISREAD_CHARS:
        return ()
    return tuple(box for _, box in seen if not _is_within(own, box))


def _is_within(box: Box, other: Box) -> bool:
    """Say whether the middle of a box lies in another: they are of one plate."""
    x, y, width, height = other
    return x <= box[0] + box[2] / 2 < x + width and y <= box[1] + box[3] / 2 < y + height


def _characters_that_differ(plate: str, other: str) -> int:
    return sum(a != b for a, b in zip(plate, other, strict=False)) + abs(len(plate) - len(other))


class Films:
    """Codes a street of a size. Blocking."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        street = Street(name="bench", vehicles=(), seconds=1, width=width, height=height, fps=1)
        self._street = next(pictures(street))
        chance = np.random.default_rng(8)
        noise = [chance.normal(0, _NOISE, (height, width, 1)).round().repeat(3, 2) for _ in range(_NOISES)]
        self._noise = [(one.clip(0).astype(np.uint8), (-one).clip(0).astype(np.uint8)) for one in noise]

    def still(self) -> Coded:
        """Return as long a film as a passage in which nothing passes."""
        return self._coded([None] * _FRAMES)

    def passage(self, number: int, car: Car) -> Coded:
        """Return a film of a car that comes nearer or, every third, crosses; the street is still before and after."""
        driving = self._drawn(car) if car.photo is None else self._photographed(number, shown(car.photo, car.covered))
        return self._coded(itertools.chain([None] * _ENTERS, driving, [None] * (_FRAMES - _LEAVES)))

    def _drawn(self, car: Car) -> Iterator[Picture]:
        """Draw it driving at thrice its usual speed, so that it has passed in time."""
        vehicle = Vehicle(car.plate, "green" if len(car.plate) == 8 else "blue", 0.0, 1)
        street = Street(
            name="bench", vehicles=(vehicle,), seconds=_DRAWN_S,
            width=self._size[0], height=self._size[1], fps=_DRAWN_PER_S,
        )  # fmt: skip
        drawn = list(pictures(street))
        return (drawn[i * len(drawn) // (_LEAVES - _ENTERS)] for i in range(_LEAVES - _ENTERS))

    def _photographed(self, number: int, photo: Picture) -> Iterator[Picture]:
        soft = _soft_edges(photo)
        (width, height), chance = self._size, np.random.default_rng(number)
        fit = min(width / photo.shape[1], height / photo.shape[0])
        aside = chance.uniform(-0.2, 0.2) * width
        for step in range(_LEAVES - _ENTERS):
            along = step / (_LEAVES - _ENTERS - 1)
            if number % 3 == 2:
                scale = fit * 0.7
                beyond = width / 2 + photo.shape[1] * scale / 2
                middle = (width / 2 + beyond * (2 * along - 1) * (-1) ** number, height * 0.55)
            else:
                scale = fit * 0.22 * (4.5**along)
                middle = (width / 2 + aside * along, height * (0.35 + 0.2 * along))
            yield self._placed(photo, soft, scale, middle)

    def _placed(self, photo: Picture, soft: NDArray[np.float32], scale: float, middle: tuple[float, float]) -> Picture:
        """Return the street with a photo in it, its edges blended."""
        width, height = (max(2, round(side * scale)) for side in photo.shape[1::-1])
        left, top = round(middle[0] - width / 2), round(middle[1] - height / 2)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        x0, x1 = max(0, left), min(self._size[0], left + width)
        y0, y1 = max(0, top), min(self._size[1], top + height)
        placed = self._street.copy()
        if x0 < x1 and y0 < y1:
            inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
            shown = np.ascontiguousarray(cv2.resize(photo, (width, height), interpolation=way)[inside])
            share = np.ascontiguousarray(cv2.resize(soft, (width, height))[inside])
            street = np.ascontiguousarray(placed[y0:y1, x0:x1])
            placed[y0:y1, x0:x1] = cv2.blendLinear(shown, street, share, 1 - share)
        return placed

    def _coded(self, frames: Iterable[Picture | None]) -> Coded:
        """Return frames through a sensor with noise, coded as street cameras do; None is the empty street."""
        encoder = av.VideoCodecContext.create("libx264", "w")
        encoder.width, encoder.height = self._size
        encoder.pix_fmt, encoder.time_base, encoder.framerate = (
            "yuv420p",
            Fraction(1, FRAMES_PER_S),
            Fraction(FRAMES_PER_S),
        )
        encoder.thread_count = 1  # several films are coded at once
        encoder.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "crf": "25",
            "x264-params": f"keyint={_KEY_EVERY}:min-keyint={_KEY_EVERY}:scenecut=0:repeat-headers=1:bframes=0",
        }
        coded: list[tuple[bytes, bool]] = []
        for number, picture in enumerate(frames):
            more, less = self._noise[number % _NOISES]
            noisy = cv2.subtract(cv2.add(self._street if picture is None else picture, more), less)
            frame = av.VideoFrame.from_ndarray(noisy.astype(np.uint8, copy=False), format="bgr24")
            frame.pts = number
            coded += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
        coded += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
        return tuple(coded)

    def write(self, path: Path, parts: Sequence[Coded]) -> None:
        """Write films one after the other as a file that cameras play."""
        with av.open(str(path), "w", format="mpegts") as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_S)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = self._size
            stream.pix_fmt = "yuv420p"
            number = 0
            for part in parts:
                for data, is_key in part:
                    packet = av.Packet(data)
                    packet.stream, packet.time_base = stream, Fraction(1, FRAMES_PER_S)
                    packet.pts = packet.dts = number
                    packet.is_keyframe = is_key
                    container.mux(packet)
                    number += 1


def _photo(file: Path) -> Picture:
    try:
        return decode_picture(file.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


def shown(file: Path, covered: Sequence[Box]) -> Picture:
    """Return a photo in which some places are one patch of what is there and around them."""
    photo = _photo(file)
    height, width = photo.shape[:2]
    for x, y, across, down in covered:
        more_x, more_y = round(across * _COVER_MORE), round(down * _COVER_MORE)
        place = np.s_[
            max(0, y - more_y) : min(height, y + down + more_y), max(0, x - more_x) : min(width, x + across + more_x)
        ]
        photo[place] = photo[place].mean(axis=(0, 1)).round()
    return photo


def _soft_edges(photo: Picture) -> NDArray[np.float32]:
    """Return how much of a photo is seen at each pixel, 0…1: all but towards its edges."""
    height, width = photo.shape[:2]
    across = np.minimum(np.arange(width), np.arange(width)[::-1]) / (width * _FEATHER)
    down = np.minimum(np.arange(height), np.arange(height)[::-1]) / (height * _FEATHER)
    soft: NDArray[np.float32] = np.minimum(across.clip(0, 1)[None, :], down.clip(0, 1)[:, None]).astype(np.float32)
    return soft
