"""What a page looks like on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_command_line import SLOW, desk

SITUATIONS = 40
LOOK = """() => {
    const surface = (each) => {
        const of = getComputedStyle(each);
        return {words: of.color, ground: of.backgroundColor, kept: of.printColorAdjust};
    };
    const queue = document.querySelector("app-desk").shadowRoot.querySelector("desk-queue");
    const last = [...queue.shadowRoot.querySelectorAll(".pick")].at(-1).getBoundingClientRect();
    return {page: surface(document.body), queue: surface(queue), last: last.bottom, seen: innerHeight,
            sheets: document.documentElement.scrollHeight};
}"""
"""How the page and the queue look, and whether the last situation is within what a printer is given."""


@pytest.mark.browser
async def test_a_page_is_printed_dark_on_white_and_whole(tmp_path: Path) -> None:  # R1301
    async with desk(tmp_path, *(f"商铺起火{nth}" for nth in range(SITUATIONS))) as (_, page, made):
        await expect(page.locator("desk-queue .pick")).to_have_count(len(made), timeout=SLOW)
        on_screen = await _look(page)
        assert on_screen["sheets"] == on_screen["seen"]
        await page.emulate_media(media="print")
        on_paper = await _look(page)
        for part in ("page", "queue"):
            assert _light(on_paper[part]["words"]) < 0.2, part
            assert on_paper[part]["kept"] == "exact", part
        assert _light(on_paper["page"]["ground"]) == 1
        assert on_paper["seen"] < on_paper["last"] <= on_paper["sheets"]


async def _look(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(LOOK)
    return found


def _light(colour: str) -> float:
    """Return how light `rgb(r, g, b)` is, 0 to 1."""
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) / (3 * 255)
