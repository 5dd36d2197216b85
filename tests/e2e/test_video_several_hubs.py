"""Somebody at one hub looks at a camera whose agent is connected to another, which is killed (SPEC R645, R648)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.demo.cameras import ClipServer
from consoles.site import Site, running_site
from edge.agent.agent import AgentSettings, running_agent
from tests.consoles.support import PASSWORD, settings
from tests.e2e.chromium import chromium
from tests.e2e.hub_process import HubProcess
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, choose_situation, keep
from tests.e2e.video import PLACE, PLAYING, TITLE, drawn, faults_of, open_page
from tests.edge.agent.support import NAME, until

CLOCK = SystemClock()
KEY = "5a" * 32


async def pictures(page: Page) -> int:
    shown: dict[str, int] = await page.evaluate(PLAYING)
    return shown.get("k0", 0)


async def moves(page: Page) -> None:
    """Return once twenty more pictures were shown."""
    before, more = await pictures(page), 0
    while more < 20:
        await CLOCK.sleep(200)
        now = await pictures(page)
        before, more = (now, 0) if now < before else (before, now - before)  # a new picture begins at none


async def take_out(browser: Browser, site: Site, gone: str, folder: Path) -> None:
    """Take the hub that was killed out on the page of cameras, by keyboard (SPEC R663, R664)."""
    page = await open_page(browser, site, "administrator", "/cameras", axe=True)
    panel = page.locator("t-hubs")
    button = panel.get_by_role("button", name=f"移除中心 {gone}")
    async with asyncio.timeout(60):
        while not await button.count():
            await panel.get_by_role("button", name="刷新").press("Enter")
            await CLOCK.sleep(500)
    await expect(panel.get_by_text("失联", exact=False)).to_be_visible()
    await expect(panel.get_by_text(f"在 {site.http_url}")).to_be_visible()  # where the agent is by now
    await button.press("Enter")
    await keep(page, folder, "hubs")
    assert await faults(page) == []
    await expect(panel.get_by_role("textbox", name="为什么移除")).to_be_focused()
    await expect(panel.get_by_role("button", name="确认")).to_be_disabled()
    await page.keyboard.insert_text("机器报废")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(panel.get_by_text(f"已移除 {gone}")).to_be_visible(timeout=SLOW)
    await expect(panel.get_by_text("失联", exact=False)).to_have_count(0)
    await expect(panel.get_by_text("机器报废")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="English").press("Enter")
    await expect(panel.get_by_text("Taken out by administrator", exact=False)).to_be_visible(timeout=SLOW)
    await keep(page, folder, "hubs-taken-out")


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_the_picture_comes_from_another_hub_and_back_by_itself_after_that_was_killed(
    tmp_path: Path, postgres_url: str
) -> None:
    clip = drawn(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name / "var").mkdir(parents=True)
        (tmp_path / name / "var" / "site.key").write_text(KEY)
    (tmp_path / "one.toml").write_text("plate_workers = 0\n")
    chosen = replace(settings(tmp_path / "two"), journal=postgres_url)
    one = HubProcess(tmp_path / "one" / "var", "--journal", postgres_url, "--config", str(tmp_path / "one.toml"))
    async with ClipServer({"k0": clip}, CLOCK) as cameras, running_site(chosen) as two, chromium() as browser:
        address = f"edge://{NAME}/rtsp://127.0.0.1:{await cameras.listen()}/k0"
        await two.context.accounts.create("dispatcher", "王派警", frozenset({"dispatcher"}), "", PASSWORD)
        await two.context.accounts.create("administrator", "管理员", frozenset({"administrator"}), "", PASSWORD)
        await two.hub.ask(q.EnrolCamera(camera="k0", name="路口", lat=PLACE.lat + 0.001, lon=PLACE.lon), HUB)
        await two.context.accounts.set_camera_address("k0", address)
        await two.hub.ask(q.OpenSituation(title=TITLE, service="119", kind="accident", level=3, place=PLACE), HUB)
        key = await two.context.accounts.issue(AGENT + NAME)
        await one.start()
        try:
            hubs = [url.replace("http", "ws") for url in (one.url, two.http_url)]
            told = AgentSettings(hubs=hubs, key=key, data=tmp_path / "edge", release="test", plate_workers=0)
            async with running_agent(told, CLOCK) as agent:
                await agent.link.connected.wait()
                assert not two.agents.agents.is_here(NAME)
                page = await open_page(browser, two, "dispatcher", "/desk")
                await choose_situation(page)
                await moves(page)
                await one.kill()
                await until(lambda: two.agents.agents.is_here(NAME), 60)
                await moves(page)
                assert faults_of(page) == []
                await take_out(browser, two, one.url, tmp_path)
        finally:
            await one.kill()
