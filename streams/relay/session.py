"""One viewer's WebRTC session from its offer to its end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

from aiortc import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceTransport,
)

from command.kernel.errors import UnavailableError
from command.kernel.limits import ICE_GATHER_MS, RELAY_CONNECT_MS, RELAY_SILENCE_MS
from streams.relay.aiortc_private import MediaPath, be_dtls_server, gather
from streams.relay.sdp import Answer, H264Format, Offer
from streams.relay.viewer import Viewer


class Session:
    """`sdp = await session.negotiate(...)`, then one task runs `run`, which owns the sockets and closes them."""

    def __init__(self, camera_id: str, offer: Offer, sent_as: H264Format, certificate: RTCCertificate) -> None:
        self.id = secrets.token_urlsafe(16)
        self.camera_id = camera_id
        self._offer = offer
        self._format = sent_as
        self._ssrc = secrets.randbits(32)
        self._rtx_ssrc = secrets.randbits(32)
        self._cname = secrets.token_hex(8)
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._ended = asyncio.Event()
        self._since_ms = 0
        self._viewer: Viewer | None = None

    async def negotiate(self, now_ms: int, addresses: Sequence[str]) -> str:
        """Open the ports and return the answer. Raises `UnavailableError` where there is no address to offer."""
        self._since_ms = now_ms
        try:
            async with asyncio.timeout(ICE_GATHER_MS / 1000):
                candidates = await gather(self._gatherer, addresses)
        except TimeoutError:
            raise UnavailableError("the host's network addresses could not be gathered in time") from None
        if not candidates:
            raise UnavailableError("the host has no network address to send video from")
        for candidate in self._offer.candidates:
            await self._ice.addRemoteCandidate(candidate)
        if self._offer.answer_setup == "passive":
            be_dtls_server(self._dtls)
        return Answer(
            format=self._format,
            ssrc=self._ssrc,
            rtx_ssrc=self._rtx_ssrc,
            cname=self._cname,
            ice=self._gatherer.getLocalParameters(),
            candidates=candidates,
            fingerprints=self._dtls.getLocalParameters().fingerprints,
            setup=self._offer.answer_setup,
        ).write(self._offer)

    async def run(self, connected: Callable[[Viewer], None]) -> None:
        """Connect, call `connected` with the viewer, and return when the session has ended."""
        self._ice.on("statechange", self._state_changed)
        self._dtls.on("statechange", self._state_changed)
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(self._connect(connected))
            await self._ended.wait()
            connecting.cancel()

    async def close(self) -> None:
        """Tell the peer and close the ports; also a session that never ran."""
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        await self._ice.stop()

    def end(self) -> None:
        """Let `run` return."""
        self._ended.set()

    def is_lost(self, now_ms: int) -> bool:
        """Say whether the peer never connected or has stopped saying anything."""
        if self._viewer is None:
            return now_ms - self._since_ms > RELAY_CONNECT_MS
        return self._viewer.silent_ms(now_ms) > RELAY_SILENCE_MS

    async def _connect(self, connected: Callable[[Viewer], None]) -> None:
        await self._ice.start(self._offer.ice)
        if self._ice.state == "completed":
            await self._dtls.start(RTCDtlsParameters(fingerprints=list(self._offer.fingerprints)))
        if self._dtls.state != "connected":
            self.end()
            return
        path = MediaPath(self._dtls)
        viewer = Viewer(path, self._format, ssrc=self._ssrc, rtx_ssrc=self._rtx_ssrc, cname=self._cname)
        for ssrc in (self._ssrc, self._rtx_ssrc):
            path.listen(ssrc, viewer.heard)
        self._viewer = viewer
        connected(viewer)

    def _state_changed(self) -> None:
        if self._ice.state in ("failed", "closed") or self._dtls.state in ("failed", "closed"):
            self.end()
