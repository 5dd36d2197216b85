"""A hub that subscribes at a lower one, and takes its cameras for places on the map (SPEC R724-R729, R763)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest
from aiohttp import web

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import Database, SqliteDatabase
from command.links.viid import SCHEMA
from consoles.parts.viid import lower_store
from consoles.parts.viid.lower_store import KeptLower, LowerStore
from consoles.parts.viid.lowers import Lowers
from consoles.settings import Viid, ViidUpper
from consoles.site import Site
from edge.limits import VIID_BACKOFF_FIRST_MS, VIID_CATALOGUE_MS
from edge.viid.bodies import Verdict
from edge.viid.catalogue import Listed
from edge.viid.lower import Lower
from tests.consoles.support import Person
from tests.consoles.test_viid import (
    LOWER,
    LOWER_CAMERA,
    SECRET,
    UPPER,
    adopt,
    hub,
    now,
    passes,
    shown,
    sightings,
    until,
)
from tests.databases import Databases
from tests.edge.viid.site import NOW_MS, codes, curl
from tests.edge.viid.test_sending import answering, at_work, sleeping
from tests.edge.viid.test_server import jpeg
from tests.ports import free_port


async def send(admin: Person, site: Site, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers, data = {"X-CSRF-Token": admin.csrf}, json.dumps(body) if body is not None else None
    async with admin.http.request(method, f"{site.http_url}/api/v1/viid{path}", data=data, headers=headers) as response:
        text = await response.read()
        return response.status, json.loads(text) if text else None


async def lowers(admin: Person) -> list[Any]:
    status, told = await admin.get("/api/v1/viid/lowers")
    assert status == 200
    return list(told["lowers"])


async def test_what_a_lower_hub_sees_is_told_from_subscribing_until_it_is_ended(tmp_path: Path) -> None:
    # R724 R725 R727 R728
    up_port, low_port = free_port(), free_port()
    up_url, low_url = f"http://127.0.0.1:{up_port}", f"http://127.0.0.1:{low_port}"
    upper_own = Viid(server_id=UPPER, port=up_port, password=SECRET, receive_at=up_url, passwords={LOWER: SECRET})
    lower_own = Viid(
        server_id=LOWER, port=low_port, password=SECRET,
        uppers=[ViidUpper(id=UPPER, url=up_url, password=SECRET, pushes=False)],
    )  # fmt: skip

    async def plates(site: Site, wanted: set[str]) -> bool:
        return {seen.plate for seen in await sightings(site)} == wanted

    async with hub(tmp_path / "upper", upper_own) as (upper, above):
        asked = {"peer": LOWER, "url": f"{low_url}/", "title": "下级过车"}
        status, lower = await send(above, upper, "POST", "/lowers", asked)
        assert (status, lower["resources"], lower["url"], len(lower["id"])) == (200, [LOWER], low_url, 33)

        async def away() -> bool:
            (one,) = await lowers(above)
            return one["state"]["up"] is False and "does not answer" in one["state"]["reason"]

        await until(away)
        async with hub(tmp_path / "lower", lower_own) as (site, admin):

            async def in_force() -> bool:
                (one,) = await lowers(above)
                return bool(one["state"]["up"]) and one["leased_ms"] > upper.clock.now_ms()

            await until(in_force)

            async def camera_told() -> bool:
                """Perhaps only when it is asked again: it may have been asked before it had any."""
                (one,) = await lowers(above)
                if one["state"]["up"] and not one["state"]["devices"]:
                    await send(above, upper, "POST", f"/lowers/{lower['id']}/again")
                return bool(one["state"]["devices"] == 1)

            await until(camera_told)
            (told,) = (await shown(admin))["subscriptions"]
            assert (told["subscription"]["id"], told["subscription"]["peer"], told["state"]) == (
                lower["id"], UPPER, "in force",
            )  # fmt: skip
            # The camera of the lower hub becomes one of ours, where the lower hub says that it stands.
            _, listed = await above.get("/api/v1/viid/catalogue")
            (device,) = listed["devices"]
            assert (device["device"]["id"], device["device"]["name"], device["camera"]) == (LOWER_CAMERA, "南门", "")
            unknown = "9" * 20
            _, result = await send(above, upper, "PUT", "/catalogue", {"devices": [LOWER_CAMERA, unknown]})
            assert result["adopted"] == {LOWER_CAMERA: f"v{LOWER_CAMERA}"}
            assert list(result["left"]) == [unknown]
            row = await upper.hub.read(lambda t: t.cameras.need(f"v{LOWER_CAMERA}"))
            assert (row.name, row.lat, row.lon) == ("南门", 29.1, 113.1)

            await passes(site, "湘F00001", jpeg())
            await until(lambda: plates(upper, {"湘F00001"}))
            (seen,) = await sightings(upper)
            assert (seen.camera, seen.source, bool(seen.picture)) == (f"v{LOWER_CAMERA}", "viid", True)

            async def counted() -> bool:
                """Once it is stored, and so after it was seen."""
                return bool((await lowers(above))[0]["passages"] == 1)

            await until(counted)

            async def nothing_waits() -> bool:
                """Its camera of ours, told to it again, would come round in a ring, for ever."""
                return not (await shown(admin))["waiting"]

            await until(nothing_waits)

            assert (await send(above, upper, "DELETE", f"/lowers/{lower['id']}"))[0] == 204

            async def ended() -> bool:
                (told,) = (await shown(admin))["subscriptions"]
                return await lowers(above) == [] and told["state"] == "cancelled"

            await until(ended)
            assert (await send(above, upper, "DELETE", f"/lowers/{lower['id']}"))[0] == 404
            assert (await send(above, upper, "POST", f"/lowers/{lower['id']}/again"))[0] == 409


async def test_an_upper_system_subscribes_to_our_catalogue_and_hears_of_what_changes(tmp_path: Path) -> None:  # R763
    up_port = free_port()
    up_url = f"http://127.0.0.1:{up_port}"
    lower_own = Viid(
        server_id=LOWER, port=0, passwords={UPPER: SECRET},
        uppers=[ViidUpper(id=UPPER, url=up_url, password=SECRET, pushes=False)],
    )  # fmt: skip
    async with (
        hub(tmp_path / "upper", Viid(server_id=UPPER, port=up_port, password=SECRET)) as (upper, above),
        hub(tmp_path / "lower", lower_own) as (lower, admin),
    ):
        asked = {
            "SubscribeID": "s1", "Title": "目录", "SubscribeDetail": "3", "ResourceURI": LOWER,
            "BeginTime": now(lower), "EndTime": now(lower, 3_600_000), "OperateType": 0,
        }  # fmt: skip
        url = (await shown(admin))["url"]

        async def subscribe(**more: Any) -> list[int]:
            body = json.dumps({"SubscribeListObject": {"SubscribeObject": [asked | more]}}).encode()
            who = ("-H", f"User-Identify: {UPPER}")  # from its own host an upper system needs no password
            return codes((await curl(f"{url}/VIID/Subscribes", *who, body=body))[1])

        assert await subscribe() == [0]

        async def heard() -> bool:
            _, listed = await above.get("/api/v1/viid/catalogue")
            return [(one["device"]["id"], one["device"]["name"]) for one in listed["devices"]] == [
                (LOWER_CAMERA, "南门")
            ]

        await until(heard)
        (one,) = (await shown(admin))["subscriptions"]
        assert (one["subscription"]["details"], one["state"]) == (["3"], "in force")
        # Of passages it is told nothing: one that is told to another subscription was put by for all at once.
        await adopt(upper, above, LOWER_CAMERA)
        assert await subscribe(SubscribeID="s2", SubscribeDetail="13") == [0]
        await passes(lower, "湘F00001")
        catalogue, passages = f"catalogue/{UPPER}/s1", f"subscription/{UPPER}/s2"

        async def told_to_the_other() -> bool:
            sent = {each["receiver"]: each["sent"] for each in (await shown(admin))["senders"]}
            return sent.keys() == {catalogue, passages} and sent[passages] == 1

        await until(told_to_the_other)
        assert (await shown(admin))["waiting"] == {}


async def test_only_administrators_with_a_way_back_subscribe(tmp_path: Path) -> None:  # R724
    async with hub(tmp_path, Viid(server_id=UPPER, port=0, password=SECRET)) as (site, admin):
        asked = {"peer": LOWER, "url": "http://127.0.0.1:1", "title": "x"}
        status, told = await send(admin, site, "POST", "/lowers", asked)
        assert (status, "receive_at" in told["detail"]) == (400, True)
        for wrong in (
            {"url": "ftp://x"}, {"url": "http://u:p@x"}, {"url": "http://x/y"}, {"peer": "1"}, {"title": ""},
            {"resources": ["1"]}, {"more": 1},
        ):  # fmt: skip
            assert (await send(admin, site, "POST", "/lowers", asked | wrong))[0] == 400, wrong
        assert (await send(admin, site, "PUT", "/catalogue", {"devices": []}))[0] == 400


async def test_a_device_keeps_the_camera_that_it_was_said_to_be(tmp_path: Path) -> None:  # R728
    async with hub(tmp_path, Viid(server_id=UPPER, port=0, password=SECRET)) as (site, admin):
        store = LowerStore(SqliteDatabase(tmp_path / "var" / "viid.sqlite3", SCHEMA, "viid"), site.clock)
        other, nowhere = "43062100001190000002", "43062100001190000003"
        assert await store.take(LOWER, [listed(LOWER_CAMERA, 29.5), listed(other, 29.6), listed(nowhere, None)]) == {}
        await adopt(site, admin, LOWER_CAMERA, "k1")
        asked = {"devices": [LOWER_CAMERA, other, nowhere]}
        _, result = await send(admin, site, "PUT", "/catalogue", asked)
        assert result["adopted"] == {LOWER_CAMERA: "k1", other: f"v{other}"}
        assert "no place" in result["left"][nowhere]
        assert (await site.hub.read(lambda t: t.cameras.need("k1"))).lat == 29.1
        # One that was made of the device follows what is told of it.
        await store.take(LOWER, [listed(other, 29.7)])
        await send(admin, site, "PUT", "/catalogue", {"devices": [other]})
        assert (await site.hub.read(lambda t: t.cameras.need(f"v{other}"))).lat == 29.7
        await store._db.close()


def listed(device: str, lat: float | None) -> Listed:
    return Listed(
        id=device, kind="ape", name="北门", lat=lat, lon=lat and 113.0, heading_deg=None, online=None
    )  # fmt: skip


async def test_what_lower_systems_told_is_kept_within_bounds(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:  # R726
    async with databases(SCHEMA, "viid") as db:
        await _keeps_what_is_told(db, monkeypatch)


async def _keeps_what_is_told(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock(NOW_MS)
    store = LowerStore(db, clock)
    lower = Lower(id="l1", peer=LOWER, url="http://x", title="t", resources=(LOWER,))
    await store.add(lower)
    await store.add(lower)
    await store.lease("l1", NOW_MS + 5)
    assert await store.lowers() == [KeptLower(lower, NOW_MS + 5, ended=False)]
    await store.forget("l1")  # it is to be ended first
    assert (await store.end("l1"), await store.end("l2")) == (True, False)
    assert (await store.lowers())[0].ended
    await store.forget("l1")
    assert await store.lowers() == []

    monkeypatch.setattr(lower_store, "VIID_CATALOGUE_OF_PEER", 2)
    monkeypatch.setattr(lower_store, "VIID_CATALOGUE", 3)
    a, b, c, d = (f"4306210000119000000{n}" for n in range(4))
    assert await store.take(LOWER, [listed(a, 29.0), listed(a, 29.5), listed(b, None)]) == {}
    assert (await store.devices())[0].listed.lat == 29.5
    assert list(await store.take(UPPER, [listed(a, 1.0), listed(c, 29.0)])) == [a]
    assert list(await store.take(LOWER, [listed(d, 29.0), listed(b, 28.0)])) == [d]
    assert list(await store.take(UPPER, [listed(d, 29.0)])) == [d]
    assert [(one.listed.id, one.listed.lat, one.peer) for one in await store.devices()] == [
        (c, 29.0, UPPER), (a, 29.5, LOWER), (b, 28.0, LOWER),
    ]  # fmt: skip
    clock.advance(NOW_MS + VIID_CATALOGUE_MS + 1)
    assert await store.take(UPPER, [listed(a, 1.0)]) == {}
    found = await store.device(a)
    assert found is not None
    assert (found.peer, await store.device(b)) == (UPPER, None)


async def test_a_fault_of_ours_with_a_lower_system_is_shown_and_it_is_asked_again(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:  # R850
    class Faulty(LowerStore):
        faults: ClassVar[list[Exception]] = [OverflowError("never foreseen"), ValueError("nor that")]

        async def lowers(self) -> list[KeptLower]:
            if len(self.faults) > 1:
                raise self.faults.pop()
            return await super().lowers()

        async def lease(self, lower: str, until_ms: int) -> None:
            if self.faults:
                raise self.faults.pop()
            await super().lease(lower, until_ms)

    async def agrees(_request: web.Request) -> web.Response:
        return web.Response()

    async def take(_peer: str, _devices: Sequence[Listed]) -> list[Verdict]:
        return []

    clock = VirtualClock(NOW_MS)
    async with (
        databases(SCHEMA, "viid") as db, answering(agrees) as url, aiohttp.ClientSession() as http,
    ):  # fmt: skip
        store = Faulty(db, clock)
        lowers = Lowers(store, http, clock, UPPER, "http://127.0.0.1:1", "wgs84", lambda _: SECRET, take)
        async with at_work(lowers.run()):
            while "nor that" not in caplog.text:
                await SystemClock().sleep(1)
            await store.add(Lower(id="l1", peer=LOWER, url=url, title="t", resources=(LOWER,)))
            assert await sleeping(clock) == NOW_MS + VIID_BACKOFF_FIRST_MS
            state = lowers.states()["l1"]
            assert (state.up, "OverflowError" in state.reason, "never foreseen" in caplog.text) == (False, True, True)
            clock.advance(NOW_MS + VIID_BACKOFF_FIRST_MS)
            while not state.up:
                await SystemClock().sleep(1)
            assert (await store.lowers())[0].leased_ms > NOW_MS
