"""What a hub says of its health to whoever starts and balances hubs. Rule R129 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB
from command.backup.archive import ArchiveWriter
from command.backup.schedule import Plan
from command.kernel.errors import UnavailableError
from command.kernel.release import release
from consoles.http import health
from consoles.http.context import CONTEXT, Space
from consoles.parts import disks
from consoles.site import Site, running_site
from tests.command.support import FlakyJournal
from tests.consoles.cli.recording import Left, left_behind
from tests.consoles.support import settings, site_with_people


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 0)


async def ready(http: aiohttp.ClientSession) -> tuple[int, dict[str, Any]]:
    async with http.get("/health/ready") as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


@asynccontextmanager
async def stranger(tmp_path: Path) -> AsyncIterator[tuple[Site, aiohttp.ClientSession]]:
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession(site.http_url) as http:
        yield site, http


async def measured(http: aiohttp.ClientSession) -> list[str]:
    async with http.get("/metrics") as response:
        return (await response.text()).splitlines()


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


async def test_a_hub_that_records_is_ready(tmp_path: Path) -> None:
    async with stranger(tmp_path) as (_, http):
        assert await ready(http) == (200, {"status": "ready", "wrong": [], "degraded": []})


async def test_plate_readers_that_die_as_they_start_are_named_until_they_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R848."""
    library = tmp_path / "onnxruntime.py"
    library.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)  # the reader's process inherits it
    wanted = msgspec.structs.replace(settings(tmp_path / "hub"), plate_workers=1)
    async with running_site(wanted) as site, aiohttp.ClientSession(site.http_url) as http:
        while not (told := (await ready(http))[1]["degraded"]):
            await site.clock.sleep(20)
        assert told == ["plates: no plate reader starts: a plate reader was ended by SIGKILL"]
        library.unlink()
        while (await ready(http))[1]["degraded"]:
            await site.clock.sleep(20)


