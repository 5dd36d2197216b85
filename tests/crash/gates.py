"""Gates (卡口): edge agents that tell passages, hits and pictures; what a hub has settled is in no outbox any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from command.kernel.clock import SystemClock
from edge.agent.items import HIT, PICTURE, SIGHTING, Hit
from edge.agent.link import HubLink
from edge.agent.protocol import Config
from edge.agent.sending import PictureBody
from edge.outbox import NewItem, Outbox, Priority
from tests.crash.cars import DAY_MS, WANTED, Car, car, is_wanted
from tests.crash.ledger import Ledger
from tests.crash.waiting import CLOCK
from tests.e2e.hub_process import HubProcess

_EVERY_MS = 200
_LONGEST_MS = 500


class _Impatient(SystemClock):
    """An agent that hurries: between its attempts it waits at most so long, and crashes are counted the sooner."""

    async def sleep(self, duration_ms: int) -> None:
        await super().sleep(min(duration_ms, _LONGEST_MS))


class Gate:
    """An edge agent, as far as passages go: its outbox on a disk that nothing is done to, and its link. Run `run`."""

    def __init__(
        self, name: str, cameras: Sequence[str], key: str, hubs: Sequence[HubProcess], folder: Path, ledger: Ledger
    ) -> None:
        self._cameras = cameras
        self._ledger = ledger
        self._path = folder / f"{name}.sqlite3"
        self._key = key
        self._hubs = [hub.url.replace("http://", "ws://") for hub in hubs]
        self._outbox: Outbox | None = None
        self._watch = ""
        self._is_told = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many passages, hits and pictures no hub has acknowledged yet."""
        return self._outbox.items if self._outbox else 0

    async def run(self) -> None:
        """Tell passages while the gate of the load is open, each until it is acknowledged."""
        self._outbox = await Outbox.open(self._path)
        link = HubLink(self._hubs, self._key, "crash", self._outbox, _Impatient(), self._on_config)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.run())
                tasks.create_task(self._see(self._outbox))
        finally:
            await self._outbox.close()

    async def _on_config(self, config: Config) -> None:
        """Of cameras that a hub has not given it, it is told that they are not its own."""
        if {camera.id for camera in config.cameras} == set(self._cameras) and config.watches:
            self._watch = config.watches[0].id
            self._is_told.set()

    async def _see(self, outbox: Outbox) -> None:
        """The same car at the same moment before each camera, all but the one looked for yesterday.

        Each second car passes at the instant of the one before.
        """
        await self._is_told.wait()
        began_ms, number = CLOCK.now_ms() - DAY_MS, 0
        while True:
            async with self._ledger.turn():
                number += 1
                plate, first_ms = (WANTED, CLOCK.now_ms()) if is_wanted(number) else ("", began_ms + number // 2 * 1000)
                seen = [car(camera, number, first_ms, plate) for camera in self._cameras]
                await outbox.put([item for one in seen for item in self._items(one)])
                for one in seen:
                    self._ledger.saw(one)
            await CLOCK.sleep(_EVERY_MS)

    def _items(self, one: Car) -> list[NewItem]:
        """Return what an agent tells of a car: the hit that it found itself, the passage, and the picture last."""
        seen = one.sighting
        items = [NewItem(Priority.SIGHTING, SIGHTING, msgspec.json.encode(seen), seen.camera)]
        if seen.plate == WANTED:
            hit = Hit(
                watch=self._watch, plate=seen.plate, camera=seen.camera, seen_ms=seen.first_ms,
                confidence=seen.confidence, picture=seen.picture or "",
            )  # fmt: skip
            items.append(NewItem(Priority.HIT, HIT, msgspec.json.encode(hit), self._watch))
        if seen.picture:
            body = msgspec.json.encode(PictureBody(seen.picture))
            items.append(NewItem(Priority.PICTURE, PICTURE, body, seen.camera, one.jpeg))
        return items
