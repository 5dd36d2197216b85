"""The duty leader's phone: approvals, what is open, reports upward, with one thumb. Rules R878, R879, R883, R884."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from command import requests as q
from command.actors import HUB
from consoles.site import Site
from plans.format import load_plan
from tests.command.support import HOUR_MS, county
from tests.consoles.support import PASSWORD, Person, recorded, signed_in, site_with_people
from tests.e2e.chromium import chromium, tap_twice
from tests.e2e.test_accessibility import faults
from tests.paths import ROOT

SOON_MS = 15_000
"""A page opens, or hears of what changed."""
PLAN = ROOT / "consoles" / "demo" / "county" / "plans" / "mass-incident.yaml"
LONG_NAME = "交警城区湖滨片区联合勤务机动第十二组"
FELT = "window.felt = []; navigator.vibrate = (pattern) => { window.felt.push(pattern); return true; };"
SMALL = """() => {
    const found = [];
    const look = (root) => {
        for (const each of root.querySelectorAll("*")) {
            if (each.shadowRoot) look(each.shadowRoot);
            if (!each.matches("button, a, input:not([hidden])") || !each.checkVisibility()) continue;
            const {width, height} = each.getBoundingClientRect();
            if (Math.min(width, height) < 44) found.push(`${width}x${height} ${each.outerHTML.slice(0, 120)}`);
        }
    };
    look(document);
    if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the screen");
    return found;
}"""
"""Whatever a thumb would miss."""
HASTY = """async (card) => {
    card.shadowRoot.querySelector("#refuse").click();
    await card.updateComplete;
    const question = card.shadowRoot.querySelector("t-confirm");
    await question.updateComplete;
    question.shadowRoot.querySelector("button.primary").click();
    window.tap = new MouseEvent("click");
}"""
"""Confirm what was never read; and make one press more, to be heard later."""


async def on_a_phone(browser: Browser, site: Site) -> Page:
    """A leader's phone, signed in at the address of the site alone."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True, is_mobile=True, bypass_csp=True
    )
    await context.add_init_script(FELT)
    page = await context.new_page()
    await page.goto(site.http_url)
    await page.get_by_label("账号").fill("duty_leader")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.http_url}/leader")
    return page


async def go(page: Page, tab: str) -> None:
    """To another tab."""
    await page.get_by_role("navigation").get_by_role("button", name=tab).tap()


async def ask_for(dispatcher: Person, item: str, minutes: int, about: str | None = None) -> str:
    """Have a dispatcher ask for an approval."""
    asked = q.RequestApproval(item=item, subject="断面水位超警", due_minutes=minutes, situation=about)
    status, said = await dispatcher.ask(asked)
    assert status == 200, said
    return str(said["subject"])


async def flood(site: Site) -> str:
    """One grave situation that a unit is sent to, and a call that waits."""
    for request in county():
        await site.hub.ask(request, HUB)
    place = q.GivenPlace(lat=29.144, lon=113.116, text="新墙河大桥")
    opened = q.OpenSituation(title="新墙河漫堤", service="119", kind="natural_disaster", level=2, place=place)
    situation = (await site.hub.ask(opened, HUB)).subject
    await site.hub.ask(q.StartShift(unit="u1", until_ms=site.clock.now_ms() + HOUR_MS), HUB)
    await site.hub.ask(q.IssueOrder(situation=situation, unit="u1", text=""), HUB)
    await site.hub.ask(q.ReportCall(dialled="110", caller="13900000001"), HUB)
    return situation


