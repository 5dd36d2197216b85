"""Rehearsals over HTTP: steered by the director, open to consoles by the space's name, gone when stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from consoles.http.app import make_app
from consoles.http.rehearsal import rehearsals
from consoles.parts.serving import serving
from consoles.site import Site
from plans.limits import REHEARSALS
from tests.command.support import county
from tests.consoles.support import Person, mirror, recorded, signed_in, site_with_people
from tests.plans.rehearsing import SCRIPT

BEGIN = {"plan": "tanker", "scenario": "small", "speed": 1}


@asynccontextmanager
async def director_at(tmp_path: Path, *others: str) -> AsyncIterator[tuple[Site, str, Person]]:
    """A site with the tiny county, its rehearsals, and the director signed in; gives the site, its URL and them."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "small.yaml").write_text(SCRIPT, encoding="utf-8")
    (folder / "wrong.yaml").write_text(SCRIPT.replace("unit: u1", "unit: u77"), encoding="utf-8")
    async with site_with_people(tmp_path, "director", "dispatcher", "wall") as site:
        for request in county():
            await site.hub.ask(request, HUB)
        async with (
            rehearsals(site.context, [folder, tmp_path / "absent"], tmp_path / "reports") as routes,
            serving(make_app(site.context, routes), "127.0.0.1", 0) as url,
            signed_in(url, "director") as person,
        ):
            yield site, url, person


async def post(person: Person, path: str, body: object) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person.csrf}
    async with person.http.post(f"/api/v1/rehearsals{path}", data=msgspec.json.encode(body), headers=headers) as answer:
        content = await answer.read()
        return answer.status, msgspec.json.decode(content) if content else None


async def test_the_director_sees_what_can_be_rehearsed_and_which_files_are_wrong(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (_, _, person):
        status, overview = await person.get("/api/v1/rehearsals")
        assert status == 200
        assert [(s["id"], s["plan"], s["duration_s"]) for s in overview["scenarios"]] == [("small", "tanker", 3600)]
        [wrong] = overview["unreadable"]
        assert wrong["file"] == "wrong.yaml"
        assert "there is no unit u77" in wrong["why"]
        assert overview["running"] == []


async def view_once(
    person: Person, ready: Callable[[dict[str, Any]], bool], space: str = "rehearsal-1"
) -> dict[str, Any]:
    """Return what the director sees once its run is so; look again whenever the space says something."""
    async with asyncio.timeout(60), mirror(person, space) as console:
        await console.subscribe("situations", "tasks", "orders")
        while True:
            status, view = await person.get(f"/api/v1/rehearsals/{space}")
            assert status == 200, view
            if ready(view["run"]):
                return dict(view)
            await console.take()


async def test_a_rehearsal_is_a_space_that_consoles_and_requests_reach_and_the_live_one_does_not_feel(
    tmp_path: Path,
) -> None:
    async with director_at(tmp_path) as (site, url, person):
        live_seq = site.hub.committed_seq
        assert await post(person, "", BEGIN) == (200, {"space": "rehearsal-1"})
        assert (await post(person, "/rehearsal-1/control", {"action": "pause"}))[0] == 204
        async with signed_in(url, "dispatcher") as dispatcher, mirror(dispatcher, "rehearsal-1") as console:
            await console.subscribe("calls", "units", "situations")
            assert {u["state"] for u in console.tables["units"].values()} == {"free"}
            assert (await post(person, "/rehearsal-1/control", {"action": "jump", "to_s": 30}))[0] == 204
            while console.tables["calls"].get("call-1", {}).get("state") != "answered":
                await console.take()
            opening = {
                "request": "open_situation", "title": "学员立警", "service": "122", "kind": "accident", "level": 3,
                "call": "call-1",
            }  # fmt: skip
            answer = await dispatcher.http.post(
                "/api/v1/requests?space=rehearsal-1", json=opening, headers={"X-CSRF-Token": dispatcher.csrf}
            )
            assert answer.status == 200
            # The trainee was first, so the script's own opening is refused and its plan goes to the trainee's.
            await post(person, "/rehearsal-1/control", {"action": "jump", "to_s": 150})
            while not any(s["activation"] for s in console.tables["situations"].values()):
                await console.take()
            assert [s["title"] for s in console.tables["situations"].values()] == ["学员立警"]
        view = await view_once(person, lambda run: run["now_ms"] >= run["starts_ms"] + 150_000)
        assert view["run"]["state"] == "paused"
        assert view["refused"][0]["kind"] == "open"
        assert [t["mark"] for t in view["tasks"]] == ["open", "not_opened", "not_opened"]
        assert view["past"][0]["kind"] == "call"
        assert view["next"][-1]["kind"] == "next_phase"
        assert {t["link"] for t in view["told"]} == {"case", "sms"}
        assert await recorded(site, live_seq) == []
        live = await site.hub.read(lambda t: (len(t.calls), len(t.situations), len(t.messages)))
        assert live == (0, 0, 0)


async def test_it_runs_to_its_marks_and_stays_readable_until_stopped(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (site, url, person):
        await post(person, "", BEGIN | {"speed": "max"})
        view = await view_once(person, lambda run: run["state"] == "ended")
        assert [t["mark"] for t in view["tasks"]] == ["late", "on_time", "open"]
        assert view["evaluation"]["late"] == 1
        assert view["run"]["now_ms"] == view["run"]["ends_ms"]
        assert (await post(person, "/rehearsal-1/control", {"action": "resume"}))[0] == 409
        async with signed_in(url, "wall") as wall, mirror(wall, "rehearsal-1") as console:
            await console.subscribe("situations")
            assert len(console.tables["situations"]) == 1
            assert (await post(person, "/rehearsal-1/control", {"action": "stop"}))[0] == 204
            await console.socket.receive(timeout=60)
            while not console.socket.closed:
                await console.socket.receive(timeout=60)
        assert (await person.get("/api/v1/rehearsals/rehearsal-1"))[0] == 404
        assert list(site.context.spaces) == ["live"]


async def test_an_inject_happens_now_and_wrong_ones_are_told(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (site, _, person):
        await post(person, "", BEGIN)
        hub = site.context.spaces["rehearsal-1"].hub
        inject = "/rehearsal-1/inject"
        assert (await post(person, inject, {"kind": "camera_down", "camera": "k1", "reason": "断电"}))[0] == 204
        assert (await hub.read(lambda t: t.cameras.need("k1"))).state == "down"
        ring = {"kind": "call", "call": "late-call", "dialled": "110", "caller": "000", "text": "有人打架"}
        assert (await post(person, inject, ring))[0] == 204
        assert (await post(person, inject, {"kind": "answer", "call": "late-call"}))[0] == 204
        assert (await hub.read(lambda t: t.calls.need("late-call"))).form == {"what": "有人打架"}
        assert (await post(person, inject, {"kind": "camera_down", "camera": "k9", "reason": "断电"}))[0] == 404
        assert (await post(person, inject, {"kind": "answer", "call": "never"}))[0] == 404
        assert (await post(person, inject, {"kind": "next_phase", "phase": "tenth"}))[0] == 404
        assert (await post(person, inject, {"kind": "task_done", "task": "none"}))[0] == 404
        wrongs: tuple[object, ...] = (
            {"kind": "earthquake"}, {"kind": "camera_down"}, [], {"kind": "call", "call": "A B"},
        )  # fmt: skip
        for wrong in wrongs:
            assert (await post(person, inject, wrong))[0] == 400, wrong
        assert (await hub.read(lambda t: len(t.calls))) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "speed"}, 400),
        ({"action": "jump"}, 400),
        ({"action": "speed", "speed": 100}, 400),
        ({"action": "speed", "speed": "fast"}, 400),
        ({"action": "jump", "to_s": 3601}, 400),
        ({"action": "dance"}, 400),
        ({"action": "speed", "speed": 60}, 204),
    ],
)
async def test_controls_that_make_no_sense_are_refused(tmp_path: Path, body: dict[str, object], status: int) -> None:
    async with director_at(tmp_path) as (_, _, person):
        await post(person, "", BEGIN)
        assert (await post(person, "/rehearsal-1/control", body))[0] == status
        assert (await post(person, "/rehearsal-9/control", body))[0] in (400, 404)


