"""Loud where an upgrade of aiortc or aioice moves what `aiortc_private` reaches for."""

from __future__ import annotations

from importlib.metadata import version

import aioice.ice
import pytest
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport

from streams.relay import aiortc_private


def test_the_versions_reached_into_are_the_ones_known() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("aioice").startswith("0.13.")


async def test_addresses_are_those_given_and_the_loopback_one_where_there_is_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    for addresses in (["127.0.0.1"], []):
        gatherer = RTCIceGatherer(iceServers=[])
        transport = RTCIceTransport(gatherer)
        candidates = await aiortc_private.gather(gatherer, addresses)
        assert [(x.ip, x.type, x.protocol) for x in candidates] == [("127.0.0.1", "host", "udp")]
        await transport.stop()


async def test_we_wait_for_the_handshake_of_a_peer_that_wants_to_begin_it() -> None:
    ice = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    transport = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
    aiortc_private.be_dtls_server(transport)

    assert transport._role == "server"
    await ice.stop()
