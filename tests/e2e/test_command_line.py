"""The desk's command line: Enter does what stands there, once, to the one that was picked, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from command import requests as q
from command.actors import HUB
from consoles.site import Site
from tests.command.support import ACTORS, county
from tests.consoles.support import PASSWORD, site_with_people
from tests.e2e.chromium import chromium, has_all, sign_in

SLOW = 20_000
UNTIL_MS = 4_000_000_000_000
PLACE = q.GivenPlace(lat=30.5, lon=114.3, text="友谊路")
TITLE = "商铺起火(二楼)"


async def situation(site: Site, title: str = TITLE, place: str = "友谊路") -> str:
    opened = q.OpenSituation(
        title=title, service="119", kind="accident", level=4, place=q.GivenPlace(lat=30.5, lon=114.3, text=place)
    )
    return (await site.hub.ask(opened, ACTORS["dispatcher"])).subject


@asynccontextmanager
async def desk(tmp_path: Path, *titles: str) -> AsyncIterator[tuple[Site, Page, Sequence[str]]]:
    """A dispatcher's desk with units on duty and situations of these titles, the last of them chosen."""
    async with site_with_people(tmp_path, "dispatcher") as site, chromium() as browser:
        for request in county():
            await site.hub.ask(request, HUB)
        for unit in ("u1", "u2"):
            await site.hub.ask(q.StartShift(unit=unit, until_ms=UNTIL_MS), HUB)
        made = [await situation(site, title) for title in titles]
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await page.add_init_script(PRESS)
        await sign_in(page, site.http_url, "dispatcher", PASSWORD, "/desk")
        if titles:
            await page.locator("desk-queue .pick").filter(has_text=titles[-1]).click(timeout=SLOW)
            await expect(page.locator("desk-situation h2")).to_contain_text(titles[-1])
            await page.locator("desk-situation .head").click()
        else:
            await expect(page.locator("desk-queue")).to_contain_text("警情", timeout=SLOW)
        await has_all(page)
        yield site, page, made


async def draft(page: Page, line: str, will: str) -> None:
    """Type a command, and wait until the line says what Enter will do."""
    await page.keyboard.press("/")
    await page.keyboard.type(line)
    await expect(page.locator("t-command .will[role=status]")).to_contain_text(will)


PRESS = """
window.press = (to, repeat) => {
    const options = {key: "Enter", repeat, bubbles: true, composed: true, cancelable: true};
    to.dispatchEvent(new KeyboardEvent("keydown", options));
};
window.focused = (root) => {
    const within = root.activeElement?.shadowRoot;
    return within?.activeElement ? window.focused(within) : root.activeElement;
};
"""
"""Keys as fast as only a keyboard sends them: Playwright waits for the page between two presses."""


async def done(page: Page) -> None:
    await expect(page.locator("t-command input")).to_have_value("", timeout=SLOW)


async def ring(site: Site, caller: str) -> str:
    return (await site.hub.ask(q.ReportCall(dialled="110", caller=caller), HUB)).subject


async def notes(site: Site, of: str) -> list[object]:
    marks = await site.hub.read(lambda t: [row for row in t.marks if row.situation == of])
    return [row.args.get("text") for row in marks if row.kind == "situation_noted"]


