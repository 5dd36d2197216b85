"""The recorder at the edge: each camera by the policy that the hub told last, hub or no hub; its health is an item."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from command.facts.recording import RecordingPolicy
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from edge.agent.items import RECORDER, RECORDER_DISK, RecorderState
from edge.agent.protocol import Camera, Disk
from edge.outbox import NewItem, Outbox, Priority
from streams.recorder.archive import Archive
from streams.recorder.disks import RecordedDisk, RecordedDisks
from streams.recorder.recorder import Find
from streams.recorder.store import Store

log = logging.getLogger(__name__)
_GIB = 1024**3


@dataclass(frozen=True)
class RecordingRoom:
    """Folders on disks of their own, clips in the first, and how much may be in each; 0 is what the disk has."""

    folders: Sequence[Path]
    quota_gib: float = 0
    keep_free_gib: float = 5


class EdgeRecorder:
    """`apply` says what is recorded of which camera; `run` records it. A camera is pulled once, whoever else reads."""

    def __init__(self, room: RecordingRoom, outbox: Outbox, clock: Clock, find: Find) -> None:
        self.disks = RecordedDisks(room.folders, clock, self._on_health)
        self._room = room
        self._outbox = outbox
        self._clock = clock
        self._find = find
        self._policies: dict[str, RecordingPolicy] = {}
        self._reasons: dict[int, str] = {}
        """What is wrong with each disk, as far as known."""
        self._told: dict[int, str | None] = {}

    def apply(self, cameras: Sequence[Camera]) -> None:
        """Record exactly these, each as its policy says."""
        self._policies = {camera.id: _policy(camera) for camera in cameras}
        self.disks.set_policies(self._policies, "")

    def event(self, camera: str) -> None:
        """Something happened before a camera that is worth recording, now."""
        self.disks.event(camera, self._clock.now_ms())

    def store(self) -> Store:
        """Return where clips are made. Raises `UnavailableError`."""
        return self.disks.store()

    def archive(self) -> Archive:
        """Return the recordings of all disks. Raises `UnavailableError`."""
        return self.disks.archive()

    def told(self) -> list[Disk]:
        """Return how each disk is."""
        return [told_of(disk) for disk in self.disks.all]

    async def run(self) -> None:
        """Record until cancelled. A folder that cannot be used is told and tried again; the agent goes on without."""
        await self.disks.run(self._open, self._find)

    def _open(self, folder: Path) -> Awaitable[Store]:
        return Store.open(
            folder,
            total_bytes=int(self._room.quota_gib * _GIB) or None,
            keep_free_bytes=int(self._room.keep_free_gib * _GIB),
        )

    async def restate(self) -> None:
        """Tell how each disk is once more: the hub may have missed it."""
        self._told = {disk.number: None for disk in self.disks.all}
        for number in [*self._reasons]:
            try:
                await self._tell(number)
            except TriuneError as error:
                log.warning("the state of recordings could not be told: %s", error.detail)

    async def _on_health(self, recorder: str, reason: str) -> None:
        number = next(disk.number for disk in self.disks.all if disk.name == recorder)
        self._reasons[number] = reason
        await self._tell(number)

    async def _tell(self, number: int) -> None:
        reason = self._reasons[number]
        if reason == self._told.get(number, "") or (reason and not self._is_wanted(number)):
            return  # where nothing is to be recorded, nothing is lost
        state = RecorderState(ok=not reason, at_ms=self._clock.now_ms(), reason=reason[:500], disk=number + 1)
        kind = RECORDER_DISK if number else RECORDER
        subject = f"{kind} {number + 1}" if number else kind
        await self._outbox.put([NewItem(Priority.STATE, kind, msgspec.json.encode(state), subject)])
        self._told[number] = reason

    def _is_wanted(self, number: int) -> bool:
        return any(
            policy.mode != "off" and self.disks.of(camera).number == number for camera, policy in self._policies.items()
        )


def told_of(disk: RecordedDisk) -> Disk:
    """Return how full a disk is and what is wrong with it; one that is still being opened has no capacity yet."""
    room = disk.room
    return Disk(
        bytes=room.bytes, locked_bytes=room.locked_bytes, capacity_bytes=room.capacity_bytes, reason=disk.reason[:500]
    )


def _policy(camera: Camera) -> RecordingPolicy:
    """Return what is to be recorded. What only a newer release can read is: too much is better than nothing."""
    try:
        return msgspec.json.decode(camera.recording, type=RecordingPolicy | None) or RecordingPolicy()
    except msgspec.MsgspecError as error:
        log.warning("camera %s is recorded continuously, since what is wanted cannot be read: %s", camera.id, error)
        return RecordingPolicy(mode="continuous")
