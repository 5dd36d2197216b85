"""One viewer's WebRTC session from its offer to its end."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

from aiortc import RTCCertificate

from streams.limits import RELAY_CONNECT_MS, RELAY_SILENCE_MS
from streams.relay.aiortc_private import MediaPath
from streams.relay.sdp import Offer, VideoFormat
from streams.relay.transport import Transport
from streams.relay.viewer import Viewer

StillMay = Callable[[], Awaitable[None]]
"""Raises `NoRightError` or `SignInRequiredError` once the viewer may not see the camera any more."""


class Session:
    """`sdp = await session.negotiate(...)`, then one task runs `run`; `close` closes what it opened."""

    def __init__(
        self,
        camera_id: str,
        offer: Offer,
        sent_as: VideoFormat,
        certificate: RTCCertificate,
        still_may: StillMay | None = None,
    ) -> None:
        self.still_may = still_may
        self.id = secrets.token_urlsafe(16)
        self.camera_id = camera_id
        self._format = sent_as
        self._ssrc = secrets.randbits(32)
        self._rtx_ssrc = secrets.randbits(32)
        self._cname = secrets.token_hex(8)
        self._transport = Transport(offer, certificate)
        self._since_ms = 0
        self._viewer: Viewer | None = None

    async def negotiate(self, now_ms: int, addresses: Sequence[str]) -> str:
        """Open the ports and return the answer. Raises `UnavailableError` where there is no address to offer."""
        self._since_ms = now_ms
        return await self._transport.answer(
            addresses, self._format, "sendonly", ssrc=self._ssrc, rtx_ssrc=self._rtx_ssrc, cname=self._cname
        )

    async def run(self, connected: Callable[[Viewer], None]) -> None:
        """Connect, call `connected` with the viewer, and return when the session has ended."""

        def opened(path: MediaPath) -> None:
            viewer = Viewer(path, self._format, ssrc=self._ssrc, rtx_ssrc=self._rtx_ssrc, cname=self._cname)
            for ssrc in (self._ssrc, self._rtx_ssrc):
                path.listen(ssrc, viewer.heard)
            self._viewer = viewer
            connected(viewer)

        await self._transport.run(opened)

    async def close(self) -> None:
        """Tell the peer and close the ports; also a session that never ran."""
        await self._transport.close()

    def end(self) -> None:
        """Let `run` return."""
        self._transport.end()

    def is_lost(self, now_ms: int) -> bool:
        """Say whether the peer never connected or has stopped saying anything."""
        if self._viewer is None:
            return now_ms - self._since_ms > RELAY_CONNECT_MS
        return self._viewer.silent_ms(now_ms) > RELAY_SILENCE_MS
