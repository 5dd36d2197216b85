"""The leader's phone calls nothing reported that is still to come, and knows where no plan says when. Rule R1115."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from plans.format import load_plan
from tests.command.support import county
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_leader import SMALL, SOON_MS, go, on_a_phone
from tests.paths import ROOT

TANKER = ROOT / "consoles" / "demo" / "county" / "plans" / "tanker-accident.yaml"
NOTHING = "没有须上报的事项"


@pytest.mark.browser
async def test_reports_of_later_phases_and_grave_situations_without_a_plan_are_not_nothing(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "duty_leader") as site, chromium() as browser:  # R1115
        for request in county():
            await site.hub.ask(request, HUB)
        page = await on_a_phone(browser, site)
        await go(page, "上报")
        await expect(page.get_by_text(NOTHING)).to_be_visible(timeout=SOON_MS)

        tanker = q.OpenSituation(title="油罐车侧翻", service="119", kind="accident", level=2)
        situation = (await site.hub.ask(tanker, HUB)).subject
        unplanned = page.get_by_role("link", name="油罐车侧翻")
        await expect(unplanned).to_be_visible(timeout=SOON_MS)
        await expect(page.get_by_text("没有预案就没有时限")).to_be_visible()
        await expect(page.get_by_text(NOTHING)).to_have_count(0)
        assert await faults(page) == []
        assert await page.evaluate(SMALL) == []

        await site.hub.ask(q.PublishPlan(definition=load_plan(TANKER.read_text("utf-8"))), HUB)
        await site.hub.ask(q.ActivatePlan(plan="tanker-accident", situation=situation), HUB)
        first = page.get_by_role("listitem").filter(has_text="向市级首报")
        await expect(first).to_contain_text("报市级 · 「现场处置」开始后 2 小时 00 分内", timeout=SOON_MS)
        await expect(first).to_contain_text("油罐车侧翻")
        await expect(unplanned).to_have_count(0)
        await expect(page.get_by_text(NOTHING)).to_have_count(0)
