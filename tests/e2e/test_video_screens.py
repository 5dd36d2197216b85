"""Screens of cameras in Chromium: near ones by themselves, pins, drags, turning, frozen ones (SPEC R405 to R409)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from edge.simulators.clips import Clip
from edge.simulators.onvif_camera import OnvifCamera
from tests.e2e.chromium import chromium, has_all
from tests.e2e.maps import still
from tests.e2e.video import CAMERAS, DOME, PLAYING, Cameras, drawn, faults_of, open_page, site_with_cameras

SLOW = 60_000
FROZEN_WITHIN_MS = 3_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


async def plays(page: Page, *cameras: str) -> None:
    """Wait until these tiles, in whichever order, show pictures."""
    await page.wait_for_function(
        f"wanted => {{ const shown = ({PLAYING})(); return wanted.every(id => shown[id] > 3); }}",
        arg=list(cameras),
        timeout=SLOW,
    )


async def on_screen(page: Page) -> list[str]:
    """The cameras on tiles, in their order."""
    return list((await page.evaluate(PLAYING)).keys())


async def keep(page: Page, tmp_path: Path, name: str) -> None:
    await page.screenshot(path=tmp_path / f"{name}.png")


async def choose_situation(page: Page) -> None:
    await page.locator("t-situation").first.click(timeout=SLOW)
    await page.keyboard.press("v")


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_cameras_of_a_situation_come_by_themselves_and_pinned_ones_stay(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher") as (site, cameras, _, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(page)
        await plays(page, "c1", "c2", "c3", "c4")
        assert await on_screen(page) == ["c1", "c2", "c3", "c4"]
        await expect(page.get_by_text("120 米 · 朝向现场").first).to_be_visible()
        await expect(page.get_by_text("延时").first).to_be_visible(timeout=SLOW)
        await keep(page, tmp_path, "desk-4")

        await page.keyboard.press("/")
        await page.keyboard.type("SP 县一中")
        await page.keyboard.press("Enter")
        await plays(page, "c6")
        assert await on_screen(page) == ["c1", "c2", "c3", "c6"]
        await expect(page.locator("t-tile[aria-label=县一中东门] .head .pin")).to_be_visible()

        await page.keyboard.press("Escape")
        await page.keyboard.press("v")  # to the map, R418
        await page.wait_for_function(f"() => Object.keys(({PLAYING})()).length === 0")
        await page.keyboard.press("v")
        await plays(page, "c1", "c2", "c3", "c6")
        assert await on_screen(page) == ["c1", "c2", "c3", "c6"]
        await expect(page.locator("t-tile[aria-label=县一中东门] .head .pin")).to_be_visible()

        # The camera that it displaced comes back on another tile when one of the others fails; the pinned one stays.
        cameras.set_up("c1", up=False)
        tile = page.locator("t-tile[aria-label=建设路路口]")
        await expect(tile.get_by_text("摄像机中断")).to_be_visible(timeout=SLOW)
        await keep(page, tmp_path, "desk-down")
        await page.wait_for_function(f"() => !('c1' in ({PLAYING})())", timeout=2 * SLOW)
        assert await on_screen(page) == ["c4", "c2", "c3", "c6"]

        await page.get_by_role("button", name="6 画面", exact=True).click()
        await plays(page, "c2", "c3", "c4", "c5", "c6")
        # Nothing better is left, so the one that is down shows why.
        await expect(tile.get_by_text("摄像机中断")).to_be_visible(timeout=SLOW)
        await expect(tile.get_by_text("404")).to_be_visible()
        await keep(page, tmp_path, "desk-6-down")
        for n in (9, 16, 1):
            await page.get_by_role("button", name=f"{n} 画面", exact=True).click()
            await expect(page.locator("t-screens t-tile")).to_have_count(n)
            if n == 16:  # R794: the best is down by now
                await expect(page.get_by_text("1 · 260 米 南", exact=True)).to_be_visible()
            await keep(page, tmp_path, f"desk-{n}")
        assert await on_screen(page) == ["c6"]
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_picture_that_stands_still_is_marked_within_three_seconds(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher") as (site, cameras, _, _),
        chromium() as browser,
    ):
        cameras.repeat("c4")
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(page)
        await plays(page, "c1", "c2", "c4")
        tile = page.locator("t-tile[aria-label=荣家河桥]")
        await page.evaluate(_NOTE_WHEN_MARKED, ["c2", "画面停滞"])
        cameras.fall_silent("c2")
        await page.wait_for_function("() => window.marked_after_ms !== null", timeout=SLOW)
        assert await page.evaluate("window.marked_after_ms") <= FROZEN_WITHIN_MS
        # Some moments later the hub knows that nothing comes any more, and the tile says that instead.
        await expect(tile.get_by_text(re.compile("画面停滞|没有画面传来")).first).to_be_visible()
        await keep(page, tmp_path, "desk-frozen")
        others = page.locator("t-tile[aria-label=建设路路口]")
        await expect(others.get_by_text("画面停滞")).to_have_count(0)
        await _one_repeats_its_picture(page, cameras, clip)


async def _one_repeats_its_picture(page: Page, cameras: Cameras, clip: Clip) -> None:
    """R791, R792: pictures of c4 arrive as ever, and nothing in them changes."""
    tile, other = (page.locator(f"t-tile[aria-label={name}]") for name in ("县医院门口", "建设路路口"))
    await expect(tile.get_by_text(re.compile(r"画面无变化 \d+ 秒"))).to_be_visible(timeout=SLOW)
    before = (await page.evaluate(PLAYING))["c4"]
    await page.wait_for_function(f"before => ({PLAYING})()['c4'] > before + 12", arg=before, timeout=SLOW)
    await expect(tile.get_by_text("画面无变化")).to_be_visible()
    await expect(tile.get_by_text("画面停滞")).to_have_count(0)
    for each in (tile, other):
        await expect(each.locator(".age")).to_have_text(re.compile(r"延时 (<?[\d.]+ 秒|—)\s+画面 <?[\d.]+ 秒前"))
    await expect(other.get_by_text("画面无变化")).to_have_count(0)
    cameras.go_on("c4", clip)
    await expect(tile.get_by_text("画面无变化")).to_have_count(0, timeout=SLOW)
    await expect(tile.get_by_text("画面停滞")).to_have_count(0)


_NOTE_WHEN_MARKED = """([id, words]) => {
    window.marked_after_ms = null;
    let shown = null;
    let last_ms = performance.now();
    const inside = (root) => [...root.querySelectorAll("*")].flatMap(
        (each) => each.shadowRoot ? [each, ...inside(each.shadowRoot)] : [each]);
    const timer = setInterval(() => {
        const now_ms = performance.now();
        const count = (PLAYING)()[id];
        if (count !== shown) [shown, last_ms] = [count, now_ms];
        const tile = inside(document).find((each) => each.tagName === "T-TILE" && each.camera?.id === id);
        if (!tile.shadowRoot.textContent.includes(words)) return;
        window.marked_after_ms = now_ms - last_ms;
        clearInterval(timer);
    }, 50);
}""".replace("PLAYING", PLAYING)
"""Notes how long after its last picture a tile said so: seen in the page, whatever the test's own messages take."""


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_camera_is_turned_by_one_person_and_the_other_is_told_who(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher", "commander", "camera_watch") as (site, _, dome, _),
        chromium() as browser,
    ):
        commander = await open_page(browser, site, "commander", "/desk")
        await choose_situation(commander)
        await plays(commander, DOME)
        tile = commander.locator("t-tile[aria-label=长乐街北]")
        await tile.focus()
        await commander.keyboard.press("p")
        await expect(tile.get_by_text("拖动或方向键转动")).to_be_visible()
        await commander.keyboard.down("ArrowRight")
        await expect(tile.get_by_text("我在控制")).to_be_visible(timeout=SLOW)
        await _until(lambda: (now := dome.movement()) is not None and now.pan > 0)
        await keep(commander, tmp_path, "desk-turning")

        watch = await open_page(browser, site, "camera_watch", "/desk")
        await expect(watch.locator("t-situation").first).to_be_visible(timeout=SLOW)  # before, no key is heard
        await has_all(watch)
        await watch.keyboard.press("/")
        await watch.keyboard.type("SP 长乐街北")
        await watch.keyboard.press("Enter")
        await plays(watch, DOME)
        theirs = watch.locator("t-screens t-tile[aria-label=长乐街北]")
        await theirs.focus()
        await watch.keyboard.press("p")
        await watch.keyboard.press("ArrowLeft")
        await expect(theirs.get_by_text("李指挥 正在控制")).to_be_visible(timeout=SLOW)
        await keep(watch, tmp_path, "desk-held")

        await commander.keyboard.up("ArrowRight")
        await _until(lambda: dome.movement() is None)
        await commander.keyboard.press("2")
        await _until(lambda: len(dome.recalled) == 1)

        await _turned_by_mouse(commander, tile, dome)


