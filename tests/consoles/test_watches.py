"""A watch that can never fire is refused where it is asked for, in words that whoever asked can act on."""

from __future__ import annotations

from pathlib import Path

import pytest

from consoles.http.app import make_app
from consoles.parts.serving import serving
from tests.consoles.support import signed_in, site_with_people


@pytest.mark.parametrize("pattern", ["湘FI*", "湘F12?", "*湘"])
async def test_an_impossible_pattern_is_refused_at_the_desk(tmp_path: Path, pattern: str) -> None:  # R160
    async with site_with_people(tmp_path, "dispatcher") as site:
        async with serving(make_app(site.context), "127.0.0.1", 0) as url, signed_in(url, "dispatcher") as person:
            until_ms = site.clock.now_ms() + 3_600_000
            asked = {
                "request": "request_watch",
                "pattern": pattern,
                "reason": "写错了",
                "level": 3,
                "until_ms": until_ms,
            }
            status, problem = await person.ask(asked)
            assert (status, problem["code"]) == (400, "impossible_pattern")
            assert "GA 36" in problem["detail"]
        assert not await site.hub.read(lambda t: len(t.watches))
