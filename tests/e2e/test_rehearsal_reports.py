"""The director finds what earlier rehearsals came to, and takes it out as a file. Rule R1112."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from plans.reports import Reports
from tests.consoles.support import PASSWORD, site_with_people
from tests.consoles.test_rehearsal_reports import report
from tests.e2e.chromium import chromium, sign_in

SOON_MS = 15_000


@pytest.mark.browser
async def test_evaluations_of_earlier_rehearsals_are_listed_and_taken_out(tmp_path: Path) -> None:  # R1112
    kept = Reports(tmp_path / "var" / "rehearsals")
    for began_ms in (1_773_400_000_000, 1_773_500_000_000):
        kept.keep(report(began_ms))
    async with site_with_people(tmp_path, "director") as site, chromium() as browser:
        page = await (await browser.new_context(locale="zh-CN", accept_downloads=True)).new_page()
        await sign_in(page, site.http_url, "director", PASSWORD, "/rehearsal")
        links = page.get_by_role("link", name="取出评估")
        await expect(links).to_have_count(2, timeout=SOON_MS)
        async with page.expect_download() as found:
            await links.first.click()
        taken = await found.value
        assert taken.suggested_filename == "演练评估_脚本_20260314-225320.csv"
        assert "演练评估：预案（版本 1）· 脚本" in Path(await taken.path()).read_text("utf-8-sig")
