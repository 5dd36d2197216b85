"""A call in Chromium: an address that nobody finds, two people at one form, and a caller who hangs up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from command.actors import HUB, Actor
from command.requests import AnswerCall, GivenPlace, HangUpCall, OpenSituation, ReportCall
from consoles.site import Site
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import open_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SLOW = 20_000
TAKER = Actor(id="call_taker", name="call_taker", roles=frozenset({"call_taker"}))
PLACE = GivenPlace(lat=29.131, lon=113.122, text="荣家湾镇友谊路路边", source="address")
ADDRESS = "建设路12号3栋2单元501"


async def answered(site: Site, dialled: Any) -> str:
    """A call that the call taker has answered, placed by the address of its subscriber."""
    asked = ReportCall(dialled=dialled, caller="13900000002", place=PLACE)
    call = (await site.hub.ask(asked, HUB)).subject
    return (await site.hub.ask(AnswerCall(call=call), TAKER)).subject


async def row(site: Site, call: str) -> Any:
    return await site.hub.read(lambda t: t.calls.need(call))


async def panel(browser: Browser, site: Site, who: Any, call: str) -> Page:
    """The desk of somebody, with the call on it."""
    page = await open_page(browser, site, who, "/desk", (1366, 768), axe=True)
    if who != "call_taker":  # whose own call comes up by itself
        await page.locator("desk-queue section.situations .pick").first.click()
        await page.get_by_role("button", name="接的").click()
    await expect(page.get_by_label("在哪里")).to_be_visible(timeout=SLOW)
    return page


async def test_an_address_that_is_not_found_goes_with_the_call(tmp_path: Path) -> None:  # R942
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        call = await answered(site, "122")
        page = await panel(browser, site, "call_taker", call)
        where = page.get_by_label("在哪里")
        await where.fill(ADDRESS)
        await where.press("Enter")
        await expect(page.get_by_text("未定位，仅作文字")).to_be_visible()
        await expect(page.get_by_text("地图点仍在 荣家湾镇友谊路路边")).to_be_visible()
        await page.screenshot(path=tmp_path / "words.png")
        assert await faults(page) == []
        await page.get_by_label("什么车、几辆").fill("两车相撞")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("desk-situation").get_by_text(f"{ADDRESS} 两车相撞")).to_be_visible(timeout=SLOW)
        told = await row(site, call)
        assert told.form == {"where": ADDRESS, "vehicles": "两车相撞"}
        place = await site.hub.read(lambda t: t.situations.need(told.situation).place)
        assert place is not None
        assert (place.lat, place.text) == (PLACE.lat, f"{ADDRESS}（未定位，地图点在 荣家湾镇友谊路路边）")
        assert told.place.text == PLACE.text


async def test_two_people_fill_one_form(tmp_path: Path) -> None:  # R941, R943
    async with site_with_people(tmp_path, "call_taker", "commander") as site, chromium() as browser:
        call = await answered(site, "119")
        await site.hub.ask(OpenSituation(title="夜市起火", service="119", kind="accident", level=4, call=call), TAKER)
        taker = await panel(browser, site, "call_taker", call)
        commander = await panel(browser, site, "commander", call)
        beside = await taker.context.new_page()
        await beside.goto(f"{taker.url}")
        await expect(beside.get_by_label("什么着火")).to_be_visible(timeout=SLOW)

        await commander.get_by_label("几层").fill("共")
        await taker.get_by_label("什么着火").fill("液化气站")
        await expect(beside.get_by_label("什么着火")).to_have_value("液化气站")  # not saved yet, on the same machine
        await taker.get_by_label("什么着火").fill("液化气站起火")
        await taker.keyboard.press("Tab")
        for page in (commander, beside):
            await expect(page.get_by_label("什么着火")).to_have_value("液化气站起火", timeout=SLOW)
        await expect(commander.get_by_label("几层")).to_have_value("共")
        await commander.get_by_label("几层").fill("共3层")
        await commander.keyboard.press("Tab")
        await expect(taker.get_by_label("几层")).to_have_value("共3层", timeout=SLOW)
        assert (await row(site, call)).form == {"burning": "液化气站起火", "floors": "共3层"}

        await commander.get_by_label("被困人数").fill("2")
        await beside.get_by_label("被困人数").fill("约5人")
        async with commander.expect_response("**/api/v1/requests"):
            await commander.keyboard.press("Tab")
        await expect(taker.get_by_label("被困人数")).to_have_value("约5人", timeout=SLOW)
        await beside.keyboard.press("Tab")
        for page in (taker, commander, beside):
            await expect(page.get_by_label("被困人数")).to_have_value("2；约5人", timeout=SLOW)


async def test_a_caller_who_hangs_up_is_called_back(tmp_path: Path) -> None:  # R940, R945
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        call = await answered(site, "110")
        page = await panel(browser, site, "call_taker", call)
        await expect(page.get_by_text("对方已挂断")).to_have_count(0)
        await site.hub.ask(HangUpCall(call=call), HUB)
        await expect(page.locator("desk-call").get_by_text("对方已挂断")).to_be_visible(timeout=SLOW)
        await expect(page.locator("desk-queue .call")).to_contain_text("对方已挂断")
        back = page.get_by_role("link", name="回拨 13900000002")
        await expect(back).to_have_attribute("href", "tel:13900000002")
        await page.screenshot(path=tmp_path / "gone.png")
        assert await faults(page) == []


async def test_a_text_that_is_too_long_is_said_and_not_cut(tmp_path: Path) -> None:  # R715, R944
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        call = await answered(site, "110")
        page = await panel(browser, site, "call_taker", call)
        what = page.get_by_label("什么事")
        await what.fill("案" * 4001)
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("文字太长：最多 4000 个字")).to_be_visible(timeout=SLOW)
        await what.fill("𠮷" * 4000)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("desk-situation")).to_be_visible(timeout=SLOW)
        assert (await row(site, call)).form["what"] == "𠮷" * 4000


async def test_a_note_that_is_too_long_is_said_and_not_cut(tmp_path: Path) -> None:  # R944
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        call = await answered(site, "110")
        await site.hub.ask(OpenSituation(title="打架", service="110", kind="accident", level=4, call=call), TAKER)
        page = await panel(browser, site, "call_taker", call)
        await page.get_by_role("button", name="看警情").click()
        note = page.get_by_label("记一笔")
        await note.fill("案" * 4001)
        await note.press("Enter")
        await expect(page.get_by_text("文字太长：最多 4000 个字")).to_be_visible(timeout=SLOW)
        await expect(note).to_have_value("案" * 4001)


async def test_what_was_typed_last_is_saved_before_the_call_ends(tmp_path: Path) -> None:  # R943
    async with site_with_people(tmp_path, "call_taker") as site, chromium() as browser:
        call = await answered(site, "110")
        page = await panel(browser, site, "call_taker", call)
        order = []

        async def slowly(route: Route) -> None:
            asked = (route.request.post_data_json or {})["request"]
            response = await route.fetch()
            if asked == "classify_call":
                await page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
            order.append(asked)
            await route.fulfill(response=response)

        await page.route("**/api/v1/requests", slowly)
        await page.get_by_label("什么事").fill("问路")
        async with page.expect_response(lambda answer: "end_call" in (answer.request.post_data or "")):
            await page.get_by_role("button", name="咨询").click()
        await expect(page.locator("desk-queue .call")).to_have_count(0, timeout=SLOW)
        assert order == ["classify_call", "end_call"]
        assert (await row(site, call)).form == {"what": "问路"}


async def test_at_twice_the_size_everything_is_in_reach(tmp_path: Path) -> None:  # R946
    """A screen of 1920 by 1080 at 200 %. What is beyond the edge of the page cannot be scrolled to."""
    async with site_with_people(tmp_path, "call_taker", "commander") as site, chromium() as browser:
        call = await answered(site, "122")
        await site.hub.ask(OpenSituation(title="两车相撞", service="122", kind="accident", level=4, call=call), TAKER)
        page = await panel(browser, site, "commander", call)
        await page.set_viewport_size({"width": 960, "height": 540})
        for part, least_px in ((page.get_by_label("在哪里"), 200), (page.get_by_role("button", name="退出登录"), 20)):
            box = await part.bounding_box()
            assert box is not None
            assert box["width"] >= least_px
            assert box["x"] + box["width"] <= 960
            assert box["y"] + box["height"] <= 540
        await page.screenshot(path=tmp_path / "twice.png")
