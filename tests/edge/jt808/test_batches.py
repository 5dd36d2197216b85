"""Batches of locations (0x0704) as makers send them: rule R1004."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator

import pytest

from command.kernel.clock import VirtualClock
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.gateway import Jt808Gateway
from edge.jt808.location import encode_location
from edge.jt808.terminal_messages import decode_batch
from tests.edge.jt808.hub import MemoryUplink
from tests.edge.jt808.peer import DEVICE, NOW_MS, Peer, fix, message

FIXES = [fix(NOW_MS - second * 1000) for second in range(5)]
ITEMS = [struct.pack(">H", len(body)) + body for body in map(encode_location, FIXES)]
EMPTY, SHORT = b"\0\0", b"\0\x03abc"


def batch(count: int, *items: bytes) -> bytes:
    return struct.pack(">HB", count, 1) + b"".join(items)


@pytest.fixture
def hub() -> MemoryUplink:
    return MemoryUplink(DEVICE)


@pytest.fixture
async def gateway(hub: MemoryUplink) -> AsyncIterator[Jt808Gateway]:
    async with Jt808Gateway(hub, VirtualClock(NOW_MS), "127.0.0.1", 0) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "stored", "result", "counted"),
    [
        (batch(5, *ITEMS), 5, platform.OK, 0),
        (batch(6, ITEMS[0], EMPTY, *ITEMS[1:]), 5, platform.OK, 1),
        (batch(5, ITEMS[0], EMPTY, *ITEMS[1:]), 5, platform.OK, 1),
        (batch(1, *ITEMS), 5, platform.OK, 1),
        (batch(0, *ITEMS), 5, platform.OK, 1),
        (batch(5, *ITEMS, bytes(7)), 5, platform.OK, 1),
        (batch(5, *ITEMS, bytes(1)), 5, platform.OK, 0),
        (batch(6, SHORT, *ITEMS), 5, platform.BAD_MESSAGE, 1),
        (batch(1, *ITEMS, SHORT), 5, platform.BAD_MESSAGE, 1),
        (batch(7, *ITEMS), 5, platform.BAD_MESSAGE, 1),
        (batch(5, *ITEMS)[:-4], 4, platform.BAD_MESSAGE, 1),
        (batch(1, *ITEMS)[:-4], 4, platform.BAD_MESSAGE, 1),
        (batch(5, *ITEMS, b"x"), 5, platform.BAD_MESSAGE, 1),
        (batch(1, EMPTY), 0, platform.BAD_MESSAGE, 1),
    ],
)
async def test_all_that_can_be_read_is_stored_and_yes_means_all(
    gateway: Jt808Gateway, hub: MemoryUplink, body: bytes, stored: int, result: int, counted: int
) -> None:  # R1004
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        answer = await peer.ask(message(terminal.LOCATION_BATCH, body, 3))
    assert answer == terminal.GeneralReply(3, terminal.LOCATION_BATCH, result)
    assert [fix.at_ms for fix in hub.stored] == [fix.at_ms for fix in FIXES[:stored]]
    assert gateway.counters.bad_bodies == counted


def test_what_a_batch_says_of_itself() -> None:
    told = decode_batch(batch(9, ITEMS[0], EMPTY, SHORT, *ITEMS[1:]))
    assert (told.count, len(told.locations), told.bad, told.empty) == (9, 5, 3, 1)
    assert not told.is_as_announced
    assert decode_batch(batch(65535)).bad == 65535
