"""What OsmAnd, Traccar Client and OwnTracks send, as their makers document it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from command.kernel.limits import CLOCK_SKEW_MS
from command.readings import CallForHelp, Position
from edge.limits import DEVICE_FIX_AGE_MS
from edge.trackers import osmand, owntracks
from edge.trackers.fix import Fix, Source, instant_ms, judge

NOW_MS = 1_790_000_000_000


def stored(fix: Fix, source: Source = "osmand") -> Position:
    judged = judge(fix, "jane", source, NOW_MS)
    assert isinstance(judged, Position)
    return judged


def test_osmand_parameters() -> None:
    query = {
        "id": "a1",
        "lat": "29.1",
        "lon": "113.1",
        "timestamp": "1790000000",
        "speed": "10",
        "bearing": "271.5",
        "altitude": "52.25",
        "accuracy": "4.5",
        "batt": "87",
        "alarm": "sos",
    }
    report = osmand.parse_query(query)
    assert report.device == "a1"
    assert report.fixes == (
        Fix(
            lat=29.1,
            lon=113.1,
            at_ms=NOW_MS,
            accuracy_m=4.5,
            speed_kmh=18.52,
            heading_deg=271.5,
            altitude_m=52.25,
            sos=True,
        ),
    )


def test_osmand_other_spellings() -> None:
    report = osmand.parse_query({"deviceid": "7", "location": "29.1,113.1", "heading": "90"})
    assert report == osmand.Report("7", (Fix(lat=29.1, lon=113.1, heading_deg=90.0),))
    assert osmand.parse_query({"id": "7", "valid": "false"}).fixes == ()


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1790000000", NOW_MS),
        ("1790000000000", NOW_MS),
        ("1790000000.25", NOW_MS + 250),
        ("2026-09-21T14:13:20Z", NOW_MS),
        ("2026-09-21T22:13:20.000+08:00", NOW_MS),
        ("2026-09-21 14:13:20", NOW_MS),
    ],
)
def test_all_ways_to_write_a_time(text: str, at_ms: int) -> None:
    assert instant_ms(text) == at_ms


@pytest.mark.parametrize("text", ["", "yesterday", "9" * 400, "2026-13-01T00:00:00Z", "-5"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidInputError):
        instant_ms(text)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"id": "1"},
        {"id": "1", "lat": "29"},
        {"id": "1", "lat": "x", "lon": "1"},
        {"id": "1", "lat": "nan", "lon": "1"},
        {"id": "1", "location": "29.1"},
        {"id": "1", "lat": "1", "lon": "1", "timestamp": "soon"},
    ],
)
def test_osmand_parameters_that_make_no_report(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        osmand.parse_query(query)


def traccar_json(**extra: object) -> bytes:
    coords = {"latitude": 29.1, "longitude": 113.1, "accuracy": 5, "speed": 10, "heading": -1, "altitude": 52}
    location = {
        "timestamp": "2026-09-21T14:13:20.000Z",
        "coords": coords,
        "is_moving": True,
        "odometer": 1,
        "battery": {"level": 0.9, "is_charging": False},
        "activity": {"type": "in_vehicle"},
    }
    return json.dumps({"location": location | extra, "device_id": "48241179"}).encode()


def test_traccar_client_json() -> None:
    report = osmand.parse_json(traccar_json(extras={"alarm": "sos"}))
    assert report.device == "48241179"
    (fix,) = report.fixes
    assert (fix.at_ms, fix.speed_kmh, fix.sos) == (NOW_MS, 36.0, True)
    assert stored(fix).heading_deg is None, "-1 means that it is not known"
    assert osmand.parse_json(traccar_json(extras={})).fixes[0].sos is False


def test_owntracks_location() -> None:
    body = {
        "_type": "location",
        "tid": "JJ",
        "topic": "owntracks/jane/phone",
        "lat": 29.1,
        "lon": 113.1,
        "tst": NOW_MS // 1000,
        "acc": 12,
        "vel": 54,
        "cog": 360,
        "alt": 40,
        "batt": 80,
        "conn": "m",
    }
    report = owntracks.parse(json.dumps(body).encode())
    assert report.device == "owntracks/jane/phone"
    position = stored(report.fixes[0], "owntracks")
    assert (position.at_ms, position.accuracy_m, position.speed_kmh) == (NOW_MS, 12.0, 54.0)
    assert (position.heading_deg, position.altitude_m, position.source) == (0.0, 40.0, "owntracks")


def test_owntracks_says_other_things_too() -> None:
    assert owntracks.parse(b"").fixes == ()
    assert owntracks.parse(b'{"_type":"lwt","tst":1}').fixes == ()
    assert owntracks.parse(b'{"_type":"waypoint","tid":"AB","lat":1,"lon":2,"tst":3}') == owntracks.Report("AB", ())


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        b'{"_type":"location"}',
        b'{"_type":"location","lat":"a","lon":1,"tst":1}',
        b'{"_type":"encrypted","data":"abc"}',
    ],
)
def test_owntracks_bodies_that_make_no_report(body: bytes) -> None:
    with pytest.raises(InvalidInputError):
        owntracks.parse(body)


@given(st.binary(max_size=200))
def test_any_body_is_a_report_or_a_clear_error(body: bytes) -> None:
    for parse in (owntracks.parse, osmand.parse_json):
        with suppress(InvalidInputError):
            parse(body)


def test_which_fixes_are_believed() -> None:
    def at_ms(fix: Fix) -> int:
        return judge(fix, "1", "osmand", NOW_MS).at_ms

    def fix(at_ms: int | None, *, sos: bool = False) -> Fix:
        return Fix(lat=29.1, lon=113.1, at_ms=at_ms, sos=sos)

    assert at_ms(fix(None)) == NOW_MS
    assert at_ms(fix(NOW_MS - DEVICE_FIX_AGE_MS)) == NOW_MS - DEVICE_FIX_AGE_MS
    assert at_ms(fix(NOW_MS + CLOCK_SKEW_MS)) == NOW_MS + CLOCK_SKEW_MS
    assert at_ms(fix(0, sos=True)) == NOW_MS
    for lost in (Fix(sos=True), Fix(lat=0, lon=0, sos=True), Fix(lat=91, lon=0, at_ms=1, sos=True)):  # R1000
        assert judge(lost, "1", "osmand", NOW_MS) == CallForHelp(device="1", at_ms=NOW_MS, source="osmand")
    for wrong in (fix(0), fix(NOW_MS + CLOCK_SKEW_MS + 1), Fix(lat=0, lon=0), Fix(lat=91, lon=0)):
        with pytest.raises(InvalidInputError):
            at_ms(wrong)
