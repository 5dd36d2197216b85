"""The simulated terminal and the gateway, over a real socket, on either event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
import uvloop

from command.kernel.clock import SystemClock, VirtualClock
from edge.jt808.gateway import Jt808Gateway
from edge.simulators.jt808_terminal import BACK_OFF_MS, FIXES_KEPT, Fix, Jt808Terminal
from tests.edge.jt808.hub import MemoryUplink
from tests.edge.jt808.peer import NOW_MS


async def drive(fixes: Iterable[Fix]) -> AsyncIterator[Fix]:
    for fix in fixes:
        yield fix


def track(count: int, start_ms: int = NOW_MS - 3_600_000) -> list[Fix]:
    return [
        Fix(start_ms + second * 1000, 29.1 + second * 1e-4, 113.1, speed_kmh=40.0, heading_deg=2.5, altitude_m=30.0)
        for second in range(count)
    ]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW_MS, speed=60)


@pytest.mark.parametrize("revision", [None, 1])
async def test_every_fix_arrives_once_and_in_order(clock: VirtualClock, revision: int | None) -> None:
    hub = MemoryUplink("13812345678")
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway:
        terminal = Jt808Terminal("127.0.0.1", gateway.port, "13812345678", drive(track(70)), clock, revision=revision)
        await terminal.run()
        assert terminal.acknowledged == 70
        assert gateway.counters.frames < 10, "what waits goes in batches"
    assert [position.at_ms for position in hub.stored] == [fix.at_ms for fix in track(70)]
    assert (hub.stored[0].heading_deg, hub.stored[0].altitude_m, hub.stored[0].speed_kmh) == (2.0, 30.0, 40.0)


async def test_what_the_hub_could_not_keep_is_sent_again(clock: VirtualClock) -> None:
    hub = MemoryUplink("1")
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway, asyncio.TaskGroup() as group:
        hub.hold.clear()
        running = group.create_task(Jt808Terminal("127.0.0.1", gateway.port, "1", drive(track(3)), clock).run())
        await hub.arrived.wait()
        hub.away = True
        hub.hold.set()
        while not gateway.counters.positions_refused_by_hub:
            await clock.sleep(60)
        hub.away = False
        await running
    assert [position.at_ms for position in hub.stored] == [fix.at_ms for fix in track(3)]


async def test_it_comes_back_after_a_tunnel_and_after_the_hub_was_gone(clock: VirtualClock) -> None:
    hub = MemoryUplink("1")
    go_on = asyncio.Event()

    async def fixes() -> AsyncIterator[Fix]:
        first, second, third = track(3)
        yield first
        await hub.until_stored(1)
        terminal.hang_up()
        yield second
        await hub.until_stored(2)
        await go_on.wait()
        yield third

    async with asyncio.TaskGroup() as group:
        async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway:
            port = gateway.port
            terminal = Jt808Terminal("127.0.0.1", port, "1", fixes(), clock)
            running = group.create_task(terminal.run())
            await hub.until_stored(2)
            assert gateway.counters.authentications == 2
        hub.tokens.clear()
        go_on.set()
        async with Jt808Gateway(hub, clock, "127.0.0.1", port) as gateway:
            await running
            assert gateway.counters.registrations == 1, "its code is no longer right, so it registers again"
    # Twice is allowed, since an answer may be lost with its connection; never is not.
    assert list(dict.fromkeys(position.at_ms for position in hub.stored)) == [fix.at_ms for fix in track(3)]


async def test_an_sos_stays_until_the_platform_confirms_it(clock: VirtualClock) -> None:
    hub = MemoryUplink("1")
    heard: list[str] = []
    done = asyncio.Event()

    async def fixes() -> AsyncIterator[Fix]:
        yield track(1)[0]
        await done.wait()
        yield track(2)[1]

    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway, asyncio.TaskGroup() as group:
        terminal = Jt808Terminal("127.0.0.1", gateway.port, "1", fixes(), clock, on_text=heard.append)
        running = group.create_task(terminal.run())
        await hub.until_stored(1)
        terminal.press_sos()
        await hub.until_stored(2)
        assert await gateway.send_text("1", "原地等待支援") is True
        assert not terminal.sos
        done.set()
        await running
    assert heard == ["原地等待支援"]
    assert [position.sos for position in hub.stored] == [False, True, False]


async def test_a_terminal_that_is_not_enrolled_keeps_trying(clock: VirtualClock) -> None:
    hub = MemoryUplink()
    async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway, asyncio.TaskGroup() as group:
        terminal = Jt808Terminal("127.0.0.1", gateway.port, "1", drive(track(FIXES_KEPT + 5)), clock)
        running = group.create_task(terminal.run())
        while gateway.counters.registrations_refused < 3:
            await clock.sleep(1000)
        hub.devices.add("1")
        await running
    assert [fix.at_ms for fix in track(FIXES_KEPT + 5)[5:]] == [position.at_ms for position in hub.stored]


def test_back_off_doubles_to_a_minute_and_spreads_a_fleet() -> None:
    one, other = (Jt808Terminal("h", 1, phone, drive([]), VirtualClock(0)) for phone in ("13812345600", "13812345601"))
    waits = [one._back_off_ms(failures) for failures in range(12)]
    assert waits[:4] == [1000, 2000, 4000, 8000]
    assert waits[-1] == BACK_OFF_MS
    assert one._back_off_ms(3) != other._back_off_ms(3)


def test_sixty_terminals_share_one_process_on_uvloop() -> None:
    async def county() -> list[int]:
        phones = [str(13812345600 + number) for number in range(60)]
        hub, clock = MemoryUplink(*phones), SystemClock()
        start_ms = clock.now_ms() - 60_000
        async with Jt808Gateway(hub, clock, "127.0.0.1", 0) as gateway:
            terminals = [
                Jt808Terminal("127.0.0.1", gateway.port, phone, drive(track(40, start_ms)), clock) for phone in phones
            ]
            async with asyncio.TaskGroup() as group:
                for terminal in terminals:
                    group.create_task(terminal.run())
            assert gateway.counters.faults == 0
            assert len(hub.stored) == 60 * 40
            return [terminal.acknowledged for terminal in terminals]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(county()) == [40] * 60
