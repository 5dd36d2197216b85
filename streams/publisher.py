"""What one WebRTC publisher sends: RTP put in order and into access units, with what keeps its sender informed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

from command.kernel.clock import Clock
from command.kernel.listening import Listening
from streams.limits import (
    CAMERA_FROZEN_MS,
    CAMERA_OPEN_MS,
    CAMERA_QUEUE_FRAMES,
    WHIP_BITS_PER_S,
    WHIP_KEY_AGAIN_MS,
    WHIP_REPORT_MS,
)
from streams.packets import Packet, Subscription
from streams.relay.sdp import VideoFormat
from streams.rtp import MediaTime, RtpReceiver
from streams.rtp_video import RtpVideo
from streams.sources import AskedPackets, SourceError

_OUR_SSRC: Final = 1
# More than a sender still keeps is not worth asking for.
_ASK_AGAIN_AT_ONCE: Final = 64


class Path(Protocol):
    """The way from and to the publisher."""

    def receive(self, heard: Callable[[bytes], None]) -> None: ...  # noqa: D102

    def send_rtcp(self, packet: bytes) -> None: ...  # noqa: D102


class Publisher:
    """Owned by its session, which calls `begin` and `end`."""

    def __init__(self, clock: Clock, address: str, sent_as: VideoFormat) -> None:
        self.address = address
        self.heard_ms = 0
        """When the last packet of its video came."""
        self._clock = clock
        self._format = sent_as
        self._path: Path | None = None
        self._rtp = RtpReceiver()
        self._video = RtpVideo(sent_as.codec)
        self._time = MediaTime()
        self._readers: set[Subscription] = set()
        self._dropped = 0
        self._highest = -1
        self._turns = 0
        self._asked_ms = 0
        self._key_wanted = False
        self._reported = (0, 0)
        self._reported_ms = 0

    def begin(self, path: Path) -> None:
        """Take what comes, from now on."""
        self._path = path
        path.receive(self._heard)

    def end(self) -> None:
        """Tell readers that it is gone; nothing that still comes reaches them."""
        while self._readers:
            self._readers.pop().close()

    @contextmanager
    def read(self) -> Iterator[AskedPackets]:
        """Read its pictures from its next key frame on, which it is asked for."""
        reader = Subscription(CAMERA_QUEUE_FRAMES)
        self._readers.add(reader)
        self.ask_key()
        try:
            yield AskedPackets(self._packets(reader), self._asked)
        finally:
            self._readers.discard(reader)

    async def _packets(self, reader: Subscription) -> AsyncIterator[Packet]:
        limit_ms = CAMERA_OPEN_MS
        while True:
            try:
                async with Listening(limit_ms):
                    packets = await reader.take()
            except TimeoutError:
                raise SourceError(f"connected, {self._why_nothing(limit_ms)}") from None
            if not packets:
                raise SourceError("the publisher left")
            for packet in packets:
                yield packet
            limit_ms = CAMERA_FROZEN_MS

    def _why_nothing(self, limit_ms: int) -> str:
        if self._clock.now_ms() - self.heard_ms >= limit_ms:
            return f"no packets for {limit_ms // 1000} s"
        return self._video.trouble or f"no whole picture for {limit_ms // 1000} s"

    async def _asked(self) -> None:
        self.ask_key()

    def ask_key(self) -> None:
        """Ask for a key frame (PLI, RFC 4585 section 6.3.1), a little later where that was done a moment ago.

        And not before a packet came: a sender takes no request that does not name its stream.
        """
        self._key_wanted = True
        self._ask_when_due(self._clock.now_ms())

    def _ask_when_due(self, now_ms: int) -> None:
        ssrc = self._rtp.ssrc
        if self._key_wanted and ssrc is not None and now_ms - self._asked_ms >= WHIP_KEY_AGAIN_MS:
            self._key_wanted, self._asked_ms = False, now_ms
            self._say(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=_OUR_SSRC, media_ssrc=ssrc))

    def _report(self, now_ms: int) -> None:
        """Tell the sender what arrived and what it may send: without that it stays at its first, poor quality."""
        if self._rtp.ssrc is None or now_ms - self._reported_ms < WHIP_REPORT_MS:
            return
        self._reported_ms = now_ms
        counts = self._rtp.counts
        taken, lost = counts.taken - self._reported[0], counts.lost - self._reported[1]
        self._reported = (counts.taken, counts.lost)
        info = RtcpReceiverInfo(
            ssrc=self._rtp.ssrc,
            fraction_lost=min(255, 256 * lost // max(1, taken + lost)),
            packets_lost=min(counts.lost, 0x7FFFFF),
            highest_sequence=(self._turns << 16 | max(0, self._highest)) & 0xFFFFFFFF,
            jitter=0,
            lsr=0,
            dlsr=0,
        )
        may_send = pack_remb_fci(WHIP_BITS_PER_S, [self._rtp.ssrc])
        self._say(
            RtcpRrPacket(ssrc=_OUR_SSRC, reports=[info]),
            RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=_OUR_SSRC, media_ssrc=0, fci=may_send),
        )

    def _heard(self, datagram: bytes) -> None:
        if datagram[1] & 0x7F != self._format.payload_type:
            return  # sound, or repairs that were not agreed on
        now_ms = self._clock.now_ms()
        before = self._rtp.ssrc
        ready = self._rtp.receive(datagram, now_ms)
        if self._rtp.ssrc != before:
            self._highest = -1
        if int.from_bytes(datagram[8:12], "big") != self._rtp.ssrc:
            return
        self.heard_ms = now_ms
        self._report(now_ms)
        self._ask_when_due(now_ms)
        self._ask_for_lost(int.from_bytes(datagram[2:4], "big"))
        for packet in ready:
            for unit in self._video.feed(packet):
                pts_ms = self._time.ms(None, unit.timestamp)
                for reader in self._readers:
                    reader.put(Packet(unit.data, pts_ms, unit.is_key, now_ms, unit.codec))
        if self._readers and (self._video.dropped != self._dropped or self._video.trouble == "no key frame"):
            self._dropped = self._video.dropped
            self.ask_key()

    def _ask_for_lost(self, sequence: int) -> None:
        """Ask once for packets that others have overtaken (NACK); `RtpReceiver` waits for them a moment."""
        ahead = (sequence - self._highest) & 0xFFFF
        if self._highest < 0 or ahead < 0x8000:
            if self._highest > sequence:
                self._turns += 1
            missing = range(1, ahead) if self._highest >= 0 and ahead <= _ASK_AGAIN_AT_ONCE else ()
            lost = [(self._highest + i) & 0xFFFF for i in missing]
            self._highest = sequence
            if lost:
                media = self._rtp.ssrc or 0
                self._say(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=_OUR_SSRC, media_ssrc=media, lost=lost))

    def _say(self, *packets: RtcpPsfbPacket | RtcpRrPacket | RtcpRtpfbPacket) -> None:
        if self._path is None:
            return
        # A compound begins with a report (RFC 3550 section 6.1), if only an empty one.
        first = b"" if isinstance(packets[0], RtcpRrPacket) else bytes(RtcpRrPacket(ssrc=_OUR_SSRC, reports=[]))
        self._path.send_rtcp(first + b"".join(map(bytes, packets)))