@pytest.mark.browser
async def test_enter_shelves_the_alarm_that_stands_in_the_line(tmp_path: Path) -> None:  # R928, R1145
    async with desk(tmp_path) as (site, page, _):
        alarm = q.ReportDeviceAlarm(subject="k1", level=4, detail="遮挡")
        await site.hub.ask(alarm, HUB)
        await expect(page.locator("t-alarm")).to_have_count(1, timeout=SLOW)
        await draft(page, "S 路口1 15 已报修", "路口1")
        await site.hub.ask(q.ReportDeviceAlarm(subject="k2", level=1, detail="断线"), HUB)
        await expect(page.locator("t-alarm")).to_have_count(2, timeout=SLOW)
        await page.keyboard.press("Enter")
        await done(page)
        alarms = await site.hub.read(lambda t: {row.subject: row for row in t.alarms})
        assert (alarms["k1"].state, alarms["k1"].shelved_why) == ("shelved", "已报修")
        assert alarms["k2"].state == "raised", "it came after the line had said which"

        for camera in ("k3", "k4"):
            await site.hub.ask(q.EnrolCamera(camera=camera, name=f"卡口{camera}", lat=29.1, lon=113.1), HUB)
        await site.hub.ask(q.ReportDeviceAlarm(subject="k3", level=4, detail="偏转"), HUB)
        cards = page.locator("t-alarm")
        card = cards.filter(has_text="卡口k3")
        for _ in range(2):
            await page.keyboard.press("Escape")
            await card.get_by_role("button", name="搁置").press("Enter", timeout=SLOW)
            await expect(card.get_by_label("为什么搁置")).to_be_focused()
        await page.keyboard.type("t1")
        await site.hub.ask(q.ReportDeviceAlarm(subject="k4", level=1, detail="断线"), HUB)
        await expect(cards).to_have_count(3, timeout=SLOW)
        await expect(cards.last).to_contain_text("卡口k4")
        await page.keyboard.type("v")
        await page.keyboard.press("Enter")
        await expect(card).to_have_count(0, timeout=SLOW)
        alarms = await site.hub.read(lambda t: {row.subject: row for row in t.alarms})
        assert (alarms["k3"].state, alarms["k3"].shelved_why) == ("shelved", "t1v")
        assert {alarms["k2"].state, alarms["k4"].state} == {"raised"}, "letters of the reason are no keys"


@pytest.mark.browser
async def test_enter_answers_the_caller_that_stands_in_the_line_or_says_why_not(tmp_path: Path) -> None:  # R928
    async with desk(tmp_path) as (site, page, _):
        first = await ring(site, "13900000001")
        await expect(page.locator("desk-queue .call")).to_have_count(1, timeout=SLOW)
        await draft(page, "A", "13900000001")
        await site.hub.ask(q.AnswerCall(call=first), ACTORS["call_taker"])
        second = await ring(site, "13900000002")
        await expect(page.locator("desk-queue .call")).to_contain_text("13900000002", timeout=SLOW)
        await page.keyboard.press("Enter")
        await expect(page.locator("t-command [role=alert]")).to_be_visible()
        assert (await site.hub.read(lambda t: t.calls.need(second))).state == "ringing"
        # What did not go is read anew, and said: the next Enter is for that.
        await expect(page.locator("t-command .will[role=status]")).to_contain_text("13900000002")
        await page.keyboard.press("Enter")
        await done(page)
        assert (await site.hub.read(lambda t: t.calls.need(second))).answered_by == "dispatcher"


@pytest.mark.browser
async def test_the_situation_that_was_picked_of_two_of_one_title_is_merged_into(tmp_path: Path) -> None:  # R929
    async with desk(tmp_path, TITLE, TITLE, "建设路冒烟") as (site, page, made):
        await page.keyboard.press("/")
        await page.keyboard.type("Z 商铺")
        await expect(page.locator("t-command li")).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        second = await page.locator("t-command li[aria-selected=true]").inner_text()
        await page.keyboard.press("Enter")
        opened = re.search(r"\d\d:\d\d:\d\d|s\d+", second)
        assert opened, f"nothing tells it from its namesake: {second}"
        await page.keyboard.press("Enter")
        asked = page.locator("t-command t-confirm")
        for words in ("建设路冒烟", TITLE, "友谊路", opened[0]):
            await expect(asked).to_contain_text(words)
        # The newest change stands first of those of one level.
        rows = await site.hub.read(lambda t: [t.situations.need(one) for one in made])
        listed = sorted(rows[:2], key=lambda row: (-row.changed_ms, row.id))
        await asked.locator("button.primary").click()
        await expect(page.locator("desk-situation h2")).to_contain_text(TITLE, timeout=SLOW)
        assert (await site.hub.read(lambda t: t.situations.need(made[2]))).merged_into == listed[1].id


