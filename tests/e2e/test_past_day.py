"""The replay page finds a situation of an earlier day, which has left the tables, and shows it as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import facts
from command.facts import Fact
from command.facts.archive import TablesSwept
from command.facts.base import Place
from command.facts.calls import SituationClosed, SituationNoted, SituationOpened
from command.journal import Entry, StoredFact
from command.rows import MarkRow
from consoles.site import Site
from tests.consoles.support import PASSWORD, site_with_people
from tests.e2e.chromium import chromium, sign_in

MINUTE_MS = 60_000
OPENED_MS = 1_763_735_400_000
"""22:30 on 21 November 2025 in the county."""


async def _happened(site: Site, *happened: tuple[int, Fact]) -> None:
    """Put facts of another time into the journal."""
    hub = site.hub
    stored = tuple(
        StoredFact(seq=seq, at_ms=at_ms, actor="commander", data=facts.encode(fact))
        for seq, (at_ms, fact) in enumerate(happened, start=hub.head.seq + 1)
    )
    async with hub.journal.turn(hub.space) as turn:
        assert (await turn.append([Entry(key="then", subject="s1", facts=stored)], hub.head, [])).stored
    await hub.catch_up(stored[-1].seq)


async def _marks(site: Site) -> list[MarkRow]:
    """Return what stands on the time line of s1, in order."""
    return await site.hub.read(lambda t: sorted(t.marks.of("s1"), key=lambda mark: int(mark.id)))


@pytest.mark.browser
async def test_a_situation_of_an_earlier_day_is_found_and_replayed(tmp_path: Path) -> None:
    opened = SituationOpened(
        situation="s1", title="荣新路货车侧翻", service="122", kind="accident", level=2,
        place=Place(lat=29.14, lon=113.12, text="荣新路"),
    )  # fmt: skip
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        await _happened(
            site,
            (OPENED_MS, opened),
            (OPENED_MS + 5 * MINUTE_MS, SituationNoted(situation="s1", text="驾驶员被困")),
            (OPENED_MS + 40 * MINUTE_MS, SituationClosed(situation="s1", why="处置完毕")),
            (OPENED_MS + 2000 * MINUTE_MS, TablesSwept(next_ms=0, situations=("s1",))),
        )
        assert not await site.hub.read(lambda t: len(t.situations))
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await sign_in(page, site.http_url, "commander", PASSWORD, "/rehearsal")
        await page.get_by_role("tab", name="复盘").click()
        await expect(page.get_by_text("没有可复盘的警情")).to_be_visible()

        await page.get_by_label("查看某日").fill("2025-11-20")
        await expect(page.get_by_text("当日没有警情")).to_be_visible()
        await page.get_by_label("查看某日").fill("2025-11-21")
        await page.get_by_role("button", name="荣新路货车侧翻").click()
        await expect(page.get_by_role("heading", name="荣新路货车侧翻")).to_be_visible()
        await expect(page.get_by_text("驾驶员被困").first).to_be_visible()


@pytest.mark.browser
async def test_an_open_one_is_replayed_up_to_now_whatever_was_told_of_it_last(tmp_path: Path) -> None:  # R1114
    opened = SituationOpened(
        situation="s1", title="老人走失", service="110", kind="public_security", level=3,
        place=Place(lat=29.14, lon=113.12, text="荣新路"),
    )  # fmt: skip
    async with site_with_people(tmp_path, "commander") as site, chromium() as browser:
        await _happened(site, (OPENED_MS, opened))
        seq = site.hub.committed_seq
        while (await _marks(site))[-1].kind != "case_opened":  # the last that is told of it
            await site.hub.wait_beyond(seq)
            seq = site.hub.committed_seq
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await sign_in(page, site.http_url, "commander", PASSWORD, "/rehearsal")
        await page.get_by_role("tab", name="复盘").click()
        await page.locator("rehearsal-replay .pick").click()
        scrubber = page.get_by_role("slider")
        await expect(scrubber).to_be_visible()
        told = await _marks(site)
        assert told[-1].kind == "case_opened"
        assert float(await scrubber.get_attribute("max") or 0) > told[-1].at_ms + 1
