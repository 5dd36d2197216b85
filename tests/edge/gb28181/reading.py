"""Opens a channel of a device and reads it, or reads why it cannot be read."""

from __future__ import annotations

import asyncio

import pytest

from command.kernel.clock import Clock, SystemClock
from edge.gb28181.invite import Transport
from edge.gb28181.media import Gb28181Media, Gb28181Source
from edge.gb28181.ports import MediaPorts
from streams.packets import Packet
from streams.sources import SourceError
from tests.edge.gb28181.senders import ADDRESS, Device
from tests.ports import free_range

PATIENCE_S = 60


def ports(count: int = 5) -> MediaPorts:
    first = free_range(2 * count)
    return MediaPorts("127.0.0.1", first, first + 2 * count - 1)


def opened(
    device: Device, transport: Transport = "udp", among: MediaPorts | None = None, clock: Clock | None = None
) -> Gb28181Source:
    address = f"{ADDRESS}?transport={transport}"
    return Gb28181Media(device, among or ports()).open(address, clock or SystemClock())


async def read(source: Gb28181Source, count: int) -> list[Packet]:
    async with asyncio.timeout(PATIENCE_S), source:
        return [await anext(source) for _ in range(count)]


async def reason(source: Gb28181Source) -> str:
    with pytest.raises(SourceError) as caught:
        await read(source, 10_000)
    return caught.value.reason


async def to_the_end(source: Gb28181Source, into: list[Packet]) -> None:
    async for packet in source:
        into.append(packet)  # noqa: PERF401 - what came before the end is wanted
