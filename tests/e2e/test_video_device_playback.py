"""What a recorder keeps itself, played on the time line; and the way to it, hop by hop (SPEC R469, R479)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB, Role
from consoles.settings import Gb28181
from consoles.site import Site, running_site
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render, traffic
from tests.consoles.support import PASSWORD, settings, signed_in
from tests.e2e.chromium import chromium
from tests.e2e.test_video_screens import SLOW, choose_situation, keep, plays
from tests.e2e.video import PLACE, TITLE, faults_of, open_page
from tests.edge.gb28181.site import DEVICE, SERVER, until
from tests.ports import free_port

CHANNEL = "34020000001310000001"
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    drawn = Street("录像机", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=12)
    return load_ps_clip(render(drawn, tmp_path_factory.mktemp("clips")))


@asynccontextmanager
async def recorder(tmp_path: Path, clip: PsClip) -> AsyncIterator[tuple[Site, Gb28181Camera, tuple[int, int]]]:
    """A hub, a situation, and beside it a recorder that has the time from ten minutes ago to one minute ago."""
    first = free_port() & ~1
    own = Gb28181(server_id=SERVER, port=0, password="12345678", media_ports=(first, first + 19))
    async with running_site(replace(settings(tmp_path), gb28181=own)) as site:
        roles: tuple[Role, ...] = ("administrator", "commander")
        for role in roles:
            await site.context.accounts.create(role, role, frozenset({role}), "", PASSWORD)
        async with signed_in(site.http_url, "administrator") as admin:
            _, told = await admin.get("/api/v1/gb28181/devices")
        now_ms = site.clock.now_ms() // 1000 * 1000
        span = now_ms - 10 * MINUTE_MS, now_ms - MINUTE_MS
        async with Gb28181Camera(
            clip, site.clock, platform=("127.0.0.1", told["port"]), server=SERVER, device=DEVICE, channel=CHANNEL,
            password="12345678", recorded=[span],
        ) as device:  # fmt: skip
            await device.registered.wait()
            enrol = q.EnrolCamera(camera="gate", name="库区大门", lat=PLACE.lat + 0.001, lon=PLACE.lon, bearing_deg=180)
            await site.hub.ask(enrol, HUB)
            await site.context.accounts.set_camera_address("gate", f"gb28181://{DEVICE}/{CHANNEL}")
            await site.hub.ask(q.OpenSituation(title=TITLE, service="119", kind="accident", level=3, place=PLACE), HUB)
            yield site, device, span


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_recorders_own_recording_is_played_faster_held_and_left(tmp_path: Path, street: PsClip) -> None:
    async with recorder(tmp_path, street) as (site, device, (from_ms, to_ms)), chromium() as browser:
        page = await open_page(browser, site, "commander", "/desk")
        await choose_situation(page)
        await plays(page, "gate")
        await page.locator("t-tile[aria-label=库区大门]").focus()
        await page.keyboard.press("b")
        await expect(page.locator("t-timebar .lane.device .span")).to_be_visible(timeout=SLOW)

        await page.get_by_role("button", name="设备录像").click()
        await page.wait_for_function(_PLAYS, arg=[from_ms, to_ms], timeout=SLOW)
        assert device.playbacks == 1
        await expect(page.locator("t-playback .banner.device")).to_be_visible()
        await page.locator("t-playback").evaluate("(element, at) => element.seek(at)", from_ms + 2 * MINUTE_MS)
        await page.wait_for_function(_PLAYS, arg=[from_ms + 2 * MINUTE_MS, to_ms], timeout=SLOW)
        await page.get_by_label("倍速").select_option("4")
        await page.wait_for_function(_AT_SPEED, arg=4, timeout=SLOW)
        await keep(page, tmp_path, "device-playback")

        await page.get_by_role("button", name="暂停").click()
        await expect(page.get_by_role("button", name="播放", exact=True)).to_be_visible(timeout=SLOW)
        await page.get_by_role("button", name="播放", exact=True).click()
        await page.wait_for_function(_PLAYS, arg=[from_ms, to_ms], timeout=SLOW)

        await page.locator("t-playback").evaluate("(element, at) => element.seek(at)", from_ms + MINUTE_MS)
        await page.wait_for_function(_PLAYS, arg=[from_ms + MINUTE_MS, from_ms + 2 * MINUTE_MS], timeout=SLOW)
        await page.get_by_role("button", name="返回实时画面").click()
        await until(lambda: device.playbacks == 0)  # the viewer left: the device was told BYE
        assert faults_of(page) == []


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_the_way_to_a_camera_is_shown_hop_by_hop(tmp_path: Path, street: PsClip) -> None:
    async with recorder(tmp_path, street) as (site, device, _), chromium() as browser:
        page = await open_page(browser, site, "administrator", "/cameras")
        await page.get_by_role("button", name="库区大门").click(timeout=SLOW)
        await page.get_by_role("button", name="逐段诊断").click()
        await expect(page.get_by_text("各段正常，有画面")).to_be_visible(timeout=2 * SLOW)
        hops = page.locator("t-diagnosis li")
        await expect(hops.get_by_text("点播应答")).to_be_visible()
        await expect(hops.get_by_text("与约定一致")).to_be_visible()
        await keep(page, tmp_path, "diagnosis")

        device.full = True
        await site.context.accounts.set_camera_address("gate", f"gb28181://{DEVICE[:-1]}9/{CHANNEL}")
        async with signed_in(site.http_url, "administrator") as person:
            while (await person.get("/api/v1/cameras/gate/diagnosis"))[1]["failed"] != "registered":
                await site.clock.sleep(50)
        await page.get_by_role("button", name="逐段诊断").click()
        await expect(page.get_by_text("断在：注册")).to_be_visible(timeout=2 * SLOW)
        await expect(hops.get_by_text("未注册")).to_be_visible()


_ELEMENT = (
    'document.querySelector("app-desk").shadowRoot.querySelector("t-screens").shadowRoot.querySelector("t-playback")'
)
_PLAYS = f"""([from, to]) => {{
    const playback = {_ELEMENT};
    const video = playback.shadowRoot.querySelector("video");
    const shown = playback.shown.is === "playing" && !video.paused && video.readyState >= 2 && video.currentTime > 0.5;
    return shown && playback.player.at_ms >= from && playback.player.at_ms < to;
}}"""
_AT_SPEED = f"""times => {_ELEMENT}.shadowRoot.querySelector("video").playbackRate === times"""
