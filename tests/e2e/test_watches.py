"""The watch list in Chromium: a file is imported, approved by somebody else, hit, and the hit is said to be none."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from command.actors import HUB
from command.kernel.roads import RoadNet
from command.readings import Sighting
from command.requests import ApproveWatch, EnrolCamera, RequestWatch
from consoles.parts.hits import Hits
from consoles.site import Site
from tests.consoles.support import site_with_people
from tests.consoles.test_hits import scene
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

FILE = (
    "车牌,原因,级别,有效期,形近,处置,时段,范围\n"
    "湘F80345,被盗抢,2,30天,是,拦截,,\n"
    "湘F9*,协查,3,30天,,跟踪,22:00-06:00,路口1\n"
    "湘FI2345,写错,3,30天,,,,\n"
    "湘F12345,=1+1,3,30天,,,,\n"
    "湘f·80345,重复,2,30天,是,,,\n"
)
SLOW = 20_000
FROM_S = 113.1


async def roadside(site: Site) -> Hits:
    """Three cameras along a road to the east, and what looks for hits."""
    for number in range(3):
        asked = EnrolCamera(
            camera=f"k{number}", name=f"路口{number}", lat=29.1, lon=FROM_S + number / 100, reads_plates=True
        )
        await site.hub.ask(asked, HUB)
    net = RoadNet()
    net.add([(FROM_S - 0.01, 29.1), (FROM_S + 0.03, 29.1)], {"class": "national"})
    return Hits(site.hub, site.context.readings, site.context.blobs, net)


async def pass_by(site: Site, hits: Hits, camera: str, plate: str) -> None:
    now_ms = site.clock.now_ms()
    sighting = Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=now_ms, last_ms=now_ms, reads=5, confidence=0.93,
        picture=await site.context.blobs.add(scene()), box=(260, 200, 120, 40), heading_deg=90.0, direction="away",
        char_confidences=(0.99, 0.99, 0.6, 0.99, 0.99, 0.99, 0.99),
    )  # fmt: skip
    await site.context.readings.add_sightings("live", [sighting])
    await hits.judge(sighting, late=False)


async def imports(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_bytes(FILE.encode("gbk"))
    await page.keyboard.press("i")
    await page.get_by_label("名单文件").set_input_files(file)
    await expect(page.get_by_text("5 行：可申请 2 条，重复 1 条，有误 2 处")).to_be_visible(timeout=SLOW)
    await expect(page.get_by_role("row").filter(has_text="公式不予受理")).to_contain_text("原因")
    await expect(page.get_by_text("第 6 行：湘F80345 与第 2 行相同")).to_be_visible()
    await page.screenshot(path=tmp_path / "import.png")
    assert await faults(page) == []
    await page.get_by_role("button", name="申请这 2 条").click()
    await expect(page.get_by_text("已申请 2 条，待他人批准")).to_be_visible(timeout=SLOW)


async def approves(browser: Browser, site: Site, tmp_path: Path) -> None:
    page = await open_page(browser, site, "duty_leader", "/vehicles")
    await page.get_by_role("tab", name="布控").click(timeout=SLOW)
    await page.get_by_role("button", name="待批准 2").click(timeout=SLOW)
    await page.get_by_role("button", name="批准所列 2 条").click()
    await page.get_by_role("button", name="确认").click()
    await expect(page.get_by_role("button", name="布控中 2")).to_be_visible(timeout=SLOW)
    await page.screenshot(path=tmp_path / "approved.png")
    assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_list_is_imported_approved_hit_and_a_hit_rejected(tmp_path: Path) -> None:  # R535-R556
    async with site_with_people(tmp_path, "dispatcher", "duty_leader") as site, chromium() as browser:
        hits = await roadside(site)
        page = await open_page(browser, site, "dispatcher", "/vehicles", axe=True)
        await page.get_by_role("tab", name="布控").click(timeout=SLOW)
        await expect(page.get_by_role("button", name="新布控")).to_be_visible(timeout=SLOW)
        await imports(page, tmp_path)
        await approves(browser, site, tmp_path)

        await pass_by(site, hits, "k0", "湘FB0345")
        row = page.get_by_role("row").filter(has_text="湘F80345").first
        await page.get_by_role("searchbox").fill("被盗抢")
        await page.get_by_role("searchbox").press("Escape")
        await row.click()
        hit = page.get_by_role("article")
        await expect(hit).to_contain_text("形近字", timeout=SLOW)
        await expect(hit).to_contain_text("沿路网将经过")
        await expect(hit).to_contain_text("路口1")
        await expect(hit.get_by_role("img")).to_have_count(2)
        await page.screenshot(path=tmp_path / "hit.png")
        assert await faults(page) == []

        await page.keyboard.press("x")
        await hit.get_by_label("说明").fill("图中是 B 不是 8")
        await page.keyboard.press("Enter")
        await expect(hit).to_contain_text("误报（形近字，非此车）：图中是 B 不是 8", timeout=SLOW)
        await expect(page.get_by_text("不再报警的号牌")).to_be_visible()
        await pass_by(site, hits, "k1", "湘FB0345")
        watches = await site.hub.read(lambda t: {w.pattern: (w.hits, w.not_plates) for w in t.watches})
        assert watches["湘F80345"] == (1, ("湘FB0345",))
        assert faults_of(page) == []


ALL_SHOWN = """(article) => [...article.querySelectorAll("t-picture")].every(
    (picture) => (picture.shadowRoot.querySelector("img")?.naturalWidth ?? 0) > 0)"""


@pytest.mark.browser
@pytest.mark.timeout(90)
async def test_pictures_that_come_after_their_hit_are_shown_once_they_are_there(tmp_path: Path) -> None:  # R849
    async with site_with_people(tmp_path, "dispatcher") as site, chromium() as browser:
        hits = await roadside(site)
        until_ms = site.clock.now_ms() + 3_600_000
        watch = await site.hub.ask(RequestWatch(pattern="湘F80345", reason="被盗抢", level=2, until_ms=until_ms), HUB)
        await site.hub.ask(ApproveWatch(watch=watch.subject), HUB)
        await pass_by(site, hits, "k0", "湘F80345")
        [hit] = await site.hub.read(lambda t: list(t.hits))
        blobs = site.context.blobs
        pictures = {name: await blobs.get(name) for name in (hit.picture, hit.plate_picture)}
        assert await blobs.remove(pictures, until_ms) == 2  # as an agent's are not here yet when it tells of the hit

        page = await open_page(browser, site, "dispatcher", "/vehicles")
        await page.get_by_role("tab", name="布控").click(timeout=SLOW)
        await page.get_by_role("row").filter(has_text="湘F80345").first.click(timeout=SLOW)
        told = page.get_by_role("article")
        await expect(told.get_by_role("img", name="图片暂取不到")).to_have_count(2, timeout=SLOW)
        for data in pictures.values():
            await blobs.add(data)
        await expect(told.locator("img")).to_have_count(2, timeout=SLOW)
        await page.wait_for_function(ALL_SHOWN, arg=await told.element_handle(), timeout=SLOW)
        await page.screenshot(path=tmp_path / "pictures.png")
        assert faults_of(page) == []
