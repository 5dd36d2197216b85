"""Evidence of violations: pictures at once, the clip once it is recorded, each time with a manifest on record."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from command.actors import HUB
from command.blobs import Blobs, DamagedBlobError
from command.facts.violations import ClipState, JudgedPassage
from command.hub import Changes, Hub
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    TooLargeError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import VIOLATION_TAKE_BACK_MS
from command.requests import LockRecording, RecordPack, ReleaseRecording
from command.rows import CameraRow, RuleVersion, ViolationRow
from command.tables import Tables
from consoles.limits import (
    VIOLATION_CLIP_AROUND_MS,
    VIOLATION_CLIP_AWAY_MS,
    VIOLATION_CLIP_LONGEST_MS,
    VIOLATION_CLIP_WAIT_MS,
    VIOLATION_PACK_AGAIN_MS,
    VIOLATION_PACK_LOOK_MS,
    VIOLATION_PACKS_AT_ONCE,
    VIOLATION_PICTURE_AWAY_MS,
)
from consoles.parts.recording import Recorded
from consoles.parts.violations.devices import Devices, section_of
from streams.limits import RECORD_FLUSH_MS
from streams.plates.crop import plate_jpeg
from streams.plates.picture import decode_picture
from streams.recorder.locks import Lock
from streams.recorder.sheets import CLIPS, Asked, clip_file, delete_clip
from streams.violations import pack, wording
from streams.violations.pack import About, CameraNote, ClipNote, Manifest, Part, RuleNote

log = logging.getLogger(__name__)
V = TypeVar("V", bound=RuleVersion)
_WHY = "violation evidence"


class Packs:
    """Makes them, one after the other. Of several hubs the one that records does."""

    def __init__(self, hub: Hub, blobs: Blobs, site: str, recordings: Recorded, devices: Devices) -> None:
        self._hub = hub
        self._devices = devices
        self._blobs = blobs
        self._site = site
        self._recordings = recordings
        self._clips: dict[tuple[str, int], tuple[ClipNote, Part | None]] = {}
        """Of packs that still wait for the other passage's clip."""
        self._again_ms: dict[str, int] = {}
        """When what could not be had is asked for again, by violation."""
        self._changed = asyncio.Event()
        self._changed.set()
        hub.listen(self._on_change)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        if any(table == "violations" for table, _ in changes):
            self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._changed.clear()
            await self.look()
            try:
                async with asyncio.timeout(VIOLATION_PACK_LOOK_MS / 1000):
                    await self._changed.wait()
            except TimeoutError:
                pass  # clips may have come by now

    async def look(self) -> None:
        """Bring every pack that is not whole as far as it can be brought now."""
        for row in await self._due():
            try:
                await self._go_on(row)
            except TriuneError as error:
                self._later(row)
                log.warning("the evidence of violation %s waits: %s", row.id, error.detail)

    async def _due(self) -> list[ViolationRow]:
        now_ms = self._hub.clock.now_ms()
        self._again_ms = {violation: at_ms for violation, at_ms in self._again_ms.items() if at_ms > now_ms}

        def unfinished(t: Tables) -> list[ViolationRow]:
            rows = [row for row in t.violations if not row.manifest or row.clip == "pending"]
            rows = [row for row in rows if row.id not in self._again_ms]
            return sorted(rows, key=lambda row: bool(row.manifest))[:VIOLATION_PACKS_AT_ONCE]

        try:
            return await self._hub.read(unfinished)
        except TriuneError as error:
            log.warning("evidence of violations waits: %s", error.detail)
            return []

    def _later(self, row: ViolationRow) -> None:
        """Others come first."""
        self._again_ms[row.id] = self._hub.clock.now_ms() + VIOLATION_PACK_AGAIN_MS

    async def _go_on(self, row: ViolationRow) -> None:
        if not row.manifest:
            await self._begin(row)
        elif row.state != "found":
            await self._close(row)
        else:
            await self._complete(row)

    async def _begin(self, row: ViolationRow) -> None:
        """Put on record what is there at once, and keep the recordings from being overwritten."""
        for number, passage in enumerate(row.finding.passages):
            await self._lock(row, number, passage)
        await self._record(row, [_pending(passage) for passage in row.finding.passages], [])

    async def _complete(self, row: ViolationRow) -> None:
        """Put clips on record once there is a last word of each, and pictures as they come."""
        passages = row.finding.passages
        is_here = [await self._is_here(passages[number].picture) for number in row.unseen]
        notes, parts = [], []
        for number, passage in enumerate(passages):
            note, part = self._clips.get((row.id, number)) or await self._clip(row, number, passage)
            if note.state != "pending":
                self._clips[row.id, number] = note, part
            notes.append(note)
            parts += [part] if part else []
        if not all(is_here) and self._may_come(row):
            notes, parts = [_pending(passage) for passage in passages], []
            if self._hub.clock.now_ms() >= row.found_ms + VIOLATION_PACK_AGAIN_MS:
                self._later(row)
        is_whole = all(note.state != "pending" for note in notes)
        if is_whole or any(is_here):
            await self._record(row, notes, parts)
        if is_whole:
            await self._let_go(row)

    async def _close(self, row: ViolationRow) -> None:
        """Leave evidence as it was decided on, without what had not come, once that cannot be taken back any more."""
        if self._hub.clock.now_ms() > (row.reviewed_ms or 0) + VIOLATION_TAKE_BACK_MS:
            asked = RecordPack(
                violation=row.id, manifest=row.manifest, clip="missing", clip_why="decided", unseen=row.unseen
            )
            await self._hub.ask(asked, HUB)
            await self._let_go(row)

    async def _let_go(self, row: ViolationRow) -> None:
        for number, passage in enumerate(row.finding.passages):
            self._clips.pop((row.id, number), None)
            await self._release(row, number, passage)

    def _may_come(self, row: ViolationRow) -> bool:
        """Say whether pictures are waited for: agents bring them after all that they saw meanwhile."""
        return self._hub.clock.now_ms() < row.found_ms + VIOLATION_PICTURE_AWAY_MS

    async def _is_here(self, picture: str) -> bool:
        try:
            await self._blobs.get(picture)
        except (UnknownIdError, DamagedBlobError):
            return False
        return True

    async def _record(self, row: ViolationRow, notes: list[ClipNote], clips: list[Part]) -> None:
        """Put the manifest on record: the blobs that it names are durable before it."""
        pictures = [part for n, passage in enumerate(row.finding.passages) for part in await self._pictures(n, passage)]
        (cameras, version), section = await self._hub.read(lambda t: (_context(t, row), section_of(t, row.finding)))
        devices = await self._devices.notes(row.finding, section)
        names = {camera.id: camera.name for camera in cameras}
        manifest = Manifest(
            format=pack.FORMAT, site=self._site, space=self._hub.space, violation=row.id,
            title=wording.title(row.finding), found_ms=row.found_ms, finding=row.finding,
            calculation=tuple(wording.sentences(row.finding, names, devices)), rule=version,
            cameras=tuple(_camera(camera) for camera in cameras), parts=(*pictures, *clips), clips=tuple(notes),
            devices=devices,
        )  # fmt: skip
        state, why = _together(notes)
        shown = {part.passage for part in pictures if part.about == "scene"}
        unseen = tuple(number for number in range(len(row.finding.passages)) if number not in shown)
        name = await self._blobs.add(pack.encode(manifest))
        parts = tuple(part.sha256 for part in manifest.parts)
        asked = RecordPack(violation=row.id, manifest=name, clip=state, clip_why=why, parts=parts, unseen=unseen)
        await self._hub.ask(asked, HUB)

    async def _pictures(self, number: int, passage: JudgedPassage) -> list[Part]:
        """Return scene and plate of a passage; one that is not here is left out."""
        try:
            scene = await self._blobs.get(passage.picture)
        except (UnknownIdError, DamagedBlobError):
            return []
        suffix = "png" if scene.startswith(b"\x89PNG") else "jpg"
        whole = _part(f"scene-{number + 1}.{suffix}", scene, passage.picture, "scene", number)
        try:
            height_px, width_px = (await asyncio.to_thread(decode_picture, scene)).shape[:2]
            whole = replace(whole, width_px=width_px, height_px=height_px)
            if passage.box is None:
                return [whole]
            plate = await asyncio.to_thread(plate_jpeg, scene, passage.box)
        except InvalidInputError:
            return [whole]
        name = await self._blobs.add(plate)
        return [whole, _part(f"plate-{number + 1}.jpg", plate, name, "plate", number)]

    async def _clip(self, row: ViolationRow, number: int, passage: JudgedPassage) -> tuple[ClipNote, Part | None]:
        """Return what came of the recording by now; a last word unless it is pending."""
        waiting, now_ms = _pending(passage), self._hub.clock.now_ms()
        if now_ms < waiting.to_ms + 2 * RECORD_FLUSH_MS:
            return waiting, None
        may_come = now_ms < waiting.to_ms + VIOLATION_CLIP_WAIT_MS
        try:
            return await self._exported(row, number, waiting, may_come=may_come)
        except UnknownIdError:
            return (waiting, None) if may_come else (_missing(waiting, "not_recorded"), None)
        except (ConflictError, TooLargeError) as error:
            return _missing(waiting, "picture_changed" if isinstance(error, ConflictError) else "too_large"), None
        except (UnavailableError, OSError) as error:
            if now_ms < row.found_ms + VIOLATION_CLIP_AWAY_MS:
                log.warning("the clip of violation %s waits: %s", row.id, error)
                self._later(row)
                return waiting, None
            return _missing(waiting, "recorder_away"), None

    async def _exported(
        self, row: ViolationRow, number: int, waiting: ClipNote, *, may_come: bool
    ) -> tuple[ClipNote, Part | None]:
        """Take the clip out of the recordings and keep it with the other evidence, where no ring overwrites it."""
        asked = Asked(
            camera=waiting.camera, from_ms=waiting.from_ms, to_ms=waiting.to_ms, why=f"{_WHY} {row.id}", who=HUB.id,
            at_ms=self._hub.clock.now_ms(),
        )  # fmt: skip
        clip, store = await self._recordings.archive_of(waiting.camera).export(asked), self._recordings.find_store()
        folder = store.folder / CLIPS
        try:
            if clip.missing_ms and may_come:
                return waiting, None
            data = await store.readers.run(lambda: clip_file(folder, clip.id).read_bytes())
            name = await self._blobs.add(data)
        finally:
            await store.readers.run(lambda: delete_clip(folder, clip.id))
        note = ClipNote(
            camera=waiting.camera, from_ms=waiting.from_ms, to_ms=waiting.to_ms, state="ready",
            begins_ms=clip.begins_ms, missing_ms=clip.missing_ms,
        )  # fmt: skip
        return note, _part(f"clip-{number + 1}.mp4", data, name, "clip", number)

    async def _lock(self, row: ViolationRow, number: int, passage: JudgedPassage) -> None:
        """Keep the recording until it is taken out. Where it cannot be locked it may still be there in time."""
        stretch = _pending(passage)
        lock = Lock(
            id=_lock_id(row, number), camera=passage.camera, from_ms=stretch.from_ms, to_ms=stretch.to_ms,
            why=f"{_WHY} {row.id}", who=HUB.id, at_ms=self._hub.clock.now_ms(),
        )  # fmt: skip
        try:
            await self._recordings.archive_of(passage.camera).lock(lock)
            fact = LockRecording(lock=lock.id, camera=lock.camera, from_ms=lock.from_ms, to_ms=lock.to_ms, why=lock.why)
            await self._hub.ask(fact, HUB, f"violation-lock/{lock.id}")
        except TriuneError as error:
            log.warning("the recording for violation %s is not locked: %s", row.id, error.detail)

    async def _release(self, row: ViolationRow, number: int, passage: JudgedPassage) -> None:
        lock = _lock_id(row, number)
        try:
            await self._recordings.archive_of(passage.camera).release(passage.camera, lock)
            fact = ReleaseRecording(lock=lock, camera=passage.camera, why=f"{_WHY} {row.id} is kept")
            await self._hub.ask(fact, HUB, f"violation-release/{lock}")
        except UnknownIdError:
            pass  # it never was
        except TriuneError as error:
            log.warning("the recording for violation %s stays locked: %s", row.id, error.detail)


