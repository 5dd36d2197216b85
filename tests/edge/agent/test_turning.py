"""A camera behind an agent is moved from the hub and stops by itself: rules R440 to R444 of docs/SPEC.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from consoles.site import Site
from edge.agent.agent import Agent
from edge.simulators.clips import Clip
from edge.simulators.onvif_camera import OnvifCamera
from streams.limits import PTZ_DEAD_MAN_MS
from tests.consoles.cameras import MODEL, drawn, onvif_camera
from tests.consoles.support import PASSWORD, Person, signed_in
from tests.consoles.test_adoption import post
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


class Far:
    """A dome behind an agent, and a dispatcher at the hub."""

    def __init__(self, site: Site, proxy: Proxy, agent: Agent, dome: OnvifCamera, person: Person) -> None:
        self.site, self.proxy, self.agent, self.dome, self.person = site, proxy, agent, dome, person

    async def move(self, **body: Any) -> tuple[int, Any]:
        return await post(self.person, "k0/ptz", body)

    def is_still(self) -> bool:
        now = self.dome.movements[-1]
        return (now.pan, now.tilt, now.zoom) == (0, 0, 0)


@asynccontextmanager
async def far_dome(tmp_path: Path, clip: Clip) -> AsyncIterator[Far]:
    async with (
        onvif_camera(clip) as (dome, _, port),
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        address = f"onvif://{MODEL.user}:{quote(MODEL.password, safe='')}@127.0.0.1:{port}"
        await site.context.accounts.set_camera_address("k0", f"edge://{NAME}/{address}")
        await site.context.accounts.create("desk", "desk", frozenset({"dispatcher"}), "", PASSWORD)
        keeper = agent.cameras.keeper
        await until(lambda: "k0" in keeper.running() and keeper.camera("k0").spec.url == address)
        async with signed_in(site.http_url, "desk") as person:

            async def is_known() -> bool:
                status, told = await person.get("/api/v1/cameras/k0/ptz")
                return status == 200 and bool(told["moves"])

            await until(is_known)
            yield Far(site, proxy, agent, dome, person)


async def test_it_moves_and_stops_when_nobody_renews_it(tmp_path: Path, clip: Clip) -> None:
    async with far_dome(tmp_path, clip) as there:
        asked_ms = there.site.clock.now_ms()
        assert (await there.move(pan=0.5, tilt=-0.25))[0] == 200
        moved = there.dome.movements[0]
        assert (moved.pan, moved.tilt, moved.zoom) == (0.5, -0.25, 0.0)
        await until(there.is_still)
        since_ms = there.dome.movements[-1].at_ms - asked_ms
        assert since_ms >= PTZ_DEAD_MAN_MS, "since it was asked for, however long that took to the dome"
        assert (await there.move(preset=2))[0] == 200
        assert there.dome.recalled == ["2"]
        assert there.site.agents.errands.counters.asked == 1, "one errand while somebody holds the camera"


@pytest.mark.parametrize("fault", ["cut", "stalled"])
async def test_with_the_link_gone_in_the_middle_of_a_move_the_agent_stops_it(
    tmp_path: Path, clip: Clip, fault: str
) -> None:
    async with far_dome(tmp_path, clip) as there:
        assert (await there.move(zoom=1.0))[0] == 200
        assert not there.is_still()
        if fault == "cut":
            there.proxy.open = False
            there.proxy.cut()
        else:
            there.proxy.stall()
        await until(there.is_still)
        there.proxy.flowing.set()
        if fault == "cut":
            status, told = await there.move(zoom=1.0)
            assert status == 503
            assert NAME in told["detail"]
            there.proxy.open = True

        async def moves_again() -> bool:
            return (await there.move(zoom=-1.0))[0] == 200

        await until(moves_again)
        assert there.dome.movements[-1].zoom == -1.0


async def test_presets_are_the_cameras_and_what_it_has_not_is_unknown(tmp_path: Path, clip: Clip) -> None:
    async with far_dome(tmp_path, clip) as there:
        status, told = await there.person.get("/api/v1/cameras/k0/ptz/presets")
        assert (status, told["presets"][0]) == (200, {"number": 1, "name": "gate"})
        status, told = await there.move(preset=9)
        assert (status, told["code"]) == (404, "unknown_id")


async def test_a_wrong_password_behind_the_agent_is_named(tmp_path: Path, clip: Clip) -> None:
    async with far_dome(tmp_path, clip) as there:
        there.dome.model = type(there.dome.model)(rtsp=there.dome.model.rtsp, password="another since")
        status, told = await there.move(pan=1)
        assert (status, told["code"]) == (503, "unavailable")
        assert f"edge agent {NAME}: " in told["detail"]
        assert "does not take this user and password" in told["detail"]


async def test_a_camera_that_nobody_can_move_says_so(tmp_path: Path, clip: Clip) -> None:
    async with far_dome(tmp_path, clip) as there:
        assert (await there.person.get("/api/v1/cameras/k1/ptz"))[1]["moves"] is False
        assert (await post(there.person, "k1/ptz", {"pan": 1}))[0] == 404
