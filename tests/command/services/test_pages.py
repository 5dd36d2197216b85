"""The services' own pages: nothing without signing in, what is open, deciding once, nothing injected."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from command.kernel.clock import VirtualClock
from command.kernel.limits import SERVICE_SIGN_IN_MS
from tests.command.services.peers import START_MS, TOKEN, approval_service, caller, case_service
from tests.command.services.test_approval_service import DUE_MS, ONE, WARN_MS, asked
from tests.command.services.test_case_service import opened

HOUR_MS = 3_600_000


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))  # "unsafe" takes cookies from IP addresses


async def get(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as response:
        assert response.status == 200
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        return await response.text()


async def sign_in(session: aiohttp.ClientSession, url: str, token: str = TOKEN) -> int:
    async with session.post(url + "/sign-in", data={"token": token}, allow_redirects=False) as response:
        return response.status


async def decide(session: aiohttp.ClientSession, url: str, fields: dict[str, str]) -> int:
    async with session.post(url + "/decide", data=fields, allow_redirects=False) as response:
        return response.status


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


async def test_the_case_page_lists_open_cases_with_what_is_late_and_only_once_signed_in(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with case_service(tmp_path / "c.sqlite", clock) as service, caller(service) as call, browser() as session:
        number = await opened(call)
        assert number not in await get(session, service.url)
        assert await sign_in(session, service.url, "wrong") == 403
        assert number not in await get(session, service.url)
        assert await sign_in(session, service.url) == 303
        page = await get(session, service.url)
        assert "荣家湾镇油罐车侧翻" in page
        assert "案卷建立" in page
        assert "超期" not in page
        clock.advance(START_MS + HOUR_MS)
        assert "超期" in await get(session, service.url)
        clock.advance(START_MS + SERVICE_SIGN_IN_MS)
        assert number not in await get(session, service.url)


async def test_a_leader_decides_on_the_page_once(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with approval_service(tmp_path / "a.sqlite", clock) as service, caller(service) as call, browser() as session:
        approval = await asked(call, item="<script>alert(1)</script>")
        await sign_in(session, service.url)
        page = await get(session, service.url)
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        fields = {"csrf": csrf(page), "id": approval, "by": "王五", "why": "", "decision": "refuse"}
        assert await decide(session, service.url, fields) == 400  # a refusal without a reason
        assert await decide(session, service.url, fields | {"decision": "grant"}) == 303
        assert (
            await decide(session, service.url, fields | {"why": "改主意"}) == 303
        )  # too late: the page shows who decided
        assert (await call("GET", ONE, id=approval)).body["state"] == "granted"
        page = await get(session, service.url)
        assert "没有待办审批" in page
        assert "<td>同意</td><td>王五</td>" in page


async def test_the_page_shows_yellow_and_red(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with approval_service(tmp_path / "a.sqlite", clock) as service, caller(service) as call, browser() as session:
        approval = await asked(call)
        await sign_in(session, service.url)
        for at_ms, name, sign in ((WARN_MS, "warned_ms", "黄牌"), (DUE_MS, "overdue_ms", "红牌")):
            assert sign not in await get(session, service.url)
            clock.advance(at_ms)
            while (await call("GET", ONE, id=approval)).body[name] is None:
                pass
            assert sign in await get(session, service.url)


@pytest.mark.parametrize("wrong", [{"csrf": ""}, {"csrf": "0" * 64}, {}])
async def test_a_form_from_elsewhere_decides_nothing(tmp_path: Path, wrong: dict[str, str]) -> None:
    clock = VirtualClock(START_MS)
    async with approval_service(tmp_path / "a.sqlite", clock) as service, caller(service) as call, browser() as session:
        approval = await asked(call)
        fields = {"id": approval, "by": "x", "decision": "grant"} | wrong
        assert await decide(session, service.url, fields) == 403
        await sign_in(session, service.url)
        assert await decide(session, service.url, fields) == 403
        async with session.post(service.url + "/decide", json=fields) as response:
            assert response.status == 400
        assert (await call("GET", ONE, id=approval)).body["state"] == "waiting"


@pytest.mark.parametrize("cookie", ["", ".", "9999999999999.", "9999999999999.00", "x.y", "é.é"])
async def test_a_made_up_cookie_opens_nothing(tmp_path: Path, cookie: str) -> None:
    clock = VirtualClock(START_MS)
    async with case_service(tmp_path / "c.sqlite", clock) as service, caller(service) as call:
        number = await opened(call)
        async with aiohttp.ClientSession(headers={"cookie": f"triune_case={cookie}"}) as session:
            assert number not in await get(session, service.url)
