"""Pictures from GB/T 28181 devices: over each transport, in what they come, and what harms nobody."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
from contextlib import closing
from functools import partial
from itertools import pairwise

import av
import pytest

from command.kernel.clock import SystemClock, VirtualClock
from edge.gb28181.invite import Media, Transport
from edge.gb28181.media import Gb28181Media, Gb28181Source, PlaybackEndedError
from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import RtpState, Send, rtp_packets
from streams import h264
from streams.limits import CAMERA_PICTURES_PER_S
from streams.packets import Packet
from streams.sources import SourceError, Sources
from tests.edge.gb28181.reading import PATIENCE_S, opened, ports, read, reason, to_the_end
from tests.edge.gb28181.senders import ADDRESS, CHANNEL, DEVICE, SSRC, Behaviour, Device, plays, sender_from, silent
from tests.edge.gb28181.site import until

TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp_passive", "tcp_active")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_channel_is_read_from_its_key_frame_on(any_clip: PsClip, transport: Transport) -> None:
    """R344."""
    device = Device(plays(any_clip))

    packets = await read(opened(device, transport), 20)

    assert [i for i, packet in enumerate(packets) if packet.is_key] == [0, 10]
    assert {packet.codec for packet in packets} == {any_clip.codec}
    assert all(after.pts_ms - before.pts_ms == 40 for before, after in pairwise(packets))
    codec = av.CodecContext.create({"h264": "h264", "h265": "hevc"}[any_clip.codec], "r")
    assert isinstance(codec, av.VideoCodecContext)
    frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet.data))] + codec.decode(None)
    assert len(frames) == 20
    (asked,) = device.asked
    assert (asked[0], asked[1], asked[2].transport, asked[2].ssrc) == (DEVICE, CHANNEL, transport, SSRC)
    assert device.parted == 1
    assert device.lent == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_ports_come_back_from_a_bounded_range(ps_clip: PsClip, transport: Transport) -> None:
    """R344: even ones, all others refused, free again after use."""
    among = ports(2)
    device = Device(plays(ps_clip))
    for _ in range(4):
        await read(opened(device, transport, among), 1)

    asked = [media.port for _, _, media, _ in device.asked]
    assert transport == "tcp_active" or asked == [among.first, among.first + 2] * 2


async def test_when_all_ports_are_taken_it_is_said(ps_clip: PsClip) -> None:
    among = ports(1)
    device = Device(plays(ps_clip))
    async with opened(device, "udp", among):
        said = await reason(opened(device, "udp", among))

    assert said == f"no free port for media from {among.first} to {among.last}"
    assert len(device.asked) == 1


async def test_a_bad_address_is_refused() -> None:
    media = Gb28181Media(Device(silent), ports())
    for address in ("gb28181://1/2", f"rtsp://{DEVICE}/{CHANNEL}", f"{ADDRESS}?transport=sctp", f"gb28181://{DEVICE}"):
        with pytest.raises(SourceError):
            media.open(address, SystemClock())


async def test_pictures_through_a_translator_come_from_where_the_device_signals(ps_clip: PsClip) -> None:
    """R337: it answers with an address of its own net."""
    device = Device(plays(ps_clip), host="127.0.0.2", said_host="192.168.1.64", signals_from="127.0.0.2")

    assert (await read(opened(device), 1))[0].is_key


async def test_a_device_that_ignores_the_agreed_ssrc_is_read(ps_clip: PsClip) -> None:
    """R337."""
    packets = await read(opened(Device(plays(ps_clip, ssrc=12345))), 5)

    assert packets[0].is_key


async def test_a_device_may_answer_with_an_ssrc_of_its_own(ps_clip: PsClip) -> None:
    """R337."""
    packets = await read(opened(Device(plays(ps_clip, ssrc=777), ssrc=777)), 5)

    assert packets[0].is_key


async def test_bare_h264_is_read_with_and_without_rfc_6184(ps_clip: PsClip) -> None:
    """R340."""
    live = await read(opened(Device(plays(ps_clip))), 10)

    def sends(payloads: list[tuple[int, bytes, bool]]) -> Behaviour:
        async def behave(send: Send, media: Media) -> None:
            for i, (timestamp, payload, marker) in enumerate(payloads):
                send(struct.pack("!BBHII", 0x80, marker << 7 | 96, i, timestamp, media.ssrc) + payload)
            await SystemClock().sleep(60_000)

        return behave

    framed, cut = [], []
    for n, packet in enumerate(live):
        parts = h264.rtp_payloads(h264.nal_units(packet.data))
        framed += [(n * 3600, part, i == len(parts) - 1) for i, part in enumerate(parts)]
        pieces = [packet.data[at : at + 1400] for at in range(0, len(packet.data), 1400)]
        cut += [(n * 3600, piece, i == len(pieces) - 1) for i, piece in enumerate(pieces)]

    by_rfc = await read(opened(Device(sends(framed), encoding="H264")), 9)
    by_bytes = await read(opened(Device(sends(cut))), 9)

    assert [h264.nal_units(packet.data) for packet in by_rfc] == [h264.nal_units(packet.data) for packet in live[:9]]
    assert [packet.data for packet in by_bytes] == [packet.data for packet in live[:9]]
    assert [packet.pts_ms for packet in by_rfc] == [40 * i for i in range(9)]


async def test_what_is_recorded_is_played_steered_and_ends(ps_clip: PsClip) -> None:
    """R344."""

    async def behave(send: Send, playback: Media) -> None:
        await plays(ps_clip, loop=False, scale=4)(send, playback)
        await SystemClock().sleep(100)
        device.dialogs[0].end.set_result("the recording ended")

    device = Device(behave)
    media = Gb28181Media(device, ports())
    packets: list[Packet] = []
    async with asyncio.timeout(PATIENCE_S), media.playback(ADDRESS, 1_000_000, 1_060_000, SystemClock()) as source:
        await source.steer(4)
        with pytest.raises(PlaybackEndedError, match="the recording ended"):
            await to_the_end(source, packets)

    assert len(packets) == 25
    assert packets[-1].pts_ms - packets[0].pts_ms == 960
    assert device.asked[0][3] == (1_000_000, 1_060_000)
    assert device.asked[0][2].ssrc == SSRC + 1_000_000_000
    assert device.dialogs[0].controls == [4]


async def test_what_was_sent_before_the_end_of_a_recording_was_told_and_comes_after_it_is_read(
    ps_clip: PsClip,
) -> None:  # R1045
    """The end comes by SIP, and overtakes them."""
    state = RtpState(SSRC + 1_000_000_000)

    async def overtaken(send: Send, _media: Media) -> None:
        while not device.dialogs:
            await SystemClock().sleep(1)
        for number, frame in enumerate(ps_clip.frames):
            if number == 10:
                device.dialogs[0].end.set_result("the recording ended")
            await SystemClock().sleep(5)
            for packet in rtp_packets(frame, state, frame.at_ms):
                send(packet)

    device, packets = Device(overtaken), list[Packet]()
    async with asyncio.timeout(PATIENCE_S):
        async with Gb28181Media(device, ports()).playback(ADDRESS, 0, 60_000, SystemClock()) as source:
            with pytest.raises(PlaybackEndedError, match="the recording ended"):
                await to_the_end(source, packets)
    assert len(packets) >= len(ps_clip.frames) - 1  # the last one has no other behind it


async def test_more_pictures_than_a_camera_takes_end_the_stream() -> None:
    """R343."""

    async def behave(send: Send, media: Media) -> None:
        pictures = b"\0\0\1\xba\x44" + bytes(8) + b"\xf8\0\0\1\xe0\0\0\x80\0\0" + b"\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce"
        pictures += b"\0\0\1\x65\x88\x80" * 200
        for i in range(20):
            send(struct.pack("!BBHII", 0x80, 96, i, i, media.ssrc) + pictures)
            await SystemClock().sleep(1)
        await SystemClock().sleep(60_000)

    assert await reason(opened(Device(behave))) == f"more than {CAMERA_PICTURES_PER_S} pictures in a second"


async def test_a_flood_of_wrong_packets_harms_neither_this_nor_another_camera(ps_clip: PsClip) -> None:
    """R343: wrong address, wrong stream, no RTP, old ones; all counted, memory bounded, both cameras go on."""
    # Pictures are sent at the pace at which the flood is: with the machine's clock, all that keeps it waiting counted.
    clock = VirtualClock(0)
    flooded, quiet = Device(plays(ps_clip, clock=clock)), Device(plays(ps_clip, clock=clock))
    among = ports()
    async with (
        asyncio.timeout(PATIENCE_S),
        opened(flooded, "udp", among, clock) as source,
        opened(quiet, "udp", among, clock) as other,
    ):
        reception = source._reception
        pictures: list[Packet] = []
        others: list[Packet] = []

        def next_picture() -> None:
            clock.advance(clock.now_ms() + 40)

        def both_begun() -> bool:
            next_picture()
            return bool(pictures and others)

        def handled(sent: int) -> bool:
            return reception.wrong_address == reception.counts.late == sent

        with closing(sender_from("127.0.0.1")) as near, closing(sender_from("127.0.0.9")) as far:
            wrong = [
                (far, struct.pack("!BBHII", 0x80, 96, 1, 0, SSRC) + bytes(1200)),
                (near, struct.pack("!BBHII", 0x80, 96, 1, 0, SSRC + 1) + bytes(1200)),
                (near, bytes(1200)),
                (near, struct.pack("!BBHII", 0x80, 96, 40_000, 0, SSRC) + bytes(1200)),
            ]
            async with asyncio.TaskGroup() as readers:
                reading = [readers.create_task(to_the_end(*each)) for each in ((source, pictures), (other, others))]
                await until(both_begun)
                to, begun = ("127.0.0.1", flooded.asked[0][2].port), min(len(pictures), len(others))
                tracemalloc.start()
                try:
                    for sent in range(10, 1010, 10):
                        for sender, datagram in wrong * 10:
                            sender.sendto(datagram, to)
                        next_picture()
                        await until(partial(handled, sent))
                    peak = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
                await until(lambda: min(len(pictures), len(others)) >= begun + 100)
                for reader in reading:
                    reader.cancel()

    assert peak < 3_000_000
    counts = reception.counts
    assert (reception.wrong_address, counts.wrong_ssrc, counts.malformed, counts.late) == (1000,) * 4
    for seen in (pictures, others):
        assert all(after.pts_ms - before.pts_ms in (40, -960) for before, after in pairwise(seen))
        assert max(after.at_ms - before.at_ms for before, after in pairwise(seen)) < 1000


async def test_a_second_connection_is_refused(ps_clip: PsClip) -> None:
    """R337: also one from the right address."""
    device = Device(plays(ps_clip))
    async with asyncio.timeout(PATIENCE_S), opened(device, "tcp_passive") as source:
        await anext(source)
        reader, writer = await asyncio.open_connection("127.0.0.1", device.asked[0][2].port)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass  # the same, said otherwise
        finally:
            writer.close()
        assert (await anext(source)).codec == "h264"


async def test_the_port_is_open_before_the_device_is_asked_and_what_comes_early_counts(ps_clip: PsClip) -> None:
    """R344: devices send before their answer has been read."""

    class Eager(Device):
        async def _send(self, media: Media) -> None:
            pass

    device = Eager(silent)
    source = opened(device)
    invite = device.invite

    def send_then_answer(*arguments: object, **named: object) -> object:
        media = arguments[2]
        assert isinstance(media, Media)
        state = RtpState(media.ssrc)
        with closing(sender_from("127.0.0.1")) as sender:
            for frame in ps_clip.frames:
                for packet in rtp_packets(frame, state, frame.at_ms):
                    sender.sendto(packet, ("127.0.0.1", media.port))
        return invite(*arguments, **named)  # type: ignore[arg-type] # passed on as they came

    device.invite = send_then_answer  # type: ignore[method-assign, assignment] # this one device is early

    assert len(await read(source, 25)) == 25


def test_sources_open_channels_by_their_scheme() -> None:
    sources = Sources()
    sources.register("gb28181", Gb28181Media(Device(silent), ports()).open)

    assert isinstance(sources.open(ADDRESS, SystemClock()), Gb28181Source)
