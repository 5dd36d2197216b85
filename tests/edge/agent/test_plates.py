"""Plates read at the edge: what the hub says of a camera's picture reaches the agent, and what it sees the hub."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from command import requests as q
from command.actors import HUB
from command.facts.violations import PictureRegion
from command.kernel.clock import SystemClock
from streams.plates.picture import Picture
from streams.plates.read import Looked, Read
from streams.plates.watcher import PlateWatcher
from tests.edge.agent.support import an_agent, hub_with_agent, port_of, sightings_at, until


class Reads:
    """Reads a plate that comes nearer on the right in every picture, as a plate reader would."""

    def __init__(self) -> None:
        self.looks = 0

    async def look(self, camera: str, frame: Picture) -> Looked:
        self.looks += 1
        wide, x, y = 20.0 + 2 * self.looks, 330.0 + 3 * self.looks, 150.0 + 4 * self.looks
        corners = ((x, y), (x + wide, y), (x + wide, y + wide / 3), (x, y + wide / 3))
        return Looked([Read("湘F12345", "blue", 0.97, (0.97,) * 7, corners)])


async def test_an_agent_tells_where_a_car_went_as_the_hub_says_that_its_camera_looks(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path, 1) as (site, key):
        lanes = [((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))]
        regions = tuple(PictureRegion(name=f"车道{i}", ring=ring, lane=i) for i, ring in enumerate(lanes, 1))
        enrolled = q.EnrolCamera(camera="k0", name="路口0", lat=29.0, lon=113.0, bearing_deg=200, reads_plates=True)
        await site.hub.ask(enrolled, HUB)
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(lambda: agent.cameras.keeper.running() == ["k0"])
            watcher = agent.cameras.watcher = PlateWatcher(Reads(), agent.cameras.on_passage, "edge")
            kept = tmp_path / "edge" / "config.json"
            await site.hub.ask(q.SetRegions(camera="k0", regions=regions), HUB)
            await until(lambda: b'"lanes":[{' in kept.read_bytes())
            await until(lambda: watcher.aimed("k0").lanes != ())
            begun_ms = SystemClock().now_ms() - 60_000
            for i in range(3):
                picture = np.full((360, 640, 3), 90 * i, np.uint8)
                assert watcher.is_due("k0", begun_ms + 200 * i)
                await watcher.frame("k0", picture, begun_ms + 200 * i)

            async def is_there() -> bool:
                return bool(await sightings_at(site))

            await until(is_there)
        [seen] = await sightings_at(site)
        assert (seen.plate, seen.direction, seen.heading_deg, seen.lane) == ("湘F12345", "towards", 20.0, 2)
        assert (seen.source, seen.camera, len(seen.char_confidences)) == ("edge", "k0", 7)
