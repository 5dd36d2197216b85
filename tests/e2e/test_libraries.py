"""Lists (库) in Chromium: a file is brought, approved by somebody else, hit, its entry set aside, the file replaced;
and where, when and for which look-alikes it fires."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from consoles.parts.libraries import Libraries
from tests.consoles.support import site_with_people
from tests.e2e.chromium import chromium
from tests.e2e.test_accessibility import faults
from tests.e2e.test_watches import SLOW, pass_by, roadside
from tests.e2e.video import faults_of, open_page

FILE = "序号,号牌号码,品牌,车身颜色\n1,湘FB0345,大众,白\n2,湘F9*,,\n3,湘FI2345,,\n4,湘f·b0345,,\n5,=1+1,,\n"


async def to_lists(page: Page) -> None:
    await page.get_by_role("tab", name="布控").click(timeout=SLOW)
    await expect(page.get_by_role("button", name="名单库")).to_be_visible(timeout=SLOW)
    await page.keyboard.press("l")
    await expect(page.get_by_text("上限 1\u202f000\u202f000 条")).to_be_visible()


async def brings(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "库.csv"
    file.write_bytes(FILE.encode("gbk"))
    await page.keyboard.press("n")
    await page.get_by_label("名单文件").set_input_files(file)
    await expect(page.get_by_text("5 行：2 条可用（模糊 1），重复 1，有误 2")).to_be_visible(timeout=SLOW)
    await expect(page.get_by_text("第 5 行：湘FB0345 与第 2 行相同")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="公式不予受理")).to_contain_text("6")
    await page.get_by_label("名称").fill("盗抢机动车库")
    await page.get_by_label("原因", exact=True).fill("省厅下发")
    assert await faults(page) == []
    await page.screenshot(path=tmp_path / "file.png")
    await page.get_by_label("原因", exact=True).press("Enter")
    await expect(page.get_by_role("heading", name="盗抢机动车库")).to_be_visible(timeout=SLOW)
    await expect(page.get_by_text("本人装入的文件须由他人批准")).to_have_count(0)


async def approves(page: Page, tmp_path: Path) -> None:
    await page.get_by_role("row").filter(has_text="盗抢机动车库").click(timeout=SLOW)
    await page.screenshot(path=tmp_path / "waiting.png")
    await page.keyboard.press("a")
    await page.get_by_role("button", name="确认").click()
    await expect(page.get_by_text("本机：已装入 2 条")).to_be_visible(timeout=SLOW)
    await holders_are_told_with_their_age(page, tmp_path)


async def holders_are_told_with_their_age(page: Page, tmp_path: Path) -> None:
    """Who holds a list comes with no rows (R886)."""
    entry = page.locator("library-entry")
    await expect(entry.locator("t-age .badge:not(.bad)")).to_contain_text("数据")
    await page.route("**/api/v1/agents", lambda route: route.abort())
    await expect(entry.locator("t-age .bad")).to_contain_text("已过时", timeout=SLOW)
    await expect(entry.locator("ul.stale")).to_contain_text("本机：已装入 2 条")
    await page.screenshot(path=tmp_path / "holders-old.png")
    await page.unroute("**/api/v1/agents")
    await expect(entry.locator("t-age .badge:not(.bad)")).to_contain_text("数据", timeout=SLOW)


async def replaces(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "新.txt"
    file.write_text("湘FB0345\n湘F88888\n")
    await page.keyboard.press("r")
    await page.get_by_label("名单文件").set_input_files(file)
    await expect(page.get_by_text("新增 1，减少 1")).to_be_visible(timeout=SLOW)
    await page.get_by_role("button", name="提交，待他人批准").click()
    await expect(page.get_by_role("group", name="待批准文件")).to_contain_text("新增 1，减少 1", timeout=SLOW)


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_list_is_brought_approved_hit_and_replaced(tmp_path: Path) -> None:  # R688
    async with site_with_people(tmp_path, "dispatcher", "duty_leader") as site, chromium() as browser:
        hits = await roadside(site)
        page = await open_page(browser, site, "dispatcher", "/vehicles", axe=True)
        await to_lists(page)
        await brings(page, tmp_path)
        leader = await open_page(browser, site, "duty_leader", "/vehicles")
        await to_lists(leader)
        await approves(leader, tmp_path)

        await Libraries(site.hub, site.context.blobs, hits.hold).look()
        await pass_by(site, hits, "k0", "湘FB0345")
        hit = page.get_by_role("article")
        await expect(hit).to_contain_text("大众 白", timeout=SLOW)
        await page.keyboard.press("x")
        await hit.get_by_label("误报原因").select_option("out_of_date")
        await hit.get_by_label("说明").fill("已发还")
        await hit.get_by_label("搁置此条").check()
        await hit.get_by_label("说明").press("Enter")
        await expect(page.get_by_role("region", name="误报的条目")).to_contain_text("已搁置，不报警", timeout=SLOW)

        await page.keyboard.press("/")
        await page.keyboard.type("湘FB0345")
        await page.get_by_label("查询原因").fill("核查")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("盗抢机动车库：湘FB0345 · ")).to_be_visible(timeout=SLOW)
        await page.get_by_label("查询原因").press("Escape")
        await replaces(page, tmp_path)
        await page.screenshot(path=tmp_path / "list.png")
        assert await faults(page) == []
        await leader.goto(f"{site.http_url}/vehicles?lang=en#watches")
        await expect(leader.get_by_role("button", name="Lists")).to_be_visible(timeout=SLOW)
        await leader.keyboard.press("l")
        await leader.get_by_role("row").filter(has_text="盗抢机动车库").click(timeout=SLOW)
        await leader.keyboard.press("a")
        await leader.screenshot(path=tmp_path / "english.png")
        await leader.get_by_role("button", name="Confirm").click()
        await expect(leader.get_by_text("1 came, 1 went")).to_be_visible(timeout=SLOW)
        assert faults_of(page) == faults_of(leader) == []


async def brings_with_terms(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "库.csv"
    file.write_text("号牌号码,有效期至\n湘F80345,2099-12-31\n湘F9*,\n")
    await page.keyboard.press("n")
    await page.get_by_label("名单文件").set_input_files(file)
    await expect(page.get_by_text("1 条各有有效期，2099年12月31日")).to_be_visible(timeout=SLOW)
    await page.get_by_label("名称").fill("未登记车辆库")
    await page.get_by_label("原因", exact=True).fill("专项整治")
    await page.get_by_label("含形近字").check()
    await page.get_by_label("从").fill("00:00")
    await expect(page.get_by_text("还缺：时段")).to_be_visible()
    await page.get_by_label("到", exact=True).fill("23:59")
    await page.locator("watch-area select").select_option("cameras")
    await expect(page.get_by_text("还缺：范围")).to_be_visible()
    await page.get_by_role("checkbox", name="路口0").check()
    assert await faults(page) == []
    await page.screenshot(path=tmp_path / "terms-form.png")
    await page.get_by_label("原因", exact=True).press("Enter")
    await expect(page.get_by_role("heading", name="未登记车辆库")).to_be_visible(timeout=SLOW)
    await expect(page.get_by_text("路口0 · 00:00–23:59 · 含形近字")).to_be_visible()


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_where_when_and_for_which_look_alikes_a_list_fires_is_set_changed_and_approved(  # R825, R826, R829
    tmp_path: Path,
) -> None:
    async with site_with_people(tmp_path, "dispatcher", "duty_leader") as site, chromium() as browser:
        hits = await roadside(site)
        page = await open_page(browser, site, "dispatcher", "/vehicles", axe=True)
        await to_lists(page)
        await brings_with_terms(page, tmp_path)
        leader = await open_page(browser, site, "duty_leader", "/vehicles")
        await to_lists(leader)
        await leader.get_by_role("row").filter(has_text="未登记车辆库").click(timeout=SLOW)
        await leader.keyboard.press("a")
        await leader.get_by_role("button", name="确认").click()
        await expect(leader.get_by_text("本机：已装入 2 条")).to_be_visible(timeout=SLOW)
        held = Libraries(site.hub, site.context.blobs, hits.hold)
        await held.look()
        for camera in ("k1", "k0"):
            await pass_by(site, hits, camera, "湘FB0345")
        hit = page.get_by_role("article")
        await expect(hit).to_have_count(1, timeout=SLOW)
        await expect(hit).to_contain_text("湘F80345")

        await page.keyboard.press("t")
        terms = page.get_by_role("group", name="布控条件")
        await expect(terms.locator("select")).to_have_value("kept")
        await expect(terms.get_by_label("从")).to_have_value("00:00")
        await terms.locator("select").select_option("")
        await terms.get_by_label("含形近字").uncheck()
        await expect(terms.locator("select")).to_have_value("")
        assert await faults(page) == []
        await page.screenshot(path=tmp_path / "terms-change.png")
        await page.get_by_role("button", name="提交，待他人批准").click()
        waiting = page.get_by_role("group", name="待批准的布控条件")
        await expect(waiting).to_contain_text("全部摄像机 · 00:00–23:59 · 不含形近字", timeout=SLOW)
        await page.screenshot(path=tmp_path / "terms-waiting.png")
        await expect(leader.get_by_role("group", name="待批准的布控条件")).to_be_visible(timeout=SLOW)
        await leader.keyboard.press("a")
        asked = leader.get_by_text("立即按此报警：全部摄像机 · 00:00–23:59 · 不含形近字")
        await expect(asked).to_be_visible(timeout=SLOW)
        await leader.screenshot(path=tmp_path / "terms-approve.png")
        await leader.get_by_role("button", name="确认").click()
        await expect(waiting).to_have_count(0, timeout=SLOW)
        [row] = await site.hub.read(lambda t: list(t.libraries))
        assert (row.look_alike, row.area) == (False, None)
        await leader.goto(f"{site.http_url}/vehicles?lang=en#watches")
        await expect(leader.get_by_role("button", name="Lists")).to_be_visible(timeout=SLOW)
        await leader.keyboard.press("l")
        await leader.get_by_role("row").filter(has_text="未登记车辆库").click(timeout=SLOW)
        await expect(leader.get_by_text("00:00–23:59 · as written")).to_be_visible(timeout=SLOW)
        assert faults_of(page) == faults_of(leader) == []
