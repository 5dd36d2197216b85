"""Films of cars that pass: whose cars, what is in them, and that readers who may take their time miss none."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.readings import Sighting
from consoles.bench.street_films import FRAMES_PER_S, PASSAGE_S, Car, Coded, Films, cars, each_alone, shown
from consoles.cli import bench
from streams.plates.picture import Picture
from streams.plates.read import Looked
from streams.plates.reader import PlateReader
from streams.plates.watcher import PlateWatcher
from tests.paths import shared
from tests.streams.plates import material

HEADER = "file\tkind\tplate\n"


def test_drawn_cars_have_plates_that_are_issued_and_are_the_same_each_time() -> None:
    drawn = cars(None, 30)
    assert drawn == cars(None, 30)
    assert all(ga36.is_plausible(car.plate) and car.photo is None for car in drawn)
    assert len({car.plate for car in drawn}) == 30


def test_photographed_cars_are_those_of_whole_photos_again_and_again(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text(HEADER + "a.jpg\tfull\t湘F·12345\nb.jpg\tcrop\t湘F54321\nc.jpg\tfull\n", encoding="utf-8")
    assert cars(labels, 2) == [Car("湘F12345", tmp_path / "a.jpg")] * 2


@pytest.mark.parametrize("text", [None, "", HEADER, "file\tplate\na\t湘F12345\n", HEADER + "b.jpg\tcrop\t湘F54321\n"])
def test_labels_that_name_no_photo_are_refused_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    labels = tmp_path / "labels.tsv"
    if text is not None:
        labels.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError):
        cars(labels, 1)
    parser = argparse.ArgumentParser()
    bench.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["bench", "plates", "--quick", "--plates", str(labels)])
    assert arguments.run(arguments) == 2
    assert str(labels) in capsys.readouterr().err


def test_a_film_is_a_street_with_a_photo_that_comes_nearer_and_goes(tmp_path: Path) -> None:
    photo = tmp_path / "red.png"
    cv2.imwrite(str(photo), np.full((120, 160, 3), (0, 0, 255), np.uint8))
    films = Films(320, 180)
    path = tmp_path / "film.ts"
    films.write(path, [films.still(), films.passage(0, Car("湘F12345", photo))])
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="bgr24").astype(int) for frame in container.decode(video=0)]
    assert len(pictures) == 2 * PASSAGE_S * FRAMES_PER_S
    red = [int(np.sum(picture[:, :, 2] - picture[:, :, 1] > 120)) for picture in pictures]
    assert max(red[:140]) == max(red[-30:]) == 0
    assert 0 < red[145] < red[175] < red[205]


def test_a_photo_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="absent"):
        Films(64, 36).passage(0, Car("湘F12345", tmp_path / "absent.jpg"))


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    cv2.setNumThreads(1)
    return PlateReader()


class Unhurried:
    """A reader that is waited for: what it reads does not depend on how busy the machine is."""

    def __init__(self, reader: PlateReader) -> None:
        self._reader = reader

    async def look(self, camera: str, frame: Picture) -> Looked:
        return self._reader.look(frame)


def played(coded: Coded) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield the frames of a film and their instants, in milliseconds."""
    decoder = av.VideoCodecContext.create("h264", "r")
    packets = (*(av.Packet(data) for data, _ in coded), None)
    frames = (frame for packet in packets for frame in decoder.decode(packet))
    return ((number * 1000 // FRAMES_PER_S, frame) for number, frame in enumerate(frames))


async def told(reader: PlateReader, coded: Coded) -> list[str]:
    """Return the plates that are told of a film."""
    passages: list[str] = []

    async def on_passage(sighting: Sighting, _jpeg: bytes) -> None:
        passages.append(sighting.plate)

    watcher = PlateWatcher(Unhurried(reader), on_passage)
    for at_ms, frame in played(coded):
        if watcher.is_due("street", at_ms):
            await watcher.frame("street", frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False), at_ms)
    await watcher.forget("street")
    return passages


@pytest.fixture(scope="module")
def films() -> Films:
    return Films(960, 540)


@pytest.mark.parametrize("number", range(2))
async def test_a_drawn_car_is_told_once_and_rightly(reader: PlateReader, films: Films, number: int) -> None:  # R705
    car = cars(None, 2)[number]
    assert await told(reader, films.passage(number, car)) == [car.plate]


@pytest.mark.data
@pytest.mark.parametrize("number", range(8))
async def test_a_photographed_car_is_told_once_and_rightly(
    reader: PlateReader, films: Films, number: int
) -> None:  # R705
    """Every third crosses, the others come nearer: the cars with which `bench plates` begins, in smaller films."""
    [car] = each_alone([cars(shared("data/plates/labels.tsv"), 8)[number]])
    assert await told(reader, films.passage(number, car)) == [car.plate]


@pytest.mark.data
@pytest.mark.parametrize("number", [13, 18])
async def test_a_car_whose_plate_is_too_small_is_told_as_no_other(
    reader: PlateReader, films: Films, number: int
) -> None:  # R702
    car = cars(shared("data/plates/labels.tsv"), 19)[number]
    assert await told(reader, films.passage(number, car)) in ([], [car.plate])


@pytest.mark.data
def test_the_labelled_plate_is_the_only_one_in_a_film(reader: PlateReader, tmp_path: Path) -> None:  # R704
    left, right = (cv2.resize(material.photo(plate), (640, 480)) for plate in ("川A88888", "皖AYL375"))
    both, alone = tmp_path / "both.png", tmp_path / "alone.png"
    cv2.imwrite(str(both), np.hstack([left, right]))
    cv2.imwrite(str(alone), left)
    misread, whole, unlike, drawn = each_alone(
        [Car("川A86888", both), Car("川A88888", alone), Car("湘F12345", both), Car("湘F12345")]
    )
    assert {read.plate for read in reader.read(shown(both, misread.covered))} == {"川A88888"}
    assert (whole.covered, unlike.covered, drawn.covered) == ((), (), ())
