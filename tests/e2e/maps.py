"""Maps in Chromium: where things stand on them, once they stand still."""

from __future__ import annotations

from playwright.async_api import FloatRect, Locator

_STILL = """async (map) => {
    await map.base.ready.catch(() => null);
    await new Promise((done) => {
        map.map.once("rendercomplete", done);
        map.map.render();
    });
}"""


async def still(there: Locator) -> None:
    """Wait until a map is drawn and moves no more: until then it takes no press, or is yet to look elsewhere."""
    await there.evaluate(_STILL)


async def box_of(there: Locator) -> FloatRect:
    """Where a map stands on the page, once it stands still."""
    await still(there)
    box = await there.bounding_box()
    assert box is not None
    return box
