"""The administration page by keyboard alone, in Chromium, against the real hub (SPEC R988 to R994)."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from command import requests as q
from command.actors import HUB
from command.kernel.errors import SignInRequiredError
from tests.consoles.support import PASSWORD, signed_in, site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.maps import box_of
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

_SLOW_MS = 15_000
_MOST_TABS = 60
_FOCUSED = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const label = at?.getAttribute("aria-label") || at?.labels?.[0]?.innerText || at?.innerText || "";
    return label.trim().split("\\n")[0];
}"""

_PIXEL = """(map, [lon, lat]) => {
    const y = Math.log(Math.tan(((90 + lat) * Math.PI) / 360)) * 6378137;
    return map.map.getPixelFromCoordinate([(lon * Math.PI * 6378137) / 180, y]);
}"""
"""Where a place stands on the map."""


async def tab_to(page: Page, name: str) -> None:
    """Go on by the Tab key to what is called so, or begins so."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if str(await page.evaluate(_FOCUSED)).startswith(name):
            return
    pytest.fail(f"{name} is not reached by the Tab key")


async def press(page: Page, name: str) -> None:
    """Go to what is called so and press it."""
    await tab_to(page, name)
    await page.keyboard.press("Enter")


async def confirm(page: Page) -> None:
    """Answer a question, whose Cancel has the focus."""
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_an_administrator_sees_how_it_is_and_keeps_accounts(tmp_path: Path) -> None:  # R988-R990, R994
    async with site_with_people(tmp_path, "administrator", "dispatcher") as site, chromium() as browser:
        page = await open_page(browser, site, "administrator", "/admin", (1366, 768), axe=True)
        health = page.locator("admin-health")
        await expect(health.get_by_role("rowheader", name="记录（流水账）")).to_be_visible(timeout=_SLOW_MS)
        await expect(health.get_by_text("没有设定时备份", exact=False)).to_be_visible()
        assert await faults(page) == []

        await page.keyboard.press("]")
        await press(page, "新建账号")
        await page.keyboard.type("wang")
        await page.keyboard.press("Tab")
        await page.keyboard.type("王伟")
        await tab_to(page, "接警员")
        await page.keyboard.press("Space")
        await press(page, "建立并生成密码")
        sheet = page.get_by_label("wang 的登录信息")
        await expect(sheet).to_be_visible(timeout=_SLOW_MS)
        password = (await sheet.input_value()).split("密码：")[1].split("\n")[0]
        async with signed_in(site.http_url, "wang", password):
            pass
        assert await faults(page) == []
        await page.keyboard.press("]")
        await page.keyboard.press("[")
        await expect(page.get_by_role("button", name="停用")).to_be_visible()
        await expect(sheet).to_have_count(0)

        await press(page, "停用")
        await expect(page.get_by_text("本人在各处的登录 15 秒内全部结束", exact=False)).to_be_visible()
        await confirm(page)
        await expect(page.get_by_text("王伟 已停用")).to_be_visible(timeout=_SLOW_MS)
        with pytest.raises(SignInRequiredError):
            await site.context.accounts.sign_in("wang", password)
        done = page.get_by_label("变更记录").get_by_role("listitem")
        await expect(done.nth(0)).to_contain_text("停用")
        await expect(done.nth(1)).to_contain_text("新建账号：接警员")

        await page.keyboard.press("Escape")
        await press(page, "修改密码")
        for typed in ("not the one", "a-new-password", "a-new-password"):
            await page.keyboard.type(typed)
            await page.keyboard.press("Tab")
        await press(page, "修改")
        await expect(page.get_by_text("现在的密码不对")).to_be_visible(timeout=_SLOW_MS)
        assert await faults(page) == []
        await page.get_by_label("现在的密码").focus()
        await page.keyboard.press("Control+a")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("密码已改", exact=False)).to_be_visible(timeout=_SLOW_MS)
        async with signed_in(site.http_url, "administrator", "a-new-password"):
            pass

        await page.keyboard.press("Enter")
        await page.route("**/api/v1/health", lambda route: route.abort())
        await page.keyboard.press("[")
        await expect(health).to_have_attribute("data-old", "", timeout=_SLOW_MS)
        await expect(health.locator("t-age .bad")).to_be_visible()
        assert faults_of(page) == []
        other = await open_page(browser, site, "dispatcher", "/admin")
        await expect(other.get_by_text("无权查看")).to_be_visible(timeout=_SLOW_MS)


async def report_as_told(sheet: str, now_ms: int) -> None:
    """Tell a position as each app does that a sheet for `osmand` names, of the address that stands there."""
    url, live = (line for line in sheet.splitlines() if line.startswith("http"))
    for n, value in enumerate((29.15, 113.12, now_ms, 8.0, 40.0, 1.5, 90.0)):
        live = live.replace(f"{{{n}}}", str(value))
    coords = {"latitude": 29.15, "longitude": 113.12}
    body = {"device_id": "phone1", "location": {"timestamp": now_ms + 1000, "coords": coords}}
    async with aiohttp.ClientSession() as phone:
        for answer in (phone.get(live), phone.post(url, json=body)):
            async with answer as response:
                assert (response.status, response.history) == (200, ()), response.url


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_an_administrator_enrols_units_devices_and_fences(tmp_path: Path) -> None:
    """R991, R992, R993, R1086, R1109."""
    async with site_with_people(tmp_path, "administrator") as site, chromium() as browser:
        station = q.EnrolStation(
            station="st1",
            name="城关所",
            service="110",
            lat=29.15,
            lon=113.12,
            leader="李涛",
            leader_phone="13900000001",
        )
        await site.hub.ask(station, HUB)
        page = await open_page(browser, site, "administrator", "/admin#units", axe=True, english=True)
        await expect(page.get_by_text("No unit yet", exact=False)).to_be_visible(timeout=_SLOW_MS)
        await press(page, "New unit")
        await expect(page.locator("unit-form [name=id]")).to_have_value("u1")
        await tab_to(page, "Name")
        await page.keyboard.type("岳01")
        await tab_to(page, "Station")
        await page.keyboard.press("ArrowDown")
        await tab_to(page, "Officers")
        await page.keyboard.type("王伟，李涛")
        await press(page, "Enrol")
        await expect(page.get_by_text("Saved; every screen has it")).to_be_visible(timeout=_SLOW_MS)
        unit = await site.hub.read(lambda t: t.units.need("u1"))
        assert (unit.name, unit.station, unit.officers) == ("岳01", "st1", ("王伟", "李涛"))
        assert await faults(page) == []

        await page.keyboard.press("Escape")
        await press(page, "Devices")
        await press(page, "New device")
        await page.keyboard.type("Os")
        await tab_to(page, "Id")
        await page.keyboard.type("phone1")
        await tab_to(page, "Unit")
        await page.keyboard.press("ArrowDown")
        await press(page, "Enrol")
        await press(page, "Issue a token")
        sheet = page.get_by_label("The token of phone1")
        await expect(sheet).to_be_visible(timeout=_SLOW_MS)
        told = await sheet.input_value()
        token = told.split("Token: ")[1].strip()
        assert await site.context.accounts.device_of(token) == "phone1"
        await report_as_told(told, site.clock.now_ms())
        assert await site.hub.read(lambda t: t.positions.need("u1").device) == "phone1"
        await press(page, "Take back")
        await confirm(page)
        await expect(page.get_by_text("The token of phone1 is taken back")).to_be_visible(timeout=_SLOW_MS)
        assert await site.context.accounts.device_of(token) is None

        await page.keyboard.press("Escape")
        await page.keyboard.press("]")
        await press(page, "New fence")
        await tab_to(page, "Name")
        await page.keyboard.type("禁入区")
        await tab_to(page, "Kind")
        await page.keyboard.press("ArrowDown")
        await tab_to(page, "Whole county")  # the map
        for step in ("ArrowRight", "ArrowDown", "Enter", "Backspace", "Enter"):
            await page.keyboard.press("Enter")
            await page.keyboard.press(step)
        drawing = page.locator("ring-drawing")
        await expect(drawing.get_by_text("6 corners")).to_be_visible()
        assert await faults(page) == []
        await press(page, "Type coordinates")
        await tab_to(page, "Type coordinates")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("29.10, 113.10\n29.10, 113.12\n29.12, 113.12")
        await page.keyboard.press("Tab")
        await expect(drawing.get_by_text("3 corners")).to_be_visible()
        await page.locator("fence-form button.primary").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Saved; every screen has it")).to_be_visible(timeout=_SLOW_MS)
        fence = await site.hub.read(lambda t: t.fences.need("f1"))
        assert (fence.name, fence.kind) == ("禁入区", "forbidden")
        assert fence.ring == ((113.1, 29.1), (113.12, 29.1), (113.12, 29.12))
        await page.keyboard.press("Escape")
        await press(page, "Change its shape")
        county = page.locator("ring-drawing t-map")
        at = await box_of(county)
        x, y = await county.evaluate(_PIXEL, [113.12, 29.1])
        await page.mouse.move(at["x"] + x, at["y"] + y)
        await page.mouse.down()
        await page.mouse.move(at["x"] + x + 40, at["y"] + y + 40, steps=4)
        await page.mouse.up()
        unsaved = page.get_by_text("The shape is changed and not saved yet")
        await expect(unsaved).to_be_visible()
        await expect(drawing.get_by_text("3 corners")).to_be_visible()
        await site.hub.ask(q.DrawFence(fence="f2", name="水库", kind="forbidden", ring=list(fence.ring)), HUB)
        await page.get_by_role("cell", name="水库").click()
        await expect(page.get_by_role("heading", name="水库")).to_be_visible()
        await expect(unsaved).to_have_count(0)
        await page.get_by_role("cell", name="禁入区").click()
        await expect(unsaved).to_be_visible()  # R1109
        await press(page, "Save")
        await expect(page.get_by_text("Saved; every screen has it")).to_be_visible(timeout=_SLOW_MS)
        first, dragged, last = (await site.hub.read(lambda t: t.fences.need("f1"))).ring
        assert (first, last) == ((113.1, 29.1), (113.12, 29.12))
        assert dragged[0] > 113.12 and dragged[1] < 29.1  # noqa: PT018 - to the south-east

        await press(page, "Change its shape")
        await expect(drawing.get_by_text("3 corners")).to_be_visible()
        await press(page, "Take one back")
        await expect(unsaved).to_be_visible()
        await press(page, "Back to its saved shape")
        await expect(unsaved).to_have_count(0)
        await expect(drawing).to_have_count(0)

        await press(page, "Remove the fence")
        await expect(page.get_by_text("It raises no alarm any more", exact=False)).to_be_visible()
        await confirm(page)
        await expect(page.get_by_text("The fence 禁入区 is removed")).to_be_visible(timeout=_SLOW_MS)
        assert await site.hub.read(lambda t: t.fences.get("f1")) is None
        assert faults_of(page) == []
