"""Viewers of one camera in a process of their own: real ICE, DTLS and receiver reports; packets are only counted.

Each line of input is a `Grow` or a `Count`, answered with a `Watched` as a line of JSON. The process ends with its
input.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import aiohttp
import msgspec
import uvloop
from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket
from aiortc.sdp import SessionDescription

from command.kernel.clock import SystemClock
from consoles.bench.measure import stopwatch_ms
from streams.relay.aiortc_private import MediaPath, be_ice_controller, divert_datagrams, gather

LOOPBACK = ("127.0.0.1",)
_REPORT_MS = 1000
_READY_S = 110.0
_RTP = range(128, 192)
_RTCP_TYPES = range(192, 224)


class Grow(msgspec.Struct, frozen=True, tag="grow"):
    """Be so many viewers of the camera at this WHEP address, each with a first picture, before answering."""

    url: str
    viewers: int


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Answer at once."""


class Watched(msgspec.Struct, frozen=True):
    """What came to all viewers together, and how long each one that is new waited for its first picture."""

    viewers: int
    packets: int
    pictures: int
    first_picture_ms: Sequence[float]


class _Viewer:
    """Counts what a browser would decode."""

    def __init__(self, certificate: RTCCertificate) -> None:
        self.packets = 0
        self.pictures = 0
        self.first_ms = 0.0
        self.shown = asyncio.Event()
        self._ssrc = 0
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._path: MediaPath | None = None

    async def watch(self, http: aiohttp.ClientSession, url: str) -> None:
        begun_ms = stopwatch_ms()
        be_ice_controller(self._ice)
        candidates = await gather(self._gatherer, LOOPBACK)
        ours = self._gatherer.getLocalParameters()
        fingerprint = self._dtls.getLocalParameters().fingerprints[0]
        lines = [
            "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
            "m=video 9 UDP/TLS/RTP/SAVPF 102", "c=IN IP4 0.0.0.0",
            *(f"a=candidate:{x.foundation} 1 udp {x.priority} {x.ip} {x.port} typ host" for x in candidates),
            f"a=ice-ufrag:{ours.usernameFragment}", f"a=ice-pwd:{ours.password}",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}", "a=setup:actpass", "a=mid:0", "a=recvonly",
            "a=rtcp-mux", "a=rtpmap:102 H264/90000", "a=rtcp-fb:102 nack", "a=rtcp-fb:102 nack pli",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ]  # fmt: skip
        offer = "\r\n".join(lines) + "\r\n"
        async with http.post(url, data=offer, headers={"Content-Type": "application/sdp"}) as response:
            answer = SessionDescription.parse(await response.text()).media[0]
        for candidate in answer.ice_candidates:
            await self._ice.addRemoteCandidate(candidate)
        divert_datagrams(self._gatherer, self._count)
        assert answer.ice is not None
        assert answer.dtls is not None
        await self._ice.start(answer.ice)
        await self._dtls.start(RTCDtlsParameters(answer.dtls.fingerprints))
        self._path = MediaPath(self._dtls)
        await self.shown.wait()
        self.first_ms -= begun_ms

    def _count(self, data: bytes) -> bool:
        if data[0] not in _RTP or data[1] in _RTCP_TYPES:
            return False
        self.packets += 1
        if data[1] & 0x80:
            self.pictures += 1
            if self.pictures == 1:
                self._ssrc = int.from_bytes(data[8:12], "big")
                self.first_ms = stopwatch_ms()
                self.shown.set()
        return True

    def report(self) -> None:
        if self._path is not None:
            info = RtcpReceiverInfo(
                ssrc=self._ssrc, fraction_lost=0, packets_lost=0, highest_sequence=0, jitter=0, lsr=0, dlsr=0
            )
            self._path.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[info])))

    async def close(self) -> None:
        if self._path is not None:
            self._path.close()
        await self._dtls.stop()
        await self._ice.stop()


async def _crowd() -> None:
    clock = SystemClock()
    certificate = RTCCertificate.generateCertificate()
    viewers: list[_Viewer] = []

    async def report() -> None:
        while True:
            await clock.sleep(_REPORT_MS)
            for viewer in viewers:
                viewer.report()

    decoder = msgspec.json.Decoder(Grow | Count)
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        reporting = tasks.create_task(report())
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = decoder.decode(line)
            new: list[_Viewer] = []
            if isinstance(order, Grow):
                async with asyncio.timeout(_READY_S):
                    while len(viewers) < order.viewers:
                        viewer = _Viewer(certificate)
                        await viewer.watch(http, order.url)
                        viewers.append(viewer)
                        new.append(viewer)
            said = Watched(
                len(viewers),
                sum(viewer.packets for viewer in viewers),
                sum(viewer.pictures for viewer in viewers),
                [viewer.first_ms for viewer in new],
            )
            sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
            sys.stdout.flush()
        reporting.cancel()
        for viewer in viewers:
            await viewer.close()


if __name__ == "__main__":
    uvloop.run(_crowd())
