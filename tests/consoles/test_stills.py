"""The newest picture of a camera, while it shows one and while it does not (SPEC R754)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from command.readings import Sighting
from edge.simulators.street_video import Street, render
from tests.consoles.support import Person, signed_in
from tests.consoles.test_recordings import recorded

STILL = "/api/v1/cameras/k1/still.jpg"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(Street("SIM", (), seconds=1, width=320, height=180, fps=15), tmp_path_factory.mktemp("street"))


async def still(person: Person) -> tuple[str, int, tuple[int, int]]:
    """Where it is from, when it was taken, and its size."""
    async with person.http.get(STILL) as response:
        assert response.status == 200, await response.text()
        with Image.open(io.BytesIO(await response.read())) as picture:
            return response.headers["X-Triune-Whence"], int(response.headers["X-Triune-Taken-Ms"]), picture.size


async def test_a_camera_that_shows_nothing_is_seen_as_it_was_recorded_or_as_a_car_passed(
    tmp_path: Path, street: Path
) -> None:
    async with recorded(tmp_path, street, seconds=1) as (site, from_ms, _):
        async with signed_in(site.http_url, "commander") as person:
            whence, taken_ms, size_px = await still(person)
            assert (whence, taken_ms > from_ms, size_px) == ("now", True, (320, 180))

            await site.context.accounts.set_camera_address("k1", "rtsp://127.0.0.1:9/gone")
            while await site.hub.read(lambda t: t.cameras.need("k1").state) != "down":
                await site.clock.sleep(50)
            whence, taken_ms, size_px = await still(person)
            down_ms = site.clock.now_ms()
            assert (whence, from_ms <= taken_ms <= down_ms, size_px) == ("recording", True, (320, 180))

            scene = io.BytesIO()
            Image.new("RGB", (64, 36)).save(scene, "JPEG")
            picture = await site.context.blobs.add(scene.getvalue())
            seen = Sighting(
                camera="k1", plate="湘F12345", colour="blue", first_ms=down_ms, last_ms=down_ms, reads=1,
                confidence=0.9, picture=picture,
            )  # fmt: skip
            await site.context.readings.add_sightings("live", [seen])
            assert await still(person) == ("passage", down_ms, (64, 36))
            assert (await person.get("/api/v1/cameras/nobody/still.jpg"))[0] == 404
        async with signed_in(site.http_url, "officer") as officer:
            assert (await officer.get(STILL))[0] == 403
