"""Calls that nobody answered, those in other hands, and to whom the keys belong while another rings."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command.actors import HUB, Actor
from command.requests import AnswerCall, HangUpCall, OpenSituation, ReportCall
from consoles.site import Site
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import open_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SLOW = 20_000
LONGER = (
    "() => document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth"
)
TAKER = Actor(id="call_taker", name="call_taker", roles=frozenset({"call_taker"}))


async def rings(site: Site, number: int) -> str:
    return (await site.hub.ask(ReportCall(dialled="110", caller=f"1390000000{number}"), HUB)).subject


async def gave_up(site: Site, number: int) -> str:
    return (await site.hub.ask(HangUpCall(call=await rings(site, number)), HUB)).subject


async def taken(site: Site, number: int) -> str:
    return (await site.hub.ask(AnswerCall(call=await rings(site, number)), TAKER)).subject


async def state(site: Site, call: str) -> str:
    return await site.hub.read(lambda t: t.calls.need(call).state)


async def test_a_call_that_nobody_answered_is_on_every_screen_until_it_is_ended(
    tmp_path: Path,
) -> None:  # R26, R1068, R1069, R1070, R1138, R1139
    async with site_with_people(tmp_path, "dispatcher", "duty_leader") as site, chromium() as browser:
        for number in range(40):
            opened = OpenSituation(title=f"长丰路 {number} 号积水", service="119", kind="accident", level=4)
            await site.hub.ask(opened, HUB)
        for number in range(1, 6):
            await gave_up(site, number)
        await site.hub.ask(HangUpCall(call=await taken(site, 6)), HUB)
        await rings(site, 7)
        desk = await open_page(browser, site, "dispatcher", "/desk", (1366, 768), axe=True)
        abandoned = desk.get_by_role("region", name="呼损，待回拨")
        await expect(abandoned.locator("h2")).to_contain_text("5", timeout=SLOW)
        await expect(abandoned.locator(".line")).to_have_count(3, timeout=SLOW)
        await expect(desk.locator("desk-queue .pick")).to_have_count(40, timeout=SLOW)
        await expect(abandoned.locator(".line").first).to_be_in_viewport(ratio=1)
        assert await desk.evaluate(LONGER) is False, "what scrolls in a list made the page longer"
        await expect(desk.locator("desk-queue .call")).to_contain_text("13900000007", timeout=SLOW)
        await expect(desk.get_by_role("region", name="他人接的，未立警")).to_contain_text(
            "call_taker 接的 · 对方已挂断", timeout=SLOW
        )
        await expect(desk.locator(".ticker")).to_contain_text("呼损 110 13900000005", timeout=SLOW)
        await desk.screenshot(path=tmp_path / "desk.png")
        assert await faults(desk) == []
        leader = await open_page(browser, site, "duty_leader", "/leader#open", (390, 844))
        await expect(leader.get_by_text("个呼损待回拨")).to_be_visible(timeout=SLOW)
        wall = await leader.context.new_page()
        await wall.goto(f"{site.http_url}/wall")
        await expect(wall.locator("header .numbers")).to_contain_text("呼损5", timeout=SLOW)

        await abandoned.get_by_role("button", name="展开").click()
        await expect(abandoned.locator(".line")).to_have_count(5, timeout=SLOW)
        await abandoned.locator(".line").filter(has_text="13900000001").click()
        await expect(desk.get_by_role("link", name="回拨 13900000001")).to_be_visible(timeout=SLOW)
        await desk.get_by_label("什么事").fill("问路")
        await desk.get_by_role("button", name="咨询").click()
        await expect(abandoned.locator(".line")).to_have_count(4, timeout=SLOW)
        await expect(wall.locator("header .numbers")).to_contain_text("呼损4", timeout=SLOW)
        assert await site.hub.read(lambda t: [c.form for c in t.calls if c.state == "ended"]) == [{"what": "问路"}]


async def test_after_a_reload_the_keys_are_the_pages_and_enter_answers(tmp_path: Path) -> None:  # R1071, R1072
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        talks = await taken(site, 1)
        await site.hub.ask(HangUpCall(call=await taken(site, 2)), HUB)
        page = await open_page(browser, site, "call_taker", "/desk", (1366, 768))
        await expect(page.locator("desk-call .caller")).to_have_text("13900000001", timeout=SLOW)
        second = await rings(site, 3)
        keys = page.locator("desk-queue .call").filter(has=page.locator("kbd")).locator("kbd")
        await expect(keys).to_have_text(["Enter"], timeout=SLOW)
        await page.keyboard.press("Enter")
        await expect(page.locator("desk-call .caller")).to_have_text("13900000003", timeout=SLOW)
        await expect(page.get_by_label("在哪里")).to_be_focused(timeout=SLOW)
        answered_ms = await page.evaluate("() => performance.now()")
        assert await state(site, second) == "answered"
        assert await site.hub.read(lambda t: t.calls.need(talks).form) == {}

        third = await rings(site, 4)  # while the form has the keys
        await expect(keys).to_have_text(["Esc", "Enter"], timeout=SLOW)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="地图点选").focus()
        await expect(keys).to_have_count(0, timeout=SLOW)
        assert await state(site, third) == "ringing"
        await page.get_by_label("在哪里").focus()
        await page.keyboard.press("Escape")
        await expect(keys).to_have_text(["Enter"], timeout=SLOW)
        await page.wait_for_function("(at_ms) => performance.now() > at_ms + 500", arg=answered_ms)  # R931
        await page.keyboard.press("Enter")
        await expect(page.locator("desk-call .caller")).to_have_text("13900000004", timeout=SLOW)
