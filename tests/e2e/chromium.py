"""Chromium as Debian ships it, driven by Playwright, kept to this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]  # fmt: skip


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def sign_in(page: Page, url: str, name: str, password: str, path: str) -> None:
    """Go to a page by way of the login page, as a person does."""
    await page.goto(url + path)
    await page.locator("input").nth(0).fill(name)
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(url + path)
