"""Cameras that desks send to the wall, a plate hit beside them, and a latecomer at a camera with rare key frames."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from command import requests as q
from command.actors import HUB
from consoles.site import Site
from edge.simulators.clips import Clip
from tests.command.support import ACTORS
from tests.consoles.support import signed_in
from tests.e2e.chromium import chromium
from tests.e2e.test_video_screens import SLOW, choose_situation, keep, on_screen, plays
from tests.e2e.video import DOME, Cameras, drawn, faults_of, open_page, site_with_cameras

RARE_S = 60
"""Seconds between key frames: nobody would wait for the next."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def rare(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"), seconds=RARE_S, key_every_s=RARE_S)


async def say(page: Page, line: str) -> None:
    """Type a command and enter it."""
    await page.keyboard.press("/")
    await page.keyboard.type(line)
    await expect(page.locator("t-command .will")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("t-command input")).to_have_value("")


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_desk_sends_a_camera_to_the_wall_and_takes_it_off(tmp_path: Path, clip: Clip) -> None:  # R480
    async with (
        site_with_cameras(tmp_path, clip, "dispatcher", "wall") as (site, _, _, _),
        chromium() as browser,
    ):
        wall = await open_page(browser, site, "wall", "/wall")
        await plays(wall, "c1", "c5")
        desk = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(desk)
        await plays(desk, "c2", "c4")
        tile = desk.locator("t-screens t-tile[aria-label=县医院门口]")
        await tile.focus()
        await desk.keyboard.press("w")
        await expect(wall.get_by_text("王派警 上墙")).to_be_visible(timeout=SLOW)
        assert (await on_screen(wall))[0] == "c4", "the newest stands large"
        await expect(tile.get_by_text("王派警 上墙")).to_be_visible()
        await plays(wall, "c4")
        await keep(wall, tmp_path, "wall-sent")

        await wall.reload()
        await expect(wall.get_by_text("王派警 上墙")).to_be_visible(timeout=SLOW)
        assert (await on_screen(wall))[0] == "c4"

        await say(desk, "XQ 县医院")
        await expect(wall.get_by_text("王派警 上墙")).to_have_count(0, timeout=SLOW)
        assert "c4" in await on_screen(wall), "it goes on among those that are near"
        await keep(desk, tmp_path, "desk-wall")
        assert faults_of(wall) == faults_of(desk) == []


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_layout_takes_the_middle_of_the_wall(tmp_path: Path, clip: Clip) -> None:  # R481
    async with (
        site_with_cameras(tmp_path, clip, "commander", "call_taker", "wall") as (site, _, _, _),
        chromium() as browser,
    ):
        wall = await open_page(browser, site, "wall", "/wall")
        await expect(wall.locator(".right t-screens")).to_be_visible(timeout=SLOW)
        desk = await open_page(browser, site, "commander", "/desk")
        await choose_situation(desk)
        await plays(desk, "c1", "c2", "c3", "c4")
        await desk.keyboard.press("Shift+W")  # no tile has the focus
        await expect(wall.locator(".focus t-screens t-tile")).to_have_count(4, timeout=SLOW)
        await plays(wall, "c1", "c2", "c3", "c4")
        await expect(wall.get_by_text("李指挥 上墙")).to_have_count(4)
        assert await on_screen(wall) == await on_screen(desk)
        await keep(wall, tmp_path, "wall-layout")
        await keep(desk, tmp_path, "desk-layout")

        taker = await open_page(browser, site, "call_taker", "/desk")
        await choose_situation(taker)
        await expect(taker.get_by_text("李指挥 上墙").first).to_be_visible(timeout=SLOW)
        await expect(taker.get_by_role("button", name="布局上墙")).to_have_count(0)

        await desk.get_by_role("button", name="全部下墙（4）").click()
        await expect(wall.locator(".right t-screens")).to_be_visible(timeout=SLOW)
        await expect(wall.get_by_text("李指挥 上墙")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_latecomer_waits_for_a_key_frame_only_where_none_can_be_asked_for(tmp_path: Path, rare: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, rare, "dispatcher") as (site, cameras, dome, _),
        chromium() as browser,
    ):
        for camera in ("c1", DOME):
            await _pulled(site, cameras, camera)
        page = await open_page(browser, site, "dispatcher", "/desk")
        await choose_situation(page)
        waiting = page.locator("t-screens t-tile[aria-label=建设路路口]")
        await expect(waiting.get_by_text("等待关键帧")).to_be_visible(timeout=SLOW)  # R483
        await expect(waiting.get_by_text("画面停滞")).to_have_count(0)
        await plays(page, DOME)  # R482
        assert dome.keys_asked
        await expect(page.locator("t-screens t-tile[aria-label=长乐街北]").get_by_text("延时")).to_be_visible(
            timeout=SLOW
        )
        await keep(page, tmp_path, "desk-waiting")


async def _pulled(site: Site, cameras: Cameras, camera: str) -> None:
    """Have the hub pull a camera for good, whose first key frame a real one sends to whoever connects."""
    address = (await site.context.accounts.camera_addresses())[camera]
    await site.context.accounts.set_camera_address(camera, f"{address}#pull=always")
    async with asyncio.timeout(60), signed_in(site.http_url, "dispatcher") as person:
        while not (await person.get(f"/api/v1/cameras/{camera}/state"))[1]["pulled"]:
            cameras.give_key(camera)
            await site.clock.sleep(100)


async def hit(site: Site, picture: bytes) -> None:
    """A car that is looked for passes a camera."""
    watch = q.RequestWatch(pattern="湘F1A203", reason="肇事逃逸", level=2, until_ms=site.clock.now_ms() + 3_600_000)
    asked = (await site.hub.ask(watch, ACTORS["dispatcher"])).subject
    await site.hub.ask(q.ApproveWatch(watch=asked), ACTORS["duty_leader"])
    blob = await site.context.blobs.add(picture)
    seen = q.ReportHit(
        watch=asked, plate="湘F1A203", camera="c1", seen_ms=site.clock.now_ms(), confidence=0.9, picture=blob
    )
    await site.hub.ask(seen, HUB)


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
async def test_a_plate_hit_stands_beside_the_cameras_under_the_map(
    tmp_path: Path, clip: Clip, size: tuple[int, int]
) -> None:
    async with site_with_cameras(tmp_path, clip, "wall") as (site, _, _, _), chromium() as browser:
        wall = await open_page(browser, site, "wall", "/wall?view=video", size)
        await plays(wall, "c1", "c2")
        before = await wall.locator("t-screens").bounding_box()
        picture = await wall.locator("t-screens t-tile").first.screenshot(type="jpeg")
        await hit(site, picture)
        await expect(wall.locator(".right .hit .plate")).to_have_text("湘F1A203", timeout=SLOW)
        assert await wall.locator("t-screens").bounding_box() == before, "it takes nothing from the cameras"
        assert await wall.locator(".right").evaluate("x => x.scrollHeight <= x.clientHeight"), "nothing is cut"
        await keep(wall, tmp_path, f"wall-video-hit-{size[0]}")
        await wall.goto(f"{site.http_url}/wall")
        await expect(wall.locator(".right .hit .plate")).to_be_visible(timeout=SLOW)
        await keep(wall, tmp_path, f"wall-hit-{size[0]}")
