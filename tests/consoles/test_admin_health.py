"""What a hub tells its administrators of how it is, and that each figure moves. Rules R995, R996 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from command import requests as q
from command import snapshots
from command.actors import HUB
from command.backup.schedule import Plan
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import UnavailableError
from command.readings import Position
from consoles.http import health
from consoles.parts import watched
from consoles.parts.watched import Watched
from consoles.settings import Outside, Settings
from consoles.site import Site, running_site
from tests.command.support import FlakyJournal
from tests.consoles.support import PASSWORD, Person, mirror, settings, signed_in, site_with_people
from tests.ports import free_port
from tests.redis_server import RedisServer

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 0)
    monkeypatch.setattr(watched, "FIGURES_LOOK_MS", 20)
    monkeypatch.setattr(watched, "FIGURES_OLD_LOOKS", 10_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where the record is kept, on each of the databases."""
    journal = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return msgspec.structs.replace(settings(tmp_path), journal=journal)


@asynccontextmanager
async def looked_after(chosen: Settings) -> AsyncIterator[tuple[Site, Person]]:
    async with running_site(chosen) as site:
        accounts = site.context.accounts
        if "keeper" not in await accounts.names():
            await accounts.create("keeper", "keeper", frozenset({"administrator"}), "", PASSWORD)
        async with signed_in(site.http_url, "keeper") as person:
            yield site, person


async def told(person: Person) -> dict[str, Any]:
    status, body = await person.get("/api/v1/health")
    assert status == 200
    found: dict[str, Any] = body
    return found


