"""One camera's viewers: latecomers, lost pictures, lossy links and a change of codec (SPEC R360–R363, R1150)."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiortc.rtp import RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket

from command.kernel.clock import VirtualClock
from streams.h264 import annex_b
from streams.limits import RELAY_STILL_FRESH_MS
from streams.packets import Codec, Packet, Subscription
from streams.relay.channel import Channel
from streams.relay.sdp import VideoFormat
from streams.relay.viewer import Viewer
from tests.garbage import by_counting_alone
from tests.streams.peers import until

PLI = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=0, media_ssrc=1)


class Wire:
    """A viewer's way."""

    def __init__(self) -> None:
        self.rtp: list[RtpPacket] = []

    def send_rtp(self, packets: Sequence[bytes]) -> None:
        self.rtp += [RtpPacket.parse(packet) for packet in packets]

    def send_rtcp(self, packet: bytes) -> None:
        pass


class Stage:
    """A camera whose packets the test sends, its channel, and what the camera was asked."""

    id = "a"

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.subscriptions: list[Subscription] = []
        self.key: Packet | None = None
        self.asked = 0
        self.ended: list[Viewer] = []
        self.channel = Channel(self, clock)
        self._pts_ms = 1_000_000

    def want_key(self) -> None:
        self.asked += 1

    def newest_still(self) -> Packet | None:
        return self.key

    async def still(self) -> Packet:
        assert self.key is not None
        return self.key

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        self.subscriptions.append(Subscription(64))
        yield self.subscriptions[-1]

    def join(self, codec: Codec = "h264") -> tuple[Viewer, Wire]:
        wire = Wire()
        viewer = Viewer(wire, VideoFormat(codec, 102, "", "", None), ssrc=1, rtx_ssrc=2, cname="c")
        self.channel.add(viewer, lambda: self.ended.append(viewer))
        return viewer, wire

    async def send(self, *, key: bool = False, codec: Codec = "h264") -> None:
        """Send one picture of two units, each a packet of its own, and wait until it was passed on."""
        self._pts_ms += 40
        head = b"\x65" if key else b"\x41"
        packet = Packet(annex_b([head + b"a" * 900, head + b"b" * 900]), self._pts_ms, key, 0, codec)
        if key:
            self.key = packet
        self.subscriptions[0].put(packet)
        await until(lambda: not len(self.subscriptions[0].queue))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    made = Stage(VirtualClock(1_000_000, speed=0))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(made.channel.run())
        await until(lambda: made.subscriptions)
        yield made
        running.cancel()


def _kinds(wire: Wire) -> list[int]:
    """NAL unit types of what came, 5 for slices of key frames and 1 for others."""
    return [packet.payload[0] & 0x1F for packet in wire.rtp]


async def test_a_latecomer_gets_the_kept_key_frame_at_once_and_others_nothing_more_for_it() -> None:
    async with stage() as made:
        _, early = made.join()
        await made.send(key=True)
        await made.send()
        before = len(early.rtp)
        _, late = made.join()
        assert _kinds(late) == [5] * 4  # twice, so that the receiver knows the first to be complete
        assert late.rtp[0].timestamp > early.rtp[-1].timestamp  # dated as now, not as when it was taken
        assert len(early.rtp) == before
        await made.send()
        assert _kinds(late) == [5] * 4
        await made.send(key=True)
        await made.send()
        assert _kinds(late) == [5] * 6 + [1] * 2
        stamps = [packet.timestamp for packet in late.rtp]
        assert stamps == sorted(stamps)


async def test_a_lost_picture_is_mended_by_the_kept_key_frame_while_that_is_fresh() -> None:
    async with stage() as made:
        one, seen = made.join()
        _, other = made.join()
        await made.send(key=True)
        before = len(other.rtp)
        asked = made.asked
        made.clock.advance(made.clock.now_ms() + 600)
        await made.send()
        one.heard(PLI)
        assert _kinds(seen)[-4:] == [5] * 4
        assert made.asked == asked + 1
        # A storm of them is one: neither it nor the camera is asked again, and nobody else is sent anything.
        count = len(seen.rtp)
        for _ in range(1000):
            one.heard(PLI)
        assert (len(seen.rtp), made.asked) == (count, asked + 1)
        assert len(other.rtp) == before + 2

        # Old, it would show the past: now only the camera's next one helps, and it is asked for.
        made.clock.advance(made.clock.now_ms() + RELAY_STILL_FRESH_MS + 1)
        one.heard(PLI)
        assert (len(seen.rtp), made.asked) == (count, asked + 2)
        await made.send()
        assert len(seen.rtp) == count
        await made.send(key=True)
        assert len(seen.rtp) == count + 2


async def test_a_lossy_link_is_served_again_and_the_others_are_not() -> None:
    async with stage() as made:
        lossy, seen = made.join()
        _, other = made.join()
        await made.send(key=True)
        for i in range(40):
            await made.send()
            lost = [packet.sequence_number for packet in seen.rtp[-2:]]
            lossy.heard(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=1, lost=lost))
            assert [packet.sequence_number for packet in seen.rtp[-2:]] == lost, i
        assert len(other.rtp) == 82
        sequences = [packet.sequence_number for packet in other.rtp]
        assert sequences == list(range(sequences[0], sequences[0] + 82))
        # More than anybody needs at once, and what nobody keeps, is not sent.
        before = len(seen.rtp)
        flood = [(lost[0] + 1000 + i) & 0xFFFF for i in range(2000)]
        lossy.heard(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=1, lost=flood))
        assert len(seen.rtp) == before


async def test_of_a_viewer_that_left_nothing_is_kept() -> None:  # R1150
    async with stage() as made:
        viewer, seen = made.join()
        await made.send(key=True)
        lost = [packet.sequence_number for packet in seen.rtp]
        nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=1, lost=lost)
        viewer.heard(nack)
        assert [packet.sequence_number for packet in seen.rtp] == lost * 2
        made.channel.discard(viewer)
        viewer.heard(nack)
        viewer.heard(PLI)
        assert len(seen.rtp) == len(lost * 2)

        known = weakref.ref(viewer)
        with by_counting_alone():
            del viewer
            assert known() is None


async def test_viewers_of_a_camera_that_changes_its_codec_have_to_agree_anew() -> None:
    async with stage() as made:
        viewer, seen = made.join()
        await made.send(key=True)
        await made.send(key=True, codec="h265")
        assert made.ended == [viewer]
        assert _kinds(seen) == [5] * 2
        _, newer = made.join("h265")
        assert newer.rtp
