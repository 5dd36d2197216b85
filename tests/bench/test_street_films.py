"""Films of cars that pass: whose cars, and what is in them."""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from consoles.bench.street_films import FRAMES_PER_S, PASSAGE_S, Car, Films, cars
from consoles.cli import bench

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
