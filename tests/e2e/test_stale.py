"""No screen ever shows an old picture as a fresh one: what people see, how soon. Rules R100, R201 to R204, R885 on."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Locator, Page, expect

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB, Role
from consoles.http.app import make_app
from consoles.limits import CONSOLE_RECHECK_MS
from consoles.parts.serving import serving
from consoles.settings import Viid
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, settings, signed_in, site_with_people
from tests.e2e.chromium import chromium, sign_in
from tests.e2e.hub_process import HubProcess, add_accounts, hub_process
from tests.edge.agent.support import until
from tests.ports import free_ports

SCREENS: tuple[tuple[str, Role, tuple[int, int]], ...] = (
    ("/wall", "wall", (1920, 1080)),
    ("/desk", "dispatcher", (1920, 1080)),
    ("/mobile", "officer", (390, 844)),
    ("/rehearsal", "director", (1920, 1080)),
    ("/admin", "administrator", (1920, 1080)),
    ("/cameras", "administrator", (1920, 1080)),
    ("/vehicles", "dispatcher", (1920, 1080)),
)
SILENT_MS = 3000 + 1000
"""Three beats missing, and the look at the clock after that."""
BACK_MS = 8000 + 2000
"""The longest pause between two tries, and the answer."""
DEAD_MS = 8000 + 2000
"""A connection silent for so long is left, and the next is made."""
LOST_MS = 20_000
"""Somebody signs in and asks, the database gives up waiting, the next beat says so."""
AWAKE_MS = 2000
ASLEEP_MS = 6000
LOOK_EVERY_MS = 10_000
"""What no rows come for is looked at this often while it is seen."""
OLD_AFTER_MS = 60_000
"""And is hatched where it is older than this."""
PANEL_MS = 8000
"""A panel has asked, and the hub has asked the others."""
LOOK_MS = 600
"""A page looks at its clock this often."""
PICTURES = os.environ.get("TRIUNE_STALE_PICTURES")
"""A folder: the pictures are kept there, to be looked at."""


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png")


OLD = """words => {
    if (document.documentElement.dataset.picture !== "old") return false;
    const inside = (root) => [...root.querySelectorAll("*")].flatMap(
        (each) => each.shadowRoot ? [each, ...inside(each.shadowRoot)] : [each]);
    const ages = inside(document).filter((each) => each.tagName === "T-AGE");
    const bad = ages.map((each) => each.shadowRoot.querySelector(".bad")).find((each) => each?.checkVisibility());
    return bad !== undefined && bad.textContent.includes(words)
        && getComputedStyle(document.body, "::after").backgroundImage.startsWith("repeating-linear-gradient");
}"""
LIVE = "() => document.documentElement.dataset.picture === 'live'"
"""Both are looked at with every frame: `expect` looks once a second, and not at the end of its time."""
HEARD = """(() => {
    const note = () => window.heard_ms = performance.now();
    window.WebSocket = class extends WebSocket {
        constructor(...from) { super(...from); this.addEventListener("message", note); }
    };
    let before = "";
    const look = () => {
        const now = document.documentElement.dataset.picture;
        if (now === "old" && before !== now) window.old_after_ms = performance.now() - window.heard_ms;
        before = now;
    };
    new MutationObserver(look).observe(document, {subtree: true, attributeFilter: ["data-picture"]});
})()"""
"""Notes by the page's own clock how long after the hub's last word it was hatched."""


async def is_old(page: Page, within_ms: int, words: str) -> None:
    """The whole page is hatched, the age is told in words, and both are where they can be seen."""
    await page.wait_for_function(OLD, arg=words, timeout=within_ms)


async def is_silent(page: Page, words: str) -> None:
    """So is a page whose hub says nothing any more, soon after its last word: a busy machine tells us of it later."""
    await is_old(page, BACK_MS, words)
    assert await page.evaluate("window.old_after_ms") <= SILENT_MS


async def is_fresh(page: Page, within_ms: int) -> None:
    """Nothing is hatched, and the age is that of a moment ago."""
    await page.wait_for_function(LIVE, timeout=within_ms)
    await expect(page.locator("t-age .badge:not(.bad)").first).to_contain_text("数据", timeout=within_ms)


@asynccontextmanager
async def screens(browser: Browser, hub: HubProcess) -> AsyncIterator[dict[str, Page]]:
    """All consoles of a hub, open and fresh."""
    pages = {}
    people: dict[str, tuple[Role, str]] = {role: (role, "u1" if role == "officer" else "") for _, role, _ in SCREENS}
    passwords = await add_accounts(hub.data, people)
    for path, role, (width, height) in SCREENS:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        await context.add_init_script(HEARD)
        page = pages[path[1:]] = await context.new_page()
        await sign_in(page, hub.url, role, passwords[role], path)
        await is_fresh(page, 15_000)
    yield pages


@pytest.mark.browser
async def test_every_screen_says_that_it_is_old_and_recovers_by_itself(tmp_path: Path) -> None:  # R713
    """The hub stands still, is killed, and loses its record."""
    async with hub_process(tmp_path / "var") as hub, chromium() as browser, screens(browser, hub) as pages:
        async with asyncio.TaskGroup() as looks:  # on all at once: silent for longer, each says that it is cut off
            for page in pages.values():
                looks.create_task(is_silent(page, "已过时"))
            hub.freeze()
        for name, page in pages.items():
            await picture(page, f"{name}-frozen")
        hub.thaw()
        for page in pages.values():
            await is_fresh(page, BACK_MS)

        async with locked(tmp_path / "var" / "journal.sqlite3"), asyncio.TaskGroup() as tasks:
            tasks.create_task(_ask_in_vain(hub))
            for name, page in pages.items():
                await is_old(page, LOST_MS, "已过时")
                await expect(page.get_by_text("暂不受理").first).to_be_visible(timeout=SILENT_MS)
                await picture(page, f"{name}-no-record")
        for page in pages.values():
            await is_fresh(page, BACK_MS)

        await hub.kill()
        for name, page in pages.items():
            await is_silent(page, "连接中断")
            await picture(page, f"{name}-killed")
        await hub.start()
        for page in pages.values():
            await is_fresh(page, BACK_MS)


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """A record that cannot be written: as if its disk did not answer any more."""
    with closing(sqlite3.connect(database, isolation_level=None)) as record:
        record.execute("BEGIN EXCLUSIVE")
        yield
        record.execute("ROLLBACK")


async def _ask_in_vain(hub: HubProcess) -> None:
    passwords = await add_accounts(hub.data, {"taker": ("call_taker", "")})
    async with signed_in(hub.url, "taker", passwords["taker"]) as person:
        status, _ = await person.ask(q.ReportCall(dialled="119", caller="13900000001"))
        assert status == 503


WATCHED = """words => {
    const says = node => (node.nodeValue ?? "").includes(words)
        || [...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])].some(says);
    window.frames_seen = [];
    const look = () => {
        window.frames_seen.push([performance.now(), document.documentElement.dataset.picture, says(document.body)]);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
"""Notes of every frame drawn: when, whether it was hatched, and whether the words stood on it.

The time is the drawing's own: the one a frame is handed is when it was due, and those due while the page slept are
drawn when it wakes.
"""


@pytest.mark.browser
async def test_a_page_that_slept_shows_the_truth_at_once_and_nothing_old_as_fresh(tmp_path: Path) -> None:
    """Its process stands still as a frozen tab's does; what the hub said meanwhile waits in the socket."""
    async with site_with_people(tmp_path, "wall") as site, chromium() as browser:
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        await sign_in(page, site.http_url, "wall", PASSWORD, "/wall")
        await is_fresh(page, 15_000)
        await page.evaluate(WATCHED, "建设路商铺起火")
        await page.wait_for_function("() => window.frames_seen.length > 0")
        root = await browser.new_browser_cdp_session()
        processes = (await root.send("SystemInfo.getProcessInfo"))["processInfo"]
        renderers = [process["id"] for process in processes if process["type"] == "renderer"]
        for renderer in renderers:
            os.kill(renderer, signal.SIGSTOP)
        try:
            opened = q.OpenSituation(title="建设路商铺起火", service="119", kind="accident", level=3)
            await site.hub.ask(opened, HUB)
            await site.clock.sleep(ASLEEP_MS)
        finally:
            for renderer in renderers:
                os.kill(renderer, signal.SIGCONT)
        await expect(page.get_by_text("建设路商铺起火").first).to_be_visible(timeout=AWAKE_MS)
        await is_fresh(page, AWAKE_MS)
        frames: list[tuple[float, str, bool]] = await page.evaluate("window.frames_seen")
        woke_ms = next(now for (before, *_), (now, *_) in pairwise(frames) if now - before > ASLEEP_MS / 2)
        lies = [at_ms - woke_ms for at_ms, seen, told in frames if at_ms >= woke_ms and seen == "live" and not told]
        assert max(lies, default=0) < LOOK_MS, lies


@pytest.mark.browser
async def test_a_tab_is_hatched_before_the_browser_freezes_it(tmp_path: Path) -> None:
    """Page Lifecycle's event; Chromium without a window never hides a page, so it is told of it by hand."""
    async with site_with_people(tmp_path, "wall") as site, chromium() as browser:
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        await sign_in(page, site.http_url, "wall", PASSWORD, "/wall")
        await is_fresh(page, 15_000)
        seen = "document.dispatchEvent(new Event('freeze')), document.documentElement.dataset.picture"
        assert await page.evaluate(seen) == "old"
        await page.evaluate("document.dispatchEvent(new Event('resume'))")
        await is_fresh(page, AWAKE_MS)


@pytest.mark.browser
async def test_a_session_that_ended_leads_to_the_login_page(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "wall") as site, chromium() as browser:
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        await sign_in(page, site.http_url, "wall", PASSWORD, "/wall")
        await is_fresh(page, 15_000)
        await site.context.accounts.set_password("wall", "another-password")
        await page.wait_for_url("**/login?next=%2Fwall", timeout=CONSOLE_RECHECK_MS + 6000)


class Way:
    """A way to a hub that may go silent: connections stay open and carry nothing any more, in either direction."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.silent = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(reader, back))
                tasks.create_task(self._pump(there, writer))
        finally:
            back.close()
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if not self.silent:
                    sink.write(data)
            sink.close()
        except ConnectionError:
            sink.close()


@pytest.mark.browser
@pytest.mark.parametrize("fate", ["stopped", "silent"])
async def test_a_screen_goes_on_at_another_hub(tmp_path: Path, fate: str) -> None:
    """Its hub ends, or the way to it goes silent without a word (half open): the screen finds the other by itself."""
    one_port, two_port, behind_port = free_ports(3)
    one, two = f"http://127.0.0.1:{one_port}", f"http://127.0.0.1:{two_port}"
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(site_with_people(tmp_path, "wall"))
        apps = [make_app(site.context, (), [one, two]) for _ in range(2)]
        first = await stack.enter_async_context(AsyncExitStack())
        way = Way(behind_port)
        if fate == "silent":
            await first.enter_async_context(serving(apps[0], "127.0.0.1", behind_port))
            server = await asyncio.start_server(way.carry, "127.0.0.1", one_port)
            stack.callback(server.close)
        else:
            await first.enter_async_context(serving(apps[0], "127.0.0.1", one_port))
        await stack.enter_async_context(serving(apps[1], "127.0.0.1", two_port))
        browser = await stack.enter_async_context(chromium())
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        await page.add_init_script(HEARD)
        async with page.expect_response("**/api/v1/hubs") as told:
            await sign_in(page, one, "wall", PASSWORD, "/wall")
        assert await (await told.value).json() == {"hubs": [one, two]}
        await is_fresh(page, 15_000)
        if fate == "silent":
            way.silent = True
            await is_silent(page, "已过时")
        else:
            await first.aclose()
        opened = q.OpenSituation(title="建设路商铺起火", service="119", kind="accident", level=3)
        await site.hub.ask(opened, HUB)
        await expect(page.get_by_text("建设路商铺起火").first).to_be_visible(timeout=DEAD_MS)
        await is_fresh(page, AWAKE_MS)


@asynccontextmanager
async def page_of_cameras(tmp_path: Path) -> AsyncIterator[tuple[Site, Page]]:
    """Open and fresh, of a site that speaks GA/T 1400, with a clock that may be turned on."""
    viid = Viid(
        server_id="43062100005030000001", port=0, password="right-horse-battery", receive_at="http://127.0.0.1:1"
    )
    async with running_site(replace(settings(tmp_path), viid=viid)) as site, chromium() as browser:
        await site.context.accounts.create("administrator", "管理员", frozenset({"administrator"}), "", PASSWORD)
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        page = await context.new_page()
        await page.clock.install()
        await sign_in(page, site.http_url, "administrator", PASSWORD, "/cameras")
        await is_fresh(page, 15_000)
        yield site, page


async def part_is_fresh(part: Locator) -> None:
    await expect(part.locator("t-age .badge:not(.bad)")).to_contain_text("数据", timeout=PANEL_MS)
    await expect(part).not_to_have_attribute("data-old", "")


async def part_is_old(part: Locator, words: str) -> None:
    await expect(part.locator("t-age .bad")).to_contain_text(words, timeout=PANEL_MS)
    await expect(part).to_have_attribute("data-old", "")
    hatch = await part.evaluate("element => getComputedStyle(element).backgroundImage")
    assert hatch.startswith("repeating-linear-gradient")


@pytest.mark.browser
async def test_what_no_rows_come_for_is_looked_at_again_and_hatched_where_that_fails(tmp_path: Path) -> None:
    """An agent is enrolled while nobody presses anything; then the hub cannot be asked for agents (R885, R886)."""
    async with page_of_cameras(tmp_path) as (site, page):
        panel = page.locator("t-hubs")
        await part_is_fresh(panel)
        await panel.scroll_into_view_if_needed()
        words = page.get_by_role("searchbox", name="查找已接入的")
        await words.focus()
        await panel.scroll_into_view_if_needed()
        await site.context.accounts.issue(AGENT + "gate")
        await site.context.accounts.set_camera_address("k0", "edge://gate/rtsp://127.0.0.1:1/k0")
        await until(lambda: "gate" in site.agents.agents.states)
        await page.clock.fast_forward(LOOK_EVERY_MS)
        await expect(panel.get_by_text("gate", exact=True)).to_be_visible(timeout=PANEL_MS)

        await page.route("**/api/v1/agents", lambda route: route.abort())
        await page.clock.fast_forward(LOOK_EVERY_MS)
        await part_is_old(panel, "已过时")
        await expect(panel.get_by_text("gate", exact=True)).to_be_visible()
        await expect(panel.get_by_role("alert")).to_have_count(0)
        await is_fresh(page, BACK_MS)
        await picture(page, "cameras-look-failed")

        await panel.get_by_role("button", name="刷新").click()
        await expect(panel.get_by_role("alert")).to_be_visible(timeout=PANEL_MS)
        await page.unroute("**/api/v1/agents")
        await words.focus()
        await panel.scroll_into_view_if_needed()
        await page.clock.fast_forward(LOOK_EVERY_MS)
        await part_is_fresh(panel)
        await expect(panel.get_by_role("alert")).to_have_count(0)
        await expect(words).to_be_focused()
        await picture(page, "cameras-looked-again")


@pytest.mark.browser
async def test_nothing_is_asked_while_somebody_types_or_nobody_sees_it(tmp_path: Path) -> None:
    """Its age goes on, and it is hatched after a minute (R885, R887)."""
    async with page_of_cameras(tmp_path) as (_, page):
        panel = page.locator("t-viid-lower")
        title = panel.locator("[name=title]")
        await part_is_fresh(panel)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/lowers") else None)
        await title.press_sequentially("邻县")
        asked.clear()
        await page.clock.fast_forward(OLD_AFTER_MS)
        await part_is_old(panel, "已过时 1 分")
        await picture(page, "cameras-typing")
        assert asked == []
        await expect(title).to_be_focused()
        await expect(title).to_have_value("邻县")
        await title.fill("")
        await part_is_fresh(panel)

        await page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
        asked.clear()
        await page.clock.fast_forward(OLD_AFTER_MS)
        await part_is_old(panel, "已过时 1 分")
        assert asked == []
        await page.evaluate("delete document.hidden")
        await part_is_fresh(panel)
        assert len(asked) == 1
