"""The protocol core: what is written can be read, what is garbage is survived, memory stays bounded."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import TooLargeError
from command.kernel.limits import CLOCK_SKEW_MS
from command.readings import CallForHelp, Position
from edge.jt808 import frame as frames
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.bodies import decode_body
from edge.jt808.counters import Jt808Counters
from edge.jt808.frame import Frame, Header, Part
from edge.jt808.framing import MARK, MAX_STUFFED_BYTES, FrameFinder, FramingError
from edge.jt808.location import (
    Attachment,
    BodyError,
    Location,
    decode_location,
    decode_time,
    encode_location,
    encode_time,
)
from edge.jt808.plausible import Refusal, judge
from edge.jt808.session import Session
from edge.jt808.splits import Splits
from edge.limits import DEVICE_FIX_AGE_MS, DEVICE_FRAME_BYTES, DEVICE_SPLIT_MESSAGES, DEVICE_SPLIT_WAIT_MS
from tests.edge.jt808.peer import NOW_MS, fix

digits = st.text("0123456789abcdef", min_size=12, max_size=12)
words = st.integers(0, 0xFFFF)
headers = st.builds(
    lambda msg_id, phone, serial, revision, part: Header(
        msg_id=msg_id,
        phone=phone if revision is None else phone.rjust(20, "0"),
        serial=serial,
        revision=revision,
        part=part,
    ),
    words,
    digits,
    words,
    st.none() | st.integers(0, 255),
    st.none() | st.builds(lambda total, index: Part(total, min(index, total)), st.integers(1, 9), st.integers(1, 9)),
)
locations = st.builds(
    Location,
    alarm=st.integers(0, 0xFFFFFFFF),
    status=st.just(3),
    lat=st.integers(0, 90_000_000).map(lambda micro: micro / 1e6),
    lon=st.integers(0, 180_000_000).map(lambda micro: micro / 1e6),
    altitude_m=st.integers(-500, 9000),
    speed_kmh=words.map(lambda tenth: tenth / 10),
    direction_deg=st.integers(0, 359),
    at_ms=st.none() | st.integers(946_684_800, 4_102_358_400).map(lambda s: s * 1000),
    attachments=st.lists(st.builds(Attachment, st.integers(0, 255), st.binary(max_size=40)), max_size=4).map(tuple),
)


@given(headers, st.binary(max_size=1023))
def test_frames_round_trip(header: Header, body: bytes) -> None:
    wire = frames.encode(Frame(header, body))
    assert len(wire) <= MAX_STUFFED_BYTES + 2
    assert wire.count(MARK) == 2
    assert frames.decode(wire[1:-1]) == Frame(header, body)


@given(locations)
def test_locations_round_trip(location: Location) -> None:
    assert decode_location(encode_location(location)) == location


def test_south_and_west_are_signs() -> None:
    location = decode_location(encode_location(fix(lat=-33.9, lon=-70.5)))
    assert (location.lat, location.lon, location.status) == (-33.9, -70.5, 3 | 4 | 8)


@given(st.lists(locations, max_size=5), st.integers(0, 1))
def test_batches_round_trip(many: list[Location], kind: int) -> None:
    assert terminal.decode_batch(terminal.encode_batch(many, kind)) == terminal.Batch(kind, len(many), 0, tuple(many))


@given(st.lists(locations, min_size=2, max_size=4), st.integers(1, 20))
def test_a_batch_cut_short_keeps_what_is_whole(many: list[Location], cut: int) -> None:
    batch = terminal.decode_batch(terminal.encode_batch(many, 1)[:-cut])
    assert batch.locations == tuple(many[:-1])
    assert batch.bad == 1


def test_platform_messages_round_trip_in_both_editions() -> None:
    for revision in (None, 1):
        for msg_id, said, body in [
            (platform.TEXT, platform.Text("请返回"), platform.encode_text(platform.Text("请返回"), revision)),
            (platform.TRACK, platform.Track(5, 600), bytes.fromhex("000500000258")),
            (platform.TRACK, platform.Track(0, 0), bytes(2)),
            (
                platform.RESEND_REQUEST,
                platform.ResendRequest(9, (2, 4)),
                platform.encode_resend_request(9, (2, 4), revision),
            ),
            (
                platform.ALARM_CONFIRM,
                platform.AlarmConfirm(3, 1),
                platform.encode_alarm_confirm(platform.AlarmConfirm(3, 1)),
            ),
        ]:
            assert decode_body(Header(msg_id=msg_id, phone="0" * 12, serial=0, revision=revision), body) == said


def test_a_2011_registration_with_a_long_vin_is_not_taken_for_2013() -> None:
    for edition in (2011, 2013, 2019):
        register = terminal.Register(
            edition=edition,
            province=43,
            city=600,
            maker="70111",
            model="M1",
            terminal_id="T123456",
            plate_colour=0,
            plate="LSVAA2180E2123456",
        )
        revision = 1 if edition == 2019 else None
        assert terminal.decode_register(terminal.encode_register(register), revision) == register


@given(st.integers(946_684_800, 4_102_358_400))
def test_times_round_trip(seconds: int) -> None:
    assert decode_time(encode_time(seconds * 1000)) == seconds * 1000


def test_what_is_no_date_is_no_time() -> None:
    for digits_ in ("000000000000", "991301000000", "2a0101000000", "250230120000", "250101246000"):
        assert decode_time(bytes.fromhex(digits_)) is None


@given(st.integers(0, 0xFFFF), st.none() | st.just(1), st.binary(max_size=200))
def test_no_body_breaks_the_reader(msg_id: int, revision: int | None, body: bytes) -> None:
    for known in (
        msg_id,
        0x0001,
        0x0100,
        0x0102,
        0x0200,
        0x0201,
        0x0704,
        0x8001,
        0x8003,
        0x8100,
        0x8202,
        0x8203,
        0x8300,
    ):
        with suppress(BodyError):
            decode_body(Header(msg_id=known, phone="0" * 12, serial=0, revision=revision), body)


@given(st.lists(st.binary(max_size=6000) | st.sampled_from([MARK, MARK * 9, b"\x7d", b"\0" * 5000]), max_size=20))
def test_any_stream_is_survived_in_bounded_memory(chunks: list[bytes]) -> None:
    counters = Jt808Counters()
    session = Session(counters, NOW_MS)
    for chunk in chunks:
        session.feed(chunk)
        while session.step(NOW_MS) is not None:
            pass
        assert session.buffered_bytes <= MAX_STUFFED_BYTES
    session.feed(MARK + frames.encode(Frame(Header(msg_id=2, phone="0" * 12, serial=1), b"")))
    before = counters.frames
    while session.step(NOW_MS) is not None:
        pass
    assert counters.frames == before + 1, "whatever came before, the next whole frame is found"


def test_an_endless_run_without_marks_is_one_error() -> None:
    finder, errors = FrameFinder(), 0
    for _ in range(100):
        finder.feed(b"\0" * 1000)
        try:
            assert finder.find() is None
        except FramingError:
            errors += 1
        assert finder.buffered_bytes <= MAX_STUFFED_BYTES
    assert errors == 1


def parts(
    total: int, size: int = 4, msg_id: int = terminal.LOCATION_BATCH, phone: str = "013812345678"
) -> list[tuple[Frame, Part]]:
    made = []
    for index in range(1, total + 1):
        part = Part(total, index)
        header = Header(msg_id=msg_id, phone=phone, serial=65530 + index & 0xFFFF, part=part)
        made.append((Frame(header, bytes((index % 256,)) * size), part))
    return made


@given(st.permutations(range(5)))
def test_parts_are_joined_in_any_order(order: list[int]) -> None:
    splits, given_parts = Splits(), parts(5)
    done = [splits.add(*given_parts[at], NOW_MS) for at in order]
    assert done[:-1] == [None] * 4
    assert done[-1] is not None
    assert done[-1].body == b"".join(frame.body for frame, _ in given_parts)
    assert done[-1].serials == (65531, 65532, 65533, 65534, 65535)


def test_missing_parts_are_asked_for_once_and_then_given_up() -> None:
    splits = Splits()
    one, two, three = parts(3)
    splits.add(*two, NOW_MS)
    assert splits.overdue(NOW_MS + DEVICE_SPLIT_WAIT_MS - 1) == []
    (missing,) = splits.overdue(NOW_MS + DEVICE_SPLIT_WAIT_MS)
    assert (missing.first_serial, missing.indexes) == (65531, (1, 3))
    assert splits.overdue(NOW_MS + 2 * DEVICE_SPLIT_WAIT_MS) == []
    assert splits.given_up == 1
    assert splits.add(*one, NOW_MS) is None
    assert splits.add(*three, NOW_MS) is None


def test_split_messages_are_bounded_in_number_and_size() -> None:
    splits = Splits()
    for msg_id in range(50):
        splits.add(*parts(2, msg_id=msg_id)[0], NOW_MS)
    assert splits.given_up == 50 - DEVICE_SPLIT_MESSAGES
    refused = 0
    for frame, part in parts(DEVICE_FRAME_BYTES // 1000 + 1, size=1000):
        try:
            splits.add(frame, part, NOW_MS)
        except TooLargeError:
            refused += 1
    assert refused == 1


def test_phones_of_one_connection_do_not_push_out_each_other_s_parts() -> None:  # R1001
    splits = Splits()
    of_phones = [parts(2, phone=f"0139000000{n:02d}") for n in range(3 * DEVICE_SPLIT_MESSAGES)]
    assert [splits.add(*first, NOW_MS) for first, _ in of_phones] == [None] * len(of_phones)
    assert all(splits.add(*second, NOW_MS) for _, second in of_phones)
    assert splits.given_up == 0


def reason(location: Location) -> Refusal | int:
    judged = judge(location, "1", NOW_MS)
    return judged if isinstance(judged, str) else judged.at_ms


def test_which_fixes_are_believed() -> None:
    assert reason(fix()) == NOW_MS
    assert reason(fix(NOW_MS + CLOCK_SKEW_MS)) == NOW_MS + CLOCK_SKEW_MS
    assert reason(fix(NOW_MS + CLOCK_SKEW_MS + 1000)) == "clock_off"
    assert reason(fix(NOW_MS - DEVICE_FIX_AGE_MS)) == NOW_MS - DEVICE_FIX_AGE_MS
    assert reason(fix(NOW_MS - DEVICE_FIX_AGE_MS - 1000)) == "clock_off"
    assert reason(fix(status=1)) == "without_satellites"
    assert reason(fix(lat=0, lon=0)) == "off_globe"
    assert reason(fix(lat=119.5)) == "off_globe"


def test_an_sos_counts_for_more_than_its_fix() -> None:
    assert reason(fix(0, alarm=1)) == NOW_MS
    assert reason(fix(alarm=1, status=1)) == NOW_MS
    for at_ms, said_ms in ((NOW_MS - 9000, NOW_MS - 9000), (0, NOW_MS)):
        lost = judge(fix(at_ms, alarm=1, lat=0, lon=0), "1", NOW_MS)
        assert lost == CallForHelp(device="1", at_ms=said_ms, source="jt808"), "R1000: the hub places it"


def test_coordinates_shifted_by_the_map_plug_in_are_shifted_back() -> None:
    shifted = judge(fix(status=3 | 1 << 5), "1", NOW_MS)
    assert isinstance(shifted, Position)
    assert 0.001 < abs(shifted.lon - 113.1) < 0.01
