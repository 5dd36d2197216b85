"""The other side of a gateway for its tests: an `Uplink` in memory, which can be told to be away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from command.kernel.errors import TriuneError, UnavailableError
from command.readings import CallForHelp, Position


class MemoryUplink:
    """Knows the devices given; `hold` keeps positions from becoming durable until it is set."""

    def __init__(self, *devices: str) -> None:
        self.devices = set(devices)
        self.tokens: dict[str, str] = {}
        self.stored: list[Position] = []
        self.calls: list[CallForHelp] = []
        self.away = False
        self.refusal: TriuneError | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.arrived = asyncio.Event()
        self.changed = asyncio.Event()

    async def device_known(self, kind: str, device: str) -> bool:
        assert kind in {"jt808", "osmand", "owntracks"}
        self._be_there()
        return device in self.devices

    async def issue_device_token(self, kind: str, device: str) -> str:
        assert kind == "jt808"
        assert device in self.devices
        self.tokens[device] = f"code-{device}-{len(self.tokens)}"
        return self.tokens[device]

    async def check_device_token(self, kind: str, device: str, token: str) -> bool:
        assert kind in {"jt808", "osmand", "owntracks"}
        self._be_there()
        return self.tokens.get(device) == token

    async def positions(self, batch: Sequence[Position]) -> None:
        self.arrived.set()
        await self.hold.wait()
        self._be_there()
        if self.refusal:
            raise self.refusal
        self.stored += batch
        self.changed.set()

    async def calls_for_help(self, batch: Sequence[CallForHelp]) -> None:
        self._be_there()
        self.calls += batch

    async def until_stored(self, count: int) -> None:
        """Return once that many positions are durable."""
        while len(self.stored) < count:
            self.changed.clear()
            await self.changed.wait()

    def _be_there(self) -> None:
        if self.away:
            raise UnavailableError("the hub is away")
