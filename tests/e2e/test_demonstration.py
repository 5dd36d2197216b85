"""The demonstration county as `make run` starts it, on every console; `make screenshots` keeps the pictures."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from command import requests as q
from tests.consoles.support import Mirror, Person, mirror, signed_in
from tests.e2e.chromium import chromium, sign_in
from tests.e2e.hub_process import hub_process
from tests.paths import ROOT

SLOW = 60_000
PICTURES = ROOT / "docs" / "screenshots"


async def ask(person: Person, request: q.Request) -> str:
    """Have somebody ask; return what it was about."""
    status, answer = await person.ask(request)
    assert status == 200, answer
    return str(answer["subject"])


async def until_positions_and_pictures(console: Mirror) -> None:
    """Wait until the simulated devices have reported: every unit has a place and most cameras have pictures."""
    async with asyncio.timeout(120):
        while (
            len(console.tables["positions"]) < 60
            or sum(camera["state"] == "up" for camera in console.tables["cameras"].values()) < 35
        ):
            await console.take()


async def tanker(dispatcher: Person, commander: Person) -> None:
    """A tanker has turned over on the expressway: two calls, a plan, four units on the way."""
    calls = [
        await ask(dispatcher, q.ReportCall(dialled="122", caller="00043070001")),
        await ask(dispatcher, q.ReportCall(dialled="119", caller="00043070002")),
    ]
    place = q.GivenPlace(lat=29.2474, lon=113.2397, text="京港澳高速 北入口")
    await ask(dispatcher, q.AnswerCall(call=calls[0]))
    await ask(dispatcher, q.LocateCall(call=calls[0], place=place))
    situation = await ask(
        dispatcher,
        q.OpenSituation(title="油罐车侧翻泄漏", service="119", kind="accident", level=2, call=calls[0], place=place),
    )
    await ask(dispatcher, q.AnswerCall(call=calls[1]))
    await ask(dispatcher, q.LinkCall(call=calls[1], situation=situation, why="同一地点,同一油罐车"))
    await ask(commander, q.ActivatePlan(plan="tanker-accident", situation=situation))
    await ask(commander, q.PinFocus(situation=situation))
    _, recommended = await dispatcher.get(f"/api/v1/situations/{situation}/recommendations")
    assert recommended, "units are free and have places, so somebody can be recommended"
    for unit in ["yue01", *[option["unit"] for option in recommended if option["unit"] != "yue01"][:3]]:
        await ask(dispatcher, q.IssueOrder(situation=situation, unit=unit, text="油罐车侧翻,立即赶赴现场警戒"))


async def rehearse(director: Person) -> str:
    """Run the tanker scenario as fast as it goes; return its space once it has ended."""
    _, overview = await director.get("/api/v1/rehearsals")
    scenario = next(s["id"] for s in overview["scenarios"] if s["plan"] == "tanker-accident")
    body = {"plan": "tanker-accident", "scenario": scenario, "speed": "max"}
    headers = {"X-CSRF-Token": director.csrf}
    async with director.http.post("/api/v1/rehearsals", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        space = str((await response.json())["space"])
    async with asyncio.timeout(120), mirror(director, space) as console:
        await console.subscribe("tasks")
        while True:
            _, view = await director.get(f"/api/v1/rehearsals/{space}")
            if view["run"]["state"] == "ended":
                return space
            await console.take()


async def keep(page: Page, name: str, tmp_path: Path) -> None:
    """Take the picture of a page."""
    folder = PICTURES if os.environ.get("TRIUNE_SCREENSHOTS") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png")


async def open_page(browser: Browser, url: str, account: tuple[str, str], path: str, size: tuple[int, int]) -> Page:
    """Open a console at its real size, as the person who uses it; a fault in the page fails the test."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{path}: {error}"))
    await sign_in(page, url, *account, path)
    return page


@pytest.mark.browser
@pytest.mark.timeout(400)
async def test_the_demonstration_county_on_every_console(tmp_path: Path) -> None:
    async with (
        hub_process(tmp_path / "var", "--demo") as hub,
        chromium() as browser,
        signed_in(hub.url, "diaodu", "demo-dispatcher") as dispatcher,
        signed_in(hub.url, "zhihui", "demo-commander") as commander,
        mirror(dispatcher) as console,
    ):
        await console.subscribe("positions", "cameras", "orders", "units")
        await until_positions_and_pictures(console)
        await tanker(dispatcher, commander)
        async with asyncio.timeout(120):
            while sum(order["state"] == "departed" for order in console.tables["orders"].values()) < 2:
                await console.take()

        wall = await open_page(browser, hub.url, ("daping", "demo-wall"), "/wall", (1920, 1080))
        await expect(wall.get_by_text("油罐车侧翻泄漏").first).to_be_visible(timeout=SLOW)
        await wall.wait_for_function(_ANY_VIDEO_PLAYS, timeout=SLOW)
        await keep(wall, "wall", tmp_path)
        await wall.set_viewport_size({"width": 3840, "height": 2160})
        await keep(wall, "wall-4k", tmp_path)
        await wall.close()

        desk = await open_page(browser, hub.url, ("diaodu", "demo-dispatcher"), "/desk", (1920, 1080))
        await desk.get_by_text("油罐车侧翻泄漏").first.click(timeout=SLOW)
        await expect(desk.get_by_text("岳01").first).to_be_visible(timeout=SLOW)
        await keep(desk, "desk", tmp_path)
        await desk.close()

        mobile = await open_page(browser, hub.url, ("yue01", "demo-officer"), "/mobile", (390, 844))
        await expect(mobile.get_by_text("签收").first).to_be_visible(timeout=SLOW)
        await keep(mobile, "mobile", tmp_path)
        await mobile.close()

        async with signed_in(hub.url, "daoyan", "demo-director") as director:
            space = await rehearse(director)
        page = await open_page(browser, hub.url, ("daoyan", "demo-director"), f"/rehearsal?space={space}", (1920, 1080))
        await expect(page.get_by_text("演练").first).to_be_visible(timeout=SLOW)
        await expect(page.get_by_text("设置警戒区").first).to_be_visible(timeout=SLOW)
        await keep(page, "rehearsal", tmp_path)


_ANY_VIDEO_PLAYS = """() => {
    const videos = [];
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.tagName === "VIDEO") videos.push(element);
            if (element.shadowRoot) look(element.shadowRoot);
        }
    };
    look(document);
    return videos.some((video) => video.currentTime > 1);
}"""
