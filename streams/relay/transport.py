"""The way to one WebRTC peer that made us an offer: ICE and DTLS from our answer to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiortc import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceCandidate,
    RTCIceGatherer,
    RTCIceTransport,
)

from command.kernel.errors import UnavailableError
from streams.limits import ICE_GATHER_MS
from streams.relay.aiortc_private import MediaPath, be_dtls_server, gather
from streams.relay.sdp import Answer, Direction, Offer, VideoFormat


class Transport:
    """`sdp = await transport.answer(...)`, then one task runs `run`; `close` tells the peer and closes the ports."""

    def __init__(self, offer: Offer, certificate: RTCCertificate) -> None:
        self._offer = offer
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._ended = asyncio.Event()
        self._path: MediaPath | None = None

    async def answer(
        self,
        addresses: Sequence[str],
        sent_as: VideoFormat,
        direction: Direction,
        *,
        ssrc: int,
        rtx_ssrc: int,
        cname: str,
    ) -> str:
        """Open the ports and return the answer. Raises `UnavailableError` where there is no address to offer."""
        candidates = await self._open(addresses)
        return Answer(
            format=sent_as,
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            cname=cname,
            ice=self._gatherer.getLocalParameters(),
            candidates=candidates,
            fingerprints=self._dtls.getLocalParameters().fingerprints,
            setup=self._offer.answer_setup,
            direction=direction,
        ).write(self._offer)

    async def _open(self, addresses: Sequence[str]) -> list[RTCIceCandidate]:
        try:
            async with asyncio.timeout(ICE_GATHER_MS / 1000):
                candidates = await gather(self._gatherer, addresses)
        except TimeoutError:
            raise UnavailableError("the host's network addresses could not be gathered in time") from None
        if not candidates:
            raise UnavailableError("the host has no network address for video")
        for candidate in self._offer.candidates:
            await self._ice.addRemoteCandidate(candidate)
        if self._offer.answer_setup == "passive":
            be_dtls_server(self._dtls)
        return candidates

    async def run(self, connected: Callable[[MediaPath], None]) -> None:
        """Connect, call `connected` once media can flow, and return when either side has ended it."""
        self._ice.on("statechange", self._state_changed)
        self._dtls.on("statechange", self._state_changed)
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(self._connect(connected))
            await self._ended.wait()
            connecting.cancel()

    async def close(self) -> None:
        """Tell the peer and close the ports; also where `run` never ran."""
        self._dtls.remove_all_listeners()
        if self._path is not None:
            self._path.close()
        await self._dtls.stop()
        await self._ice.stop()

    def end(self) -> None:
        """Let `run` return."""
        self._ended.set()

    async def _connect(self, connected: Callable[[MediaPath], None]) -> None:
        await self._ice.start(self._offer.ice)
        if self._ice.state == "completed":
            await self._dtls.start(RTCDtlsParameters(fingerprints=list(self._offer.fingerprints)))
        if self._dtls.state != "connected":
            self.end()
            return
        self._path = MediaPath(self._dtls)
        connected(self._path)

    def _state_changed(self) -> None:
        if self._ice.state in ("failed", "closed") or self._dtls.state in ("failed", "closed"):
            self.end()
