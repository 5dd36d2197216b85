"""The gateway on a real socket, with terminals that behave and others that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, TooManyError, UnknownIdError
from edge.jt808 import frame as frames
from edge.jt808 import gateway as gateway_module
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.frame import Frame, Header, Part
from edge.jt808.gateway import Jt808Gateway
from edge.jt808.location import encode_location
from edge.limits import (
    DEVICE_BAD_FRAMES,
    DEVICE_KNOWN_MS,
    DEVICE_MESSAGES_PER_S,
    DEVICE_SIGN_IN_MS,
    DEVICE_SILENCE_MS,
    DEVICE_SPLIT_WAIT_MS,
    DEVICE_TEXT_ANSWER_MS,
    DEVICE_TEXTS_WAITING,
    DEVICE_WRONG_CODES,
)
from tests.edge.jt808.hub import MemoryUplink
from tests.edge.jt808.peer import DEVICE, NOW_MS, PHONE, Peer, fix, location, message

OK, FAILED = platform.OK, platform.FAILED


@pytest.fixture
def hub() -> MemoryUplink:
    return MemoryUplink(DEVICE, "13900000002")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW_MS)


@pytest.fixture
async def gateway(hub: MemoryUplink, clock: VirtualClock) -> AsyncIterator[Jt808Gateway]:
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as running:
        yield running


async def test_a_terminal_that_the_hub_knows_no_more_is_cut_off_and_stays_while_nobody_can_tell(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    """R998."""
    async with Peer(gateway.port) as peer, Peer(gateway.port) as other:
        await peer.sign_in()
        await other.sign_in("013900000002")
        hub.devices.discard(DEVICE)
        hub.away = True
        clock.advance(clock.now_ms() + DEVICE_KNOWN_MS)
        beat = message(terminal.HEARTBEAT, b"", 3)
        assert await peer.ask(beat) == terminal.GeneralReply(3, terminal.HEARTBEAT, OK)
        assert gateway.counters.no_longer_known == 0
        hub.away = False
        clock.advance(clock.now_ms() + DEVICE_KNOWN_MS)
        assert await peer.closed() == b""
        beat = message(terminal.HEARTBEAT, b"", 3, "013900000002")
        assert await other.ask(beat) == terminal.GeneralReply(3, terminal.HEARTBEAT, OK)
        assert gateway.counters.no_longer_known == 1


async def test_the_way_in_then_heartbeat_location_batch_and_logout(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        for serial, msg_id, body in [
            (3, terminal.HEARTBEAT, b""),
            (4, terminal.LOCATION, encode_location(fix())),
            (5, terminal.LOCATION_BATCH, terminal.encode_batch([fix(NOW_MS - 9000), fix(NOW_MS - 8000)], 1)),
            (6, terminal.LOGOUT, b""),
        ]:
            assert await peer.ask(message(msg_id, body, serial)) == terminal.GeneralReply(serial, msg_id, OK)
        assert await peer.ask(location(7)) == terminal.GeneralReply(7, terminal.LOCATION, FAILED)
    assert [position.at_ms for position in hub.stored] == [NOW_MS, NOW_MS - 9000, NOW_MS - 8000]
    first = hub.stored[0]
    assert (first.device, first.source, first.lat, first.lon) == (DEVICE, "jt808", 29.1, 113.1)
    assert (first.speed_kmh, first.heading_deg, first.sos) == (36.0, 90.0, False)
    assert (gateway.counters.registrations, gateway.counters.authentications) == (1, 1)
    assert (gateway.counters.positions, gateway.counters.unauthenticated_messages) == (3, 1)


async def test_answers_use_the_terminal_s_own_edition_and_phone(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer:
        peer.write(message(terminal.REGISTER, bytes(80), 1, PHONE.rjust(20, "0"), revision=1))
        header = (await peer.frame()).header
        assert (header.msg_id, header.revision, header.phone) == (platform.REGISTER_REPLY, 1, PHONE.rjust(20, "0"))


async def test_a_phone_that_is_not_enrolled_gets_result_4(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer:
        reply = await peer.ask(message(terminal.REGISTER, bytes(40), 9, "013899999999"))
        assert reply == platform.RegisterReply(9, platform.NO_SUCH_TERMINAL)
    assert gateway.counters.registrations_refused == 1


async def test_wrong_codes_are_refused_and_the_last_closes(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        for serial in range(DEVICE_WRONG_CODES):
            reply = await peer.ask(message(terminal.AUTHENTICATION, b"guess", serial))
            assert reply == terminal.GeneralReply(serial, terminal.AUTHENTICATION, FAILED)
        assert await peer.closed() == b""
    assert (gateway.counters.wrong_codes, gateway.counters.closed_for_abuse) == (DEVICE_WRONG_CODES, 1)
    assert hub.stored == []


async def test_nobody_reports_for_another(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        other = message(terminal.LOCATION, encode_location(fix()), 3, "013900000002")
        assert await peer.ask(other) == terminal.GeneralReply(3, terminal.LOCATION, FAILED)
    assert hub.stored == []
    assert gateway.counters.unauthenticated_messages == 1


async def test_a_location_is_acknowledged_only_when_durable(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer, Peer(gateway.port) as other, asyncio.TaskGroup() as group:
        await peer.sign_in()
        await other.sign_in("013900000002")
        hub.hold.clear()
        answer = group.create_task(peer.ask(location(3)))
        await hub.arrived.wait()
        for serial in range(5):
            await other.ask(message(terminal.HEARTBEAT, b"", serial, "013900000002"))
        assert not answer.done()
        hub.hold.set()
        assert await answer == terminal.GeneralReply(3, terminal.LOCATION, OK)


async def test_while_the_hub_is_away_a_location_fails_and_can_be_sent_again(
    gateway: Jt808Gateway, hub: MemoryUplink
) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        hub.away = True
        assert await peer.ask(location(3)) == terminal.GeneralReply(3, terminal.LOCATION, FAILED)
        hub.away = False
        assert await peer.ask(location(4)) == terminal.GeneralReply(4, terminal.LOCATION, OK)
    assert len(hub.stored) == 1
    assert gateway.counters.positions_refused_by_hub == 1


async def test_what_the_hub_refuses_for_good_is_not_asked_for_again(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        hub.refusal = InvalidInputError("no device can mean this")
        assert await peer.ask(location(3)) == terminal.GeneralReply(3, terminal.LOCATION, platform.BAD_MESSAGE)
        hub.refusal = UnknownIdError("no unit has this device yet")
        assert await peer.ask(location(4)) == terminal.GeneralReply(4, terminal.LOCATION, FAILED)


async def test_while_the_hub_is_away_nobody_is_called_a_liar(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    hub.away = True
    async with Peer(gateway.port) as peer:
        peer.write(message(terminal.REGISTER, bytes(40), 1))
        reply = await peer.ask(message(terminal.AUTHENTICATION, b"x", 2))
        assert reply == terminal.GeneralReply(2, terminal.AUTHENTICATION, FAILED), "the registration is not answered"
    assert (gateway.counters.wrong_codes, gateway.counters.registrations_refused) == (0, 0)


async def test_an_sos_is_stored_then_answered_then_confirmed(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        assert await peer.ask(location(3, alarm=1)) == terminal.GeneralReply(3, terminal.LOCATION, OK)
        assert await peer.body() == platform.AlarmConfirm(0, platform.CONFIRM_SOS)
    assert [position.sos for position in hub.stored] == [True]
    assert gateway.counters.sos == 1


async def test_a_text_is_delivered_when_the_terminal_says_so(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer, asyncio.TaskGroup() as group:
        await peer.sign_in()
        for result, delivered in ((OK, True), (FAILED, False)):
            sending = group.create_task(gateway.send_text(DEVICE, "请返回巡逻区"))
            frame = await peer.frame()
            assert platform.decode_text(frame.body, frame.header.revision).text == "请返回巡逻区"
            reply = terminal.GeneralReply(frame.header.serial, platform.TEXT, result)
            peer.write(message(terminal.GENERAL_REPLY, terminal.encode_general_reply(reply)))
            assert await sending is delivered
    assert (gateway.counters.texts_delivered, gateway.counters.texts_failed) == (1, 1)
    assert await gateway.send_text("13900000002", "away") is False


async def test_texts_are_bounded_in_length_number_and_time(gateway: Jt808Gateway, clock: VirtualClock) -> None:
    async with Peer(gateway.port) as peer, asyncio.TaskGroup() as group:
        await peer.sign_in()
        with pytest.raises(InvalidInputError):
            await gateway.send_text(DEVICE, "长" * 600)
        sending = [group.create_task(gateway.send_text(DEVICE, "x")) for _ in range(DEVICE_TEXTS_WAITING)]
        for _ in sending:
            await peer.frame()
        with pytest.raises(TooManyError):
            await gateway.send_text(DEVICE, "one more")
        clock.advance(NOW_MS + DEVICE_TEXT_ANSWER_MS)
        assert [await each for each in sending] == [False] * DEVICE_TEXTS_WAITING


async def test_a_text_fails_when_the_connection_goes(gateway: Jt808Gateway) -> None:
    async with asyncio.TaskGroup() as group:
        async with Peer(gateway.port) as peer:
            await peer.sign_in()
            sending = group.create_task(gateway.send_text(DEVICE, "x"))
            await peer.frame()
        assert await sending is False


async def test_the_newest_connection_of_a_terminal_wins(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as old, Peer(gateway.port) as new, asyncio.TaskGroup() as group:
        await old.sign_in()
        await new.sign_in()
        assert await old.closed() == b""
        sending = group.create_task(gateway.send_text(DEVICE, "x"))
        frame = await new.frame()
        reply = terminal.GeneralReply(frame.header.serial, platform.TEXT, OK)
        new.write(message(terminal.GENERAL_REPLY, terminal.encode_general_reply(reply)))
        assert await sending is True


async def test_a_stranger_is_closed_after_a_while(gateway: Jt808Gateway, clock: VirtualClock) -> None:
    async with Peer(gateway.port) as peer:
        assert await peer.ask(message(terminal.HEARTBEAT, b"", 1)) is not None
        clock.advance(NOW_MS + DEVICE_SIGN_IN_MS)
        assert await peer.closed() == b""
    assert gateway.counters.closed_for_silence == 1


async def test_a_silent_terminal_is_closed_and_a_beating_one_is_not(gateway: Jt808Gateway, clock: VirtualClock) -> None:
    async with Peer(gateway.port) as silent, Peer(gateway.port) as beating:
        await silent.sign_in()
        await beating.sign_in("013900000002")
        clock.advance(NOW_MS + DEVICE_SILENCE_MS - 5000)
        await beating.ask(message(terminal.HEARTBEAT, b"", 3, "013900000002"))
        clock.advance(NOW_MS + DEVICE_SILENCE_MS)
        assert await silent.closed() == b""
        assert await beating.ask(message(terminal.HEARTBEAT, b"", 4, "013900000002")) is not None


async def test_garbage_between_frames_costs_nothing_but_itself(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        torn = location(3)
        peer.write(b"GET / HTTP/1.1\r\n\r\n" + torn[:-3] + b"\x7e" + torn[:9] + torn[10:] + b"\0" * 9000)
        assert await peer.ask(location(4)) == terminal.GeneralReply(4, terminal.LOCATION, OK)
    assert gateway.counters.bad_frames == 4
    assert gateway.counters.faults == 0


async def test_nothing_but_garbage_is_closed(gateway: Jt808Gateway, clock: VirtualClock) -> None:
    clock.set_speed(30)
    async with Peer(gateway.port) as peer:
        peer.write(b"\x7e\x01\x02\x03" * 10_000)
        await peer.closed()
    assert gateway.counters.bad_frames == DEVICE_BAD_FRAMES
    assert gateway.counters.closed_for_abuse == 1


async def test_a_flood_is_slowed_to_the_rate_and_loses_nothing(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    async with Peer(gateway.port) as peer, Peer(gateway.port) as other:
        await peer.sign_in()
        await other.sign_in("013900000002")
        count = 4 * DEVICE_MESSAGES_PER_S
        peer.write(b"".join(location(serial, NOW_MS - serial * 1000) for serial in range(count)))
        await hub.until_stored(DEVICE_MESSAGES_PER_S - 2)
        beat = message(terminal.HEARTBEAT, b"", 7, "013900000002")
        assert await other.ask(beat) == terminal.GeneralReply(7, terminal.HEARTBEAT, OK), "others are not held up"
        assert len(hub.stored) <= DEVICE_MESSAGES_PER_S, "the clock stands still, so the second's share is spent"
        for second in range(1, 6):
            clock.advance(NOW_MS + second * 1000)
            await hub.until_stored(min(count, DEVICE_MESSAGES_PER_S * (second + 1) - 3))
        answers = [await peer.body() for _ in range(count)]
        assert answers == [terminal.GeneralReply(serial, terminal.LOCATION, OK) for serial in range(count)]
    assert gateway.counters.throttled > 0


async def test_a_full_house_turns_newcomers_away(gateway: Jt808Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "DEVICE_CONNECTIONS", 1)
    async with Peer(gateway.port) as first:
        await first.sign_in()
        async with Peer(gateway.port) as second:
            assert await second.closed() == b""
        assert await first.ask(location(3)) is not None
        assert (gateway.counters.connections, gateway.counters.connections_refused) == (1, 1)


async def test_who_says_nothing_keeps_no_terminal_out(gateway: Jt808Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """R733: the stranger that has been here longest makes room, and no terminal does."""
    monkeypatch.setattr(gateway_module, "DEVICE_CONNECTIONS", 2)
    async with Peer(gateway.port) as first:
        await first.sign_in()
        async with Peer(gateway.port) as silent, Peer(gateway.port) as second:
            await second.sign_in("013900000002")
            assert await silent.closed() == b""
            assert await first.ask(location(3)) is not None
            assert await second.ask(location(3)) is not None
        assert (gateway.counters.connections_refused, gateway.counters.strangers_turned_out) == (0, 1)


async def test_a_terminal_that_logged_out_makes_room(gateway: Jt808Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """R733, R1001."""
    monkeypatch.setattr(gateway_module, "DEVICE_CONNECTIONS", 1)
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        assert await peer.ask(message(terminal.LOGOUT, b"", 3)) == terminal.GeneralReply(3, terminal.LOGOUT, OK)
        async with Peer(gateway.port) as other:
            await other.sign_in("013900000002")
        assert (gateway.counters.connections_refused, gateway.counters.strangers_turned_out) == (0, 1)


async def test_a_terminal_that_logged_out_is_asked_about_no_more(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    """R998, R1001."""
    async with Peer(gateway.port) as peer, Peer(gateway.port) as other:
        await peer.sign_in()
        await other.sign_in("013900000002")
        assert await peer.ask(message(terminal.LOGOUT, b"", 3)) == terminal.GeneralReply(3, terminal.LOGOUT, OK)
        hub.devices.clear()
        clock.advance(clock.now_ms() + DEVICE_KNOWN_MS)
        assert await other.closed() == b""
        assert gateway.counters.no_longer_known == 1, "the other alone"


async def test_what_nobody_supports_is_said_to_be_so(gateway: Jt808Gateway) -> None:
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        for serial, msg_id in enumerate((0x0900, 0x0702, 0x0801)):
            reply = await peer.ask(message(msg_id, b"abc", serial))
            assert reply == terminal.GeneralReply(serial, msg_id, platform.UNSUPPORTED)
        short = message(terminal.LOCATION, bytes(27), 8)
        assert await peer.ask(short) == terminal.GeneralReply(8, terminal.LOCATION, platform.BAD_MESSAGE)
        empty = message(terminal.LOCATION_BATCH, b"\0\x05\0", 9)
        assert await peer.ask(empty) == terminal.GeneralReply(9, terminal.LOCATION_BATCH, platform.BAD_MESSAGE)
    assert (gateway.counters.unsupported_messages, gateway.counters.bad_bodies) == (3, 2)


async def test_the_parts_of_a_split_batch_are_all_answered_once_it_is_durable(
    gateway: Jt808Gateway, hub: MemoryUplink, clock: VirtualClock
) -> None:
    body = terminal.encode_batch([fix(NOW_MS - second * 1000) for second in range(40)], 1)
    cut = [body[at : at + 500] for at in range(0, len(body), 500)]
    parts = [
        frames.encode(
            Frame(
                Header(msg_id=terminal.LOCATION_BATCH, phone=PHONE, serial=10 + at, part=Part(len(cut), at + 1)), piece
            )
        )
        for at, piece in enumerate(cut)
    ]
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        beat = message(terminal.HEARTBEAT, b"", 3)
        peer.write(parts[0] + parts[2])
        assert await peer.ask(beat) == terminal.GeneralReply(3, terminal.HEARTBEAT, OK)
        clock.advance(NOW_MS + DEVICE_SPLIT_WAIT_MS)
        assert await peer.body() == platform.ResendRequest(10, (2,))
        peer.write(parts[1])
        for serial in (10, 11, 12):
            assert await peer.body() == terminal.GeneralReply(serial, terminal.LOCATION_BATCH, OK)
    assert len(hub.stored) == 40


async def test_terminals_may_go_at_any_moment(gateway: Jt808Gateway, hub: MemoryUplink) -> None:
    hub.hold.clear()
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
        peer.write(location(3))
        await hub.arrived.wait()
    hub.hold.set()
    await hub.until_stored(1)
    async with Peer(gateway.port) as peer:
        await peer.sign_in()
    assert gateway.counters.faults == 0


async def test_closing_the_gateway_hangs_up(hub: MemoryUplink, clock: VirtualClock) -> None:
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway:
        peer = await Peer(gateway.port).__aenter__()
        await peer.sign_in()
        hub.hold.clear()
        peer.write(location(3))
        await hub.arrived.wait()
    assert await peer.closed() == b""
    await peer.__aexit__(None, None, None)
