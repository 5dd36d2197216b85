"""Devices of GA/T 1400 are adopted on the page of cameras, in Chromium (SPEC R587, R813)."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from command.actors import HUB
from command.requests import EnrolCamera
from consoles.settings import Viid, ViidUpper
from consoles.site import running_site
from tests.consoles.support import PASSWORD, settings, signed_in
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, keep
from tests.e2e.video import faults_of, open_page
from tests.edge.viid.site import DEVICE, codes, curl, digest, register, vehicle, vehicles
from tests.edge.viid.test_server import IDENTITY
from tests.ports import free_port


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_device_that_waits_is_said_to_be_a_camera(tmp_path: Path) -> None:
    up = ViidUpper(id="43060000005030000001", url=f"http://127.0.0.1:{free_port()}")
    own = Viid(
        server_id="43062100005030000001",
        port=0,
        password="right-horse-battery",
        uppers=[up],
        receive_at="http://127.0.0.1:1",
    )
    async with running_site(replace(settings(tmp_path), viid=own)) as site, chromium() as browser:
        await site.context.accounts.create("administrator", "管理员", frozenset({"administrator"}), "", PASSWORD)
        await site.hub.ask(EnrolCamera(camera="k1", name="南门卡口", lat=29.1, lon=113.1), HUB)
        async with signed_in(site.http_url, "administrator") as admin:
            url = (await admin.get("/api/v1/viid"))[1]["url"]
        assert (await curl(f"{url}/VIID/System/Register", *digest(), body=register()))[0] == 200
        body = vehicles(vehicle(PassTime=site.clock.now_ms()))
        assert codes((await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=body))[1]) == [4]

        page = await open_page(browser, site, "administrator", "/cameras", axe=True)
        panel = page.locator("t-viid")
        await expect(panel.get_by_text("待对应，已拒收 1 条")).to_be_visible(timeout=SLOW)
        await expect(panel.get_by_text("中断", exact=False)).to_be_visible()
        await panel.scroll_into_view_if_needed()
        await expect(page.get_by_role("button", name="重新查找")).to_be_enabled(timeout=2 * SLOW)
        await keep(page, tmp_path, "viid")
        assert await faults(page) == []
        await panel.get_by_label(f"{DEVICE} 对应的摄像机").select_option(label="南门卡口")
        await expect(panel.get_by_text(f"已保存：{DEVICE}")).to_be_visible(timeout=SLOW)
        await expect(panel.get_by_text("待对应", exact=False)).to_have_count(0)
        assert codes((await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=body))[1]) == [0]
        lower = page.locator("t-viid-lower")
        for name, text in (("peer", "9" * 20), ("url", f"http://127.0.0.1:{free_port()}"), ("title", "邻县")):
            await lower.locator(f"[name={name}]").fill(text)
        await lower.locator("[name=title]").press("Enter")
        await expect(lower.get_by_role("button", name="退订 邻县")).to_be_visible(timeout=SLOW)
        async with page.expect_response(lambda response: response.url.endswith("/viid/catalogue")):
            await lower.get_by_role("button", name="刷新").click()
        assert await faults(page) == []
        await lower.get_by_role("button", name="退订 邻县").click()
        await expect(lower.get_by_text("没有向下级订阅")).to_be_visible(timeout=SLOW)
        cascade = page.locator("t-viid-cascade")
        for name, text in (("peer", "9" * 20), ("url", f"http://127.0.0.1:{free_port()}"), ("title", "城关镇")):
            await cascade.locator(f"[name={name}]").fill(text)
        await cascade.locator("[name=title]").press("Enter")
        await expect(cascade.get_by_role("button", name="停止下发并撤控：城关镇")).to_be_visible(timeout=SLOW)
        await expect(cascade.get_by_text("发不出", exact=False)).to_be_visible(timeout=SLOW)
        await cascade.scroll_into_view_if_needed()
        await keep(page, tmp_path, "viid-cascade")
        assert await faults(page) == []
        await cascade.get_by_role("button", name="停止下发并撤控：城关镇").click()
        await expect(cascade.get_by_text("没有下发给任何下级")).to_be_visible(timeout=SLOW)
        await page.evaluate("localStorage.setItem('triune.language', 'en')")
        await page.reload()
        await expect(panel.get_by_text("Devices that send passages")).to_be_visible(timeout=SLOW)
        await panel.scroll_into_view_if_needed()
        await keep(page, tmp_path, "viid-en")
        assert faults_of(page) == []