async def state_of(site: Site, approval: str) -> str:
    """How it stands at the hub."""
    return await site.hub.read(lambda t: t.approvals.need(approval).state)


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_leader_decides_with_one_thumb_and_sees_only_what_the_hub_says(tmp_path: Path) -> None:  # R878, R879
    async with site_with_people(tmp_path, "duty_leader", "dispatcher") as site, chromium() as browser:
        situation = await flood(site)
        async with (
            signed_in(site.http_url, "dispatcher") as dispatcher,
            signed_in(site.http_url, "duty_leader") as other,
        ):
            later = await ask_for(dispatcher, "转移群众", 30, situation)
            await ask_for(dispatcher, "借调无人机", 60)
            page = await on_a_phone(browser, site)
            cards = page.get_by_role("article")
            await expect(cards).to_have_count(2, timeout=SOON_MS)
            assert await page.evaluate("window.felt") == []
            sooner = await ask_for(dispatcher, "封闭沿河公路", 5, situation)
            await expect(cards).to_have_count(3, timeout=SOON_MS)
            await expect(cards.first).to_contain_text("封闭沿河公路")
            for words in ("新墙河漫堤", "新墙河大桥", "断面水位超警", "dispatcher 提请"):
                await expect(cards.first).to_contain_text(words)
            assert await page.evaluate("window.felt") == [[300, 150, 300]]
            assert await faults(page) == []
            assert await page.evaluate(SMALL) == []

            keys: list[str] = []

            async def lose_the_first(route: Route) -> None:
                keys.append(route.request.headers["idempotency-key"])
                await (route.abort() if len(keys) == 1 else route.continue_())

            await page.route("**/api/v1/requests", lose_the_first)
            question = page.get_by_role("alertdialog")
            await page.locator("t-approval").first.evaluate(HASTY)
            await question.get_by_role("button", name="取消").tap()
            await tap_twice(cards.first.get_by_role("button", name="同意", exact=True))
            await expect(question).to_contain_text("决定记录在案，不能更改")
            assert keys == [], "the second tap confirmed nothing"
            confirm = question.get_by_role("button", name="确认")
            await expect(confirm).to_be_enabled()
            await confirm.evaluate("button => button.dispatchEvent(window.tap)")  # R1038
            await expect(confirm).to_be_enabled()
            assert keys == [], "it was made before there was anything to read"
            await tap_twice(confirm)
            decided = page.get_by_role("article").filter(has_text="已批准")
            await expect(decided).to_contain_text("封闭沿河公路", timeout=SOON_MS)
            assert await state_of(site, sooner) == "granted"
            assert len(keys) == 2, "once lost and once taken, however often the thumb came down"
            assert len(set(keys)) == 1, "it is the same decision"
            await page.unroute("**/api/v1/requests")

            before = await site.hub.read(lambda t: t.seq)

            async def taken_and_unheard(route: Route) -> None:
                await page.context.set_offline(True)
                await expect(page.locator("html")).to_have_attribute("data-picture", "old", timeout=SOON_MS)
                request = q.DecideApproval(approval=later, granted=False)
                assert (await other.ask(request, route.request.headers["idempotency-key"]))[0] == 200
                await route.abort()

            await page.route("**/api/v1/requests", taken_and_unheard, times=1)
            await cards.first.get_by_role("button", name="不同意").tap()
            await expect(confirm).to_be_enabled()
            await confirm.tap()
            await expect(cards.first).to_contain_text("「不同意」中心是否收到尚不清楚", timeout=SOON_MS)
            await expect(page.get_by_text("1 件未确认")).to_be_visible()
            await expect(cards.nth(1)).to_contain_text("画面是现在的之后才能决定")
            await expect(page.get_by_role("button", name="同意")).to_have_count(0)
            await expect(page.get_by_role("article").filter(has_text="未批准")).to_have_count(0)
            await page.context.set_offline(False)
            await expect(page.get_by_role("article").filter(has_text="未批准")).to_contain_text(
                "转移群众", timeout=SOON_MS
            )
            await expect(cards.first.get_by_role("button", name="不同意")).to_be_visible()
            await expect(page.get_by_text("未确认")).to_have_count(0, timeout=SOON_MS)
            assert sum(b'"approval_decided"' in fact for fact in await recorded(site, before)) == 1


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_leader_sees_what_is_open_and_what_is_to_be_reported(tmp_path: Path) -> None:  # R883, R884, R1142
    async with site_with_people(tmp_path, "duty_leader") as site, chromium() as browser:
        situation = await flood(site)
        opened = q.OpenSituation(title="广场聚集", service="110", kind="public_security", level=1)
        crowd = (await site.hub.ask(opened, HUB)).subject
        await site.hub.ask(q.PublishPlan(definition=load_plan(PLAN.read_bytes())), HUB)
        await site.hub.ask(q.ActivatePlan(plan="mass-incident", situation=crowd), HUB)
        page = await on_a_phone(browser, site)
        await go(page, "在办")
        counts = page.locator(".numbers dd")
        await expect(counts).to_have_text(["1", "1", "0", "0"], timeout=SOON_MS)
        await expect(page.locator(".waiting")).to_contain_text("1 待接来电")
        situations = page.locator("a.card")
        await expect(situations.first).to_contain_text("广场聚集")
        await expect(situations.nth(1)).to_contain_text("1 个单位")
        assert await faults(page) == []
        assert await page.evaluate(SMALL) == []

        await situations.nth(1).tap()
        await expect(page).to_have_url(f"{site.http_url}/leader#open/{situation}")
        await expect(page.get_by_role("heading", name="新墙河漫堤")).to_be_visible()
        unit = page.get_by_role("listitem").filter(has_text="待签收")
        await expect(unit).to_be_visible()
        renamed = q.EnrolUnit(
            unit="u1", name=LONG_NAME, kind="patrol_car", service="110", station="st1", phone="1", officers=["甲"]
        )
        await site.hub.ask(renamed, HUB)
        await expect(unit).to_contain_text(LONG_NAME, timeout=SOON_MS)
        assert await unit.get_by_text("待签收").evaluate("state => state.scrollWidth <= state.clientWidth")
        await expect(page.get_by_role("listitem").filter(has_text="立警")).to_be_visible(timeout=SOON_MS)
        await page.get_by_placeholder("记一笔（回车保存）").fill("堤上留人值守")
        await page.get_by_role("button", name="记录").tap()
        note = page.get_by_role("listitem").filter(has_text="堤上留人值守")
        await expect(note.filter(has_text="duty_leader")).to_be_visible(timeout=SOON_MS)
        await expect(note).to_have_count(1)  # what was to be sent stands beside it for a moment, and goes
        await expect(page.get_by_placeholder("记一笔（回车保存）")).to_have_value("")
        assert await faults(page) == []
        assert await page.evaluate(SMALL) == []
        await page.go_back()
        await expect(situations).to_have_count(2)

        await go(page, "上报")
        report = page.get_by_role("article")
        await expect(report).to_have_count(1)
        await expect(report).to_contain_text("报县级")
        await expect(report).to_contain_text("广场聚集")
        await expect(report).to_contain_text("前面的任务未完成，时限照算")
        verify = await site.hub.read(lambda t: next(task.id for task in t.tasks if task.key == "verify"))
        await site.hub.ask(q.FinishTask(task=verify), HUB)
        await page.get_by_role("main").get_by_role("button", name="English").tap()
        await expect(report).to_contain_text("to the county")
        assert await faults(page) == []
        assert await page.evaluate(SMALL) == []
        await report.get_by_role("button", name="Reported").tap()
        await expect(page.get_by_role("alertdialog")).to_contain_text("The report itself is not sent by this system")
        await page.get_by_role("alertdialog").get_by_role("button", name="Confirm").tap()
        await expect(report).to_contain_text("by duty_leader", timeout=SOON_MS)
        done = await site.hub.read(lambda t: {task.key: task.done_by for task in t.tasks if task.state == "done"})
        assert done["notify-leaders"] == "duty_leader"
