"""Why no picture comes, as a technician is told it."""

from __future__ import annotations

import asyncio
import re
import struct
import time

import pytest

from command.kernel.clock import SystemClock
from edge.gb28181.invite import Media, Transport
from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import Send
from streams.limits import RTP_BAD_FRAMES
from streams.packets import Packet
from streams.sources import SourceError
from tests.edge.gb28181.reading import PATIENCE_S, opened, reason, to_the_end
from tests.edge.gb28181.senders import Device, plays, silent


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner, since it is the reason that is looked at."""
    for name, limit_ms in (("CAMERA_OPEN_MS", 400), ("CAMERA_FROZEN_MS", 1000), ("MEDIA_KEY_MS", 1200)):
        monkeypatch.setattr(f"edge.gb28181.media.{name}", limit_ms)


async def test_an_invitation_that_is_refused_is_the_reason() -> None:
    device = Device(silent, refusal="INVITE answered 486 Busy Here")

    assert await reason(opened(device)) == "INVITE answered 486 Busy Here"
    assert device.lent == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("transport", "said"),
    [
        ("udp", r"INVITE answered 200, no packets on UDP port \d+: NAT or firewall\?"),
        ("tcp_passive", r"INVITE answered 200, no packets on TCP port \d+: NAT or firewall\?"),
    ],
)
async def test_silence_after_the_answer_names_the_port(transport: Transport, said: str) -> None:
    """R342."""

    async def hang(_send: Send, _media: Media) -> None:
        await SystemClock().sleep(60_000)

    assert re.fullmatch(said, await reason(opened(Device(hang), transport)))


@pytest.mark.usefixtures("hasty")
async def test_a_device_that_never_connects_is_told_apart() -> None:
    """R342."""

    class Shy(Device):
        async def _send(self, media: Media) -> None:
            pass

    said = await reason(opened(Shy(silent), "tcp_passive"))

    assert re.fullmatch(r"INVITE answered 200, but nobody connected to TCP port \d+: NAT or firewall\?", said)


async def test_a_device_that_does_not_listen_is_told_apart() -> None:
    """R342."""
    device = Device(silent, host="127.0.0.1", said_host="127.0.0.3")

    said = await reason(opened(device, "tcp_active"))

    assert re.fullmatch(r"INVITE answered 200, but TCP 127.0.0.3:\d+ cannot be connected to: .*", said)
    assert device.parted == 1


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("transport", ["udp", "tcp_passive"])
async def test_packets_from_another_address_are_dropped_and_named(ps_clip: PsClip, transport: Transport) -> None:
    """R337, R342."""
    device = Device(plays(ps_clip), host="127.0.0.2", said_host="127.0.0.1")

    said = await reason(opened(device, transport))

    assert re.fullmatch(
        r"INVITE answered 200 by 127.0.0.1, but packets on (UDP|TCP) port \d+ come from 127.0.0.2: NAT\?", said
    )


@pytest.mark.usefixtures("hasty")
async def test_packets_of_other_streams_are_named() -> None:
    """R337, R342: no run of any SSRC is long enough to be believed."""

    async def behave(send: Send, _media: Media) -> None:
        for i in range(2000):
            send(struct.pack("!BBHII", 0x80, 96, i // 7, 0, 7 + i % 7) + b"\0\0\1\xba")
            await SystemClock().sleep(1)

    assert "are of another stream (SSRC)" in await reason(opened(Device(behave)))


@pytest.mark.usefixtures("hasty")
async def test_what_is_not_rtp_is_named() -> None:
    """R342."""

    async def behave(send: Send, _media: Media) -> None:
        for _ in range(2000):
            send(b"hello")
            await SystemClock().sleep(1)

    assert "is not RTP" in await reason(opened(Device(behave)))


async def test_tcp_without_framing_is_named() -> None:
    """R335."""

    async def behave(send: Send, _media: Media) -> None:
        for _ in range(RTP_BAD_FRAMES):
            send(b"hello")
        await SystemClock().sleep(60_000)

    assert "RFC 4571" in await reason(opened(Device(behave), "tcp_passive"))


def without_sets(clip: PsClip) -> PsClip:
    """The clip with its parameter sets made filler."""
    marks = {"h264": (b"\x67", b"\x68"), "h265": (b"\x40\x01", b"\x42\x01", b"\x44\x01")}[clip.codec]
    filler = {"h264": b"\x0c", "h265": b"\x4c"}[clip.codec]
    frames = []
    for frame in clip.frames:
        data = frame.data
        for mark in marks:
            data = data.replace(b"\0\0\1" + mark, b"\0\0\1" + filler + mark[1:])
        frames.append(type(frame)(frame.at_ms, frame.is_key, data))
    return PsClip(tuple(frames), clip.duration_ms, clip.codec)


@pytest.mark.usefixtures("hasty")
async def test_a_stream_without_parameter_sets_is_named(any_clip: PsClip) -> None:
    """R342."""
    name = {"h264": "H.264", "h265": "H.265"}[any_clip.codec]

    said = await reason(opened(Device(plays(without_sets(any_clip)))))

    assert said == f"stream is {name} in PS without parameter sets"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("stands_still_s", [0, 1.5])
async def test_a_camera_that_freezes_is_named(ps_clip: PsClip, stands_still_s: float) -> None:
    """R342, also where the hub itself stood still meanwhile (R1098)."""

    async def behave(send: Send, media: Media) -> None:
        await plays(ps_clip, loop=False, scale=4)(send, media)
        await SystemClock().sleep(200)  # it is read
        time.sleep(stands_still_s)
        await SystemClock().sleep(60_000)

    device = Device(behave)
    async with asyncio.timeout(PATIENCE_S), opened(device) as source:
        packets: list[Packet] = []
        with pytest.raises(SourceError) as caught:
            await to_the_end(source, packets)

    assert len(packets) == 25
    assert caught.value.reason == "no packets for 1 s"


@pytest.mark.usefixtures("hasty")
async def test_loss_is_named_where_no_key_frame_comes_whole(ps_clip: PsClip) -> None:
    """R341, R342."""

    async def behave(send: Send, media: Media) -> None:
        count = 0

        def drop_some(packet: bytes) -> None:
            nonlocal count
            count += 1
            if count % 3:
                send(packet)

        await plays(ps_clip)(drop_some, media)

    said = await reason(opened(Device(behave)))

    assert re.fullmatch(
        r"H\.264 in PS arrives, but no whole key frame; (29|3[0-4]) % of packets lost", said
    )  # some are still waited for


@pytest.mark.parametrize("transport", ["tcp_passive", "tcp_active"])
async def test_a_closed_connection_is_told(ps_clip: PsClip, transport: Transport) -> None:
    device = Device(plays(ps_clip, loop=False))

    assert await reason(opened(device, transport)) == "the device closed the media connection"


async def test_the_device_may_end_the_stream(ps_clip: PsClip) -> None:
    device = Device(plays(ps_clip))
    async with asyncio.timeout(PATIENCE_S), opened(device) as source:
        await anext(source)
        device.dialogs[0].end.set_result("the device ended the stream (BYE)")
        with pytest.raises(SourceError, match="BYE"):
            await to_the_end(source, [])
