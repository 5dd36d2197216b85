"""Several hubs on one PostgreSQL and one Redis: one record, one picture, one session (SPEC R170-R179)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from command.access import accounts
from command.access.keys import SiteKey
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.limits import BUS_LOST_MS
from command.requests import AnswerCall, EnrolCamera, EnrolStation, EnrolUnit, ReportCall
from command.rows import PositionRow
from command.tables import Tables
from consoles.http import live
from consoles.parts.stores import accounts_alone
from consoles.site import Site, running_site
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from tests.consoles.support import PASSWORD, Mirror, Person, mirror, settings, signed_in
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

RING = ReportCall(dialled="110", caller="13512345678")


@asynccontextmanager
async def hubs(tmp_path: Path, count: int, journal: str, bus: str, on_it: int = 9) -> AsyncIterator[list[Site]]:
    """Run hubs that share a key, a database and a bus, or some of them that, with a dispatcher and a call taker."""
    (tmp_path / "key").write_text("5a" * 32)
    async with AsyncExitStack() as stack:
        sites: list[Site] = []
        for number in range(count):
            folder = tmp_path / f"hub{number}"
            (folder / "var").mkdir(parents=True)
            (folder / "var" / "site.key").write_text("5a" * 32)
            chosen = replace(settings(folder), journal=journal, bus=bus if number < on_it else "")
            sites.append(await stack.enter_async_context(running_site(chosen)))
        await sites[0].context.accounts.create("taker", "taker", frozenset({"dispatcher"}), "", PASSWORD)
        yield sites


async def up(*sites: Site) -> None:
    """Return once every hub hears the bus."""
    for site in sites:
        async with signed_in(site.http_url, "taker") as person:
            while (await person.get("/health/ready"))[1]["degraded"]:
                await site.clock.sleep(50)


async def caught_up(person_seq: int, *mirrors: Mirror) -> None:
    async with asyncio.timeout(60):
        for each in mirrors:
            await each.until(person_seq)


async def test_consoles_of_any_hub_see_the_same_rows_at_the_same_number(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with hubs(tmp_path, 3, postgres_url, redis_url) as sites, AsyncExitStack() as stack:
        assert [bool(site.first_password) for site in sites] == [True, False, False]
        people = [await stack.enter_async_context(signed_in(site.http_url, "taker")) for site in sites]
        mirrors = [await stack.enter_async_context(mirror(person)) for person in people]
        for each in mirrors:
            await each.subscribe("calls")
        answers = await asyncio.gather(*(person.ask(RING, f"call number {n}") for n in range(10) for person in people))
        assert {status for status, _ in answers} == {200}
        assert len({answer["subject"] for _, answer in answers}) == 10  # the three asked with the same keys
        call = answers[0][1]["subject"]
        taken = await asyncio.gather(*(person.ask(AnswerCall(call=call)) for person in people))
        assert sorted(status for status, _ in taken) == [200, 409, 409]
        seq = max(answer["seq"] for status, answer in taken if status == 200)
        await caught_up(seq, *mirrors)
        assert mirrors[0].tables == mirrors[1].tables == mirrors[2].tables
        assert mirrors[0].tables["calls"][call]["state"] == "answered"


async def test_a_session_goes_on_at_another_hub_and_no_row_goes_back(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with hubs(tmp_path, 2, postgres_url, redis_url) as (one, other), signed_in(one.http_url, "taker") as person:
        status, answer = await person.ask(RING)
        assert status == 200
        async with person.http.ws_connect(f"{other.http_url}/api/v1/live?space=live") as socket:
            console = Mirror(socket)
            await console.subscribe("calls", after=answer["seq"] - 1)  # at once, whether or not it has heard of it
            await console.until(answer["seq"])
            told = [message["type"] for message in console.messages if message["type"] != "beat"]
            assert told == ["welcome", "delta"], console.messages
            assert answer["subject"] in console.tables["calls"]
            assert console.seq >= answer["seq"]
        headers = {"X-CSRF-Token": person.csrf}
        async with person.http.delete(f"{other.http_url}/api/v1/session", headers=headers) as response:
            assert response.status == 204
        async with signed_in(other.http_url, "taker") as again:
            assert (await again.get("/api/v1/session"))[0] == 200


def _place(t: Tables) -> PositionRow | None:
    return t.positions.get("u1")


async def enrol(site: Site) -> None:
    station = EnrolStation(
        station="st1", name="城关所", service="110", lat=29.0, lon=113.0, leader="李所长", leader_phone="13900000001"
    )
    unit = EnrolUnit(
        unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=["民警"], area=None
    )
    for request in (station, unit):
        await site.hub.ask(request, HUB)
    await site.context.accounts.create("officer", "officer", frozenset({"officer"}), "u1", PASSWORD)


async def test_who_is_shut_out_at_the_command_line_is_let_go_by_every_hub(
    tmp_path: Path, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R952
    monkeypatch.setattr(live, "CONSOLE_RECHECK_MS", 50)
    monkeypatch.setattr(accounts, "SESSION_RECHECK_MS", 50)
    async with hubs(tmp_path, 2, postgres_url, redis_url) as sites, AsyncExitStack() as stack:
        people = [await stack.enter_async_context(signed_in(site.http_url, "taker")) for site in sites]
        mirrors = [await stack.enter_async_context(mirror(person)) for person in people]
        at = sites[0].settings
        async with accounts_alone(at, SiteKey.load(Path(at.data) / "site.key"), SystemClock()) as command_line:
            await command_line.disable("taker")
        for each in mirrors:
            while (message := await each.socket.receive(timeout=60)).type is not aiohttp.WSMsgType.CLOSE:
                pass
            assert message.data == live.SESSION_ENDED
        for person in people:
            assert (await person.get("/api/v1/session"))[0] == 401


@pytest.mark.parametrize("with_bus", [True, False])
async def test_positions_reach_the_other_hub_with_and_without_a_bus(
    with_bus: bool, tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with hubs(tmp_path, 2, postgres_url, redis_url if with_bus else "") as (one, other):
        if with_bus:
            await up(one, other)
        await enrol(one)
        async with signed_in(one.http_url, "officer") as officer:
            for number in range(3):
                fix = {"at_ms": one.clock.now_ms(), "lat": 29.0 + number / 10_000, "lon": 113.0}
                headers = {"X-CSRF-Token": officer.csrf}
                async with officer.http.post("/api/v1/positions", json={"fixes": [fix]}, headers=headers) as response:
                    assert response.status == 204
                async with asyncio.timeout(60):
                    while (row := await other.hub.read(lambda t: t.positions.get("u1"))) is None or row.lat != fix[
                        "lat"
                    ]:
                        await other.clock.sleep(10)
                assert row.at_ms == fix["at_ms"]


async def test_a_hub_says_that_another_is_not_on_its_bus(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    """R1188."""
    unheard = "bus: another hub is not heard over it, is it the same for all?"
    async with hubs(tmp_path, 2, postgres_url, redis_url, on_it=1) as (one, other), asyncio.timeout(60):
        async with signed_in(one.http_url, "taker") as person:
            while unheard not in (await person.get("/health/ready"))[1]["degraded"]:
                await one.clock.sleep(50)
        async with signed_in(other.http_url, "taker") as person:
            assert unheard not in (await person.get("/health/ready"))[1]["degraded"], "it has none"


async def test_losing_redis_costs_only_time(
    tmp_path: Path, postgres_url: str, redis_url: str, redis_server: RedisServer
) -> None:
    async with hubs(tmp_path, 2, postgres_url, redis_url) as (one, other), AsyncExitStack() as stack:
        await up(one, other)
        here = await stack.enter_async_context(signed_in(one.http_url, "taker"))
        there = await stack.enter_async_context(signed_in(other.http_url, "taker"))
        console = await stack.enter_async_context(mirror(there))
        await console.subscribe("calls")
        for lose, find in ((redis_server.stop, redis_server.start), (redis_server.pause, redis_server.resume)):
            await asyncio.to_thread(lose)
            try:
                status, answer = await here.ask(RING)
                assert status == 200
                await caught_up(answer["seq"], console)
                assert answer["subject"] in console.tables["calls"]
                async with asyncio.timeout(BUS_LOST_MS / 1000 * 3):
                    while not (ready := await there.get("/health/ready"))[1]["degraded"]:
                        await one.clock.sleep(50)
                assert ready[0] == 200
            finally:
                await asyncio.to_thread(find)
            await up(one, other)


async def test_a_hub_that_lost_postgresql_stops_saying_yes_and_comes_back(
    tmp_path: Path, postgres_url: str, redis_url: str, postgres_server: PostgresServer
) -> None:
    async with hubs(tmp_path, 2, postgres_url, redis_url) as sites, AsyncExitStack() as stack:
        people = [await stack.enter_async_context(signed_in(site.http_url, "taker")) for site in sites]
        consoles = [await stack.enter_async_context(mirror(person)) for person in people]
        for console in consoles:
            await console.subscribe("calls")
        assert (await people[0].ask(RING, "before it"))[0] == 200
        await asyncio.to_thread(postgres_server.stop)
        try:
            for person, console in zip(people, consoles, strict=True):
                assert (await person.ask(RING, "while away"))[0] == 503
                async with asyncio.timeout(60):
                    while (await console.take()).get("accepting", True):
                        pass
        finally:
            await asyncio.to_thread(postgres_server.start)
        async with asyncio.timeout(60):
            for console in consoles:
                while not (await console.take()).get("accepting", False):
                    pass
        first, second = [(await person.ask(RING, "while away"))[1] for person in people]
        assert first == second
        await caught_up(first["seq"], *consoles)
        assert len(consoles[0].tables["calls"]) == 2
        assert consoles[0].tables == consoles[1].tables


async def test_a_camera_is_moved_by_one_person_at_whichever_hub(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    """SPEC R495."""
    async with (
        OnvifCamera(CameraModel(rtsp="rtsp://127.0.0.1:9/none"), SystemClock()) as dome,
        hubs(tmp_path, 2, postgres_url, redis_url) as (one, other),
    ):
        address = f"onvif://{dome.model.user}:{dome.model.password}@127.0.0.1:{await dome.listen()}/"
        await one.hub.ask(EnrolCamera(camera="k1", name="球机", lat=29.0, lon=113.0), HUB)
        await one.context.accounts.set_camera_address("k1", address)
        await one.context.accounts.create("leader", "李指挥", frozenset({"commander"}), "", PASSWORD)
        async with signed_in(one.http_url, "taker") as taker, signed_in(other.http_url, "leader") as leader:
            assert (await move(leader, pan=0.5))["holder"] == "李指挥"
            assert (await move(taker, pan=-0.5))["holder"] == "李指挥"
            assert (await taker.get("/api/v1/cameras/k1/ptz"))[1]["mine"] is False


async def move(person: Person, pan: float) -> dict[str, Any]:
    """Move the dome and return the answer, once the person's hub has heard of the camera."""
    headers = {"X-CSRF-Token": person.csrf}
    async with asyncio.timeout(60):
        while True:
            body = {"pan": pan}
            async with person.http.post("/api/v1/cameras/k1/ptz", json=body, headers=headers) as response:
                if response.status in (200, 409):
                    return dict(await response.json())
            await SystemClock().sleep(50)
