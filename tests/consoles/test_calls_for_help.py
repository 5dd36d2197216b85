"""Calls for help of devices that cannot say where they are, from their own words to the record: R1000 to R1002."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from command.actors import HUB
from command.readings import Position
from command.requests import ClearSos, EnrolDevice, EnrolUnit
from command.rows import SosRow
from command.services.problems import problem_middleware
from command.uplink.hub_uplink import HubUplink
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.gateway import Jt808Gateway
from edge.jt808.location import Location, encode_location
from edge.trackers import http
from edge.trackers.counters import TrackerCounters
from tests.command.patrol_house import SPACE, House, running
from tests.edge.jt808.peer import DEVICE, NOW_MS, Peer, fix, message

OK = platform.OK
OTHER_PHONE, OTHER_DEVICE = "013900000002", "13900000002"
HERE = (29.37, 113.12)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running(House()) as house:
        await house.enrol()
        await house.hub.ask(EnrolDevice(device=DEVICE, kind="jt808", unit="u1"), HUB)
        await house.hub.ask(
            EnrolUnit(
                unit="u2", name="二组", kind="foot_patrol", service="110", station="s1", phone="1", officers=[], area=""
            ),
            HUB,
        )
        await house.hub.ask(EnrolDevice(device=OTHER_DEVICE, kind="jt808", unit="u2"), HUB)
        await house.hub.ask(EnrolDevice(device="a1", kind="osmand", unit="u1"), HUB)
        house.tokens.issued["a1"] = "secret"
        yield house


@asynccontextmanager
async def terminal_at(house: House, *phones: str) -> AsyncIterator[Peer]:
    """A connection to a gateway of the house, with the phones signed in."""
    async with Jt808Gateway(house.uplink, house.clock, "127.0.0.1", 0) as gateway, Peer(gateway.port) as peer:
        for phone in phones or (f"0{DEVICE}",):
            await peer.sign_in(phone)
        yield peer


async def says(peer: Peer, location: Location, phone: str = f"0{DEVICE}") -> int:
    """Tell a location; return the result, once an SOS among it is confirmed too."""
    reply = await peer.ask(message(terminal.LOCATION, encode_location(location), 9, phone))
    assert isinstance(reply, terminal.GeneralReply)
    if location.sos and reply.result == OK:
        assert isinstance(await peer.body(), platform.AlarmConfirm)
    return reply.result


def lost(at_ms: int) -> Location:
    """A call for help without satellites."""
    return fix(at_ms, alarm=1, status=0, lat=0, lon=0)


async def calls(house: House) -> list[SosRow]:
    return await house.hub.read(lambda t: list(t.sos))


async def test_the_place_of_a_call_is_no_old_fix_that_was_sent_again(house: House) -> None:  # R1000
    async with terminal_at(house) as peer:
        assert await says(peer, fix(NOW_MS, lat=HERE[0], lon=HERE[1])) == OK
        old = terminal.encode_batch([fix(NOW_MS - 5 * 3600_000, lat=28.99, lon=112.8)], 1)
        assert await peer.ask(message(terminal.LOCATION_BATCH, old, 4)) is not None
        house.clock.advance(NOW_MS + 3000)
        assert await says(peer, lost(NOW_MS + 3000)) == OK
    [sos] = await calls(house)
    assert (sos.lat, sos.lon) == HERE
    [situation] = await house.hub.read(lambda t: list(t.situations))
    assert situation.place is not None
    assert (situation.place.lat, situation.place.lon) == HERE


async def test_a_call_out_of_a_tunnel_is_raised_on_a_new_connection(house: House) -> None:  # R1000
    async with terminal_at(house) as peer:
        assert await says(peer, fix(NOW_MS, lat=HERE[0], lon=HERE[1])) == OK
    house.clock.advance(NOW_MS + 20_000)
    async with terminal_at(house) as peer:
        assert await says(peer, lost(NOW_MS + 20_000)) == OK
    [sos] = await calls(house)
    assert (sos.unit, sos.lat, sos.lon) == ("u1", *HERE)
    assert await house.alarms() == ["sos"]


async def test_a_call_of_a_unit_that_nobody_ever_saw_has_no_place(house: House) -> None:  # R1000
    async with terminal_at(house) as peer:
        assert await says(peer, lost(NOW_MS)) == OK
    [sos] = await calls(house)
    assert (sos.unit, sos.lat, sos.lon) == ("u1", None, None)


async def test_the_place_of_a_call_is_the_unit_s_newest_fix_whichever_device_made_it(house: House) -> None:  # R1000
    async with terminal_at(house) as peer:
        assert await says(peer, fix(NOW_MS - 600_000, lat=29.2, lon=113.3)) == OK
        phone = Position(device="a1", at_ms=NOW_MS + 1000, lat=HERE[0], lon=HERE[1], source="osmand")
        house.clock.advance(NOW_MS + 2000)
        await house.uplink.positions([phone])
        assert await says(peer, lost(NOW_MS)) == OK
        assert await says(peer, lost(NOW_MS + 2000)) == OK
    [sos] = await calls(house)
    assert (sos.lat, sos.lon) == HERE
    track = await house.readings.track(SPACE, DEVICE, 0, NOW_MS + 9000, 10)
    assert [(one.lat, one.sos, one.accuracy_m is None) for one in track] == [
        (29.2, False, True),
        (29.2, True, False),
        (29.37, True, False),
    ], "in the record it stands where its own way or the unit's newest fix puts it, and says how coarse that is"


async def test_a_call_without_a_place_is_one_call_however_often_it_is_sent(house: House) -> None:  # R971, R1000
    async with terminal_at(house) as peer:
        assert await says(peer, fix(NOW_MS, lat=HERE[0], lon=HERE[1])) == OK
        for second in (10, 20, 30):
            house.clock.advance(NOW_MS + second * 1000)
            assert await says(peer, lost(NOW_MS + second * 1000)) == OK
    [sos] = await calls(house)
    await house.hub.ask(ClearSos(sos=sos.id, why="安全"), HUB)
    house.uplink = HubUplink(house.hub, house.readings, house.tokens, house.clock)  # another hub, or after a restart
    await house.uplink.restore()
    async with terminal_at(house) as peer:
        assert await says(peer, lost(NOW_MS + 20_000)) == OK
        house.clock.advance(NOW_MS + 40_000)
        assert await says(peer, lost(NOW_MS + 40_000)) == OK
    assert await calls(house) == []


async def test_each_phone_of_a_forwarding_platform_is_heard(house: House) -> None:  # R1001
    first, second = f"0{DEVICE}", OTHER_PHONE
    async with terminal_at(house, first, second) as peer:
        assert await says(peer, fix(NOW_MS, alarm=1, lat=HERE[0], lon=HERE[1]), first) == OK
        assert await says(peer, fix(NOW_MS), second) == OK
    assert [sos.unit for sos in await calls(house)] == ["u1"]
    assert sorted(await house.hub.read(lambda t: [row.id for row in t.positions])) == ["u1", "u2"]


@pytest.mark.parametrize(
    "query",
    [
        {"valid": "false", "alarm": "sos"},
        {"lat": "29.37", "lon": "113.12", "valid": "false", "alarm": "sos"},
        {"lat": "29.37", "lon": "113.12", "accuracy": "NaN", "alarm": "sos"},
        {"lat": "29.37", "lon": "113.12", "alarm": "sos,lowBattery"},
        {"lat": "29.37", "lon": "113.12", "alarm": "lowBattery, SOS"},
        {"lat": "0", "lon": "0", "alarm": "sos"},
        {"lat": "x", "lon": "y", "timestamp": "soon", "alarm": "sos"},
        {"alarm": "sos"},
    ],
)
async def test_no_report_of_a_tracker_loses_its_call_for_help(house: House, query: dict[str, str]) -> None:  # R1002
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(http.routes(house.uplink, house.clock, TrackerCounters()))
    seen = Position(device="a1", at_ms=NOW_MS - 5000, lat=HERE[0], lon=HERE[1], source="osmand")
    await house.uplink.positions([seen])
    async with TestClient(TestServer(app)) as client:
        report = {"id": "a1", "token": "secret"} | query
        assert (await client.get("/ingest/osmand", params=report)).status == 200
        [sos] = await calls(house)
        assert (sos.unit, sos.lat, sos.lon) == ("u1", *HERE)
        await house.hub.ask(ClearSos(sos=sos.id, why="安全"), HUB)
        location = {"coords": None, "extras": {"alarm": "sos"}}
        body = json.dumps({"device_id": "a1", "location": [location]})
        response = await client.post("/ingest/osmand", data=body, headers={"Authorization": "Bearer secret"})
        assert response.status == 200, "it is the same call"
    assert await calls(house) == []
