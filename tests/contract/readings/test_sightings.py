"""Sightings by plate, time, camera and colour, the same of every store (SPEC R190, R193)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from command.kernel.errors import InvalidInputError
from command.kernel.limits import READINGS_CAMERAS
from command.readings import Place, Readings, Sighting, SightingQuery, place_of
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import SPACE, asked, passage

PLATES = ["湘F12345", "湘F12346", "湘FD12345", "粤A12345", "湘F123警", "A[1]B", "A%_\\B"]
PATTERNS = [
    ("湘F12345", ["湘F12345"]),
    ("湘F1234?", ["湘F12346", "湘F12345"]),
    ("湘F*", ["湘F123警", "湘FD12345", "湘F12346", "湘F12345"]),
    ("*12345", ["粤A12345", "湘FD12345", "湘F12345"]),
    ("????345", ["粤A12345", "湘F12345"]),
    ("*警", ["湘F123警"]),
    ("湘*345", ["湘FD12345", "湘F12345"]),
    ("*F*3*", ["湘F123警", "湘FD12345", "湘F12346", "湘F12345"]),
    ("湘F12345*", ["湘F12345"]),
    ("湘F123456*", []),
    ("湘F1234", []),
    ("[湘粤]*", []),
    ("A[1]?", ["A[1]B"]),
    ("A%?\\B", ["A%_\\B"]),
    ("%F%", []),
    ("湘_12345", []),
    ("*\\*", ["A%_\\B"]),
    ("***", PLATES[::-1]),
    ("?", []),
]


async def test_plates_are_found_by_pattern_newest_first(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage(plate, number) for number, plate in enumerate(PLATES)])
    for pattern, found in PATTERNS:
        assert [s.plate for s in await readings.search(SPACE, asked(pattern))] == found, pattern
        assert [s.plate for s in await readings.sightings(SPACE, pattern, 0, 100, 10)] == found, pattern


async def test_who_stores_is_told_what_was_not_stored_before(readings: Readings) -> None:  # R844
    first, second, next_day = passage("湘F12345", 1), passage("湘F12346", 2), passage("湘F12345", DAY_MS)
    assert await readings.add_sightings(SPACE, [first]) == [first]
    assert await readings.add_sightings(SPACE, [first]) == []
    again = replace(first, confidence=0.1)
    assert await readings.add_sightings(SPACE, [next_day, again, second, second]) == [next_day, second]
    assert await readings.add_sightings("rehearsal", [first]) == [first]
    third = passage("湘F12347", 3)
    told = await asyncio.gather(*(readings.add_sightings(SPACE, [third, first]) for _ in range(5)))
    assert sorted(map(len, told)) == [0, 0, 0, 0, 1]
    await readings.forget(DAY_MS)
    assert await readings.add_sightings(SPACE, [first]) == []  # too old, and not stored


async def test_sightings_are_bounded_by_time_and_number(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage("湘F12345", t, camera) for t in (1, 2, 3) for camera in ("c1", "c2")])
    found = await readings.search(SPACE, asked("湘F12345", from_ms=2, to_ms=3, limit=3))
    assert [(s.first_ms, s.camera) for s in found] == [(3, "c1"), (3, "c2"), (2, "c1")]
    assert await readings.search(SPACE, asked(limit=-1)) == []
    assert await readings.search(SPACE, asked(from_ms=3, to_ms=2)) == []
    assert await readings.search(SPACE, asked(to_ms=-1)) == []


async def test_sightings_are_found_by_cameras_and_colour(readings: Readings) -> None:
    cameras = ["c1", "c2", "C2", "c10", "c'3"]
    seen = [
        replace(passage(plate, day * DAY_MS + number, camera), colour=colour)
        for day in (1, 2, 40)
        for number, camera in enumerate(cameras)
        for plate, colour in (("湘F12345", "blue"), ("湘FD12345", "green"))
    ]
    await readings.add_sightings(SPACE, seen)

    async def found(query: SightingQuery) -> list[Sighting]:
        answer = await readings.search(SPACE, query)
        assert answer == sorted(answer, key=lambda s: (-s.first_ms, s.camera, s.plate))
        return answer

    assert len(await found(asked())) == len(seen)
    for wanted in (("c1",), ("c1", "c'3", "c1", "nobody"), tuple(cameras), ()):
        assert {*await found(asked(cameras=wanted))} == {s for s in seen if s.camera in wanted}
    assert {*await found(asked(cameras=("c2", "c10"), colour="green"))} == {
        s for s in seen if s.camera in ("c2", "c10") and s.colour == "green"
    }
    assert {*await found(asked("*D*", cameras=("c2",)))} == {
        s for s in seen if s.camera == "c2" and s.colour == "green"
    }
    assert len(await found(asked("湘FD12345", cameras=("c2", "c1"), from_ms=2 * DAY_MS))) == 4
    assert len(await found(asked(cameras=tuple(f"c{n}" for n in range(READINGS_CAMERAS)), limit=7))) == 7


async def test_everything_read_of_a_plate_is_kept(readings: Readings) -> None:  # R560
    full = replace(
        passage("粤BD12345", 5), colour="yellow_green", kind="new_energy_large", rows=2, direction="left", lane=2,
        heading_deg=271.5, source="viid", char_confidences=(0.5, 0.999, 1.0, 0.0, 0.123, 0.25, 0.75, 0.125),
        picture="a" * 64, box=(1, 2, 3, 4),
    )  # fmt: skip
    plain = passage("湘F12345", 4)
    await readings.add_sightings(SPACE, [full, plain, replace(plain, first_ms=3, char_confidences=(0.12345,))])
    assert await readings.search(SPACE, asked()) == [
        replace(full, char_confidences=(0.5, 0.999, 1.0, 0.0, 0.123, 0.25, 0.75, 0.125)),
        plain,
        replace(plain, first_ms=3, char_confidences=(0.123,)),
    ]


async def test_sightings_are_found_by_kind_and_direction(readings: Readings) -> None:  # R560
    seen = [
        replace(passage(f"湘F1000{n}", n), kind=kind, direction=direction, heading_deg=heading)
        for n, (kind, direction, heading) in enumerate((
            ("ordinary", None, None), ("police", "towards", 0.0), ("police", "away", 180.0),
            ("ordinary", "away", 350.0), ("coach", "left", 45.0),
        ))
    ]  # fmt: skip
    await readings.add_sightings(SPACE, seen)

    async def found(**terms: Any) -> list[int]:
        return [s.first_ms for s in await readings.search(SPACE, asked(**terms))]

    assert await found(kind="police") == [2, 1]
    assert await found(direction="away") == [3, 2]
    assert await found(kind="police", direction="away") == [2]
    assert await found(headings=(315.0, 45.0)) == [4, 3, 1]
    assert await found(headings=(45.0, 315.0)) == [4, 2]
    assert await found(headings=(0.0, 360.0)) == [4, 3, 2, 1]
    assert await found(plate="湘F1000?", headings=(180.0, 180.0), cameras=("c1",)) == [2]
    with pytest.raises(InvalidInputError):
        await readings.search(SPACE, asked(headings=(0.0, float("nan"))))


async def test_pages_join_without_a_gap_or_anything_twice(readings: Readings) -> None:  # R193
    seen = [
        passage(plate, day * DAY_MS + second * 700_000, camera)
        for day in (3, 4)
        for second in range(3)
        for camera in ("c1", "c2", "c3")
        for plate in ("湘F12345", "湘F12355")
    ]
    await readings.add_sightings(SPACE, seen)
    in_order = sorted(seen, key=lambda s: (-s.first_ms, s.camera, s.plate))
    ways: list[dict[str, Any]] = [
        {},
        {"cameras": ("c1", "c2", "c3")},
        {"plate": "湘*"},
        {"plate": "*5"},
        {"plate": "*1*"},
    ]
    for way in ways:
        pages: list[Sighting] = []
        after: Place | None = None
        while page := await readings.search(SPACE, asked(**way, limit=5, after=after)):
            pages += page
            after = place_of(page[-1])
            # What is seen meanwhile is newer, and moves nothing.
            await readings.add_sightings(SPACE, [passage("粤F12345", (9 + len(pages)) * 1000 + 5 * DAY_MS, "c9")])
        assert [s for s in pages if s.camera != "c9"] == in_order, way
        assert len({place_of(s) for s in pages}) == len(pages)


async def test_a_pattern_of_no_use_is_refused(readings: Readings) -> None:
    for pattern in ("", "湘F" + "?" * 20, "湘\x00", "湘\ud800*", "\n"):
        with pytest.raises(InvalidInputError):
            await readings.search(SPACE, asked(pattern))


async def test_a_pattern_made_to_take_long_does_not(readings: Readings) -> None:
    await readings.add_sightings(SPACE, [passage("A" * 16, number) for number in range(500)])
    assert await readings.search(SPACE, asked("*A*A*A*A*A*A*A*B")) == []
