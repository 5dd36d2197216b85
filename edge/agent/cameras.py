"""The agent's cameras: what they show becomes items of the outbox, and hits are found here, hub or no hub."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence

import msgspec

from command.access.keys import Box
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.kernel.local_time import is_within_day
from command.readings import Sighting
from edge.agent.holding import HeldItems
from edge.agent.items import ALARM, CAMERA, HIT, PICTURE, SIGHTING, Alarm, CameraState, Fit, Hit
from edge.agent.protocol import NO_RECORDING, Config, Library, Watch
from edge.agent.recording import EdgeRecorder
from edge.agent.sending import PictureBody
from edge.onvif.events import CameraEvent
from edge.onvif.watching import EventWatch
from edge.outbox import NewItem, Outbox, Priority
from streams.camera import Camera
from streams.camera_spec import CameraSpec, CameraStatus
from streams.keeper import CameraKeeper
from streams.plates.crop import plate_jpeg
from streams.plates.watcher import Aim, PlateWatcher, WatchCounters
from streams.sources import pulls_always
from streams.watch_library import LibraryIndex
from streams.watch_list import Match, Wanted, WatchList

log = logging.getLogger(__name__)


class EdgeCameras:
    """Between cameras and outbox. `keeper`, `recorder`, `noticing` and `watcher` are given before the first `apply`."""

    keeper: CameraKeeper
    recorder: EdgeRecorder
    noticing: EventWatch
    watcher: PlateWatcher | None = None

    def __init__(self, outbox: Outbox, box: Box, clock: Clock) -> None:
        self.held = HeldItems(outbox, clock)
        """What the outbox refused of all that cameras show; run it."""
        self._box = box
        self._clock = clock
        self._watches = WatchList(())
        self._entries: dict[str, Watch] = {}
        self._libraries: dict[str, Library] = {}
        self._applying = asyncio.Lock()

    async def apply(self, config: Config) -> None:
        """Run exactly these cameras and look out for exactly these plates."""
        async with self._applying:
            self._look_out(config.watches)
            self._libraries = {library.id: library for library in config.libraries}
            cameras: dict[str, CameraSpec] = {}
            for camera in config.cameras:
                try:
                    address = self._box.open(camera.address, camera.id).decode()
                except (UnavailableError, UnicodeDecodeError):
                    log.warning("the address of camera %s is sealed for another key", camera.id)
                    continue
                url, always = pulls_always(address)
                reads = camera.reads_plates and self.watcher is not None
                cameras[camera.id] = CameraSpec(id=camera.id, url=url, reads_plates=reads, always=always)
            gone = set(self.keeper.running()) - cameras.keys()
            await self.keeper.sync(cameras)
            self.noticing.sync({camera_id: spec.url for camera_id, spec in cameras.items()})
            if self.watcher:
                for camera_id in gone:
                    await self.watcher.forget(camera_id)
                for camera in config.cameras:
                    self.watcher.aim(camera.id, Aim(camera.bearing_deg, camera.lanes))
            self.recorder.apply(config.cameras)
        if config.restate:
            if any(camera.recording != NO_RECORDING for camera in config.cameras):
                await self.recorder.restate()
            for camera_id in self.keeper.running():
                await self.on_status(camera_id, self.keeper.camera(camera_id).status)

    def hold(self, index: LibraryIndex) -> None:
        """Look for these lists from now on."""
        self._watches.libraries = index

    def _fires(self, match: Match, sighting: Sighting) -> bool:
        if not match.line:
            entry = self._entries[match.watch]
            return sighting.plate not in entry.not_plates and _fires(entry, sighting)
        library = self._libraries.get(match.watch)
        if library is None or (match.how == "look_alike" and not library.look_alike):
            return False  # what is held is older than what was told
        return _fires(library, sighting)

    def addresses(self) -> Mapping[str, str]:
        """Return where each camera that runs is."""
        return {camera: self.keeper.address(camera) for camera in self.keeper.running()}

    def address(self, camera: str) -> str:
        """Return where a camera that runs is. Raises `UnknownIdError`."""
        return self.keeper.address(camera)

    def reading(self) -> list[str]:
        """Return the cameras before which plates are read."""
        return [camera for camera in self.keeper.running() if self.keeper.camera(camera).spec.reads_plates]

    def counters_of(self, camera: str) -> WatchCounters:
        """Return what became of a camera's pictures."""
        return self.watcher.counters(camera) if self.watcher else WatchCounters()

    def running(self, camera: str) -> Camera | None:
        """Return a camera that runs."""
        try:
            return self.keeper.camera(camera)
        except UnknownIdError:
            return None

    def _look_out(self, watches: Sequence[Watch]) -> None:
        self._watches.update({watch.id: Wanted(watch.pattern, watch.look_alike) for watch in watches})
        self._entries = {watch.id: watch for watch in watches}
        for watch, why in self._watches.impossible.items():
            log.warning("watch %s can never fire: %s", watch, why)

    async def on_status(self, camera: str, status: CameraStatus) -> None:
        """Tell that pictures arrive, or stopped and why."""
        if status.state != "connecting":
            now_ms = self._clock.now_ms()
            state = CameraState(camera=camera, up=status.state == "up", at_ms=now_ms, reason=status.reason[:500])
            await self.held.put([NewItem(Priority.STATE, CAMERA, msgspec.json.encode(state), subject=camera)])

    async def on_event(self, camera: str, event: CameraEvent) -> None:
        """Tell of an alarm input or tampering that has just begun; motion is worth recording, no more."""
        if not event.is_state and (event.active or event.kind == "motion"):
            self.recorder.event(camera)
        if event.kind != "motion" and event.active and not event.is_state:
            alarm = Alarm(camera=camera, what=event.kind, at_ms=max(0, event.at_ms), source=event.source[:200])
            await self.held.put([NewItem(Priority.ALARM, ALARM, msgspec.json.encode(alarm), subject=camera)])

    async def on_passage(self, sighting: Sighting, jpeg: bytes) -> None:
        """Tell of a vehicle, after its hits on the watch list and before its picture; all of it is stored at once."""
        sighting = msgspec.structs.replace(sighting, picture=_name(jpeg))
        matches = [
            match
            for match in self._watches.matching(sighting.plate, sighting.char_confidences, sighting.first_ms)
            if self._fires(match, sighting)
        ]
        plate = await _plate_of(sighting, jpeg) if matches else b""
        items = [
            NewItem(Priority.HIT, HIT, msgspec.json.encode(_hit(fits, sighting, plate)), subject=watch)
            for watch, fits in _by_entry(matches).items()
        ]
        if items:
            self.recorder.event(sighting.camera)
        items.append(NewItem(Priority.SIGHTING, SIGHTING, msgspec.json.encode(sighting), subject=sighting.camera))
        pictures = [
            NewItem(Priority.PICTURE, PICTURE, msgspec.json.encode(PictureBody(_name(data))), sighting.camera, data)
            for data in (plate, jpeg)
            if data
        ]
        await self.held.put([*items, *pictures])


