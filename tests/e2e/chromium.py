"""Chromium, and how people sign in there."""

from __future__ import annotations

from playwright.async_api import Page

from tests.streams.browser import chromium

__all__ = ["chromium", "sign_in"]


async def sign_in(page: Page, url: str, name: str, password: str, path: str) -> None:
    """Go to a page by way of the login page, as a person does."""
    await page.goto(url + path)
    await page.locator("input").nth(0).fill(name)
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(url + path)
