"""The disks that recordings are on, each with a store, a recorder and threads of its own: none waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from command.facts.recording import RecordingPolicy
from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError, UnknownIdError
from streams.limits import RECORD_DISKS
from streams.recorder.archive import Archive, OwnArchive
from streams.recorder.disk import Room
from streams.recorder.gaps import Cause
from streams.recorder.joined import OTHERS_RECORD, whose
from streams.recorder.joined_archive import JoinedArchive, Part
from streams.recorder.opening import opened
from streams.recorder.recorder import Find, Recorder
from streams.recorder.store import Store
from streams.recorder.threads import NO_ANSWER

log = logging.getLogger(__name__)
_FOLDER_AGAIN_MS = 10_000
_STARTING = "the recorder is starting"
OnHealth = Callable[[str, str], Awaitable[None]]
"""`on_health(recorder, reason)` hears what is wrong with a recorder, or nothing any more. Raises `TriuneError`."""


def cause_of_disk(error: UnavailableError) -> Cause:
    """Return why times are missing that are on a disk which cannot be read."""
    return Cause("disk_hung") if error.detail == NO_ANSWER else Cause("disk_failing", error.detail)


class RecordedDisk:
    """One folder. `run` records what `set_policies` says."""

    def __init__(self, number: int, folder: Path, clock: Clock, on_health: OnHealth) -> None:
        self.number = number
        self.folder = folder
        self.name = f"recorder-{number + 1}" if number else "recorder"
        """As whom its alarms stand."""
        self.recorder: Recorder | None = None
        self.reason = ""
        """What is wrong with it, as was told last; empty where nothing is known to be."""
        self._clock = clock
        self._on_health = on_health
        self._store: Store | None = None
        self._why_not = _STARTING
        self._policies: Mapping[str, RecordingPolicy] = {}
        self._why_no_others = ""

    def store(self) -> Store:
        """Return where its recordings are. Raises `UnavailableError`."""
        if self._store is None:
            raise UnavailableError(self._why_not)
        return self._store

    @property
    def room(self) -> Room:
        """How full it is, as it was last looked at: a disk that does not answer keeps nobody waiting."""
        return self._store.room if self._store else Room()

    def archive(self) -> Archive:
        """Return its recordings. Raises `UnavailableError`."""
        return OwnArchive(self.store(), self._clock)

    def set_policies(self, policies: Mapping[str, RecordingPolicy], why_no_others: str) -> None:
        """Record these cameras so, from now on or from when it can."""
        self._policies, self._why_no_others = policies, why_no_others
        if self.recorder is not None:
            self.recorder.set_policies(policies, why_no_others)

    async def run(self, opening: Callable[[Path], Awaitable[Store]], find: Find) -> None:
        """Record until cancelled. A folder that cannot be used is told and tried again; all else goes on without."""
        while self._store is None:
            try:
                self._store = await opened(lambda: opening(self.folder), self._say_why_not)
            except UnavailableError as error:
                await self._say_why_not(error.detail)
                await self._clock.sleep(_FOLDER_AGAIN_MS)
        recorder = self.recorder = Recorder(self._store, self._clock, find, self._tell)
        recorder.set_policies(self._policies, self._why_no_others)
        try:
            with contextlib.suppress(TriuneError):
                await self._tell("")
            await recorder.run()
        finally:
            await self._store.close()

    async def _tell(self, reason: str) -> None:
        self.reason = reason
        await self._on_health(self.name, reason)

    async def _say_why_not(self, reason: str) -> None:
        if reason != self._why_not:
            log.warning("%s records nothing: %s", self.name, reason)
        self._why_not = reason
        with contextlib.suppress(TriuneError):
            await self._tell(reason)

    def degraded(self) -> list[str]:
        """Name what keeps recordings from being written."""
        if self._store is None:
            return [f"{self.name}: {self._why_not}"] if self._why_not != _STARTING else []
        return [f"{self.name}: {NO_ANSWER}"] if self.recorder is not None and self.recorder.hangs else []

    def recorded(self) -> set[str] | None:
        """Return the cameras of which there are recordings here; None while that is not known."""
        if self._store is None or self.recorder is None or not self._store.room.capacity_bytes:
            return None
        return {*self._store.room.by_camera, *self.recorder.cameras}


class RecordedDisks:
    """All of them. Clips are in the first folder."""

    def __init__(self, folders: Sequence[Path], clock: Clock, on_health: OnHealth) -> None:
        if len(folders) > RECORD_DISKS:
            raise InvalidInputError(f"recordings are in {RECORD_DISKS} folders at most")
        if len({folder.absolute() for folder in folders}) < len(folders):
            raise InvalidInputError("each folder of recordings is named once")
        self.all = [RecordedDisk(number, folder, clock, on_health) for number, folder in enumerate(folders)]
        self._joined = _DisksArchive(self.all, self.store, clock)

    def store(self) -> Store:
        """Return where clips are. Raises `UnavailableError`."""
        return self.all[0].store()

    def archive(self) -> Archive:
        """Return the recordings of all disks."""
        return self._joined if len(self.all) > 1 else self.all[0].archive()

    def of(self, camera: str) -> RecordedDisk:
        """Return the disk that a camera is recorded on: where a disk is added, few cameras go there, and no others."""

        def weight(disk: RecordedDisk) -> bytes:
            return hashlib.sha256(f"{disk.folder}\n{camera}".encode()).digest()

        return max(self.all, key=weight)

    def set_policies(self, policies: Mapping[str, RecordingPolicy], why_no_others: str) -> None:
        """Record these cameras so, each on its disk."""
        why_no_others = why_no_others or (OTHERS_RECORD if len(self.all) > 1 else "")
        shares: dict[int, dict[str, RecordingPolicy]] = {disk.number: {} for disk in self.all}
        for camera, policy in policies.items():
            shares[self.of(camera).number][camera] = policy
        for disk in self.all:
            disk.set_policies(shares[disk.number], why_no_others)

    def event(self, camera: str, at_ms: int) -> None:
        """Something happened before a camera."""
        if (recorder := self.of(camera).recorder) is not None:
            recorder.event(camera, at_ms)

    def degraded(self) -> list[str]:
        """Name what keeps recordings from being written."""
        return [line for disk in self.all for line in disk.degraded()]

    def recorded(self) -> set[str] | None:
        """Return the cameras of which there are recordings; None while that is not known."""
        found: set[str] = set()
        for disk in self.all:
            if (cameras := disk.recorded()) is None:
                return None
            found |= cameras
        return found

    async def run(self, opening: Callable[[Path], Awaitable[Store]], find: Find) -> None:
        """Record until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for disk in self.all:
                tasks.create_task(disk.run(opening, find), name=disk.name)


class _DisksArchive(JoinedArchive):
    def __init__(self, disks: Sequence[RecordedDisk], find_store: Callable[[], Store], clock: Clock) -> None:
        super().__init__(find_store, clock)
        self._disks = disks

    async def parts(self, camera: str) -> list[Part]:
        """Return the disks that may have recordings of a camera."""
        known = [(disk, disk.recorded()) for disk in self._disks]
        having = [disk for disk, cameras in known if cameras is None or camera in cameras]
        return [(disk.number, disk.archive) for disk in having or self._disks[:1]]

    async def part_of(self, segment: int) -> tuple[Archive, int]:
        """Return the disk that has a segment."""
        number, own_id = whose(segment)
        if number >= len(self._disks):
            raise UnknownIdError("no such recording")
        return self._disks[number].archive(), own_id

    def cause_of(self, error: UnavailableError) -> Cause:
        """Say what is wrong with a disk."""
        return cause_of_disk(error)

    def exporter(self, segments: Sequence[int]) -> Archive | None:
        """Return the first disk, where clips are, if it has all of them."""
        return self._disks[0].archive() if all(whose(segment)[0] == 0 for segment in segments) else None
