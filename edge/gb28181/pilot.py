"""A channel that can be moved (`streams.ptz.Ptz`) and asked for key frames: cameras at `gb28181://<device>/<channel>`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from edge.gb28181.ids import is_id
from edge.gb28181.platform import Platform
from streams.packets import Packet
from streams.ptz import OpenPtz, Ptz
from streams.sources import AskedPackets, Open, PacketSource

SCHEME = "gb28181"


class Where(NamedTuple):
    """A channel of a device."""

    device: str
    channel: str


def where(address: str) -> Where | None:
    """Return the channel that a camera's address names; None for an address of another kind."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    found = Where(parts.netloc, parts.path.strip("/"))
    return found if parts.scheme == SCHEME and is_id(found.device) and is_id(found.channel) else None


class Pilot:
    """Moves one channel."""

    def __init__(self, platform: Platform, channel: Where) -> None:
        self._platform = platform
        self._where = channel

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        """Move from now on, -1 to 1 each; all 0 stops. Raises `UnavailableError`."""
        await self._platform.move(*self._where, pan, tilt, zoom)

    async def preset(self, number: int) -> None:
        """Go to a preset. Raises `UnavailableError`."""
        if not 1 <= number <= 255:
            raise UnavailableError("a preset of GB/T 28181 has a number from 1 to 255")
        await self._platform.preset(*self._where, number)


def giving_keys(platform: Platform, open_source: Open) -> Open:
    """Return what opens channels as `open_source` does, with the way to ask them for a key frame."""

    @asynccontextmanager
    async def asked(source: PacketSource, channel: Where) -> AsyncIterator[AsyncIterator[Packet]]:
        async with source as packets:
            yield AskedPackets(packets, lambda: platform.ask_key(*channel))

    def open_asked(address: str, clock: Clock) -> PacketSource:
        source, channel = open_source(address, clock), where(address)
        return source if channel is None else asked(source, channel)

    return open_asked


def opens_ptz(platform: Platform) -> OpenPtz:
    """Return what `PtzGateways.register(SCHEME, …)` takes."""

    @asynccontextmanager
    async def open_ptz(address: str, clock: Clock) -> AsyncIterator[Ptz]:
        del clock
        channel = where(address)
        if channel is None:
            raise UnavailableError(f"the address is not {SCHEME}://<device of 20 digits>/<channel of 20 digits>")
        yield Pilot(platform, channel)

    return open_ptz
