"""Vehicles as they pass, how well they are read, and a hit beside its picture, in Chromium (SPEC R625-R640)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from command import facts
from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB, Actor
from command.facts.base import Service
from command.facts.patrol import UnitKind
from command.facts.scene import QueryMade
from command.facts.watchlist import CameraAhead
from command.kernel.database import SqliteDatabase
from command.readings import Sighting, hours
from command.readings.hours import HOUR_MS
from command.rows import PositionRow
from consoles.site import Site
from edge.simulators.street_video import Street, pictures, traffic
from streams.plates.hours import ReadingHours
from streams.plates.quality import Measure
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, keep
from tests.e2e.video import CLOCK, faults_of, open_page

CAMERAS = (("p1", "建设路路口", 29.144), ("p2", "荣家河桥", 29.142))
DAY_HOURS = 24


@asynccontextmanager
async def _site(tmp_path: Path, *roles: str) -> AsyncIterator[tuple[Site, Sighting]]:
    """A site with two cameras that read plates, and a passage with its picture that can be told again with changes."""
    async with site_with_people(tmp_path, *roles) as site:  # type: ignore[arg-type]  # roles by name
        for camera, name, lat in CAMERAS:
            enrol = q.EnrolCamera(camera=camera, name=name, lat=lat, lon=113.116, bearing_deg=0, reads_plates=True)
            await site.hub.ask(enrol, HUB)
        street = Street("建设路", traffic((("湘F62108", "blue"),), 9), seconds=9, width=640, height=360, fps=1)
        [*_, picture] = [frame for at, frame in enumerate(pictures(street)) if at < 8]
        _, jpeg = cv2.imencode(".jpg", picture)
        at_ms = site.clock.now_ms()
        yield site, Sighting(
            camera="p1", plate="湘F62108", colour="blue", first_ms=at_ms, last_ms=at_ms, reads=4, confidence=0.97,
            picture=await site.context.blobs.add(jpeg.tobytes()), box=(171, 240, 44, 16), direction="towards",
            heading_deg=180.0, lane=2, char_confidences=(0.99, 0.99, 0.99, 0.71, 0.98, 0.99, 0.99),
        )  # fmt: skip


async def _queries(site: Site) -> list[QueryMade]:
    stored = await site.hub.journal.read("live", 0, 1000)
    decoded = [facts.decode(each.data, each.seq) for each in stored]
    return [fact for fact in decoded if isinstance(fact, QueryMade)]


async def _units(site: Site) -> None:
    """Two units that are free, of police and of traffic police, and a nearer one that is on an order."""
    lat, lon, now_ms = CAMERAS[0][2], 113.116, site.clock.now_ms()
    station = q.EnrolStation(
        station="s1", name="城关所", service="110", lat=lat, lon=lon, leader="李所长", leader_phone="13900000001"
    )
    await site.hub.ask(station, HUB)
    given: tuple[tuple[str, str, UnitKind, Service, int], ...] = (
        ("u1", "城关巡逻一组", "patrol_car", "110", 2222), ("u2", "城关巡逻二组", "patrol_car", "110", 550),
        ("u3", "交警三中队", "traffic_police", "122", 1111),
    )  # fmt: skip
    for unit, name, kind, service, north_m in given:
        enrolled = q.EnrolUnit(
            unit=unit, name=name, kind=kind, service=service, station="s1", phone="13800000000", officers=["甲"]
        )
        await site.hub.ask(enrolled, HUB)
        await site.hub.ask(q.EnrolDevice(device=f"d{unit}", kind="mobile", unit=unit), HUB)
        await site.hub.ask(q.StartShift(unit=unit, until_ms=now_ms + HOUR_MS), HUB)
        at = PositionRow(
            id=unit, device=f"d{unit}", at_ms=now_ms, lat=lat + north_m / 111_195, lon=lon, source="mobile"
        )
        site.hub.positions_changed([at])
    elsewhere = q.OpenSituation(title="斗殴", service="110", kind="public_security", level=4)
    situation = (await site.hub.ask(elsewhere, HUB)).subject
    await site.hub.ask(q.IssueOrder(situation=situation, unit="u2"), HUB)


async def _as_long_as_a_hand(page: Page) -> None:
    """Wait: a press sooner than a hand can is not meant for what has just come up (R978, R1074)."""
    since = await page.evaluate("performance.now()")
    await page.wait_for_function("since => performance.now() - since >= 500", arg=since)


async def _key(page: Page, key: str) -> None:
    await page.mouse.move(5, 5)
    await page.keyboard.press(key)


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_what_passes_is_seen_at_once_and_stands_still_under_a_hand(tmp_path: Path) -> None:
    async with _site(tmp_path, "camera_watch") as (site, passage), chromium() as browser:
        page = await open_page(browser, site, "camera_watch", "/vehicles", (1366, 768), axe=True)
        await expect(page.get_by_text("最近没有过车")).to_be_visible(timeout=SLOW)
        await site.passages.add([passage])
        lines = page.locator("vehicles-now .pick")
        await expect(lines).to_have_count(1, timeout=SLOW)
        await expect(page.locator("t-map .pin t-plate")).to_have_text("湘F62108蓝", timeout=SLOW)

        await lines.first.hover()
        later = replace(
            passage, plate="湘FD12345", colour="green", kind="new_energy_small", camera="p2", char_confidences=()
        )
        await site.passages.add([later])
        await expect(page.get_by_text("又过了 1 辆")).to_be_visible(timeout=SLOW)
        await expect(lines).to_have_count(1)
        await page.mouse.move(5, 5)
        await expect(lines).to_have_count(2, timeout=SLOW)

        await _key(page, "p")
        await lines.filter(has_text="湘F62108").focus()
        await page.keyboard.press("Enter")
        panel = page.locator("vehicles-passage")
        await expect(panel.locator("t-plate-reading")).to_contain_text("71%", timeout=SLOW)
        await expect(panel.locator("t-scene .box rect")).to_have_count(2, timeout=SLOW)
        await expect(panel.locator("t-scene .crop image")).to_be_visible()
        await expect(panel.get_by_text("驶来 · 南 · 第 2 车道")).to_be_visible()
        assert await faults(page) == []
        await keep(page, tmp_path, "vehicles-now")

        await _key(page, "h")
        await expect(page.get_by_text("没有符合条件的过车")).to_be_visible(timeout=SLOW)
        assert [(made.what, made.reason) for made in await _queries(site)] == [("passages", "值守")]
        english = await open_page(browser, site, "camera_watch", "/vehicles", (1366, 768), english=True)
        await expect(english.locator("vehicles-now .pick").filter(has_text="new energy")).to_be_visible(timeout=SLOW)
        await keep(english, tmp_path, "vehicles-now-en")
        assert faults_of(page) == faults_of(english) == []


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_dirty_lens_is_seen_beside_what_was_usual(tmp_path: Path) -> None:
    hour = CLOCK.now_ms() // HOUR_MS
    SiteKey.load(tmp_path / "var" / "site.key")  # before there is anything beside it
    kept = ReadingHours(SqliteDatabase(tmp_path / "var" / "reading_hours.sqlite3", hours.SCHEMA, "reading hours"))
    usual = Measure(watched_ms=HOUR_MS, passages=100, confidence_sum=96.0, found=900, unread=30)
    for camera, share in (("p1", 0.41), ("p2", 1.0)):
        # Both sides of the hour, whichever this turns out to be when it is judged.
        now = replace(usual, passages=round(100 * share), confidence_sum=96.0 * share)
        days = {(camera, each - DAY_HOURS * day): usual for day in range(1, 8) for each in (hour - 1, hour, hour + 1)}
        await kept.add({**days, (camera, hour): now, (camera, hour - 1): now, (camera, hour + 1): now})
    await kept.close()
    async with _site(tmp_path, "administrator", "dispatcher") as (site, passage), chromium() as browser:
        await site.passages.add([passage])
        await site.hub.ask(q.ReportReading(camera="p1", why="fewer", percent=41), HUB)
        page = await open_page(browser, site, "administrator", "/vehicles#quality", axe=True)
        await expect(page.get_by_text("1 个比平时差")).to_be_visible(timeout=SLOW)
        row = page.locator("vehicles-quality tbody tr").first
        await expect(row).to_contain_text("读牌率下降")
        await row.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("为常时的 41%")).to_be_visible(timeout=SLOW)
        await expect(page.locator("vehicles-quality-chart")).to_have_count(3, timeout=SLOW)
        await expect(page.get_by_alt_text("最近读到的")).to_be_visible(timeout=SLOW)
        assert page.url.endswith("#quality/p1")
        assert await faults(page) == []
        await keep(page, tmp_path, "vehicles-quality")
        desk = await open_page(browser, site, "dispatcher", "/desk")
        alarm = desk.locator("t-alarm")
        await expect(alarm).to_contain_text("读牌率下降", timeout=SLOW)
        await expect(alarm).to_contain_text("为常时的 41%")
        assert faults_of(page) == faults_of(desk) == []


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_hit_stands_beside_its_picture_once_it_is_taken(tmp_path: Path) -> None:
    async with _site(tmp_path, "dispatcher") as (site, passage), chromium() as browser:
        dispatcher, leader = (
            Actor(id=role, name=role, roles=frozenset({role})) for role in ("dispatcher", "duty_leader")
        )
        asked = q.RequestWatch(
            pattern="湘F6Z108", reason="无证驾驶", level=2, until_ms=site.clock.now_ms() + HOUR_MS, look_alike=True,
            office="城区中队",
        )  # fmt: skip
        watch = (await site.hub.ask(asked, dispatcher)).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), leader)
        await _units(site)
        hit = await site.hub.ask(
            q.ReportHit(
                watch=watch, plate=passage.plate, camera="p1", seen_ms=passage.first_ms, confidence=0.97,
                picture=passage.picture or "", how="look_alike", score=0.86, direction="towards", heading_deg=180.0,
                ahead=(CameraAhead(camera="p2", distance_m=1200, expected_s=90),), ahead_by="roads",
            ),
            HUB,
        )  # fmt: skip
        await site.passages.add([passage])  # found on the list by itself too, which is the same hit
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True)
        await expect(page.locator("t-alarm").filter(has_text="湘F62108")).to_be_visible(timeout=SLOW)
        await _as_long_as_a_hand(page)
        await _key(page, "t")
        panel = page.locator("desk-hit")
        await expect(panel.locator("t-plate-reading .differs")).to_have_count(2, timeout=SLOW)
        await expect(panel.locator("t-plate-reading")).to_contain_text("71%", timeout=SLOW)
        for words in ("形近字 86%", "无证驾驶", "城区中队", "荣家河桥", "驶来 · 南"):
            await expect(panel.get_by_text(words).first).to_be_visible()
        units = panel.locator(".unit")
        await expect(units).to_have_text(
            [
                re.compile(r"1\s*交警三中队\s*约 2 分 00 秒 · 1\.1\s公里"),
                re.compile(r"2\s*城关巡逻一组\s*约 4 分 00 秒 · 2\.2\s公里"),
                re.compile(r"^\s*城关巡逻二组\s*已派 · 约 59 秒 · 550\s米"),
            ],
            timeout=SLOW,
        )
        await expect(panel.locator("t-scene .crop image")).to_be_visible(timeout=SLOW)
        assert await faults(page) == []
        await keep(page, tmp_path, "desk-hit")

        await _key(page, "1")
        await expect(page.locator("t-command input")).to_have_value("D 交警三中队 ")
        await page.keyboard.press("Escape")
        await _key(page, "y")
        await expect(panel.get_by_text("已确认是此车")).to_be_visible(timeout=SLOW)
        assert (await site.hub.read(lambda t: t.hits.need(hit.subject))).confirmed_by == "dispatcher"

        await _key(page, "c")
        await expect(page.locator("t-screens t-tile").filter(has_text="荣家河桥")).to_be_visible(timeout=SLOW)
        await _key(page, "v")
        await _key(page, "x")
        await page.keyboard.press("2")
        await expect(page.locator("desk-hit")).to_have_count(0, timeout=SLOW)
        row = await site.hub.read(lambda t: t.hits.need(hit.subject))
        assert (row.rejected_kind, row.rejected_by) == ("look_alike", "dispatcher")
        assert faults_of(page) == []


_PRESS_AS_IT_COMES = """(panel, key) => {
    const before = panel.hit.id;
    const press = (done) => queueMicrotask(() => {
        document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        done(panel.hit.id);
    });
    window.pressed = new Promise((done) => {
        const controller = {
            hostUpdated: () => {
                if (panel.hit.id === before) return;
                panel.removeController(controller);
                press(done);
            },
        };
        panel.addController(controller);
    });
}"""
"""Press a key as soon as another hit stands there: no hand is quicker, and no machine too slow for it."""


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_no_key_judges_a_hit_that_came_while_the_hand_moved(tmp_path: Path) -> None:  # R1074
    async with _site(tmp_path, "dispatcher") as (site, passage), chromium() as browser:
        asked = q.RequestWatch(
            pattern=passage.plate, reason="无证驾驶", level=2, until_ms=site.clock.now_ms() + HOUR_MS
        )
        watch = (await site.hub.ask(asked, Actor(id="a", name="a", roles=frozenset({"dispatcher"})))).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), Actor(id="b", name="b", roles=frozenset({"duty_leader"})))

        async def hit(camera: str, after_ms: int) -> str:
            report = q.ReportHit(
                watch=watch, plate=passage.plate, camera=camera, seen_ms=passage.first_ms + after_ms, confidence=0.9
            )
            return (await site.hub.ask(report, HUB)).subject

        async def judged(hit: str) -> tuple[str, str | None]:
            row = await site.hub.read(lambda t: t.hits.need(hit))
            return row.confirmed_by, row.rejected_kind

        first = await hit("p1", -3_000)
        page = await open_page(browser, site, "dispatcher", "/desk")
        await expect(page.locator("t-alarm").filter(has_text=passage.plate)).to_be_visible(timeout=SLOW)
        await _as_long_as_a_hand(page)
        await _key(page, "t")
        panel = page.locator("desk-hit")
        await expect(panel.get_by_text("建设路路口").first).to_be_visible(timeout=SLOW)

        await panel.evaluate(_PRESS_AS_IT_COMES, "y")
        second = await hit("p2", -2_000)
        assert await page.evaluate("window.pressed") == second
        await expect(panel.get_by_text("刚换上这次命中")).to_be_visible(timeout=SLOW)

        await _as_long_as_a_hand(page)
        await _key(page, "x")
        await expect(panel.locator(".reason").first).to_be_focused(timeout=SLOW)
        third = await hit("p1", -1_000)
        await expect(panel.get_by_text("又命中 1 次")).to_be_visible(timeout=SLOW)
        await expect(panel.locator(".reason").first).to_be_focused()
        await keep(page, tmp_path, "desk-hit-held")
        await page.keyboard.press("1")
        await expect(panel.get_by_text("又命中 1 次")).to_have_count(0, timeout=SLOW)
        await expect(panel.get_by_text("建设路路口").first).to_be_visible(timeout=SLOW)
        await expect(page.locator("t-command input")).to_have_value("")

        # An earlier one that may have moved on under the pointer is brought up first.
        earlier = page.get_by_role("button", name="不是此车")
        await expect(earlier).to_have_count(1, timeout=SLOW)  # the second has its own until its row says "rejected"
        await earlier.click(timeout=SLOW)
        await expect(panel.locator(".reason").first).to_be_focused(timeout=SLOW)
        assert await panel.evaluate("panel => panel.hit.id") == first
        await page.keyboard.press("2")
        await expect(panel.locator(".reason")).to_have_count(0, timeout=SLOW)

        await _as_long_as_a_hand(page)
        await page.keyboard.down("y")
        await expect(panel.get_by_text("已确认是此车")).to_be_visible(timeout=SLOW)
        fourth = await hit("p2", 0)
        await expect(panel.get_by_text("荣家河桥").first).to_be_visible(timeout=SLOW)
        await _as_long_as_a_hand(page)
        await page.keyboard.down("y")  # held since
        await page.keyboard.up("y")
        await _key(page, "x")
        await page.keyboard.press("1")
        await expect(panel.get_by_text("已确认是此车")).to_be_visible(timeout=SLOW)
        await expect(earlier).to_have_count(0, timeout=SLOW)
        assert [await judged(each) for each in (first, second, third, fourth)] == [
            ("", "look_alike"), ("", "misread"), ("dispatcher", None), ("", "misread"),
        ]  # fmt: skip
        assert faults_of(page) == []
