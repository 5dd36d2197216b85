"""Who breaks the rules of the demonstration is found: by the product's reading of what its cameras show (SPEC R691)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.passages import Passages
from command.readings import Sighting
from command.readings.memory import MemoryReadings
from command.requests import EnrolCamera
from consoles.demo.clips import views
from consoles.demo.county import County, load_county
from consoles.demo.rules import Pass, offences, rules
from consoles.parts.cameras.aims import aims
from consoles.parts.violations.part import Violations
from edge.simulators.street_video import Street, pictures
from streams.plates.picture import Picture
from streams.plates.read import Looked
from streams.plates.reader import PlateReader
from streams.plates.watcher import PlateWatcher
from tests.command.support import ADMIN, START_MS, Desk, desk
from tests.edge.simulators.test_street_video import needs_font

_FPS = 4
_READABLE_M = (7, 24)


@pytest.fixture(scope="module")
def county() -> County:
    return load_county()


class _Reader:
    """Reads in this process."""

    def __init__(self) -> None:
        self._reader = PlateReader()

    async def look(self, camera: str, frame: Picture) -> Looked:
        return await asyncio.to_thread(self._reader.look, frame)


def _usual(county: County) -> dict[str, Street]:
    return {camera: view.usual for camera, view in views(county).items()}


async def _enrol(d: Desk, county: County) -> None:
    for camera in county.cameras:
        place = EnrolCamera(
            camera=camera.id, name=camera.name.zh, lat=camera.lat, lon=camera.lon, bearing_deg=camera.bearing_deg
        )
        await d.ask(place, ADMIN)
    for _, request in rules(START_MS):
        await d.ask(request, ADMIN)


async def _show(watcher: PlateWatcher, each: Pass, began_ms: int) -> None:
    """Give the frames in which a plate can be read, and a few in which nothing is, so that the car is gone."""
    street = replace(each.street, fps=_FPS)
    for nth, picture in enumerate(pictures(street)):
        at_s = nth / _FPS
        near, far = _READABLE_M
        if any(near < vehicle.distance_m(at_s) < far for vehicle in street.vehicles) or at_s > street.seconds - 1:
            await watcher.frame(each.camera, picture, began_ms + round(at_s * 1000))


async def test_each_of_them_is_found_once_by_what_is_read_in_the_pictures(tmp_path: Path, county: County) -> None:
    needs_font()
    blobs = FolderBlobs(tmp_path, SiteKey(b"k" * 32).box("blobs"))
    async with desk() as d, asyncio.TaskGroup() as tasks:
        await _enrol(d, county)
        readings = MemoryReadings()
        passages = Passages(d.hub, readings)
        violations = Violations(d.hub, readings, blobs, passages)
        running = tasks.create_task(violations.run())

        async def told(sighting: Sighting, jpeg: bytes) -> None:
            await passages.add([replace(sighting, picture=await blobs.add(jpeg))])

        watcher = PlateWatcher(_Reader(), told)
        for camera, aim in (await d.hub.read(lambda t: aims(t, START_MS))).items():
            watcher.aim(camera, aim)
        began_ms = START_MS
        for drive in offences(_usual(county)):
            for each in drive:
                began_ms += each.after_ms or 1000
                await _show(watcher, each, began_ms)
            began_ms += 60_000
        await violations.idle()
        running.cancel()
        found = [row.finding for row in (await d.table("violations")).values()]
    assert sorted((one.kind, one.plate, one.region) for one in found) == [
        ("bus_lane", "湘F2N770", "公交专用道"),
        ("interval_speed", "湘F8D396", ""),
        ("restricted_area", "京F5C826", ""),
        ("wrong_way", "湘F7G539", "左侧车道"),
    ]
    [fast] = [one for one in found if one.kind == "interval_speed"]
    assert fast.speed_kmh is not None
    assert 132 < fast.speed_kmh <= 156, "never more than it drove"


def test_nobody_who_usually_passes_breaks_a_rule_and_offenders_are_on_no_list(county: County) -> None:
    usual = _usual(county)
    plates = [vehicle.plate for street in usual.values() for vehicle in street.vehicles]
    breaks = [vehicle for drive in offences(usual) for each in drive for vehicle in each.street.vehicles]
    assert not {vehicle.plate for vehicle in breaks} & set(plates)
    assert all(vehicle.lane == 0 for vehicle in usual["cam16"].vehicles), "the right lane there is for buses"
    for vehicle in breaks:
        assert vehicle.distance_m(offences(usual)[0][0].street.seconds) < 5 or vehicle.away, "gone by the end"
