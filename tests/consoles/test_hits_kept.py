"""A hit is lost neither where a store refuses nor where the hub ends, and is never told twice. Rules R798 to R804.

The stores are those of a hub alone: SQLite files that are made to refuse what is written, and a folder of files.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.actors import HUB
from command.blobs import FolderBlobs
from command.facts.libraries import LibraryContent as Content
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.postgres import Postgres
from command.passages import Passages, passage_of_hit
from command.readings import Sighting, SightingQuery
from command.readings.postgres import PostgresReadings
from command.requests import (
    ApproveLibrary,
    ApproveWatch,
    EnrolCamera,
    LiftWatch,
    OfferLibraryFile,
    RejectHit,
    RequestLibrary,
    RequestWatch,
)
from command.requests.watchlist import GivenArea, GivenHours
from consoles.parts import judge as judging
from consoles.parts.cameras import passing
from consoles.parts.hits import HitFinder, Hits
from consoles.site import running_site
from streams.watch_library import LibraryContent, LibraryIndex, written
from tests.command.support import COMMANDER, HOUR_MS, LEADER, MINUTE_MS, START_MS, Desk, desk
from tests.consoles.hits_hub import PLATE, a_hub, hits_of, passage, refuse, refuse_readings
from tests.consoles.support import settings
from tests.consoles.test_hits import scene
from tests.edge.agent import support as edge

EVERYTHING = SightingQuery(from_ms=0, to_ms=2**45)


async def test_a_hit_waits_for_the_journal_and_is_recorded_with_its_pictures(tmp_path: Path) -> None:  # R799
    async with a_hub(tmp_path) as hub:
        await hub.watch()
        await refuse(hub.journal._db, on=True)
        await hub.own.take(passage(), scene())
        await hub.until(lambda: hub.d.hub.counters.failed_batches > 0)
        assert (hub.stored, await hub.found()) == ([PLATE], [])
        await refuse(hub.journal._db, on=False)
        await hub.until(lambda: hub.hits.counters.found == 1)
        [hit] = await hub.found()
        assert (hit.plate, hit.seen_ms) == (PLATE, START_MS)
        assert await hub.blobs.get(hit.picture) == scene()
        assert await hub.blobs.get(hit.plate_picture)


async def test_passages_wait_in_their_order_while_the_readings_refuse(tmp_path: Path) -> None:  # R798
    plates = [PLATE, "湘F00001", "湘F00002"]
    async with a_hub(tmp_path) as hub:
        await hub.watch()
        refuse_readings(tmp_path, on=True)
        for n, plate in enumerate(plates):
            await hub.own.take(passage(plate=plate, at_ms=START_MS + n), scene())
        assert (hub.stored, hub.own.waiting) == ([], 3)
        assert list(hub.own.degraded()) == ["passages: 3 wait for the readings"]
        refuse_readings(tmp_path, on=False)
        await hub.until(lambda: hub.own.waiting == 0)
        await hub.finder.idle()
        assert hub.stored == plates
        assert hub.own.counters.kept == 3
        assert list(hub.own.degraded()) == []
        [hit] = await hub.found()
        assert hit.seen_ms == START_MS
        await hub.own.take(passage(plate="湘F00003"), scene())
        assert hub.stored == [*plates, "湘F00003"]  # nothing waits any more


async def test_no_alarm_waits_for_the_blobs_and_the_picture_comes_later(tmp_path: Path) -> None:  # R798
    name = hashlib.sha256(scene()).hexdigest()
    in_the_way = tmp_path / "blobs" / name[:2]
    async with a_hub(tmp_path) as hub:
        await hub.watch()
        in_the_way.parent.mkdir()
        in_the_way.write_text("a file where a folder is wanted")
        await hub.own.take(passage(), scene())
        await hub.finder.idle()
        [hit] = await hub.found()
        assert hit.picture == name
        assert list(hub.own.degraded()) == ["pictures: 1 of passages wait for the blobs"]
        in_the_way.unlink()
        await hub.until(lambda: hub.own.pictures_bytes == 0)
        assert await hub.blobs.get(hit.picture) == scene()


async def test_what_waits_is_bounded_and_what_is_dropped_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R798
    monkeypatch.setattr(passing, "OWN_PASSAGES_WAITING", 2)
    monkeypatch.setattr(passing, "OWN_PICTURES_BYTES", 25)
    pictures = [bytes([n]) * 10 for n in range(4)]
    (tmp_path / "blobs").write_text("a file where a folder is wanted")
    async with a_hub(tmp_path) as hub:
        refuse_readings(tmp_path, on=True)
        for n, picture in enumerate(pictures):
            await hub.own.take(passage(plate=f"湘F0000{n}", at_ms=START_MS + n), picture)
        assert (hub.own.waiting, hub.own.counters.dropped) == (2, 2)
        assert (hub.own.pictures_bytes, hub.own.counters.pictures_dropped) == (20, 2)
        (tmp_path / "blobs").unlink()
        refuse_readings(tmp_path, on=False)
        await hub.until(lambda: hub.own.counters.pictures_kept == 2)
        assert hub.stored == ["湘F00002", "湘F00003"]
        assert [await hub.blobs.get(hashlib.sha256(one).hexdigest()) for one in pictures[2:]] == pictures[2:]
        with pytest.raises(Exception, match="no file"):
            await hub.blobs.get(hashlib.sha256(pictures[0]).hexdigest())


async def test_a_passage_that_no_store_can_hold_keeps_no_other_back(tmp_path: Path) -> None:  # R798
    async with a_hub(tmp_path) as hub:
        refuse_readings(tmp_path, on=True)
        await hub.own.take(passage(plate="湘F00001"), scene())
        await hub.own.take(passage(plate="湘F\n"), scene())
        await hub.own.take(passage(plate="湘F00002"), scene())
        refuse_readings(tmp_path, on=False)
        await hub.until(lambda: hub.own.waiting == 0)
        assert hub.stored == ["湘F00001", "湘F00002"]
        assert (hub.own.counters.kept, hub.own.counters.refused) == (2, 1)


async def test_a_hub_that_ended_between_passage_and_hit_finds_it_when_it_starts_again_and_once(  # R800
    tmp_path: Path,
) -> None:
    async with a_hub(tmp_path, finds=False) as hub:  # it ends before it comes to that
        watch = await hub.watch()
        await hub.own.take(passage(), scene())
        assert await hub.found() == []
    for _ in range(2):
        async with a_hub(tmp_path, START_MS + 10 * MINUTE_MS) as hub:
            await hub.finder.sweep()
            [hit] = await hub.found()
            assert (hit.watch, hit.seen_ms) == (watch, START_MS)
            facts = [fact.data for fact in await hub.journal.read("live", 0, 1000)]
            assert sum(b'"fact":"plate_hit"' in fact for fact in facts) == 1


async def test_a_hit_of_a_clock_ahead_is_found_at_the_start_too(tmp_path: Path) -> None:  # R1253 R800
    async with a_hub(tmp_path, finds=False) as hub:
        await hub.watch()
        await hub.own.take(passage(at_ms=START_MS + MINUTE_MS), scene())
    async with a_hub(tmp_path, START_MS + 1000) as hub:
        await hub.finder.sweep()
        [hit] = await hub.found()
        assert hit.seen_ms == START_MS + 1000
        assert await passage_of_hit(hub.readings, "live", hit) == (await hub.readings.search("live", EVERYTHING))[0]


async def test_what_a_hub_could_not_record_before_it_ended_is_there_after_its_start(tmp_path: Path) -> None:  # R800
    """The same with the whole of a hub."""
    async with running_site(settings(tmp_path)) as site:
        await site.hub.ask(EnrolCamera(camera="k1", name="路口1", lat=29.0, lon=113.0), HUB)
        until_ms = site.clock.now_ms() + HOUR_MS
        asked = RequestWatch(pattern=PLATE, reason="盗抢", level=2, until_ms=until_ms)
        await site.hub.ask(ApproveWatch(watch=(await site.hub.ask(asked, HUB)).subject), HUB)
        assert isinstance(site.hub.journal, SqliteJournal)
        await refuse(site.hub.journal._db, on=True)
        picture = await site.context.blobs.add(scene())
        await site.passages.add([passage(at_ms=site.clock.now_ms(), picture=picture)])
        await edge.until(lambda: site.hub.counters.failed_batches > 0)

    async def is_there() -> bool:
        return len(await hits_of(site)) == 1

    async with running_site(settings(tmp_path)) as site:
        await edge.until(is_there)
        [hit] = await hits_of(site)
        assert hit.picture == picture
        assert await site.context.blobs.get(hit.plate_picture)


async def test_of_what_is_stored_an_entry_fires_by_when_and_where_a_car_was_seen(tmp_path: Path) -> None:  # R801
    seen_min = (START_MS // MINUTE_MS + 480) % 1440  # in Beijing
    now_ms = START_MS + 20 * MINUTE_MS
    async with a_hub(tmp_path, finds=False) as hub:
        fires = {
            await hub.watch(),
            await hub.watch(hours=GivenHours(from_min=seen_min - 1, to_min=seen_min + 2)),
            await hub.watch(area=GivenArea(cameras=["k1"])),
        }
        await hub.watch(hours=GivenHours(from_min=seen_min + 10, to_min=seen_min + 30))  # as it is now
        await hub.watch(area=GivenArea(cameras=["k2"]))
        over = await hub.watch()
        await hub.readings.add_sightings("live", [passage(at_ms=START_MS + 1000)])
        hub.d.clock.advance(now_ms)
        await hub.d.ask(LiftWatch(watch=over, why="查获"), COMMANDER)
        await hub.watch()  # too late for that car
    async with a_hub(tmp_path, now_ms) as hub:
        await hub.finder.sweep()
        assert {hit.watch for hit in await hub.found()} == fires


@pytest.mark.parametrize(("late_ms", "fires"), [(30_000, True), (90_000, False)])
async def test_a_passage_that_comes_late_fires_for_what_was_in_force_then(  # R801
    tmp_path: Path, late_ms: int, *, fires: bool
) -> None:
    async with a_hub(tmp_path) as hub:
        await hub.watch()
        await hub.passages.add([passage(at_ms=START_MS - late_ms, source="viid")])  # clocks of devices differ
        await hub.finder.idle()
        assert bool(await hub.found()) is fires


@pytest.mark.parametrize("is_swept", [True, False])
async def test_a_list_that_was_replaced_meanwhile_fires_for_cars_that_passed_before(  # R801, R857
    tmp_path: Path, *, is_swept: bool
) -> None:
    files = [written({PLATE: ""}), written({PLATE: "", "湘A12345": ""})]
    async with a_hub(tmp_path) as hub:
        contents = [
            Content(sha256=await hub.blobs.add(file), entries=n, patterns=0, size=len(file))
            for n, file in enumerate(files, 1)
        ]
        old, new = contents
        asked = RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + 9 * HOUR_MS, content=old)
        hub.d.clock.advance(START_MS + MINUTE_MS)
        library = await hub.d.ask(asked)
        await hub.d.ask(ApproveLibrary(library=library, sha256=old.sha256))
        before_ms = hub.d.clock.now_ms()
        if is_swept:
            await hub.readings.add_sightings("live", [passage(at_ms=before_ms - HOUR_MS // 2, plate="湘A12345")])
            await hub.readings.add_sightings("live", [passage(at_ms=before_ms + MINUTE_MS)])
        hub.d.clock.advance(before_ms + 10 * MINUTE_MS)
        offered = OfferLibraryFile(library=library, content=new, replaces=old.sha256, added=1, removed=0, gone=())
        await hub.d.ask(offered)
        await hub.d.ask(ApproveLibrary(library=library, sha256=new.sha256))
        hub.hits.hold(LibraryIndex({library: LibraryContent(files[1])}))
        if is_swept:
            await hub.finder.sweep()
        else:  # three minutes on its way
            await hub.passages.add([passage(at_ms=before_ms + 7 * MINUTE_MS, source="viid")])
            await hub.finder.idle()
        assert [hit.plate for hit in await hub.found()] == [PLATE]
        row = (await hub.d.table("libraries"))[library]
        assert row.first_approved_ms == before_ms


@pytest.mark.parametrize(
    ("plate", "lines", "why"),
    [(PLATE, [PLATE, "湘F80*"], "out_of_date"), ("湘FB0345", ["湘FBD345", PLATE], "look_alike")],
)
async def test_a_line_that_was_set_aside_hides_no_other_of_its_list(  # R858
    tmp_path: Path, plate: str, lines: list[str], why: Literal["out_of_date", "look_alike"]
) -> None:
    file = written(dict.fromkeys(lines, ""))
    async with a_hub(tmp_path) as hub:
        content = Content(sha256=await hub.blobs.add(file), entries=2, patterns=0, size=len(file))
        asked = RequestLibrary(
            name="库", reason="盗抢", level=2, until_ms=START_MS + HOUR_MS, content=content, look_alike=True
        )
        library = await hub.d.ask(asked)
        await hub.d.ask(ApproveLibrary(library=library, sha256=content.sha256))
        hub.hits.hold(LibraryIndex({library: LibraryContent(file)}, [library]))
        for found in ([lines[0]], lines, lines):
            hub.d.clock.advance(hub.d.clock.now_ms() + MINUTE_MS)
            await hub.passages.add([passage(plate=plate, at_ms=hub.d.clock.now_ms())])
            await hub.finder.idle()
            hits = await hub.found()
            assert ([hit.line for hit in hits], hub.hits.counters.found) == (found, len(found))
            if not hits[-1].rejected_why:
                await hub.d.ask(RejectHit(hit=hits[-1].id, why="不是", kind=why, exclude=True), COMMANDER)


async def test_a_match_that_is_refused_keeps_no_other_from_being_recorded(tmp_path: Path) -> None:  # R799
    file = written({PLATE: ""})
    async with a_hub(tmp_path) as hub:
        content = Content(sha256=await hub.blobs.add(file), entries=1, patterns=0, size=len(file))
        asked = RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + HOUR_MS, content=content)
        library = await hub.d.ask(asked)
        await hub.d.ask(ApproveLibrary(library=library, sha256=content.sha256))
        held = LibraryContent(file)
        hub.hits.hold(LibraryIndex({"b0": held, library: held}))  # the tables know no list b0
        await hub.own.take(passage(), scene())
        await hub.finder.idle()
        assert [hit.watch for hit in await hub.found()] == [library]
        assert (hub.hits.counters.found, hub.hits.counters.refused) == (1, 1)


class Faulty(HitFinder):
    """One that is at fault with one plate."""

    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        if sighting.plate == "湘F00001":
            raise KeyError(sighting.plate)
        await super().judge(sighting, late=late)


async def test_a_fault_in_judging_one_passage_ends_neither_the_hub_nor_the_others(tmp_path: Path) -> None:  # R799
    async with a_hub(tmp_path, finds=False) as hub, asyncio.TaskGroup() as tasks:
        await hub.watch()
        finder = Faulty(hub.d.hub, hub.readings, hub.passages, hub.hits)
        running = tasks.create_task(finder.run())
        await hub.passages.add([passage(plate="湘F00001"), passage()])
        await finder.idle()
        assert [hit.plate for hit in await hub.found()] == [PLATE]
        assert hub.hits.counters.failed == 1
        running.cancel()


async def test_past_the_queue_passages_are_found_among_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R800
    monkeypatch.setattr(judging, "JUDGE_QUEUE", 1)
    cameras = ("k1", "k2", "k1")
    async with a_hub(tmp_path) as hub:
        await hub.watch()
        hub.d.clock.advance(START_MS + MINUTE_MS)
        await hub.passages.add([passage(camera, at_ms=START_MS + n) for n, camera in enumerate(cameras)])
        await hub.finder.idle()
        assert hub.hits.counters.dropped == 2
        assert {(hit.camera, hit.seen_ms) for hit in await hub.found()} == {
            (camera, START_MS + n) for n, camera in enumerate(cameras)
        }


async def test_every_hub_looks_through_what_all_of_them_stored_and_a_hit_is_recorded_once(
    tmp_path: Path, postgres_url: str
) -> None:  # R800
    blobs, clock = FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs")), VirtualClock(START_MS)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        hubs: list[tuple[Desk, HitFinder]] = []
        running: list[asyncio.Task[None]] = []
        for is_first in (True, False):
            postgres = await Postgres.open(postgres_url, (), "site")
            stack.push_async_callback(postgres.close)
            readings = await PostgresReadings.open(postgres_url)
            stack.push_async_callback(readings.close)
            journal = await PostgresJournal.open(postgres)
            d = await stack.enter_async_context(desk(journal, clock=clock, enrolled=is_first))
            finder = HitFinder(d.hub, readings, Passages(d.hub, readings), Hits(d.hub, readings, blobs, None))
            running.append(tasks.create_task(finder.run()))
            hubs.append((d, finder))
        one, other = hubs[0][0], hubs[1][0]
        asked = RequestWatch(pattern="湘F8034?", reason="盗抢", level=2, until_ms=START_MS + HOUR_MS)
        watch = await one.ask(asked, COMMANDER)
        await one.ask(ApproveWatch(watch=watch), LEADER)
        await other.hub.catch_up(one.hub.committed_seq)
        # By a third one, which is no more.
        await readings.add_sightings("live", [passage(plate=f"湘F8034{n}", at_ms=START_MS + n) for n in range(9)])
        clock.advance(START_MS + MINUTE_MS)
        for _ in range(2):
            await asyncio.gather(*(finder.sweep() for _, finder in hubs))
        assert len(await one.table("hits")) == 9
        facts = [fact.data for fact in await journal.read("live", 0, 1000)]
        assert sum(b'"fact":"plate_hit"' in fact for fact in facts) == 9
        for task in running:
            task.cancel()


async def test_what_an_agent_found_and_the_hub_finds_again_is_one_hit(tmp_path: Path) -> None:  # R802
    clock = SystemClock()
    async with (
        edge.hub_with_agent(tmp_path, 1) as (site, key),
        edge.an_agent(tmp_path, edge.port_of(site), key) as agent,
    ):
        asked = RequestWatch(pattern="湘F0000?", reason="查", level=2, until_ms=clock.now_ms() + HOUR_MS)
        watch = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(ApproveWatch(watch=watch), HUB)
        await edge.until(lambda: watch in agent.cameras._entries)
        ahead_ms = clock.now_ms() + 300_000  # as its clock has it
        await agent.cameras.on_passage(replace(edge.sighting(1), first_ms=ahead_ms, last_ms=ahead_ms), b"jpeg")
        await edge.until(lambda: agent.outbox.items == 0)
        # One that the agent did not look out for when it passed: the hub finds it.
        unknown = replace(edge.sighting(2), first_ms=clock.now_ms(), last_ms=clock.now_ms())
        await agent.outbox.put([replace(edge.sighting_item(2), body=msgspec.json.encode(unknown))])

        async def both() -> bool:
            return len(await hits_of(site)) >= 2

        await edge.until(both)
        assert sorted(hit.plate for hit in await hits_of(site)) == ["湘F00001", "湘F00002"]
        facts = [fact.data for fact in await site.hub.journal.read("live", 0, 1000)]
        assert sum(b'"fact":"plate_hit"' in fact for fact in facts) == 2
