"""Gates (卡口): edge agents that tell passages; what a hub has settled is in no outbox any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from command.kernel.clock import SystemClock
from command.readings import Sighting
from edge.agent.items import SIGHTING
from edge.agent.link import HubLink
from edge.agent.protocol import Config
from edge.outbox import NewItem, Outbox, Priority
from tests.crash.ledger import Ledger
from tests.crash.waiting import CLOCK
from tests.e2e.hub_process import HubProcess

_EVERY_MS = 200
_LONGEST_MS = 500
_DAY_MS = 24 * 3600 * 1000


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
        self._knows_cameras = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many passages no hub has acknowledged yet."""
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
        if {camera.id for camera in config.cameras} == set(self._cameras):
            self._knows_cameras.set()

    async def _see(self, outbox: Outbox) -> None:
        """The same car at the same moment before each camera, yesterday: what is news is on every screen for a while.

        Each second car passes at the instant of the one before.
        """
        await self._knows_cameras.wait()
        began_ms, number = CLOCK.now_ms() - _DAY_MS, 0
        while True:
            async with self._ledger.turn():
                number += 1
                seen = [_passage(camera, number, began_ms) for camera in self._cameras]
                await outbox.put([
                    NewItem(Priority.SIGHTING, SIGHTING, msgspec.json.encode(one), one.camera) for one in seen
                ])  # fmt: skip
                self._ledger.passages.update((one.camera, one.plate, one.first_ms) for one in seen)
            await CLOCK.sleep(_EVERY_MS)


def _passage(camera: str, number: int, began_ms: int) -> Sighting:
    first_ms = began_ms + number // 2 * 1000
    return Sighting(
        camera=camera, plate=f"湘F{number % 100_000:05d}", colour="blue", first_ms=first_ms, last_ms=first_ms + 500,
        reads=3, confidence=0.9,
    )  # fmt: skip
