"""What maps show while they stay open. Rule R1092 of docs/SPEC.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from command import requests as q
from command.actors import HUB
from tests.consoles.support import PASSWORD, site_with_people
from tests.e2e.chromium import chromium, has_all, sign_in

SLOW = 20_000
RING = [(113.1, 29.1), (113.2, 29.1), (113.2, 29.2)]
_DRAWS = """count => {
    const within = root => root.querySelector("t-map")
        ?? [...root.querySelectorAll("*")].map(each => each.shadowRoot && within(each.shadowRoot)).find(Boolean);
    return within(document)?.fenceSource.getFeatures().length === count;
}"""


async def draws(page: Page, fences: int) -> None:
    await page.wait_for_function(_DRAWS, arg=fences, timeout=SLOW)


@pytest.mark.browser
async def test_a_fence_that_is_drawn_or_removed_is_so_on_every_map_that_is_open(tmp_path: Path) -> None:  # R1092
    async with site_with_people(tmp_path, "dispatcher", "wall") as site, chromium() as browser:
        await site.hub.ask(q.DrawFence(fence="f1", name="东城", kind="area", ring=RING, dwell_s=10), HUB)
        pages = {}
        for role, path in (("dispatcher", "/desk"), ("wall", "/wall")):
            pages[role] = page = await (await browser.new_context(locale="zh-CN")).new_page()
            await sign_in(page, site.http_url, role, PASSWORD, path)
            await has_all(page)
            await draws(page, 1)
        await site.hub.ask(q.DrawFence(fence="f2", name="油库", kind="forbidden", ring=RING, dwell_s=10), HUB)
        for page in pages.values():
            await draws(page, 2)
        await site.hub.ask(q.RemoveFence(fence="f1"), HUB)
        for page in pages.values():
            await draws(page, 1)
