"""What a device may do to the platform, at the socket: fall silent, lie, flood, end (SPEC R322-R331)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.geo import Datum, to_wgs84
from edge.gb28181.invite import InviteError, Media
from edge.gb28181.manscdp import parse as parse_xml
from edge.gb28181.platform import Platform
from edge.limits import GB28181_BEAT_MS, GB28181_BEATS_MISSED, SIP_ADDRESSES, SIP_MESSAGES_PER_S
from edge.sip import connections
from edge.sip.message import Header, Message, Request, Response, parse, respond, serialise
from tests.edge.gb28181.site import DEVICE, DOMAIN, SERVER, Hub, running, until
from tests.edge.gb28181.test_registrar import answered

NOW_MS = 1_795_320_000_000  # 2026-11-22T12:00:00 in China
CHANNEL = "34020000001320000311"
MEDIA = Media(transport="udp", host="127.0.0.1", port=30012, ssrc=200000001)


class Device:
    """The smallest device: it says what a test has it say, and answers 200 to everything that it is asked."""

    def __init__(self, sock: socket.socket, port: int) -> None:
        self._sock = sock
        self._to = ("127.0.0.1", port)
        self._number = 0
        self.heard: list[Request] = []
        self.silent_to: set[str] = set()
        self.branch = ""
        """Says all under this one, where there is one."""

    async def ask(self, method: str, *more: Header, body: str = "", call: str = "") -> Response:
        """Send a request; return the answer, answering on the way what the platform asks."""
        self.send(method, *more, body=body, call=call)
        while True:
            message = await self.take()
            if isinstance(message, Response) and f" {method}" in message.need("cseq"):
                return message

    def turn_to(self, port: int) -> None:
        """Speak to another platform from now on."""
        self._to = ("127.0.0.1", port)

    def send(self, method: str, *more: Header, body: str = "", call: str = "") -> None:
        self._number += 1
        to = DEVICE if method == "REGISTER" else SERVER
        branch = self.branch or f"z9hG4bKd{self._number}"
        headers: tuple[Header, ...] = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self._sock.getsockname()[1]};rport;branch={branch}"),
            ("From", f"<sip:{DEVICE}@{DOMAIN}>;tag=d"), ("To", f"<sip:{to}@{DOMAIN}>"),
            ("Call-ID", call or f"d{self._number}"), ("CSeq", f"{self._number} {method}"), *more,
        )  # fmt: skip
        self.raw(serialise(Request(method=method, uri=f"sip:{SERVER}@{DOMAIN}", headers=headers, body=body.encode())))

    def raw(self, packet: bytes) -> None:
        self._sock.sendto(packet, self._to)

    async def take(self) -> Message:
        """Return the next message of the platform, answered where it is a question that is not to be left open."""
        message = parse(await asyncio.get_running_loop().sock_recv(self._sock, 65536))
        if isinstance(message, Request):
            self.heard.append(message)
            if message.method not in {"ACK", *self.silent_to}:
                self.raw(serialise(respond(message, 200, tag="d")))
        return message

    async def register(self, expires: str = "3600") -> Response:
        more: tuple[Header, ...] = (("Expires", expires),)
        return await self.ask("REGISTER", *more, answered(await self.ask("REGISTER", *more)))

    async def say(self, what: str, inner: str, sn: int = 1) -> Response:
        body = f"<Notify><CmdType>{what}</CmdType><SN>{sn}</SN><DeviceID>{DEVICE}</DeviceID>{inner}</Notify>"
        return await self.ask("MESSAGE", body=body)


@asynccontextmanager
async def device(platform: Platform) -> AsyncIterator[Device]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        async with asyncio.timeout(60):
            yield Device(sock, platform.port)


async def test_a_device_that_falls_silent_is_offline_and_comes_back_by_registering() -> None:  # R323
    clock = VirtualClock(NOW_MS)
    async with running(Hub(), clock=clock) as platform, device(platform) as camera:
        assert (await camera.register()).status == 200
        clock.advance(NOW_MS + GB28181_BEAT_MS)
        assert (await camera.say("Keepalive", "<Status>OK</Status>")).status == 200
        clock.advance(NOW_MS + GB28181_BEAT_MS * (GB28181_BEATS_MISSED + 1) - 1)
        assert platform.online == 1
        clock.advance(NOW_MS + GB28181_BEAT_MS * (GB28181_BEATS_MISSED + 2))
        await until(lambda: platform.online == 0)
        assert "no keepalive for 180 s" in platform.diagnosis(DEVICE)
        assert (await camera.say("Keepalive", "<Status>OK</Status>")).status == 403  # it has to register again
        with pytest.raises(InviteError, match="no keepalive"):
            await platform.invite(DEVICE, DEVICE, MEDIA).__aenter__()
        assert (await camera.register()).status == 200
        assert platform.online == 1
        assert (await camera.register("0")).status == 200
        assert (platform.online, platform.states()[0].reason) == (0, "it signed off")


async def test_strangers_and_repeated_requests_bring_nothing_about() -> None:  # R322 R323
    hub = Hub()
    async with running(hub) as platform, device(platform) as camera:
        assert (await camera.say("Alarm", "<AlarmMethod>2</AlarmMethod>")).status == 403
        assert (platform.counters.strangers, hub.alarms) == (1, [])
        await camera.register()
        for _ in range(2):  # the answer was lost: the very same request again
            camera._number = 50
            assert (await camera.say("Keepalive", "<Status>OK</Status>")).status == 200
        assert platform.counters.keepalives == 1
        assert (await camera.ask("INVITE")).status == 488
        assert (await camera.ask("PUBLISH")).status == 405
        assert (await camera.ask("BYE", call="unknown")).status == 481
        assert (await camera.say("Keepalive", "<!-- ")).status == 400


async def test_alarms_of_a_device_that_says_all_under_one_branch_are_recorded() -> None:  # R1006
    hub = Hub()
    async with running(hub) as platform, device(platform) as camera:
        camera.branch = "z9hG4bK776asdhds"
        await camera.register()
        for method in (2, 5, 6):
            assert (await camera.say("Alarm", f"<AlarmMethod>{method}</AlarmMethod>", sn=method)).status == 200
        assert [alarm.method for _, alarm in hub.alarms] == [2, 5, 6]
        camera._number -= 1  # the very same once more: the answer was lost
        assert (await camera.say("Alarm", "<AlarmMethod>6</AlarmMethod>", sn=6)).status == 200
        assert (len(hub.alarms), platform.counters.alarms_repeated) == (3, 0)
        assert platform.endpoint.counters.repeated == 1


async def test_an_alarm_is_acknowledged_once_it_is_recorded_and_not_repeated() -> None:  # R329
    hub = Hub()
    async with running(hub) as platform, device(platform) as camera:
        await camera.register()
        intrusion = "<AlarmPriority>2</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmType>6</AlarmType>"
        hub.away = True
        assert (await camera.say("Alarm", intrusion)).status == 503
        hub.away = False
        assert (await camera.say("Alarm", intrusion)).status == 200
        assert (await camera.say("Alarm", intrusion, sn=2)).status == 200
        assert [(device, alarm.method, alarm.kind) for device, alarm in hub.alarms] == [(DEVICE, 5, 6)]
        assert (platform.counters.alarms_repeated, platform.counters.not_recorded) == (1, 1)
        while not any(b"<Result>OK</Result>" in each.body for each in camera.heard):
            await camera.take()  # 2016: the platform says by a message that it took the alarm


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
async def test_the_place_of_an_alarm_is_kept_in_wgs_84(datum: Datum) -> None:  # R654
    hub = Hub()
    async with running(hub, datum=datum) as platform, device(platform) as camera:
        await camera.register()
        place = "<Longitude>113.11</Longitude><Latitude>29.14</Latitude>"
        intrusion = f"<AlarmPriority>2</AlarmPriority><AlarmMethod>5</AlarmMethod>{place}"
        assert (await camera.say("Alarm", intrusion)).status == 200
        nowhere = "<AlarmPriority>2</AlarmPriority><AlarmMethod>2</AlarmMethod>"
        assert (await camera.say("Alarm", nowhere)).status == 200
        told, none = (alarm for _, alarm in hub.alarms)
        assert (told.lat, told.lon) == to_wgs84(29.14, 113.11, datum)
        assert ((told.lat, told.lon) == (29.14, 113.11)) is (datum == "wgs84")
        assert (none.lat, none.lon) == (None, None)


async def test_the_place_of_a_units_device_is_a_fix_whatever_its_clock() -> None:  # R330
    hub = Hub(DEVICE)
    clock = VirtualClock(NOW_MS)
    async with running(hub, clock=clock, datum="gcj02") as platform, device(platform) as camera:
        await camera.register()
        place = "<Longitude>113.11</Longitude><Latitude>29.14</Latitude><Speed>36</Speed><Direction>90</Direction>"
        assert (await camera.say("MobilePosition", f"<Time>2026-11-22T11:59:58</Time>{place}")).status == 200
        assert (await camera.say("MobilePosition", f"<Time>1970-01-01T00:00:00</Time>{place}")).status == 200
        assert [fix.at_ms for fix in hub.fixes] == [NOW_MS - 2000, NOW_MS]
        fix = hub.fixes[0]
        assert (fix.device, fix.source, fix.speed_kmh, fix.heading_deg) == (DEVICE, "gb28181", 36, 90)
        assert abs(fix.lat - 29.14) > 0.001  # told in GCJ-02, kept in WGS-84
        assert platform.counters.clocks_off == 1
        hub.bound.clear()
        assert (await camera.say("MobilePosition", f"<Time>2026-11-22T11:59:58</Time>{place}")).status == 200
        assert platform.counters.places_of_nobody == 1


async def test_a_device_that_ends_the_stream_or_plays_to_its_end_is_heard() -> None:  # R327
    async with running(Hub()) as platform, device(platform) as camera, asyncio.TaskGroup() as tasks:
        await camera.register()
        camera.silent_to.add("INVITE")
        told: list[str] = []

        async def watch(playback: tuple[int, int] | None) -> None:
            async with platform.invite(DEVICE, DEVICE, MEDIA, playback) as dialog:
                told.append(await dialog.ended())

        for playback in (None, (NOW_MS, NOW_MS + 60_000)):
            watching = tasks.create_task(watch(playback))
            invite = await _invited(camera)
            camera.raw(serialise(respond(invite, 200, ("Contact", f"<sip:{DEVICE}@127.0.0.1>"), tag="t", body=_SDP)))
            while camera.heard[-1].method != "ACK":
                await camera.take()
            if playback is None:
                theirs = (("From", f"{invite.need('to')};tag=t"), ("To", invite.need("from")))
                assert (await _bye(camera, invite.need("call-id"), theirs)).status == 200
            else:
                assert (await camera.say("MediaStatus", "<NotifyType>121</NotifyType>")).status == 200
            await watching
        assert told == ["the device ended the stream (BYE)", "the recording ended"]


async def test_an_invite_that_nobody_waits_for_any_more_is_cancelled_or_ended() -> None:  # R327
    async with running(Hub()) as platform, device(platform) as camera, asyncio.TaskGroup() as tasks:
        await camera.register()
        camera.silent_to.add("INVITE")
        inviting = tasks.create_task(platform.invite(DEVICE, DEVICE, MEDIA).__aenter__())
        invite = await _invited(camera)
        inviting.cancel()
        camera.raw(serialise(respond(invite, 100)))
        while camera.heard[-1].method != "CANCEL":
            await camera.take()
        camera.raw(serialise(respond(invite, 200, ("Contact", f"<sip:{DEVICE}@127.0.0.1>"), tag="t", body=_SDP)))
        while camera.heard[-1].method != "BYE":  # it had agreed already: it must not send for ever
            await camera.take()


async def test_a_movement_and_a_question_for_recordings_reach_the_device() -> None:  # R325 R328
    async with running(Hub()) as platform, device(platform) as camera, asyncio.TaskGroup() as tasks:
        await camera.register()
        tasks.create_task(platform.move(DEVICE, CHANNEL, 0, 100 / 255, 0))
        moved = await _asked(camera, b"PTZCmd")
        assert b"<PTZCmd>A50F000800640020</PTZCmd>" in moved.body
        assert moved.uri.startswith(f"sip:{CHANNEL}@")
        asking = tasks.create_task(platform.recordings(DEVICE, CHANNEL, NOW_MS - 3_600_000, NOW_MS))
        asked = parse_xml((await _asked(camera, b"RecordInfo")).body)
        assert (asked.said("StartTime"), asked.said("EndTime")) == ("2026-11-22T11:00:00", "2026-11-22T12:00:00")
        for begin, end in (("11:30", "11:40"), ("11:00", "11:30")):  # the later part first
            body = (
                f"<Response><CmdType>RecordInfo</CmdType><SN>{asked.said('SN')}</SN><DeviceID>{CHANNEL}</DeviceID>"
                f"<SumNum>2</SumNum><RecordList Num='1'><Item><DeviceID>{CHANNEL}</DeviceID><StartTime>2026-11-22T"
                f"{begin}:00</StartTime><EndTime>2026-11-22T{end}:00</EndTime></Item></RecordList></Response>"
            )
            assert (await camera.ask("MESSAGE", body=body)).status == 200
        recordings, is_whole = await asking
        assert is_whole
        assert [each.from_ms for each in recordings] == [NOW_MS - 3_600_000, NOW_MS - 1_800_000]


async def test_a_flood_of_junk_is_counted_bounded_and_holds_up_nobody_for_long() -> None:  # R331
    async with running(Hub()) as platform, device(platform) as camera:
        await camera.register()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            for n in range(20_000):
                stranger.sendto(b"\xff\x00junk" * (1 + n % 20), ("127.0.0.1", platform.port))
                if n % 200 == 0:
                    assert (await camera.say("Keepalive", "<Status>OK</Status>")).status == 200
        counters = platform.endpoint.counters
        assert counters.throttled > 0
        assert SIP_MESSAGES_PER_S <= counters.malformed < 20_000
        assert len(platform.endpoint._rates) <= 2 <= SIP_ADDRESSES
        assert platform.counters.keepalives == 100


async def test_a_connection_that_sends_junk_or_nothing_is_cut_off() -> None:  # R331
    clock = VirtualClock(NOW_MS)
    async with running(Hub(), clock=clock) as platform, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
        writer.write(b"\xff" * 20_000)
        await _is_cut_off(reader)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
        await until(lambda: platform.endpoint.counters.connections == 1)
        clock.advance(NOW_MS + 61_000)
        await _is_cut_off(reader)
        writer.close()
        assert platform.endpoint.counters.connections_cut == 1


async def test_who_connects_and_says_nothing_keeps_no_device_out(monkeypatch: pytest.MonkeyPatch) -> None:  # R733
    monkeypatch.setattr(connections, "SIP_CONNECTIONS", 2)
    async with running(Hub(), clock=VirtualClock(NOW_MS)) as platform, asyncio.timeout(60):
        silent = [await asyncio.open_connection("127.0.0.1", platform.port) for _ in range(3)]
        await _is_cut_off(silent[0][0])
        counters = platform.endpoint.counters
        await until(lambda: counters.connections_accepted == 3)
        assert (counters.connections, counters.connections_refused, counters.strangers_turned_out) == (2, 0, 1)
        for connection in list(platform.endpoint._connections._open.values()):
            connection.welcome = True  # as one is whose registration was agreed to
        reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
        await _is_cut_off(reader)
        assert (counters.connections, counters.connections_refused, counters.strangers_turned_out) == (2, 1, 1)
        for _, each in (*silent, (reader, writer)):
            each.close()


_SDP = b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=video 40000 RTP/AVP 96\r\na=rtpmap:96 PS/90000\r\n"


async def _is_cut_off(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionResetError):  # what was not read yet is thrown away
        assert await reader.read() == b""


async def _asked(camera: Device, word: bytes) -> Request:
    while True:
        message = await camera.take()
        if isinstance(message, Request) and word in message.body:
            return message


async def _invited(camera: Device) -> Request:
    while True:
        message = await camera.take()
        if isinstance(message, Request) and message.method == "INVITE":
            return message


async def _bye(camera: Device, call: str, theirs: tuple[Header, ...]) -> Response:
    headers: tuple[Header, ...] = (
        ("Via", "SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bKbye"), *theirs, ("Call-ID", call), ("CSeq", "1 BYE"),
    )  # fmt: skip
    camera.raw(serialise(Request(method="BYE", uri=f"sip:{SERVER}@{DOMAIN}", headers=headers)))
    while True:
        message = await camera.take()
        if isinstance(message, Response) and "BYE" in message.need("cseq"):
            return message
