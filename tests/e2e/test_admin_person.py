"""Somebody marries and moves to another station, the terminal being open (SPEC R1049, R1050, R1052)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from consoles.http import live
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.video import faults_of, open_page

_SLOW_MS = 15_000


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_terminal_that_is_open_becomes_that_of_the_other_unit(  # R1049, R1050, R1052
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CONSOLE_RECHECK_MS", 200)
    async with site_with_people(tmp_path, "administrator", "officer") as site, chromium() as browser:
        await site.hub.ask(
            q.EnrolStation(
                station="st1", name="城关所", service="110", lat=29.1, lon=113.1, leader="李", leader_phone="1"
            ),
            HUB,
        )
        for unit, name in (("u1", "城关01"), ("u2", "荣家湾02")):
            car = q.EnrolUnit(
                unit=unit, name=name, kind="patrol_car", service="110", station="st1", phone="1", officers=[]
            )
            await site.hub.ask(car, HUB)
        terminal = await open_page(browser, site, "officer", "/mobile")
        await expect(terminal.get_by_role("heading", name="城关01")).to_be_visible(timeout=_SLOW_MS)

        page = await open_page(browser, site, "administrator", "/admin#accounts", (1366, 768), axe=True)
        await page.get_by_role("row", name="officer").click()
        form = page.get_by_role("form", name="姓名和单位")
        save = form.get_by_role("button", name="保存姓名和单位")
        await expect(save).to_be_disabled()
        await form.get_by_label("姓名").fill("王小芳")
        await save.click()
        await expect(page.get_by_text("王小芳 的姓名和单位已改")).to_be_visible(timeout=_SLOW_MS)
        done = page.get_by_label("变更记录").get_by_role("listitem")
        await expect(done.nth(0)).to_contain_text("改姓名：officer → 王小芳")

        await form.get_by_label("所属单位").select_option("u2")
        await save.click()
        await expect(page.get_by_text("把 王小芳 调到 荣家湾02？")).to_be_visible()
        assert await faults(page) == []
        await page.get_by_role("button", name="取消").click()
        await expect(save).to_be_focused()
        await save.click()
        await page.get_by_role("button", name="确认").click()
        await expect(done.nth(0)).to_contain_text("调单位：城关01 → 荣家湾02", timeout=_SLOW_MS)
        await expect(save).to_be_disabled()

        await expect(terminal.get_by_role("heading", name="荣家湾02")).to_be_visible(timeout=_SLOW_MS)
        assert terminal.url.endswith("/mobile")
        assert faults_of(page) + faults_of(terminal) == []
