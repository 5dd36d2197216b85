"""GB/T 28181 without I/O: XML and its letters, PTZ bytes, session descriptions, SSRCs (SPEC R324, R325, R327, R328)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gb28181 import asked, ptz, sdp, told
from edge.gb28181.alarm_words import words_of
from edge.gb28181.gather import Gathering
from edge.gb28181.ids import shows_pictures
from edge.gb28181.invite import InviteError, Media
from edge.gb28181.local_time import instant_ms, written
from edge.gb28181.manscdp import ManscdpError, parse, write
from edge.gb28181.mansrtsp import control
from edge.gb28181.sdp import SdpError
from edge.gb28181.ssrc import Ssrcs
from edge.limits import GB28181_STREAMS, GB28181_XML_DEPTH
from tests.paths import shared

CHANNEL = "34020000001320000311"


def catalogue(name: str, encoding: str, declared: str) -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>\n<Response><CmdType>Catalog</CmdType><SN>5</SN>'
        f"<DeviceID>{CHANNEL}</DeviceID><SumNum>1</SumNum><DeviceList Num='1'><Item><DeviceID>{CHANNEL}</DeviceID>"
        f"<Name>{name}</Name><Status>ON</Status><Longitude>113.1</Longitude><Latitude>29.1</Latitude>"
        "<Info><PTZType>1</PTZType></Info></Item></DeviceList></Response>"
    )
    return text.encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("gb18030", "GB2312"), ("gb18030", "gb18030"), ("utf-8", "UTF-8"), ("gb18030", "UTF-8"),
     ("utf-8-sig", "UTF-8")],
)  # fmt: skip
def test_names_are_read_in_the_letters_that_devices_use(encoding: str, declared: str) -> None:  # R324
    part = told.read(catalogue("岳阳县㙍镇镕鎔口", encoding, declared))
    assert isinstance(part, told.CatalogPart)
    (item,) = part.items
    assert (item.name, item.online, item.lat, item.lon, item.ptz) == ("岳阳县㙍镇镕鎔口", True, 29.1, 113.1, "dome")


@pytest.mark.parametrize("name", ["北门", "学校东门→①号", "岳阳县医院大门口"])
def test_utf_8_that_is_declared_gb2312_is_read_as_what_it_is(name: str) -> None:  # R324
    part = told.read(catalogue(name, "utf-8", "GB2312"))
    assert isinstance(part, told.CatalogPart)
    assert part.items[0].name == name
    gb = told.read(catalogue("105路", "gb18030", "GB2312"))  # these two bytes are a dot in UTF-8
    assert isinstance(gb, told.CatalogPart)
    assert gb.items[0].name == "105路"


def test_an_ampersand_in_a_name_costs_nothing() -> None:  # R1007
    part = told.read(catalogue("A&B &amp; C &copy; &#x5317;", "utf-8", "UTF-8"))
    assert isinstance(part, told.CatalogPart)
    assert part.items[0].name == "A&B & C &copy; 北"


@pytest.mark.parametrize("said", ["<SumNum>x</SumNum>", "<SumNum>-1</SumNum>", ""])
def test_of_how_many_and_of_which_answer_need_not_be_said(said: str) -> None:  # R1007
    body = catalogue("x", "utf-8", "UTF-8").replace(b"<SumNum>1</SumNum>", said.encode()).replace(b"<SN>5</SN>", b"")
    part = told.read(body)
    assert isinstance(part, told.CatalogPart)
    assert (part.sn, part.total, len(part.items)) == (0, None, 1)


def test_what_we_write_is_gb18030_and_cannot_be_broken_out_of() -> None:  # R324
    body = write("Query", [("CmdType", "Catalog"), ("Name", "镕&<b>"), ("Info", [("A", 1)])])
    assert "镕&amp;&lt;b&gt;".encode("gb18030") in body
    assert parse(body).said("Name") == "镕&<b>"
    assert body.startswith(b'<?xml version="1.0" encoding="GB2312"?>')
    assert b'encoding="GB18030"' in asked.query("Catalog", 1, CHANNEL, encoding="GB18030")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<a>", b"not xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", b"<a>&undefined;</a>",
        b"<a>" * (GB28181_XML_DEPTH + 1) + b"</a>" * (GB28181_XML_DEPTH + 1), b"<r>" + b"<i/>" * 20_001 + b"</r>",
        b"<Notify><CmdType>Keepalive</CmdType><DeviceID>1</DeviceID></Notify>",
        b"<Notify><DeviceID>34020000001320000311</DeviceID></Notify>",
        catalogue("a<b", "utf-8", "UTF-8"),
        b"<Notify><CmdType>MobilePosition</CmdType><DeviceID>34020000001320000311</DeviceID><Latitude>nan</Latitude>"
        b"<Longitude>1</Longitude></Notify>",
    ],
)  # fmt: skip
def test_hostile_or_broken_xml_is_refused(body: bytes) -> None:  # R324
    with pytest.raises(ManscdpError):
        told.read(body)


@given(st.binary(max_size=300))
def test_no_bytes_bring_about_anything_but_a_message_or_a_refusal(junk: bytes) -> None:  # R324
    body = catalogue("name", "gb18030", "GB2312")
    for each in (junk, body[:150] + junk + body[150:], body.replace(b"113.1", junk[:20])):
        with suppress(ManscdpError):
            told.read(each)


@pytest.mark.data
def test_real_bodies_of_another_maker_are_understood() -> None:  # R325
    def of(name: str) -> told.Told:
        return told.read(shared(f"data/gb28181/{name}").read_bytes())

    assert of("keepalive.xml") == told.Keepalive("34020000001320000011")
    part, info, status = (of(f"{n}_response.xml") for n in ("catalog", "device_info", "device_status"))
    assert isinstance(part, told.CatalogPart)
    assert (part.sn, part.total, len(part.items), part.items[0].civil_code) == (2, 4, 4, "330100")
    assert isinstance(info, told.Info)
    assert (info.name, info.manufacturer, info.firmware) == ("jt808-simulation", "go-jt808", "v0.1.0")
    assert isinstance(status, told.Status)
    assert (status.online, status.works, status.records) == (True, True, True)
    theirs = parse(shared("data/gb28181/catalog.xml").read_bytes())
    ours = parse(asked.query("Catalog", 2, "34020000001320000105", encoding="GB2312"))
    assert theirs == ours


def test_parts_make_a_whole_in_any_order_and_doubled() -> None:  # R325
    gathering: Gathering[int] = Gathering(lambda item: item, most=5)
    gathering.take(3, [2])
    gathering.take(3, [2, 1])
    assert not gathering.is_whole
    gathering.take(3, [3])
    assert (gathering.is_whole, gathering.items, gathering.parts) == (True, [2, 1, 3], 3)
    gathering.take(100, range(100))
    assert (len(gathering.items), gathering.is_whole, gathering.is_cut) == (5, False, True)


@pytest.mark.parametrize(
    ("pan", "tilt", "zoom", "command"),
    [
        (0, 100 / 255, 0, "A50F000800640020"),  # the vector of the standard's users: up at 0x64
        (0, 0, 0, "A50F0000000000B4"),
        (-1, 0, 0, "A50F0002FF0000B5"),
        (1, -1, 0, "A50F0005FFFF00B7"),
        (0, 0, 1, "A50F00100000F0B4"),
        (0, 0, -0.01, "A50F0020000010E4"),  # slow is not still
    ],
)
def test_movements_are_the_eight_bytes_of_the_standard(pan: float, tilt: float, zoom: float, command: str) -> None:
    assert ptz.move(pan, tilt, zoom) == command  # R328
    assert sum(bytes.fromhex(command)[:7]) % 256 == bytes.fromhex(command)[7]
    assert ptz.preset(3) == "A50F008200030039"


def test_what_is_asked_of_a_device_says_where_how_and_which_ssrc() -> None:  # R327
    media = Media(transport="udp", host="10.0.0.5", port=30012, ssrc=200000001)
    live = sdp.offer("34020000002000000001", CHANNEL, media, None).decode()
    assert "s=Play\r\n" in live
    assert "m=video 30012 RTP/AVP 96\r\n" in live
    assert "y=0200000001\r\n" in live
    assert "a=setup" not in live
    media = Media(transport="tcp_passive", host="10.0.0.5", port=30012, ssrc=1200000001)
    past = sdp.offer("34020000002000000001", CHANNEL, media, (1_700_000_000_000, 1_700_000_060_000)).decode()
    assert f"s=Playback\r\nu={CHANNEL}:0\r\n" in past
    assert "t=1700000000 1700000060\r\nm=video 30012 TCP/RTP/AVP 96\r\n" in past
    assert "a=setup:passive\r\na=connection:new\r\ny=1200000001\r\n" in past


def test_answers_are_read_and_those_that_cannot_be_used_refused() -> None:  # R327
    said = (
        b"v=0\r\no=1 0 0 IN IP4 10.0.0.9\r\ns=\xb4\xf3\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 1 RTP/AVP 8\r\n"
        b"m=video 40000 TCP/RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\na=setup:active\r\ny=0100000002\r\n"
    )
    answer = sdp.parse_answer(said)
    assert (answer.host, answer.port, answer.ssrc, answer.setup) == ("10.0.0.9", 40000, 100000002, "active")
    assert (answer.payload_type, answer.encoding) == (98, "H264")
    assert sdp.parse_answer(said.replace(b"y=0100000002", b"y=none")).ssrc is None
    for bad in (b"", said.replace(b"m=video", b"m=data"), said.replace(b"40000", b"0"), said.replace(b"40000", b"7x"),
                said.replace(b"c=IN", b"d=IN"), b"a=1\r\n" * 3000, b"x" * 70_000):  # fmt: skip
        with pytest.raises(SdpError):
            sdp.parse_answer(bad)


@given(st.binary(max_size=300))
def test_no_description_brings_about_anything_but_an_answer_or_a_refusal(junk: bytes) -> None:  # R327
    for said in (junk, b"c=IN IP4 1.2.3.4\r\nm=video " + junk, b"m=video 1 x 96\r\nc=" + junk + b"\r\ny=" + junk):
        with suppress(SdpError):
            sdp.parse_answer(said)


def test_an_ssrc_is_one_streams_alone_and_not_taken_again_at_once() -> None:  # R327
    ssrcs = Ssrcs("3402000000")
    with ssrcs.lend(playback=False) as first, ssrcs.lend(playback=True) as second:
        assert (f"{first:010d}", f"{second:010d}") == ("0200000001", "1200000002")
    with ssrcs.lend(playback=False) as third:
        assert third == 200000003
    lent = [ssrcs.lend(playback=False) for _ in range(GB28181_STREAMS)]
    assert len({each.__enter__() for each in lent}) == GB28181_STREAMS
    with pytest.raises(InviteError), ssrcs.lend(playback=False):
        pass


def test_playback_is_steered_by_mansrtsp() -> None:  # R327
    assert control(3, 2) == b"PLAY MANSRTSP/1.0\r\nCSeq: 3\r\nScale: 2.000000\r\nRange: npt=now-\r\n\r\n"
    assert control(5, None).startswith(b"PAUSE MANSRTSP/1.0\r\n")


def test_a_devices_time_is_that_of_china_unless_it_says_a_zone() -> None:  # R323
    assert instant_ms("2026-11-22T12:00:00") == instant_ms("2026-11-22T04:00:00Z") == 1_795_320_000_000
    assert instant_ms("yesterday") is None
    assert written(1_795_320_000_123, fractions=True) == "2026-11-22T12:00:00.123"


def test_an_alarm_is_told_in_the_words_of_the_standard() -> None:  # R329
    body = (
        f"<Notify><CmdType>Alarm</CmdType><SN>1</SN><DeviceID>{CHANNEL}</DeviceID><AlarmPriority>2</AlarmPriority>"
        "<AlarmMethod>5</AlarmMethod><AlarmDescription>东门</AlarmDescription><Info><AlarmType>6</AlarmType></Info>"
        "</Notify>"
    )
    alarm = told.read(body.encode())
    assert isinstance(alarm, told.Alarm)
    assert words_of(alarm) == "视频报警:入侵检测 东门"


def test_groups_and_people_are_no_cameras() -> None:  # R333
    assert [shows_pictures(each) for each in (CHANNEL, "34020000002150000001", "3402", "34020000001340000001")] == [
        True, False, False, False,
    ]  # fmt: skip
