"""How plates are read is counted by the hour, judged, and told once as an alarm (SPEC R629-R636, R832)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command.access.keys import SiteKey
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.database import SqliteDatabase, Statement
from command.kernel.errors import UnavailableError
from command.leases import SoleHub
from command.readings import Sighting, hours
from command.readings.hours import HOUR_MS
from command.readings.memory import MemoryReadings
from command.requests import ClearAlarm, EnrolCamera, ReportCamera
from command.rows import AlarmRow
from consoles.parts.reading_quality import ReadingQuality
from streams.limits import QUALITY_KEEP_MS
from streams.plates.hours import ReadingHours
from streams.plates.quality import Measure
from streams.plates.watcher import WatchCounters
from tests.command.support import DISPATCHER, Desk, desk
from tests.consoles.support import signed_in, site_with_people
from tests.leases import Turns

CAMERA = EnrolCamera(
    camera="p1", name="建设路路口", lat=29.14, lon=113.11, bearing_deg=90, field_deg=60, reads_plates=True
)
DAY_HOURS = 24


def passed(at_ms: int, plate: str = "湘F12345", picture: str | None = None) -> Sighting:
    return Sighting(
        camera="p1", plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms, reads=3, confidence=0.9, picture=picture
    )


class _Counted:
    """A desk with a camera that reads plates, and what counts how well."""

    def __init__(self, desk: Desk, kept: ReadingHours) -> None:
        self.desk = desk
        self.kept = kept
        self.quality = ReadingQuality(desk.hub, kept, MemoryReadings(), SoleHub())
        self.hour = desk.clock.now_ms() // HOUR_MS

    async def alarms(self) -> list[AlarmRow]:
        return await self.desk.hub.read(lambda t: [a for a in t.alarms if a.kind == "reading_worse"])

    async def usual(self, passages: int) -> None:
        """Five days on which so many passed in this hour and the one before."""
        for day in range(1, 6):
            for hour in (self.hour, self.hour - 1):
                at = ("p1", hour - day * DAY_HOURS)
                await self.kept.add({at: Measure(watched_ms=HOUR_MS, passages=passages, confidence_sum=passages * 0.9)})

    async def now(self, passages: int, watched_ms: int = HOUR_MS) -> None:
        """So many more passed of late."""
        measure = Measure(watched_ms=watched_ms, passages=passages, confidence_sum=passages * 0.9)
        await self.kept.add({("p1", self.hour): measure})
        await self.quality.judge()


@asynccontextmanager
async def counted(tmp_path: Path) -> AsyncIterator[_Counted]:
    kept = ReadingHours(SqliteDatabase(tmp_path / "hours.sqlite3", hours.SCHEMA, "reading hours"))
    async with desk() as d:
        await d.ask(CAMERA)
        yield _Counted(d, kept)
    await kept.close()


async def test_passages_and_what_readers_met_with_are_added_up_by_the_hour(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        counters = WatchCounters(seen=50, read=20, reads=18, unread=4)
        c.quality.counters_of = lambda _: counters
        await c.desk.hub.ask(ReportCamera(camera="p1", up=True), HUB)
        now_ms = c.desk.clock.now_ms()
        c.quality.note(
            [passed(now_ms), passed(now_ms, "湘F00001"), passed(now_ms - HOUR_MS), passed(now_ms, "粤B7Q150")]
        )
        await c.desk.pass_time(QUALITY_KEEP_MS)
        await c.quality.keep()
        counters.read, counters.unread, counters.seen = 25, 6, 60
        await c.quality.keep()
        found = await c.kept.of("p1", 0)
        assert found[c.hour] == Measure(
            watched_ms=QUALITY_KEEP_MS, passages=3, confidence_sum=2.7, found=24, unread=6, moving=25, strangers=1
        )
        assert found[c.hour - 1].passages == 1


async def test_a_passage_that_is_told_again_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R844
    monkeypatch.setattr("consoles.parts.reading_quality.QUALITY_KEEP_MS", 20)
    async with site_with_people(tmp_path, "administrator") as site:
        await site.hub.ask(CAMERA, HUB)
        now_ms = site.clock.now_ms()
        for plate in ("湘F12345", "湘F12345", "湘F12345", "湘F00001"):  # an agent that heard no answer to the first
            await site.passages.add([passed(now_ms, plate)])
        async with signed_in(site.http_url, "administrator") as person:
            counted = 0
            while counted < 2:
                await site.clock.sleep(20)
                _, one = await person.get("/api/v1/reading-quality/p1")
                counted = sum(each["measure"]["passages"] for each in one["hours"])
        assert counted == 2


async def test_what_readers_were_too_busy_for_was_not_watched(tmp_path: Path) -> None:  # R634
    async with counted(tmp_path) as c:
        counters = WatchCounters(seen=50, read=20, dropped=60)
        c.quality.counters_of = lambda _: counters
        await c.desk.hub.ask(ReportCamera(camera="p1", up=True), HUB)
        await c.desk.pass_time(QUALITY_KEEP_MS)
        await c.quality.keep()
        await c.desk.pass_time(QUALITY_KEEP_MS)
        await c.quality.keep()  # nothing moved: it is watched all the same
        assert (await c.kept.of("p1", 0))[c.hour].watched_ms == QUALITY_KEEP_MS // 4 + QUALITY_KEEP_MS


class _Away(SqliteDatabase):
    """A file on a disk that is full for a while."""

    full = True

    async def write(self, *statements: Statement) -> list[int]:
        if self.full:
            raise UnavailableError("the disk is full")
        return await super().write(*statements)


async def test_what_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        disk = _Away(tmp_path / "other.sqlite3", hours.SCHEMA, "reading hours")
        kept = ReadingHours(disk)
        c.quality = ReadingQuality(c.desk.hub, kept, MemoryReadings(), SoleHub())
        c.quality.note([passed(c.desk.clock.now_ms())])
        with pytest.raises(UnavailableError):
            await c.quality.keep()
        c.quality.note([passed(c.desk.clock.now_ms())])
        disk.full = False
        await c.quality.keep()
        await c.quality.keep()
        assert (await kept.of("p1", 0))[c.hour].passages == 2
        await kept.close()


async def test_an_alarm_is_raised_once_names_the_share_and_clears_by_itself(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        await c.usual(100)
        await c.now(41)
        [alarm] = await c.alarms()
        camera = await c.desk.row("cameras", "p1")
        assert (alarm.subject, alarm.level, alarm.detail, alarm.count) == ("p1", 4, "fewer 41", 1)
        assert (alarm.lat, alarm.lon) == (camera.lat, camera.lon)
        await c.quality.judge()
        assert [a.count for a in await c.alarms()] == [1]
        await c.now(20, watched_ms=0)  # 61 of 100: better, and not well
        assert len(await c.alarms()) == 1
        await c.now(30, watched_ms=0)
        assert await c.alarms() == []


async def test_what_people_cleared_is_not_raised_anew_before_it_was_well(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        await c.usual(100)
        await c.now(10)
        [alarm] = await c.alarms()
        await c.desk.ask(ClearAlarm(alarm=alarm.id, why="已通知维护"), DISPATCHER)
        await c.quality.judge()
        assert await c.alarms() == []
        await c.now(90, watched_ms=0)
        await c.quality.judge()
        assert await c.alarms() == []


async def test_after_a_restart_the_standing_alarm_is_known_and_cleared(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        await c.usual(100)
        await c.now(10)
        c.quality = ReadingQuality(c.desk.hub, c.kept, MemoryReadings(), SoleHub())
        await c.quality.judge()
        assert len(await c.alarms()) == 1
        await c.now(90, watched_ms=0)
        assert await c.alarms() == []


async def test_what_another_hub_found_well_meanwhile_is_told_when_it_is_worse_again(tmp_path: Path) -> None:  # R947
    async with counted(tmp_path) as c:
        await c.usual(100)
        lease = Turns()
        c.quality = here = ReadingQuality(c.desk.hub, c.kept, MemoryReadings(), lease)
        await c.now(10)
        assert len(await c.alarms()) == 1
        lease.pass_on(held=False)
        c.quality = ReadingQuality(c.desk.hub, c.kept, MemoryReadings(), SoleHub())
        await c.now(90, watched_ms=0)
        assert await c.alarms() == []
        lease.pass_on(held=True)
        c.quality = here
        await c.desk.pass_time(2 * HOUR_MS)
        c.hour += 2
        await c.usual(100)
        await c.now(10)
        assert len(await c.alarms()) == 1


async def test_a_camera_that_was_not_watched_long_enough_is_not_judged(tmp_path: Path) -> None:
    async with counted(tmp_path) as c:
        await c.usual(100)
        await c.now(0, watched_ms=10 * 60_000)
        assert await c.alarms() == []
        [camera] = [each for each in await c.quality.cameras() if each.camera == "p1"]
        assert camera.judgement.why is None


async def test_people_are_shown_the_hours_and_pictures_of_now_and_then(tmp_path: Path) -> None:
    hour = SystemClock().now_ms() // HOUR_MS
    SiteKey.load(tmp_path / "var" / "site.key")  # before there is anything beside it
    kept = ReadingHours(SqliteDatabase(tmp_path / "var" / "reading_hours.sqlite3", hours.SCHEMA, "reading hours"))
    day_ago = ("p1", hour - DAY_HOURS)
    await kept.add({day_ago: Measure(watched_ms=HOUR_MS, passages=80, confidence_sum=72.0)})
    await kept.close()
    async with site_with_people(tmp_path, "administrator", "call_taker") as site:
        await site.hub.ask(CAMERA, HUB)
        then, now = await site.context.blobs.add(b"then"), await site.context.blobs.add(b"now")
        await site.context.readings.add_sightings(
            "live",
            [passed(day_ago[1] * HOUR_MS + 1000, picture=then), passed(site.clock.now_ms(), picture=now)],
        )
        async with signed_in(site.http_url, "administrator") as person:
            status, found = await person.get("/api/v1/reading-quality")
            assert (status, [each["camera"] for each in found["cameras"]]) == (200, ["p1"])
            _, one = await person.get("/api/v1/reading-quality/p1")
            assert [(each["start_ms"] // HOUR_MS, each["measure"]["passages"]) for each in one["hours"]] == [
                (day_ago[1], 80)
            ]
            assert (one["now"], one["then"]) == (True, True)
            for which in ("now", "then"):
                async with person.http.get(f"/api/v1/reading-quality/p1/{which}.jpg") as response:
                    assert (response.status, await response.read()) == (200, which.encode())
            assert (await person.get("/api/v1/reading-quality/p9"))[0] == 404
            assert (await person.get("/api/v1/reading-quality/p1/x.jpg"))[0] == 404
            # R832: on record once for the session and camera, whatever was looked at how often
            [row] = await site.hub.read(lambda t: list(t.queries))
            assert (row.by, row.what, row.terms, row.reason) == ("administrator", "lens", "p1", "镜头检查")
        async with signed_in(site.http_url, "call_taker") as other:
            for path in ("", "/p1", "/p1/now.jpg"):
                assert (await other.get(f"/api/v1/reading-quality{path}"))[0] == 403
        assert len(await site.hub.read(lambda t: list(t.queries))) == 1
        async with signed_in(site.http_url, "administrator") as person:
            await site.hub.journal.close()
            assert (await person.get("/api/v1/reading-quality/p1/now.jpg"))[0] == 503
