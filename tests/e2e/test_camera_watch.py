"""The desk of who watches cameras, in Chromium: what alarms are about, own tasks, and the way back from other pages."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from command.facts.plan_definition import Applicability, Bilingual, PlanDefinition, PlanGroup, PlanPhase, PlanTask
from command.settings import Limits
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, settings
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

_SLOW_MS = 60_000


def _words(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


def _plan() -> PlanDefinition:
    """A task for the camera watch and one for a dispatcher."""
    lock = PlanTask(id="lock", title=_words("视频锁定现场"), group="information", owner="camera_watch", due_min=5)
    cordon = PlanTask(id="cordon", title=_words("设警戒线"), group="information", owner="dispatcher", due_min=5)
    return PlanDefinition(
        id="fire", version="1", title=_words("火灾"), applies=Applicability(kinds=("accident",), lowest_level=4),
        command="commander", groups=(PlanGroup(group="information", lead=_words("指挥中心")),),
        phases=(PlanPhase(id="first", title=_words("处置"), tasks=(lock, cordon)),),
    )  # fmt: skip


async def _a_fire(site: Site) -> str:
    """A situation with its plan and a car on its way that signs nothing; gives its id."""
    fire = (await site.hub.ask(q.OpenSituation(title="商铺起火", service="119", kind="accident", level=3), HUB)).subject
    station = q.EnrolStation(
        station="st", name="荣家湾派出所", service="110", lat=29.1, lon=113.1, leader="卢所长", leader_phone="1"
    )
    unit = q.EnrolUnit(unit="u1", name="岳10", kind="patrol_car", service="110", station="st", phone="2", officers=[])
    on_duty = q.StartShift(unit="u1", until_ms=site.clock.now_ms() + 3_600_000)
    plan = (q.PublishPlan(definition=_plan()), q.ActivatePlan(plan="fire", situation=fire))
    for request in (station, unit, on_duty, *plan, q.IssueOrder(situation=fire, unit="u1")):
        await site.hub.ask(request, HUB)
    return fire


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_who_watches_cameras_reads_names_and_does_own_tasks(tmp_path: Path) -> None:  # R1089, R1090
    wanted = msgspec.structs.replace(settings(tmp_path), limits=Limits(sign_s=1))
    async with running_site(wanted) as site, chromium() as browser:
        await site.context.accounts.create("camera_watch", "许宁", frozenset({"camera_watch"}), "", PASSWORD)
        fire = await _a_fire(site)
        page = await open_page(browser, site, "camera_watch", "/desk", axe=True)
        alarm = page.locator("desk-queue t-alarm").filter(has_text="岳10")
        await expect(alarm).to_contain_text("指令超时未签收", timeout=_SLOW_MS)
        await expect(page.locator("desk-queue t-situation")).to_contain_text("1 个单位", timeout=_SLOW_MS)
        await expect(page.locator("header .status b")).to_have_text(["1"])  # of alarms: nobody knows here who rings

        tasks = page.locator("desk-own-tasks")
        await expect(tasks).to_contain_text("视频锁定现场", timeout=_SLOW_MS)
        await expect(tasks).not_to_contain_text("设警戒线")
        assert await faults(page) == []
        await tasks.get_by_role("button", name="视频锁定现场").click()
        await page.get_by_role("tab", name="警情").click()
        await expect(page.locator("desk-situation")).to_contain_text("设警戒线")
        await tasks.get_by_role("button", name="完成").click()
        await expect(tasks).to_be_hidden(timeout=_SLOW_MS)
        done = await site.hub.read(lambda t: [(task.key, task.state) for task in t.tasks if task.situation == fire])
        assert sorted(done) == [("cordon", "open"), ("lock", "done")]

        await page.goto(f"{site.http_url}/cameras")
        await expect(page.get_by_text("无权查看")).to_be_visible(timeout=_SLOW_MS)
        assert await faults(page) == []
        await page.get_by_role("link", name="接处警坐席").click()
        await expect(alarm).to_be_visible(timeout=_SLOW_MS)
        await page.goto(f"{site.http_url}/cameras")
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url(f"{site.http_url}/login**", timeout=_SLOW_MS)
        assert faults_of(page) == []