async def test_only_the_director_and_the_commander_steer_and_only_desks_look(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (_, url, person):
        await post(person, "", BEGIN)
        async with signed_in(url, "dispatcher") as dispatcher:
            assert (await dispatcher.get("/api/v1/rehearsals"))[0] == 200
            assert (await post(dispatcher, "", BEGIN))[0] == 403
            assert (await post(dispatcher, "/rehearsal-1/control", {"action": "stop"}))[0] == 403
            assert (await post(dispatcher, "/rehearsal-1/inject", {"kind": "answer", "call": "call-1"}))[0] == 403
        async with signed_in(url, "wall") as wall:
            assert (await wall.get("/api/v1/rehearsals"))[0] == 403
        assert (await post(person, "", BEGIN | {"scenario": "none"}))[0] == 404
        assert (await post(person, "", BEGIN | {"speed": 0.5}))[0] == 400


async def test_there_are_only_so_many_at_once(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (_, _, person):
        for _ in range(REHEARSALS):
            assert (await post(person, "", BEGIN))[0] == 200
        assert (await post(person, "", BEGIN))[0] == 429
        await post(person, "/rehearsal-2/control", {"action": "stop"})
        assert await post(person, "", BEGIN) == (200, {"space": f"rehearsal-{REHEARSALS + 1}"})


async def test_of_many_begun_at_once_none_slips_past_the_limit(tmp_path: Path) -> None:  # R1029
    async with director_at(tmp_path) as (_, _, person):
        answers = await asyncio.gather(*(post(person, "", BEGIN) for _ in range(3 * REHEARSALS)))
        assert sorted(status for status, _ in answers) == [200] * REHEARSALS + [429] * (2 * REHEARSALS)
        assert len((await person.get("/api/v1/rehearsals"))[1]["running"]) == REHEARSALS


async def test_the_live_registers_are_what_is_rehearsed_with(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (site, _, person):
        extra = q.EnrolCamera(camera="k7", name="新装", lat=30.4, lon=114.2)
        await site.hub.ask(extra, HUB)
        await post(person, "", BEGIN)
        assert (await site.context.spaces["rehearsal-1"].hub.read(lambda t: t.cameras.need("k7"))).name == "新装"
