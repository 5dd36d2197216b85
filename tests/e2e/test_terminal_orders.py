"""The officer's terminal at work: one press, one step; each form its own order's; help called first. R957 to R963."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from command import requests as q
from command.actors import HUB, Actor
from consoles.site import Site
from tests.command.support import HOUR_MS, county
from tests.consoles.support import PASSWORD, recorded, site_with_people
from tests.e2e.chromium import chromium, sign_in, tap_twice

SOON_MS = 15_000
"""A page opens, or hears of what changed."""
MADE = "step => step.addEventListener('go', () => window.tap ??= new MouseEvent('click'))"
"""Another press is made with the first one, to be heard later."""
CALLED = "sos => sos.addEventListener('sos', () => window.called = true)"
FILL = """([actor, order]) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("triune-outbox", 1);
    opening.onsuccess = () => {
        const writing = opening.result.transaction("entries", "readwrite");
        const each = {file: null, path: null, urgent: false, made_ms: 1, tries: 0, refused: null};
        const request = {request: "step_order", order, step: "signed"};
        for (let i = 0; i <= 200; i += 1) {
            const whose = i < 200 ? actor : "somebody";
            writing.objectStore("entries").add({...each, key: crypto.randomUUID(), actor: whose, request});
        }
        writing.oncomplete = () => { opening.result.close(); resolve(); };
        writing.onabort = reject;
    };
})"""
"""Fill the outbox of a person as the release before did, and add one of somebody else's."""
STOOD = """step => {
    window.stood = [];
    const look = () => window.stood.push(step.shadowRoot.querySelector("button[disabled]")?.textContent ?? "");
    new MutationObserver(look).observe(step.shadowRoot, {subtree: true, childList: true, characterData: true});
}"""
"""Notes what stands on the big button while it takes no press, for however short a time."""


