"""A car that was sold goes from every list, and the record still names it (SPEC R1054, R1056, R1058)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

_SLOW_MS = 15_000


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_car_that_was_sold_is_retired_once_nothing_holds_it(tmp_path: Path) -> None:  # R1054, R1056, R1058
    async with site_with_people(tmp_path, "administrator", "dispatcher") as site, chromium() as browser:
        for request in (
            q.EnrolStation(
                station="st1", name="城关所", service="110", lat=29.15, lon=113.12, leader="李", leader_phone="1"
            ),
            q.EnrolUnit(
                unit="u1", name="岳01", kind="patrol_car", service="110", station="st1", phone="1", officers=[]
            ),
            q.EnrolDevice(device="d1", kind="jt808", unit="u1"),
        ):
            await site.hub.ask(request, HUB)
        situation = await site.hub.ask(
            q.OpenSituation(title="斗殴", service="110", kind="public_security", level=4), HUB
        )
        await site.hub.ask(q.StartShift(unit="u1", until_ms=site.clock.now_ms() + 3_600_000), HUB)
        order = await site.hub.ask(q.IssueOrder(situation=situation.subject, unit="u1"), HUB)

        page = await open_page(browser, site, "administrator", "/admin#units", (1366, 768), axe=True)
        await page.get_by_role("row", name="岳01").click()
        retire = page.get_by_role("button", name="注销这个单位")
        confirm = page.get_by_role("button", name="确认")
        kinds = page.get_by_role("group", name="看哪一类")
        await retire.click()
        await expect(page.get_by_text("注销单位 岳01？")).to_be_visible(timeout=_SLOW_MS)
        assert await faults(page) == []
        await page.keyboard.press("Escape")
        await expect(retire).to_be_focused()
        await retire.click()
        await confirm.click()
        await expect(page.get_by_text(f"还有未完的指令：{order.subject}", exact=False)).to_be_visible(timeout=_SLOW_MS)

        await site.hub.ask(q.RecallOrder(order=order.subject, why="误派"), HUB)
        await site.hub.ask(q.CloseSituation(situation=situation.subject), HUB)
        await retire.click()
        await confirm.click()
        await expect(page.get_by_text("还有终端：d1")).to_be_visible(timeout=_SLOW_MS)

        await kinds.get_by_role("button", name="终端").click()
        await page.get_by_role("row", name="d1").click()
        await page.get_by_role("button", name="注销这个终端").click()
        await confirm.click()
        await expect(page.get_by_text("d1 已注销")).to_be_visible(timeout=_SLOW_MS)
        await kinds.get_by_role("button", name="单位").click()
        await page.get_by_role("row", name="岳01").click()
        await retire.click()
        await confirm.click()
        await expect(page.get_by_text("岳01 已注销")).to_be_visible(timeout=_SLOW_MS)
        await expect(page.get_by_role("row", name="岳01")).to_have_count(0)
        assert await faults(page) == []

        assert faults_of(page) == []

        english = await open_page(browser, site, "administrator", "/admin#units", (1366, 768), english=True)
        await english.get_by_role("group").get_by_role("button", name="Stations").click()
        await english.get_by_role("row", name="城关所").click()
        await english.get_by_role("button", name="Retire this station").click()
        await expect(english.get_by_text("Retire the station 城关所?")).to_be_visible()
