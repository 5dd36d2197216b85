"""Plates of every kind, drawn into real photos, and things that look like plates."""

from __future__ import annotations

import random
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


EVERY_KIND: list[tuple[ga36.PlateKind, PlateColour, int]] = [
    ("ordinary", "blue", 1), ("ordinary", "yellow", 1), ("ordinary", "black", 1), ("ordinary", "yellow", 2),
    ("new_energy_small", "green", 1), ("new_energy_large", "yellow_green", 1), ("police", "white", 1),
    ("trailer", "yellow", 2), ("coach", "yellow", 1), ("hong_kong_macau", "black", 1), ("embassy", "black", 1),
    ("consulate", "black", 1), ("temporary", "white", 1), ("emergency", "white", 1),
]  # fmt: skip
SERIAL_DIGITS = 3
"""On the road most characters of serials are digits."""


def any_plate(chance: random.Random, kind: ga36.PlateKind) -> str:
    """Some plate of a kind; of the retired series of the police none."""
    plate = ""
    for chars in chance.choice(ga36.FORMATS_BY_KIND[kind]):
        likely = chars.replace("O", "") + (ga36.DIGITS * SERIAL_DIGITS if ga36.DIGITS in chars else "")
        plate += chance.choice(likely)
    return plate


def put_somewhere(number: int, image: Picture) -> Picture:
    photo, place = scenes()[number % len(scenes())]
    return drawn.put_in_place(photo, place, image)


def test_plates_of_every_kind_are_read_whatever_they_say(reader: PlateReader) -> None:  # R833
    chance = random.Random(36)
    missed, told_wrongly = [], []
    for number, (kind, colour, rows) in enumerate(EVERY_KIND * 5):
        plate = any_plate(chance, kind)
        reads = reader.read(put_somewhere(number, drawn.draw_plate(plate, colour, rows)))
        if (plate, kind, rows) not in [(read.plate, read.kind, read.rows) for read in reads]:
            missed.append((plate, reads))
        told_wrongly += [(plate, read) for read in reads if read.plate != plate and read.confidence >= 0.9]
    assert told_wrongly == []
    assert len(missed) <= 0.05 * len(EVERY_KIND * 5), missed


@pytest.mark.parametrize("across_provinces", [False, True])
def test_temporary_plates_are_read_from_their_paper(reader: PlateReader, across_provinces: bool) -> None:  # R833
    chance = random.Random(36)
    for number in range(4):
        plate = any_plate(chance, "temporary")
        paper = drawn.draw_temporary(plate, across_provinces=across_provinces)
        assert [(read.plate, read.kind) for read in reader.read(put_somewhere(number, paper))] == [(plate, "temporary")]


@pytest.mark.parametrize("colour", ["yellow", "blue"])
def test_motorcycles_plates_are_read(reader: PlateReader, colour: PlateColour) -> None:  # R833
    chance = random.Random(36)
    for number in range(4):
        plate = any_plate(chance, "ordinary")
        reads = reader.read(put_somewhere(number, drawn.draw_motorcycle(plate, colour)))
        assert [(read.plate, read.rows, read.colour) for read in reads] == [(plate, 2, colour)]


OF_OTHER_STANDARDS = ["WJ湘1234X", "WJ粤0572B", "空A15270", "北C65459", "VA53296", "KB93508", "军K83156", "广V98851"]
TRACTORS = ["湘0197583", "川015BKWZ", "川01Y831A", "湘0612345", "皖1123407", "粤8812345"]


def test_plates_of_forces_and_tractors_are_read_as_no_others(reader: PlateReader) -> None:  # R833
    for number, plate in enumerate(OF_OTHER_STANDARDS):
        assert reader.read(put_somewhere(number, drawn.draw_plate(plate, "white"))) == [], plate
    for number, plate in enumerate(TRACTORS):
        assert reader.read(put_somewhere(3 * number, drawn.draw_tractor(plate))) == [], plate
        assert reader.read_crop(drawn.draw_tractor(plate)) is None, plate


def test_a_plate_of_two_lines_is_read_from_its_crop(reader: PlateReader) -> None:  # R501
    read = reader.read_crop(drawn.draw_plate("冀B7H456", "yellow", 2))
    assert read is not None
    assert (read.plate, read.rows) == ("冀B7H456", 2)


def test_scenes_whose_plate_is_gone_show_none(reader: PlateReader) -> None:
    assert len(scenes()) >= 8
    for photo, place in scenes():
        assert reader.read(drawn.without_plate(photo, place)) == []


def test_shop_names_telephone_numbers_and_adverts_are_no_plates(reader: PlateReader) -> None:  # R503
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