def _fires(told: Watch | Library, sighting: Sighting) -> bool:
    """Say whether an entry or list that a plate fits is in force where and when it was seen, as the hub would."""
    if told.cameras is not None and sighting.camera not in told.cameras:
        return False
    if sighting.first_ms >= told.until_ms:
        return False
    hours = told.hours
    return hours is None or is_within_day(sighting.first_ms, hours.from_min, hours.to_min, hours.ahead_min)


def _name(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest() if picture else ""


async def _plate_of(sighting: Sighting, jpeg: bytes) -> bytes:
    """Return the picture of the plate alone, empty where it cannot be had: the hit is told all the same."""
    if sighting.box is None:
        return b""
    try:
        return await asyncio.to_thread(plate_jpeg, jpeg, sighting.box)
    except TriuneError as error:
        log.warning("no picture of plate %s: %s", sighting.plate, error.detail)
        return b""


def _by_entry(matches: Sequence[Match]) -> dict[str, list[Match]]:
    fits: dict[str, list[Match]] = {}
    for match in matches:
        fits.setdefault(match.watch, []).append(match)
    return fits


def _hit(fits: Sequence[Match], sighting: Sighting, plate: bytes) -> Hit:
    match, *others = fits
    return Hit(
        watch=match.watch,
        plate=sighting.plate,
        camera=sighting.camera,
        seen_ms=sighting.first_ms,
        confidence=min(1.0, max(0.0, sighting.confidence)),
        picture=sighting.picture or "",
        plate_picture=_name(plate),
        how=match.how,
        score=match.score,
        direction=sighting.direction,
        heading_deg=sighting.heading_deg,
        line=match.line,
        others=[Fit(line=other.line, how=other.how, score=other.score) for other in others],
    )
