"""When a publisher is asked for a key frame (RFC 4585, section 6.3.1)."""

from __future__ import annotations

from collections.abc import Callable

from aiortc.rtp import RTCP_PSFB_PLI, RtcpPacket, RtcpPsfbPacket

from command.kernel.clock import VirtualClock
from streams.limits import WHIP_KEY_AGAIN_MS
from streams.publisher import Publisher
from streams.relay.sdp import VideoFormat
from tests.streams.test_rtp import SSRC, packet

START_MS = 1_700_000_000_000


class Way:
    """What the publisher is told, and how it is heard."""

    def __init__(self) -> None:
        self.heard: Callable[[bytes], None] = lambda _: None
        self.asked: list[int] = []
        self._sequence = 0

    def receive(self, heard: Callable[[bytes], None]) -> None:
        self.heard = heard

    def send_rtcp(self, data: bytes) -> None:
        for each in RtcpPacket.parse(data):
            if isinstance(each, RtcpPsfbPacket) and each.fmt == RTCP_PSFB_PLI:
                self.asked.append(each.media_ssrc)

    def send(self) -> None:
        self._sequence += 1
        self.heard(packet(self._sequence))


def test_a_request_too_soon_is_put_off_and_one_to_nobody_waits_for_its_stream() -> None:
    clock, way = VirtualClock(START_MS), Way()
    publisher = Publisher(clock, "whip:x", VideoFormat("h264", 96, "42e01f", "", None))
    publisher.begin(way)
    publisher.ask_key()
    assert way.asked == [], "no stream is known to be asked"
    way.send()
    assert way.asked == [SSRC]
    clock.advance(START_MS + WHIP_KEY_AGAIN_MS - 1)
    publisher.ask_key()
    publisher.ask_key()
    way.send()
    assert way.asked == [SSRC], "asked a moment ago"
    clock.advance(START_MS + WHIP_KEY_AGAIN_MS)
    way.send()
    assert way.asked == [SSRC, SSRC], "put off, and once for both"
    clock.advance(START_MS + 2 * WHIP_KEY_AGAIN_MS)
    way.send()
    assert way.asked == [SSRC, SSRC], "nobody asked again"
