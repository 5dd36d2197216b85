"""From pixels to a hit before a hub's own camera, though its stores refuse just then. Rules R798 and R799."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command import requests as q
from command.actors import HUB
from command.journal.sqlite import SqliteJournal
from consoles.site import Site, running_site
from streams.plates.picture import decode_picture
from tests.consoles.hits_hub import hits_of, refuse
from tests.consoles.support import settings
from tests.edge.agent.support import until
from tests.edge.agent.test_from_pixels import SIZE, WATCHED, street


async def counted(site: Site, name: str) -> float:
    """Return a number of `/metrics`."""
    async with aiohttp.ClientSession(site.http_url) as http, http.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


async def degraded(site: Site) -> list[str]:
    async with aiohttp.ClientSession(site.http_url) as http, http.get("/health/ready") as answer:
        told: list[str] = (await answer.json())["degraded"]
    return told


@pytest.mark.timeout(300)
async def test_a_car_that_passes_while_every_store_refuses_is_a_hit_with_pictures_afterwards(tmp_path: Path) -> None:
    wanted = replace(settings(tmp_path), plate_workers=1)
    async with street(tmp_path, WATCHED) as (camera, port), running_site(wanted) as site:
        await site.hub.ask(q.EnrolCamera(camera="k0", name="路口0", lat=29.0, lon=113.0, reads_plates=True), HUB)
        until_ms = site.clock.now_ms() + 3_600_000
        asked = q.RequestWatch(pattern=WATCHED.plate, reason="查", level=2, until_ms=until_ms)
        watch = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
        blobs, aside = tmp_path / "var" / "blobs", tmp_path / "aside"
        blobs.rename(aside)
        in_the_way = (blobs, tmp_path / "var" / "readings" / "live")
        for path in in_the_way:
            path.write_text("a file where a folder is wanted")
        camera.set_up("k0", up=True)
        await site.context.accounts.set_camera_address("k0", f"rtsp://user:secret@127.0.0.1:{port}/k0")

        async def waits() -> bool:
            return await counted(site, "triune_own_passages_waiting") >= 1

        await until(waits, within_s=180)
        camera.set_up("k0", up=False)
        assert await counted(site, "triune_own_pictures_waiting_bytes") > 0
        assert any(re.fullmatch(r"passages: \d+ wait for the readings", line) for line in await degraded(site))
        assert isinstance(site.hub.journal, SqliteJournal)
        await refuse(site.hub.journal._db, on=True)
        for path in in_the_way:
            path.unlink()
        aside.rename(blobs)

        async def is_stored() -> bool:
            left = await counted(site, "triune_own_passages_waiting")
            return await counted(site, "triune_own_passages_kept_total") >= 1 and left == 0

        await until(is_stored)
        failed = site.hub.counters.failed_batches
        await until(lambda: site.hub.counters.failed_batches > failed)  # the hit among them, again and again
        assert await hits_of(site) == []
        await refuse(site.hub.journal._db, on=False)

        async def is_there() -> bool:
            kept = await counted(site, "triune_own_passages_kept_total")
            return await counted(site, "triune_hits_found_total") == kept

        await until(is_there)
        hits = await hits_of(site)
        assert len({hit.picture for hit in hits}) == len(hits) >= 1
        assert {(hit.watch, hit.plate, hit.camera) for hit in hits} == {(watch, WATCHED.plate, "k0")}
        for hit in hits:
            assert decode_picture(await site.context.blobs.get(hit.picture)).shape[1::-1] == SIZE
