"""From a passage to a hit: the list as the tables have it, where the car was, where it goes, and its pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.roads import RoadNet
from command.readings import Sighting
from command.readings.memory import MemoryReadings
from command.requests import ApproveWatch, EnrolCamera, LiftWatch, RequestWatch
from command.rows import HitRow
from consoles.parts.hits import Hits, road_net
from streams.plates.picture import decode_picture
from tests.command.support import ADMIN, COMMANDER, DISPATCHER, HERE, HOUR_MS, LEADER, START_MS, Desk, desk

PLATE = "湘F80345"


def scene() -> bytes:
    """A grey street with something blue on it where the plate is."""
    picture = np.full((360, 640, 3), 70, np.uint8)
    cv2.rectangle(picture, (260, 200), (380, 240), (160, 60, 20), -1)
    ok, jpeg = cv2.imencode(".jpg", picture)
    assert ok
    return jpeg.tobytes()


class AwayReadings(MemoryReadings):
    """Takes passages, and cannot be asked for any."""

    async def sightings(self, space: str, plate: str, from_ms: int, to_ms: int, limit: int) -> list[Sighting]:
        raise UnavailableError("the store is away")


class Roadside:
    """A hub with cameras along a road to the north, and what looks for hits at it."""

    def __init__(self, d: Desk, hits: Hits, readings: MemoryReadings, blobs: FolderBlobs) -> None:
        self.d = d
        self.hits = hits
        self.readings = readings
        self.blobs = blobs

    async def watch(self, pattern: str, **changes: Any) -> str:
        asked = RequestWatch(pattern=pattern, reason="盗抢", level=2, until_ms=START_MS + 100 * HOUR_MS, **changes)
        watch = await self.d.ask(asked, COMMANDER)
        await self.d.ask(ApproveWatch(watch=watch), LEADER)
        return watch

    async def passes(self, camera: str, plate: str = PLATE, **changes: Any) -> list[HitRow]:
        """Let a car pass and return all hits there are."""
        now_ms = self.d.clock.now_ms()
        sighting = Sighting(
            camera=camera, plate=plate, colour="blue", first_ms=now_ms, last_ms=now_ms, reads=4, confidence=0.95,
            picture=await self.blobs.add(scene()), box=(260, 200, 120, 40), **changes,
        )  # fmt: skip
        await self.readings.add_sightings("live", [sighting])
        await self.hits.judge(sighting, late=False)
        return list((await self.d.table("hits")).values())


@asynccontextmanager
async def roadside(
    tmp_path: Path, *, roads: bool = True, readings: MemoryReadings | None = None
) -> AsyncIterator[Roadside]:
    lat, lon = HERE
    net = RoadNet()
    net.add([(lon, lat), (lon, lat + 0.1)], {"class": "national"})
    kept = readings or MemoryReadings()
    async with desk() as d:
        for number in (3, 4):
            await d.ask(EnrolCamera(camera=f"k{number}", name=f"路口{number}", lat=lat + number / 100, lon=lon), ADMIN)
        blobs = FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs"))
        yield Roadside(d, Hits(d.hub, kept, blobs, net if roads else None), kept, blobs)


async def test_a_hit_tells_last_place_cameras_ahead_and_both_pictures(tmp_path: Path) -> None:  # R537, R548
    async with roadside(tmp_path) as road:
        await road.passes("k1", heading_deg=0.0)
        await road.watch(PLATE)
        await road.d.pass_time(60_000)
        [hit] = await road.passes("k2", heading_deg=0.0, direction="away")
        assert (hit.how, hit.score, hit.direction) == ("exact", 1.0, "away")
        assert hit.last_seen is not None
        assert (hit.last_seen.camera, hit.last_seen.at_ms) == ("k1", START_MS)
        assert (hit.ahead_by, [each.camera for each in hit.ahead]) == ("roads", ["k3", "k4"])
        plate = decode_picture(await road.blobs.get(hit.plate_picture))
        whole = decode_picture(await road.blobs.get(hit.picture))
        assert whole.shape[:2] == (360, 640)
        assert plate.shape[1] >= 180
        assert plate.shape[0] < plate.shape[1]


async def test_without_a_road_net_the_hit_says_that_it_goes_by_bearing(tmp_path: Path) -> None:  # R549
    async with roadside(tmp_path, roads=False) as road:
        await road.watch(PLATE)
        [hit] = await road.passes("k2", heading_deg=180.0)
        assert (hit.ahead_by, [each.camera for each in hit.ahead]) == ("bearing", ["k1"])


async def test_the_list_follows_the_tables(tmp_path: Path) -> None:  # R535
    async with roadside(tmp_path) as road:
        watch = await road.watch(PLATE, look_alike=True)
        assert [hit.how for hit in await road.passes("k1", "湘FB0345")] == ["look_alike"]
        await road.d.ask(LiftWatch(watch=watch, why="查获"), DISPATCHER)
        await road.d.pass_time(1000)
        assert len(await road.passes("k1")) == 1
        await road.watch("湘F8*")
        await road.d.pass_time(1000)
        assert [hit.how for hit in await road.passes("k1")] == ["look_alike", "pattern"]


async def test_a_hit_is_told_even_where_nobody_knows_where_the_car_was(tmp_path: Path) -> None:  # R537
    async with roadside(tmp_path, readings=AwayReadings()) as road:
        await road.watch(PLATE)
        [hit] = await road.passes("k1")
        assert hit.last_seen is None
        assert hit.ahead


@pytest.mark.parametrize("box", [None, (5000, 5000, 10, 10)])
async def test_a_hit_is_told_even_without_a_picture_of_the_plate(
    tmp_path: Path, box: Sequence[int] | None
) -> None:  # R537
    async with roadside(tmp_path) as road:
        await road.watch(PLATE)
        now_ms = road.d.clock.now_ms()
        sighting = Sighting(
            camera="k1", plate=PLATE, colour="blue", first_ms=now_ms, last_ms=now_ms, reads=4, confidence=0.95,
            picture="ab" * 32, box=box,  # type: ignore[arg-type]  # four numbers
        )  # fmt: skip
        await road.hits.judge(sighting, late=False)
        [hit] = (await road.d.table("hits")).values()
        assert (hit.picture, hit.plate_picture) == ("ab" * 32, "")


def test_the_road_net_of_the_settings_has_to_be_one(tmp_path: Path) -> None:  # R548
    assert road_net("", None) is None
    assert road_net("", tmp_path) is None
    with pytest.raises(InvalidInputError, match=r"none\.geojson"):
        road_net(str(tmp_path / "none.geojson"), None)
    (tmp_path / "roads.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"geometry":{"type":"LineString","coordinates":[[113,29],[113.1,29]]}}]}'
    )
    net = road_net("", tmp_path)
    assert net is not None
    assert len(net) == 2
