"""Plates of every kind, drawn into real photos, and things that look like plates."""

from __future__ import annotations

from functools import cache

import cv2
import pytest

from command.kernel import ga36
from command.readings import PlateColour
from streams.plates.picture import Picture
from streams.plates.read import Read
from streams.plates.reader import PlateReader
from tests.streams.plates import drawn, material

pytestmark = pytest.mark.data

KINDS: list[tuple[str, PlateColour, int]] = [
    ("湘F3K572", "blue", 1),
    ("鲁B73415", "yellow", 1),
    ("京AD34567", "green", 1),
    ("苏E34567D", "yellow_green", 1),
    ("川A2345警", "white", 1),
    ("豫A3456学", "yellow", 1),
    ("粤ZK917港", "black", 1),
    ("粤ZF349澳", "black", 1),
    ("使224578", "black", 1),
    ("224578使", "black", 1),
    ("沪A0490领", "black", 1),
    ("浙A3K57临", "white", 1),
    ("湘X3456应急", "white", 1),
    ("冀B7H456", "yellow", 2),
    ("鲁B3456挂", "yellow", 2),
]

SIGNS = [
    "京华A88888店", "粤菜B12345馆", "川味A5678楼", "湘满楼A12345", "电话13812345678", "TEL:0731-88886666",
    "岳阳路123号", "订餐热线8822133", "鲁班装饰A座1203", "豫园B88商铺", "新A8酒店8888", "苏宁A12345电器", "沪B5678停车",
    "限高3.5米", "公交K12路", "桂林米粉88", "A区B12345", "吉祥A8888馄饨", "藏A12345密室", "晋商B66666",
    "货厢长9.6M×2.4", "XGJ-2188", "DONGFENG", "长征A12345", "川A美食88", "湘菜13974012345", "海大宾馆88888",
    "京东A12B34仓",
]  # fmt: skip
BADGES = ("GS8", "HONDA", "BYD", "A6L 45", "WULING")


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    cv2.setNumThreads(1)
    return PlateReader()


@cache
def scenes() -> list[tuple[Picture, Read]]:
    """Photos of one car each, and where its plate is."""
    reader = PlateReader()
    found = []
    for file, plate in material.labelled("full")[::12]:
        picture = cv2.imread(str(file))
        if picture is None or max(picture.shape) > 1400:  # larger ones show several cars
            continue
        shown = picture.astype("uint8", copy=False)
        found += [(shown, read) for read in reader.read(shown) if read.plate == plate]
    return found


@pytest.mark.parametrize(("plate", "colour", "rows"), KINDS, ids=[plate for plate, _, _ in KINDS])
def test_every_kind_is_read_and_named(reader: PlateReader, plate: str, colour: PlateColour, rows: int) -> None:
    for photo, place in scenes()[:2]:
        reads = reader.read(drawn.put_in_place(photo, place, drawn.draw_plate(plate, colour, rows)))
        assert [read.plate for read in reads] == [plate]
        [read] = reads
        assert (read.kind, read.rows) == (ga36.kind_of(plate), rows)
        assert len(read.char_confidences) == len(plate)
        assert read.colour in {colour, "unknown"}


def test_a_plate_of_two_lines_is_read_from_its_crop(reader: PlateReader) -> None:
    read = reader.read_crop(drawn.draw_plate("冀B7H456", "yellow", 2))
    assert read is not None
    assert (read.plate, read.rows) == ("冀B7H456", 2)


def test_scenes_whose_plate_is_gone_show_none(reader: PlateReader) -> None:
    assert len(scenes()) >= 8
    for photo, place in scenes():
        assert reader.read(drawn.without_plate(photo, place)) == []


def test_shop_names_telephone_numbers_and_adverts_are_no_plates(reader: PlateReader) -> None:
    inks = list(drawn.INKS.values())
    read = []
    for number, text in enumerate(SIGNS):
        sign = drawn.draw_sign(text, *inks[number % len(inks)])
        read += [one for one in [reader.read_crop(sign)] if one]
        if number % 2:
            photo, place = scenes()[number % len(scenes())]
            share = (1.1, 2.5)[number // 2 % 2]
            read += reader.read(drawn.put_over(drawn.without_plate(photo, place), place, sign, share))
    assert read == []


def test_grilles_with_badges_are_no_plates(reader: PlateReader) -> None:
    for number in range(10):
        assert reader.read(drawn.draw_grille(number, BADGES[number % len(BADGES)])) == []


def test_upside_down_nothing_is_read_wrongly(reader: PlateReader) -> None:
    for photo, _ in scenes()[:6]:
        assert reader.read(cv2.rotate(photo, cv2.ROTATE_180).astype("uint8", copy=False)) == []
