"""A camera beside an agent is found, tried and adopted at the hub: rules R752 and R753 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.agent.adopting import sealed
from edge.agent.sealing import box_of
from tests.consoles.cameras import MODEL, drawn, onvif_camera
from tests.consoles.support import PASSWORD, signed_in
from tests.consoles.test_recordings import send
from tests.edge.agent.support import NAME, an_agent, hub_with_agent, port_of, until

PLACE = {"name": "库区球机", "lat": 29.45, "lon": 112.9}


async def test_an_onvif_camera_beside_an_agent_is_found_tried_there_and_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.onvif.discovery.ONVIF_INTERFACES", 1)  # the loopback: nobody else is asked
    async with (
        asyncio.timeout(100),
        onvif_camera(drawn(tmp_path)) as (camera, _, port),
        hub_with_agent(tmp_path, 0) as (site, key),
        an_agent(tmp_path, port_of(site), key) as agent,
    ):
        await camera.be_found("127.0.0.1", port)
        await site.context.accounts.create("technician", "技术", frozenset({"administrator"}), "", PASSWORD)
        await until(lambda: site.agents.agents.is_here(NAME))
        async with signed_in(site.http_url, "technician") as admin:
            told = (await admin.get("/api/v1/cameras/found"))[1]
            [found] = [
                each
                for each in told["found"]
                if each["address"].startswith(f"edge://{NAME}/onvif://") and each["name"] == MODEL.name
            ]
            assert (found["kind"], found["adopted"]) == ("onvif", [])
            wrong = {"address": found["address"], "user": MODEL.user, "password": "hunter2"}
            tried = (await send(admin, "POST", "/api/v1/cameras/try", wrong))[1]
            assert [(step["hop"], step["ok"]) for step in tried["steps"]] == [("device", True), ("sign_in", False)]
            right = {**wrong, "password": MODEL.password}
            status, tried = await send(admin, "POST", "/api/v1/cameras/try", right)
            assert [(step["hop"], step["ok"]) for step in tried["steps"]] == [
                ("device", True), ("sign_in", True), ("profiles", True), ("stream", True), ("picture", True),
            ], tried  # fmt: skip
            assert (status, tried["codec"], tried["moves"], bool(tried["picture"])) == (200, "h264", True, True)

            status, adopted = await send(admin, "POST", "/api/v1/cameras/adopt", {**right, **PLACE})
            assert status == 201, adopted
            await until(lambda: agent.cameras.keeper.running() == [adopted["camera"]])

            async def is_up() -> bool:
                return (await site.hub.read(lambda t: t.cameras.need(adopted["camera"]))).state == "up"

            await until(is_up)
            told = (await admin.get("/api/v1/cameras/found"))[1]
            [known] = [each["adopted"] for each in told["found"] if each["address"] == found["address"]]
            assert known == [adopted["camera"]]
            again = await send(admin, "POST", "/api/v1/cameras/adopt", {**wrong, **PLACE})
            assert again == (201, adopted), "with another password it is changed and not doubled"


async def test_a_camera_behind_an_agent_that_is_away_is_said_to_be_so(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path, 1) as (site, _):
        await site.context.accounts.create("technician", "技术", frozenset({"administrator"}), "", PASSWORD)
        async with signed_in(site.http_url, "technician") as admin:
            body = {"address": f"edge://{NAME}/rtsp://10.0.0.9/live", "user": "u", "password": "hunter2"}
            status, tried = await send(admin, "POST", "/api/v1/cameras/try", body)
    [step] = tried["steps"]
    assert (status, step["hop"], step["ok"]) == (200, "device", False)
    assert f"edge agent {NAME} is not connected to this hub" in step["told"]


def test_the_address_that_is_tried_goes_to_the_agent_sealed() -> None:
    asked = sealed("rtsp://u:hunter2@10.0.0.9/live", box_of("the agent's key"))
    assert b"hunter2" not in bytes(asked)
