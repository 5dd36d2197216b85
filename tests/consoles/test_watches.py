"""A watch that can never fire is refused where it is asked for, in words that whoever asked can act on."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import facts
from command.actors import HUB
from command.facts.watchlist import WatchApproved, WatchRequested
from command.journal import Entry, StoredFact
from command.requests import EnrolCamera
from consoles.http.app import make_app
from consoles.parts.serving import serving
from consoles.site import running_site
from tests.consoles.support import settings, signed_in, site_with_people


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


async def test_an_old_impossible_pattern_harms_neither_the_hub_nor_its_next_start(
    tmp_path: Path,
) -> None:
    """Earlier releases took such watches, so records hold some; only new ones are refused."""
    for number in range(2):
        async with running_site(settings(tmp_path)) as site:
            hub = site.hub
            if not number:
                until_ms = site.clock.now_ms() + 3_600_000
                requested = WatchRequested(watch="w1", pattern="湘FI*", reason="写错了", level=3, until_ms=until_ms)
                stored = tuple(
                    StoredFact(seq=seq, at_ms=site.clock.now_ms(), actor="hub", data=facts.encode(fact))
                    for seq, fact in enumerate((requested, WatchApproved(watch="w1")), start=hub.head.seq + 1)
                )
                async with hub.journal.turn(hub.space) as turn:
                    entry = Entry(key="older", subject="w1", facts=stored)
                    assert (await turn.append([entry], hub.head, [])).stored
                hub.look()
            # The part that runs the cameras looks again for each of these; the hub still answers after both.
            for camera in (f"c{number}", f"d{number}"):
                await hub.ask(EnrolCamera(camera=camera, name="口", lat=29.1, lon=113.1), HUB)
                await site.context.accounts.set_camera_address(camera, "rtsp://127.0.0.1:9/x")
                await site.context.accounts.camera_addresses()
            active = await hub.read(lambda t: [w.pattern for w in t.watches if w.state == "active"])
            assert active == ["湘FI*"]