def _context(t: Tables, row: ViolationRow) -> tuple[list[CameraRow], RuleNote]:
    """Return the cameras and the version of the rule, as far as the tables still have them."""
    finding = row.finding
    cameras = [camera for passage in finding.passages if (camera := t.cameras.get(passage.camera))]
    note = RuleNote(rule=finding.rule, version=finding.version, registered_by=row.registered_by)
    if finding.kind == "interval_speed":
        section = _of(finding.version, held.versions if (held := t.sections.get(finding.rule)) else ())
        return cameras, _noted(note, section, section=section.definition) if section else note
    if finding.kind == "restricted_area":
        area = _of(finding.version, there.versions if (there := t.restrictions.get(finding.rule)) else ())
        return cameras, _noted(note, area, restriction=area.definition) if area else note
    seen = _of(finding.version, shown.versions if (shown := t.regions.get(finding.rule)) else ())
    return cameras, _noted(note, seen, regions=seen.regions, exempt=seen.exempt) if seen else note


def _of(wanted: int, versions: Sequence[V]) -> V | None:
    return next((version for version in versions if version.version == wanted), None)


def _noted(note: RuleNote, version: RuleVersion, **whole: Any) -> RuleNote:
    return replace(note, registered_ms=version.at_ms, from_ms=version.from_ms, **whole)


