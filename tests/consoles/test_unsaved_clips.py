"""Clips of other hubs that are in no backup are named: in health, metrics and by the doctor (SPEC R997)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from command import requests as q
from command.actors import HUB
from command.backup.schedule import Plan
from command.kernel.clock import SystemClock
from consoles.doctor import backups
from consoles.http import health
from consoles.parts import watched
from consoles.settings import Settings
from consoles.site import Site, running_site
from tests.consoles.hubs import KEY
from tests.consoles.support import settings
from tests.ports import free_port

CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 0)
    monkeypatch.setattr(watched, "FIGURES_LOOK_MS", 50)


def hub(tmp_path: Path, number: int, journal: str) -> Settings:
    folder, port = tmp_path / f"hub{number}", free_port()
    (folder / "var").mkdir(parents=True)
    (folder / "var" / "site.key").write_text(KEY)
    (tmp_path / f"out{number}").mkdir()
    return replace(settings(folder), journal=journal, http_port=port, advertise=f"http://127.0.0.1:{port}")


def with_backups(chosen: Settings, out: Path) -> Settings:
    return replace(chosen, backup=Plan(folder=str(out)))


async def take_out(site: Site, clip: str, hub: str) -> None:
    """Record that somebody took a clip out there."""
    told = q.RecordClip(
        clip=clip, camera="k1", from_ms=1, to_ms=2, sha256="a" * 64, size=1, missing_ms=0, why="取证", hub=hub
    )
    await site.hub.ask(q.EnrolCamera(camera="k1", name="路口", lat=29.0, lon=113.0), HUB)
    await site.hub.ask(told, HUB)


async def told(site: Site) -> list[str]:
    async with aiohttp.ClientSession(site.http_url) as http, http.get("/health/ready") as response:
        body: dict[str, Any] = await response.json()
    return [line for line in body["degraded"] if "clips" in line]


async def told_once(site: Site, lines: list[str], count: int) -> None:
    """Both: nothing is named while nobody can tell who saves what, and there is no count then."""
    async with asyncio.timeout(60):
        while (await told(site), await counted(site)) != (lines, count):
            await CLOCK.sleep(50)


async def counted(site: Site) -> float:
    async with aiohttp.ClientSession(site.http_url) as http, http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    (line,) = [line for line in lines if line.startswith("triune_backup_clips_elsewhere ")]
    return float(line.split()[1])


async def examined(chosen: Settings) -> list[tuple[str, str]]:
    assert chosen.backup
    found = await backups.examine(chosen.backup, Path(chosen.data), chosen.journal, CLOCK.now_ms())
    return [(one.verdict, one.what.en) for one in found if one.check == "clips"]


async def test_clips_of_hubs_that_make_no_backups_are_named_until_those_do(tmp_path: Path, postgres_url: str) -> None:
    """R997: where the record does not say whose one is, nobody can tell who saves it."""
    one, other = (hub(tmp_path, number, postgres_url) for number in (1, 2))
    saving, other_saving = with_backups(one, tmp_path / "out1"), with_backups(other, tmp_path / "out2")
    async with running_site(one) as site, running_site(other):
        await take_out(site, "c1", one.advertise)
        await take_out(site, "c2", other.advertise)
        await take_out(site, "c3", other.advertise)
        await take_out(site, "c4", "")
    async with running_site(saving) as site:
        async with running_site(other):
            of_other = "backup: 3 clips of other hubs are in none: 2 of hub 2, 1 of a hub not known"
            await told_once(site, [of_other], 3)
            what = f"3 that other hubs exported are in no backup: 2 at {other.advertise}, 1 at a hub not known"
            assert await examined(saving) == [("warn", what)]
        async with running_site(other_saving) as beside:
            await told_once(site, ["backup: 1 clips of other hubs are in none: 1 of a hub not known"], 1)
            await told_once(beside, ["backup: 1 clips of other hubs are in none: 1 of a hub not known"], 1)


async def test_a_hub_whose_backups_have_all_clips_says_nothing(tmp_path: Path, postgres_url: str) -> None:
    """R997: nor where each hub saves its own."""
    one, other = (with_backups(hub(tmp_path, n, postgres_url), tmp_path / f"out{n}") for n in (1, 2))
    async with running_site(replace(one, backup=None)) as site:
        await take_out(site, "c2", other.advertise)
    async with running_site(one) as site:
        await told_once(site, ["backup: 1 clips of other hubs are in none: 1 of a hub not known"], 1)
        async with running_site(other):
            await told_once(site, [], 0)
            assert await examined(one) == [("ok", "those of other hubs are in their own backups")]