@pytest.mark.browser
async def test_a_title_that_several_bear_picks_none_of_them(tmp_path: Path) -> None:  # R929
    async with desk(tmp_path, TITLE, TITLE, "建设路冒烟") as (site, page, made):
        await page.keyboard.press("/")
        await page.keyboard.type(f"Z {TITLE}")
        await expect(page.locator("t-command .wrong")).to_contain_text("同名")
        await page.keyboard.press("Enter")
        await expect(page.locator("t-command t-confirm")).to_have_count(0)
        assert (await site.hub.read(lambda t: t.situations.need(made[2]))).merged_into == ""


@pytest.mark.browser
async def test_a_command_that_is_entered_twice_goes_once(tmp_path: Path) -> None:  # R930
    async with desk(tmp_path, TITLE) as (site, page, made):
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.post_data or "") if _is_request(each) else None)
        await draft(page, "M 巡u1 返回驻地", "返回驻地")
        await page.evaluate("press(focused(document), false); press(focused(document), false)")
        await done(page)
        await draft(page, "N 二楼有人", "二楼有人")
        await page.evaluate("press(focused(document), false); press(focused(document), false)")
        await done(page)
        sent = await site.hub.read(lambda t: [row for row in t.messages if "返回驻地" in row.text])
        assert len(sent) == 1
        assert await notes(site, made[0]) == ["二楼有人"]
        assert len(asked) == 2


def _is_request(request: Request) -> bool:
    return request.method == "POST" and "/api/v1/requests" in request.url


@pytest.mark.browser
async def test_a_second_enter_answers_no_call(tmp_path: Path) -> None:  # R931
    async with desk(tmp_path, TITLE) as (site, page, made):
        calls = [await ring(site, f"1390000000{n}") for n in (1, 2)]
        await expect(page.locator("desk-queue .call")).to_have_count(2, timeout=SLOW)
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.post_data or "") if _is_request(each) else None)
        await draft(page, "N 二楼有人", "二楼有人")
        # The second comes once the line has been left: it would be the page's.
        await page.evaluate("""() => {
            const again = () => { press(document.body, false); press(document.body, true); };
            focused(document).addEventListener("blur", () => queueMicrotask(again), {once: true});
            press(focused(document), false);
        }""")
        await done(page)
        assert await notes(site, made[0]) == ["二楼有人"]
        # Nor does a key that is held down.
        await page.evaluate("press(document.body, true)")
        await page.keyboard.press("Alt+ArrowDown")
        assert [text for text in asked if "answer_call" in text] == []
        states = await site.hub.read(lambda t: [t.calls.need(call).state for call in calls])
        assert states == ["ringing", "ringing"]


@pytest.mark.browser
async def test_a_second_enter_at_a_place_on_the_map_answers_no_call(tmp_path: Path) -> None:  # R931
    async with desk(tmp_path, TITLE) as (site, page, made):
        call = await ring(site, "13900000001")
        await expect(page.locator("desk-queue .call")).to_have_count(1, timeout=SLOW)
        before = await site.hub.read(lambda t: t.situations.need(made[0]).place)
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.post_data or "") if _is_request(each) else None)
        await page.locator("desk-situation").get_by_role("button", name="地图点选").first.click()
        await page.locator("t-map .picking").wait_for()
        await page.locator("t-map .map").focus()
        await page.keyboard.press("ArrowRight")
        # The second comes once the place is taken: it would be the page's.
        await page.evaluate("""() => {
            const map = focused(document);
            const picked = new MutationObserver(() => { picked.disconnect(); press(map, false); });
            picked.observe(map.parentNode, {childList: true, subtree: true});
            press(map, false);
        }""")
        await expect(page.locator("t-map .picking")).to_have_count(0)
        async with asyncio.timeout(SLOW / 1000):
            while await site.hub.read(lambda t: t.situations.need(made[0]).place) == before:
                await site.hub.read(lambda _: None)
        await page.keyboard.press("Alt+ArrowDown")
        assert [text for text in asked if "answer_call" in text] == []
        assert (await site.hub.read(lambda t: t.calls.need(call).state)) == "ringing"


