"""The recorder of the live space: policies come from the record, events from alarms and hits, its health goes there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from command.actors import HUB
from command.hub import Changes, Hub
from command.kernel.errors import TriuneError, UnknownIdError
from command.kernel.geo import distance_m
from command.leases import Leases
from command.requests import ReportRecorder
from command.rows import AlarmRow, CameraRow, HitRow
from consoles.http.clip_record import ClipRecord
from consoles.http.clips import Clips
from consoles.http.recordings import Recordings
from consoles.http.rooms import HubRoom, room_of
from consoles.http.rooms import routes as room_routes
from consoles.http.stretches import Authorise
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.recordings import AgentEvents, Asks, FarArchive
from consoles.parts.agents.registry import in_charge
from consoles.parts.base import Base
from consoles.parts.hubs.listing import url_of_own
from consoles.parts.hubs.part import Hubs
from consoles.parts.hubs.recordings import ArchiveOfHubs, shelf_of, tell_recordings
from consoles.parts.hubs.rooms import rooms_of
from consoles.parts.stores import CAMERAS
from streams.keeper import CameraKeeper
from streams.limits import RECORD_EVENT_M
from streams.recorder.archive import Archive
from streams.recorder.disks import RecordedDisks
from streams.recorder.joined import OTHERS_RECORD
from streams.recorder.recorder import Find
from streams.recorder.recording import Stream
from streams.recorder.store import Store

log = logging.getLogger(__name__)
_AGAIN_MS = 1000
_GIB = 1024**3
# What a hub is told of late, after a start or from another hub, is no event of now.
_FRESH_MS = 60_000
_NO_EVENTS = ("camera_down", "link_down", "recording_failing")


@dataclass(frozen=True)
class Recorded:
    """Where recordings are. Both raise `UnavailableError` while there are none."""

    archive_of: Callable[[str], Archive]
    find_store: Callable[[], Store]


class HubRecorder:
    """Glue between the record and the recorder. Of several hubs the one that holds the lease records."""

    def __init__(
        self, hub: Hub, leases: Leases, asks: Asks, is_at_agent: Callable[[str], bool], folders: Sequence[Path]
    ) -> None:
        self.remote = FarArchive(asks, self.store)
        self._at_agents = AgentEvents(self.remote)
        self._is_at_agent = is_at_agent
        self._hub = hub
        self._leases = leases
        self._cameras: dict[str, CameraRow] = {}
        self._changed = asyncio.Event()
        self._changed.set()
        self.disks = RecordedDisks(folders, hub.clock, self.on_health)
        hub.listen(self._on_change)
        leases.listen(self._changed.set)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            if table == "cameras":
                old = self._cameras.get(key)
                if not isinstance(row, CameraRow) or old is None or old.recording != row.recording:
                    self._changed.set()
            elif isinstance(row, HitRow | AlarmRow):
                self._on_event(row)

    def _on_event(self, row: HitRow | AlarmRow) -> None:
        now_ms = self._hub.clock.now_ms()
        at_ms = row.seen_ms if isinstance(row, HitRow) else row.raised_ms
        if now_ms - at_ms > _FRESH_MS:
            return
        for camera in self._cameras.values():
            if camera.recording.mode != "event" or not _concerns(row, camera):
                continue
            if not self._is_at_agent(camera.id):
                self.on_motion(camera.id, now_ms)
            elif isinstance(row, AlarmRow) and row.subject != camera.id:  # what the camera itself tells came from there
                self._at_agents.note(camera.id)

    def store(self) -> Store:
        """Return where clips are. Raises `UnavailableError`."""
        return self.disks.store()

    async def run(self, opening: Callable[[Path], Awaitable[Store]], find: Find) -> None:
        """Record until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(), name="recordings")
            tasks.create_task(self.disks.run(opening, find), name="disks")

    def degraded(self) -> list[str]:
        """Name what keeps recordings from being written, for those who look after hubs."""
        return self.disks.degraded() if self._leases.holds(CAMERAS) else []

    async def tell_agents(self) -> None:
        """Tell agents what happens near their cameras, until cancelled."""
        await self._at_agents.run()

    def on_motion(self, camera: str, at_ms: int) -> None:
        """A camera saw something move."""
        self.disks.event(camera, at_ms)

    async def _keep(self) -> None:
        """Bring the recorders to what the record says, each time it changes."""
        records = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            mine = self._leases.holds(CAMERAS)
            try:
                self._cameras = await self._hub.read(lambda t: {camera.id: camera for camera in t.cameras})
                policies = {c.id: c.recording for c in self._cameras.values()} if mine else {}
                self.disks.set_policies(policies, "" if mine else OTHERS_RECORD)
                if mine and not records:
                    await self._say_how_disks_are()
            except TriuneError as error:
                log.warning("recorders and what is known of them stay as they were for now: %s", error.detail)
                await self._hub.clock.sleep(_AGAIN_MS)
                self._changed.set()
            else:
                records = mine

    async def _say_how_disks_are(self) -> None:
        """Say it of each, when recording becomes this hub's: it was another's disk that was told of before."""
        here = {disk.name: disk.reason for disk in self.disks.all}
        told = await self._hub.read(lambda t: [a.subject for a in t.alarms if a.kind == "recording_failing"])
        for recorder in {*here, *told}:
            await self.on_health(recorder, here.get(recorder, ""))

    async def on_health(self, recorder: str, reason: str) -> None:
        """An alarm while recordings are lost, or soon will be."""
        if self._leases.holds(CAMERAS):
            await self._hub.ask(ReportRecorder(recorder=recorder, ok=not reason, reason=reason), HUB)


