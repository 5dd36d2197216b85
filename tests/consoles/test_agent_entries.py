"""What agents are told of the watch list: rules R670 and R829 of docs/SPEC.md."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from command.facts.libraries import LibraryContent
from command.facts.watchlist import WatchArea, WatchHours
from command.rows import CameraRow, LibraryFile, LibraryRow, WatchRow
from consoles.parts.agents import entries
from consoles.parts.agents.entries import Entries
from edge.agent.protocol import Hours, Library

RING = ((113.0, 29.0), (113.1, 29.0), (113.1, 29.1), (113.0, 29.1))


def camera(name: str, lat: float = 29.05, lon: float = 113.05) -> CameraRow:
    return CameraRow(id=name, name=name, lat=lat, lon=lon, bearing_deg=0, field_deg=60, reads_plates=True)


def watch(number: int, **changes: Any) -> WatchRow:
    return WatchRow(
        id=f"w{number}", pattern="湘F*12", reason="查", level=2, until_ms=1, state="active", requested_by="x",
        requested_ms=0, **changes,
    )  # fmt: skip


def told(known: Entries, *cameras: str) -> dict[str, list[str] | None]:
    return {each.id: each.cameras for each in known.of("gate", cameras)}


def test_an_agent_is_told_entries_that_can_fire_before_its_cameras_and_before_which() -> None:
    known = Entries()
    rows = [
        watch(1), watch(2, area=WatchArea(ring=RING)), watch(3, area=WatchArea(cameras=("far",))),
        watch(4, area=WatchArea(cameras=("far", "out"), ring=RING)),
    ]  # fmt: skip
    cameras = [camera("in"), camera("out", lat=29.2), camera("far", lat=30)]
    known.take(rows, cameras)
    assert told(known, "in", "out") == {"w1": None, "w2": ["in"], "w4": None}
    assert told(known, "far") == {"w1": None, "w3": None, "w4": None}
    assert told(known) == {"w1": None}, "of one without cameras"
    known.take(rows, [camera("in", lat=29.2), camera("out"), cameras[2]])
    assert told(known, "in", "out") == {"w1": None, "w2": ["out"], "w4": ["out"]}, "they were put up elsewhere"


def test_hours_and_plates_that_are_not_meant_are_told_with_the_time_of_the_county() -> None:
    known = Entries()
    known.take([watch(1, hours=WatchHours(from_min=1320, to_min=360), not_plates=("湘F1Z312",))], [])
    [entry] = known.of("gate", ["k0"])
    assert entry.hours == Hours(from_min=1320, to_min=360, ahead_min=480)
    assert entry.not_plates == ["湘F1Z312"]


def test_what_is_told_stays_while_nothing_of_it_changes() -> None:
    known = Entries()
    rows = [watch(1), watch(2, area=WatchArea(ring=RING))]
    known.take(rows, [camera("k0")])
    before = known.of("gate", ["k0"])
    known.take([replace(rows[0], hits=1), rows[1]], [camera("k0")])
    assert known.of("gate", ["k0"]) is before, "a hit is no news"
    known.take([replace(rows[0], until_ms=2)], [camera("k0")])
    assert [(each.id, each.until_ms) for each in known.of("gate", ["k0"])] == [("w1", 2)]


def test_past_the_limit_entries_are_told_without_their_area(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(entries, "AGENT_WATCH_DETAIL_BYTES", 8)
    known = Entries()
    known.take([watch(n, area=WatchArea(cameras=("k0",))) for n in range(3)], [camera("k0"), camera("k1")])
    assert told(known, "k0", "k1") == {"w0": ["k0"], "w1": None, "w2": None}, "it finds too much, never too little"
    assert "watch w1" in caplog.text


def a_list(number: int, **changes: Any) -> LibraryRow:
    file = LibraryFile(content=LibraryContent(sha256="a" * 64, entries=1, patterns=0, size=9), by="x", at_ms=0)
    given: dict[str, Any] = {"state": "active", "file": file} | changes
    return LibraryRow(
        id=f"b{number}", name="库", office="", reason="查", level=2, action="alarm", until_ms=1, requested_by="x",
        requested_ms=0, **given,
    )  # fmt: skip


def test_an_agent_is_told_lists_that_can_fire_before_its_cameras_and_where_when_and_how() -> None:  # R829
    known = Entries()
    cameras = [camera("in"), camera("out", lat=29.2), camera("far", lat=30)]
    rows = [
        a_list(1), a_list(2, area=WatchArea(ring=RING)), a_list(3, area=WatchArea(cameras=("far",))),
        a_list(4, look_alike=True, hours=WatchHours(from_min=1320, to_min=360)), a_list(5, file=None),
        a_list(6, state="lifted"),
    ]  # fmt: skip
    known.take([], cameras, rows)
    assert {each.id: each.cameras for each in known.lists_of(["in", "out"])} == {"b1": None, "b2": ["in"], "b4": None}
    assert [each.id for each in known.lists_of(["far"])] == ["b1", "b3", "b4"]
    assert known.lists_of([])[-1] == Library(
        id="b4", sha256="a" * 64, until_ms=1, look_alike=True,
        hours=Hours(from_min=1320, to_min=360, ahead_min=480),
    )  # fmt: skip
    known.take([], cameras, [a_list(2, area=WatchArea(cameras=("out",)))])
    assert [each.cameras for each in known.lists_of(["in", "out"])] == [["out"]], "its area was changed"
    known.take([], [camera("in"), camera("out")], [a_list(2, area=WatchArea(ring=RING))])
    assert [each.cameras for each in known.lists_of(["in", "out"])] == [None], "a camera was put up elsewhere"
