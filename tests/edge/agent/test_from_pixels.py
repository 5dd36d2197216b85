"""From pixels to a hit, at an agent without its hub: a car in an RTSP stream, in one piece. R382, R530, R802."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.bench.street_films import Car, Films, cars
from consoles.site import Site
from edge.outbox import Priority
from edge.simulators.clips import load_clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.plates.picture import decode_picture
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sightings_at, until

SIZE = (960, 540)
WATCHED = cars(None, 1)[0]


@asynccontextmanager
async def street(folder: Path, car: Car) -> AsyncIterator[tuple[RtspCameras, int]]:
    """A camera before which a car passes again and again, once it is switched on; and its port."""
    film, films = folder / "film.ts", Films(*SIZE)
    films.write(film, [films.passage(0, car)])
    async with RtspCameras({"k0": load_clip(film)}, SystemClock(), credentials=("user", "secret")) as camera:
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
            await until(lambda: agent.outbox.waiting.get("hit") == 1, within_s=60)
            camera.set_up("k0", up=False)
            seen_ms = site.clock.now_ms()
            assert len(await agent.outbox.next(Priority.HIT, 0, 10)) == 1
            assert proxy.connections > 0, "it tried"
            assert await site.hub.read(lambda t: list(t.hits)) == []
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
        [hit] = await site.hub.read(lambda t: list(t.hits))
        assert (hit.watch, hit.plate, hit.camera, hit.how) == (watch, WATCHED.plate, "k0", "exact")
        assert began_ms <= hit.seen_ms <= seen_ms
        assert (hit.direction, hit.heading_deg) == ("towards", 0.0)
        scene = decode_picture(await site.context.blobs.get(hit.picture))
        plate = decode_picture(await site.context.blobs.get(hit.plate_picture))
        assert scene.shape[1::-1] == SIZE
        assert plate.shape[0] < plate.shape[1]
        passage = next(seen for seen in await sightings_at(site) if seen.plate == WATCHED.plate)
        assert (passage.picture, passage.first_ms, passage.source) == (hit.picture, hit.seen_ms, "edge")
