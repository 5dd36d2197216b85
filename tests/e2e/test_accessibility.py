"""Every console under axe-core: nothing serious or critical for people who see, hear or press differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from command import requests as q
from command.actors import Role
from tests.consoles.support import signed_in
from tests.e2e.chromium import chromium, sign_in
from tests.e2e.hub_process import HubProcess, add_accounts, hub_process
from tests.paths import ROOT

AXE = ROOT / "consoles" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
#: Page, who opens it (some are open to all), its real size, and what stands on it once it is drawn.
PAGES: tuple[tuple[str, Role | None, tuple[int, int], str], ...] = (
    ("/wall", "wall", (1920, 1080), "建设路商铺起火"),
    ("/desk", "call_taker", (1920, 1080), "13900000002"),
    ("/mobile", "officer", (390, 844), "SOS"),
    ("/rehearsal", "director", (1920, 1080), "复盘"),
    ("/design", "director", (1920, 1080), "t-alarm"),
    ("/login", None, (1920, 1080), "登录"),
)
NOTHING_FADES = """() => {
    const inside = (root) => [...root.getAnimations(), ...[...root.querySelectorAll("*")].flatMap(
        (each) => each.shadowRoot ? inside(each.shadowRoot) : [])];
    return !inside(document).some(
        (each) => each.playState === "running" && each.effect.getComputedTiming().endTime !== Infinity);
}"""
"""A document tells of no animation within shadow trees."""

PEOPLE: dict[str, tuple[Role, str]] = {
    "call_taker": ("call_taker", ""),
    "wall": ("wall", ""),
    "director": ("director", ""),
    "officer": ("officer", "u1"),
}


async def situation_and_call(hub: HubProcess, password: str) -> None:
    """One situation, and one call that is answered and not yet ended."""
    async with signed_in(hub.url, "call_taker", password) as taker:
        for number in ("13900000001", "13900000002"):
            status, said = await taker.ask(q.ReportCall(dialled="119", caller=number))
            assert status == 200, said
            assert (await taker.ask(q.AnswerCall(call=str(said["subject"]))))[0] == 200
            if number.endswith("1"):
                place = q.GivenPlace(lat=29.144, lon=113.116, text="建设路")
                opened = q.OpenSituation(
                    title="建设路商铺起火",
                    service="119",
                    kind="accident",
                    level=3,
                    call=str(said["subject"]),
                    place=place,
                )
                assert (await taker.ask(opened))[0] == 200


async def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands, shadow trees included, gravest kinds only.

    Once nothing fades any more: half way from disabled to enabled the words of a button are too pale.
    """
    await page.wait_for_function(NOTHING_FADES)
    await page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = await page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [
        f"{page.url}: {each['id']} ({each['impact']}) {node['target']} {node['html'][:160]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


async def opened(browser: Browser, size: tuple[int, int]) -> Page:
    """A page whose content policy lets axe in, which is no part of it."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", bypass_csp=True, reduced_motion="reduce"
    )
    return await context.new_page()


@pytest.mark.browser
async def test_no_console_keeps_anybody_out(tmp_path: Path) -> None:
    found: list[str] = []
    async with hub_process(tmp_path / "var") as hub, chromium() as browser:
        passwords = await add_accounts(hub.data, PEOPLE)
        await situation_and_call(hub, passwords["call_taker"])
        for path, role, size, sign in PAGES:
            page = await opened(browser, size)
            if role is None:
                await page.goto(hub.url + path)
            else:
                # The page of components does not ask for a session itself: come to it signed in.
                home = "/rehearsal" if path == "/design" else path
                await sign_in(page, hub.url, role, passwords[role], home)
                if path != home:
                    await page.goto(hub.url + path)
            await expect(page.get_by_text(sign).first).to_be_visible(timeout=15_000)
            found += await faults(page)
            await page.context.close()
    assert not found, "\n".join(found)
