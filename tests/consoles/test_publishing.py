"""Cameras that publish are adopted without an address, and their keys made by the hub (SPEC R484)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from command.requests import EnrolCamera
from consoles.site import Site
from tests.consoles.support import Person, signed_in, site_with_people
from tests.consoles.test_adoption import PLACE, post

OFFER = b"v=0"


async def _offered(person: Person, path: str, key: str) -> int:
    """Return what a publisher with this key is answered; an offer that is none, so that nothing begins."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/sdp"}
    async with person.http.post(path, data=OFFER, headers=headers) as response:
        return response.status


async def _until_answered(site: Site, person: Person, made: dict[str, str], status: int) -> None:
    async with asyncio.timeout(60):
        while await _offered(person, made["path"], made["key"]) != status:
            await site.clock.sleep(20)


async def test_a_camera_that_publishes_gets_its_key_once_and_a_new_one_ends_the_old(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "administrator", "dispatcher") as site,
        signed_in(site.http_url, "administrator") as admin,
        signed_in(site.http_url, "dispatcher") as dispatcher,
    ):
        status, adopted = await post(admin, "adopt", {"address": "whip:", **PLACE})
        assert status == 201, adopted
        camera, made = adopted["camera"], adopted["publishing"]
        assert made["path"] == f"/api/v1/cameras/{camera}/whip"
        assert len(made["key"]) >= 20
        # Once the hub has taken the camera in the key is right, and only the offer is none.
        await _until_answered(site, admin, made, 400)
        assert await _offered(admin, made["path"], made["key"][::-1]) == 401
        assert await admin.get("/api/v1/cameras/publishing") == (200, {"cameras": [camera]})

        status, other = await post(admin, "adopt", {"address": "whip:", **PLACE})
        assert (status, other["camera"] == camera) == (201, False), "each is a camera of its own"

        status, renewed = await post(admin, f"{camera}/publishing", {})
        assert status == 200, renewed
        assert renewed["key"] != made["key"]
        await _until_answered(site, admin, made, 401)
        await _until_answered(site, admin, renewed, 400)

        everything = b"".join(path.read_bytes() for path in (tmp_path / "var").rglob("*") if path.is_file())
        assert made["key"].encode() not in everything
        assert (await post(dispatcher, f"{camera}/publishing", {}))[0] == 403
        assert (await dispatcher.get("/api/v1/cameras/publishing"))[0] == 403


async def test_no_camera_that_is_fetched_loses_its_address_to_a_key(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "administrator") as site,
        signed_in(site.http_url, "administrator") as admin,
    ):
        await admin.ask(EnrolCamera(camera="c1", name="c1", lat=29.1, lon=113.1))
        await site.context.accounts.set_camera_address("c1", "rtsp://user:secret@127.0.0.1:1/c1")
        assert (await post(admin, "c1/publishing", {}))[0] == 409
        assert (await site.context.accounts.camera_addresses())["c1"].startswith("rtsp://")
        assert (await post(admin, "none/publishing", {}))[0] == 404
