"""Which roles see which camera (SPEC R366)."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command.actors import HUB, Actor, Role
from command.requests import EnrolCamera
from consoles.parts.cameras.rights import may_see
from consoles.site import running_site
from tests.consoles.support import settings

KEPT: dict[str, list[Role]] = {
    "cell-*": ["commander", "duty_leader"],
    "cell-9": ["duty_leader"],
    "gate": ["dispatcher"],
}


@pytest.mark.parametrize(
    ("roles", "camera", "sees"),
    [
        ({"dispatcher"}, "street", True),
        ({"dispatcher"}, "gate", True),
        ({"wall"}, "gate", False),
        ({"dispatcher"}, "cell-1", False),
        ({"commander"}, "cell-1", True),
        ({"commander"}, "cell-9", False),
        ({"commander", "duty_leader"}, "cell-9", True),
        ({"officer"}, "street", False),
        ({"device"}, "street", False),
    ],
)
def test_a_camera_is_shown_to_the_roles_that_it_is_kept_to(roles: set[Role], camera: str, sees: bool) -> None:
    assert may_see(Actor(id="x", name="x", roles=frozenset(roles)), camera, KEPT) is sees


async def test_every_way_to_its_pictures_has_the_same_door(tmp_path: Path) -> None:
    async with running_site(replace(settings(tmp_path), cameras_kept_to=KEPT)) as site:
        for camera in ("cell-1", "street"):
            await site.hub.ask(EnrolCamera(camera=camera, name=camera, lat=29.0, lon=113.0), HUB)
        await site.context.accounts.create("zhang", "张", frozenset({"dispatcher"}), "", "long enough")
        async with aiohttp.ClientSession(site.http_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            said = {"name": "zhang", "password": "long enough"}
            async with http.post("/api/v1/session", json=said) as session:
                csrf = {"X-CSRF-Token": session.cookies["triune_csrf"].value}
            for camera, statuses in (("cell-1", {403}), ("street", {404, 503})):
                at = f"/api/v1/cameras/{camera}"
                async with http.get(f"{at}/snapshot.jpg") as snapshot:
                    assert snapshot.status in statuses
                async with http.get(f"{at}/mse") as websocket:
                    assert websocket.status in statuses
                headers = {**csrf, "Content-Type": "application/sdp"}
                async with http.post(f"{at}/whep", data="v=0", headers=headers) as whep:
                    assert whep.status in statuses | ({400} if camera == "street" else set())
