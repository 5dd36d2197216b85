"""Queries of sightings: who may, how often, of which cameras, and on record first (SPEC R87, R563-R573, R831)."""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command import facts
from command import requests as q
from command.actors import HUB, Role
from command.blobs import SINCE
from command.facts.scene import QueryMade
from command.readings import UNSTATED, Sighting
from command.requests import EnrolCamera, EnrolStation, EnrolUnit
from consoles.http import sighting_bodies as bodies
from consoles.http import sightings as sightings_module
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, Person, settings, signed_in
from tests.edge.agent.support import until
from tests.paths import ROOT

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CAR = "湘F12345"
ALL_QUERIES = ("search", "export", "track", "companions", "first_time", "frequent", "clones")
PLACES = {"k1": (29.0, 113.0), "k2": (29.0, 113.1), "k3": (29.2, 113.2)}
PICTURE = b"\xff\xd8a picture\xff\xd9"


def passage(plate: str, at_ms: int, camera: str = "k1", **more: Any) -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms + 500, reads=4, confidence=0.99, **more
    )


@asynccontextmanager
async def site_with(
    tmp_path: Path, *roles: Role, kept_to: dict[str, list[Role]] | None = None,
    of_stations: dict[str, list[str]] | None = None,
) -> AsyncIterator[Site]:  # fmt: skip
    wanted = replace(settings(tmp_path), cameras_kept_to=kept_to or {}, cameras_of_stations=of_stations or {})
    async with running_site(wanted) as site:
        for role in roles:
            unit = "u1" if role == "officer" else ""
            await site.context.accounts.create(role, f"name of {role}", frozenset({role}), unit, PASSWORD)
        for camera, (lat, lon) in PLACES.items():
            await site.hub.ask(EnrolCamera(camera=camera, name=f"camera {camera}", lat=lat, lon=lon), HUB)
        yield site


async def ask(person: Person, what: str, **terms: Any) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person.csrf}
    data = msgspec.json.encode({"reason": "办案", **terms})
    async with person.http.post(f"/api/v1/sightings/{what}", data=data, headers=headers) as response:
        return response.status, msgspec.json.decode(await response.read())