@asynccontextmanager
async def terminal(tmp_path: Path) -> AsyncIterator[tuple[Site, Page]]:
    """An officer's terminal, signed in and on duty."""
    async with site_with_people(tmp_path, "officer") as site, chromium() as browser:
        for request in county():
            await site.hub.ask(request, HUB)
        await site.hub.ask(q.StartShift(unit="u1", until_ms=site.clock.now_ms() + HOUR_MS), HUB)
        page = await (await browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")).new_page()
        await sign_in(page, site.http_url, "officer", PASSWORD, "/mobile")
        await expect(page.locator("html")).to_have_attribute("data-picture", "live", timeout=SOON_MS)
        yield site, page


def clock(at_ms: int) -> str:
    """Return the time of day in the county, as screens show it."""
    return datetime.fromtimestamp(at_ms / 1000, timezone(timedelta(hours=8))).strftime("%H:%M:%S")


async def order(site: Site, title: str) -> str:
    """Send the unit to a new situation."""
    opened = q.OpenSituation(title=title, service="110", kind="public_security", level=4)
    situation = (await site.hub.ask(opened, HUB)).subject
    return (await site.hub.ask(q.IssueOrder(situation=situation, unit="u1", text=""), HUB)).subject


async def state_of(site: Site, order: str) -> str:
    """Return how far an order is at the hub."""
    return await site.hub.read(lambda t: t.orders.need(order).state)


def big(page: Page, name: str) -> Locator:
    """Return the big button, once it takes a press as this."""
    return page.locator("mobile-step button:not([disabled])", has_text=name)


async def hold_sos(page: Page) -> None:
    """Call for help: hold the button until it has been held for long enough, which a busy page finds later."""
    await page.locator("t-sos").evaluate(CALLED)
    await page.locator("t-sos button").hover()
    await page.mouse.down()
    await page.wait_for_function("() => window.called")
    await page.mouse.up()


@pytest.mark.browser
async def test_two_taps_are_one_step(tmp_path: Path) -> None:  # R957
    async with terminal(tmp_path) as (site, page):
        first = await order(site, "斗殴")
        await expect(big(page, "签收")).to_be_visible(timeout=SOON_MS)
        await page.locator("mobile-step").evaluate(STOOD)
        await tap_twice(big(page, "签收"))
        await page.wait_for_function("() => window.stood.some((each) => each.includes('已签收'))", timeout=SOON_MS)
        await expect(big(page, "出警")).to_be_visible(timeout=SOON_MS)
        assert await state_of(site, first) == "signed"
        await tap_twice(big(page, "出警"))
        await expect(big(page, "到场")).to_be_visible(timeout=SOON_MS)
        assert await state_of(site, first) == "departed"


@pytest.mark.browser
async def test_a_second_tap_of_which_the_page_hears_late_is_no_step(tmp_path: Path) -> None:  # R1038
    async with terminal(tmp_path) as (site, page):
        first = await order(site, "斗殴")
        await page.locator("mobile-step").evaluate(MADE)
        await big(page, "签收").click(timeout=SOON_MS)
        await expect(big(page, "出警")).to_be_visible(timeout=SOON_MS)
        await big(page, "出警").evaluate("button => button.dispatchEvent(window.tap)")
        await expect(big(page, "出警")).to_be_visible()
        await big(page, "出警").click()
        await expect(big(page, "到场")).to_be_visible(timeout=SOON_MS)
        assert await state_of(site, first) == "departed"


@pytest.mark.browser
async def test_what_was_begun_for_an_order_stays_its_own_and_a_recall_is_told_until_it_is_known(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (site, page):  # R958, R959
        first = await order(site, "南门口打架")
        await site.hub.ask(q.StepOrder(order=first, step="arrived"), HUB)
        await big(page, "反馈").click(timeout=SOON_MS)
        await page.get_by_label("情况说明").fill("已劝离")
        await page.get_by_role("button", name="已处置").click()
        await expect(big(page, "提交反馈")).to_be_visible(timeout=SOON_MS)

        await page.get_by_role("button", name="取证").click()
        async with page.expect_file_chooser() as camera:
            await page.get_by_text("拍照").click()
        await site.hub.ask(q.RecallOrder(order=first, why="误报"), HUB)
        second = await order(site, "商铺起火")
        await expect(page.get_by_text("为「商铺起火」取证")).to_be_visible(timeout=SOON_MS)
        await (await camera.value).set_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0\xff\xd9"}
        )
        await expect(page.get_by_text("已固定")).to_be_visible(timeout=SOON_MS)
        evidence = await site.hub.read(lambda t: [row.order for row in t.evidence])
        assert evidence == [first]
        await page.get_by_role("button", name="指令").click()
        told = page.locator(".recalled")
        await expect(told).to_contain_text("撤回：南门口打架", timeout=SOON_MS)
        await expect(told).to_contain_text("误报")
        await expect(page.get_by_label("情况说明")).to_have_count(0)
        await big(page, "签收").click(timeout=SOON_MS)
        await expect(big(page, "出警")).to_be_visible(timeout=SOON_MS)
        assert (await state_of(site, first), await state_of(site, second)) == ("recalled", "signed")

        await page.reload()
        await expect(told).to_contain_text("撤回：南门口打架", timeout=SOON_MS)
        await told.get_by_role("button", name="知道了").click()
        await expect(told).to_have_count(0)
        await page.reload()
        await expect(big(page, "出警")).to_be_visible(timeout=SOON_MS)
        await expect(told).to_have_count(0)

        await page.get_by_role("button", name="查询").click()
        await page.get_by_label("完整号牌").fill("湘F12345")
        await page.get_by_label("查询事由").fill("逃逸")
        await page.get_by_role("button", name="查询过车").click()
        await expect(page.get_by_text("本小时还可查 19 次")).to_be_visible(timeout=SOON_MS)
        await page.get_by_role("button", name="地图").click()
        await page.get_by_role("button", name="查询").click()  # R963
        await expect(page.get_by_text("本小时还可查 19 次")).to_contain_text("湘F12345")
        await expect(page.get_by_label("查询事由")).to_have_value("逃逸")


@pytest.mark.browser
async def test_an_old_order_and_a_new_one_of_the_same_situation_are_told_apart(tmp_path: Path) -> None:  # R1080
    async with terminal(tmp_path) as (site, page):
        first = await order(site, "老街起火")
        await expect(big(page, "签收")).to_be_visible(timeout=SOON_MS)
        await page.context.set_offline(True)
        await big(page, "签收").click(timeout=SOON_MS)
        await big(page, "出警").click(timeout=SOON_MS)
        await expect(page.get_by_text("2 件待发")).to_be_visible(timeout=SOON_MS)
        await site.hub.ask(q.RecallOrder(order=first, why="误报"), HUB)
        old = await site.hub.read(lambda t: t.orders.need(first))
        again = await site.hub.ask(q.IssueOrder(situation=old.situation, unit="u1", text=""), HUB)
        new = await site.hub.read(lambda t: t.orders.need(again.subject))
        await page.context.set_offline(False)

        told = page.locator(".recalled")
        await expect(told).to_contain_text("此前的指令已撤回：老街起火", timeout=2 * SOON_MS)
        await expect(told).to_contain_text(f"{clock(old.issued_ms)} 下达")
        await expect(told).to_contain_text(f"{clock(old.ended_ms or 0)} 撤回")
        await expect(told).to_contain_text("已另下达新指令")
        await expect(told).to_contain_text(f"{clock(new.issued_ms)}），以新指令为准")
        refused = page.locator(".bar", has_text="未被受理")
        await expect(refused).to_have_count(2, timeout=SOON_MS)
        for row, step in enumerate(("签收", "出警")):
            await expect(refused.nth(row)).to_contain_text(f"{step}：老街起火")
            await expect(refused.nth(row)).to_contain_text(f"{clock(old.issued_ms)} 下达）")
        earlier = page.locator("main .row", has_text="已撤回")
        await expect(earlier).to_contain_text(clock(old.ended_ms or 0)[:5])
        await expect(big(page, "签收")).to_be_visible(timeout=SOON_MS)


@pytest.mark.browser
async def test_what_is_in_custody_is_shown_once_its_row_is_there(tmp_path: Path) -> None:  # R1039
    async with terminal(tmp_path) as (site, page):
        first = await order(site, "斗殴")
        await site.hub.ask(q.RecallOrder(order=first, why="误报"), HUB)
        await order(site, "商铺起火")
        await page.get_by_role("button", name="取证").click()
        await expect(page.get_by_text("为「商铺起火」取证")).to_be_visible(timeout=SOON_MS)
        await expect(page.get_by_text("尚无证据")).to_be_visible()
        situation = await site.hub.read(lambda t: t.orders.need(first).situation)
        picture = b"\xff\xd8\xff\xe0\xff\xd9"
        taken = q.FixEvidence(
            situation=situation, order=first, sha256=await site.context.blobs.add(picture), media_type="image/jpeg",
            size=len(picture), name="a.jpg", taken_ms=site.clock.now_ms(),
        )  # fmt: skip
        await site.hub.ask(taken, Actor(id="officer", name="officer", roles=frozenset({"officer"}), unit="u1"))
        await expect(page.get_by_text("已固定")).to_be_visible(timeout=SOON_MS)


@pytest.mark.browser
async def test_a_call_for_help_goes_first_from_a_full_outbox_after_a_reload(tmp_path: Path) -> None:  # R960, R961
    async with terminal(tmp_path) as (site, page):
        first = await order(site, "斗殴")
        await expect(big(page, "签收")).to_be_visible(timeout=SOON_MS)
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await page.reload()  # so that all of it came through the worker, and is there without a network
        await expect(page.locator("html")).to_have_attribute("data-picture", "live", timeout=SOON_MS)
        await page.context.set_offline(True)
        actor = await page.evaluate("JSON.parse(localStorage.getItem('triune.mobile')).actor.id")
        await page.evaluate(FILL, [actor, first])
        await page.reload()
        await expect(page.get_by_text("200 件待发")).to_be_visible(timeout=SOON_MS)

        await big(page, "出警").click(timeout=SOON_MS)
        full = page.get_by_text("待发已满，这一条没有存下")
        await expect(full).to_be_visible(timeout=SOON_MS)
        await hold_sos(page)
        trying = page.get_by_text("正在发出，未连上则不断重试")
        await expect(trying).to_be_visible(timeout=SOON_MS)
        await expect(page.get_by_text("201 件待发")).to_be_visible(timeout=SOON_MS)
        await expect(full).to_be_visible()
        await page.reload()
        await expect(trying).to_be_visible(timeout=SOON_MS)

        seq = site.hub.committed_seq
        await page.context.set_offline(False)
        await expect(page.get_by_text("指挥中心已收到")).to_be_visible(timeout=SOON_MS)
        await expect(page.get_by_text("件待发")).to_have_count(0, timeout=SOON_MS)
        await expect(page.get_by_text("正在发送")).to_have_count(0, timeout=2 * SOON_MS)
        facts = b"".join(await recorded(site, seq))
        assert 0 < facts.index(b'"sos_raised"') < facts.index(b'"order_signed"')
        assert facts.count(b'"sos_raised"') == 1


@pytest.mark.browser
async def test_a_call_for_help_is_never_told_as_that_of_whoever_signed_in_on_another_page(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (site, page):  # R962
        await site.context.accounts.create("other", "other", frozenset({"officer"}), "u1", PASSWORD)
        other = await page.context.new_page()
        await other.goto(site.http_url + "/login")
        await other.locator("input").nth(0).fill("other")
        await other.locator("input[type=password]").fill(PASSWORD)
        await other.keyboard.press("Enter")
        await other.wait_for_url(lambda url: "/login" not in url)
        seq = site.hub.committed_seq
        await page.bring_to_front()
        await hold_sos(page)
        await expect(page.get_by_text("未发出：登录已过期")).to_be_visible(timeout=SOON_MS)
        assert b"sos_raised" not in b"".join(await recorded(site, seq))
        await other.close()

        await page.get_by_role("button", name="重新登录").click()
        await page.wait_for_url("**/login*")
        await page.context.clear_cookies()
        await sign_in(page, site.http_url, "officer", PASSWORD, "/mobile")
        await expect(page.get_by_text("指挥中心已收到")).to_be_visible(timeout=SOON_MS)
        called = [fact for fact in await recorded(site, seq) if b"sos_raised" in fact]
        assert len(called) == 1


HELD = """([sos, held_ms]) => {
    const button = sos.shadowRoot.querySelector("button");
    const key = (kind, at_ms) => {
        const event = new KeyboardEvent(kind, {key: " "});
        Object.defineProperty(event, "timeStamp", {value: at_ms});
        button.dispatchEvent(event);
    };
    const pressed_ms = Math.floor(performance.now());
    key("keydown", pressed_ms);
    while (performance.now() < pressed_ms + 1700);
    key("keyup", pressed_ms + held_ms);
}"""
"""The page stands still for longer than a call takes, and then hears first when the button was let go."""


@pytest.mark.browser
async def test_a_call_for_help_that_was_held_for_long_enough_goes_though_the_page_stood_still(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (site, page):  # R1037
        seq = site.hub.committed_seq
        button = await page.locator("t-sos").element_handle()
        await page.locator("t-sos").evaluate(CALLED)
        await page.evaluate(HELD, [button, 1499])
        assert not await page.evaluate("window.called"), "held for less is no call"
        await page.evaluate(HELD, [button, 1500])
        assert await page.evaluate("window.called")
        await expect(page.get_by_text("指挥中心已收到")).to_be_visible(timeout=SOON_MS)
        assert sum(b"sos_raised" in fact for fact in await recorded(site, seq)) == 1