async def told_once(person: Person, is_so: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while not is_so(found := await told(person)):
            await SystemClock().sleep(50)
    return found


async def test_it_is_for_administrators_alone(tmp_path: Path) -> None:
    """R995."""
    async with site_with_people(tmp_path, "duty_leader", "administrator") as site:
        async with aiohttp.ClientSession(site.http_url) as http, http.get("/api/v1/health") as response:
            assert response.status == 401
        async with signed_in(site.http_url, "duty_leader") as person:
            assert (await person.get("/api/v1/health"))[0] == 403
        async with signed_in(site.http_url, "administrator") as person:
            found = await told_once(person, lambda now: now["disks"][0]["free_bytes"])
    assert (found["status"], found["wrong"], found["degraded"]) == ("ready", [], [])
    assert found["journal"]["anchored_seq"] is found["journal"]["anchor_waiting"] is None
    assert found["hub"] == site.context.hub_id
    assert found["version"] == site.context.release
    assert found["started_at_ms"] <= found["now_ms"]
    assert found["backup"] == dict.fromkeys(("folder", "last_at_ms", "bytes", "seq", "every_ms", "trouble"))
    (disk,) = found["disks"]
    assert (disk["what"], disk["path"]) == ("data", site.settings.data)
    assert 0 < disk["free_bytes"] < disk["total_bytes"]


async def test_figures_of_record_and_readings_move_on_both_databases(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R995."""
    monkeypatch.setattr(snapshots, "SNAPSHOT_FACTS", 50)
    async with looked_after(kept) as (site, person):
        before = await told_once(person, lambda now: now["journal"]["facts_bytes"] and now["readings"]["days"] == 0)
        assert before["journal"]["kind"] == ("postgresql" if kept.journal else "sqlite")
        assert before["journal"]["snapshot_seq"] is before["journal"]["snapshot_at_ms"] is None
        assert before["readings"] == {"days": 0, "bytes": 0, "oldest_day": None, "keep_days": 180}
        for number in range(60):
            caller, name = str(number), f"路口{number}" * 30
            await site.hub.ask(q.EnrolCamera(camera=f"k{caller}", name=name, lat=29.0, lon=113.0), HUB)
        noon_ms = before["now_ms"] // DAY_MS * DAY_MS
        fixes = [Position(device="d", at_ms=noon_ms - ago * DAY_MS, lat=29, lon=113, source="jt808") for ago in (0, 2)]
        await site.context.readings.add_positions("live", fixes)
        after = await told_once(
            person,
            lambda now: (
                now["journal"]["snapshot_seq"]
                and now["readings"]["days"] == 2
                and now["journal"]["facts_bytes"] > before["journal"]["facts_bytes"]
            ),
        )
        assert after["journal"]["committed_seq"] == site.hub.committed_seq >= before["journal"]["committed_seq"] + 60
        assert 50 <= after["journal"]["snapshot_seq"] <= site.hub.committed_seq
        assert abs(after["journal"]["snapshot_at_ms"] - after["now_ms"]) < DAY_MS
        assert after["readings"]["bytes"] > 0
        assert after["readings"]["oldest_day"] == str(datetime.fromtimestamp(noon_ms / 1000 - 2 * 86_400, UTC).date())
    async with looked_after(kept) as (site, person):  # that a hub started from one is told as well
        assert (await told(person))["journal"]["snapshot_seq"] == after["journal"]["snapshot_seq"]


async def test_what_is_signed_and_what_is_kept_outside_moves(kept: Settings, tmp_path: Path) -> None:
    """R995."""
    anchor = tmp_path / "outside" / "heads"
    anchored = msgspec.structs.replace(kept, anchors=[str(anchor)])
    async with looked_after(anchored) as (site, person):
        found = await told_once(person, lambda now: "anchor 1: away" in now["degraded"])
        assert found["journal"]["signed_seq"] is found["journal"]["signed_at_ms"] is None
        assert (found["journal"]["anchored_seq"], found["journal"]["anchor_waiting"]) == (None, 1)
        assert [disk["free_bytes"] for disk in found["disks"] if disk["what"] == "anchor"] == [None]
        await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
    anchor.parent.mkdir()
    async with looked_after(anchored) as (_, person):
        found = await told_once(person, lambda now: now["journal"]["anchor_waiting"] == 0)
        journal = found["journal"]
        assert 0 < journal["signed_seq"] <= journal["committed_seq"]
        assert journal["signed_at_ms"] <= found["started_at_ms"]
        assert journal["anchored_seq"] == journal["signed_seq"]
        found = await told_once(person, lambda now: now["disks"][-1]["free_bytes"])
        assert found["disks"][-1]["what"] == "anchor"


async def test_a_backup_that_was_made_shows_and_one_that_was_not_says_why(kept: Settings, tmp_path: Path) -> None:
    """R995."""
    out = tmp_path / "out"
    chosen = msgspec.structs.replace(kept, backup=Plan(folder=str(out), hours=6))
    async with looked_after(chosen) as (site, person):
        found = await told_once(person, lambda now: now["backup"]["trouble"])
        assert found["backup"] == {
            "folder": str(out), "last_at_ms": None, "bytes": None, "seq": None, "every_ms": 6 * 3_600_000,
            "trouble": "the last one came to nothing",
        }  # fmt: skip
        assert [disk["free_bytes"] for disk in found["disks"] if disk["what"] == "backup"] == [None]
        await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        recorded = site.hub.committed_seq
    out.mkdir()
    async with looked_after(chosen) as (site, person):
        found = await told_once(person, lambda now: now["backup"]["last_at_ms"] and now["disks"][-1]["free_bytes"])
        (made,) = out.glob("*.backup")
        assert found["backup"]["bytes"] == made.stat().st_size
        assert recorded <= found["backup"]["seq"] <= site.hub.committed_seq
        assert found["backup"]["trouble"] is None
        assert abs(found["backup"]["last_at_ms"] - found["now_ms"]) < DAY_MS


async def test_a_link_that_cannot_tell_says_how_much_waits(kept: Settings) -> None:
    """R995: also where nobody has spoken to the service yet."""
    away = Outside(url=f"http://127.0.0.1:{free_port()}", token="t")
    async with looked_after(msgspec.structs.replace(kept, case=away, approval=away)) as (site, person):
        found = await told_once(person, lambda now: {"name": "case", "state": None, "waiting": 0} in now["links"])
        assert [link["name"] for link in found["links"]] == ["approval", "case", "violation"]
        opened = q.OpenSituation(title="火灾", service="119", kind="accident", level=2)
        subject = (await site.hub.ask(opened, HUB)).subject
        for number in range(3):
            await site.hub.ask(q.NoteSituation(situation=subject, text=str(number)), HUB)
        found = await told_once(person, lambda now: "link case: away" in now["degraded"])
        (case,) = [link for link in found["links"] if link["name"] == "case"]
        assert case["state"] == "down"
        await told_once(person, lambda now: any(one["waiting"] and one["waiting"] >= 3 for one in now["links"]))


async def test_who_is_connected_is_counted(tmp_path: Path) -> None:
    """R995."""
    async with looked_after(settings(tmp_path)) as (site, person):
        found = await told(person)
        assert (found["consoles"], found["devices"]) == (0, 0)
        _, terminal = await asyncio.open_connection("127.0.0.1", site.jt808_port)
        async with mirror(person):
            await told_once(person, lambda now: (now["consoles"], now["devices"]) == (1, 1))
        terminal.close()
        await terminal.wait_closed()
        await told_once(person, lambda now: (now["consoles"], now["devices"]) == (0, 0))


async def test_a_bus_that_stops_degrades_it_and_the_record_is_told_of_all_the_same(
    tmp_path: Path, postgres_url: str, redis_url: str, redis_server: RedisServer
) -> None:
    """R995: the examination is that of `/health/ready`."""
    shared = msgspec.structs.replace(settings(tmp_path), journal=postgres_url, bus=redis_url)
    async with looked_after(shared) as (site, person):
        away = "bus: away, other hubs are followed more slowly"
        await told_once(person, lambda now: away not in now["degraded"])
        redis_server.stop()
        try:
            found = await told_once(person, lambda now: away in now["degraded"])
        finally:
            redis_server.start()
        assert found["status"] == "degraded"
        assert found["journal"]["committed_seq"] == site.hub.committed_seq
        async with person.http.get("/health/ready") as response:
            assert set(await response.json()) == {"status", "wrong", "degraded"}


async def test_what_cannot_be_told_is_left_empty_and_hides_nothing_else(tmp_path: Path) -> None:
    """R996."""
    async with looked_after(settings(tmp_path)) as (site, person):
        await told_once(person, lambda now: now["journal"]["facts_bytes"])
        disk = FlakyJournal(site.hub.journal)
        site.hub.journal = disk
        disk.failures, disk.reads_fail = ["before"] * 100, True
        with pytest.raises(UnavailableError):
            await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        found = await told_once(person, lambda now: now["journal"]["facts_bytes"] is None)
        assert (found["status"], found["wrong"]) == ("not_ready", ["journal: cannot be written"])
        assert found["journal"]["committed_seq"] == site.hub.committed_seq
        assert found["readings"]["days"] == 0
        disk.failures, disk.reads_fail = [], False
        await told_once(person, lambda now: now["status"] == "ready" and now["journal"]["facts_bytes"])


async def test_a_figure_whose_asking_hangs_is_soon_none_and_not_asked_for_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R996."""
    monkeypatch.setattr(watched, "FIGURES_LOOK_MS", 30_000)
    monkeypatch.setattr(watched, "FIGURES_OLD_LOOKS", 3)
    clock, answers, asked = VirtualClock(0), asyncio.Event(), list[int]()
    answers.set()

    async def ask() -> int:
        asked.append(clock.now_ms())
        await answers.wait()
        return len(asked)

    async def pass_looks(count: int) -> None:
        for _ in range(count):
            await _turns()
            clock.advance(clock.now_ms() + 30_000)
        await _turns()

    figure = Watched("a figure", ask, clock)

    def told() -> tuple[int | None, int]:
        return figure.value, len(asked)

    assert told() == (None, 0)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(figure.run())
        await pass_looks(1)
        assert told() == (2, 2)
        answers.clear()
        await pass_looks(3)
        assert told() == (2, 3)
        await pass_looks(2)
        assert told() == (None, 3)
        answers.set()
        await pass_looks(1)
        assert told() == (4, 4)
        running.cancel()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - the task takes its turn


async def test_a_figure_that_nobody_can_tell_is_none_at_once_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """R996."""
    failing: list[Exception] = []

    async def ask() -> int:
        if failing:
            raise failing[0]
        return 7

    figure = Watched("what it takes", ask, VirtualClock(0))
    await figure.look()
    assert figure.value == 7
    for error in (OSError(5, "Input/output error"), UnavailableError("away")):
        failing[:] = [error]
        await figure.look()
        await figure.look()
        assert figure.value is None
    assert [record.message for record in caplog.records] == ["what it takes cannot be told: Input/output error"]
    failing.clear()
    await figure.look()
    assert figure.value == 7
