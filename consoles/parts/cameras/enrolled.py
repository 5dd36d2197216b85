"""Enrolled cameras: they are run as the tables say, and what they say is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from command.hub import Changes, Hub
from command.kernel.errors import TriuneError
from command.requests import ReportCamera
from command.rows import CameraRow
from command.tables import Tables
from command.telling import keep_said, tell
from consoles.parts.agents.registry import in_charge
from consoles.parts.cameras.aims import aims
from consoles.parts.cameras.own_alarms import OwnAlarms
from consoles.parts.stores import CAMERAS, Stores
from edge.onvif.events import CameraEvent
from edge.onvif.watching import EventWatch
from streams.camera import Camera
from streams.camera_spec import CameraSpec, CameraStatus
from streams.keeper import CameraKeeper
from streams.plates.watcher import PlateWatcher
from streams.sources import pulls_always
from streams.whip_way import NOBODY

log = logging.getLogger(__name__)
_AGAIN_MS = 1000


class EnrolledCameras:
    """Glue between the record and the cameras. Of several hubs every one shows pictures, one records what they show."""

    def __init__(self, hub: Hub, kept: Stores, alarms: OwnAlarms) -> None:
        self._hub = hub
        self._alarms = alarms
        self._accounts = kept.accounts
        self._leases = kept.leases
        self._enrolled: dict[str, tuple[bool, float]] = {}
        """Of each camera whether plates are read, and where it looks."""
        self._at_agents: set[str] = set()
        self._motion_listeners: list[Callable[[str, int], None]] = []
        self._changed = asyncio.Event()
        self._changed.set()
        hub.listen(self._on_change)
        kept.accounts.listen_addresses(self._changed.set)
        kept.leases.listen(self._changed.set)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            if table == "regions" or (table == "cameras" and self._is_news(key, row)):
                self._changed.set()

    def _is_news(self, camera: str, row: object) -> bool:
        """A camera that came, went or was enrolled otherwise; that it is up or down is not news here."""
        return self._enrolled.get(camera) != (_enrolled(row) if isinstance(row, CameraRow) else None)

    async def keep(self, keeper: CameraKeeper, watcher: PlateWatcher | None, noticing: EventWatch) -> None:
        """Bring cameras to what the tables say, each time they change.

        Of several hubs every one shows the pictures, and the one that holds the lease records what is seen in them.
        """
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                cameras, aimed = await self._hub.read(
                    lambda t: ({row.id: _enrolled(row) for row in t.cameras}, aims(t, self._hub.clock.now_ms()))
                )
                addresses = await self._accounts.camera_addresses()
            except TriuneError as error:  # a database that is away stops no camera, and still less the hub
                log.warning("cameras stay as they were for now: %s", error.detail)
                await self._hub.clock.sleep(_AGAIN_MS)
                self._changed.set()
                continue
            records = self._leases.holds(CAMERAS)
            reading = records and watcher is not None
            gone, self._enrolled = self._enrolled.keys() - cameras.keys(), cameras
            self._at_agents = {camera for camera, address in addresses.items() if in_charge(address)}
            # Cameras that nobody watches are looked at by the hub that records how they are, and by no other.
            keeper.keep_known(records)
            await keeper.sync(
                {
                    camera: _spec(camera, addresses[camera], reads_plates=reads and reading)
                    for camera, (reads, _) in cameras.items()
                    if camera in addresses
                }
            )
            noticing.sync({camera: addresses[camera] for camera in cameras if camera in addresses} if records else {})
            if watcher:
                for camera in gone:
                    await watcher.forget(camera)
                for camera, aim in aimed.items():
                    watcher.aim(camera, aim)

    async def keep_said(self, keeper: CameraKeeper) -> None:
        """Say how cameras are where the record has it otherwise, until cancelled."""

        def differing(t: Tables) -> set[str]:
            if not self._leases.holds(CAMERAS):
                return set()
            running = (keeper.camera(camera) for camera in keeper.running())
            return {one.id for one in running if self._is_otherwise(one, t.cameras.get(one.id))}

        async def say(camera: str) -> None:
            if camera in keeper.running():
                await self.on_status(camera, keeper.camera(camera).status)

        await keep_said(self._hub, differing, say)

    def _is_otherwise(self, camera: Camera, row: CameraRow | None) -> bool:
        """Say whether the record has another state than this hub found since that was recorded."""
        if row is None or camera.id in self._at_agents or camera.status.state in ("connecting", row.state):
            return False
        looked_ms = camera.view().looked_ms
        return looked_ms is not None and looked_ms > row.since_ms

    async def on_status(self, camera: str, status: CameraStatus) -> None:
        """Record that pictures arrive, or stopped and why; of a camera behind an agent that is the agent's to say."""
        if status.state == "connecting" or camera in self._at_agents or not self._leases.holds(CAMERAS):
            return
        said = ReportCamera(camera=camera, up=status.state == "up", reason=status.reason)
        await tell(self._hub, said, log, f"state of camera {camera}")

    async def on_published(self, camera: str, *, up: bool) -> bool:
        """Record that a camera that publishes came or went, and say whether that is settled.

        That is no news to the hub that records how cameras are where it found out itself, and it looks at cameras too
        seldom to find out soon.
        """
        said = ReportCamera(camera=camera, up=up, reason="" if up else NOBODY)
        return await tell(self._hub, said, log, f"whether camera {camera} publishes")

    def listen_motion(self, hear: Callable[[str, int], None]) -> None:
        """Call `hear(camera, now_ms)` whenever a camera says that motion before it begins or ends."""
        self._motion_listeners.append(hear)

    async def on_event(self, camera: str, event: CameraEvent) -> None:
        """Raise an alarm for an alarm input or tampering that has just begun; motion is worth recording, no more."""
        if event.is_state:
            return
        if event.kind == "motion":
            for hear in self._motion_listeners:
                hear(camera, self._hub.clock.now_ms())
            return
        if event.active:
            self._alarms.take(camera, event)


def _enrolled(row: CameraRow) -> tuple[bool, float]:
    return row.reads_plates, row.bearing_deg


def _spec(camera: str, address: str, *, reads_plates: bool) -> CameraSpec:
    if in_charge(address):
        return CameraSpec(id=camera, url=address, reported=True)
    url, always = pulls_always(address)
    return CameraSpec(id=camera, url=url, reads_plates=reads_plates, always=always)