def _concerns(row: HitRow | AlarmRow, camera: CameraRow) -> bool:
    if isinstance(row, HitRow):
        return row.camera == camera.id
    if row.kind in _NO_EVENTS or row.state != "raised":
        return False
    if row.subject == camera.id:
        return True
    return row.lat is not None and row.lon is not None and (
        distance_m(row.lat, row.lon, camera.lat, camera.lon) <= RECORD_EVENT_M
    )  # fmt: skip


@asynccontextmanager
async def recording(
    base: Base,
    keeper: CameraKeeper,
    authorise: Authorise,
    listen_motion: Callable[[Callable[[str, int], None]], None],
    errands: Errands,
    hubs: Hubs | None = None,
) -> AsyncIterator[tuple[list[web.RouteDef], Recorded]]:
    """Run the recorder; gives the routes by which recordings are found, and where the hub itself finds them.

    `listen_motion(hear)` has `hear(camera, at_ms)` called at what cameras see move.
    """
    hub, kept, wanted = base.hub, base.kept, base.settings.recordings

    def is_at_agent(camera: str) -> bool:
        try:
            return in_charge(keeper.address(camera)) is not None
        except UnknownIdError:
            return False

    part = HubRecorder(hub, kept.leases, errands.open, is_at_agent, base.settings.recordings_folders)

    def opening(folder: Path) -> Awaitable[Store]:
        return Store.open(
            folder,
            total_bytes=int(wanted.quota_gib * _GIB) or None,
            keep_free_bytes=int(wanted.keep_free_gib * _GIB),
        )

    def find(camera: str) -> Stream | None:
        try:
            return None if is_at_agent(camera) else keeper.camera(camera)
        except UnknownIdError:
            return None

    disks = part.disks
    of_hubs = ArchiveOfHubs(hubs, disks.archive, part.store, hub.clock) if hubs else None
    if hubs:
        tell_recordings(hubs, disks.archive, part.store, disks.recorded, hub.clock)

    def archive_of(camera: str) -> Archive:
        return part.remote if is_at_agent(camera) else of_hubs or disks.archive()

    def own_room() -> Awaitable[HubRoom]:
        return room_of(disks.all, hub.clock.now_ms(), records=kept.leases.holds(CAMERAS))

    listen_motion(part.on_motion)
    base.tasks.start(part.tell_agents(), "recordings-at-agents")
    base.tasks.start(part.run(opening, find), "recorder")
    clips = ClipRecord(part.store, hub, lambda: url_of_own(hubs))
    base.tasks.start(clips.run(), "clips-on-record")
    base.degraded.append(part.degraded)
    routes = [
        *Recordings(archive_of, hub, authorise).routes(),
        *room_routes(rooms_of(hubs, own_room)),
        *Clips(clips, lambda: shelf_of(hubs, part.store), archive_of, hub, authorise).routes(),
    ]
    yield routes, Recorded(archive_of, part.store)
