"""Values as systems send them, and ids and codes as the standard makes them (SPEC R583, R584)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from command.facts.violations import Finding, Restriction
from command.readings import UNSTATED, Sighting
from command.rows import RestrictionVersion
from edge.viid.bodies import RefusedError, Verdict, each_of, read_json, statuses, verdicts_of
from edge.viid.catalogue import read_device
from edge.viid.codes import HEADINGS_DEG, StatusCode, class_of, direction_of
from edge.viid.ids import business_id, image_id, own_device, vehicle_id
from edge.viid.orders import read_disposition, read_subscription
from edge.viid.values import Fields, written
from edge.viid.vehicle import read_vehicle, write_vehicle
from streams.violations.area import judge_area
from tests.edge.viid.site import DEVICE, NOW_MS, SERVER, china_ms, vehicle
from tests.streams.violations.support import seen

PASS_MS = china_ms("2026-11-22 11:59:00")
_YEAR_3000_MS = china_ms("3000-01-01 08:00:00")

AT_ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine makes examples slowly, which says nothing of what is tested."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "ApeID",
        "TollgateID",
        "Latitude",
        "Longitude",
        "IsOnline",
        "MotorVehicleID",
        "DeviceID",
        "PassTime",
        "PlateNo",
        "HasPlate",
        "LaneNo",
        "Direction",
        "SubImageList",
        "PlateClass",
        "PlateReliability",
        "PlateCharReliability",
        "LeftTopX",
        "SubscribeID",
        "SubscribeDetail",
        "ResourceURI",
        "EndTime",
        "ReceiveAddr",
        "ReportInterval",
        "DispositionID",
        "DispositionCategory",
        "TargetFeature",
        "TollgateList",
    ]
)


@pytest.mark.parametrize(
    ("said", "at_ms"),
    [
        ("20261122115900", PASS_MS),
        ("20261122115900123", PASS_MS + 123),
        (PASS_MS, PASS_MS),
        (str(PASS_MS), PASS_MS),
        (PASS_MS // 1000, PASS_MS),
        ("2026-11-22 11:59:00", PASS_MS),
        ("2026-11-22T03:59:00Z", PASS_MS),
        ("20261322115900", None),
        ("", None),
        (True, None),
        ({}, None),
        ("١٢٣٤٥٦٧٨٩٠١٢٣", None),
        (1e30, None),
        ("00010101000000", 0),
        ("99991231235959", _YEAR_3000_MS),
        ("9999-12-31T23:59:59Z", _YEAR_3000_MS),
        ("0001-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+14:00", 0),
    ],
)
def test_times_come_in_several_forms(said: object, at_ms: int | None) -> None:
    assert Fields({"PassTime": said}).instant_ms("passtime") == at_ms


@pytest.mark.parametrize("said", ["00010101000000", "99991231235959", "9999-12-31T23:59:59Z", "20261122115900"])
def test_whatever_time_was_read_can_be_written(said: str) -> None:  # R850
    at_ms = Fields({"t": said}).instant_ms("t")
    assert at_ms is not None
    assert len(written(at_ms)) == 14
    assert (written(-62_135_625_600_000), written(253_402_300_799_000)) == ("19700101080000", "30000101080000")


def test_what_was_subscribed_since_ever_and_for_ever_can_be_told_back() -> None:  # R850
    told = {"SubscribeID": "s", "SubscribeDetail": "13", "ResourceURI": DEVICE, "ReceiveAddr": "http://10.0.0.1/x"}
    asked = read_subscription(
        Fields(told | {"BeginTime": "00010101000000", "EndTime": "99991231235959"}), "p", NOW_MS
    )  # fmt: skip
    assert (asked.from_ms, asked.until_ms) == (NOW_MS, _YEAR_3000_MS)
    assert asked.written("in force")["BeginTime"] == written(NOW_MS)


def test_numbers_flags_and_texts_come_as_each_other() -> None:
    told = Fields(
        {"A": "1", "b": 1.0, "C": True, "d": "false", "E": " 7.5 ", "f": "1e9", "g": "x\x00y" * 500, "h": [1]}
    )
    assert [told.flag(name) for name in "abcdeh"] == [True, True, True, False, None, None]
    assert [told.whole(name) for name in "abcefh"] == [1, 1, 1, 7, None, None]
    assert told.text("g", 4) == "xyxy"
    assert (told.said("h"), told.said("i"), told.text("h")) == (True, False, "")


def test_ids_have_the_lengths_of_the_standard_and_follow_from_what_they_name() -> None:
    vehicle_ = vehicle_id(DEVICE, PASS_MS, "k1/湘F12345")
    assert vehicle_ == vehicle_id(DEVICE, PASS_MS, "k1/湘F12345") != vehicle_id(DEVICE, PASS_MS, "k1/湘F12346")
    assert vehicle_.startswith(f"{DEVICE}0220261122115900")
    assert (len(vehicle_), len(image_id(DEVICE, PASS_MS, "x"))) == (48, 41)
    notice = business_id(SERVER, "notice", PASS_MS, "x")
    assert (len(notice), notice[:28]) == (33, f"{SERVER[:12]}0420261122115900")
    assert own_device(SERVER, 7) == "43062100001190000007"


def test_codes_go_both_ways() -> None:
    assert {direction_of(heading) for heading in HEADINGS_DEG.values()} == set(HEADINGS_DEG)
    assert (direction_of(350.0), direction_of(91.0), direction_of(None)) == ("4", "1", "9")
    assert (class_of("ordinary", "yellow"), class_of("ordinary", "blue"), class_of("ordinary", "white")) == (
        "01",
        "02",
        "99",
    )


def test_a_passage_of_ours_is_understood_as_it_was_meant() -> None:
    meant = Sighting(
        camera="k1",
        plate="湘FD12345",
        colour="green",
        first_ms=PASS_MS,
        last_ms=PASS_MS + 900,
        reads=4,
        confidence=0.93,
        picture="0" * 64,
        box=(5, 6, 70, 20),
        kind="new_energy_small",
        char_confidences=(0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97),
        heading_deg=45.0,
        lane=2,
    )
    told = Fields(write_vehicle(meant, DEVICE, b"jpeg"))
    read = read_vehicle(told, NOW_MS)
    got = read.sighting("k2", "1" * 64)
    assert (read.device, read.id, len(read.pictures)) == (DEVICE, told.text("MotorVehicleID"), 1)
    for name in ("plate", "colour", "first_ms", "confidence", "box", "kind", "char_confidences", "heading_deg", "lane"):
        assert getattr(got, name) == getattr(meant, name), name
    assert (got.camera, got.source, got.picture) == ("k2", "viid", "1" * 64)


def test_nobody_is_told_that_a_plate_is_surer_than_it_was_read() -> None:  # R841
    read = seen("k1", 0, confidence=0.899, char_confidences=(0.899,) * 7)
    told = write_vehicle(read, DEVICE, None)
    assert (told["PlateReliability"], str(told["PlateCharReliability"])[:4]) == ("89", "京-89")
    assert "PlateReliability" not in write_vehicle(replace(read, confidence=UNSTATED), DEVICE, None)


@pytest.mark.parametrize("said", [{}, *({"PlateReliability": each} for each in ("0", "1", "abc", "45", "89.9"))])
def test_nobody_is_accused_by_a_device_that_does_not_say_that_it_is_sure(said: dict[str, Any]) -> None:  # R841
    told = vehicle(LeftTopX=1, LeftTopY=2, RightBtmX=30, RightBtmY=20, **said)
    passage = read_vehicle(Fields(told), NOW_MS).sighting("k1", "ab" * 32)
    area = RestrictionVersion(
        version=1, by="li", at_ms=0, from_ms=0, definition=Restriction(name="城区", cameras=("k1",))
    )
    assert judge_area("r1", area, passage) == "unsure"
    sure = replace(passage, confidence=0.9)
    assert isinstance(judge_area("r1", area, sure), Finding)


def test_of_several_pictures_the_one_that_shows_most_goes_first() -> None:  # R585 R729
    types = ["11", "02", "10", "9", "99", "01", "100"]
    subs = [{"Type": type_, "Data": "x"} for type_ in types]
    told = Fields(vehicle(SubImageList={"SubImageInfoObject": subs}))
    read = read_vehicle(told, NOW_MS)
    assert [picture.text("Type") for picture in read.pictures] == ["01", "9", "100", "99", "02", "10", "11"]


@pytest.mark.parametrize(
    ("more", "plate", "confidence"),
    [
        ({}, "湘F12345", UNSTATED),
        ({"PlateReliability": "0.98"}, "湘F12345", 0.98),
        ({"PlateReliability": 98}, "湘F12345", 0.98),
        ({"PlateReliability": "1"}, "湘F12345", 0.01),  # R841: what can be per cent or a fraction is the lesser
        ({"PlateReliability": 1.0}, "湘F12345", 0.01),
        ({"PlateReliability": 0.5}, "湘F12345", 0.5),
        ({"PlateReliability": "100"}, "湘F12345", 1.0),
        ({"PlateReliability": "0"}, "湘F12345", UNSTATED),
        ({"PlateReliability": "-1"}, "湘F12345", UNSTATED),
        ({"PlateReliability": "101"}, "湘F12345", UNSTATED),
        ({"PlateReliability": "abc"}, "湘F12345", UNSTATED),
        ({"PlateNo": "湘F·12345"}, "湘F12345", UNSTATED),
        ({"PlateNo": "湘F-12345"}, "湘F12345", UNSTATED),
        ({"PlateNo": "湘F-2345"}, "", UNSTATED),  # R729: a character was not read; what is left may be another's plate
        ({"PlateNo": "湘FD1-345"}, "", UNSTATED),
        ({"PlateNo": "-F12345"}, "", UNSTATED),
        ({"PlateNo": "湘F1234?"}, "", UNSTATED),
        ({"PlateNo": "车牌"}, "", UNSTATED),
        ({"PlateNo": "无牌"}, "", UNSTATED),
        ({"PlateNo": ""}, "", UNSTATED),
        ({"PlateNo": "00000000"}, "", UNSTATED),
        ({"HasPlate": "false"}, "", UNSTATED),
        ({"PlateNo": "使123456"}, "使123456", UNSTATED),
    ],
)
def test_plates_and_how_sure_they_are(more: dict[str, Any], plate: str, confidence: float) -> None:
    read = read_vehicle(Fields(vehicle(**more)), NOW_MS)
    assert (read.plate, read.confidence) == (plate, confidence)


@pytest.mark.parametrize(
    "more",
    [
        {"MotorVehicleID": None},
        {"MotorVehicleID": "a b"},
        {"DeviceID": "1"},
        {"PlateNo": "<script>"},
        {"PassTime": None},
        {"PassTime": "20261122121500"},
        {"PassTime": "20261001000000"},
        {"PlateNo": "A" * 11},
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as refused:
        read_vehicle(Fields(vehicle(**more)), NOW_MS)
    assert refused.value.status_code is StatusCode.INVALID_JSON_CONTENT
    assert refused.value.detail


def test_a_passage_keeps_the_instant_that_its_device_said_whose_clock_is_a_little_ahead() -> None:  # R1253
    told = vehicle(PassTime="20261122120500")
    for later_ms in (0, 60_000, 600_000):
        assert read_vehicle(Fields(told), NOW_MS + later_ms).pass_ms == NOW_MS + 300_000


@AT_ANY_PACE
@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_nothing_that_is_json_brings_about_anything_but_an_object_or_a_refusal(more: dict[str, Any]) -> None:
    good = vehicle() | {
        "SubscribeID": "s",
        "SubscribeDetail": "13",
        "ResourceURI": DEVICE,
        "EndTime": "20270101000000",
        "ReceiveAddr": "http://10.0.0.1/x",
        "DispositionID": "d",
        "DispositionCategory": 3,
        "TargetFeature": "湘F12345",
        "ApeID": DEVICE,
        "TollgateID": DEVICE,
        "Latitude": 29.1,
        "Longitude": 113.1,
    }
    for read in (
        lambda told: read_vehicle(told, NOW_MS),
        lambda told: read_subscription(told, "p", NOW_MS),
        lambda told: read_disposition(told, "p", NOW_MS),
        lambda told: read_device(told, "ape", "gcj02"),
        lambda told: read_device(told, "tollgate", "wgs84"),
    ):
        with suppress(RefusedError):
            read(Fields(good | more))


@AT_ANY_PACE
@given(st.binary(max_size=300))
def test_no_bytes_bring_about_anything_but_an_object_or_a_refusal(junk: bytes) -> None:
    for body in (junk, b'{"a":' + junk + b"}"):
        with suppress(RefusedError):
            verdicts_of(read_json(body))


def test_answers_of_others_are_understood_in_their_forms() -> None:
    ours = statuses(
        "/VIID/MotorVehicles", verdicts_of(read_json(b'{"ResponseStatusObject":{"Id":"a","StatusCode":"0"}}')), NOW_MS
    )
    assert [(one.id, one.code) for one in verdicts_of(read_json(ours))] == [("a", StatusCode.OK)]
    several = b'{"ResponseStatusList":{"ResponseStatusObject":[{"ID":"a","StatusCode":2},{"StatusCode":"77"},{}]}}'
    codes = [one.code for one in verdicts_of(read_json(several))]
    assert codes == [StatusCode.BUSY, StatusCode.OTHER, StatusCode.OTHER]
    assert written(PASS_MS) == "20261122115900"


_OK, _BUSY, _NO = StatusCode.OK, StatusCode.BUSY, StatusCode.INVALID_OPERATION


@pytest.mark.parametrize(
    ("answer", "became"),
    [
        ([("c", _NO), ("a", _OK), ("b", _BUSY)], [_OK, _BUSY, _NO]),  # in its own order
        ([("b", _NO)], [_OK, _NO, _OK]),  # only what is refused
        ([("b", _NO), ("", _OK), ("x", _BUSY)], [_OK, _NO, _BUSY]),  # the others as they stand
        ([("b", _NO), ("", _BUSY)], [_BUSY, _NO, _BUSY]),
        ([("", _OK), ("", _NO), ("", _BUSY)], [_OK, _NO, _BUSY]),
        ([("x", _OK), ("y", _NO), ("z", _OK)], [_OK, _NO, _OK]),  # ids of its own
        ([("", _NO)], [_NO, _NO, _NO]),
        ([("", _NO), ("", _BUSY)], [_BUSY, _BUSY, _BUSY]),
        ([("b", _NO), ("b", _OK)], [_OK, _NO, _OK]),
        ([], [_OK, _OK, _OK]),
    ],
)
def test_what_became_of_each_is_found_by_its_id(
    answer: list[tuple[str, StatusCode]], became: list[StatusCode]
) -> None:  # R852
    found = each_of([1, 2, 3], ["a", "b", "c"], [Verdict(name, code) for name, code in answer])
    assert [(one, verdict.code) for one, verdict in found] == list(zip([1, 2, 3], became, strict=True))


def test_objects_of_one_id_are_told_apart_by_their_order() -> None:  # R852
    found = each_of("pqr", ["a", "a", "b"], [Verdict("b", _NO), Verdict("a"), Verdict("a", _BUSY)])
    assert [verdict.code for _, verdict in found] == [_OK, _BUSY, _NO]