async def _turned_by_mouse(page: Page, tile: Locator, dome: OnvifCamera) -> None:
    """A drag in the picture, and a button of the pad: each for as long as it is held."""
    box = await tile.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - box["width"] / 4, y - box["height"] / 4, steps=4)
    await _until(lambda: (now := dome.movement()) is not None and now.pan < 0 < now.tilt)
    await page.mouse.up()
    await _until(lambda: dome.movement() is None)
    await tile.get_by_role("button", name="拉近").hover()
    await page.mouse.down()
    await _until(lambda: (now := dome.movement()) is not None and now.zoom > 0)
    await page.mouse.up()
    await _until(lambda: dome.movement() is None)


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_picture_is_enlarged_and_kept_as_evidence(tmp_path: Path, clip: Clip) -> None:  # R410, R788
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher") as (site, _, _, situation),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(page)
        await plays(page, "c1")
        tile = page.locator("t-screens t-tile[aria-label=建设路路口]")
        video = tile.locator("video.live")
        await tile.hover()
        await page.mouse.wheel(0, -100)
        await expect(tile.get_by_text("1.3 倍")).to_be_visible()
        await tile.focus()
        await page.keyboard.press("+")
        await expect(tile.get_by_text("1.6 倍")).to_be_visible()
        before = await video.bounding_box()
        await page.keyboard.press("ArrowRight")
        await expect(tile.get_by_text("1.6 倍")).to_be_visible()
        after = await video.bounding_box()
        assert before is not None
        assert after is not None
        assert after["x"] < before["x"], "what lies to the right comes into view"
        await keep(page, tmp_path, "desk-enlarged")
        await page.keyboard.press("0")
        await expect(tile.get_by_text("倍")).to_have_count(0)

        # What is kept is the frame as it came, whatever is seen of it, and it can be had again by its hash.
        await page.keyboard.press("+")
        await page.keyboard.press("s")
        await expect(tile.get_by_text("已固定为证据")).to_be_visible(timeout=SLOW)
        [kept] = await site.hub.read(lambda t: [row for row in t.evidence if row.situation == situation])
        picture = await site.context.blobs.get(kept.sha256)
        assert hashlib.sha256(picture).hexdigest() == kept.sha256
        with Image.open(io.BytesIO(picture)) as frame:
            assert frame.size == (640, 360)
        assert faults_of(page) == []


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(SLOW / 1000):
        while not happened():
            await asyncio.sleep(0.02)  # noqa: TID251 - the camera is another's: there is nothing to wait on


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_camera_is_dragged_from_the_map_onto_a_tile(tmp_path: Path, clip: Clip) -> None:  # R417
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher") as (site, _, _, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(page)
        await plays(page, "c1", "c2", "c3", "c4")
        await still(page.locator("app-desk .right t-map"))
        x, y = await page.evaluate(_ON_MAP, "c5")
        target = await page.locator("t-screens t-tile").nth(1).bounding_box()
        assert target is not None
        await page.mouse.move(x, y)
        await page.mouse.move(x + 1, y)
        await page.mouse.down()
        await page.mouse.move(x - 20, y, steps=4)
        await page.mouse.move(target["x"] + 50, target["y"] + 60, steps=6)
        await keep(page, tmp_path, "desk-drag")
        await page.mouse.up()
        await plays(page, "c5")
        assert (await on_screen(page))[1] == "c5"
        await expect(page.locator("t-tile[aria-label=车站广场] .head .pin")).to_be_visible()


_ON_MAP = """id => {
    const map = document.querySelector("app-desk").shadowRoot.querySelector("t-map");
    const found = map.symbols.drawn.find(({ symbol }) => symbol.id === id);
    const box = map.getBoundingClientRect();
    return [box.left + found.x, box.top + found.y];
}"""


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_the_wall_shows_the_best_cameras_large_and_beside_the_map(tmp_path: Path, clip: Clip) -> None:
    async with site_with_cameras(tmp_path, clip, "wall") as (site, _, _, _), chromium() as browser:
        page = await open_page(browser, site, "wall", "/wall")
        await plays(page, "c1", "c2", "c3", "c4", "c5")
        assert await on_screen(page) == [name for name, *_ in CAMERAS[:5]]
        await keep(page, tmp_path, "wall")
        await page.goto(f"{site.http_url}/wall?view=video&layout=9&cameras=c6")
        await plays(page, "c1", "c6")
        assert (await on_screen(page))[:3] == ["c6", "c1", "c2"]
        await keep(page, tmp_path, "wall-video-9")
        await page.goto(f"{site.http_url}/wall?view=video&layout=1&tour=3")
        await plays(page, "c1")
        await plays(page, "c2")
        assert faults_of(page) == []