@pytest.mark.browser
async def test_what_is_done_leaves_the_line_and_what_is_not_stays(tmp_path: Path) -> None:  # R930
    async with desk(tmp_path, "另一起", TITLE) as (site, page, made):
        await site.hub.ask(q.IssueOrder(situation=made[0], unit="u1"), ACTORS["dispatcher"])
        await draft(page, "N 二楼有人 · D 巡u2 巡u1", "二楼有人")
        await page.keyboard.press("Enter")
        failure = page.locator("t-command [role=alert]")
        await expect(failure).to_be_visible()
        await expect(page.locator("t-command input")).to_have_value("D 巡u1 ")
        await page.keyboard.press("Enter")
        await expect(failure).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(failure).to_be_visible()
        assert await notes(site, made[1]) == ["二楼有人"]
        orders = await site.hub.read(lambda t: [(row.unit, row.situation) for row in t.orders])
        assert sorted(orders) == [("u1", made[0]), ("u2", made[1])]
        # The refusal covers the queue no longer than somebody is at the line.
        await page.locator("footer.ticker").click()
        await expect(failure).to_have_count(0)


@pytest.mark.browser
async def test_words_go_with_an_order_and_a_reason_with_its_recall(tmp_path: Path) -> None:  # R1075, R1076, R1077
    async with desk(tmp_path, TITLE) as (site, page, made):
        call = (await site.hub.ask(q.ReportCall(dialled="119", caller="13900000001"), HUB)).subject
        await site.hub.ask(q.AnswerCall(call=call), ACTORS["call_taker"])
        await site.hub.ask(q.ClassifyCall(call=call, form={"trapped": "3", "floors": "2/3"}), ACTORS["call_taker"])
        await site.hub.ask(q.LinkCall(call=call, situation=made[0], why="同一起"), ACTORS["call_taker"])
        await expect(page.locator("desk-situation .body")).to_contain_text("2/3", timeout=SLOW)
        await draft(page, "D 巡u1 三层民房着火，携带云梯", "携带云梯。报警人说：几层 / 共几层 2/3、被困人数 3")
        await page.keyboard.press("Enter")
        await done(page)
        [order] = await site.hub.read(lambda t: list(t.orders))
        assert order.text == "三层民房着火，携带云梯。报警人说：几层 / 共几层 2/3、被困人数 3"

        await page.get_by_role("button", name="撤回", exact=True).click(timeout=SLOW)
        line = page.locator("t-command input")
        await expect(line).to_have_value("R 巡u1 ")
        await expect(line).to_be_focused()
        await page.keyboard.type("火已扑灭")
        await expect(page.locator("t-command .will[role=status]")).to_contain_text("撤回 巡u1 的指令：火已扑灭")
        await page.keyboard.press("Enter")
        await done(page)
        assert (await site.hub.read(lambda t: t.orders.need(order.id))).why == "火已扑灭"

        await page.keyboard.press("/")
        await page.keyboard.type("R 巡u9 改派")
        await expect(page.locator("t-command .wrong")).to_have_text("没有这样的单位：巡u9")


TOWNS = """{"type": "FeatureCollection", "features": [{"type": "Feature",
"properties": {"zh": "荣家湾镇", "en": "Rongjiawan"}, "geometry": {"type": "Point", "coordinates": [114.3, 30.5]}}]}"""
WRITTEN = """
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    document.documentElement.dataset.written += `|${text}`;
    write.call(this, text, ...rest);
};
"""
"""Notes on the page what is written on a canvas."""


@pytest.mark.browser
async def test_the_other_language_reaches_what_is_drawn_at_once(tmp_path: Path) -> None:  # R932
    async with desk(tmp_path, TITLE) as (_, page, _made):
        await page.add_init_script(WRITTEN)
        await page.route("**/townships.geojson*", lambda route: route.fulfill(body=TOWNS))
        await page.reload()
        await page.locator("desk-queue .pick").click(timeout=SLOW)
        line = page.locator("desk-situation t-timeline canvas")
        await expect(line).to_have_attribute("aria-label", re.compile("立警"))
        written = page.locator("html")
        await expect(written).to_have_attribute("data-written", re.compile("荣家湾镇"), timeout=SLOW)
        # No row changes, and nobody moves the map.
        await page.locator("page-tools button").first.click()
        for name in (r"\|Rongjiawan", r"\|Opened"):
            await expect(written).to_have_attribute("data-written", re.compile(name), timeout=SLOW)
        await expect(line).to_have_attribute("aria-label", re.compile("Opened"))
