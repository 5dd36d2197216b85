"""From pixels to a hit, at an agent without its hub: a car in an RTSP stream, in one piece. R382, R530, R802."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.readings import Sighting
from command.rows.watchlist import HitRow
from consoles.bench.street_films import Car, Films, cars
from consoles.site import Site
from edge.outbox import Priority
from edge.simulators.clips import load_clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.plates.picture import decode_picture
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sightings_at, until

SIZE = (960, 540)
WATCHED = cars(None, 1)[0]
TOWARDS = ("towards", 0.0)


@asynccontextmanager
async def street(folder: Path, car: Car) -> AsyncIterator[tuple[RtspCameras, int]]:
    """A camera before which a car passes again and again, once it is switched on; and its port."""
    film, films = folder / "film.ts", Films(*SIZE)
    films.write(film, [films.passage(0, car)])
    clip = load_clip(film)
    # At half its pace: a reader on a busy machine looks at each car less often.
    frames = tuple(msgspec.structs.replace(frame, at_ms=2 * frame.at_ms) for frame in clip.frames)
    slow = msgspec.structs.replace(clip, frames=frames, duration_ms=2 * clip.duration_ms)
    async with RtspCameras({"k0": slow}, SystemClock(), credentials=("user", "secret")) as camera:
        camera.set_up("k0", up=False)
        yield camera, await camera.listen()


async def look_out(site: Site, port: int, plate: str) -> str:
    """Have plates read before k0, which is at a port, and one of them looked out for."""
    enrolled = q.EnrolCamera(camera="k0", name="路口0", lat=29.0, lon=113.0, bearing_deg=180, reads_plates=True)
    await site.hub.ask(enrolled, HUB)
    address = f"edge://{NAME}/rtsp://user:secret@127.0.0.1:{port}/k0"
    await site.context.accounts.set_camera_address("k0", address)
    asked = q.RequestWatch(pattern=plate, reason="查", level=2, until_ms=site.clock.now_ms() + 3_600_000)
    watch = (await site.hub.ask(asked, HUB)).subject
    await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
    return watch


def whither(seen: Sighting | HitRow) -> tuple[str | None, float | None]:
    return seen.direction, seen.heading_deg


@pytest.mark.timeout(300)
async def test_a_car_in_a_stream_is_a_hit_at_an_agent_without_its_hub_and_at_the_hub_once_it_comes(
    tmp_path: Path,
) -> None:
    async with (
        hub_with_agent(tmp_path, 1) as (site, key),
        Proxy(port_of(site)) as proxy,
        street(tmp_path, WATCHED) as (camera, port),
    ):
        watch = await look_out(site, port, WATCHED.plate)
        kept = tmp_path / "edge" / "config.json"
        async with an_agent(tmp_path, proxy.port, key):
            await until(lambda: kept.exists() and watch.encode() in kept.read_bytes())
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key, plate_workers=1) as agent:  # it has only what it was told
            began_ms = site.clock.now_ms()
            camera.set_up("k0", up=True)

            async def is_told_whither() -> bool:
                """The first time, but where its reader stood still while the car passed."""
                kept = await agent.outbox.next(Priority.SIGHTING, 0, 100)
                seen = [msgspec.json.decode(each.body, type=Sighting) for each in kept if each.kind == "sighting"]
                return any(whither(each) == TOWARDS for each in seen)

            await until(is_told_whither, within_s=180)
            camera.set_up("k0", up=False)
            seen_ms = site.clock.now_ms()
            waiting = len(await agent.outbox.next(Priority.HIT, 0, 100))
            assert waiting >= 1
            assert proxy.connections > 0, "it tried"
            assert await site.hub.read(lambda t: list(t.hits)) == []
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
        hits = await site.hub.read(lambda t: list(t.hits))
        assert len({hit.picture for hit in hits}) == len(hits) >= waiting, "none was lost, none came twice"
        assert {(hit.watch, hit.plate, hit.camera, hit.how) for hit in hits} == {(watch, WATCHED.plate, "k0", "exact")}
        assert all(began_ms <= hit.seen_ms <= seen_ms for hit in hits)
        hit = next(each for each in hits if whither(each) == TOWARDS)
        scene = decode_picture(await site.context.blobs.get(hit.picture))
        plate = decode_picture(await site.context.blobs.get(hit.plate_picture))
        assert scene.shape[1::-1] == SIZE
        assert plate.shape[0] < plate.shape[1]
        [passage] = [seen for seen in await sightings_at(site) if seen.picture == hit.picture]
        assert (passage.plate, passage.first_ms, passage.source) == (WATCHED.plate, hit.seen_ms, "edge")
        assert whither(passage) == TOWARDS
