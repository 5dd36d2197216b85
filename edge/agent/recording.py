"""The recorder at the edge: each camera by the policy that the hub told last, hub or no hub; its health is an item."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from command.facts.recording import RecordingPolicy
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from edge.agent.protocol import RECORDER, Camera, RecorderState
from edge.outbox import NewItem, Outbox, Priority
from streams.recorder.opening import opened
from streams.recorder.recorder import Find, Recorder
from streams.recorder.store import Store

log = logging.getLogger(__name__)
_FOLDER_AGAIN_MS = 10_000
_GIB = 1024**3


@dataclass(frozen=True)
class RecordingRoom:
    """Where recordings are kept and how much they may take; a quota of 0 is as much as the disk has."""

    folder: Path
    quota_gib: float = 0
    keep_free_gib: float = 5


class EdgeRecorder:
    """`apply` says what is recorded of which camera; `run` records it. A camera is pulled once, whoever else reads."""

    def __init__(self, room: RecordingRoom, outbox: Outbox, clock: Clock, find: Find) -> None:
        self.folder = room.folder
        self._room = room
        self._outbox = outbox
        self._clock = clock
        self._find = find
        self._policies: dict[str, RecordingPolicy] = {}
        self._recorder: Recorder | None = None
        self._store: Store | None = None
        self._why_not = "the recorder is starting"
        self._reason: str | None = None  # nothing known yet
        self._told: str | None = ""

    def apply(self, cameras: Sequence[Camera]) -> None:
        """Record exactly these, each as its policy says."""
        self._policies = {camera.id: _policy(camera) for camera in cameras}
        if self._recorder is not None:
            self._recorder.set_policies(self._policies)

    def event(self, camera: str) -> None:
        """Something happened before a camera that is worth recording, now."""
        if self._recorder is not None:
            self._recorder.event(camera, self._clock.now_ms())

    def store(self) -> Store:
        """Return where recordings are. Raises `UnavailableError`."""
        if self._store is None:
            raise UnavailableError(self._why_not)
        return self._store

    async def run(self) -> None:
        """Record until cancelled. A folder that cannot be used is told and tried again; the agent goes on without."""
        while self._store is None:
            try:
                self._store = await opened(self._open, self._say_why_not)
            except UnavailableError as error:
                await self._say_why_not(error.detail)
                await self._clock.sleep(_FOLDER_AGAIN_MS)
        recorder = self._recorder = Recorder(self._store, self._clock, self._find, self._on_health)
        recorder.set_policies(self._policies)
        try:
            await recorder.run()
        finally:
            await self._store.close()

    def _open(self) -> Awaitable[Store]:
        return Store.open(
            self.folder,
            total_bytes=int(self._room.quota_gib * _GIB) or None,
            keep_free_bytes=int(self._room.keep_free_gib * _GIB),
        )

    async def _say_why_not(self, reason: str) -> None:
        log.warning("nothing is recorded: %s", reason)
        self._why_not = reason
        if any(policy.mode != "off" for policy in self._policies.values()):  # else nothing is lost
            self._reason = reason
            await self._tell_or_log()

    async def restate(self) -> None:
        """Tell how it is once more: the hub may have missed it."""
        self._told = None
        await self._tell_or_log()

    async def _on_health(self, reason: str) -> None:
        self._reason = reason
        await self._tell()

    async def _tell(self) -> None:
        reason = self._reason
        if reason is None or reason == self._told:
            return
        state = RecorderState(ok=not reason, at_ms=self._clock.now_ms(), reason=reason[:500])
        await self._outbox.put([NewItem(Priority.STATE, RECORDER, msgspec.json.encode(state), RECORDER)])
        self._told = reason

    async def _tell_or_log(self) -> None:
        try:
            await self._tell()
        except TriuneError as error:
            log.warning("the state of recordings could not be told: %s", error.detail)


def _policy(camera: Camera) -> RecordingPolicy:
    """Return what is to be recorded. What only a newer release can read is: too much is better than nothing."""
    try:
        return msgspec.json.decode(camera.recording, type=RecordingPolicy | None) or RecordingPolicy()
    except msgspec.MsgspecError as error:
        log.warning("camera %s is recorded continuously, since what is wanted cannot be read: %s", camera.id, error)
        return RecordingPolicy(mode="continuous")
