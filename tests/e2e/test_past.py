"""The past on the desk in Chromium: a track played back, who was there, by keyboard, and as files (SPEC R868, R869,
R873, R874, R1059, R1060)."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from command import requests as q
from command.actors import HUB, Actor, Role
from command.kernel.local_time import local_text
from command.readings import Position
from command.requests.base import GivenPlace
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, settings
from tests.consoles.test_sightings import recorded
from tests.e2e.chromium import chromium, has_all
from tests.e2e.maps import still
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page
from tests.paths import ROOT

COUNTY = ROOT / "consoles" / "demo" / "county"
SLOW = 20_000
MINUTE_MS = 60_000
LAT, LON = 29.144, 113.116
ADMIN = Actor(id="root", name="root", roles=frozenset[Role]({"administrator"}))
TITLE = "荣湾大道斗殴"


def fix(
    device: str, at_ms: int, east_m: float, north_m: float, speed_kmh: float = 30.0, *, sos: bool = False
) -> Position:
    lat, lon = LAT + north_m / 111_195, LON + east_m / 97_000
    return Position(device=device, at_ms=at_ms, lat=lat, lon=lon, source="jt808", speed_kmh=speed_kmh, sos=sos)


def patrol(now_ms: int) -> list[Position]:
    """Of "car1": 14 minutes winding, 6 at the scene with a call for help, 12 unheard, 18 back; of "car2" a visit."""
    begin_ms = now_ms - 50 * MINUTE_MS
    drive = [fix("car1", begin_ms + n * 10_000, n * 40 - 3300, 300 * math.sin(n / 9)) for n in range(84)]
    scene = [
        fix("car1", begin_ms + (84 + n) * 10_000, 20.0, 10 * math.sin(n), 0.0, sos=n in (12, 13)) for n in range(36)
    ]
    back = [
        fix("car1", begin_ms + 32 * MINUTE_MS + n * 10_000, 1500 + n * 25, 400 * math.sin(n / 7)) for n in range(108)
    ]
    visit = [fix("car2", now_ms - 20 * MINUTE_MS + n * 10_000, 100.0 + n, 60.0) for n in range(12)]
    return [*drive, *scene, *back, *visit]


@asynccontextmanager
async def site_with_patrols(tmp_path: Path) -> AsyncIterator[Site]:
    county = tmp_path / "county"
    county.mkdir()
    for layer in ("boundary", "townships", "roads"):
        shutil.copy(COUNTY / f"{layer}.geojson", county)
    async with running_site(settings(tmp_path), county=county) as site:
        for role in ("dispatcher", "call_taker"):
            await site.context.accounts.create(role, role, frozenset[Role]({role}), "", PASSWORD)
        now_ms = site.clock.now_ms()
        wanted: list[q.Request] = [
            q.EnrolStation(
                station="st", name="荣家湾派出所", service="110", lat=LAT, lon=LON, leader="卢", leader_phone="1"
            )
        ]
        for n in ("1", "2"):
            unit = q.EnrolUnit(
                unit=f"u{n}", name=f"岳0{n}", kind="patrol_car", service="110", station="st", phone="2", officers=[]
            )
            wanted += [unit, q.EnrolDevice(device=f"car{n}", kind="osmand", unit=f"u{n}")]
        place = GivenPlace(lat=LAT, lon=LON, text="荣湾大道")
        wanted.append(q.OpenSituation(title=TITLE, service="110", kind="public_security", level=3, place=place))
        for request in wanted:
            await site.hub.ask(request, HUB if isinstance(request, q.OpenSituation) else ADMIN)
        await site.context.readings.add_positions("live", patrol(now_ms))
        yield site


async def keep(page: Page, tmp_path: Path, name: str) -> None:
    await page.screenshot(path=tmp_path / f"{name}.png")


async def order(page: Page, line: str) -> None:
    await page.keyboard.press("/")
    await page.keyboard.type(line)
    await page.keyboard.press("Enter")


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_track_is_played_back_and_is_not_taken_for_now(tmp_path: Path) -> None:
    async with site_with_patrols(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True)
        await expect(page.locator("desk-queue button.pick").first).to_be_visible(timeout=SLOW)
        await has_all(page)
        await order(page, "gjhf 岳01 ")  # 轨迹回放 by its initials; without a reason it waits for one
        panel = page.locator("desk-past")
        await expect(panel.get_by_label("事由")).to_be_focused(timeout=SLOW)
        await page.keyboard.press("Enter")
        await expect(panel.get_by_text("还缺事由")).to_be_visible()
        await page.keyboard.type("群众投诉")
        await page.keyboard.press("Enter")

        marks = panel.locator(".mark")
        await expect(marks).to_have_count(4, timeout=SLOW)
        kinds = [await mark.inner_text() for mark in await marks.all()]
        assert [kind.split()[0] for kind in kinds] == ["无定位", "停留", "一键报警", "无定位"]
        assert [(actor, fact.what, fact.reason) for actor, fact in await recorded(site)] == [
            ("dispatcher", "patrol_track", "群众投诉")
        ]
        await expect(panel.get_by_text("不是实时")).to_be_visible()
        await expect(panel.locator("t-map")).to_contain_text("▼ 岳01")
        assert await faults(page) == []
        await keep(page, tmp_path, "track")

        moment = panel.locator(".moment")
        await page.keyboard.press("ArrowDown")
        await expect(moment).to_contain_text("停留")
        await marks.nth(3).click()
        await page.keyboard.press("ArrowRight")
        await expect(moment).to_contain_text("无定位")
        await expect(panel.locator("t-map")).not_to_contain_text("▼ 岳01")
        before = await moment.inner_text()
        await page.keyboard.press("+")
        await page.keyboard.press(" ")
        await expect(moment).to_contain_text("km/h", timeout=SLOW)  # a gap goes by soon
        await page.keyboard.press(" ")
        assert await moment.inner_text() != before
        await keep(page, tmp_path, "played")
        await page.set_viewport_size({"width": 1366, "height": 768})
        await keep(page, tmp_path, "small")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        # What the line says is what is asked, whatever time was chosen before.
        await panel.get_by_label("时段").select_option("picked")
        await panel.get_by_label("从").fill("2026-01-01T00:00")
        await panel.locator("button.play").focus()
        await order(page, "gj 岳02 核对")
        await expect(panel.get_by_label("时段")).to_have_value("hour")
        await expect(panel.get_by_text("12 个定位")).to_be_visible(timeout=SLOW)

        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
        await expect(page.get_by_role("tab", name="警情")).to_have_attribute("aria-selected", "true")
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_who_was_at_a_situation_is_listed_and_followed(tmp_path: Path) -> None:
    async with site_with_patrols(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True, english=True)
        await page.locator("desk-queue button.pick").filter(has_text=TITLE).click(timeout=SLOW)
        await page.get_by_role("button", name="Who was there").click()
        panel = page.locator("desk-past")
        await expect(panel.get_by_label("Why")).to_be_focused(timeout=SLOW)
        await panel.get_by_role("button", name="Point at the map").click()
        await still(panel.locator("t-map"))
        await panel.locator("t-map .map").focus()
        await page.keyboard.press("Enter")  # the middle of the map, and nothing else
        await expect(panel.get_by_role("button", name="Point at the map")).to_have_attribute("aria-pressed", "false")
        await panel.get_by_role("button", name="At the situation").click()
        begun = await panel.get_by_label("Time").locator("option:checked").inner_text()
        opened_ms = await site.hub.read(lambda t: next(iter(t.situations)).opened_ms)
        assert local_text(opened_ms - 15 * MINUTE_MS)[11:16] in begun, "what is asked about, not when it was opened"
        await panel.get_by_label("Time").select_option("hour")
        await panel.get_by_label("Why").fill("after the fight")
        await page.keyboard.press("Enter")
        rows = panel.locator("t-table tbody tr")
        await expect(rows).to_have_count(2, timeout=SLOW)
        assert await faults(page) == []
        await keep(page, tmp_path, "present")
        await rows.nth(0).focus()
        await page.keyboard.press("Enter")
        await expect(panel.locator(".mark")).to_have_count(4, timeout=SLOW)
        assert [(fact.what, fact.reason) for _, fact in await recorded(site)] == [
            ("present", "after the fight"),
            ("patrol_track", "after the fight"),
        ]
        await page.set_viewport_size({"width": 1366, "height": 768})
        await keep(page, tmp_path, "followed")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults_of(page) == []

        other = await open_page(browser, site, "call_taker", "/desk")
        await expect(other.locator("desk-queue button.pick").first).to_be_visible(timeout=SLOW)
        await expect(other.get_by_role("tab", name="历史")).to_have_count(0)
        await has_all(other)
        await order(other, "gj 岳01 看看")
        await expect(other.locator("desk-past").get_by_text("由派警员、指挥长、值班领导查询")).to_be_visible()


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_what_was_found_is_taken_out_as_a_file(tmp_path: Path) -> None:  # R1059, R1060
    async with site_with_patrols(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True)
        await expect(page.locator("desk-queue button.pick").first).to_be_visible(timeout=SLOW)
        await has_all(page)
        await order(page, "gj 岳01 群众投诉")
        panel = page.locator("desk-past")
        about = panel.locator(".about")
        # Of an hour that ends when it is asked about: a while after the last fix.
        await expect(about).to_contain_text(re.compile(r"有定位 (3[789]|4[012]) 分"), timeout=SLOW)
        await expect(about).to_contain_text(re.compile(r"无定位 (1[789]|2[012]) 分"))
        await expect(about).to_contain_text("最长停留 5 分")
        await panel.get_by_label("事由").fill("改主意")  # what is taken out is what was found, for its reason
        name, data = await taken_out(page, "导出 CSV", tmp_path)
        assert name.startswith("轨迹_岳01_20")
        assert data.startswith(b"\xef\xbb\xbf")
        assert "事由,群众投诉\r\n" in data.decode()
        await expect(about).to_contain_text(f"已导出 {name}")
        await expect(about).to_contain_text(hashlib.sha256(data).hexdigest())
        await expect(about).to_contain_text("本小时还可查 58 次")
        assert await faults(page) == []
        await keep(page, tmp_path, "taken_out")
        await page.set_viewport_size({"width": 1366, "height": 768})
        await keep(page, tmp_path, "taken_out_small")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [(fact.what, fact.reason, fact.sha256) for _, fact in await recorded(site)] == [
            ("patrol_track", "群众投诉", ""),
            ("patrol_track_file", "群众投诉", hashlib.sha256(data).hexdigest()),
        ]
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_who_was_there_is_taken_out_in_english(tmp_path: Path) -> None:  # R1060
    async with site_with_patrols(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True, english=True)
        await page.locator("desk-queue button.pick").filter(has_text=TITLE).click(timeout=SLOW)
        await page.get_by_role("button", name="Who was there").click()
        panel = page.locator("desk-past")
        await expect(panel.get_by_label("Why")).to_be_focused(timeout=SLOW)
        await panel.get_by_label("Time").select_option("hour")
        await panel.get_by_label("Why").fill("inspection of duty")
        await page.keyboard.press("Enter")
        await expect(panel.locator("t-table tbody tr")).to_have_count(2, timeout=SLOW)
        name, data = await taken_out(page, "Export CSV", tmp_path)
        assert name.startswith("present_20")
        assert "Unit,Unit ID,Station,Device," in data.decode()
        await expect(panel.locator(".about")).to_contain_text(f"{name} is exported, on record")
        assert await faults(page) == []
        await keep(page, tmp_path, "present_taken_out")
        assert [fact.what for _, fact in await recorded(site)] == ["present", "present_file"]
        assert faults_of(page) == []


async def taken_out(page: Page, button: str, tmp_path: Path) -> tuple[str, bytes]:
    """Press, and return the name and the bytes of the file that the browser kept."""
    async with page.expect_download() as started:
        await page.locator("desk-past").get_by_role("button", name=button).click()
    download = await started.value
    name = download.suggested_filename
    await download.save_as(tmp_path / name)
    return name, (tmp_path / name).read_bytes()
