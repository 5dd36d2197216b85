"""What bench plates makes of the passages that were told."""

from __future__ import annotations

from pathlib import Path

from command.readings import Sighting
from consoles.bench.passages_judged import Turn, judge
from consoles.bench.report import Report
from consoles.bench.street_films import Car

MINE = Turn("a", 10_000, Car("湘F12345", Path("photos/mine.jpg")))
NEXT = Turn("a", 15_000, Car("湘F67890", Path("photos/next.jpg")))
THERE = Turn("b", 10_000, Car("湘FAAAAA"))
TURNS = (MINE, NEXT, THERE)


def told(camera: str, plate: str) -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=0, last_ms=0, reads=3, confidence=0.613,
        char_confidences=(1.0, 0.613, 1.0, 1.0, 1.0, 1.0, 1.0),
    )  # fmt: skip


def test_a_car_is_read_once_however_often_it_is_told() -> None:
    judged = judge(TURNS, [(10_500, told("a", "湘F12345")), (12_000, told("a", "湘F12345"))])
    assert (judged.read, judged.again, judged.wrong) == (1, 1, ())
    assert judged.missed == (NEXT, THERE)


def test_what_is_no_car_of_that_turn_is_wrong() -> None:
    stray = [
        (10_500, told("a", "湘F12845")),  # misread
        (10_500, told("b", "湘F12345")),  # before another camera
        (17_000, told("a", "湘F12345")),  # later than it can be told
        (3_000, told("a", "湘F12345")),  # earlier than it came
    ]
    judged = judge(TURNS, stray)
    assert [(one.at_ms, one.sighting.plate) for one in judged.wrong] == [(at_ms, one.plate) for at_ms, one in stray]
    assert judged.read == 0


def test_where_two_turns_meet_either_car_may_be_told() -> None:
    judged = judge(TURNS, [(15_200, told("a", "湘F12345")), (14_800, told("a", "湘F67890"))])
    assert (judged.read, judged.wrong, judged.missed) == (2, (), (THERE,))


def test_people_are_shown_file_expected_told_and_confidence_and_programs_are_not() -> None:  # R703
    judged = judge(TURNS, [(10_500, told("a", "湘F12845")), (1, told("a", "湘B1"))])
    report = Report("plates", {"wrong": 1}, (), judged.as_lines())
    assert report.as_json() == {"wrong": 1, "cpu_us_per_item": {}}
    shown = report.as_lines()
    [misread] = [line for line in shown if "wrong: 湘F12845" in line]
    assert "湘F12345 (mine.jpg)" in misread
    assert "0.613" in misread
    assert any("wrong: 湘B1 " in line and "expected nothing" in line for line in shown)
    assert [line.strip() for line in shown if "missed" in line] == [
        "missed: 湘F12345 (mine.jpg) at 10.0 s before a",
        "missed: 湘F67890 (next.jpg) at 15.0 s before a",
        "missed: 湘FAAAAA (drawn) at 10.0 s before b",
    ]
