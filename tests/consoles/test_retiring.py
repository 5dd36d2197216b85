"""Stations, units and devices that are no more, over HTTP (SPEC R1053 to R1056)."""

from __future__ import annotations

import asyncio
from operator import attrgetter
from pathlib import Path

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from consoles.site import Site
from edge.jt808 import gateway
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from tests.consoles.support import Person, mirror, signed_in, site_with_people
from tests.edge.jt808.peer import DEVICE, Peer, message

HOUR_MS = 3_600_000


async def enrol(site: Site) -> None:
    for request in (
        q.EnrolStation(station="st1", name="城关所", service="110", lat=29.1, lon=113.1, leader="李", leader_phone="1"),
        q.EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]),
        q.EnrolDevice(device="d1", kind="osmand", unit="u1"),
    ):
        await site.hub.ask(request, HUB)


async def refused(person: Person, request: q.Request) -> str:
    status, said = await person.ask(request)
    assert status == 409, said
    return str(said["detail"])


async def done(person: Person, request: q.Request) -> None:
    status, said = await person.ask(request)
    assert status == 200, said


async def reported(site: Site, token: str) -> int:
    """Return the status with which the tracker's fix is answered."""
    fix = {"id": "d1", "lat": "29.1", "lon": "113.1", "timestamp": str(site.clock.now_ms() // 1000), "token": token}
    async with aiohttp.ClientSession(site.http_url) as http, http.post("/ingest/osmand", data=fix) as response:
        return response.status


async def test_a_device_that_is_retired_is_shut_out_at_once_and_its_token_opens_nothing_again(  # R1055
    tmp_path: Path,
) -> None:
    async with site_with_people(tmp_path, "administrator") as site, signed_in(site.http_url, "administrator") as chief:
        await enrol(site)
        accounts = site.context.accounts
        token = await accounts.issue("d1")
        assert await reported(site, token) == 200
        for _ in range(2):  # again, where the answer was lost
            await done(chief, q.RetireDevice(device="d1"))
            assert await reported(site, token) == 401
        told = [(one.by, one.what, one.name) for one in await accounts.changes(1)]
        assert told == [("administrator", "token_revoked", "d1")]
        assert (await chief.get("/api/v1/devices/tokens"))[1]["devices"] == {}
        await done(chief, q.EnrolDevice(device="d1", kind="osmand", unit="u1"))
        assert await reported(site, token) == 401
        assert await reported(site, await accounts.issue("d1")) == 200


async def test_a_token_that_could_not_be_taken_back_opens_nothing_for_the_next_of_that_id(  # R1055
    tmp_path: Path,
) -> None:
    async with site_with_people(tmp_path, "administrator") as site, signed_in(site.http_url, "administrator") as chief:
        await enrol(site)
        token = await site.context.accounts.issue("d1")
        await site.hub.ask(q.RetireDevice(device="d1"), HUB)  # the hub died before the token was taken back
        assert await reported(site, token) == 401
        await done(chief, q.EnrolDevice(device="d1", kind="osmand", unit="u1"))
        assert await reported(site, token) == 401


async def test_a_unit_with_accounts_and_a_phone_that_would_come_back_are_not_retired(tmp_path: Path) -> None:  # R1054
    async with (
        site_with_people(tmp_path, "administrator", "officer") as site,
        signed_in(site.http_url, "administrator") as chief,
        signed_in(site.http_url, "officer") as officer,
    ):
        await enrol(site)
        fix = {"at_ms": site.clock.now_ms(), "lat": 29.1, "lon": 113.1}
        headers = {"X-CSRF-Token": officer.csrf}
        async with officer.http.post("/api/v1/positions", json={"fixes": [fix]}, headers=headers) as response:
            assert response.status == 204
        assert "is the phone of account officer" in await refused(chief, q.RetireDevice(device="mobile:officer"))
        assert await refused(chief, q.RetireUnit(unit="u1")) == "unit u1 has accounts: officer"
        await site.context.accounts.set_person("officer", None, "")
        assert await refused(chief, q.RetireUnit(unit="u1")) == "unit u1 has devices: d1, mobile:officer"
        for device in ("d1", "mobile:officer"):
            await done(chief, q.RetireDevice(device=device))
        assert await refused(chief, q.RetireStation(station="st1")) == "station st1 has units: u1"
        await done(chief, q.RetireUnit(unit="u1"))
        await done(chief, q.RetireStation(station="st1"))
        status, said = await officer.ask(q.RetireStation(station="st1"))
        assert (status, said["code"]) == (403, "no_right")


async def test_it_goes_from_screens_that_are_open_and_where_it_was_is_still_told_by_name(  # R1053, R1056
    tmp_path: Path,
) -> None:
    async with (
        site_with_people(tmp_path, "administrator", "dispatcher") as site,
        signed_in(site.http_url, "administrator") as chief,
        signed_in(site.http_url, "dispatcher") as person,
        mirror(person) as desk,
    ):
        await enrol(site)
        assert await reported(site, await site.context.accounts.issue("d1")) == 200
        async with asyncio.timeout(60):
            while not len(await site.hub.read(attrgetter("positions"))):
                await site.clock.sleep(10)
        await desk.subscribe("units", "stations", "positions", "retired")
        assert set(desk.tables["positions"]) == {"u1"}
        for request in (q.RetireDevice(device="d1"), q.RetireUnit(unit="u1"), q.RetireStation(station="st1")):
            await done(chief, request)
        await desk.until(site.hub.committed_seq)
        assert [desk.tables[table] for table in ("units", "stations", "positions")] == [{}, {}, {}]
        told = {key: (row["name"], row["station"]) for key, row in desk.tables["retired"].items()}
        assert told == {"device:d1": ("", ""), "unit:u1": ("巡1", "st1"), "station:st1": ("城关所", "")}
        now_ms = site.clock.now_ms()
        whoms: tuple[dict[str, object], ...] = ({"unit": "u1"}, {"device": "d1"})
        for whom in whoms:
            asked = {**whom, "from_ms": now_ms - HOUR_MS, "to_ms": now_ms + HOUR_MS, "reason": "核查"}
            async with person.http.post(
                "/api/v1/positions/track", data=msgspec.json.encode(asked), headers={"X-CSRF-Token": person.csrf}
            ) as response:
                assert response.status == 200, await response.text()
                ways = (await response.json())["tracks"]
            assert [(way["device"], way["unit"], way["read"]) for way in ways if way["read"]] == [("d1", "u1", 1)]
        there: dict[str, object] = {"circle": {"lat": 29.1, "lon": 113.1, "radius_m": 300}}
        for kind, whom in (("track", whoms[0]), ("present", there)):
            asked = {**whom, "from_ms": now_ms - HOUR_MS, "to_ms": now_ms + HOUR_MS, "reason": "核查"}
            async with person.http.post(
                f"/api/v1/positions/{kind}/file", data=msgspec.json.encode(asked), headers={"X-CSRF-Token": person.csrf}
            ) as response:
                assert response.status == 200, await response.text()
                text = (await response.read()).decode("utf-8-sig")
            assert "巡1" in text
            assert kind == "track" or "城关所" in text


async def test_a_terminal_that_is_retired_is_cut_off_and_registers_in_vain(  # R1055
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "DEVICE_KNOWN_MS", 50)
    async with site_with_people(tmp_path, "administrator") as site, signed_in(site.http_url, "administrator") as chief:
        await enrol(site)
        await done(chief, q.EnrolDevice(device=DEVICE, kind="jt808", unit="u1"))
        async with Peer(site.jt808_port) as peer:
            await peer.sign_in()
            await done(chief, q.RetireDevice(device=DEVICE))
            assert await peer.closed() == b""
        for enrolled in (False, True):  # nor does the one that was thrown away, once another has its id
            if enrolled:
                await done(chief, q.EnrolDevice(device=DEVICE, kind="jt808", unit="u1"))
            async with Peer(site.jt808_port) as peer:
                reply = await peer.ask(message(terminal.REGISTER, bytes(37) + b"A", 1))
            assert reply == platform.RegisterReply(1, platform.NO_SUCH_TERMINAL)
