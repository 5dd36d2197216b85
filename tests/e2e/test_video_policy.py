"""What is recorded is set on the page of cameras, for one and for a group, in Chromium (SPEC R456)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from edge.simulators.clips import Clip
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, keep
from tests.e2e.video import drawn, faults_of, open_page, site_with_cameras


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"), seconds=4)


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_what_is_recorded_is_set_for_one_camera_and_for_all(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "administrator") as (site, _, _, _),
        chromium() as browser,
    ):
        page = await open_page(browser, site, "administrator", "/cameras", axe=True)
        await page.get_by_role("button", name="建设路路口").click(timeout=SLOW)
        form = page.locator("t-recording-policy")
        await expect(form.get_by_text("录像策略 · 建设路路口")).to_be_visible(timeout=SLOW)
        await expect(form.get_by_text("已用")).to_be_visible(timeout=SLOW)
        await form.get_by_label("何时录像").select_option("continuous")
        await form.get_by_label("保存天数").fill("90")
        await form.get_by_label("配额").fill("50")
        await form.get_by_label("配额").press("Tab")
        await form.get_by_role("button", name="保存策略").click()
        await expect(form.get_by_text("已用于 1 个摄像机")).to_be_visible(timeout=SLOW)
        one = await site.hub.read(lambda t: t.cameras.need("c1").recording)
        assert (one.mode, one.keep_days, round(one.quota_mib * 1024 * 1024 / 1e9)) == ("continuous", 90, 50)

        await form.get_by_label("何时录像").select_option("scheduled")
        await form.get_by_label("星期日").uncheck()
        await form.get_by_label("从", exact=True).fill("20:30")
        await form.get_by_role("button", name="全部", exact=True).click()
        await form.scroll_into_view_if_needed()
        await expect(page.get_by_role("button", name="重新查找")).to_be_enabled(timeout=2 * SLOW)
        await expect(page.get_by_role("button", name="保存", exact=True)).to_be_enabled()
        await keep(page, tmp_path, "policy")
        assert await faults(page) == []
        await form.get_by_role("button", name="保存策略").click()
        await expect(form.get_by_text("已用于", exact=False)).to_be_visible(timeout=SLOW)
        every = await site.hub.read(lambda t: [camera.recording for camera in t.cameras])
        assert len(every) > 1
        for policy in every:
            assert [(h.days, h.from_min, h.to_min) for h in policy.schedule] == [((1, 2, 3, 4, 5, 6), 1230, 360)]

        english = await open_page(browser, site, "administrator", "/cameras", english=True)
        await english.get_by_role("button", name="建设路路口").click(timeout=SLOW)
        await expect(english.get_by_text("Days kept")).to_be_visible(timeout=SLOW)
        await expect(english.get_by_text("used", exact=False).first).to_be_visible(timeout=SLOW)
        await english.locator("t-recording-policy").scroll_into_view_if_needed()
        await keep(english, tmp_path, "policy-en")
        assert faults_of(page) == faults_of(english) == []
