"""The agent of the outbox measurement, as a process that may be killed: `python -m consoles.bench.outbox_agent`.

Item n of the measurement is number n of the outbox, so that a new process goes on where the one before was killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import msgspec
import uvloop

from command.kernel.clock import SystemClock
from command.readings import Sighting
from consoles.bench.measure import cpu_s
from edge.agent.items import CAMERA, HIT, PICTURE, SIGHTING, CameraState, Hit
from edge.agent.link import HubLink
from edge.agent.protocol import Config
from edge.agent.sending import PictureBody
from edge.outbox import NewItem, Outbox, Priority

CAMERAS = 100
WATCH_PATTERN = "湘W*"
_PICTURE_BYTES = 8 * 1024
_PER_PUT = 100
_LOOK_MS = 20


class Job(msgspec.Struct, frozen=True):
    """What the process is told on its standard input."""

    hub: str
    key: str
    folder: str
    items: int
    watch: str
    base_ms: int


def kind_of(n: int) -> str:
    """Return what item n is: of 100 there are 30 camera states, 1 hit, 1 picture and 68 sightings."""
    if n % 10 in (6, 7, 8):
        return CAMERA
    return {9: HIT, 19: PICTURE}.get(n % 100, SIGHTING)


def picture_of(n: int) -> bytes:
    """Return the picture of item n."""
    return hashlib.shake_256(str(n).encode()).digest(_PICTURE_BYTES)


def item_of(n: int, job: Job) -> NewItem:
    """Return item n."""
    camera, at_ms = _camera(n), job.base_ms + n
    match kind_of(n):
        case "camera":
            state = CameraState(camera=camera, up=False, at_ms=at_ms, reason=f"item {n}")
            return NewItem(Priority.STATE, CAMERA, msgspec.json.encode(state), camera)
        case "hit":
            hit = Hit(watch=job.watch, plate=_plate("W", n), camera=camera, seen_ms=at_ms, confidence=0.9)
            return NewItem(Priority.HIT, HIT, msgspec.json.encode(hit), job.watch)
        case "picture":
            data = picture_of(n)
            body = msgspec.json.encode(PictureBody(hashlib.sha256(data).hexdigest()))
            return NewItem(Priority.PICTURE, PICTURE, body, camera, data)
        case _:
            return passage_of(n, at_ms)


def passage_of(n: int, at_ms: int) -> NewItem:
    """Return the passage of item n at an instant."""
    camera = _camera(n)
    passage = Sighting(
        camera=camera, plate=_plate("A", n), colour="blue", first_ms=at_ms, last_ms=at_ms + 500, reads=3,
        confidence=0.9,
    )  # fmt: skip
    return NewItem(Priority.SIGHTING, SIGHTING, msgspec.json.encode(passage), camera)


def _camera(n: int) -> str:
    return f"k{n * 7 % CAMERAS}"


def _plate(letter: str, n: int) -> str:
    return f"湘{letter}{n:05d}"


async def _run(job: Job) -> None:
    clock = SystemClock()
    outbox = await Outbox.open(Path(job.folder) / "outbox.sqlite3")

    async def on_config(_config: Config) -> None:
        """Its cameras are the items."""

    link = HubLink([job.hub], job.key, "bench", outbox, clock, on_config)
    async with asyncio.TaskGroup() as tasks:
        linking = tasks.create_task(link.run())
        while outbox.newest < job.items:
            first = outbox.newest + 1
            last = min(job.items, first + _PER_PUT - 1)
            await outbox.put([item_of(n, job) for n in range(first, last + 1)])
        while outbox.items:
            await clock.sleep(_LOOK_MS)
        linking.cancel()
    shed = sum(outbox.shed.values())
    await outbox.close()
    sys.stdout.write(json.dumps({"cpu_s": cpu_s(), "shed": shed}) + "\n")


if __name__ == "__main__":
    uvloop.run(_run(msgspec.json.decode(sys.stdin.readline(), type=Job)))
