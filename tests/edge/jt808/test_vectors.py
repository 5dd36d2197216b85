"""All frames of the vendors' own tests are read as an independent decoder read them."""

from __future__ import annotations

import csv
from datetime import datetime

import pytest

from edge.jt808 import frame as frames
from edge.jt808.bodies import decode_body
from edge.jt808.frame import Frame
from edge.jt808.framing import MARK, FrameFinder, FramingError
from edge.jt808.location import CHINA, Location
from edge.jt808.names import alarm_names
from edge.jt808.platform_messages import RegisterReply, Text
from edge.jt808.terminal_messages import Authentication, Batch, Register
from tests.paths import shared

pytestmark = pytest.mark.data


def rows() -> list[dict[str, str]]:
    with shared("data/jt808/dev_frames.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read(row: dict[str, str]) -> Frame:
    """Read by the wire; one row of the material stands there with its stuffing already undone."""
    content = bytes.fromhex(row["wire_hex"])[1:-1]
    return frames.decode_unstuffed(content) if MARK in content else frames.decode(content)


def test_headers_agree_with_the_independent_decoder() -> None:
    for row in rows():
        header = read(row).header
        assert f"0x{header.msg_id:04x}" == row["msg_id"].lower()
        assert header.phone == row["derived_phone"]
        assert str(header.serial) == row["derived_serial"]
        assert str(header.revision is not None) == row["derived_v2019"]
        assert str(header.part is not None) == row["derived_split"]


def test_locations_agree_with_the_independent_decoder() -> None:
    seen = 0
    for row in rows():
        frame = read(row)
        body = decode_body(frame.header, frame.body) if frame.header.part is None else None
        if not row["derived_lat"]:
            continue
        seen += 1
        location = body.locations[0] if isinstance(body, Batch) else body
        assert isinstance(location, Location)
        assert location.at_ms is not None
        assert location.lat == pytest.approx(float(row["derived_lat"]), abs=5e-7)
        assert location.lon == pytest.approx(float(row["derived_lon"]), abs=5e-7)
        assert datetime.fromtimestamp(location.at_ms / 1000, CHINA).isoformat() == row["derived_time"]
        assert location.speed_kmh == float(row["derived_speed_kmh"])
        assert location.direction_deg == int(row["derived_dir"])
        assert f"0x{location.alarm:08x}" == row["derived_alarm"]
        assert ",".join(alarm_names(location.alarm)) == row["derived_alarm_bits"]
        assert f"0x{location.status:08x}" == row["derived_status"]
        if isinstance(body, Batch):
            assert (body.count, body.bad) == (int(row["derived_batch_count"]), 0)
    assert seen == 38


def test_every_body_is_read_without_complaint() -> None:
    for row in rows():
        frame = read(row)
        if frame.header.part is None:
            decode_body(frame.header, frame.body)


def test_every_whole_stuffed_frame_is_written_as_its_maker_wrote_it() -> None:
    for row in rows():
        wire = bytes.fromhex(row["wire_hex"])
        if MARK in wire[1:-1] or wire.endswith(b"\x7d\x7e"):
            continue  # not stuffed, all of it or the check byte
        assert frames.encode(read(row)) == wire


def test_all_frames_come_out_of_one_stream_whatever_the_chunks() -> None:
    wire = b"".join(bytes.fromhex(row["wire_hex"]) for row in rows())
    for size in (1, 7, 37, 4096, len(wire)):
        finder, good, bad = FrameFinder(), 0, 0
        for at in range(0, len(wire), size):
            finder.feed(wire[at : at + size])
            while (run := finder.find()) is not None:
                try:
                    frames.decode(run)
                    good += 1
                except FramingError:
                    bad += 1
        assert (good, bad) == (210, 2), "the one row that is not stuffed falls into two, the rest is found"


def test_registrations_of_all_three_editions() -> None:
    editions = set()
    for row in rows():
        if row["msg_id"] == "0x0100":
            frame = read(row)
            body = decode_body(frame.header, frame.body)
            assert isinstance(body, Register)
            editions.add(body.edition)
            assert body.plate.isprintable()
            if "JT20" in row["test"]:
                assert f"JT{body.edition}" in row["test"]
                assert (body.plate, body.plate_colour) in {("测A12345678", 1), ("测A1234567C", 1)}
                assert (body.province, body.city, body.terminal_id) == (31, 110, "7654321")
    assert editions == {2011, 2013, 2019}


def test_codes_and_texts() -> None:
    texts, codes, given = set(), set(), set()
    for row in rows():
        frame = read(row)
        match decode_body(frame.header, frame.body):
            case Authentication() as body:
                codes.add((body.code, body.imei, body.software))
            case RegisterReply(code=str(code)):
                given.add(code)
            case Text() as body:
                texts.add(body.text[:13])
            case _:
                pass
    assert ("987654321", "123456789012345", "3.7.15") in codes
    assert ("987654321", None, None) in codes
    assert "123456782013" in given
    assert "smallchi 518" in texts
    assert "测试123@456#abc" in texts
