"""A platform that forwards what many terminals say over one connection: rule R1001."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from edge.jt808 import platform_messages as platform
from edge.jt808 import session as session_module
from edge.jt808 import terminal_messages as terminal
from edge.jt808.gateway import Jt808Gateway
from edge.jt808.location import Location, encode_location
from edge.limits import (
    DEVICE_KNOWN_MS,
    DEVICE_MESSAGES_PER_S,
    DEVICE_SILENCE_MS,
    DEVICE_TEXTS_WAITING,
    DEVICE_WRONG_CODES,
)
from tests.edge.jt808.hub import MemoryUplink
from tests.edge.jt808.peer import NOW_MS, Peer, fix, message

OK, FAILED = platform.OK, platform.FAILED
PHONES = ["013900000001", "013900000002", "013900000003"]
DEVICES = [phone.lstrip("0") for phone in PHONES]


@pytest.fixture
def hub() -> MemoryUplink:
    return MemoryUplink(*DEVICES)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW_MS)


@pytest.fixture
async def gateway(hub: MemoryUplink, clock: VirtualClock) -> AsyncIterator[Jt808Gateway]:
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as running:
        yield running


async def says(peer: Peer, phone: str, location: Location | None = None) -> int:
    """Tell a fix and return the result."""
    body = encode_location(location or fix())
    reply = await peer.ask(message(terminal.LOCATION, body, 9, phone))
    assert isinstance(reply, terminal.GeneralReply)
    return reply.result


async def test_every_phone_that_is_told_yes_is_heard(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        for phone in PHONES:
            await peer.sign_in(phone)
        for phone in PHONES:
            assert await says(peer, phone) == OK
        assert await says(peer, PHONES[0], fix(alarm=1)) == OK
        assert await peer.body() == platform.AlarmConfirm(0, platform.CONFIRM_SOS)
    assert [position.device for position in hub.stored] == [*DEVICES, DEVICES[0]]


async def test_one_phone_too_many_is_told_no_and_said(
    gateway: Jt808Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session_module, "DEVICE_PHONES", 2)
    async with Peer(gateway.port) as peer:
        for phone in PHONES[:2]:
            await peer.sign_in(phone)
        reply = await peer.ask(message(terminal.REGISTER, bytes(40), 1, PHONES[2]))
        assert isinstance(reply, platform.RegisterReply)
        assert reply.code is not None
        sign_in = message(terminal.AUTHENTICATION, reply.code.encode(), 2, PHONES[2])
        with caplog.at_level(logging.WARNING):
            assert await peer.ask(sign_in) == terminal.GeneralReply(2, terminal.AUTHENTICATION, FAILED)
        assert DEVICES[2] in caplog.text
        assert await says(peer, PHONES[2]) == FAILED
        assert [await says(peer, phone) for phone in PHONES[:2]] == [OK, OK]
        await peer.sign_in(PHONES[0])
        assert await peer.ask(message(terminal.LOGOUT, b"", 3, PHONES[1])) == terminal.GeneralReply(
            3, terminal.LOGOUT, OK
        )
        assert await peer.ask(sign_in) == terminal.GeneralReply(2, terminal.AUTHENTICATION, OK)
        assert [await says(peer, phone) for phone in PHONES] == [OK, FAILED, OK]
    assert gateway.counters.phones_refused == 1


async def test_a_phone_that_moves_is_served_at_the_newest_and_the_others_stay(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as old, Peer(gateway.port) as new, asyncio.TaskGroup() as group:
        for phone in PHONES[:2]:
            await old.sign_in(phone)
        lost = group.create_task(gateway.send_text(DEVICES[0], "x"))
        await old.frame()
        await new.sign_in(PHONES[0])
        assert await lost is False, "the text went to where it is no longer"
        assert [await says(old, phone) for phone in PHONES[:2]] == [FAILED, OK]
        assert await says(new, PHONES[0]) == OK
        for peer, at in ((new, 0), (old, 1)):
            sending = group.create_task(gateway.send_text(DEVICES[at], "x"))
            header = (await peer.frame()).header
            assert header.phone == PHONES[at]
            reply = terminal.encode_general_reply(terminal.GeneralReply(header.serial, platform.TEXT, OK))
            peer.write(message(terminal.GENERAL_REPLY, reply, 9, PHONES[at]))
            assert await sending is True
        await new.sign_in(PHONES[1])
        assert await old.closed() == b"", "nobody is served there any more"


async def test_one_that_the_hub_no_longer_knows_is_let_go_alone(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    async with Peer(gateway.port) as peer:
        for phone in PHONES:
            await peer.sign_in(phone)
        hub.devices.discard(DEVICES[1])
        for _ in range(3):
            clock.advance(clock.now_ms() + DEVICE_KNOWN_MS)
            assert [await says(peer, phone) for phone in (PHONES[0], PHONES[2])] == [OK, OK]
        assert await says(peer, PHONES[1]) == FAILED
        assert gateway.counters.no_longer_known == 1
        hub.devices.clear()
        clock.advance(clock.now_ms() + DEVICE_KNOWN_MS)
        assert await peer.closed() == b""


async def test_a_text_is_answered_by_its_own_phone(gateway: Jt808Gateway) -> None:
    async with asyncio.TaskGroup() as group, Peer(gateway.port) as peer:
        for phone in PHONES[:2]:
            await peer.sign_in(phone)
        sending = [group.create_task(gateway.send_text(DEVICES[0], "x")) for _ in range(DEVICE_TEXTS_WAITING)]
        serials = [(await peer.frame()).header.serial for _ in sending]
        other = group.create_task(gateway.send_text(DEVICES[1], "x"))  # whose texts are not counted with the first's
        serials.append((await peer.frame()).header.serial)
        for serial in serials:
            body = terminal.encode_general_reply(terminal.GeneralReply(serial, platform.TEXT, OK))
            peer.write(message(terminal.GENERAL_REPLY, body, 9, PHONES[1]))
        assert await other is True
        assert not any(each.done() for each in sending)
    assert [each.result() for each in sending] == [False] * DEVICE_TEXTS_WAITING


async def test_an_old_code_of_one_phone_cuts_off_no_other(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in(PHONES[0])
        for serial in range(DEVICE_WRONG_CODES + 1):
            reply = await peer.ask(message(terminal.AUTHENTICATION, b"old", serial, PHONES[1]))
            assert reply == terminal.GeneralReply(serial, terminal.AUTHENTICATION, FAILED)
        assert await says(peer, PHONES[0]) == OK


async def test_a_connection_on_which_nobody_speaks_is_dead(gateway: Jt808Gateway, clock: VirtualClock) -> None:
    async with Peer(gateway.port) as peer:
        for phone in PHONES:
            await peer.sign_in(phone)
        clock.advance(NOW_MS + DEVICE_SILENCE_MS - 5000)
        assert await says(peer, PHONES[0]) == OK
        clock.advance(NOW_MS + DEVICE_SILENCE_MS + 5000)
        assert await says(peer, PHONES[2]) == OK, "a parked car is heard when its crew calls, though it was silent"
        clock.advance(NOW_MS + 2 * DEVICE_SILENCE_MS + 5000)
        assert await peer.closed() == b""
        assert [await gateway.send_text(device, "x") for device in DEVICES] == [False] * 3


async def test_each_phone_has_its_own_share_of_the_rate(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    async with Peer(gateway.port) as peer:
        for phone in PHONES:
            await peer.sign_in(phone)
        clock.advance(NOW_MS + 1000)
        count = len(PHONES) * DEVICE_MESSAGES_PER_S
        peer.write(b"".join(message(terminal.LOCATION, encode_location(fix()), n, PHONES[n % 3]) for n in range(count)))
        await hub.until_stored(count)
    assert gateway.counters.throttled <= 1, "after the last"


async def test_a_call_for_help_is_handed_over_though_fixes_beside_it_cannot_be(
    gateway: Jt808Gateway, hub: MemoryUplink
) -> None:  # R1000
    lost = fix(alarm=1, status=0, lat=0, lon=0)
    body = terminal.encode_batch([fix(NOW_MS - 1000), lost], 1)
    async with Peer(gateway.port) as peer:
        await peer.sign_in(PHONES[0])
        hub.refusal = UnavailableError("the disk is full")
        answer = await peer.ask(message(terminal.LOCATION_BATCH, body, 3, PHONES[0]))
        assert answer == terminal.GeneralReply(3, terminal.LOCATION_BATCH, FAILED)
        assert [call.device for call in hub.calls] == [DEVICES[0]]
        hub.refusal = None
        assert await says(peer, PHONES[0], lost) == OK
        assert await peer.body() == platform.AlarmConfirm(0, platform.CONFIRM_SOS)
    assert gateway.counters.sos_without_place == 2