def _camera(row: CameraRow) -> CameraNote:
    return CameraNote(camera=row.id, name=row.name, lat=row.lat, lon=row.lon, bearing_deg=row.bearing_deg)


def _pending(passage: JudgedPassage) -> ClipNote:
    from_ms = max(0, passage.first_ms - VIOLATION_CLIP_AROUND_MS)
    to_ms = min(passage.last_ms + VIOLATION_CLIP_AROUND_MS, from_ms + VIOLATION_CLIP_LONGEST_MS)
    return ClipNote(camera=passage.camera, from_ms=from_ms, to_ms=to_ms, state="pending")


def _missing(note: ClipNote, why: str) -> ClipNote:
    return replace(note, state="missing", why=why)


def _together(notes: Sequence[ClipNote]) -> tuple[ClipState, str]:
    """Return how the clips stand as a whole, and why one is missing."""
    if any(note.state == "pending" for note in notes):
        return "pending", ""
    why = next((note.why for note in notes if note.state == "missing"), "")
    return ("missing", why) if why else ("ready", "")


def _part(name: str, data: bytes, sha256: str, about: About, passage: int) -> Part:
    return Part(name=name, sha256=sha256, size=len(data), about=about, passage=passage)


def _lock_id(row: ViolationRow, number: int) -> str:
    """The same whenever it is asked for, so that a hub that begins anew locks nothing twice."""
    return hashlib.sha256(f"{row.id}/{row.found_ms}/{number}".encode()).hexdigest()[:16]
