"""Chromium, how people sign in there, and what they do there with a thumb."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.streams.browser import chromium

__all__ = ["chromium", "has_all", "sign_in", "tap_twice"]

_OPENS_MS = 60_000

_TWICE = """(button) => new Promise((done) => {
    const { x, y, width, height } = button.getBoundingClientRect();
    const at = [x + width / 2, y + height / 2];
    const tap = () => {
        let there = document.elementFromPoint(...at);
        while (there?.shadowRoot?.elementFromPoint(...at)) there = there.shadowRoot.elementFromPoint(...at);
        there?.closest("button")?.click();
    };
    setTimeout(() => { tap(); done(); }, 180);
    tap();
})"""


async def sign_in(page: Page, url: str, name: str, password: str, path: str) -> None:
    """Go to a page by way of the login page, as a person does."""
    await page.goto(url + path)
    await page.locator("input").nth(0).fill(name)
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(url + path)


async def has_all(page: Page) -> None:
    """Wait until the whole picture is there: tables come one after the other, and a command names what is in them."""
    await expect(page.locator("html")).to_have_attribute("data-picture", "live", timeout=_OPENS_MS)


async def tap_twice(button: Locator) -> None:
    """Tap where the button is and again 180 ms later, whatever stands there by then.

    By the page's own timers: between two taps from here a busy machine may take as long as a person who means both.
    """
    await button.evaluate(_TWICE)
