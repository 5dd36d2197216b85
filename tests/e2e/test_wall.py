"""From port to pixel: a call goes through the real journal onto the wall in Chromium, and survives kill -9."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import msgspec
import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import Role
from tests.consoles.support import signed_in
from tests.e2e.chromium import chromium, sign_in
from tests.e2e.hub_process import add_accounts, hub_process, triune


@pytest.mark.browser
async def test_a_call_reaches_the_wall_and_outlives_a_killed_hub(tmp_path: Path) -> None:
    data = tmp_path / "var"
    async with hub_process(data) as hub, chromium() as browser:
        roles: tuple[Role, ...] = ("administrator", "call_taker", "wall")
        passwords = await add_accounts(data, {role: (role, "") for role in roles})
        async with signed_in(hub.url, "administrator", passwords["administrator"]) as administrator:
            assert (await administrator.ask(q.EnrolDevice(device="pbx-1", kind="pbx")))[0] == 200
        token = (await triune("device", "token", "pbx-1", "--data", str(data)))["token"]

        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await sign_in(page, hub.url, "wall", passwords["wall"], "/wall")
        await expect(page.get_by_text("当前没有在办警情").first).to_be_visible()

        async with aiohttp.ClientSession(hub.url, headers={"Authorization": f"Bearer {token}"}) as exchange:
            body = msgspec.json.encode(q.ReportCall(dialled="119", caller="13900000001", call="pbx-77"))
            async with exchange.post("/api/v1/calls", data=body) as response:
                assert response.status == 200
        async with signed_in(hub.url, "call_taker", passwords["call_taker"]) as taker:
            assert (await taker.ask(q.AnswerCall(call="pbx-77")))[0] == 200
            opened = q.OpenSituation(
                title="建设路商铺起火", service="119", kind="accident", level=3, call="pbx-77",
                place=q.GivenPlace(lat=29.144, lon=113.116, text="建设路"),
            )  # fmt: skip
            status, answer = await taker.ask(opened, key="opened-on-the-desk")
            assert status == 200
            await expect(page.get_by_text("建设路商铺起火").first).to_be_visible()

            await hub.kill()
            await expect(page.get_by_text("连接").first).to_be_visible(timeout=20_000)
            await hub.start()
            assert await taker.ask(opened, key="opened-on-the-desk") == (200, answer), "an answered request is kept"
            note = q.NoteSituation(situation=answer["subject"], text="二楼有人")
            assert (await taker.ask(note))[0] == 200
        # The wall comes back by itself: what it shows is of the hub that was started again.
        await expect(page.get_by_text("建设路商铺起火").first).to_be_visible()
        await expect(page.get_by_role("img", name=re.compile("二楼有人"))).to_be_visible(timeout=20_000)
        await expect(page.get_by_text("岳阳县案〔").first).to_be_visible()
