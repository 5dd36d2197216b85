"""Where patrols were: who may ask, on record first, whose device it was (SPEC R87, R911, R912, R922, R923,
R968, R1032 to R1034)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command import requests as q
from command import wire
from command.actors import HUB, Actor, Role
from command.kernel import limits
from command.readings import Position
from command.readings import area as area_module
from command.rules import registers as registers_module
from consoles.http.app import make_app
from consoles.http.rehearsal import rehearsals
from consoles.http.tracks import routes
from consoles.parts.serving import serving
from consoles.site import Site, running_site
from tests.consoles.support import PASSWORD, ROLES, Person, settings, signed_in
from tests.consoles.test_rehearsal import BEGIN, director_at, post
from tests.consoles.test_sightings import TERMS, recorded

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DEGREE_M = 111_195
LAT, LON = 29.14, 113.11
ADMIN = Actor(id="root", name="root", roles=frozenset[Role]({"administrator"}))


def fix(device: str, at_ms: int, north_m: float = 0.0, **more: Any) -> Position:
    return Position(device=device, at_ms=at_ms, lat=LAT + north_m / DEGREE_M, lon=LON, source="jt808", **more)


def registers() -> list[q.Request]:
    """Two stations with a unit each; "car1" and "radio1" are of the one, "car2" of the other."""
    wanted: list[q.Request] = []
    for n in ("1", "2"):
        station = q.EnrolStation(
            station=f"st{n}", name="所", service="110", lat=LAT, lon=LON, leader="李", leader_phone="1"
        )
        unit = q.EnrolUnit(
            unit=f"u{n}", name=f"巡{n}", kind="patrol_car", service="110", station=f"st{n}", phone="1", officers=[]
        )
        wanted += [station, unit, q.EnrolDevice(device=f"car{n}", kind="osmand", unit=f"u{n}")]
    return [*wanted, q.EnrolDevice(device="radio1", kind="osmand", unit="u1")]


@pytest.fixture(params=["sqlite", "postgres"])
def journal(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else ""


@asynccontextmanager
async def site_with(tmp_path: Path, journal: str, *roles: Role) -> AsyncIterator[Site]:
    """A site with an account for each role, named after it."""
    async with running_site(replace(settings(tmp_path), journal=journal)) as site:
        for request in registers():
            await site.hub.ask(request, ADMIN)
        for role in roles:
            unit = "u1" if role == "officer" else ""
            await site.context.accounts.create(role, role, frozenset({role}), unit, PASSWORD)
        yield site


@pytest.fixture
async def desk(tmp_path: Path, journal: str) -> AsyncIterator[tuple[Site, Person]]:
    async with (
        site_with(tmp_path, journal, "dispatcher") as site,
        signed_in(site.http_url, "dispatcher") as person,
    ):
        yield site, person


async def ask(person: Person, what: str, space: str = "live", **terms: Any) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person.csrf}
    data = msgspec.json.encode({"reason": "群众投诉", **terms})
    path = f"/api/v1/positions/{what}?space={space}"
    async with person.http.post(path, data=data, headers=headers) as response:
        return response.status, msgspec.json.decode(await response.read())


async def test_a_units_way_is_on_record_before_it_is_told(desk: tuple[Site, Person]) -> None:
    site, person = desk
    now_ms = site.clock.now_ms()
    from_ms = now_ms - HOUR_MS
    drive = [fix("car1", from_ms + n * 10_000, n * 100.0, speed_kmh=36.0) for n in range(60)]
    rest = [fix("car1", from_ms + (60 + n) * 10_000, 5900.0) for n in range(60)]
    later = [fix("car1", now_ms - 30_000, 9000.0), fix("car1", now_ms - 20_000, 9000.0, sos=True)]
    await site.context.readings.add_positions(
        "live", [*drive, *rest, *later, fix("radio1", from_ms), fix("car2", now_ms)]
    )
    status, told = await ask(person, "track", unit="u1", case="s7", from_ms=from_ms, to_ms=now_ms + HOUR_MS)
    assert status == 200, told
    assert (told["left"], told["gap_ms"]) == (limits.QUERIES_AN_HOUR - 1, 300_000)
    car, radio = told["tracks"]
    assert (car["device"], car["read"], radio["device"], radio["read"]) == ("car1", 122, "radio1", 1)
    assert car["to_ms"] < now_ms + MINUTE_MS, "of what is to come nothing is told, not even that it is silent"
    [stop] = car["stops"]
    assert 9 * MINUTE_MS < stop["to_ms"] - stop["from_ms"] < 11 * MINUTE_MS
    [gap] = car["gaps"]
    assert (gap["from_ms"], gap["to_ms"]) == (rest[-1].at_ms, later[0].at_ms)
    assert [call["from_ms"] for call in car["calls"]] == [later[1].at_ms]
    assert 5800 < car["length_m"] < 6000
    assert car["fixes"][0]["speed_kmh"] == 36.0
    [(actor, fact)] = await recorded(site)
    assert (actor, fact.what, fact.reason, fact.case, fact.results) == (
        "dispatcher", "patrol_track", "群众投诉", "s7", 123
    )  # fmt: skip
    assert fact.query == told["query"]
    assert fact.terms.endswith("; unit u1 巡1")


async def test_who_was_somewhere_is_told_by_unit_with_first_and_last_time(desk: tuple[Site, Person]) -> None:
    site, person = desk
    at_ms = site.clock.now_ms() - HOUR_MS
    await site.context.readings.add_positions(
        "live",
        [
            fix("car1", at_ms), fix("car1", at_ms + 5000, 290.0), fix("car1", at_ms + 9000, 400.0),
            fix("radio1", at_ms + 7000, 10.0), fix("car2", at_ms + 1000, 2000.0), fix("stray", at_ms, 20.0),
        ],
    )  # fmt: skip
    span: dict[str, Any] = {"from_ms": at_ms, "to_ms": at_ms + MINUTE_MS}
    circle = {"lat": LAT, "lon": LON, "radius_m": 300}
    status, told = await ask(person, "present", circle=circle, **span)
    assert status == 200, told
    assert [
        (one["unit"], one["first_ms"] - at_ms, one["last_ms"] - at_ms, one["fixes"]) for one in told["present"]
    ] == [
        ("", 0, 0, 1),
        ("u1", 0, 7000, 3),
    ]
    assert [one["device"] for one in told["present"][1]["devices"]] == ["car1", "radio1"]
    north = LAT + 2000 / DEGREE_M
    ring = [[LON - 0.01, north - 0.001], [LON + 0.01, north - 0.001], [LON, north + 0.001]]
    assert [one["unit"] for one in (await ask(person, "present", area=ring, **span))[1]["present"]] == ["u2"]
    facts = [fact for _, fact in await recorded(site)]
    assert [(fact.what, fact.results) for fact in facts] == [("present", 2), ("present", 1)]
    assert facts[0].terms.endswith("; circle 29.14000,113.11000 300 m")
    assert "; area 29." in facts[1].terms


async def test_a_device_that_changed_hands_is_of_whoever_had_it_then(desk: tuple[Site, Person]) -> None:
    site, person = desk
    before_ms = site.clock.now_ms() - 2000
    await site.context.readings.add_positions("live", [fix("car1", before_ms)])
    await site.hub.ask(q.EnrolDevice(device="car1", kind="osmand", unit="u2"), ADMIN)
    after_ms = await site.hub.read(lambda t: t.holders.need("car1").from_ms[-1])
    await site.context.readings.add_positions("live", [fix("car1", after_ms, 10.0)])
    span: dict[str, Any] = {"from_ms": before_ms - HOUR_MS, "to_ms": after_ms + HOUR_MS}
    for unit, instants in (("u1", [before_ms]), ("u2", [after_ms])):
        _, told = await ask(person, "track", unit=unit, **span)
        assert [one["at_ms"] for way in told["tracks"] for one in way["fixes"]] == instants
    _, told = await ask(person, "track", device="car1", **span)
    assert sorted((way["unit"], way["read"]) for way in told["tracks"]) == [("u1", 1), ("u2", 1)]
    _, told = await ask(person, "present", circle={"lat": LAT, "lon": LON, "radius_m": 100}, **span)
    assert [(one["unit"], one["first_ms"], one["last_ms"]) for one in told["present"]] == [
        ("u1", before_ms, before_ms),
        ("u2", after_ms, after_ms),
    ]


async def test_who_was_somewhere_is_told_of_devices_that_changed_hands_whatever_else_they_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1032
    monkeypatch.setattr("command.readings.inquiries.PATROL_FIXES_READ", 10)
    monkeypatch.setattr(area_module, "READINGS_AREA_FIXES", 12)
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        at_ms = site.clock.now_ms() - HOUR_MS
        elsewhere = [fix("car1", at_ms + n * 1000, 9000.0) for n in range(1, 60)]
        devices = ["car1", *(f"car{n}" for n in range(3, 14))]
        for device in devices[1:]:
            await site.hub.ask(q.EnrolDevice(device=device, kind="osmand", unit="u1"), ADMIN)
        await site.context.readings.add_positions("live", [*elsewhere, *(fix(device, at_ms) for device in devices)])
        for device in devices:
            await site.hub.ask(q.EnrolDevice(device=device, kind="osmand", unit="u2"), ADMIN)
        span: dict[str, Any] = {"from_ms": at_ms, "to_ms": at_ms + 2 * HOUR_MS}
        circle = {"lat": LAT, "lon": LON, "radius_m": 300}
        status, told = await ask(person, "present", circle=circle, **span)
        assert status == 200, told
        assert [(one["unit"], one["fixes"]) for one in told["present"]] == [("u1", 12)]
        await site.context.readings.add_positions("live", [fix("car1", at_ms + 60_000)])
        status, refused = await ask(person, "present", circle=circle, **span)
        assert (status, refused["code"]) == (413, "too_large")
        assert [fact.results for _, fact in await recorded(site)] == [1, 0]


async def test_a_longer_time_finds_no_less_where_holders_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1033
    monkeypatch.setattr(registers_module, "DEVICE_HOLDERS", 3)
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        at_ms = site.clock.now_ms() - 2000
        await site.context.readings.add_positions("live", [fix("car1", at_ms)])
        span: dict[str, Any] = {"from_ms": at_ms - HOUR_MS, "to_ms": at_ms + HOUR_MS}
        _, told = await ask(person, "track", unit="u1", **span)
        assert [way["read"] for way in told["tracks"]] == [1, 0]
        assert told["holders_since_ms"] == 0
        for unit in ("u2", "u1", "u2", "u1"):
            await site.hub.ask(q.EnrolDevice(device="car1", kind="osmand", unit=unit), ADMIN)
        known_ms = await site.hub.read(lambda t: t.holders.need("car1").from_ms[0])
        circle = {"lat": LAT, "lon": LON, "radius_m": 100}
        for to_ms in (at_ms, at_ms + HOUR_MS):
            _, told = await ask(person, "present", circle=circle, from_ms=span["from_ms"], to_ms=to_ms)
            assert [(one["unit"], one["fixes"]) for one in told["present"]] == [("", 1)]
            assert told["holders_since_ms"] == known_ms
        _, told = await ask(person, "track", device="car1", **span)
        assert [(way["unit"], way["read"]) for way in told["tracks"] if way["read"]] == [("", 1)]
        _, told = await ask(person, "track", unit="u1", **span)
        assert (sum(way["read"] for way in told["tracks"]), told["holders_since_ms"]) == (0, known_ms)


async def test_whose_devices_were_is_no_part_of_what_consoles_mirror(tmp_path: Path) -> None:  # R1034
    async with site_with(tmp_path, "") as site:
        for _ in range(30):
            for unit in ("u2", "u1"):
                await site.hub.ask(q.EnrolDevice(device="car1", kind="osmand", unit=unit), ADMIN)
        row, kept = await site.hub.read(lambda t: (t.devices.need("car1"), t.holders.need("car1")))
        assert len(kept.units) == len(kept.from_ms) == limits.DEVICE_HOLDERS
        assert len(msgspec.json.encode(row)) < 100
        assert "holders" not in wire.TABLES


async def test_terms_on_record_keep_the_form_that_pages_tell_in_words(tmp_path: Path) -> None:  # R864
    examples = [one for one in TERMS if "position" in one]
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        for example in examples:
            what = "track" if example["what"] == "patrol_track" else "present"
            status, _ = await ask(person, what, from_ms=0, to_ms=HOUR_MS, **example["position"])
            assert status == 200, example
        made = [(fact.what, fact.terms) for _, fact in await recorded(site)]
    assert made == [(example["what"], example["terms"]) for example in examples]
    assert len(made) == 4


NOT_ASKED: list[tuple[str, dict[str, Any]]] = [
    ("track", {}), ("track", {"unit": "u1", "device": "car1"}), ("track", {"unit": "u1", "reason": "  "}),
    ("track", {"unit": "u1", "from_ms": 9, "to_ms": 8}), ("track", {"unit": "u1", "more": 1}), ("present", {}),
    ("present", {"circle": {"lat": LAT, "lon": LON, "radius_m": 0}}),
    ("present", {"circle": {"lat": LAT, "lon": LON, "radius_m": limits.CIRCLE_RADIUS_M + 1}}),
    ("present", {"area": [[113, 29], [114, 29]]}), ("present", {"area": [[113, 29], [114, 30], [114, 29], [113, 30]]}),
    ("present", {"area": [[113, 29], [114, 29], [114, 30]], "circle": {"lat": LAT, "lon": LON, "radius_m": 9}}),
]  # fmt: skip


async def test_what_is_no_question_leaves_no_record(tmp_path: Path) -> None:
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        for what, terms in NOT_ASKED:
            status, _ = await ask(person, what, **{"from_ms": 0, "to_ms": 10, **terms})
            assert status == 400, (what, terms)
        assert (await ask(person, "track", unit="u9", from_ms=0, to_ms=10))[0] == 404
        assert (await ask(person, "track", device="car9", from_ms=0, to_ms=10))[0] == 404
        assert await recorded(site) == []


async def test_dispatchers_commanders_and_duty_leaders_ask_and_nobody_else(tmp_path: Path) -> None:
    may = {"dispatcher", "commander", "duty_leader"}
    async with site_with(tmp_path, "", *ROLES) as site:
        for role in ROLES:
            async with signed_in(site.http_url, role) as person:
                for what, terms in (
                    ("track", {"unit": "u1"}),
                    ("present", {"circle": {"lat": LAT, "lon": LON, "radius_m": 50}}),
                ):
                    status, _ = await ask(person, what, from_ms=0, to_ms=10, **terms)
                    assert status == (200 if role in may else 403), (role, what)
        assert {actor for actor, _ in await recorded(site)} == may


async def test_a_desk_of_a_station_is_told_of_its_own_units(tmp_path: Path) -> None:
    async with site_with(tmp_path, "") as site:
        await site.context.accounts.create("st1", "st1", frozenset[Role]({"dispatcher"}), "u1", PASSWORD)
        at_ms = site.clock.now_ms() - 5000
        await site.context.readings.add_positions("live", [fix("car1", at_ms), fix("car2", at_ms), fix("stray", at_ms)])
        span: dict[str, Any] = {"from_ms": at_ms - 1000, "to_ms": at_ms + 1000}
        async with signed_in(site.http_url, "st1") as person:
            assert (await ask(person, "track", unit="u1", **span))[0] == 200
            assert (await ask(person, "track", unit="u2", **span))[0] == 403
            assert (await ask(person, "track", device="car2", **span))[0] == 403
            _, told = await ask(person, "present", circle={"lat": LAT, "lon": LON, "radius_m": 50}, **span)
            assert [one["unit"] for one in told["present"]] == ["u1"]


async def test_questions_about_patrols_and_about_cars_are_of_one_hour(tmp_path: Path) -> None:
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        for n in range(limits.QUERIES_AN_HOUR):
            record = q.RecordQuery(what="sightings", terms=f"{n}", reason="办案", results=0)
            await site.hub.ask(record, replace(HUB, id="dispatcher"))
        status, refused = await ask(person, "track", unit="u1", from_ms=0, to_ms=10)
        assert (status, refused["an_hour"]) == (429, limits.QUERIES_AN_HOUR)


async def test_more_fixes_than_one_answer_looks_at_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command.readings.inquiries.PATROL_FIXES_READ", 10)
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        at_ms = site.clock.now_ms() - HOUR_MS
        await site.context.readings.add_positions("live", [fix("car1", at_ms + n * 1000) for n in range(10)])
        span: dict[str, Any] = {"from_ms": at_ms, "to_ms": at_ms + MINUTE_MS}
        assert (await ask(person, "track", unit="u1", **span))[0] == 200
        await site.context.readings.add_positions("live", [fix("radio1", at_ms)])
        status, refused = await ask(person, "track", unit="u1", **span)
        assert (status, refused["code"], refused["most"]) == (413, "too_large", 10)
        results = [fact.results for _, fact in await recorded(site)]
        assert results == [10, 0], "looking so far was work, and is on record as one that found nothing"


async def test_a_rehearsal_has_tracks_of_its_own(tmp_path: Path) -> None:
    async with (
        director_at(tmp_path) as (site, _, _),
        rehearsals(site.context, [tmp_path / "scenarios"], tmp_path / "came-to") as directed,
    ):
        app = make_app(site.context, [*directed, *routes])
        async with (
            serving(app, "127.0.0.1", 0) as url,
            signed_in(url, "director") as director,
            signed_in(url, "dispatcher") as desk,
        ):
            assert await post(director, "", BEGIN) == (200, {"space": "rehearsal-1"})
            world = site.context.spaces["rehearsal-1"]
            at_ms = world.hub.clock.now_ms()
            span: dict[str, Any] = {"from_ms": at_ms - 1000, "to_ms": at_ms}
            _, told = await ask(desk, "track", "rehearsal-1", unit="u1", **span)
            assert [way["unit"] for way in told["tracks"] if way["read"]] == ["u1"], "the scenario's fixes"
            assert await recorded(site) == [], "that is on the rehearsal's own record"
            _, told = await ask(desk, "track", unit="u1", **span)
            assert sum(way["read"] for way in told["tracks"]) == 0