async def test_a_disk_that_fills_is_named_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R785."""
    monkeypatch.setattr(disks, "DISK_LEFT_BYTES", 2**70)
    async with stranger(tmp_path) as (site, http):
        while not (told := (await ready(http))[1]["degraded"]):
            await site.clock.sleep(20)
        assert re.fullmatch(r"disk: \d+\.\d GiB left", told[0])
        async with http.get("/metrics") as response:
            (line,) = [line for line in (await response.text()).splitlines() if line.startswith("triune_disk_left_")]
        assert 0 < float(line.split()[1]) < shutil.disk_usage(tmp_path).total


async def test_a_backup_dated_ahead_of_the_clock_is_named_and_none_of_late_is_no_negative_age(tmp_path: Path) -> None:
    """R902, R914, R915: nor can the hub make one yet, for nothing is on its record."""
    out = tmp_path / "out"
    out.mkdir()
    wanted = msgspec.structs.replace(settings(tmp_path), backup=Plan(folder=str(out)))
    key = SiteKey.load(Path(wanted.data) / "site.key")
    with (out / "triune-20990101T000000Z.backup").open("wb") as file:
        ArchiveWriter(file, key, 0)
    async with running_site(wanted) as site, aiohttp.ClientSession(site.http_url) as http:
        while len(told := (await ready(http))[1]["degraded"]) < 2:
            await site.clock.sleep(20)
        assert told == [
            "backup: the last one came to nothing",
            "backup: 1 dated ahead of the clock, up to triune-20990101T000000Z.backup",
        ]
        lines = await measured(http)
        assert {"triune_backups_ahead 1.0", "triune_backups_failed 1.0"} < set(lines)
        (age,) = [line.split()[1] for line in lines if line.startswith("triune_backup_age_seconds ")]
        assert float(age) >= 0


async def test_what_the_newest_backup_lacks_is_named(left: Left, tmp_path: Path) -> None:
    """R915."""
    out = tmp_path / "out"
    (left.data / "blobs" / left.picture[:2] / left.picture).unlink()
    out.mkdir()
    wanted = msgspec.structs.replace(settings(tmp_path), backup=Plan(folder=str(out)))
    async with running_site(wanted) as site, aiohttp.ClientSession(site.http_url) as http:
        while "backup: the newest lacks 1 pictures or files" not in (await ready(http))[1]["degraded"]:
            await site.clock.sleep(20)
        assert {"triune_backup_lost 1.0", "triune_backups_failed 0.0"} < set(await measured(http))


async def test_a_hub_that_cannot_write_is_not_ready_but_lives_and_says_nothing_of_paths(tmp_path: Path) -> None:
    async with stranger(tmp_path) as (site, http):
        disk = FlakyJournal(site.hub.journal)
        site.hub.journal = disk
        disk.failures, disk.reads_fail = ["before"] * 100, True
        with pytest.raises(UnavailableError):
            await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        told = {"status": "not_ready", "wrong": ["journal: cannot be written"], "degraded": []}
        assert await ready(http) == (503, told)
        async with http.get("/health/live") as response:
            assert (response.status, await response.json()) == (200, {"status": "ok", "release": release()})
        disk.failures, disk.reads_fail = [], False
        while not site.hub.accepting:
            await site.clock.sleep(20)
        assert (await ready(http))[0] == 200


async def test_a_hub_whose_journal_hangs_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_ANSWER_MS", 50)
    answers_again = asyncio.Event()

    class Hanging(FlakyJournal):
        @asynccontextmanager
        async def turn(self, space: str) -> AsyncIterator[Any]:
            await answers_again.wait()
            async with self.real.turn(space) as turn:
                yield turn

    async with stranger(tmp_path) as (site, http):
        site.hub.journal = Hanging(site.hub.journal)
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB))
            status, body = await ready(http)
            assert (status, body["wrong"]) == (503, ["hub: does not answer"])
            answers_again.set()
            await asked
        monkeypatch.setattr(health, "HEALTH_ANSWER_MS", 2000)  # a hub that is only busy takes longer than 50 ms
        assert (await ready(http))[0] == 200


async def test_links_and_parts_that_are_away_degrade_and_do_not_make_it_unready(tmp_path: Path) -> None:
    away = ["bus: away"]
    async with stranger(tmp_path) as (site, http):
        secret = "http://10.1.2.3/?token=abcdef refused"
        await site.hub.ask(q.ReportLink(link="case", up=False, reason=secret), HUB)
        told = {"status": "degraded", "wrong": [], "degraded": ["link case: away"]}
        assert await ready(http) == (200, told)
        app = web.Application()
        app[CONTEXT] = site.context
        app.add_routes(health.routes(health.Examiner([lambda: away])))
        async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("")) as beside:
            assert (await ready(beside))[1]["degraded"] == ["bus: away", "link case: away"]
            away.clear()
            assert (await ready(beside))[1]["degraded"] == ["link case: away"]


async def test_a_rehearsal_that_ended_does_not_send_dispatchers_elsewhere(tmp_path: Path) -> None:
    async with stranger(tmp_path) as (site, http):
        live = site.context.spaces["live"]
        ended = type(live.hub)("rehearsal-1", site.clock, live.hub.journal)
        site.context.spaces["rehearsal-1"] = Space("rehearsal-1", ended, live.feed)
        status, body = await ready(http)
        assert (status, body["status"]) == (200, "degraded")
        assert "rehearsal-1" not in str(body)


async def test_a_crowd_that_asks_costs_the_hub_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 60_000)
    looks = 0

    def check() -> list[str]:
        nonlocal looks
        looks += 1
        return []

    async with site_with_people(tmp_path) as site:
        app = web.Application()
        app[CONTEXT] = site.context
        app.add_routes(health.routes(health.Examiner([check])))
        async with (
            TestServer(app) as server,
            aiohttp.ClientSession(server.make_url("")) as http,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(50):
                tasks.create_task(ready(http))
    assert looks == 1
