"""What a desk shows of a situation in Chromium: answers of officers, notes and their drafts, what waits for a yes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from command import requests as q
from command.actors import HUB, Role
from command.facts.base import Level
from consoles.site import Site
from tests.command.support import ACTORS
from tests.consoles.support import PASSWORD, signed_in, site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

SLOW = 20_000
ANSWER = "落水者已救起，送县医院；另有一名小孩失踪，请求蛙人增援，现场水流很急，需要照明灯和救生艇各一"

WHERE = """(line, words) => {
    const [from, to] = line.shown;
    const { at_ms } = line.marks.find(({ label }) => label.includes(words));
    return ((at_ms - from) / (to - from)) * line.clientWidth;
}"""
"""How far to the right a mark stands on the time line: the farther, the longer the situation was open before it."""


async def situation(site: Site, title: str, level: Level) -> str:
    opened = q.OpenSituation(title=title, service="110", kind="accident", level=level)
    return (await site.hub.ask(opened, HUB)).subject


async def patrol(site: Site, about: str) -> str:
    """A unit on duty and on the scene; gives its order."""
    station = q.EnrolStation(
        station="st", name="荣家湾派出所", service="110", lat=29.1, lon=113.1, leader="卢所长", leader_phone="1"
    )
    unit = q.EnrolUnit(
        unit="u1", name="岳10", kind="patrol_car", service="110", station="st", phone="2", officers=["甲"]
    )
    for request in (station, unit, q.StartShift(unit="u1", until_ms=site.clock.now_ms() + 3_600_000)):
        await site.hub.ask(request, HUB)
    order = (await site.hub.ask(q.IssueOrder(situation=about, unit="u1", text="立即赶赴"), HUB)).subject
    await site.hub.ask(q.StepOrder(order=order, step="arrived"), HUB)
    return order


async def choose(page: Page, title: str) -> None:
    await page.locator("desk-queue button.pick").filter(has_text=title).click(timeout=SLOW)
    await expect(page.locator("desk-situation h2")).to_contain_text(title)


def field(page: Page) -> Locator:
    return page.get_by_placeholder("记一笔（回车保存）")


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_what_an_officer_answers_and_what_desks_note_can_be_read_back(
    tmp_path: Path,
) -> None:  # R933, R934, R1141
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        drowning = await situation(site, "北门溺水，两名小孩在荣家河大桥下游一百米处落水，其中一名已被冲往下游方向", 2)
        order = await patrol(site, drowning)
        page = await open_page(browser, site, "commander", "/desk", axe=True)
        await choose(page, "北门溺水")
        await site.hub.ask(q.FeedBack(order=order, result="已处置", text=ANSWER), HUB)
        answer = page.get_by_text(f"已处置：{ANSWER}")
        await expect(answer).to_be_visible(timeout=SLOW)
        assert await answer.evaluate("p => p.scrollWidth <= p.clientWidth && p.scrollHeight <= p.clientHeight")

        for text in ("二楼有人", "家属在现场", "电台呼叫无应答", "已通知县医院"):
            await field(page).fill(text)
            await field(page).press("Enter")
            await expect(page.get_by_role("listitem").filter(has_text=text)).to_be_visible(timeout=SLOW)
        await site.hub.ask(q.NoteSituation(situation=drowning, text="调蛙人", decision=True), HUB)
        notes = page.get_by_role("list", name="记录与决定").get_by_role("listitem")
        await expect(notes.first).to_contain_text("指挥决定", timeout=SLOW)
        await expect(notes.first).to_contain_text("调蛙人")
        await expect(notes.nth(1)).to_contain_text("commander")
        assert await faults(page) == []
        await expect(page.get_by_text("二楼有人")).to_be_hidden()
        await page.get_by_text("较早的 2 条").click()
        await expect(page.get_by_text("二楼有人")).to_be_visible()
        line = page.locator("t-timeline canvas")
        x = await page.locator("t-timeline").evaluate(WHERE, "调蛙人")
        await line.hover(position={"x": x, "y": 10})
        await expect(line).to_have_attribute("title", re.compile("指挥决定 调蛙人"))
        await page.screenshot(path=tmp_path / "notes.png")
        # A desk of 1366 by 768 at 150 %.
        await page.set_viewport_size({"width": 911, "height": 512})
        await answer.scroll_into_view_if_needed()
        await expect(answer).to_be_in_viewport(ratio=0.2)
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_orders_stand_over_the_picture_of_a_hit_once_somebody_was_sent(tmp_path: Path) -> None:  # R714
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        watch = q.RequestWatch(pattern="湘F12345", reason="被盗", until_ms=site.clock.now_ms() + 3_600_000, level=2)
        await site.hub.ask(q.EnrolCamera(camera="k1", name="东门", lat=29.1, lon=113.1), HUB)
        watched = (await site.hub.ask(watch, ACTORS["dispatcher"])).subject
        await site.hub.ask(q.ApproveWatch(watch=watched), ACTORS["duty_leader"])
        seen = q.ReportHit(watch=watched, plate="湘F12345", camera="k1", seen_ms=site.clock.now_ms(), confidence=0.99)
        await site.hub.ask(seen, HUB)
        [row] = await site.hub.read(lambda t: list(t.situations))
        page = await open_page(browser, site, "commander", "/desk")
        await choose(page, row.title)
        headings = page.locator("desk-situation .body h3")
        await expect(headings.first).to_contain_text("布控命中", timeout=SLOW)
        await patrol(site, row.id)
        await expect(headings.first).to_contain_text("指令", timeout=SLOW)
        await expect(headings.nth(1)).to_contain_text("布控命中")
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_what_is_typed_and_asked_belongs_to_its_situation(tmp_path: Path) -> None:  # R935
    async with site_with_people(tmp_path, "dispatcher") as site, chromium() as browser:
        first, _ = await situation(site, "北门溺水", 2), await situation(site, "南门打架", 3)
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose(page, "北门溺水")
        await field(page).fill("二楼")
        await page.keyboard.press("Alt+ArrowDown")
        await expect(page.locator("desk-situation h2")).to_contain_text("南门打架")
        await expect(field(page)).to_have_value("")
        await site.hub.ask(q.ReportCall(dialled="110", caller="13900000001"), HUB)
        await page.locator("desk-queue button.call").filter(has_text="13900000001").click()
        await expect(page.locator("desk-call")).to_be_visible(timeout=SLOW)
        await choose(page, "北门溺水")
        await expect(field(page)).to_have_value("二楼")
        await page.reload()
        await choose(page, "北门溺水")
        await expect(field(page)).to_have_value("二楼")

        sent: list[str] = []
        passes = asyncio.Event()

        async def slow(route: Route, request: Request) -> None:
            said = request.post_data or ""
            if "note_situation" in said:
                sent.append(said)
                await passes.wait()
            await route.continue_()

        await page.route("**/api/v1/requests", slow)
        await field(page).press("Enter")
        await field(page).press("Enter")
        await field(page).press("End")
        await page.keyboard.type(" 三楼也有")
        passes.set()
        await expect(field(page)).to_have_value("三楼也有", timeout=SLOW)
        assert len(sent) == 1
        marks = await site.hub.read(
            lambda t: [mark.args["text"] for mark in t.marks.of(first) if mark.kind == "situation_noted"]
        )
        assert marks == ["二楼"]

        await page.get_by_role("button", name="办结").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text("办结 北门溺水")
        await choose(page, "南门打架")
        await expect(page.get_by_role("alertdialog")).to_have_count(0)

        await site.hub.ask(q.ReportCall(dialled="110", caller="13900000002"), HUB)
        await expect(page.locator("desk-queue button.call").filter(has_text="13900000002")).to_be_visible(timeout=SLOW)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(f"{request.url} {request.post_data}"))
        await page.get_by_role("button", name="办结").click()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alertdialog")).to_have_count(0)
        await page.evaluate("fetch('/health/live').then((answer) => answer.status)")
        assert any("/health/live" in each for each in asked), "what was asked before it is known by now"
        assert not any("answer_call" in each for each in asked)
        assert faults_of(page) == []


async def waits(site: Site, item: str, minutes: int, about: str | None = None) -> str:
    asked = q.RequestApproval(item=item, subject=item, due_minutes=minutes, situation=about)
    return (await site.hub.ask(asked, HUB)).subject


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_who_may_decide_sees_what_waits_without_opening_anything(tmp_path: Path) -> None:  # R936, R937
    people: tuple[Role, ...] = ("duty_leader", "dispatcher", "wall")
    async with site_with_people(tmp_path, *people) as site, chromium() as browser:
        drowning = await situation(site, "北门溺水", 2)
        decided = await waits(site, "封闭 107 国道", 5, drowning)
        await site.hub.ask(q.DecideApproval(approval=decided, granted=True), HUB)
        later = await waits(site, "封闭京港澳高速荣家湾至新墙段双向车道", 30, drowning)
        await waits(site, "向市里报告", 3)
        page = await open_page(browser, site, "duty_leader", "/desk", axe=True)
        listed = page.get_by_role("region", name="待我审批").get_by_role("article")
        await expect(listed).to_have_count(2, timeout=SLOW)
        await expect(page.get_by_text("待我审批 2")).to_be_visible()
        await expect(listed.nth(0)).to_contain_text("向市里报告")
        await expect(listed.nth(1)).to_contain_text("北门溺水")
        assert await faults(page) == []

        await listed.nth(1).get_by_role("button", name="批准", exact=True).press("Enter")
        await expect(page.get_by_role("alertdialog")).to_contain_text("批准 封闭京港澳高速荣家湾至新墙段双向车道")
        await page.screenshot(path=tmp_path / "approvals.png")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(listed).to_have_count(1, timeout=SLOW)
        assert await site.hub.read(lambda t: t.approvals.need(later).state) == "granted"
        assert faults_of(page) == []
        await page.locator("desk-queue").get_by_role("button", name="Y").click()
        await expect(page.locator("t-command input")).to_have_value("Y ")
        await expect(page.locator("t-command")).to_contain_text("向市里报告")

        async with signed_in(site.http_url, "dispatcher", PASSWORD) as dispatcher:
            for item, about in (("借调冲锋舟", None), ("封闭友谊路", drowning)):
                asked = q.RequestApproval(item=item, subject=item, due_minutes=9, situation=about)
                assert (await dispatcher.ask(asked))[0] == 200
        other = await open_page(browser, site, "dispatcher", "/desk")
        await expect(other.locator("desk-queue t-situation").first).to_be_visible(timeout=SLOW)
        asked_for = other.get_by_role("region", name="我提请的审批 1").get_by_role("article")
        await expect(asked_for).to_contain_text("借调冲锋舟", timeout=SLOW)
        await expect(asked_for).to_contain_text("须由他人审批")
        await expect(asked_for.get_by_role("button")).to_have_count(0)

        await waits(site, "调用直升机", 1, drowning)
        wall = await open_page(browser, site, "wall", "/wall")
        lines = wall.locator(".sent li")
        await expect(lines.first).to_contain_text("调用直升机", timeout=SLOW)
        await expect(lines).to_have_count(4)
        await expect(wall.locator(".to-decide")).to_contain_text("待批 4")
        await expect(wall.locator(".to-decide")).to_contain_text("调用直升机")
        await wall.screenshot(path=tmp_path / "wall.png")
