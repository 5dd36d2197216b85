"""Pulls a camera that an external media server shows, by its WHEP address: for recording, plates, snapshots and state.

Viewers do not come by this way; `streams/relay/elsewhere.py` sends them to the server itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.sdp import MediaDescription, SessionDescription

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError
from streams.limits import CAMERA_OPEN_MS
from streams.packets import Codec, Packet
from streams.publisher import Publisher
from streams.relay.aiortc_private import MediaPath, be_dtls_client, be_ice_controller, gather
from streams.relay.elsewhere import Elsewhere, ElsewhereSessions, elsewhere
from streams.relay.sdp import VideoFormat
from streams.sources import PacketSource, SourceError

_CAMERA: Final = "source"
_FORMATS: Final[dict[int, Codec]] = {102: "h264", 104: "h265"}
_OFFERED: Final = (
    "a=rtpmap:102 H264/90000", "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640034",
    "a=rtcp-fb:102 nack", "a=rtcp-fb:102 nack pli", "a=rtpmap:104 H265/90000", "a=rtcp-fb:104 nack",
    "a=rtcp-fb:104 nack pli",
)  # fmt: skip


def whep_source(addresses: Sequence[str]) -> Callable[[str, Clock], PacketSource]:
    """Return what opens `whep+https://` addresses, for `Sources.register`; `addresses` are those to receive on."""

    def open_source(address: str, clock: Clock) -> PacketSource:
        try:
            where = elsewhere(address)
        except InvalidInputError as error:
            raise SourceError(error.detail) from None
        assert where is not None, "registered for other schemes"
        return _pull(where, clock, addresses)

    return open_source


@asynccontextmanager
async def _pull(where: Elsewhere, clock: Clock, addresses: Sequence[str]) -> AsyncIterator[AsyncIterator[Packet]]:
    sessions = ElsewhereSessions()
    gatherer = RTCIceGatherer(iceServers=[])
    ice = RTCIceTransport(gatherer)
    dtls = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
    be_ice_controller(ice)
    path: MediaPath | None = None
    session_id = ""
    try:
        async with asyncio.timeout(CAMERA_OPEN_MS / 1000):
            offer = await _offer(gatherer, dtls, addresses)
            session_id, text = await sessions.answer(_CAMERA, where, offer)
            answered = _parse(text)
            sent_as = _format_of(answered)
            path = await _connect(ice, dtls, answered)
        publisher = Publisher(clock, "", sent_as)
        publisher.begin(path)
        with publisher.read() as packets:
            yield packets
    except TimeoutError:
        raise SourceError("the media server agreed to send, but no way to it was found: is UDP let through?") from None
    except TriuneError as error:
        raise SourceError(error.detail) from None
    finally:
        if path is not None:
            path.close()
        await dtls.stop()
        await ice.stop()
        if session_id in sessions:
            await sessions.leave(_CAMERA, session_id)


async def _offer(gatherer: RTCIceGatherer, dtls: RTCDtlsTransport, addresses: Sequence[str]) -> str:
    candidates = await gather(gatherer, addresses)
    ours = gatherer.getLocalParameters()
    lines = [
        "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
        f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, _FORMATS))}", "c=IN IP4 0.0.0.0",
        *(f"a=candidate:{x.foundation} 1 udp {x.priority} {x.ip} {x.port} typ {x.type}" for x in candidates),
        f"a=ice-ufrag:{ours.usernameFragment}", f"a=ice-pwd:{ours.password}",
        *(f"a=fingerprint:{x.algorithm} {x.value}" for x in dtls.getLocalParameters().fingerprints),
        "a=setup:actpass", "a=mid:0", "a=recvonly", "a=rtcp-mux", *_OFFERED,
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


def _parse(text: str) -> MediaDescription:
    """Return the video of an answer. Raises `SourceError` for one that cannot be meant for our offer."""
    try:
        media = SessionDescription.parse(text).media
    except (ValueError, IndexError, KeyError, AttributeError, AssertionError):  # what aiortc's parser lets out
        raise SourceError("the media server's answer is malformed") from None
    if not media or media[0].dtls is None or media[0].ice is None or not media[0].ice.password:
        raise SourceError("the media server's answer lacks ICE or DTLS")
    return media[0]


def _format_of(answered: MediaDescription) -> VideoFormat:
    for kind in answered.rtp.codecs:
        if kind.payloadType in _FORMATS:
            return VideoFormat(_FORMATS[kind.payloadType], kind.payloadType, "", "", None)
    raise SourceError("the media server sends neither H.264 nor H.265")


async def _connect(ice: RTCIceTransport, dtls: RTCDtlsTransport, answered: MediaDescription) -> MediaPath:
    assert answered.dtls is not None
    assert answered.ice is not None
    for candidate in answered.ice_candidates:
        if candidate.protocol.lower() == "udp":
            await ice.addRemoteCandidate(candidate)
    if answered.dtls.role == "server":
        be_dtls_client(dtls)
    await ice.start(answered.ice)
    if ice.state == "completed":
        await dtls.start(RTCDtlsParameters(answered.dtls.fingerprints))
    if dtls.state != "connected":
        raise SourceError("the media server agreed to send, but the connection to it failed")
    return MediaPath(dtls)
