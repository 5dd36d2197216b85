"""A page of which something did not come says so and loads itself anew: no screen stays black. R1081, R1082."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from consoles.site import PAGES
from tests.consoles.support import PASSWORD, site_with_people
from tests.e2e.chromium import chromium, has_all, sign_in

WORDS = "页面没有载入完整，正在自动重试"
SOON_MS = 15_000
AGAIN_MS = 60_000
"""A few tries, each after a longer pause, and the page opens."""
STYLED = "() => getComputedStyle(document.body).backgroundColor === 'rgb(11, 15, 20)'"
NEEDED = re.compile(r'<link rel="modulepreload" crossorigin href="([^"]+)">')
"""What a page's own script is built on, as it was cut this time."""
SCRIPT = re.compile(r'<script async src="/assets/starting-[0-9a-f]{8}\.js"></script>')


class Line:
    """A network that goes away with a file; when it is back the file is lost again, so many times in all."""

    def __init__(self, lost: str, times: int) -> None:
        self.lost = re.compile(lost)
        self.times = times
        self.away = False
        self.asked = asyncio.Event()
        """A page asked whether the hub answers while it was away."""

    async def carry(self, route: Route) -> None:
        """Let a request through, or lose it. What loads pages anew is in the browser's cache, which routes turn off."""
        if "/assets/starting-" in route.request.url:
            await route.continue_()
        elif self.away:
            if route.request.method == "HEAD":
                self.asked.set()
            await route.abort()
        elif self.times > 0 and self.lost.search(route.request.url):
            self.times -= 1
            self.away = not self.asked.is_set()
            await route.abort()
        else:
            await route.continue_()

    async def back(self) -> None:
        """Come back once a page has asked."""
        async with asyncio.timeout(SOON_MS / 1000):
            await self.asked.wait()
        self.away = False


@pytest.mark.browser
async def test_a_page_of_which_a_script_did_not_come_is_loaded_anew(tmp_path: Path) -> None:  # R1081
    async with site_with_people(tmp_path, "wall") as site, chromium() as browser:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await sign_in(page, site.http_url, "wall", PASSWORD, "/wall")
        await has_all(page)
        needed = NEEDED.findall((PAGES / "wall.html").read_text())
        line = Line(re.escape(needed[-1]), times=2)
        await page.route("**", line.carry)
        await page.goto(site.http_url + "/wall")
        words = page.get_by_text(WORDS)
        await expect(words).to_be_visible(timeout=SOON_MS)
        async with asyncio.timeout(SOON_MS / 1000):
            await line.asked.wait()
        await expect(words).to_be_visible()  # and the page did not give way to one of the browser's own
        await line.back()
        await has_all(page)
        assert line.times == 0
        await expect(words).to_have_count(0)
        await page.wait_for_function("() => sessionStorage.getItem('triune.starting') === null", timeout=AGAIN_MS)


@pytest.mark.browser
async def test_a_page_without_its_colours_is_loaded_anew(tmp_path: Path) -> None:  # R1081
    async with site_with_people(tmp_path) as site, chromium() as browser:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        line = Line(r"/assets/[^/]+\.css", times=2)
        await page.route("**", line.carry)
        await page.goto(site.http_url + "/login")
        assert not await page.evaluate(STYLED)
        await line.back()
        await page.wait_for_function(STYLED, timeout=AGAIN_MS)
        await expect(page.locator("input[type=password]")).to_be_visible()


def test_every_page_can_be_loaded_anew() -> None:  # R1082
    pages = sorted(PAGES.glob("*.html"))
    assert len(pages) > 8
    for page in pages:
        text = page.read_text()
        assert WORDS in text, page.name
        assert SCRIPT.search(text), page.name
