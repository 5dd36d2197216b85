"""A camera is adopted over HTTP, and its pictures come (SPEC R349 to R352)."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consoles.site import Site
from edge.limits import ADOPTION_TRIES
from edge.simulators.clips import Clip
from edge.simulators.onvif_camera import OnvifCamera
from tests.consoles.cameras import MODEL, drawn, onvif_camera
from tests.consoles.support import Person, signed_in, site_with_people

PLACE = {"name": "东门球机", "lat": 29.45, "lon": 112.9, "bearing_deg": 90.0, "field_deg": 45.0}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


async def post(person: Person, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person.csrf}
    async with person.http.post(f"/api/v1/cameras/{path}", data=msgspec.json.encode(body), headers=headers) as response:
        return response.status, msgspec.json.decode(await response.read())


async def _is_up(site: Site, camera: str) -> None:
    async with asyncio.timeout(60):
        while await site.hub.read(lambda t: t.cameras.need(camera).state) != "up":
            await site.clock.sleep(20)


async def test_a_camera_is_tried_adopted_and_shown(tmp_path: Path, clip: Clip) -> None:
    async with (
        onvif_camera(clip) as (_, _, port),
        site_with_people(tmp_path, "administrator", "dispatcher") as site,
        signed_in(site.http_url, "administrator") as admin,
        signed_in(site.http_url, "dispatcher") as dispatcher,
    ):
        address = {"address": f"127.0.0.1:{port}", "user": MODEL.user, "password": MODEL.password}
        status, tried = await post(admin, "try", address)
        assert status == 200, tried
        assert [(step["hop"], step["ok"]) for step in tried["steps"]] == [
            ("device", True), ("sign_in", True), ("profiles", True), ("stream", True), ("picture", True),
        ]  # fmt: skip
        assert base64.b64decode(tried["picture"]).startswith(b"\xff\xd8\xff")
        assert tried["codec"] == "h264"
        assert tried["moves"] is True
        assert [profile["token"] for profile in tried["profiles"]] == ["main", "sub"]

        status, adopted = await post(admin, "adopt", {**address, **PLACE, "profile": "sub"})
        assert status == 201, adopted
        camera = adopted["camera"]
        # Watched or not, an enrolled camera is seen to be there.
        await _is_up(site, camera)
        row = await site.hub.read(lambda t: t.cameras.need(camera))
        assert (row.name, row.lat, row.lon, row.bearing_deg, row.field_deg) == tuple(PLACE.values())
        async with dispatcher.http.get(f"/api/v1/cameras/{camera}/snapshot.jpg") as response:
            assert response.status == 200, await response.text()
            assert (await response.read()).startswith(b"\xff\xd8\xff")

        assert await post(admin, "adopt", {**address, **PLACE, "profile": "sub"}) == (201, adopted)
        assert len(await site.hub.read(lambda t: list(t.cameras))) == 1, "adopted again, it is changed and not doubled"
        stored = await site.hub.journal.read("live", 0, 1000)
        by = [fact.actor for fact in stored if b"camera_enrolled" in fact.data]
        assert by == ["administrator"] * 2, "who adopted it is on record"
        everything = b"".join(path.read_bytes() for path in (tmp_path / "var").rglob("*") if path.is_file())
        for secret in (MODEL.password, "dome-p%40ss%2Fword"):
            assert secret.encode() not in everything, "the password is sealed at rest, and no fact"


async def test_a_trial_says_where_it_ends_and_what_to_do(tmp_path: Path, clip: Clip) -> None:
    async with (
        onvif_camera(clip) as (camera, rtsp, port),
        site_with_people(tmp_path, "administrator") as site,
        signed_in(site.http_url, "administrator") as admin,
    ):

        async def fails_at(**asked: str) -> tuple[str, str]:
            status, tried = await post(admin, "try", asked)
            assert status == 200, tried
            assert tried["picture"] is None
            assert "hunter2" not in str(tried)
            *passed, failed = tried["steps"]
            assert all(step["ok"] for step in passed)
            assert not failed["ok"]
            return failed["hop"], failed["told"]

        right = {"user": MODEL.user, "password": MODEL.password}
        hop, told = await fails_at(address="127.0.0.1:1", **right)
        assert (hop, "127.0.0.1:1 cannot be reached" in told) == ("device", True)
        hop, told = await fails_at(address=f"http://127.0.0.1:{port}/elsewhere", **right)
        assert (hop, "not an ONVIF service there" in told) == ("device", True)
        hop, told = await fails_at(address=f"127.0.0.1:{port}", user="admin", password="hunter2")
        assert (hop, "does not take this user and password" in told) == ("sign_in", True)
        rtsp.set_up("live", up=False)
        hop, told = await fails_at(address=f"127.0.0.1:{port}", **right)
        assert (hop, told) == ("picture", "404 no such stream")
        hop, told = await fails_at(address="rtsp://127.0.0.1:1/x", user="admin", password="hunter2")
        assert (hop, told) == ("picture", "connection refused")
        assert camera.refused == 1


async def test_only_administrators_adopt_and_bad_input_is_refused(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "administrator", "camera_watch") as site,
        signed_in(site.http_url, "administrator") as admin,
        signed_in(site.http_url, "camera_watch") as watch,
    ):
        for path in ("try", "adopt"):
            assert (await post(watch, path, {"address": "127.0.0.1", **PLACE}))[0] == 403
        assert (await watch.get("/api/v1/cameras/found"))[0] == 403
        for bad in ({"address": "telnet://h"}, {"address": ""}, {"address": "a b"}, {"address": "http://h:99999"}, {},
                    {"address": "h", "user": "x" * 201}, {"address": "h", "extra": 1}):  # fmt: skip
            assert (await post(admin, "try", bad))[0] == 400, bad
        assert (await post(admin, "adopt", {"address": "h", **PLACE, "lat": 91}))[0] == 400
        assert (await post(admin, "try", {"address": "h" * 20_000}))[0] == 413
        assert not await site.hub.read(lambda t: list(t.cameras))


async def test_an_enrolled_camera_gets_another_password(tmp_path: Path) -> None:  # R757
    async with (
        site_with_people(tmp_path, "administrator") as site,
        signed_in(site.http_url, "administrator") as admin,
    ):
        camera = (
            await post(admin, "adopt", {"address": "rtsp://10.0.0.5/s", "user": "u", "password": "old", **PLACE})
        )[1]["camera"]
        path, headers = f"/api/v1/cameras/{camera}/address", {"X-CSRF-Token": admin.csrf}
        for asked, kept in (
            ({"address": "rtsp://10.0.0.5/s", "user": "u", "password": "new"}, "rtsp://u:new@10.0.0.5/s"),
            ({"address": "edge://gate/10.0.0.5", "user": "u", "password": "p"}, "edge://gate/onvif://u:p@10.0.0.5:80"),
            ({"address": "rtsp://a:b@10.0.0.6/s"}, "rtsp://a:b@10.0.0.6/s"),
        ):
            async with admin.http.put(path, data=msgspec.json.encode(asked), headers=headers) as answer:
                assert answer.status == 204, await answer.text()
            assert (await site.context.accounts.camera_addresses())[camera].startswith(kept)


async def test_trials_at_once_are_bounded(tmp_path: Path, clip: Clip) -> None:
    async with (
        onvif_camera(clip) as (_, _, port),
        site_with_people(tmp_path, "administrator") as site,
        signed_in(site.http_url, "administrator") as admin,
    ):
        asked = {"address": f"127.0.0.1:{port}", "user": MODEL.user, "password": MODEL.password}
        async with asyncio.TaskGroup() as tasks:
            trials = [tasks.create_task(post(admin, "try", asked)) for _ in range(ADOPTION_TRIES + 4)]
        statuses = [trial.result()[0] for trial in trials]
        assert statuses.count(200) >= ADOPTION_TRIES
        assert set(statuses) == {200, 429}


async def test_what_answers_a_probe_is_listed_and_marked_once_adopted(
    tmp_path: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.onvif.discovery.ONVIF_INTERFACES", 1)  # the loopback: nobody else is asked
    async with (
        onvif_camera(clip) as (camera, _, port),
        site_with_people(tmp_path, "administrator") as site,
        signed_in(site.http_url, "administrator") as admin,
    ):
        await camera.be_found("127.0.0.1", port)
        found = await _found(admin, camera)
        assert found["kind"] == "onvif"
        assert found["name"] == camera.model.name
        assert found["adopted"] == []

        _, other = await post(admin, "adopt", {"address": "rtsp://127.0.0.1:9/other", **PLACE})
        assert (await _found(admin, camera))["adopted"] == [other["camera"]], "at its host, whatever the port"

        credentials = {"user": MODEL.user, "password": MODEL.password}
        _, adopted = await post(admin, "adopt", {"address": found["address"], **credentials, **PLACE, "profile": "sub"})
        await _is_up(site, adopted["camera"])
        assert (await _found(admin, camera))["adopted"] == [adopted["camera"]], "R797: its own address before its host"


async def _found(admin: Person, camera: OnvifCamera) -> dict[str, Any]:
    status, listed = await admin.get("/api/v1/cameras/found")
    assert status == 200, listed
    assert listed["problems"] == []
    (found,) = [entry for entry in listed["found"] if entry["name"] == camera.model.name]
    assert isinstance(found, dict)
    return found
