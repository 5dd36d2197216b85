"""The page on which cameras are adopted, in Chromium, with a simulated dome; and what axe says (SPEC R415, R419)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from edge.simulators.clips import Clip
from tests.e2e.chromium import chromium
from tests.e2e.maps import box_of
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, choose_situation, keep, plays
from tests.e2e.video import drawn, faults_of, open_page, site_with_cameras

MARKS = "list => [...list.childNodes].filter(node => node.nodeType === Node.COMMENT_NODE).length"
"""What lit keeps in a page to find each row of a list again."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"), seconds=4)


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_camera_is_adopted_on_one_page(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "administrator") as (site, _, dome, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "administrator", "/cameras", axe=True)
        port = await dome.listen()
        await page.get_by_label("地址", exact=True).fill(f"127.0.0.1:{port}")
        await page.get_by_label("用户名").fill("admin")
        await page.get_by_label("密码", exact=True).fill("wrong")
        await page.get_by_role("button", name="试连").click()
        await expect(page.locator(".steps .failed").get_by_text("登录")).to_be_visible(timeout=2 * SLOW)
        await keep(page, tmp_path, "adopt-refused")
        await page.get_by_label("密码", exact=True).fill("camera-password")
        await page.get_by_role("button", name="试连").click()
        await expect(page.get_by_alt_text("试连得到的画面")).to_be_visible(timeout=2 * SLOW)
        await expect(page.get_by_text("可以转动")).to_be_visible()

        await page.get_by_label("名称").fill("新墙河大桥")
        await page.get_by_role("button", name="在地图上定位").click()
        box = await box_of(page.locator("t-map"))
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.click(x, y)
        # The direction is asked for next: to the east of it.
        await expect(page.get_by_text("点摄像机所看的方向")).to_be_visible()
        await page.mouse.click(x + 120, y)
        await expect(page.get_by_text("90° 东")).to_be_visible()
        await page.get_by_label("视场角（度）").fill("45")
        await page.get_by_label("视场角（度）").press("Tab")
        await keep(page, tmp_path, "adopt")
        assert await faults(page) == []
        await page.get_by_role("button", name="接入", exact=True).click()
        await expect(page.get_by_text("已接入：新墙河大桥")).to_be_visible(timeout=SLOW)
        rows = await site.hub.read(lambda t: [c for c in t.cameras if c.name == "新墙河大桥"])
        assert [(row.bearing_deg, row.field_deg) for row in rows] == [(90.0, 45.0)]
        await keep(page, tmp_path, "adopted")

        listed = page.get_by_role("group", name="已接入的摄像机")
        words = page.get_by_label("查找已接入的")
        lines = await listed.get_by_role("button").count()
        marks = await listed.evaluate(MARKS)
        await words.fill("没有这样的")
        await expect(listed.get_by_role("button")).to_have_count(0)
        await words.fill("")
        await expect(listed.get_by_role("button")).to_have_count(lines)
        assert await listed.evaluate(MARKS) == marks  # R1218
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_no_screen_of_cameras_keeps_anybody_out(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher", "wall") as (site, cameras, _, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "dispatcher", "/desk", axe=True)
        await choose_situation(page)
        await plays(page, "c1", "c2")
        cameras.set_up("c2", up=False)
        tile = page.locator("t-tile[aria-label=建设路路口]")
        await tile.focus()
        found = await faults(page)
        await page.keyboard.press("p")
        found += await faults(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="轮巡").click()
        await page.get_by_role("button", name="加入当前画面").click()
        found += await faults(page)
        await keep(page, tmp_path, "tour-editor")
        await page.get_by_role("button", name="取消", exact=True).click()
        await tile.focus()
        await page.keyboard.press("b")
        await expect(page.locator("t-playback")).to_be_visible()
        found += await faults(page)
        wall = await open_page(browser, site, "wall", "/wall?view=video&layout=16", (3840, 2160), axe=True)
        await plays(wall, "c1")
        found += await faults(wall)
        await keep(wall, tmp_path, "wall-16-4k")
        assert not found, "\n".join(found)


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_camera_that_publishes_is_told_its_address_and_key_once(tmp_path: Path, clip: Clip) -> None:  # R484
    async with (
        site_with_cameras(tmp_path, clip, "administrator") as (site, _, _, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "administrator", "/cameras", axe=True)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("button", name="手机或编码器推送").click()
        await expect(page.get_by_text("还缺：名称、位置")).to_be_visible(timeout=SLOW)
        await page.get_by_label("名称").fill("指挥车手机")
        await page.get_by_role("button", name="在地图上定位").click()
        box = await box_of(page.locator("t-map"))
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(page.get_by_text("点摄像机所看的方向")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="接入", exact=True).click()
        sheet = page.get_by_label("指挥车手机 的推送设置")
        await expect(sheet).to_be_visible(timeout=SLOW)
        camera = next(iter(await site.hub.read(lambda t: [c.id for c in t.cameras if c.name == "指挥车手机"])))
        first = await sheet.input_value()
        key = (await site.context.accounts.camera_addresses())[camera].removeprefix("whip:")
        assert f"{site.http_url}/api/v1/cameras/{camera}/whip" in first
        assert key in first
        assert await faults(page) == []
        await keep(page, tmp_path, "adopt-published")
        await page.get_by_role("button", name="复制").click()
        await expect(page.get_by_text("已复制")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == first

        # With the next thing that is looked at the page forgets it; a new key makes the old one void.
        await page.get_by_role("button", name="指挥车手机").click()
        await expect(sheet).to_have_count(0)
        await page.get_by_role("button", name="换新密钥").click()
        await expect(page.get_by_text("旧密钥立即作废")).to_be_visible()
        assert await faults(page) == []
        await page.get_by_role("button", name="确认").click()
        await expect(sheet).to_be_visible(timeout=SLOW)
        assert key not in await sheet.input_value()
        assert faults_of(page) == []