async def recorded(site: Site) -> list[tuple[str, QueryMade]]:
    stored = await site.hub.journal.read("live", 0, 1000)
    told = [(one.actor, facts.decode(one.data, one.seq)) for one in stored]
    return [(actor, fact) for actor, fact in told if isinstance(fact, QueryMade)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[tuple[Site, Person]]:
    async with site_with(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        yield site, person


async def test_a_search_is_on_record_under_the_askers_name_before_it_is_answered(desk: tuple[Site, Person]) -> None:
    site, person = desk
    now_ms = site.clock.now_ms()
    await site.context.readings.add_sightings("live", [passage(CAR, now_ms - 1000), passage("湘A00001", now_ms)])
    span = {"from_ms": now_ms - HOUR_MS, "to_ms": now_ms}
    status, found = await ask(person, "search", plate="湘f·1*", case="A2026-7", **span)
    assert (status, [one["plate"] for one in found["sightings"]], found["left"]) == (200, [CAR], 59)
    [(actor, fact)] = await recorded(site)
    assert (actor, fact.what, fact.reason, fact.case, fact.results) == ("dispatcher", "sightings", "办案", "A2026-7", 1)
    assert fact.query == found["query"]
    assert fact.terms.startswith("湘f·1*; ")
    assert (await person.get("/api/v1/queries/left"))[1]["left"] == 59


NOT_ASKED: list[dict[str, Any]] = [
    {"plate": CAR, "reason": " "}, {"plate": "*?*"}, {"plate": "F"}, {}, {"plate": CAR, "from_ms": 9, "to_ms": 8},
    {"plate": "湘F" + "?" * 20}, {"plate": CAR, "cursor": "no cursor"}, {"plate": CAR, "area": [[113, 29], [114, 29]]},
    {"plate": CAR, "area": [[113, 29], [114, 30], [114, 29], [113, 30]]}, {"plate": CAR, "limit": 0},
    {"plate": CAR, "headings": [0, 361]}, {"plate": CAR, "kind": "spaceship"}, {"plate": CAR, "whatever": "else"},
    {"plate": "*", "cameras": ["k1"], "from_ms": 0, "to_ms": 2 * DAY_MS},
]  # fmt: skip


async def test_what_is_no_query_is_refused_and_leaves_no_answer_and_no_record(desk: tuple[Site, Person]) -> None:
    site, person = desk
    for terms in NOT_ASKED:
        assert (await ask(person, "search", **{"from_ms": 0, "to_ms": 10, **terms}))[0] == 400, terms
    for what in ("track", "companions"):
        assert (await ask(person, what, plate="湘F1234?", from_ms=0, to_ms=10))[0] == 400
    assert (await ask(person, "frequent", from_ms=0, to_ms=10))[0] == 400
    assert await recorded(site) == []


async def test_everybody_asks_what_their_role_may(tmp_path: Path) -> None:
    may = {
        "call_taker": set[str](), "director": set[str](), "administrator": set[str](), "wall": set[str](),
        "officer": {"search"}, "camera_watch": set(ALL_QUERIES) - {"export"},
        "dispatcher": set(ALL_QUERIES) - {"export"}, "commander": set(ALL_QUERIES), "duty_leader": set(ALL_QUERIES),
    }  # fmt: skip
    roles: list[Any] = list(may)
    async with site_with(tmp_path, *roles) as site:
        now_ms = site.clock.now_ms()
        for role in roles:
            async with signed_in(site.http_url, role) as person:
                for what in ALL_QUERIES:
                    terms: dict[str, Any] = {"from_ms": now_ms - HOUR_MS, "to_ms": now_ms}
                    terms |= {} if what in ("first_time", "frequent", "clones") else {"plate": CAR}
                    terms |= {"cameras": ["k1"]} if what == "frequent" else {}
                    status, _ = await ask(person, what, **terms)
                    assert (status == 200, status in (200, 403)) == (what in may[role], True), (role, what)
                status, _ = await person.get("/api/v1/queries")
                assert status == (200 if role in ("duty_leader", "administrator") else 403), role


async def test_in_the_field_a_whole_plate_of_the_last_day_is_asked_for(tmp_path: Path) -> None:
    async with site_with(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as person:
        now_ms = site.clock.now_ms()
        await site.context.readings.add_sightings("live", [passage(CAR, now_ms - 1000)])
        status, found = await ask(person, "search", plate=CAR, from_ms=now_ms - HOUR_MS, to_ms=now_ms)
        assert (status, len(found["sightings"]), found["left"]) == (200, 1, 19)
        assert found["places"] == {"k1": {"name": "camera k1", "lat": 29.0, "lon": 113.0}}
        assert (await ask(person, "search", plate="湘F1234?", from_ms=now_ms - HOUR_MS, to_ms=now_ms))[0] == 400
        assert (await ask(person, "search", plate=CAR, from_ms=now_ms - 2 * DAY_MS, to_ms=now_ms))[0] == 403
        assert len(await recorded(site)) == 1


async def test_past_the_limit_of_an_hour_nothing_is_answered(
    desk: tuple[Site, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, person = desk
    monkeypatch.setattr(sightings_module, "QUERIES_AN_HOUR", 2)
    terms = {"plate": CAR, "from_ms": 0, "to_ms": 10}
    assert [(await ask(person, "search", **terms))[1]["left"] for _ in range(2)] == [1, 0]
    status, problem = await ask(person, "track", **terms)
    assert (status, problem["code"], problem["an_hour"]) == (429, "too_many", 2)
    assert site.clock.now_ms() < problem["next_ms"] <= site.clock.now_ms() + HOUR_MS
    status, left = await person.get("/api/v1/queries/left")
    assert (left["left"], left["next_ms"]) == (0, problem["next_ms"])
    assert len(await recorded(site)) == 2


async def test_pages_belong_to_one_query_and_only_to_it(desk: tuple[Site, Person]) -> None:
    site, person = desk
    now_ms = site.clock.now_ms()
    await site.context.readings.add_sightings("live", [passage(CAR, now_ms - n) for n in range(5)])
    terms = {"plate": "湘F*", "from_ms": now_ms - HOUR_MS, "to_ms": now_ms, "limit": 2}
    seen: list[int] = []
    _, page = await ask(person, "search", **terms)
    first = page
    while page["next"]:
        seen += [one["first_ms"] for one in page["sightings"]]
        _, page = await ask(person, "search", **terms, cursor=page["next"])
        assert (page["query"], page["left"]) == (first["query"], 59)
    seen += [one["first_ms"] for one in page["sightings"]]
    assert seen == [now_ms - n for n in range(5)]
    assert [(fact.results, fact.query) for _, fact in await recorded(site)] == [(n, first["query"]) for n in (2, 2, 1)]
    # Another question under the same record is none of its pages.
    assert (await ask(person, "search", **{**terms, "plate": "湘A*"}, cursor=first["next"]))[0] == 403
    assert len(await recorded(site)) == 3


async def test_an_area_means_the_cameras_in_it(desk: tuple[Site, Person]) -> None:
    site, person = desk
    now_ms = site.clock.now_ms()
    await site.context.readings.add_sightings("live", [passage(CAR, now_ms, camera) for camera in PLACES])
    terms = {"from_ms": now_ms - HOUR_MS, "to_ms": now_ms}
    area = [[112.9, 28.9], [113.15, 28.9], [113.15, 29.1], [112.9, 29.1]]
    _, found = await ask(person, "search", **terms, area=area)
    assert [one["camera"] for one in found["sightings"]] == ["k1", "k2"]
    _, found = await ask(person, "search", **terms, area=area, cameras=["k2", "k3"])
    assert [one["camera"] for one in found["sightings"]] == ["k2"]
    _, found = await ask(person, "search", **terms, plate=CAR, colour="yellow")
    assert found["sightings"] == []
    assert "area 28.9000,112.9000" in (await recorded(site))[0][1].terms


async def test_cameras_kept_from_somebody_are_kept_from_their_queries(tmp_path: Path) -> None:
    async with (
        site_with(tmp_path, "dispatcher", "duty_leader", kept_to={"k2": ["duty_leader"]}) as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        now_ms = site.clock.now_ms()
        name = await site.context.blobs.add(PICTURE)
        there = [passage(CAR, now_ms, camera, picture=name) for camera in PLACES]
        await site.context.readings.add_sightings("live", there)
        path = f"/api/v1/sightings/picture?camera={{}}&plate={CAR}&first_ms={now_ms}"
        for who in (person, leader):  # R831: nobody is shown a picture who asked for nothing
            assert (await who.get(path.format("k1")))[0] == 404
        for who, cameras in ((person, ["k1", "k3"]), (leader, ["k1", "k2", "k3"])):
            for terms in ({}, {"cameras": ["k1", "k2", "k3"]}):
                _, found = await ask(who, "search", plate=CAR, from_ms=now_ms, to_ms=now_ms, **terms)
                assert [one["camera"] for one in found["sightings"]] == cameras
            _, found = await ask(who, "track", plate=CAR, from_ms=now_ms, to_ms=now_ms)
            assert [one["camera"] for one in found["stops"]] == cameras[::-1]
        for who, camera, status in ((person, "k1", 200), (person, "k2", 404), (leader, "k2", 200), (leader, "k9", 404)):
            async with who.http.get(path.format(camera)) as response:
                assert response.status == status
                assert status != 200 or await response.read() == PICTURE


async def test_a_stations_people_look_up_its_own_cameras(tmp_path: Path) -> None:
    async with (
        site_with(tmp_path, "officer", of_stations={"st1": ["k1", "x*"]}) as site,
        signed_in(site.http_url, "officer") as person,
    ):
        for request in (
            EnrolStation(station="st1", name="所", service="110", lat=29, lon=113, leader="李", leader_phone="1"),
            EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]),
        ):
            await site.hub.ask(request, replace(HUB, roles=frozenset[Role]({"administrator"})))
        now_ms = site.clock.now_ms()
        await site.context.readings.add_sightings("live", [passage(CAR, now_ms, camera) for camera in PLACES])
        _, found = await ask(person, "search", plate=CAR, from_ms=now_ms, to_ms=now_ms)
        assert [one["camera"] for one in found["sightings"]] == ["k1"]


async def test_a_track_tells_the_way_and_its_gaps(desk: tuple[Site, Person]) -> None:
    site, person = desk
    begin_ms = site.clock.now_ms() - 5 * HOUR_MS
    at = [(0, "k1"), (600_000, "k2"), (630_000, "k3"), (4 * HOUR_MS, "k1")]
    await site.context.readings.add_sightings("live", [passage(CAR, begin_ms + ms, camera) for ms, camera in at])
    status, found = await ask(person, "track", plate=CAR, from_ms=begin_ms, to_ms=begin_ms + DAY_MS)
    assert (status, [one["camera"] for one in found["stops"]], found["earlier"]) == (
        200,
        ["k1", "k2", "k3", "k1"],
        False,
    )
    assert [(leg["gap"], leg["suspect"]) for leg in found["legs"]] == [(False, None), (False, "straight"), (True, None)]
    assert ([leg["no_road"] for leg in found["legs"]], found["ways"]) == (["no_net"] * 3, [])
    assert 50 < found["legs"][0]["speed_kmh"] < 70
    assert (await recorded(site))[0][1].what == "track"


async def test_a_plate_at_two_places_at_once_is_found_and_on_record(desk: tuple[Site, Person]) -> None:
    site, person = desk
    now_ms = site.clock.now_ms()
    seen = [passage(CAR, now_ms - 9000), passage(CAR, now_ms - 5000, "k3"), passage("湘A00001", now_ms - 9000)]
    await site.context.readings.add_sightings("live", seen)
    status, found = await ask(person, "clones", from_ms=now_ms - HOUR_MS, to_ms=now_ms)
    assert (status, found["more"], len(found["clones"])) == (200, False, 1)
    (one,) = found["clones"]
    assert (one["plate"], one["times"], one["leg"]["suspect"]) == (CAR, 1, "straight")
    assert (one["before"]["camera"], one["after"]["camera"]) == ("k1", "k3")
    assert (await ask(person, "clones", from_ms=now_ms - HOUR_MS, to_ms=now_ms, cameras=["k1"]))[1]["clones"] == []
    assert [(fact.what, fact.results) for _, fact in await recorded(site)] == [("clones", 1), ("clones", 0)]


async def test_companions_newcomers_and_frequent_cars_are_told(desk: tuple[Site, Person]) -> None:
    site, person = desk
    begin_ms = site.clock.now_ms() - 3 * DAY_MS
    seen = []
    for n, camera in enumerate(("k1", "k2", "k3")):
        at_ms = begin_ms + n * HOUR_MS
        seen += [passage(CAR, at_ms, camera), passage("湘F00002", at_ms + 9000, camera)]
        seen += [passage(f"湘A{n}{m:04}", begin_ms + m * 60_000, camera) for m in range(120)]
    seen.append(passage("湘F00002", begin_ms + 2 * DAY_MS, "k1"))
    seen.append(passage("湘F00003", begin_ms + 2 * DAY_MS, "k1"))
    await site.context.readings.add_sightings("live", seen)
    span = {"from_ms": begin_ms - HOUR_MS, "to_ms": begin_ms + DAY_MS}
    _, found = await ask(person, "companions", plate=CAR, **span)
    (one,) = found["companions"]
    assert (one["plate"], one["times"], one["cameras"], one["lag_ms"]) == ("湘F00002", 3, ["k1", "k2", "k3"], 9000)
    assert one["by_chance"] < 0.1
    later = {"from_ms": begin_ms + 2 * DAY_MS - HOUR_MS, "to_ms": begin_ms + 2 * DAY_MS + HOUR_MS}
    _, found = await ask(person, "first_time", days=5, **later)
    assert [one["plate"] for one in found["passes"]] == ["湘F00003"]
    assert later["from_ms"] - 5 * DAY_MS < found["since_ms"] <= begin_ms, "readings reach back no further"
    _, found = await ask(person, "frequent", cameras=["k1", "k2", "k3"], at_least=3, **span)
    assert [(one["plate"], one["passes"]) for one in found["visits"]] == [("湘F00002", 3), (CAR, 3)]
    assert [fact.what for _, fact in await recorded(site)] == ["companions", "first_time", "frequent"]


async def test_a_file_says_who_took_it_and_why_and_runs_nothing(tmp_path: Path) -> None:
    async with site_with(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        now_ms = site.clock.now_ms()
        camera = EnrolCamera(camera="k1", name="=HYPERLINK(1)", lat=29, lon=-113)
        await site.hub.ask(camera, HUB)
        await site.context.readings.add_sightings("live", [replace(passage(CAR, now_ms, lane=2), confidence=UNSTATED)])
        terms = {"plate": CAR, "from_ms": now_ms, "to_ms": now_ms, "reason": "=1+1", "case": "@x"}
        status, found = await ask(person, "export", **terms)
        assert status == 200
        assert found["csv"].startswith("\ufeff")
        rows = list(csv.reader(found["csv"].removeprefix("\ufeff").splitlines()))
        about = dict(row for row in rows[: rows.index([])])
        assert (about["taken_by"], about["passages"]) == ("name of commander (commander)", "1")
        assert (about["reason"], about["case"], about["query"]) == ("'=1+1", "'@x", found["query"])
        told = dict(zip(rows[-2], rows[-1], strict=True))
        assert (told["plate"], told["camera_name"], told["lon"], told["lane"]) == (CAR, "'=HYPERLINK(1)", "-113.0", "2")
        assert told["confidence"] == ""  # R841: nobody said
        assert [fact.what for _, fact in await recorded(site)] == ["export"]


async def test_a_file_does_not_become_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings_module, "EXPORT_PASSAGES", 2)
    async with site_with(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        now_ms = site.clock.now_ms()
        await site.context.readings.add_sightings("live", [passage(CAR, now_ms - n) for n in range(3)])
        terms = {"plate": CAR, "from_ms": now_ms - 9, "to_ms": now_ms}
        assert (await ask(person, "export", **terms))[0] == 413
        assert await recorded(site) == []


async def test_who_looks_after_queries_sees_who_asked_what_and_why(tmp_path: Path) -> None:
    async with (
        site_with(tmp_path, "dispatcher", "duty_leader") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        for plate in (CAR, "湘F00002"):
            await ask(person, "search", plate=plate, from_ms=0, to_ms=10, reason="盘查")
        await ask(leader, "track", plate=CAR, from_ms=0, to_ms=10)
        _, found = await leader.get("/api/v1/queries")
        assert [(one["by"], one["what"], one["reason"]) for one in found["queries"]] == [
            ("duty_leader", "track", "办案"), ("dispatcher", "sightings", "盘查"), ("dispatcher", "sightings", "盘查"),
        ]  # fmt: skip
        _, middle, oldest = (one["id"] for one in found["queries"])
        _, found = await leader.get(f"/api/v1/queries?before={middle}")
        assert ([one["id"] for one in found["queries"]], found["more"]) == ([oldest], False)
        _, found = await leader.get("/api/v1/queries?by=dispatcher")
        assert [one["id"] for one in found["queries"]] == [middle, oldest]
        assert (await leader.get("/api/v1/queries?before=x"))[0] == 400


TERMS = msgspec.json.decode((ROOT / "tests" / "golden" / "query_terms.json").read_bytes())
"""What pages tell in words (`tests/apps/query_words.test.ts` of the pages reads it too)."""


@pytest.mark.parametrize("example", [one for one in TERMS if "body" in one], ids=lambda one: one["what"])
def test_terms_on_record_keep_the_form_that_pages_tell_in_words(example: dict[str, Any]) -> None:  # R864
    asked = {"reason": "办案", "from_ms": 0, "to_ms": HOUR_MS} | example["asked"]
    body = msgspec.convert(asked, getattr(bodies, example["body"]), strict=False)
    terms, digest = bodies.told(body).rsplit(" #", 1)
    assert terms == example["terms"]
    assert len(digest) == 16


async def test_nobody_writes_such_a_record_by_hand(tmp_path: Path) -> None:
    async with site_with(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        record = q.RecordQuery(what="sightings", terms=CAR, reason="无", results=0)
        assert (await person.ask(record))[0] == 403


async def test_pictures_go_with_their_passages_once_these_were_kept_long_enough(tmp_path: Path) -> None:  # R572
    wanted = replace(settings(tmp_path), keep_readings_days=1)
    async with running_site(wanted) as site:
        old, new = await site.context.blobs.add(b"old"), await site.context.blobs.add(b"new")
        seen_ms = site.clock.now_ms() - 5 * DAY_MS
        await site.context.readings.add_sightings("live", [passage(CAR, seen_ms, picture=old)])
    for file in (tmp_path / "var" / "blobs" / old[:2] / old, tmp_path / "var" / "blobs" / SINCE):
        file.touch()
        os.utime(file, (seen_ms / 1000, seen_ms / 1000))
    async with running_site(wanted) as site:

        async def gone() -> bool:
            return await site.context.blobs.names() == {new}

        await until(gone)
        assert await site.context.readings.sightings("live", CAR, 0, site.clock.now_ms(), 9) == []
