"""The recorder: every flush, what all cameras brought is cut and written in one go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from prometheus_client import Counter, Gauge

from command.facts.recording import RecordingPolicy
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from streams.limits import RECORD_FAILING_MS, RECORD_FLUSH_MS, RECORD_HUNG_MS, RECORD_TIDY_MS
from streams.recorder.causes import Causes
from streams.recorder.cutter import Step
from streams.recorder.disk import Keep, Room, cause_of
from streams.recorder.gaps import Cause
from streams.recorder.recording import Recording, Stream
from streams.recorder.store import Store
from streams.recorder.threads import NO_ANSWER

_log = logging.getLogger(__name__)
_written = Counter("triune_recorder_segments", "Segments of recordings that were written whole")
_lost = Counter("triune_recorder_lost_segments", "Segments that could not be written, or not whole")
_lost_pictures = Counter("triune_recorder_lost_pictures", "Pictures that should have been recorded and were not")
_deleted = Counter("triune_recorder_deleted_segments", "Segments deleted since they were too old or too much")
_bytes = Gauge("triune_recorder_bytes", "What recordings take")
_locked_bytes = Gauge("triune_recorder_locked_bytes", "What locked recordings take")
_capacity = Gauge("triune_recorder_capacity_bytes", "What recordings may take")
_waits = Gauge("triune_recorder_write_waits_seconds", "How long what is being written now has been on its way")

_MIB = 1024 * 1024
_USUAL = Keep(RecordingPolicy().keep_days)

Find = Callable[[str], Stream | None]
"""The running camera of an id."""
OnHealth = Callable[[str], Awaitable[None]]
"""Hears what is wrong, in words for a technician; empty once it is right again."""


class Recorder:
    """Owned by the task that runs `run`; policies and events may come from the event loop at any time."""

    def __init__(self, store: Store, clock: Clock, find: Find, on_health: OnHealth) -> None:
        self._store = store
        self._clock = clock
        self._find = find
        self._on_health = on_health
        self._policies: dict[str, RecordingPolicy] = {}
        self._recordings: dict[str, Recording] = {}
        self._room = Room()
        self._tidied_ms = 0
        self._failing: tuple[int, str] | None = None
        self._told: str | None = None
        self._lost_pictures: dict[str, int] = {}
        self._off: frozenset[str] = frozenset()
        self._why_no_others = ""
        self._causes = Causes()
        self._writing_ms: int | None = None
        self._hangs = False
        self.lost_segments = 0

    @property
    def room(self) -> Room:
        """How full it is."""
        return self._room

    @property
    def hangs(self) -> bool:
        """Whether the disk does not answer; then nothing is recorded until it does."""
        return self._hangs

    @property
    def cameras(self) -> list[str]:
        """What is recorded, now or when its time comes."""
        return list(self._policies)

    def set_policies(self, policies: Mapping[str, RecordingPolicy], why_no_others: str = "") -> None:
        """Record these cameras so, and no others, from the next flush on."""
        self._why_no_others = why_no_others
        self._policies = {camera: policy for camera, policy in policies.items() if policy.mode != "off"}
        self._off = frozenset(policies.keys() - self._policies.keys())

    def event(self, camera: str, at_ms: int) -> None:
        """Something happened before a camera; where it records on event, it does now."""
        if recording := self._recordings.get(camera):
            recording.event(at_ms)

    async def run(self) -> None:
        """Record until cancelled; what is open is closed then, where the disk answers."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._flush_for_ever(), name="recorder-flush")
                tasks.create_task(self._watch_for_ever(), name="recorder-watch")
        finally:
            self.set_policies({})
            if not self._hangs:
                with suppress(TimeoutError):
                    async with asyncio.timeout(RECORD_HUNG_MS / 1000):
                        await self._bring(self._clock.now_ms())  # nothing is told: to stop mends nothing

    async def _flush_for_ever(self) -> None:
        while True:
            await self._clock.sleep(RECORD_FLUSH_MS)
            await self.flush()

    async def _watch_for_ever(self) -> None:
        while True:
            await self._clock.sleep(RECORD_FLUSH_MS)
            await self.watch()

    async def watch(self) -> None:
        """Say where the disk does not answer: whoever waits for it cannot. What cameras bring meanwhile is bounded."""
        waits_ms = 0 if self._writing_ms is None else self._clock.now_ms() - self._writing_ms
        _waits.set(waits_ms / 1000)
        if waits_ms >= RECORD_HUNG_MS:
            self._hangs = True
            await self._say(NO_ANSWER)

    async def flush(self) -> None:
        """Write what came, look after the room where it is time to, and tell how it stands."""
        now_ms = self._clock.now_ms()
        await self._bring(now_ms)
        await self._tell(now_ms)

    async def _bring(self, now_ms: int) -> None:
        batch: list[tuple[str, list[Step]]] = []
        for camera in {**self._recordings, **self._policies}:
            if steps := await self._collect(camera, now_ms):
                batch.append((camera, steps))
            await self._clock.sleep(0)  # others are served between cameras
        self._note_causes(now_ms)
        self._writing_ms = now_ms
        await self._write(batch, now_ms)
        if not 0 <= now_ms - self._tidied_ms < RECORD_TIDY_MS:
            self._tidied_ms = now_ms
            await self._tidy(now_ms)
        self._answered(now_ms)

    def _note_causes(self, now_ms: int) -> None:
        """Take down why which camera is not recorded now."""
        for camera in self._off:
            self._causes.note(camera, Cause("not_scheduled"), now_ms)
        for camera in self._policies:
            recording = self._recordings.get(camera)
            self._causes.note(camera, recording.cause(now_ms) if recording else None, now_ms)
        self._causes.stop(self._off | self._policies.keys(), now_ms, self._why_no_others)

    def _answered(self, since_ms: int) -> None:
        """The disk did what it was asked. What came while it did not was dropped, past a limit."""
        self._writing_ms, self._hangs = None, False
        now_ms = self._clock.now_ms()
        if now_ms - since_ms >= RECORD_HUNG_MS:
            self._causes.hung(since_ms, now_ms)

    async def _collect(self, camera: str, now_ms: int) -> list[Step]:
        """Return what there is to write of a camera, under the policy it has now."""
        recording, policy = self._recordings.get(camera), self._policies.get(camera)
        try:
            if recording is None or recording.policy != policy:
                steps: list[Step] = []
                if recording is not None:
                    steps = [*recording.collect(now_ms), *recording.end()]
                    await recording.detach()
                    del self._recordings[camera]
                if policy is not None:
                    begun = self._recordings[camera] = Recording(policy)
                    if recording is not None:
                        begun.goes_on_from(recording)
                    await begun.attach(self._find(camera), now_ms)
                return steps
            steps = recording.collect(now_ms)
            await recording.attach(self._find(camera), now_ms)
        except Exception:  # noqa: BLE001 - our own fault with one camera must not end the recordings of the others
            _log.exception("the recording of camera %s begins anew", camera)
            if recording is not None:
                recording.cutter.abort()
            return []
        self._count_lost(camera, recording.lost_packets)
        return steps

    def _count_lost(self, camera: str, lost: int) -> None:
        _lost_pictures.inc(max(0, lost - self._lost_pictures.get(camera, 0)))
        self._lost_pictures[camera] = lost

    async def _write(self, batch: list[tuple[str, list[Step]]], now_ms: int) -> None:
        turns = self._causes.turns
        if not batch and not turns:
            return
        try:
            written = await self._store.write(batch, turns, now_ms)
        except TriuneError as error:
            self._lose(dict.fromkeys((camera for camera, _ in batch), cause_of(error)), now_ms)
            for recording in self._recordings.values():
                recording.cutter.abort()
            return
        self._causes.written(len(turns), (camera for camera, _ in batch if camera not in written.failed))
        _written.inc(written.closed)
        _deleted.inc(written.deleted)
        if written.failed:
            self._lose(written.failed, now_ms)
        else:
            self._failing = None

    def _lose(self, failed: Mapping[str, Cause], now_ms: int) -> None:
        for cause in failed.values():
            self._failing = (self._failing[0] if self._failing else now_ms, cause.detail)
        self._causes.fail(failed)
        self.lost_segments += len(failed)
        _lost.inc(len(failed))
        for camera in failed:
            if recording := self._recordings.get(camera):
                recording.cutter.abort()

    async def _tidy(self, now_ms: int) -> None:
        keeps = {
            camera: Keep(policy.keep_days, policy.quota_mib * _MIB or None) for camera, policy in self._policies.items()
        }
        try:
            self._room = await self._store.tidy(keeps, _USUAL, now_ms)
        except TriuneError as error:
            self._failing = self._failing or (now_ms, error.detail)
            return
        _deleted.inc(self._room.deleted)
        for gauge, value in (
            (_bytes, self._room.bytes),
            (_locked_bytes, self._room.locked_bytes),
            (_capacity, self._room.capacity_bytes),
        ):
            gauge.set(value)

    async def _tell(self, now_ms: int) -> None:
        """Say what is wrong once it has been so for a while, and that it no longer is."""
        reason = self._room.reason if self._policies else ""  # where nothing is recorded, nothing is lost
        if self._failing and now_ms - self._failing[0] >= RECORD_FAILING_MS:
            reason = f"recordings cannot be written: {self._failing[1]}"
        await self._say(reason)

    async def _say(self, reason: str) -> None:
        if reason != self._told:
            try:
                await self._on_health(reason)
                self._told = reason
            except TriuneError as error:
                _log.warning("the state of recordings could not be told: %s", error.detail)
