"""The queue of violations in Chromium by keyboard, and what they are judged by (R612, R613, R693, R695, R696, R824)."""

from __future__ import annotations

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from playwright.async_api import Locator, Page, expect

from command.actors import HUB
from command.facts.violations import PictureRegion
from command.readings import Direction, Sighting
from command.requests import EnrolCamera, RecordPack, SetRegions, SetSection
from command.rows import ViolationRow
from consoles.site import Site
from streams.violations import pack
from streams.violations.pack import Part
from tests.command.rules.test_violations import section
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.maps import still
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page
from tests.streams.violations.support import english, read_out

SLOW = 20_000
PLATES = ("湘F80001", "湘F80002", "湘F80003", "湘F80004")


def street(plate: str, shade: int) -> bytes:
    """A road, a car and what stands on its plate in letters that a font has."""
    picture = np.full((720, 1280, 3), shade, np.uint8)
    cv2.rectangle(picture, (430, 300), (850, 640), (60, 60, 130), -1)
    cv2.rectangle(picture, (560, 540), (720, 590), (160, 70, 20), -1)
    cv2.putText(picture, plate[1:], (568, 576), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    ok, jpeg = cv2.imencode(".jpg", picture)
    assert ok
    return jpeg.tobytes()


async def registered(site: Site) -> None:
    """Two cameras and a section between them."""
    now_ms = site.clock.now_ms()
    for number, name in ((1, "滨江路起点"), (2, "滨江路终点")):
        await site.hub.ask(EnrolCamera(camera=f"k{number}", name=name, lat=30.5, lon=114.3), HUB)
    definition = replace(section(), measured_ms=now_ms - 1000, certificate_until_ms=now_ms + 86_400_000)
    await site.hub.ask(SetSection(section="sec1", definition=definition), HUB)


async def drives(site: Site) -> None:
    """Cars that are too fast on it, one after the other."""
    await registered(site)
    begins_ms = site.clock.now_ms()
    for number, plate in enumerate(PLATES):
        for camera, first_ms, shade in (("k1", begins_ms, 110), ("k2", begins_ms + 80_000 - number * 900, 90)):
            seen = Sighting(
                camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 500, reads=6,
                confidence=0.93, picture=await site.context.blobs.add(street(plate, shade)), box=(560, 540, 160, 50),
                char_confidences=(0.99, 0.98, 0.99, 0.97, 0.99, 0.93, 0.99),
            )  # fmt: skip
            await site.passages.add([seen])


def film() -> bytes:
    """A second of a car that moves to the right."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(25):
            picture = np.full((360, 640, 3), 90, np.uint8)
            cv2.rectangle(picture, (number * 20, 200), (number * 20 + 90, 250), (60, 60, 130), -1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return out.getvalue()


async def rows_when(site: Site, ready: int) -> dict[str, ViolationRow]:
    """Return the violations by plate once so many have their evidence."""
    while True:
        seq, rows = await site.hub.read(lambda t: (t.seq, list(t.violations)))
        if sum(bool(row.manifest) for row in rows) == ready:
            return {row.plate: row for row in rows}
        await site.hub.wait_beyond(seq)


async def with_clip(site: Site, row: ViolationRow) -> None:
    """Its clip came."""
    data = film()
    name = await site.context.blobs.add(data)
    before = pack.decode(await site.context.blobs.get(row.manifest))
    part = Part(name="clip-1.mp4", sha256=name, size=len(data), about="clip", passage=0)
    manifest = await site.context.blobs.add(pack.encode(replace(before, parts=(*before.parts, part))))
    await site.hub.ask(RecordPack(violation=row.id, manifest=manifest, clip="ready"), HUB)


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_the_queue_is_reviewed_by_keyboard_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R612, R693, R695, R837
    monkeypatch.setattr("command.links.violations.VIOLATION_SEND_AFTER_MS", 600_000)  # how it stands is looked at below
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        await drives(site)
        rows = await rows_when(site, len(PLATES))
        await with_clip(site, rows[PLATES[3]])
        page = await open_page(browser, site, "commander", "/vehicles", axe=True)
        await page.get_by_role("tab", name="违法审核").click(timeout=SLOW)
        tab = page.locator("vehicles-review")
        chosen = tab.locator('[aria-current="true"]')
        await expect(chosen).to_contain_text(PLATES[0], timeout=SLOW)
        await expect(tab.get_by_text("待审 4")).to_be_visible()
        await expect(tab.locator("t-scene img")).to_have_count(2)
        await page.wait_for_function(_SEEN)
        await page.screenshot(path=tmp_path / "review.png")
        assert await faults(page) == []

        await expect(tab.get_by_text("限速 60 · 容差 10% · 至少超")).to_be_visible()
        await expect(tab.get_by_text("检定证书 JL-1，违法时有效")).to_be_visible()
        await expect(tab.get_by_text("录像片段：等待录像机，确认以后不再加入")).to_be_visible()
        await page.keyboard.press("y")
        await expect(tab.get_by_text(f"{PLATES[0]} 已确认")).to_be_visible(timeout=SLOW)
        await page.keyboard.press("u")  # a slip
        await expect(tab.get_by_text(f"已撤回：{PLATES[0]}")).to_be_visible(timeout=SLOW)
        await expect(chosen).to_contain_text(PLATES[0])
        await expect(tab.get_by_text("待审 4")).to_be_visible()
        await expect(tab.get_by_role("button", name="确认违法 Y")).to_be_enabled(timeout=SLOW)
        await page.keyboard.press("y")
        await expect(chosen).to_contain_text(PLATES[1], timeout=SLOW)
        await expect(tab.get_by_role("button", name="驳回 N")).to_be_enabled(timeout=SLOW)
        await page.keyboard.press("n")
        await page.keyboard.press("1")
        await expect(tab.get_by_text(f"{PLATES[1]} 已驳回")).to_be_visible(timeout=SLOW)
        await expect(chosen).to_contain_text(PLATES[2])
        await expect(tab.get_by_role("button", name="改号牌 E")).to_be_enabled(timeout=SLOW)
        # What is decided stays where it was: nothing moves under the pointer.
        assert [text[:7] for text in await tab.locator(".queue button").all_inner_texts()] == list(PLATES)

        await page.keyboard.press("e")
        await page.keyboard.type("湘F80009")
        await page.keyboard.press("Enter")
        await expect(tab.get_by_text("人工更正为 湘F80009")).to_be_visible(timeout=SLOW)
        await page.keyboard.press("z")
        await expect(tab.locator(".zoomed")).to_be_visible()
        await page.keyboard.press("j")
        await expect(chosen).to_contain_text(PLATES[3])
        await expect(tab.locator("video")).to_have_count(1, timeout=SLOW)
        await page.keyboard.press("Space")
        await page.wait_for_function(_PLAYED, timeout=SLOW)
        await page.keyboard.press("k")
        await expect(tab.get_by_role("button", name="驳回 N")).to_be_enabled(timeout=SLOW)
        await page.keyboard.press("n")
        await page.keyboard.press("6")
        await page.keyboard.type("看不清")
        await page.screenshot(path=tmp_path / "reject.png")
        await page.keyboard.press("Enter")
        await expect(tab.get_by_text("待审 1")).to_be_visible(timeout=SLOW)

        done = await rows_when(site, len(PLATES))
        first, second, third, fourth = (done[plate] for plate in PLATES)
        assert (first.state, first.reviewed_by) == ("confirmed", ("commander",))
        assert (second.state, second.reason) == ("rejected", "misread")
        assert (third.state, third.corrected, third.text) == ("rejected", "湘F80009", "看不清")
        assert (fourth.state, fourth.claimed_by) == ("found", "commander")

        english = await open_page(browser, site, "commander", "/vehicles", english=True)
        await english.get_by_role("tab", name="Review").click(timeout=SLOW)
        await expect(english.locator("vehicles-review").get_by_text("1 to review")).to_be_visible(timeout=SLOW)
        await english.wait_for_function(_SEEN)
        await english.screenshot(path=tmp_path / "review-en.png")
        assert faults_of(page) == faults_of(english) == []


async def breaks_lanes(site: Site) -> None:
    """A camera of which nobody registered a device, and two cars: one in the bus lane, one the wrong way."""
    await site.hub.ask(EnrolCamera(camera="k7", name="人民路口", lat=29.13, lon=113.1, bearing_deg=90), HUB)
    left = PictureRegion(
        name="公交专用道", ring=((0, 0), (0.7, 0), (0.7, 1), (0, 1)), lane=1, use="bus", travel="towards"
    )
    await site.hub.ask(SetRegions(camera="k7", regions=(left,)), HUB)
    now_ms = site.clock.now_ms()
    ways: tuple[Direction | None, ...] = (None, "away")
    for number, (plate, direction) in enumerate(zip(PLATES, ways, strict=False)):
        seen = Sighting(
            camera="k7", plate=plate, colour="blue", first_ms=now_ms + number, last_ms=now_ms + number + 500, reads=6,
            confidence=0.93, picture=await site.context.blobs.add(street(plate, 110)), box=(560, 540, 160, 50),
            char_confidences=(0.99, 0.98, 0.99, 0.97, 0.99, 0.93, 0.99), lane=1, direction=direction,
        )  # fmt: skip
        await site.passages.add([seen])


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_lanes_are_reviewed_with_what_is_known_of_device_clock_and_region(
    tmp_path: Path,
) -> None:  # R820, R821, R822, R824
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        await breaks_lanes(site)
        await rows_when(site, 3)
        page = await open_page(browser, site, "commander", "/vehicles")  # by its own content policy
        await page.get_by_role("tab", name="违法审核").click(timeout=SLOW)
        tab = page.locator("vehicles-review")
        await expect(tab.get_by_text("待审 3")).to_be_visible(timeout=SLOW)
        await expect(tab.locator("figcaption")).to_contain_text("设备编号未登记 · 时刻误差未测", timeout=SLOW)
        facts = tab.locator(".facts")
        await expect(facts).to_contain_text("占用公交专用车道")
        await expect(facts).to_contain_text("人民路口的画面")
        await expect(facts).to_contain_text("登记并生效")
        await expect(facts).to_contain_text("没有登记计量检定证书")
        await expect(tab.locator("t-scene polygon")).to_have_count(2)  # a light line upon a dark one
        await page.screenshot(path=tmp_path / "lane.png")

        await page.keyboard.press("y")
        await expect(tab.get_by_text(f"{PLATES[0]} 已确认")).to_be_visible(timeout=SLOW)
        for _ in range(2):
            await page.keyboard.press("k")
        await expect(facts).to_contain_text("审核人 commander", timeout=SLOW)
        async with page.expect_popup() as opened:
            await tab.get_by_role("link", name="看证据说明").click()
        paper = await opened.value
        await paper.wait_for_load_state("load")  # with its pictures
        assert await paper.evaluate("[...document.images].map((each) => each.naturalWidth > 0)") == [True, True]
        assert await paper.locator(".scene svg > *").count() == 2
        lines = read_out((await paper.content()).encode())
        [row] = [row for row in (await site.hub.read(lambda t: list(t.violations))) if row.reviewed_by]
        known = pack.decode(await site.context.blobs.get(row.manifest)).site
        assert english(lines, PLATES[0], "F", "k7", "commander", known, row.id) == []
        assert "commander（账号 commander）" in lines
        await paper.screenshot(path=tmp_path / "paper.png", full_page=True)
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_an_administrator_registers_what_is_judged_by(tmp_path: Path) -> None:  # R613, R696
    async with site_with_people(tmp_path, "administrator") as site, chromium() as browser:
        await registered(site)
        page = await open_page(browser, site, "administrator", "/vehicles", axe=True)
        await registers(page, site, tmp_path)
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_region_is_drawn_in_a_still_where_no_live_picture_comes(tmp_path: Path) -> None:  # R755
    async with site_with_people(tmp_path, "administrator") as site, chromium() as browser:
        await registered(site)
        now_ms = site.clock.now_ms()
        passed = Sighting(
            camera="k1", plate=PLATES[0], colour="blue", first_ms=now_ms, last_ms=now_ms, reads=6, confidence=0.93,
            picture=await site.context.blobs.add(street(PLATES[0], 110)),
        )  # fmt: skip
        await site.context.readings.add_sightings("live", [passed])
        page = await open_page(browser, site, "administrator", "/vehicles", axe=True)
        await page.get_by_role("tab", name="违法审核").click(timeout=SLOW)
        tab = page.locator("vehicles-review")
        await tab.get_by_role("button", name="画区域").click(timeout=SLOW)
        await tab.locator("rule-regions select").first.select_option("k1")
        await expect(tab.get_by_text("不是实时画面：过车图片")).to_be_visible(timeout=SLOW)
        still = tab.locator("region-drawing img")
        assert await still.evaluate("x => x.decode().then(() => [x.naturalWidth, x.naturalHeight])") == [1280, 720]
        picture = tab.locator("region-drawing .picture")
        assert await still.bounding_box() == await picture.evaluate(_INSIDE), "points are of the picture that is seen"

        await press(picture, 0.5, 0.5)
        await picture.focus()
        for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Enter", "Shift+ArrowDown", "Enter", "ArrowUp", "Enter"):
            await page.keyboard.press(key)
        await page.keyboard.press("Backspace")
        await page.screenshot(path=tmp_path / "region-in-still.png")
        assert await faults(page) == []
        await tab.get_by_label("名称").fill("公交道")
        await tab.get_by_role("button", name="加入区域").click()
        await tab.get_by_role("button", name="登记为新版本").click()
        await expect(tab.get_by_text("已登记")).to_be_visible(timeout=SLOW)
        [region] = await site.hub.read(lambda t: t.regions.need("k1").versions[0].regions)
        drawn = [value for point in region.ring for value in point]
        assert drawn == pytest.approx([0.5, 0.5, 0.6, 0.5, 0.6, 0.55], abs=0.01)
        assert faults_of(page) == []


async def registers(page: Page, site: Site, tmp_path: Path) -> None:
    """Draw a region in the picture of a camera, and give a section a new version."""
    await page.get_by_role("tab", name="违法审核").click(timeout=SLOW)
    tab = page.locator("vehicles-review")
    await tab.get_by_role("button", name="画区域").click(timeout=SLOW)
    await tab.locator("rule-regions select").first.select_option("k1")
    picture = tab.locator("region-drawing .picture")
    for x, y in ((0.25, 0.25), (0.5, 0.25), (0.5, 0.75)):
        await press(picture, x, y)
    await tab.get_by_label("名称").fill("应急车道")
    await tab.get_by_label("车道（左起）").fill("1")
    await tab.get_by_label("用途").select_option("emergency")
    await tab.get_by_role("button", name="加入区域").click()
    await page.screenshot(path=tmp_path / "regions.png")
    assert await faults(page) == []
    await tab.get_by_role("button", name="登记为新版本").click()
    await expect(tab.get_by_text("已登记")).to_be_visible(timeout=SLOW)
    [region] = await site.hub.read(lambda t: t.regions.need("k1").versions[0].regions)
    assert (region.name, region.lane, region.use) == ("应急车道", 1, "emergency")
    drawn = [value for point in region.ring for value in point]
    assert drawn == pytest.approx([0.25, 0.25, 0.5, 0.25, 0.5, 0.75], abs=0.01)

    await tab.get_by_role("button", name="滨江路 第").click()
    await expect(tab.get_by_label("区间长度")).to_have_value("2000")
    await tab.get_by_label("小型车限速").fill("80")
    await page.screenshot(path=tmp_path / "section.png")
    await tab.get_by_role("button", name="登记为新版本").click()
    await expect(tab.get_by_text("已登记")).to_be_visible(timeout=SLOW)
    newest, former = await site.hub.read(lambda t: t.sections.need("sec1").versions)
    assert (newest.definition.limit_small_kmh, newest.by) == (80, "administrator")
    assert (former.definition.limit_small_kmh, former.until_ms) == (60, newest.from_ms)
    await restricts(tab, site, tmp_path)


async def press(there: Locator, x: float, y: float) -> None:
    """Press a place of it, each 0…1 of its width and height."""
    box = await there.bounding_box()
    assert box is not None
    await there.click(position={"x": box["width"] * x, "y": box["height"] * y})


async def restricts(tab: Locator, site: Site, tmp_path: Path) -> None:
    """Draws an area on the map, says when and for what it holds, and ends it again."""
    await tab.get_by_role("button", name="新限行").click()
    await tab.get_by_label("编号").fill("r1")
    await tab.get_by_label("名称").fill("城区货车禁行")
    await still(tab.locator("rule-area t-map"))
    county = tab.locator("rule-area t-map .map")
    corners = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7))
    for nth, (x, y) in enumerate(corners, 1):
        await press(county, x, y)
        told = f"已有 {nth} 个" if nth < len(corners) else "圈内相机 0 台"
        await expect(tab.locator("rule-area").get_by_text(told)).to_be_visible(timeout=SLOW)
    await tab.get_by_role("button", name="退一点").click()
    await expect(tab.locator("rule-area").get_by_text("已有 2 个")).to_be_visible()
    await tab.get_by_label("挂车").check()
    await tab.get_by_role("button", name="登记为新版本").click()
    await expect(tab.get_by_role("alert").get_by_text("已有 2 个")).to_be_visible()
    await press(county, 0.5, 0.8)
    await expect(tab.get_by_text("圈内相机 0 台")).to_be_visible(timeout=SLOW)
    for at in range(2):
        await tab.get_by_role("button", name="加一个时段").click()
        times = tab.get_by_role("group", name=f"时段 {at + 1}")
        await times.get_by_label("六").check()
        await times.get_by_label("从").fill(("07:00", "22:00")[at])
        await times.get_by_label("到").fill(("09:30", "06:00")[at])
    await expect(tab.get_by_text("到次日")).to_be_visible()
    await tab.get_by_label("黄", exact=True).check()
    await tab.page.screenshot(path=tmp_path / "restriction.png")
    await tab.get_by_role("button", name="登记为新版本").click()
    await expect(tab.get_by_text("已登记")).to_be_visible(timeout=SLOW)
    [version] = await site.hub.read(lambda t: t.restrictions.need("r1").versions)
    now = version.definition
    assert (len(now.ring), now.kinds, now.colours) == (3, ("trailer",), ("yellow",))
    assert [(each.days, each.from_min, each.to_min) for each in now.hours] == [
        ((1, 2, 3, 4, 5, 6), 420, 570), ((1, 2, 3, 4, 5, 6), 1320, 360),
    ]  # fmt: skip
    await tab.get_by_label("停用原因").fill("改造")
    await tab.get_by_role("button", name="停用").click()
    await expect(tab.get_by_text("已停用")).to_be_visible(timeout=SLOW)
    assert await site.hub.read(lambda t: t.restrictions.need("r1").versions[0].until_ms) is not None


_INSIDE = """picture => {
    const { x, y } = picture.getBoundingClientRect();
    const [width, height] = [picture.clientWidth, picture.clientHeight];
    return { x: x + picture.clientLeft, y: y + picture.clientTop, width, height };
}"""
_TAB = "document.querySelector('app-vehicles').shadowRoot.querySelector('vehicles-review').shadowRoot"
_SEEN = f"""() => [...{_TAB}.querySelectorAll('t-scene')].filter(
    (scene) => scene.shadowRoot.querySelector('.crop svg')).length === 2"""
_PLAYED = f"() => {_TAB}.querySelector('video')?.currentTime > 0"
