"""The scrubber's side of the past: a situation at any moment, its time line, and what folding may cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command import requests as q
from command.actors import HUB
from command.journal import StoredFact
from command.journal.memory import MemoryJournal
from command.kernel.errors import TooManyError
from command.readings import Position
from command.readings.memory import MemoryReadings
from command.settings import Limits
from command.snapshots import SnapshotFolder
from command.tables import Tables
from consoles.http.app import make_app
from consoles.http.context import Space
from consoles.http.replay import routes
from consoles.parts.serving import serving
from consoles.push import Feed
from consoles.site import Site
from plans.limits import REPLAYS, REPLAYS_WAITING
from plans.past import Replays
from tests.command.support import COMMANDER, DISPATCHER, LEADER, MINUTE_MS, OFFICER, county, desk
from tests.consoles.support import Person, signed_in, site_with_people
from tests.plans.rehearsing import rehearsing


@asynccontextmanager
async def dispatcher_at(tmp_path: Path) -> AsyncIterator[tuple[Site, Person, str]]:
    """A site with the tiny county and the replay routes; gives the site, a dispatcher and the URL."""
    async with site_with_people(tmp_path, "dispatcher", "officer", "camera_watch") as site:
        for request in county():
            await site.hub.ask(request, HUB)
        await site.hub.ask(q.StartShift(unit="u1", until_ms=site.clock.now_ms() + 3_600_000), HUB)
        async with (
            serving(
                make_app(site.context, routes(site.context, SnapshotFolder(tmp_path / "snapshots"))), "127.0.0.1", 0
            ) as url,
            signed_in(url, "dispatcher") as person,
        ):
            yield site, person, url


async def test_every_moment_of_a_situation_can_be_looked_at(tmp_path: Path) -> None:
    async with dispatcher_at(tmp_path) as (site, person, _):
        opened = await site.hub.ask(q.OpenSituation(title="斗殴", service="110", kind="accident", level=4), DISPATCHER)
        other = await site.hub.ask(q.OpenSituation(title="别处", service="110", kind="accident", level=4), DISPATCHER)
        order = await site.hub.ask(q.IssueOrder(situation=opened.subject, unit="u1"), DISPATCHER)
        before_ms = site.clock.now_ms()
        await site.context.readings.add_positions(
            "live", [Position(device="du1", at_ms=before_ms, lat=30.5, lon=114.3, source="mobile")]
        )
        while site.clock.now_ms() == before_ms:
            await site.clock.sleep(1)
        await site.hub.ask(q.StepOrder(order=order.subject, step="signed"), OFFICER)
        base = f"/api/v1/situations/{opened.subject}"
        status, time_line = await person.get(f"{base}/timeline")
        assert status == 200
        # The case service of the site is told meanwhile, and what it answers is on the time line too.
        told = [fact for fact in time_line["facts"] if not fact["kind"].startswith("case_")]
        assert [fact["kind"] for fact in told] == ["situation_opened", "order_issued", "order_signed"]
        assert (time_line["more"], told[0]["at_ms"]) == (False, time_line["opened_ms"])
        assert told[1]["actor"] == "dispatcher"
        assert int(told[1]["id"]) > opened.seq
        _, then = await person.get(f"{base}/replay?at_ms={before_ms}")
        assert then["tables"]["orders"][order.subject]["state"] == "issued"
        assert list(then["tables"]["situations"]) == [opened.subject]
        assert other.subject not in str(then["tables"]["marks"])
        assert then["tables"]["positions"]["u1"]["lat"] == 30.5
        assert set(then["tables"]["units"]) == {"u1", "u2", "u3", "u4"}
        _, now = await person.get(f"{base}/replay?at_ms={site.clock.now_ms()}")
        assert now["tables"]["orders"][order.subject]["state"] == "signed"


async def test_situations_are_listed_by_time(tmp_path: Path) -> None:  # R169
    async with dispatcher_at(tmp_path) as (site, person, url):
        before_ms = site.clock.now_ms()
        opened = await site.hub.ask(q.OpenSituation(title="斗殴", service="110", kind="accident", level=4), DISPATCHER)
        _, found = await person.get(f"/api/v1/situations?from_ms={before_ms}&to_ms={site.clock.now_ms()}")
        assert [(s["id"], s["title"]) for s in found["situations"]] == [(opened.subject, "斗殴")]
        assert (await person.get("/api/v1/situations?from_ms=1&to_ms=soon"))[0] == 400
        assert (await person.get("/api/v1/situations?to_ms=1"))[0] == 400
        async with signed_in(url, "officer") as stranger:
            assert (await stranger.get("/api/v1/situations?from_ms=1&to_ms=2"))[0] == 403


async def test_nonsense_and_strangers_are_refused(tmp_path: Path) -> None:
    async with dispatcher_at(tmp_path) as (site, person, url):
        opened = await site.hub.ask(q.OpenSituation(title="斗殴", service="110", kind="accident", level=4), DISPATCHER)
        base = f"/api/v1/situations/{opened.subject}"
        for at_ms in ("", "soon", "-1", "1.5", "9" * 16, "²"):
            assert (await person.get(f"{base}/replay?at_ms={at_ms}"))[0] == 400, at_ms
        assert (await person.get(f"{base}/replay?at_ms=1000"))[0] == 404
        assert (await person.get("/api/v1/situations/s999/timeline"))[0] == 404
        assert (await person.get(f"{base}/timeline?space=nowhere"))[0] == 404
        for name in ("officer", "camera_watch"):
            async with signed_in(url, name) as stranger:
                assert (await stranger.get(f"{base}/timeline"))[0] == 403
                assert (await stranger.get(f"{base}/replay?at_ms=1000"))[0] == 403


async def test_the_past_of_every_moment_is_what_the_tables_were_then() -> None:
    """Style rule 3: folding everything up to a moment gives what was there at that moment."""
    journal = MemoryJournal()
    async with desk(journal) as work:
        await work.on_duty()
        seen: list[tuple[int, dict[str, object]]] = []

        async def look() -> None:
            now: dict[str, object] = await work.hub.read(
                lambda t: {name: dict(t.by_name[name].rows) for name in ("situations", "alarms")}
            )
            seen.append((work.clock.now_ms(), now))
            await work.pass_time(1000)

        situation = await work.situation()
        await look()
        order = await work.order("u1", situation)
        await work.pass_time(2 * MINUTE_MS)  # nobody signs
        await look()
        await work.ask(q.StepOrder(order=order, step="arrived"), OFFICER)
        await look()
    for at_ms, then in seen:
        scene = await Replays().scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        assert {name: scene.tables[name] for name in then} == then
    assert [len(then["alarms"]) for _, then in seen if isinstance(then["alarms"], dict)] == [0, 1, 0]


async def test_files_of_a_situation_that_left_the_tables_are_given_to_who_may_look_back(tmp_path: Path) -> None:  # R119
    async with (
        site_with_people(tmp_path, "dispatcher", "director", "officer", "camera_watch", "wall") as site,
        desk() as work,
    ):
        site.context.spaces["then"] = Space("live", work.hub, Feed(work.hub, work.clock))
        await work.on_duty()
        blobs = site.context.blobs
        photo, seen = await blobs.add(b"a photo"), await blobs.add(b"a car")
        until_ms = work.clock.now_ms() + 600_000
        watch = await work.ask(q.RequestWatch(pattern="京A12345", reason="x", level=2, until_ms=until_ms), COMMANDER)
        await work.ask(q.ApproveWatch(watch=watch), LEADER)
        report = q.ReportHit(
            watch=watch, plate="京A12345", camera="k1", seen_ms=work.clock.now_ms(), confidence=0.9, picture=seen
        )
        hit = await work.ask(report, HUB)
        situation: str = (await work.row("hits", hit)).situation
        fix = q.FixEvidence(situation=situation, sha256=photo, media_type="image/png", size=7, name="x.png", taken_ms=1)
        evidence = await work.ask(fix, OFFICER)
        await work.ask(q.CloseSituation(situation=situation), DISPATCHER)
        await work.pass_time(25 * 60 * MINUTE_MS)
        assert not await work.table("evidence")
        assert not await work.table("hits")

        async def got(name: str, blob: str, row: str) -> tuple[int, str, bytes]:
            async with signed_in(site.http_url, name) as person:
                path = f"/api/v1/blobs/{blob}?space=then&row={row}"
                async with person.http.get(path) as response:
                    return response.status, response.content_type, await response.read()

        for name in ("dispatcher", "director"):
            assert await got(name, photo, evidence) == (200, "image/png", b"a photo")
            assert await got(name, seen, hit) == (200, "image/jpeg", b"a car")
        for name in ("officer", "camera_watch", "wall"):
            assert (await got(name, photo, evidence))[0] == 404, name
            assert (await got(name, seen, hit))[0] == 404, name
        other = f"x{evidence[1:]}"
        for row in ("", hit, situation, other, "e", "e0", "e-1", "e²", "e999999", "e" + "9" * 40):
            assert (await got("dispatcher", photo, row))[0] == 404, row


async def test_a_rehearsal_has_a_past_too() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.ended.wait()
        situation = await rehearsal.hub.read(lambda t: next(iter(t.situations)).id)
        at_ms = rehearsal.scenario.starts_ms + 4 * MINUTE_MS
        scene = await Replays().scene(
            rehearsal.journal, rehearsal.readings, rehearsal.space, situation, at_ms, Tables().limits
        )
        unit = scene.tables["units"]["u1"]
        assert getattr(unit, "state", "") == "moving"
        # 60 km/h north for a minute and a half
        assert getattr(scene.tables["positions"]["u1"], "lat", 0) == pytest.approx(30.5 + 1500 / 111_195, abs=2e-4)


class SlowJournal(MemoryJournal):
    """Answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = 0
        self.go_on = asyncio.Event()

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        self.reading += 1
        await self.go_on.wait()
        return await super().read(space, after, limit)


async def test_only_so_many_replays_run_and_wait_at_once() -> None:
    journal, replays = SlowJournal(), Replays()
    results: list[str] = []

    async def replay() -> None:
        try:
            await replays.time_line(journal, "live", "s1", Limits())
        except Exception as error:  # noqa: BLE001 - the kind is what is looked at
            results.append(type(error).__name__)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(REPLAYS + REPLAYS_WAITING):
            tasks.create_task(replay())
        while journal.reading < REPLAYS:
            await asyncio.wait([tasks.create_task(journal.spaces())])  # a turn of the loop
        with pytest.raises(TooManyError):
            await replays.time_line(journal, "live", "s1", Limits())
        assert journal.reading == REPLAYS
        journal.go_on.set()
    assert results == ["UnknownIdError"] * (REPLAYS + REPLAYS_WAITING)
