"""What arrives for one stream: who may send it, the pictures in it, and why there are none."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from prometheus_client import Counter

from command.kernel.clock import Clock
from streams.limits import CAMERA_PICTURES_PER_S, CAMERA_QUEUE_FRAMES
from streams.packets import Packet, Subscription
from streams.rtp import MediaTime, Rfc4571Frames, RtpCounts, RtpError, RtpReceiver
from streams.rtp_video import RtpVideo

_wrong = Counter("triune_media_wrong_packets", "RTP packets of cameras that were dropped or missed", ["why"])
_address = _wrong.labels("address")
_malformed = _wrong.labels("malformed")
_ssrc = _wrong.labels("ssrc")
_late = _wrong.labels("late")
_lost = _wrong.labels("lost")


class Reception:
    """Takes what the sockets give, on the event loop and without waiting; whoever wants the pictures takes them.

    Sockets are only read once `agree` has been told who sends.
    """

    def __init__(self, clock: Clock) -> None:
        self.pictures: Final = Subscription(CAMERA_QUEUE_FRAMES)
        self.reason = ""
        """Why it has ended."""
        self.wrong_address = 0
        self.last_wrong_address = ""
        self.sender = ""
        """The address that packets come from."""
        self.newest_ms: int | None = None
        """When a packet of the stream arrived."""
        self._clock = clock
        self._hosts: frozenset[str] = frozenset()
        self._agreed = 0
        self._receiver = RtpReceiver()
        self._video = RtpVideo()
        self._time = MediaTime()
        self._second_ms = 0
        self._pictures = 0
        self._connection: asyncio.Transport | None = None

    @property
    def counts(self) -> RtpCounts:
        """What became of packets from the right address."""
        return self._receiver.counts

    @property
    def connected(self) -> bool:
        """Whether the device's TCP connection has come."""
        return self._connection is not None

    @property
    def trouble(self) -> str:
        """Why packets of the stream give no picture; empty while they do."""
        return self._video.trouble

    @property
    def trouble_hop(self) -> str:
        """The hop of the way that the trouble is at: ps, codec or key_frame."""
        return self._video.trouble_hop

    def seen(self, where: str) -> dict[str, str]:
        """Return what is known of the hops packets, ssrc, ps and codec, for a technician."""
        counts, ssrc, seen = self.counts, self._receiver.ssrc, {}
        if counts.taken:
            lost = f", {counts.lost * 100 // (counts.taken + counts.lost)} % lost" if counts.lost else ""
            seen["packets"] = f"{counts.taken} on {where} from {self.sender}{lost}"
        if ssrc is not None:
            seen["ssrc"] = f"{ssrc:010d}" + (
                " as agreed" if ssrc == self._agreed else f", agreed was {self._agreed:010d}"
            )
        wrapped, codec = self._video.seen
        return seen | ({"ps": wrapped} if wrapped else {}) | ({"codec": codec} if codec else {})

    def agree(self, hosts: frozenset[str], ssrc: int, encoding: str) -> None:
        """Take packets from these addresses, of this stream."""
        self._hosts = hosts
        self._agreed = ssrc
        self._receiver = RtpReceiver(ssrc)
        self._video = RtpVideo(encoding)

    def admits(self, host: str) -> bool:
        """Say whether this address may send; a wrong one is counted and remembered for the diagnosis."""
        if host in self._hosts:
            self.sender = host
            return True
        self.wrong_address += 1
        self.last_wrong_address = host
        _address.inc()
        return False

    def take(self, datagram: bytes) -> None:
        """Take one RTP packet from an address that may send."""
        if self.reason:
            return
        counts = self._receiver.counts
        wrong = counts.malformed, counts.wrong_ssrc, counts.late, counts.lost
        now_ms = self._clock.now_ms()
        packets = self._receiver.receive(datagram, now_ms)
        if wrong != (counts.malformed, counts.wrong_ssrc, counts.late, counts.lost):
            _malformed.inc(counts.malformed - wrong[0])
            _ssrc.inc(counts.wrong_ssrc - wrong[1])
            _late.inc(counts.late - wrong[2])
            _lost.inc(counts.lost - wrong[3])
        for packet in packets:
            self.newest_ms = now_ms
            units = self._video.feed(packet)
            for unit in units:
                pts_ms = self._time.ms(unit.pts, unit.timestamp)
                self.pictures.put(Packet(unit.data, pts_ms, unit.is_key, now_ms, unit.codec))
            self._count(len(units), now_ms)

    def _count(self, pictures: int, now_ms: int) -> None:
        """End a stream of more pictures than a camera takes: each costs time that other cameras need."""
        if now_ms - self._second_ms >= 1000:
            self._second_ms, self._pictures = now_ms, 0
        self._pictures += pictures
        if self._pictures > CAMERA_PICTURES_PER_S:
            self.end(f"more than {CAMERA_PICTURES_PER_S} pictures in a second")

    def connect(self, transport: asyncio.Transport) -> bool:
        """Take a TCP connection, unless there is one or its address is wrong."""
        peer = transport.get_extra_info("peername")
        if self._connection is not None or peer is None or not self.admits(peer[0]):
            return False
        self._connection = transport
        return True

    def hang_up(self) -> None:
        """Close the TCP connection, if one has come."""
        if self._connection is not None:
            self._connection.abort()

    def end(self, reason: str) -> None:
        """Nothing more comes."""
        self.reason = self.reason or reason
        self.pictures.close()


class Datagrams(asyncio.DatagramProtocol):
    """A UDP port, without a task for each packet."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one packet."""
        if self._reception.admits(addr[0]):
            self._reception.take(data)


class Connection(asyncio.Protocol):
    """A TCP connection of RFC 4571. Of those that come to a listener the first of the right address is taken."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._frames = Rfc4571Frames()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or close it."""
        transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        if self._reception.connect(transport):
            self._transport = transport
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._transport is None:
            return
        try:
            for frame in self._frames.feed(data):
                self._reception.take(frame)
        except RtpError as error:
            self._reception.end(str(error))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The device has closed the connection, or we have."""
        if self._transport is not None:
            self._reception.end("the device closed the media connection")
