"""The officers' own phones tell where they are: rules R1003, R1051."""

from __future__ import annotations

import asyncio
from operator import attrgetter
from pathlib import Path

import aiohttp

from command import requests as q
from command.actors import HUB
from consoles.site import Site
from tests.consoles.support import signed_in, site_with_people


async def enrol(site: Site) -> None:
    for request in (
        q.EnrolStation(station="st1", name="所", service="110", lat=29.0, lon=113.0, leader="李", leader_phone="1"),
        q.EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]),
    ):
        await site.hub.ask(request, HUB)


async def test_a_wrong_fix_costs_a_phone_none_of_the_others(tmp_path: Path) -> None:  # R1003
    async with site_with_people(tmp_path, "officer") as site:
        await enrol(site)
        now_ms = site.hub.clock.now_ms()

        def fix(at_ms: int = now_ms, **told: object) -> dict[str, object]:
            return {"at_ms": at_ms, "lat": 29.1, "lon": 113.1} | told

        wrong: list[object] = [fix(lat=0, lon=0), fix(lat=91), fix(lon=None), fix(now_ms + 3_600_000), fix(at_ms=-1), 7]
        good = [
            fix(now_ms - 2000, accuracy_m=-1, speed_kmh="fast", heading_deg=361),
            fix(now_ms - 1000, accuracy_m=5.5, speed_kmh=3, heading_deg=0),
        ]
        async with signed_in(site.http_url, "officer") as officer:
            for fixes, status in (([*wrong, *good], 204), (wrong, 400), ([], 400)):
                async with officer.http.post(
                    "/api/v1/positions", json={"fixes": fixes}, headers={"X-CSRF-Token": officer.csrf}
                ) as response:
                    assert response.status == status
        track = await site.context.readings.track("live", "mobile:officer", 0, now_ms, 10)
        assert [(one.accuracy_m, one.speed_kmh, one.heading_deg) for one in track] == [(None, None, None), (5.5, 3, 0)]
        async with aiohttp.ClientSession(site.http_url) as http, http.get("/metrics") as answer:
            told = await answer.text()
            assert "triune_trackers_locations_total 2.0" in told
            assert f"triune_trackers_locations_refused_total {2.0 * len(wrong)}" in told


async def test_the_phone_of_who_moves_to_another_unit_tells_where_that_one_is(tmp_path: Path) -> None:  # R1051
    async with site_with_people(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as officer:
        await enrol(site)
        await site.hub.ask(
            q.EnrolUnit(unit="u2", name="巡2", kind="patrol_car", service="110", station="st1", phone="1", officers=[]),
            HUB,
        )
        for unit, other in (("u1", "u2"), ("u2", "u1")):
            await site.context.accounts.set_person("officer", None, unit)
            fix = {"at_ms": site.hub.clock.now_ms(), "lat": 29.1, "lon": 113.1}
            async with officer.http.post(
                "/api/v1/positions", json={"fixes": [fix]}, headers={"X-CSRF-Token": officer.csrf}
            ) as response:
                assert response.status == 204
            devices = await site.hub.read(lambda t: {each: t.units.need(each).devices for each in ("u1", "u2")})
            assert devices == {unit: ("mobile:officer",), other: ()}
            placed = attrgetter("positions")
            async with asyncio.timeout(60):
                while (row := (await site.hub.read(placed)).get(unit)) is None:
                    await site.clock.sleep(10)
            assert (row.device, row.at_ms) == ("mobile:officer", fix["at_ms"])
