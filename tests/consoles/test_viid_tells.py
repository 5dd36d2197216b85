"""Who is told of which passage, also of those shortly before a restart (SPEC R592)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from command.actors import HUB, Actor
from command.facts import Recorded
from command.facts.scene import LinkCameUp
from command.facts.watchlist import PlateHit
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import SqliteDatabase
from command.links.viid import SCHEMA
from command.readings import Sighting
from command.readings.memory import MemoryReadings
from command.requests import EnrolCamera, RequestWatch
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.library import asker
from consoles.parts.viid.store import ViidStore, receiver_of
from consoles.parts.viid.tells import HitLink, TellCounters, Tells, upper_receiver
from edge.viid.notices import Notice
from tests.consoles.test_viid_store import PEER, disposition, subscription
from tests.edge.viid.site import DEVICE, NOW_MS, SERVER

SUBSCRIBER = receiver_of("subscription", PEER, "s1")
UPPER = upper_receiver("u")


class Site:
    """A hub in memory with two cameras, of which k2 is a device of PEER."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(NOW_MS)
        self.hub = Hub("live", self.clock, MemoryJournal())
        self.readings = MemoryReadings()
        self.db = SqliteDatabase(folder / "viid.sqlite3", SCHEMA, "viid")
        self.store = ViidStore(self.db, self.clock)

    def tells(self) -> Tells:
        async def no_channels() -> dict[str, str]:
            return {}

        devices = Devices(self.hub, self.store, SERVER, no_channels)
        return Tells(self.hub, self.readings, self.store, devices, SERVER, ["u"])

    async def plates(self, receiver: str) -> list[str]:
        items = await self.store.next(receiver, 100)
        return sorted(msgspec.json.decode(item.body, type=Notice).sighting.plate for item in items)


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    at = Site(folder)
    async with asyncio.TaskGroup() as tasks:
        await at.hub.load()
        running = tasks.create_task(at.hub.run())
        for camera in ("k1", "k2"):
            await at.hub.ask(EnrolCamera(camera=camera, name=camera, lat=29.1, lon=113.1), HUB)
        await at.store.assign(DEVICE, "k2")
        await at.store.heard(DEVICE, PEER, 0)
        await at.store.keep_order("subscription", subscription("s1"))
        yield at
        running.cancel()
    await at.db.close()


def passage(plate: str, camera: str = "k1", first_ms: int = NOW_MS, **more: object) -> Sighting:
    told = {"camera": camera, "plate": plate, "colour": "blue", "first_ms": first_ms, "last_ms": first_ms, "reads": 1,
            "confidence": 0.9}  # fmt: skip
    return msgspec.convert(told | more, Sighting)


@asynccontextmanager
async def at_work(tells: Tells) -> AsyncIterator[None]:
    task = asyncio.ensure_future(tells.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def queued(tells: Tells, count: int) -> None:
    while tells.counters.queued < count:
        await SystemClock().sleep(5)


async def test_whoever_brought_a_passage_is_not_told_of_it(tmp_path: Path) -> None:
    async with site(tmp_path) as at, at_work(tells := at.tells()):
        tells.on_passages([passage("湘F00001"), passage("湘F00002", "k2", source="viid"), passage("湘F00003", "k2")])
        await queued(tells, 5)
        assert await at.plates(UPPER) == ["湘F00001", "湘F00002", "湘F00003"]
        assert await at.plates(SUBSCRIBER) == ["湘F00001", "湘F00003"]


async def test_what_was_stored_shortly_before_the_end_is_told_after_it(tmp_path: Path) -> None:
    """Also what a clock ahead of ours saw. R1253"""
    async with site(tmp_path) as at:
        async with at_work(tells := at.tells()):
            tells.on_passages([passage("湘F00001")])
            await queued(tells, 2)
            while not await at.store.mark("queued_ms"):
                await SystemClock().sleep(5)
        # Stored, and the process ends before anybody was told.
        old, fresh = passage("湘F00002", first_ms=NOW_MS - 3_600_000), passage("湘F00003", first_ms=NOW_MS - 1000)
        ahead = passage("湘F00004", first_ms=NOW_MS + 60_000)
        await at.readings.add_sightings("live", [old, fresh, ahead])
        async with at_work(again := at.tells()):
            await queued(again, 4)
            assert await at.plates(UPPER) == await at.plates(SUBSCRIBER) == ["湘F00001", "湘F00003", "湘F00004"]


async def test_what_cannot_be_queued_now_is_queued_later(tmp_path: Path) -> None:
    async with site(tmp_path) as at, at_work(tells := at.tells()):
        tells.on_passages([passage("湘F00001")])
        await queued(tells, 2)
        database, at.store._db = (
            at.store._db,
            SqliteDatabase(tmp_path / "gone.sqlite3", ("CREATE TABLE gone (x)",), "gone"),
        )
        tells.on_passages([passage("湘F00002")])
        while at.clock.next_wake_ms() is None:
            await SystemClock().sleep(5)
        await at.store._db.close()
        at.store._db = database
        at.clock.advance(at.clock.next_wake_ms() or 0)
        await queued(tells, 4)
        assert await at.plates(SUBSCRIBER) == ["湘F00001", "湘F00002"]


async def test_a_hit_is_told_to_whoever_asked_for_the_watch_and_to_nobody_else(tmp_path: Path) -> None:  # R591
    async with site(tmp_path) as at:
        counters = TellCounters()
        link = HitLink(at.hub, at.readings, at.store, counters)
        ours = Actor(id=asker(PEER), name=PEER, roles=frozenset({"hub"}))
        for number, actor in enumerate((ours, HUB)):
            watch = RequestWatch(pattern="湘F12345", reason="r", level=1, until_ms=NOW_MS + 60_000)
            asked = await at.hub.ask(watch, actor)
            await at.store.keep_order("disposition", disposition(f"d{number}"), asked.subject)
            hit = PlateHit(
                hit=f"h{number}", watch=asked.subject, plate="湘F12345", camera="k1", seen_ms=NOW_MS, confidence=0.9,
                situation="s1",
            )  # fmt: skip
            assert await link.tell(Recorded(seq=number, at_ms=NOW_MS, actor="hub", fact=hit))
        assert await at.store.waiting() == {receiver_of("disposition", PEER, "d0"): 1}
        assert counters.hits == 1
        assert not await link.tell(Recorded(seq=9, at_ms=NOW_MS, actor="hub", fact=LinkCameUp(link="x")))
