"""The only place that reaches into aiortc 1.16 and aioice 0.13 (pinned): addresses, SRTP both ways, RTCP in.

aiortc's own sender packs every frame again for every viewer; through these few attributes a viewer costs a header,
SRTP and `sendto`. `tests/streams/relay/test_aiortc_private.py` says loudly when an upgrade moves one of them.
"""
# ruff: noqa: SLF001 - reaching in is what this module is for

from __future__ import annotations

from collections.abc import Callable, Sequence

import aioice.ice
from aiortc import RTCDtlsTransport, RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from aiortc.rtp import AnyRtcpPacket

from streams.relay.datagrams import DatagramSocket

_LOOPBACK = "127.0.0.1"


async def gather(gatherer: RTCIceGatherer, addresses: Sequence[str]) -> list[RTCIceCandidate]:
    """Open a UDP port on each address and return them as candidates.

    Without `addresses` these are the host's. aioice leaves 127.0.0.1 out of them; where there is nothing else, as on a
    laptop without a network, it is what viewers on the same machine can reach.
    """
    connection = gatherer._connection
    hosts = list(addresses) or aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) or [_LOOPBACK]
    connection._local_candidates_start = True
    connection._local_candidates = await connection.get_component_candidates(component=1, addresses=hosts)
    connection._local_candidates_end = True
    return gatherer.getLocalCandidates()


def be_ice_controller(transport: RTCIceTransport) -> None:
    """Decide which pair of addresses is used, as whoever makes the offer does (RFC 8445 section 6.1.1)."""
    transport._connection.ice_controlling = True


def be_dtls_server(transport: RTCDtlsTransport) -> None:
    """Wait for the peer's handshake instead of beginning it; as ICE's controlled side aiortc would begin it."""
    transport._set_role("server")


def be_dtls_client(transport: RTCDtlsTransport) -> None:
    """Begin the handshake; as ICE's controlling side aiortc would wait for the peer's."""
    transport._set_role("client")


def divert_datagrams(gatherer: RTCIceGatherer, takes: Callable[[bytes], bool]) -> None:
    """Show each datagram to `takes` before anything else; what it takes goes no further.

    For whoever measures: a receiver that counts packets instead of opening them. Call it once candidates are gathered.
    """
    for protocol in gatherer._connection._protocols:
        passed_on = protocol.datagram_received

        def received(data: bytes, address: tuple[str, int], passed_on: Callable[..., None] = passed_on) -> None:
            if not takes(data):
                passed_on(data, address)

        setattr(protocol, "datagram_received", received)  # noqa: B010 - a method is replaced, and is meant to be


class MediaPath:
    """RTP and RTCP over a connected DTLS transport, without a task or queue in between. `close` it."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._srtp = transport._tx_srtp
        self._router = transport._rtp_router
        self._connection = transport.transport._connection
        self._sockets: dict[int, DatagramSocket] = {}

    def close(self) -> None:
        """Close the handles of its own; the transport's sockets are the transport's."""
        for near in self._sockets.values():
            near.close()
        self._sockets.clear()

    def send_rtp(self, packets: Sequence[bytes]) -> None:
        """Protect and send RTP packets; without a live pair of addresses they are lost like any datagrams."""
        protect = self._srtp.protect
        self._send([protect(packet) for packet in packets])

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one compound RTCP packet."""
        self._send([self._srtp.protect_rtcp(packet)])

    def listen(self, ssrc: int, heard: Callable[[AnyRtcpPacket], None]) -> None:
        """Call `heard` with each RTCP packet about this SSRC."""
        self._router.register_sender(_Listener(heard), ssrc=ssrc)  # type: ignore[arg-type]  # only that method is used

    def receive(self, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each RTP packet of the peer's, unprotected."""

        async def take(data: bytes, arrival_time_ms: int) -> None:
            heard(data)

        self._transport._handle_rtp_data = take  # type: ignore[method-assign]

    def _send(self, datagrams: Sequence[bytes]) -> None:
        pair = self._connection._nominated.get(1)
        if pair is None or (transport := pair.protocol.transport).is_closing():
            return
        fd = transport.get_extra_info("socket").fileno()
        if fd not in self._sockets:
            self._sockets[fd] = DatagramSocket(fd)
        self._sockets[fd].send(datagrams, pair.remote_addr)


class _Listener:
    """What aiortc's router takes for a sender."""

    def __init__(self, heard: Callable[[AnyRtcpPacket], None]) -> None:
        self._heard = heard

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        self._heard(packet)
