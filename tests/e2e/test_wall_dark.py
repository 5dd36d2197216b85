"""Small tiles of the wall whose cameras are down: which camera, and why, are both read."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from command import requests as q
from command.actors import HUB
from consoles.site import running_site
from tests.consoles.support import PASSWORD, settings
from tests.e2e.chromium import chromium
from tests.e2e.test_video_screens import SLOW
from tests.e2e.video import PLACE, open_page

_NAMES = (
    "京港澳高速 北入口",
    "京港澳高速 篁口枢纽北",
    "京港澳高速 新墙互通北一公里",
    "京港澳高速 长湖段南一公里",
    "荣家河桥",
)

_TITLE = "京港澳高速岳阳县新墙互通北往南方向一公里处油罐车侧翻并有不明液体泄漏，后方多车追尾，有人被困"

_COVERED = """(tile) => {
    const under = tile.shadowRoot.querySelector(".head").getBoundingClientRect().bottom;
    const whole = tile.getBoundingClientRect().bottom;
    return [...tile.shadowRoot.querySelectorAll(".cover > *")]
        .map((words) => [words.textContent, words.getBoundingClientRect()])
        .filter(([, at]) => at.height > 0 && (at.top < under || at.bottom > whole))
        .map(([text]) => text);
}"""


@pytest.mark.browser
async def test_the_name_of_a_dark_camera_stands_over_none_of_the_words_that_say_why(
    tmp_path: Path,
) -> None:  # R1116, R1140
    async with running_site(settings(tmp_path)) as site, chromium() as browser:
        await site.context.accounts.create("wall", "大屏", frozenset({"wall"}), "", PASSWORD)
        for number, name in enumerate(_NAMES):
            await site.hub.ask(q.EnrolCamera(camera=f"c{number}", name=name, lat=PLACE.lat, lon=PLACE.lon), HUB)
            down = q.ReportCamera(camera=f"c{number}", up=False, reason="INVITE was answered, no packet: firewall?")
            await site.hub.ask(down, HUB)
        opened = q.OpenSituation(title=_TITLE, service="122", kind="accident", level=3, place=PLACE)
        await site.hub.ask(opened, HUB)
        wall = await open_page(browser, site, "wall", "/wall")
        tiles = wall.locator("t-screens t-tile")
        await expect(tiles.get_by_text("信令通，画面不到，查防火墙")).to_have_count(len(_NAMES), timeout=SLOW)
        for name in _NAMES:
            tile = wall.locator(f"t-screens t-tile[aria-label='{name}']")
            assert await tile.evaluate(_COVERED) == [], name
        panel, drawn = [await wall.locator(at).bounding_box() for at in ("section.focus", "section.focus t-map")]
        assert panel is not None
        assert drawn is not None
        assert drawn["x"] + drawn["width"] <= panel["x"] + panel["width"], (
            "the middle of the map is not where one looks"
        )
