"""The routes in a real aiohttp server, with the middleware that makes problem details of errors."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.problems import problem_middleware
from edge.limits import DEVICE_MESSAGES_PER_S
from edge.trackers import http
from edge.trackers.counters import TrackerCounters
from tests.edge.jt808.hub import MemoryUplink

NOW_MS = 1_790_000_000_000
Client = TestClient[Request, Application]
QUERY = {"id": "a1", "lat": "29.1", "lon": "113.1", "timestamp": str(NOW_MS), "speed": "10"}
BEARER = {"Authorization": "Bearer secret"}


def basic(user_and_password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(user_and_password.encode()).decode()}"}


JANE = basic("jane:pass:word")


@pytest.fixture
def hub() -> MemoryUplink:
    hub = MemoryUplink("a1", "jane")
    hub.tokens |= {"a1": "secret", "jane": "pass:word"}
    return hub


@pytest.fixture
def counters() -> TrackerCounters:
    return TrackerCounters()


@pytest.fixture
async def client(hub: MemoryUplink, counters: TrackerCounters) -> AsyncIterator[Client]:
    app = Application(middlewares=[problem_middleware])
    app.add_routes(http.routes(hub, VirtualClock(NOW_MS), counters))
    async with TestClient(TestServer(app)) as running:
        yield running


async def code(response: aiohttp.ClientResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status, (await response.json())["code"]


async def test_osmand_by_query_form_and_json(client: Client, hub: MemoryUplink) -> None:
    body = {"device_id": "a1", "location": {"coords": {"latitude": 29.2, "longitude": 113.2}}}
    for response in (
        await client.get("/ingest/osmand", params=QUERY, headers=BEARER),
        await client.post("/ingest/osmand", params=QUERY, headers=BEARER),
        await client.post("/ingest/osmand", data=QUERY | {"token": "secret"}),
        await client.get("/ingest/osmand", params=QUERY | {"token": "secret"}),
        await client.post("/ingest/osmand", json=body, headers=basic("a1:secret")),
    ):
        assert response.status == 200
    assert [(position.lat, position.at_ms) for position in hub.stored] == [(29.1, NOW_MS)] * 4 + [(29.2, NOW_MS)]
    assert {(position.device, position.source) for position in hub.stored} == {("a1", "osmand")}


async def test_owntracks_is_answered_with_an_empty_list(client: Client, hub: MemoryUplink) -> None:
    body = {"_type": "location", "lat": 29.1, "lon": 113.1, "tst": NOW_MS // 1000, "tid": "JJ"}
    response = await client.post("/ingest/owntracks", json=body, headers=JANE)
    assert (response.status, await response.json()) == (200, [])
    assert [(position.device, position.source) for position in hub.stored] == [("jane", "owntracks")]
    response = await client.post("/ingest/owntracks", data=b"", headers=JANE)
    assert (response.status, await response.json()) == (200, [])
    assert len(hub.stored) == 1


async def test_without_the_right_token_nothing_is_taken(client: Client, hub: MemoryUplink) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic !!"},
        {"Authorization": "Digest x"},
        JANE,
    ):
        response = await client.get("/ingest/osmand", params=QUERY, headers=headers)
        assert await code(response) == (401, "sign_in_required")
    assert await code(await client.post("/ingest/owntracks", data=b"")) == (401, "sign_in_required")
    assert hub.stored == []


async def test_bad_reports_are_clear_errors(client: Client, hub: MemoryUplink) -> None:
    for wrong in ({"lat": "0", "lon": "0"}, {"lat": "x"}, {"timestamp": "1"}, {"id": ""}):
        response = await client.get("/ingest/osmand", params=QUERY | wrong, headers=BEARER)
        assert await code(response) == (400, "invalid_input")
    for body in (b"{", b"{}", b"\xff\xfe", b"a=1&" * 100):
        response = await client.post("/ingest/osmand", data=body, headers=BEARER)
        assert await code(response) == (400, "invalid_input")
    response = await client.post("/ingest/owntracks", data=b"[1]", headers=JANE)
    assert await code(response) == (400, "invalid_input")
    response = await client.post("/ingest/osmand", data=b"{" + b" " * REQUEST_BODY_BYTES, headers=BEARER)
    assert await code(response) == (413, "too_large")
    assert hub.stored == []


def location(lat: object = 29.1, at_ms: int = NOW_MS, **coords: object) -> dict[str, object]:
    return {"coords": {"latitude": lat, "longitude": 113.1} | coords, "timestamp": at_ms}


async def test_a_wrong_location_keeps_back_none_of_the_others(
    client: Client, hub: MemoryUplink, counters: TrackerCounters
) -> None:  # R1002
    wrong: list[object] = [
        location(at_ms=NOW_MS - 100 * 86_400_000), location(0, longitude=0), location(None), {"coords": None}, [], 7,
        location() | {"timestamp": "soon"},
    ]  # fmt: skip
    good = [location(29.2), location("29.3", accuracy="bad", speed=None, heading=[], altitude={}, odometer=1)]
    body = {"device_id": "a1", "location": [*wrong, *good]}
    assert (await client.post("/ingest/osmand", json=body, headers=BEARER)).status == 200
    assert [(fix.lat, fix.accuracy_m) for fix in hub.stored] == [(29.2, None), (29.3, None)]
    assert (counters.locations, counters.locations_refused) == (2, len(wrong))
    for told in (wrong, [], {"coords": None}):
        response = await client.post("/ingest/osmand", json={"device_id": "a1", "location": told}, headers=BEARER)
        assert response.status == (400 if told else 200), "there is nothing good in it"
    assert len(hub.stored) == 2


async def test_a_call_for_help_among_alarms_is_stored_wherever_it_stands(client: Client, hub: MemoryUplink) -> None:
    """R1002. Traccar joins alarms with commas, and others say each for itself."""
    for alarm in (["sos,lowBattery"], ["lowBattery, SOS"], ["sos", "lowBattery"], ["lowBattery", "sos"]):
        query = [*QUERY.items(), *(("alarm", each) for each in alarm)]
        assert (await client.get("/ingest/osmand", params=query, headers=BEARER)).status == 200
        assert hub.stored.pop().sos, alarm
        assert (await client.post("/ingest/osmand", data=query, headers=BEARER)).status == 200
        assert hub.stored.pop().sos, alarm
    assert (await client.get("/ingest/osmand", params=QUERY | {"alarm": "sosX"}, headers=BEARER)).status == 200
    assert not hub.stored.pop().sos


async def test_a_call_for_help_without_a_place_is_handed_on_whatever_else_is_wrong(
    client: Client, hub: MemoryUplink, counters: TrackerCounters
) -> None:  # R1000, R1002
    hub.refusal = UnavailableError("the disk is full")
    calls = [{"extras": {"alarm": "sos"}, "timestamp": told} for told in (NOW_MS - 1000, "soon", 1)]
    body = {"device_id": "a1", "location": [location(), *calls]}
    response = await client.post("/ingest/osmand", json=body, headers=BEARER)
    assert await code(response) == (503, "unavailable"), "the fix has to be sent again"
    assert [call.at_ms - NOW_MS for call in hub.calls] == [-1000, 0, 0]
    assert counters.sos_without_place == 3


async def test_numbers_that_are_none_cost_a_report_nothing_else(client: Client, hub: MemoryUplink) -> None:  # R1002
    bad = {"accuracy": "NaN", "speed": "fast", "bearing": "", "altitude": "1e999"}
    assert (await client.get("/ingest/osmand", params=QUERY | bad, headers=BEARER)).status == 200
    body = {"_type": "location", "lat": 29.1, "lon": 113.1, "tst": NOW_MS // 1000, "acc": "x", "vel": [], "cog": True}
    assert (await client.post("/ingest/owntracks", json=body, headers=JANE)).status == 200
    for fix in hub.stored:
        assert (fix.lat, fix.accuracy_m, fix.speed_kmh, fix.heading_deg, fix.altitude_m) == (29.1, *[None] * 4)
    assert len(hub.stored) == 2


async def test_a_fix_that_is_not_durable_is_not_acknowledged(client: Client, hub: MemoryUplink) -> None:
    hub.away = True
    response = await client.get("/ingest/osmand", params=QUERY, headers=BEARER)
    assert await code(response) == (503, "unavailable")


async def test_a_flood_is_refused_and_others_are_not(client: Client) -> None:
    for _ in range(DEVICE_MESSAGES_PER_S):
        assert (await client.get("/ingest/osmand", params=QUERY, headers=BEARER)).status == 200
    response = await client.get("/ingest/osmand", params=QUERY, headers=BEARER)
    assert await code(response) == (429, "too_many")
    body = json.dumps({"_type": "lwt", "tst": 1})
    response = await client.post("/ingest/owntracks", data=body, headers=JANE)
    assert response.status == 200
