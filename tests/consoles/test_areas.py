"""Which cameras stand in areas, looked up once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from command.facts.watchlist import WatchArea
from command.rows import CameraRow
from command.rules.hits import cameras_in
from consoles.parts.areas import Areas
from tests.consoles.test_agent_entries import RING, camera

RINGED, NAMED, NOWHERE = WatchArea(ring=RING), WatchArea(cameras=("in",)), WatchArea(cameras=("gone",))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[WatchArea]:
    """Return a list of the areas that are really looked up from now on."""
    looked_up: list[WatchArea] = []

    def look(area: WatchArea, cameras: Sequence[CameraRow]) -> frozenset[str]:
        looked_up.append(area)
        return cameras_in(area, cameras)

    monkeypatch.setattr("consoles.parts.areas.cameras_in", look)
    return looked_up


def test_areas_are_looked_up_once_until_a_camera_stands_elsewhere_or_nobody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up = counted(monkeypatch)
    known, cameras = Areas(), [camera("in"), camera("out", lat=29.2)]
    first = known.inside([RINGED, NAMED, NOWHERE], cameras)
    assert first == {RINGED: {"in"}, NAMED: {"in"}, NOWHERE: frozenset()}
    assert first[RINGED] is first[NAMED]
    # Whether a camera is up says nothing of where it stands.
    assert known.inside([NAMED, RINGED], [replace(one, state="up") for one in cameras]) == {
        RINGED: {"in"}, NAMED: {"in"},
    }  # fmt: skip
    assert looked_up == [RINGED, NAMED, NOWHERE]
    known.inside([NOWHERE], cameras)
    assert looked_up[3:] == [NOWHERE], "it was not asked for the last time, and forgotten"
    assert known.inside([RINGED], [camera("in", lat=29.2), camera("out")]) == {RINGED: {"out"}}
