"""Recordings in Chromium: seek, gap, frames, replay, lock, clip, cars (SPEC R411-R414, R450, R455, R787)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from command import requests as q
from command.actors import HUB
from command.facts.recording import RecordingPolicy
from command.readings import Sighting
from consoles.site import Site
from edge.simulators.clips import Clip
from tests.consoles.support import signed_in
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_video_screens import SLOW, choose_situation, keep, plays
from tests.e2e.video import drawn, faults_of, open_page, site_with_cameras

RECORDED_MS = 16_000
GAP_MS = 6_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


async def recorded(site: Site, camera: str, span_ms: int, since_ms: int) -> tuple[int, int]:
    """Wait until so much is recorded after an instant; return its beginning and end."""
    async with asyncio.timeout(60), signed_in(site.http_url, "commander") as person:
        while True:
            now_ms = site.clock.now_ms()
            _, found = await person.get(f"/api/v1/cameras/{camera}/recordings?from_ms={since_ms}&to_ms={now_ms + 1000}")
            spans = [span for span in found["spans"] if span["to_ms"] - max(span["from_ms"], since_ms) >= span_ms]
            if spans:
                return int(spans[-1]["from_ms"]), int(spans[-1]["to_ms"])
            await site.clock.sleep(200)


async def shown_at(page: Page) -> float:
    """What the recording shows now, ms since 1970."""
    at_ms: float = await page.locator("t-playback").evaluate("element => element.player.at_ms")
    return at_ms


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_a_recording_is_watched_over_a_gap_locked_and_exported(tmp_path: Path, clip: Clip) -> None:
    async with (
        site_with_cameras(tmp_path, clip, "commander") as (site, cameras, _, situation),
        chromium() as browser,
    ):
        await site.hub.ask(q.SetRecording(camera="c1", policy=RecordingPolicy(mode="continuous")), HUB)
        began_ms = site.clock.now_ms()
        first_from_ms, _ = await recorded(site, "c1", RECORDED_MS, began_ms)
        cameras.set_up("c1", up=False)
        await site.clock.sleep(GAP_MS)
        cameras.set_up("c1", up=True)
        second_from_ms, second_to_ms = await recorded(site, "c1", RECORDED_MS, site.clock.now_ms())

        page = await open_page(browser, site, "commander", "/desk", axe=True)
        await choose_situation(page)
        await plays(page, "c1")
        tile = page.locator("t-tile[aria-label=建设路路口]")
        await tile.focus()
        await page.keyboard.press("r")
        await expect(tile.get_by_text("回看")).to_be_visible(timeout=SLOW)
        await page.wait_for_function(_REPLAYS, timeout=SLOW)
        await keep(page, tmp_path, "replay")
        await page.keyboard.press("r")
        await expect(tile.locator("video.replay")).to_have_count(0)

        await page.keyboard.press("b")
        picture = page.locator("t-playback .picture")
        await expect(page.locator("t-playback")).to_be_visible()
        await page.wait_for_function(_RECORDING_PLAYS, timeout=SLOW)
        await keep(page, tmp_path, "playback")

        # Just before the gap: it goes on where the next begins, and says so.
        gap_from_ms = await _gap(site, first_from_ms, second_to_ms)
        await page.locator("t-playback").evaluate(_NOTE_WHAT_IS_SAID)
        await page.locator("t-playback").evaluate("(element, at) => element.seek(at)", gap_from_ms - 2500)
        await page.wait_for_function(_WAS_SAID, arg=["此处没有录像，已跳到", "摄像机中断"], timeout=SLOW)
        await page.wait_for_function(_WENT_ON, arg=second_from_ms - 1500, timeout=SLOW)
        await keep(page, tmp_path, "playback-gap")
        await expect(page.locator("t-timebar .gap[title*=摄像机中断]").first).to_be_visible()
        await page.get_by_text("列出原因").click()
        await expect(page.locator("details.gaps li").get_by_text("摄像机中断").first).to_be_visible()
        await page.get_by_text("列出原因").click()

        await picture.focus()
        await page.keyboard.press("Space")
        before_ms = await shown_at(page)
        await page.keyboard.press(".")
        await page.wait_for_function(_WENT_ON, arg=before_ms)
        assert 20 < await shown_at(page) - before_ms < 200
        await page.keyboard.press("i")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("o")
        await page.get_by_label("为什么").fill("现场取证")
        await keep(page, tmp_path, "playback-chosen")
        await page.get_by_role("button", name="锁定", exact=True).click()
        await expect(page.get_by_text("已锁定，不会被覆盖")).to_be_visible(timeout=SLOW)
        await page.get_by_role("button", name="导出证据", exact=True).click()
        told = page.get_by_text(re.compile("SHA-256 [0-9a-f]{64}"))
        await expect(told).to_be_visible(timeout=SLOW)
        await keep(page, tmp_path, "playback-exported")
        async with page.expect_download() as started:
            await page.get_by_role("link", name="视频文件").click()
        path = await (await started.value).path()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest in (await told.inner_text())
        async with signed_in(site.http_url, "commander") as person:
            href = await page.get_by_role("link", name="证据说明").get_attribute("href")
            _, sheet = await person.get(str(href))
            assert digest in msgspec.json.encode(sheet).decode()
            assert situation in msgspec.json.encode(sheet).decode()
        await _marks_cars_that_passed(page, site, second_from_ms + 2000, tmp_path)
        await _finds_it_again(page, tmp_path, digest)
        await _reads_it_in_english(page, tmp_path)
        assert faults_of(page) == []


async def _marks_cars_that_passed(page: Page, site: Site, at_ms: int, tmp_path: Path) -> None:
    """None before somebody asks; then each at its instant, and the question is on record with why."""
    elsewhere = Sighting(
        camera="c2", plate="湘F99999", colour="blue", first_ms=at_ms, last_ms=at_ms, reads=3, confidence=1
    )
    here = replace(elsewhere, camera="c1", plate="湘F1A203")
    await site.context.readings.add_sightings("live", [elsewhere, here])
    marks = page.locator("t-timebar .mark.sighting")
    await expect(marks).to_have_count(0)
    await page.get_by_role("button", name="显示过车").click()
    await expect(page.get_by_text("过车 1（")).to_be_visible(timeout=SLOW)
    await expect(marks).to_have_attribute("title", re.compile("过车 湘F1A203$"))
    await keep(page, tmp_path, "playback-cars")
    await marks.click()
    await page.wait_for_function(f"at => Math.abs({_PLAYBACK}.player.at_ms - at) < 30_000", arg=at_ms)
    asked = await site.hub.read(lambda t: [(row.by, row.what, row.reason, row.results) for row in t.queries])
    assert asked == [("commander", "sightings", "现场取证", 1)]


async def _reads_it_in_english(page: Page, tmp_path: Path) -> None:
    """The time line of a shorter span, where a gap has room for its reason, and the list of all of them."""
    await page.get_by_label("时间跨度").select_option("600000")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("t-timebar .gap").get_by_text("Not scheduled")).to_be_visible(timeout=SLOW)
    await page.get_by_text("gaps: why").click()
    await expect(page.locator("details.gaps li").get_by_text("Camera down (").first).to_be_visible()
    await keep(page, tmp_path, "playback-en")
    await page.get_by_role("button", name="Exported evidence").click()
    await expect(page.locator("t-clips li").get_by_text("nothing missing")).to_be_visible(timeout=SLOW)
    await keep(page, tmp_path, "clips-en")


async def _finds_it_again(page: Page, tmp_path: Path, digest: str) -> None:
    """The list of what was exported, by keys alone: opened, read, closed, and as axe sees it."""
    opener = page.get_by_role("button", name="已导出证据")
    await opener.focus()
    await page.keyboard.press("Enter")
    line = page.locator("t-clips li")
    await expect(line.get_by_text(f"SHA-256 {digest}")).to_be_visible(timeout=SLOW)
    await expect(line.get_by_text("现场取证")).to_be_visible()
    await expect(line.get_by_text("无缺失")).to_be_visible()
    await expect(page.get_by_label("哪些摄像机")).to_be_focused()
    await keep(page, tmp_path, "clips")
    assert await faults(page) == []
    await page.get_by_label("哪些摄像机").select_option("all")
    await expect(line.get_by_text("建设路路口")).to_be_visible(timeout=SLOW)
    async with page.expect_download() as started:
        await line.get_by_role("link", name=re.compile("^视频文件")).click()
    assert hashlib.sha256((await (await started.value).path()).read_bytes()).hexdigest() == digest
    await page.keyboard.press("Escape")
    await expect(page.locator("t-clips")).to_have_count(0)
    await expect(page.locator("t-playback")).to_be_visible()


async def _gap(site: Site, from_ms: int, to_ms: int) -> int:
    """Return when the first gap begins."""
    async with signed_in(site.http_url, "commander") as person:
        _, found = await person.get(f"/api/v1/cameras/c1/recordings?from_ms={from_ms}&to_ms={to_ms}")
        return int(found["spans"][0]["to_ms"])


_REPLAYS = """() => {
    const desk = document.querySelector("app-desk").shadowRoot;
    const tile = desk.querySelector("t-screens").shadowRoot.querySelector("t-tile[aria-label=建设路路口]");
    const video = tile.shadowRoot.querySelector("video.replay");
    return video !== null && video.readyState >= 3 && video.getVideoPlaybackQuality().totalVideoFrames > 5;
}"""
_PLAYBACK = (
    'document.querySelector("app-desk").shadowRoot.querySelector("t-screens").shadowRoot.querySelector("t-playback")'
)
_WENT_ON = f"at => {_PLAYBACK}.player.at_ms > at + 20"
_NOTE_WHAT_IS_SAID = """playback => {
    window.said = [];
    const look = () => window.said.push(playback.shadowRoot.querySelector(".note")?.textContent ?? "");
    new MutationObserver(look).observe(playback.shadowRoot, {subtree: true, childList: true, characterData: true});
}"""
"""Over a gap it is said for four seconds, which a busy machine may let pass between two looks."""
_WAS_SAID = "words => window.said.some(each => words.every(word => each.includes(word)))"
_RECORDING_PLAYS = f"""() => {{
    const video = {_PLAYBACK}?.shadowRoot.querySelector("video");
    return video != null && video.readyState >= 3 && video.getVideoPlaybackQuality().totalVideoFrames > 5;
}}"""
