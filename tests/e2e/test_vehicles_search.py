"""Looking cars up in Chromium, by keyboard: search, the way played back, company, file, who asked (SPEC R563-R575)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import Page, expect

from command import facts
from command import requests as q
from command.actors import HUB
from command.facts.scene import QueryMade
from command.readings import Sighting
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, settings
from tests.e2e.chromium import chromium
from tests.e2e.maps import box_of
from tests.e2e.test_accessibility import faults
from tests.e2e.video import open_page
from tests.paths import ROOT

COUNTY = ROOT / "consoles" / "demo" / "county"
SLOW = 20_000
CAR, FOLLOWER, FAST = "湘F1A203", "湘F5T811", "湘F7E320"
MINUTE = 60_000
HOUR = 60 * MINUTE
CAMERAS = {
    "c1": ("建设路路口", 29.144, 113.116), "c2": ("荣家河桥", 29.151, 113.127), "c3": ("长乐街北", 29.163, 113.142),
    "c4": ("县医院门口", 29.138, 113.101), "c5": ("车站广场", 29.128, 113.131), "c6": ("新开镇路口", 29.241, 113.172),
}  # fmt: skip


def picture() -> bytes:
    scene = np.full((360, 640, 3), 96, np.uint8)
    cv2.rectangle(scene, (240, 160), (400, 290), (60, 40, 150), -1)
    cv2.rectangle(scene, (284, 240), (356, 262), (166, 78, 23), -1)
    return cv2.imencode(".jpg", scene)[1].tobytes()


def passages(now_ms: int, name: str) -> list[Sighting]:
    """Three trips of a car with another behind it, and the traffic that they are in."""
    seen = []
    for trip, begin_ms in enumerate((now_ms - 20 * HOUR, now_ms - 9 * HOUR, now_ms - 2 * HOUR)):
        for n, camera in enumerate(("c1", "c2", "c3", "c6")[trip % 2 :]):
            at_ms = begin_ms + n * 6 * MINUTE
            for plate, after_ms in ((CAR, 0), (FOLLOWER, 7000)):
                seen.append(
                    Sighting(
                        camera=camera, plate=plate, colour="blue", first_ms=at_ms + after_ms, last_ms=at_ms + 900,
                        reads=6, confidence=0.97, picture=name, box=(284, 240, 72, 22), lane=1 + n % 2,
                        direction="towards", heading_deg=45.0,
                        char_confidences=(0.99, 0.98, 0.99, 0.72, 0.97, 0.99, 0.99),
                    )
                )  # fmt: skip
    for camera, at_ms in (("c1", now_ms - 5 * HOUR), ("c6", now_ms - 5 * HOUR + 20_000)):  # two cars with one plate
        seen.append(
            Sighting(
                camera=camera, plate=FAST, colour="blue", first_ms=at_ms, last_ms=at_ms + 500, reads=4,
                confidence=0.96, picture=name,
            )
        )  # fmt: skip
    for n in range(600):
        at_ms = now_ms - 22 * HOUR + n * 2 * MINUTE
        camera = list(CAMERAS)[n % 5]
        seen.append(
            Sighting(
                camera=camera, plate=f"湘F{n:05}", colour="blue", first_ms=at_ms, last_ms=at_ms + 500, reads=4,
                confidence=0.95,
            )
        )  # fmt: skip
    return seen


@asynccontextmanager
async def site_with_traffic(tmp_path: Path) -> AsyncIterator[Site]:
    county = tmp_path / "county"
    county.mkdir()
    for layer in ("boundary", "townships", "roads"):
        shutil.copy(COUNTY / f"{layer}.geojson", county)
    async with running_site(settings(tmp_path), county=county) as site:
        await site.context.accounts.create("leader", "李所长", frozenset({"duty_leader"}), "", PASSWORD)
        await site.context.accounts.create("officer", "张民警", frozenset({"officer"}), "u1", PASSWORD)
        for camera, (name, lat, lon) in CAMERAS.items():
            await site.hub.ask(q.EnrolCamera(camera=camera, name=name, lat=lat, lon=lon, reads_plates=True), HUB)
        blob = await site.context.blobs.add(picture())
        await site.context.readings.add_sightings("live", passages(site.clock.now_ms(), blob))
        yield site


async def keep(page: Page, tmp_path: Path, name: str) -> None:
    await page.screenshot(path=tmp_path / f"{name}.png")


async def asked(site: Site) -> list[tuple[str, str]]:
    stored = await site.hub.journal.read("live", 0, 1000)
    made = [fact for one in stored if isinstance(fact := facts.decode(one.data, one.seq), QueryMade)]
    return [(fact.what, fact.reason) for fact in made if fact.what != "passages"]


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_a_car_is_looked_up_followed_and_shown_in_company_by_keyboard(tmp_path: Path) -> None:
    async with site_with_traffic(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "leader", "/vehicles", axe=True)
        await page.evaluate("plate => { location.hash = `#search/plate=${plate}`; }", CAR)
        await expect(page.locator("vehicles-search-form [name=reason]")).to_be_focused(timeout=SLOW)
        # The reason has the focus; the plate came with the address.
        await page.keyboard.type("寻找肇事车辆")
        await page.keyboard.press("Enter")
        rows = page.locator("vehicles-search t-table tbody tr")
        await expect(rows).to_have_count(11, timeout=SLOW)
        await expect(page.get_by_text("本小时还可查 59 / 60 次")).to_be_visible()
        await rows.first.focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        scene = page.locator("vehicles-chosen t-scene img").first
        await expect(scene).to_be_visible(timeout=SLOW)
        await page.wait_for_function(
            "picture => picture.naturalWidth === 640", arg=await scene.element_handle(), timeout=SLOW
        )
        assert await faults(page) == []
        await keep(page, tmp_path, "search")

        await page.keyboard.press("t")
        stops = page.locator("vehicles-track .stop")
        await expect(stops).to_have_count(11, timeout=SLOW)
        await expect(page.locator("vehicles-track .leg").filter(has_text="空档")).to_have_count(2)
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        await expect(stops.nth(2)).to_have_attribute("aria-current", "true")
        await expect(page.locator(".pin").filter(has_text="▶ 3 · 长乐街北")).to_be_visible()
        await keep(page, tmp_path, "track")
        await expect(page.locator("vehicles-track .leg").filter(has_text="推测路径")).not_to_have_count(0)
        await page.keyboard.press("-")
        await page.keyboard.press("Space")
        await expect(page.locator(".pin").get_by_text("推测", exact=True)).to_be_visible(timeout=SLOW)
        await page.keyboard.press("+")
        await page.keyboard.press("+")
        await expect(stops.last).to_have_attribute("aria-current", "true", timeout=60_000)
        assert await faults(page) == []

        await page.keyboard.press("c")
        judged = page.locator("vehicles-search t-table tbody tr")
        await expect(judged).to_have_count(1, timeout=SLOW)
        await expect(judged.first).to_contain_text(FOLLOWER)
        await expect(judged.first).to_contain_text("几乎不可能是偶然")
        await keep(page, tmp_path, "companions")

        await page.locator("vehicles-search-form input[value=clones]").check()
        await page.locator("vehicles-search-form [name=reason]").press("Enter")
        await expect(judged.first).to_contain_text(FAST, timeout=SLOW)
        await expect(judged).to_have_count(1)
        await expect(judged.locator("img")).to_have_count(2)
        assert await faults(page) == []
        await keep(page, tmp_path, "clones")
        await judged.first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("vehicles-suspects button")).to_have_count(1, timeout=SLOW)
        assert await faults(page) == []
        await keep(page, tmp_path, "suspect")

        await page.locator("vehicles-track .stop").first.focus()
        await page.keyboard.press("q")
        # Who is shown what passes just now is on record too, at whichever moment that begins.
        made = page.locator("vehicles-queries t-table tbody tr").filter(has_text="寻找肇事车辆")
        await expect(made).to_have_count(5, timeout=SLOW)
        await expect(made.first).to_contain_text("李所长")
        await expect(made.first).to_contain_text("寻找肇事车辆")
        await keep(page, tmp_path, "queries")
        reason = "寻找肇事车辆"
        assert await asked(site) == [
            ("sightings", reason),
            ("track", reason),
            ("companions", reason),
            ("clones", reason),
            ("track", reason),
        ]
        await page.locator("vehicles-search-form [name=reason]").focus()
        await page.keyboard.press("End")
        await page.keyboard.press("]")
        await expect(page.locator("vehicles-search-form [name=reason]")).to_have_value(f"{reason}]")
        await page.keyboard.press("Escape")
        await page.keyboard.press("]")
        await expect(page.locator("#tab-watches")).to_have_attribute("aria-selected", "true")


@pytest.mark.browser
@pytest.mark.timeout(180)
async def test_an_area_is_drawn_and_what_passed_in_it_taken_as_a_file(tmp_path: Path) -> None:
    async with site_with_traffic(tmp_path) as site, chromium() as browser:
        page = await open_page(browser, site, "leader", "/vehicles", english=True)
        await page.evaluate("() => { location.hash = '#search'; }")
        await expect(page.locator("vehicles-search-form [name=reason]")).to_be_focused(timeout=SLOW)
        await page.keyboard.type("burglary")
        await page.locator("vehicles-search-form [name=where]").select_option("drawn")
        await page.get_by_role("button", name="Draw an area").click()
        box = await box_of(page.locator("vehicles-search t-map"))
        # Around the whole county, all of which is in view: every camera lies in it.
        drawn = page.locator("vehicles-search-form [name=where] option:checked")
        for n, (x, y) in enumerate(((0.04, 0.15), (0.85, 0.15), (0.85, 0.9), (0.04, 0.9), (0.5, 0.5)), start=1):
            await page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
            await expect(drawn).to_have_text(f"Area drawn ({n} corners)")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Enter")
        await expect(drawn).to_have_text("Area drawn (4 corners)")
        await keep(page, tmp_path, "area")
        await page.get_by_role("button", name="24 h").click()
        await page.locator("vehicles-search-form [name=reason]").press("Enter")
        await expect(page.locator("vehicles-search t-table tbody tr").first).to_be_visible(timeout=SLOW)
        await expect(page.get_by_text("100 passages+")).to_be_visible()
        await page.locator("vehicles-search t-table tbody tr").first.focus()
        await page.keyboard.press("n")
        await expect(page.get_by_text("200 passages+")).to_be_visible(timeout=SLOW)
        async with page.expect_download() as download:
            await page.keyboard.press("e")
        file = tmp_path / "taken.csv"
        await (await download.value).save_as(file)
        text = file.read_text(encoding="utf-8-sig")
        assert "taken_by,李所长 (leader)" in text
        assert "reason,burglary" in text
        assert len(text.splitlines()) > 600
        await keep(page, tmp_path, "english")
        assert [what for what, _ in await asked(site)] == ["sightings", "sightings", "export"]

        phone = await open_page(browser, site, "officer", "/mobile", (390, 844), axe=True)
        await phone.get_by_role("button", name="查询", exact=True).click()
        await phone.locator("mobile-query [name=plate]").fill(CAR.lower())
        await phone.locator("mobile-query [name=reason]").fill("路检")
        await phone.keyboard.press("Enter")
        found = phone.locator("mobile-query li")
        await expect(found).to_have_count(11, timeout=SLOW)
        await expect(found.first).to_contain_text("新开镇路口")
        await expect(phone.get_by_text("本小时还可查 19 次")).to_be_visible()
        await phone.wait_for_function(
            "picture => picture.naturalWidth === 640",
            arg=await found.first.locator("img").element_handle(),
            timeout=SLOW,
        )
        assert await faults(phone) == []
        await keep(phone, tmp_path, "phone")
        await phone.locator("mobile-query [name=plate]").fill("湘F1A2*")
        await phone.keyboard.press("Enter")
        await expect(phone.locator("mobile-query t-state")).to_contain_text("要填完整号牌")
