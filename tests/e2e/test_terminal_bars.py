"""However much stands above the officer's work, SOS and the next step stay under the thumb. Rule R1110."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from tests.e2e.test_terminal_orders import SOON_MS, big, order, terminal

RECALLS = 6
WHOLE = "bar => bar.getBoundingClientRect().bottom <= bar.closest('.bars').getBoundingClientRect().bottom"


@pytest.mark.browser
async def test_a_night_of_recalls_leaves_sos_the_next_step_and_the_order_on_a_small_phone(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (site, page):  # R1110
        await page.set_viewport_size({"width": 360, "height": 640})
        titles = [f"纠纷之{number}" for number in range(RECALLS)]
        for title in titles:
            given = await order(site, title)
            await expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=SOON_MS)
            why = "情况有变,改由交警大队处置,你组返回原巡区待命"
            await site.hub.ask(q.RecallOrder(order=given, why=why), HUB)
            await expect(page.get_by_text(f"撤回：{title}")).to_have_count(1, timeout=SOON_MS)
        await order(site, "现在的警情")
        told = page.locator(".bar.recalled")
        await expect(told).to_have_count(RECALLS)

        await expect(page.locator("t-sos")).to_be_in_viewport(ratio=1, timeout=SOON_MS)
        await expect(big(page, "签收")).to_be_in_viewport(ratio=1, timeout=SOON_MS)
        await expect(page.get_by_role("heading", name="现在的警情")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "nothing scrolls them away"

        assert titles[-1] in await told.first.inner_text(), "the newest is read without scrolling"
        assert await told.first.evaluate(WHOLE)
        await page.get_by_text(f"撤回：{titles[0]}").scroll_into_view_if_needed()
        await told.last.get_by_role("button", name="知道了").click()
        await expect(told).to_have_count(RECALLS - 1)
