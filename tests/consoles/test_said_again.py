"""How cameras are comes to stand on record though it could not be recorded as it changed (SPEC R1021)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from command.actors import HUB
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.limits import SAID_LOOK_MS
from command.requests import EnrolCamera, ReportCamera
from command.rows import CameraRow
from consoles.parts.cameras.enrolled import EnrolledCameras
from consoles.parts.cameras.own_alarms import OwnAlarms
from consoles.parts.stores import Stores
from consoles.sim.clock import MachineClock
from consoles.sim.loop import virtual_loop
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.limits import CAMERA_LINGER_MS
from streams.sources import Sources
from tests.command.support import FlakyJournal
from tests.streams.test_demand import Peers

LOOKS_MS = 3 * SAID_LOOK_MS


class Lease:
    """What this hub is to do, as the test says."""

    held = True

    def holds(self, name: str) -> bool:
        del name
        return self.held

    def listen(self, listener: Callable[[], None]) -> None:
        """The test tells nobody."""


class Place:
    """A hub with one camera, on virtual time."""

    def __init__(self, clock: MachineClock) -> None:
        self.clock = clock
        self.journal = FlakyJournal(MemoryJournal())
        self.hub = Hub("live", clock, self.journal)
        self.peers = Peers(clock)
        self.lease = Lease()
        kept = SimpleNamespace(accounts=SimpleNamespace(listen_addresses=lambda _: None), leases=self.lease)
        self.enrolled = EnrolledCameras(self.hub, cast("Stores", kept), OwnAlarms(self.hub))
        sources = Sources()
        sources.register("sim", self.peers.source)
        self.keeper = CameraKeeper(clock, self.enrolled.on_status, sources=sources)

    async def row(self) -> CameraRow:
        return await self.hub.read(lambda t: t.cameras.need("a"))

    async def look(self) -> None:
        """Have it looked at as somebody does who wants a picture."""
        await self.keeper.camera("a").still()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self.hub.run())]
            await self.hub.ask(EnrolCamera(camera="a", name="a", lat=29.0, lon=113.0), HUB)
            async with self.keeper:
                await self.keeper.sync({"a": CameraSpec("a", "sim:a")})
                running.append(tasks.create_task(self.enrolled.keep_said(self.keeper)))
                yield
            for task in running:
                task.cancel()


def run(monkeypatch: pytest.MonkeyPatch, story: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    async def looks_well(_key: object) -> tuple[int, int]:
        return 640, 360

    monkeypatch.setattr("streams.keeper.examine", looks_well)
    loop = virtual_loop("said again")

    async def told() -> None:
        place = Place(MachineClock(loop))
        async with place.open():
            await story(place)

    loop.run_until_complete(told())
    loop.end()


def test_a_camera_that_came_back_while_the_record_was_away_is_up_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(at: Place) -> None:
        at.peers.down.add("sim:a")
        await at.clock.sleep(60_000)
        assert (await at.row()).state == "down"
        at.journal.is_full = True
        at.peers.down.clear()
        await at.look()
        await at.clock.sleep(CAMERA_LINGER_MS + 60_000)  # and nobody looks at it any more
        assert (at.keeper.camera("a").view().state, at.keeper.camera("a").view().pulled) == ("up", False)
        assert (await at.row()).state == "down"
        at.journal.is_full = False
        await at.clock.sleep(LOOKS_MS)
        assert (await at.row()).state == "up"

        asked = at.hub.counters.requests
        await at.clock.sleep(60_000)
        assert at.hub.counters.requests == asked, "nothing is said again that stands"

    run(monkeypatch, story)


def test_what_was_recorded_since_this_hub_looked_stands_until_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(at: Place) -> None:
        await at.clock.sleep(10_000)
        assert (await at.row()).state == "up"
        await at.hub.ask(ReportCamera(camera="a", up=False, reason="nobody publishes"), HUB)  # another hub says so
        await at.clock.sleep(LOOKS_MS)
        assert (await at.row()).reason == "nobody publishes"
        await at.look()
        await at.clock.sleep(LOOKS_MS)
        assert (await at.row()).state == "up"

    run(monkeypatch, story)


def test_a_hub_that_does_not_record_how_cameras_are_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(at: Place) -> None:
        await at.clock.sleep(10_000)
        at.lease.held = False
        await at.hub.ask(ReportCamera(camera="a", up=False, reason="as the other hub finds"), HUB)
        await at.look()
        await at.clock.sleep(LOOKS_MS)
        assert (await at.row()).state == "down"
        at.lease.held = True
        await at.look()
        await at.clock.sleep(LOOKS_MS)
        assert (await at.row()).state == "up"

    run(monkeypatch, story)
