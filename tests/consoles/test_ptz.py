"""A camera is moved over HTTP, by one person at a time, and stops by itself (SPEC R353 to R356)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command.actors import Role
from consoles.site import Site
from edge.simulators.clips import Clip
from edge.simulators.onvif_camera import OnvifCamera
from edge.simulators.rtsp_camera import RtspCameras
from streams.limits import PTZ_DEAD_MAN_MS, PTZ_HOLD_MS
from tests.consoles.cameras import MODEL, drawn, onvif_camera
from tests.consoles.support import Person, signed_in, site_with_people
from tests.consoles.test_adoption import PLACE, post
from tests.streams.peers import until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


class Place:
    """A hub that has adopted a dome, and its people."""

    def __init__(
        self, site: Site, dome: OnvifCamera, rtsp: RtspCameras, camera: str, people: dict[str, Person]
    ) -> None:
        self.site, self.dome, self.rtsp, self.camera, self.people = site, dome, rtsp, camera, people

    async def move(self, who: str, body: dict[str, Any], camera: str = "") -> tuple[int, Any]:
        return await post(self.people[who], f"{camera or self.camera}/ptz", body)

    async def state(self, who: str) -> tuple[int, Any]:
        return await self.people[who].get(f"/api/v1/cameras/{self.camera}/ptz")


@asynccontextmanager
async def place(tmp_path: Path, clip: Clip, *roles: Role) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        dome, rtsp, port = await stack.enter_async_context(onvif_camera(clip))
        site = await stack.enter_async_context(site_with_people(tmp_path, "administrator", *roles))
        people: dict[str, Person] = {
            role: await stack.enter_async_context(signed_in(site.http_url, role)) for role in ("administrator", *roles)
        }
        address = {"address": f"127.0.0.1:{port}", "user": MODEL.user, "password": MODEL.password}
        status, adopted = await post(people["administrator"], "adopt", {**address, **PLACE})
        assert status == 201, adopted
        made = Place(site, dome, rtsp, adopted["camera"], people)
        while (await made.state("administrator"))[0] == 404:  # until the cameras' task has taken it in
            await site.clock.sleep(10)
        yield made


async def test_a_move_goes_to_the_camera_and_stops_when_the_hand_lets_go(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "dispatcher") as here:
        asked_ms = here.site.clock.now_ms()
        status, told = await here.move("dispatcher", {"pan": 0.5, "tilt": -0.25, "zoom": 0})
        assert status == 200, told
        assert (told["moves"], told["holder"], told["mine"]) == (True, "dispatcher", True)
        assert told["until_ms"] >= asked_ms + PTZ_HOLD_MS
        moved = here.dome.movements[0]
        assert (moved.pan, moved.tilt, moved.zoom) == (0.5, -0.25, 0.0)

        await until(lambda: len(here.dome.movements) == 2)
        stopped = here.dome.movements[-1]
        assert (stopped.pan, stopped.tilt, stopped.zoom) == (0, 0, 0)
        # The camera's own limit is 2 s: the stop that came is the hub's.
        assert stopped.at_ms - asked_ms >= PTZ_DEAD_MAN_MS, "since it was asked for, however long that took to the dome"
        assert (await here.state("dispatcher"))[1]["mine"] is True, "still held for a while"
        async with here.people["administrator"].http.get("/metrics") as metrics:
            assert "triune_ptz_dead_man_stops_total 1.0" in await metrics.text()


async def test_the_higher_rank_takes_it_and_others_are_told_who_holds_it(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "commander", "dispatcher", "duty_leader", "camera_watch") as here:
        assert (await here.move("camera_watch", {"zoom": 1}))[0] == 200
        status, told = await here.move("duty_leader", {"zoom": -1})
        assert (status, told["code"], told["holder"]) == (409, "conflict", "camera_watch")
        assert told["until_ms"] > here.site.clock.now_ms()
        assert (await here.move("dispatcher", {"preset": 2}))[0] == 200
        assert here.dome.recalled == ["2"]
        assert (await here.move("camera_watch", {"zoom": 0}))[0] == 409
        assert (await here.move("commander", {"pan": 0.1}))[0] == 200
        assert (await here.move("dispatcher", {"pan": -0.1}))[1]["holder"] == "commander"
        _, seen = await here.state("camera_watch")
        assert (seen["moves"], seen["holder"], seen["mine"]) == (True, "commander", False)
        assert (await here.move("commander", {"pan": 0, "tilt": 0, "zoom": 0}))[0] == 200
        assert here.dome.movement() is None


async def test_presets_are_listed_by_number_and_one_that_is_not_there_is_unknown(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "dispatcher") as here:
        status, told = await here.people["dispatcher"].get(f"/api/v1/cameras/{here.camera}/ptz/presets")
        assert (status, told["presets"][0]) == (200, {"number": 1, "name": "gate"})
        assert (await here.move("dispatcher", {"preset": 9}))[0] == 404
        assert (await here.state("dispatcher"))[1]["holder"] == "dispatcher"


async def test_who_may_not_and_what_is_no_command_is_refused(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "dispatcher", "wall", "officer") as here:
        for who in ("wall", "officer", "administrator"):
            assert (await here.move(who, {"pan": 1}))[0] == 403
        for bad in ({}, {"pan": 1.01}, {"pan": 1, "preset": 1}, {"preset": -1}, {"tilt": "up"}, {"speed": 1}):
            assert (await here.move("dispatcher", bad))[0] == 400, bad
        headers = {"X-CSRF-Token": here.people["dispatcher"].csrf}
        url = f"/api/v1/cameras/{here.camera}/ptz"
        async with here.people["dispatcher"].http.post(url, data=b'{"pan": NaN}', headers=headers) as response:
            assert response.status == 400
        assert (await here.move("dispatcher", {"pan": 1}, camera="none"))[0] == 404
        fixed = {"address": "rtsp://127.0.0.1:1/fixed", **PLACE}
        _, adopted = await post(here.people["administrator"], "adopt", fixed)
        while (answer := await here.people["dispatcher"].get(f"/api/v1/cameras/{adopted['camera']}/ptz"))[0] == 404:
            await here.site.clock.sleep(10)
        assert answer == (200, {"moves": False, "holder": None, "until_ms": None, "mine": False})
        assert (await here.move("dispatcher", {"pan": 1}, camera=adopted["camera"]))[0] == 404
        assert not here.dome.movements


async def test_a_camera_whose_password_changed_is_told_as_that_and_held_by_nobody(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "dispatcher") as here:
        here.dome.model = msgspec.structs.replace(here.dome.model, password="changed since")
        status, told = await here.move("dispatcher", {"pan": 1})
        assert (status, told["code"]) == (503, "unavailable")
        assert "does not take this user and password" in told["detail"]
        assert (await here.state("dispatcher"))[1]["holder"] is None
