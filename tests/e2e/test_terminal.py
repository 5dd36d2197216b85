"""The officer's terminal without a network: it opens with what it kept, and says how old that is. Rules R871, R872."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from command import requests as q
from command.actors import HUB
from consoles.http.app import make_app
from consoles.parts.serving import serving
from tests.command.support import HOUR_MS, county
from tests.consoles.support import PASSWORD, site_with_people
from tests.e2e.chromium import chromium, sign_in
from tests.ports import free_ports

SOON_MS = 15_000
"""A page opens, or a connection is found to be gone."""
TRIES_MS = 6000
"""Long enough for several tries to connect, 0.1 to 2 s apart."""
CLEARED = """() => {
    window.cleared = 0;
    const look = () => window.cleared += document.documentElement.dataset.picture !== "old";
    new MutationObserver(look).observe(document.documentElement, {attributeFilter: ["data-picture"]});
}"""
"""Counts how often the hatch went, for however short a time."""
AGED = """by_ms => {
    const kept = JSON.parse(localStorage.getItem("triune.mobile"));
    for (const name of ["at_ms", "own_ms"]) kept[name] -= by_ms;
    localStorage.setItem("triune.mobile", JSON.stringify(kept));
}"""


OTHERS = """{
    actor: {id: "somebody", name: "", roles: ["officer"], unit: "u9"}, at_ms: Date.now(), own_ms: Date.now(),
    orders: [{id: "o9", situation: "s9", unit: "u9", text: "别人的任务", state: "fed_back", issued_ms: 1}],
    situations: [], unit: null,
}"""
"""What somebody else left on the terminal, whose session ended without a word."""


async def is_old(page: Page, words: str) -> None:
    """The order is there, the whole page is hatched, and its age is told."""
    await expect(page.get_by_text("到南门").first).to_be_visible(timeout=SOON_MS)
    await expect(page.locator("html")).to_have_attribute("data-picture", "old", timeout=SOON_MS)
    await expect(page.locator("t-age .bad")).to_contain_text(words, timeout=SOON_MS)


@pytest.mark.browser
async def test_a_terminal_opened_without_a_network_says_how_old_its_orders_are(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    async with site_with_people(tmp_path, "officer") as site, chromium() as browser, AsyncExitStack() as way:
        for request in county():
            await site.hub.ask(request, HUB)
        await site.hub.ask(q.StartShift(unit="u1", until_ms=site.clock.now_ms() + HOUR_MS), HUB)
        opened = q.OpenSituation(title="斗殴", service="110", kind="public_security", level=4)
        situation = (await site.hub.ask(opened, HUB)).subject
        await site.hub.ask(q.IssueOrder(situation=situation, unit="u1", text="到南门"), HUB)
        await way.enter_async_context(serving(make_app(site.context, (), [url]), "127.0.0.1", port))
        page = await (await browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")).new_page()
        await sign_in(page, url, "officer", PASSWORD, "/mobile")
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await page.reload()  # so that all of it came through the worker, and is there without a network
        await expect(page.get_by_text("到南门").first).to_be_visible(timeout=SOON_MS)
        await expect(page.locator("html")).to_have_attribute("data-picture", "live", timeout=SOON_MS)
        await way.aclose()
        await is_old(page, "连接中断")

        await page.evaluate(AGED, 2 * HOUR_MS)
        await page.reload()
        await is_old(page, "连接中断 2 小时")
        await page.evaluate(CLEARED)
        await site.clock.sleep(TRIES_MS)
        assert await page.evaluate("window.cleared") == 0

        await page.evaluate(AGED, -48 * HOUR_MS)  # the terminal's clock was ahead by days, or is behind
        await page.reload()
        await is_old(page, "连接中断 时长不明")


def cut_off(console: WebSocketRoute) -> None:
    """Carry the greeting, and cut the answer to the subscription off, each time."""
    hub = console.connect_to_server()

    def carry(message: str | bytes) -> None:
        if '"snapshot"' in str(message):
            closing.append(asyncio.ensure_future(console.close()))
        else:
            console.send(message)

    closing: list[asyncio.Future[None]] = []
    hub.on_message(carry)


@pytest.mark.browser
async def test_a_page_whose_first_answer_never_comes_whole_stays_hatched(tmp_path: Path) -> None:  # R872
    async with site_with_people(tmp_path, "officer") as site, chromium() as browser:
        page = await (await browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")).new_page()
        await page.add_init_script(f"localStorage.setItem('triune.mobile', JSON.stringify({OTHERS}))")
        await page.route_web_socket("**/api/v1/live*", cut_off)
        await sign_in(page, site.http_url, "officer", PASSWORD, "/mobile")
        await expect(page.locator("html")).to_have_attribute("data-picture", "old", timeout=SOON_MS)
        await page.evaluate(CLEARED)
        await site.clock.sleep(TRIES_MS)
        assert await page.evaluate("window.cleared") == 0
        await expect(page.get_by_role("heading", name="没有指令")).to_be_visible()
        await expect(page.get_by_text("别人的任务")).to_have_count(0)
