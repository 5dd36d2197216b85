"""The bus between hubs, over a real Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from command.bus import RedisBus
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import BUS_PASSAGES_WAITING
from command.passages import Passages
from command.readings import Position, Sighting, SightingQuery
from command.readings.memory import MemoryReadings
from consoles.limits import FOLLOW_MS
from consoles.parts.hubs.others import look_for_passages
from tests.command.support import desk
from tests.redis_server import RedisServer

STEPS = 40
"""More turns of the event loop than one message takes to be written and answered."""


async def test_it_ends_whenever_it_is_told_to(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command.bus.BUS_TICK_MS", 0)

    async def followed(_fixes: Sequence[Position]) -> None:
        raise AssertionError("there is no other hub")

    async with desk() as d:
        for steps in range(STEPS):
            bus = RedisBus(redis_url, d.hub, "one", SystemClock(), followed)
            running = asyncio.create_task(bus.run())  # noqa: TID251 - a group would wait for ever for one that does not end
            while bus.counters.sent < 2:
                await _turn(bus)
            for _ in range(steps):  # each round, the end comes at another step of telling something
                await _turn(bus)
            running.cancel()
            done, _ = await asyncio.wait({running}, timeout=60)
            assert done, f"told to end after {steps} steps it did not"


async def test_a_passage_stored_at_one_hub_is_shown_at_the_other(redis_url: str) -> None:  # R628
    async def followed(_fixes: Sequence[Position]) -> None:
        raise AssertionError("no fix was stored")

    async with desk(enrolled=False) as here, desk(enrolled=False) as there:
        shown = Passages(there.hub, MemoryReadings())
        telling = RedisBus(redis_url, here.hub, "one", SystemClock(), followed)
        hearing = RedisBus(redis_url, there.hub, "two", SystemClock(), followed)
        hearing.hear_passages(shown.follow)
        stored = Passages(here.hub, MemoryReadings())
        stored.on_stored(telling.tell_passages)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(bus.run()) for bus in (telling, hearing)]
            async with asyncio.timeout(60):
                while not (telling.up and hearing.up):
                    await SystemClock().sleep(10)
                at_ms = here.clock.now_ms()
                seen = Sighting(
                    camera="c1", plate="湘F12345", colour="blue", first_ms=at_ms, last_ms=at_ms, reads=2, confidence=0.9
                )
                await stored.add([seen])
                while not (rows := await there.hub.read(lambda t: list(t.passages))):
                    await SystemClock().sleep(10)
            for task in running:
                task.cancel()
    assert [row.plate for row in rows] == ["湘F12345"]
    assert telling.counters.not_sent == 0


async def test_what_was_stored_while_a_hub_was_off_the_bus_is_shown_by_all(redis_server: RedisServer) -> None:  # R948
    """Whichever hub comes back first."""
    clock, readings = SystemClock(), MemoryReadings()
    async with desk(enrolled=False) as here, desk(enrolled=False) as there, asyncio.TaskGroup() as tasks:
        shown = [Passages(d.hub, readings) for d in (here, there)]
        buses = [RedisBus(redis_server.url, d.hub, name, clock, _nobody) for d, name in ((here, "one"), (there, "two"))]
        running = []
        for d, passages, bus in zip((here, there), shown, buses, strict=True):
            passages.on_stored(bus.tell_passages)
            bus.hear_passages(passages.follow)
            running.append(tasks.create_task(bus.run()))
            running.append(tasks.create_task(look_for_passages(d.hub, passages, bus, lambda: 1)))
        cars = 0

        async def cars_pass(until: Callable[[], bool]) -> None:
            nonlocal cars
            while not until():
                at_ms, plate = here.clock.now_ms(), f"湘F{cars:05}"
                seen = Sighting(
                    camera="c1", plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms, reads=2, confidence=0.9
                )
                await shown[cars % 2].add([seen])
                cars += 1
                await clock.sleep(20)

        async with asyncio.timeout(60):
            await cars_pass(lambda: all(bus.up for bus in buses))
            redis_server.stop()
            await cars_pass(lambda: not any(bus.up for bus in buses))
            redis_server.start()
            await cars_pass(lambda: all(bus.up for bus in buses))
            for d in (here, there):
                while len(await d.hub.read(lambda t: list(t.passages))) < cars:
                    d.clock.advance(d.clock.now_ms() + FOLLOW_MS)
                    await clock.sleep(10)
        for task in running:
            task.cancel()


async def test_a_bus_on_which_the_others_are_not_is_none(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1188
    """Each hub with a Redis of its own, by settings that were copied: every one of them hears itself."""
    clock, readings = SystemClock(), MemoryReadings()
    async with desk(enrolled=False) as here, desk(enrolled=False) as there, asyncio.TaskGroup() as tasks:
        bus, others = (RedisBus(redis_url, d.hub, name, clock, _nobody) for d, name in ((here, "one"), (there, "two")))
        shown = Passages(here.hub, readings)
        running = [
            tasks.create_task(bus.run()),
            tasks.create_task(look_for_passages(here.hub, shown, bus, lambda: 1)),
        ]
        async with asyncio.timeout(60):
            while not bus.up:
                await clock.sleep(10)
            assert bus.hears(0)
            assert not bus.hears(1)
            here.clock.advance(here.clock.now_ms() + FOLLOW_MS)
            bus.missed = False  # it has looked once, for what was stored while it was off the bus
            at_ms = here.clock.now_ms()
            seen = Sighting(
                camera="c1", plate="湘F12345", colour="blue", first_ms=at_ms, last_ms=at_ms, reads=2, confidence=0.9
            )
            await Passages(there.hub, readings).add([seen])
            while not await here.hub.read(lambda t: list(t.passages)):
                here.clock.advance(here.clock.now_ms() + FOLLOW_MS)
                await clock.sleep(10)
            running.append(tasks.create_task(others.run()))
            while not (bus.hears(1) and bus.missed):
                await clock.sleep(10)
            assert not bus.hears(2)
            monkeypatch.setattr("command.bus.BUS_BEAT_MS", 10)

            async def heard_more() -> bool:
                enough = bus.counters.received + 2
                while bus.counters.received < enough:
                    await clock.sleep(10)
                return bus.missed

            # R948: what it stored while it was off the bus is looked for, though it has said more since; and once.
            assert await heard_more()
            bus.missed = False
            assert not await heard_more()
        for task in running:
            task.cancel()


async def test_each_thing_is_told_once_and_what_is_left_out_is_said(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1191
    monkeypatch.setattr("command.bus.BUS_BEAT_MS", 10)
    fixes, passages, clock = list[Position](), list[Sighting](), SystemClock()

    async def followed(told: Sequence[Position]) -> None:
        fixes.extend(told)

    def car(number: int) -> Sighting:
        return Sighting(
            camera="c1", plate=f"湘F{number:05}", colour="blue", first_ms=1, last_ms=1, reads=2, confidence=0.9
        )

    async with desk(enrolled=False) as here, desk(enrolled=False) as there, asyncio.TaskGroup() as tasks:
        telling = RedisBus(redis_url, here.hub, "one", clock, _nobody)
        hearing = RedisBus(redis_url, there.hub, "two", clock, followed)
        hearing.hear_passages(passages.extend)
        running = [tasks.create_task(bus.run()) for bus in (telling, hearing)]

        async def heard_more() -> None:
            enough = hearing.counters.received + 3
            while hearing.counters.received < enough:
                await clock.sleep(10)

        async with asyncio.timeout(60):
            while not (telling.hears(1) and hearing.hears(1)):
                await clock.sleep(10)
            await heard_more()
            hearing.missed = False
            at_five, at_three = (
                Position(device="d1", at_ms=at_ms, lat=29.1, lon=113.1, source="jt808") for at_ms in (5, 3)
            )
            telling.tell_fixes([at_five, at_three])
            telling.tell_passages([car(0)])
            await heard_more()
            assert (fixes, passages, hearing.missed) == ([at_five], [car(0)], False)
            telling.tell_passages([car(number) for number in range(BUS_PASSAGES_WAITING + 1)])
            await heard_more()
            assert (passages[1:], hearing.missed) == (
                [car(number) for number in range(1, BUS_PASSAGES_WAITING + 1)],
                True,
            )
        for task in running:
            task.cancel()


class _Struck(MemoryReadings):
    """A store that is away when it is looked into for the first time."""

    looks = 0

    async def search(self, space: str, query: SightingQuery) -> list[Sighting]:
        self.looks += 1
        if self.looks == 1:
            raise UnavailableError("the database is away")
        return await super().search(space, query)


async def test_what_could_not_be_looked_for_is_looked_for_again(redis_url: str) -> None:  # R948
    """Redis and PostgreSQL that are started anew together are back at different moments."""
    readings = _Struck()
    async with desk(enrolled=False) as d, asyncio.TaskGroup() as tasks:
        bus = RedisBus(redis_url, d.hub, "one", SystemClock(), _nobody)
        running = [tasks.create_task(bus.run())]
        async with asyncio.timeout(60):
            while not bus.up:
                await SystemClock().sleep(10)
            seen = Sighting(
                camera="c1", plate="湘F12345", colour="blue", first_ms=d.clock.now_ms(), last_ms=d.clock.now_ms(),
                reads=2, confidence=0.9,
            )  # fmt: skip
            await readings.add_sightings("live", [seen])
            running.append(tasks.create_task(look_for_passages(d.hub, Passages(d.hub, readings), bus, int)))
            while not await d.hub.read(lambda t: list(t.passages)):
                d.clock.advance(d.clock.now_ms() + FOLLOW_MS)
                await SystemClock().sleep(10)
            assert readings.looks == 2
            assert not bus.missed
        for task in running:
            task.cancel()


async def test_sites_that_share_a_redis_do_not_hear_each_other(redis_url: str) -> None:  # R979
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        heard: dict[str, list[Sighting]] = {"a real one": [], "in training": [], "also real": []}
        buses = {}
        for name, passages in heard.items():
            history = "training" if name == "in training" else "real"
            d = await stack.enter_async_context(desk(MemoryJournal(history)))
            bus = buses[name] = RedisBus(redis_url, d.hub, name, SystemClock(), _nobody)
            bus.hear_passages(passages.extend)
        running = [tasks.create_task(bus.run()) for bus in buses.values()]
        car = Sighting(camera="c1", plate="湘F12345", colour="blue", first_ms=1, last_ms=1, reads=2, confidence=0.9)
        async with asyncio.timeout(60):
            while not all(bus.up for bus in buses.values()):
                await SystemClock().sleep(10)
            buses["in training"].tell_passages([car])
            sent = buses["in training"].counters.sent
            while buses["in training"].counters.sent < sent + 2:  # what it told has come to whoever hears it
                buses["in training"]._something.set()
                await SystemClock().sleep(10)
            buses["a real one"].tell_passages([car])
            while not heard["also real"]:
                await SystemClock().sleep(10)
        for task in running:
            task.cancel()
    assert heard == {"a real one": [], "in training": [], "also real": [car]}


async def test_passages_are_not_kept_for_a_bus_that_is_away(redis_url: str) -> None:
    async def followed(_fixes: Sequence[Position]) -> None:
        raise AssertionError("there is no other hub")

    async with desk(enrolled=False) as d:
        bus = RedisBus(redis_url, d.hub, "one", SystemClock(), followed)
        bus.tell_passages(
            [Sighting(camera="c1", plate="湘F12345", colour="blue", first_ms=1, last_ms=1, reads=2, confidence=0.9)]
        )
        assert bus.counters.not_sent == 1


async def _turn(bus: RedisBus) -> None:
    """One turn of the event loop, with something to tell."""
    bus._something.set()
    await asyncio.sleep(0)  # noqa: TID251 - nothing is waited for


async def _nobody(_fixes: Sequence[Position]) -> None:
    raise AssertionError("there is no other hub")


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1", "redis://127.0.0.1:abc", "redis://127.0.0.1:99999"])
async def test_an_address_that_cannot_be_a_bus_is_refused(url: str) -> None:  # R781
    async with desk(enrolled=False) as d:
        with pytest.raises(InvalidInputError, match="address of the bus"):
            RedisBus(url, d.hub, "one", SystemClock(), _nobody)


async def test_why_a_bus_never_came_up_is_told_once(  # R781
    redis_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command.bus.BUS_LOST_MS", 60_000)  # that it is slow is no reason
    caplog.set_level(logging.WARNING, "command.bus")
    wrong = redis_url.replace("redis://", "redis://triune:a-wrong-password@")
    third, pauses = asyncio.Event(), list[int]()

    class Impatient(SystemClock):
        async def sleep(self, ms: int) -> None:
            pauses.append(ms)
            if len(pauses) == 3:
                third.set()
            await super().sleep(0)

    async with desk(enrolled=False) as d:
        bus = RedisBus(wrong, d.hub, "one", Impatient(), _nobody)
        running = asyncio.create_task(bus.run())  # noqa: TID251 - a group would wait for ever for one that does not end
        async with asyncio.timeout(60):
            await third.wait()
        running.cancel()
        await asyncio.wait({running})
    assert pauses[0] < pauses[1] < pauses[2]
    (told,) = [record.getMessage() for record in caplog.records]
    assert "the bus is away" in told
    assert "a-wrong-password" not in told
    assert not bus.up
