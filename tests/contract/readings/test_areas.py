"""Who was in an area, the same of every store (SPEC R192)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import READINGS_AREA_CORNERS
from command.patrol.sos import stand_in
from command.readings import AreaQuery, CallForHelp, Presence, Readings
from command.readings import area as area_module
from command.readings.bounds import DAY_MS
from tests.contract.readings.samples import NOON, SPACE, box, fix


async def test_devices_are_found_by_area_and_time(readings: Readings) -> None:  # R192
    await readings.add_positions(
        SPACE,
        [
            fix(NOON, "inside", 29.105, 113.105), fix(NOON + 10, "inside", 29.106, 113.105),
            fix(NOON + 20, "inside", 29.3, 113.105), fix(NOON + DAY_MS, "inside", 29.105, 113.105),
            fix(NOON, "on the border", 29.1, 113.105), fix(NOON, "on the corner", 29.1, 113.1),
            fix(NOON, "beside", 29.0999, 113.105), fix(NOON, "far", -29.1, -113.1),
            fix(NOON - 1, "before", 29.105, 113.105), fix(NOON + 2 * DAY_MS, "after", 29.105, 113.105),
        ],
    )  # fmt: skip
    found = await readings.devices_in(SPACE, box(29.1, 113.1, 29.11, 113.11, NOON, NOON + DAY_MS))
    assert found == [
        Presence("inside", NOON, NOON + DAY_MS, 3),
        Presence("on the border", NOON, NOON, 1),
        Presence("on the corner", NOON, NOON, 1),
    ]
    assert await readings.devices_in(SPACE, box(29.1, 113.1, 29.11, 113.11, NOON, NOON - 1)) == []


async def test_an_area_is_its_polygon_not_the_box_around_it(readings: Readings) -> None:  # R192
    await readings.add_positions(SPACE, [fix(1, "notch", 29.15, 113.15), fix(1, "arm", 29.02, 113.15)])
    letter_l = ((113.0, 29.0), (113.2, 29.0), (113.2, 29.05), (113.05, 29.05), (113.05, 29.2), (113.0, 29.2))
    found = await readings.devices_in(SPACE, AreaQuery(ring=letter_l, from_ms=0, to_ms=9))
    assert [presence.device for presence in found] == ["arm"]


async def test_areas_reach_to_the_edges_of_the_globe(readings: Readings) -> None:  # R192
    corners = [(-90.0, -180.0), (90.0, 180.0), (0.0, 0.0)]
    await readings.add_positions(SPACE, [fix(n, f"d{n}", *corner) for n, corner in enumerate(corners)])
    for south, west, device in ((-90.0, -180.0, "d0"), (89.9, 179.9, "d1"), (0.0, -0.1, "d2")):
        assert [p.device for p in await readings.devices_in(SPACE, box(south, west, south + 0.1, west + 0.1))] == [
            device
        ]


async def test_a_device_is_told_by_itself_between_its_turns(readings: Readings) -> None:  # R1032
    await readings.add_positions(SPACE, [fix(at_ms, device) for at_ms in range(10) for device in ("d1", "d2")])
    query = replace(box(29, 113, 30, 114), turns={"d1": (3, 7), "d3": (1,)})
    assert await readings.devices_in(SPACE, query) == [
        Presence("d1", 0, 2, 3), Presence("d1", 3, 6, 4), Presence("d1", 7, 9, 3), Presence("d2", 0, 9, 10)
    ]  # fmt: skip


async def test_a_call_without_a_place_is_in_no_area_and_still_on_record(readings: Readings) -> None:  # R1019
    seen = fix(NOON, "d1", 29.105, 113.105)
    call = stand_in(CallForHelp(device="d1", at_ms=NOON + 9, source="jt808"), seen)
    await readings.add_positions(SPACE, [seen, call])
    assert await readings.devices_in(SPACE, box(29.1, 113.1, 29.11, 113.11)) == [Presence("d1", NOON, NOON, 1)]
    assert await readings.devices_in(SPACE, box(-90, -180, -89.9, -179.9)) == []
    assert await readings.track(SPACE, "d1", 0, NOON + 9, 9) == [seen, call]
    assert await readings.latest_positions(SPACE) == [call]


NO_AREAS: list[tuple[tuple[float, float], ...]] = [
    (),
    ((113.0, 29.0), (113.1, 29.0)),
    ((113.0, 29.0), (113.1, 29.0), (113.2, 29.0)),
    ((113.0, 29.0), (113.1, 29.1), (113.1, 29.0), (113.0, 29.1)),
    ((113.0, 29.0), (113.1, float("nan")), (113.1, 29.1)),
    ((113.0, 29.0), (181.0, 29.0), (113.1, 29.1)),
    ((113.0, 29.0), (123.0, 29.0), (113.0, 39.0)),
    tuple((113 + n / 1e5, 29.0 + n % 2 / 10) for n in range(READINGS_AREA_CORNERS + 1)),
]


async def test_what_is_no_area_is_refused(readings: Readings) -> None:
    for ring in NO_AREAS:
        with pytest.raises(InvalidInputError):
            await readings.devices_in(SPACE, AreaQuery(ring=ring, from_ms=0, to_ms=9))


async def test_an_area_with_too_much_in_it_is_refused(readings: Readings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_module, "READINGS_AREA_FIXES", 3)
    query = box(29.0, 113.0, 29.2, 113.2)
    await readings.add_positions(SPACE, [fix(1), fix(DAY_MS), fix(2, "d2"), fix(2, "far", 39.0)])
    assert [p.fixes for p in await readings.devices_in(SPACE, query)] == [2, 1]
    await readings.add_positions(SPACE, [fix(2 * DAY_MS)])
    with pytest.raises(TooLargeError):
        await readings.devices_in(SPACE, query)
