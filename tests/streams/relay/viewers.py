"""A viewer that is not a browser: aiortc's own peer connection, on the loopback address."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.video.frame import VideoFrame

LOOPBACK = ["127.0.0.1"]


def stay_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the peer, which asks aioice for addresses, the loopback one only."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: LOOPBACK)


class Viewer:
    """`async with Viewer() as viewer`: offers to receive one video."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver("video", direction="recvonly")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.connection.close()

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _track(self) -> MediaStreamTrack:
        return next(x.receiver.track for x in self.connection.getTransceivers() if x.kind == "video")

    async def picture(self) -> VideoFrame:
        frame = await self._track().recv()
        assert isinstance(frame, VideoFrame)
        return frame
