"""Cameras that publish by WHIP at this hub, and with other hubs at whichever of them a publisher reached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from command.kernel.clock import Clock
from command.kernel.limits import SAID_LOOK_MS
from consoles.parts.background import Background
from consoles.parts.hubs.part import Hubs
from consoles.parts.hubs.publishers import PublishersOfHubs
from edge.agent.answering import Handler
from edge.agent.live import LivePictures
from streams.diagnosis import Way
from streams.keeper import CameraKeeper
from streams.sources import Open
from streams.whip import WhipIngest


class Report(Protocol):
    """Hears that a camera that publishes came or went."""

    def __call__(self, camera: str, *, up: bool) -> Awaitable[bool]:
        """Record it, and say whether that is settled: done, or refused as of a camera that was removed."""
        ...


class Publishing:
    """Takes publishers in. `others` is None for a hub that is alone."""

    def __init__(self, ingest: WhipIngest, others: PublishersOfHubs | None) -> None:
        self.ingest = ingest
        self._others = others

    @property
    def open(self) -> Open:
        """Opens `whip:` addresses, for `Sources.register`."""
        return self._others.source() if self._others else self.ingest.open

    @property
    def way(self) -> Way:
        """How such cameras are gone to, for `Ways.register`."""
        return self._others.way() if self._others else self.ingest.way

    def live(self, keeper: CameraKeeper, clock: Clock) -> Handler:
        """Return what shows other hubs the cameras that only this one reaches."""
        show = LivePictures(keeper, clock).show
        return self._others.serving(show, keeper.address) if self._others else show


@asynccontextmanager
async def publishing(
    hubs: Hubs | None, keeper: CameraKeeper, addresses: Sequence[str], report: Report, clock: Clock, tasks: Background
) -> AsyncIterator[Publishing]:
    """Take publishers in until the block is left."""

    def address_of(camera: str) -> str | None:
        return keeper.address(camera) if camera in keeper.running() else None

    def camera_at(address: str) -> str:
        return next((key for key in keeper.running() if keeper.address(key) == address), "")

    async def arrived(camera: str) -> None:
        await keeper.camera(camera).still()
        while not await report(camera, up=True):  # until it publishes no more
            await clock.sleep(SAID_LOOK_MS)

    async def left(camera: str) -> bool:
        return await report(camera, up=False)

    async with WhipIngest(clock, addresses, address_of, arrived) as ingest:
        others: PublishersOfHubs | None = None
        if hubs:
            others = PublishersOfHubs(hubs, ingest, camera_at, left, clock)
            tasks.start(others.run(), "publishers")
        yield Publishing(ingest, others)
