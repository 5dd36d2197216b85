"""Chromium, the viewer that matters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from edge.simulators.clips import Clip
from tests.streams.browser import PAGE, chromium, look_until, watch_within
from tests.streams.peers import until
from tests.streams.relay.site import serve


@pytest.fixture
async def pages() -> AsyncIterator[tuple[Page, Page]]:
    async with chromium() as browser:
        yield await browser.new_page(), await browser.new_page()


@pytest.mark.browser
async def test_two_browser_pages_show_the_moving_picture_of_one_pull(clip: Clip, pages: tuple[Page, Page]) -> None:
    async with serve(clip, PAGE) as site:
        for page in pages:
            await page.goto(site.url)
            # Half a second is the budget on an idle machine; this one may be busy with other tests.
            await watch_within(page, "a", 3000)
        assert site.simulators.players("cam") == 1
        await until(lambda: site.relay.viewers == 2)

        seen = [await page.evaluate("look()") for page in pages]
        for what in seen:
            assert what["codec"] == "video/H264"
            assert what["width"] == 320
            assert what["lost"] == 0

        # The camera goes away and comes back; the same session shows it again.
        site.simulators.set_up("cam", False)
        await until(lambda: site.simulators.players("cam") == 0)
        frames = (await pages[0].evaluate("look()"))["frames"]
        site.simulators.set_up("cam", True)
        await look_until(pages[0], lambda x: x["frames"] > frames + 15)

        await pages[1].evaluate("connection.close()")
        await until(lambda: site.relay.viewers == 1)
