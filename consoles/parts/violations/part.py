"""Violations in the stream of passages: every one that came to this hub is judged, whenever it came.

Whichever hub a passage comes to judges it, with what all hubs stored: the other half of a drive comes from the
readings, never from memory, and what is found twice is recorded once. So a restart or a late edge agent loses nothing.
Of two halves that two hubs store at the same moment, the one stored last is judged with the other in sight. A hub that
hears late of a rule judges again what passed since it holds: nobody else may have known of both. A passage whose
picture is named and not here yet waits for it, where the picture decides.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from command.actors import HUB
from command.blobs import Blobs, DamagedBlobError
from command.facts.violations import Finding
from command.hub import Changes, Hub
from command.kernel.errors import HubBusyError, InvalidInputError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import READINGS_CAMERAS
from command.passages import Passages
from command.readings import Place, Readings, Sighting, SightingQuery, place_of
from command.requests import ReportViolation
from command.rows import RegionsRow, RegionsVersion, RestrictionRow, SectionRow, SectionVersion
from consoles.limits import (
    JUDGE_SWEEP_EVERY_MS,
    VIOLATION_DRIVE_ROWS,
    VIOLATION_PASSAGES_JUDGED,
    VIOLATION_PICTURE_AWAY_MS,
    VIOLATIONS_WITHOUT_PICTURE,
)
from consoles.parts.judge import PassageJudge
from consoles.parts.violations.rules import KeptRules
from streams.plates.picture import decode_picture
from streams.violations.area import judge_area
from streams.violations.lanes import judge_lane, shows_inside
from streams.violations.plates import Unfounded
from streams.violations.speed import judge_speed, pairs, window_ms

log = logging.getLogger(__name__)
_RuleRow = SectionRow | RestrictionRow | RegionsRow


@dataclass
class JudgeCounters:
    """What became of judgements at cameras with rules; a passage may be judged by several."""

    found: int = 0
    refused: int = 0
    failed: int = 0
    dropped: int = 0
    unsure: int = 0
    no_picture: int = 0
    no_picture_yet: int = 0
    misread: int = 0
    slower: int = 0
    not_in_force: int = 0
    calibration_expired: int = 0
    implausible: int = 0
    other_vehicle: int = 0
    exempt: int = 0
    at_other_times: int = 0
    other_lane: int = 0
    right_way: int = 0


class Violations(PassageJudge):
    """Finds violations in passages. `run` works, `sweep` goes over those of late once more."""

    def __init__(self, hub: Hub, readings: Readings, blobs: Blobs, passages: Passages) -> None:
        self.counters = JudgeCounters()
        super().__init__(hub, readings, passages, self.counters, "the rules of violations")
        self._blobs = blobs
        self._rules = KeptRules(hub)
        self._judged: dict[Place, None] = {}
        """Passages that a sweep passes over, the oldest first."""
        self._without_picture: dict[Place, tuple[int, Sighting]] = {}
        """Passages that may be violations by what their pictures show, the oldest first; since when they wait."""
        hub.listen(self._on_change)
        passages.on_picture(self._on_picture)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        self._rules.on_change(changes)
        news = [row.versions[0] for row in changes.values() if isinstance(row, _RuleRow)]
        for version in news:
            if version.until_ms is None and version.from_ms < self._hub.clock.now_ms():
                self._judged = {}  # what is judged now, by the rules before, is not remembered
                self.again(version.from_ms)

    def _on_picture(self, name: str) -> None:
        """Judge those again that wait for it: agents tell of passages first, and of their pictures later."""
        if came := [sighting for _, sighting in self._without_picture.values() if sighting.picture == name]:
            self.hear(came)

    async def look_for_pictures(self) -> None:
        """Judge again from time to time what waits for its picture, until cancelled: another hub may have got it."""
        while True:
            await self._hub.clock.sleep(JUDGE_SWEEP_EVERY_MS)
            given_up_ms = self._hub.clock.now_ms() - VIOLATION_PICTURE_AWAY_MS
            for place in [place for place, (since_ms, _) in self._without_picture.items() if since_ms < given_up_ms]:
                self._give_up(place)
            self.hear([sighting for _, sighting in self._without_picture.values()])

    def _give_up(self, place: Place) -> None:
        del self._without_picture[place]
        self.counters.no_picture += 1

    async def cameras(self) -> tuple[str, ...] | None:
        """Return those with rules."""
        rules = await self._rules.now()
        known = {*rules.sections, *rules.areas, *rules.regions}
        return tuple(sorted(known)) if len(known) <= READINGS_CAMERAS else None

    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        """Record what a passage violates, and the drives that it began or ended."""
        place, judged = place_of(sighting), self._judged
        if late and place in judged:
            return
        rules = await self._rules.now()
        if not rules.concern(sighting.camera):
            return
        for rule, version in rules.areas.get(sighting.camera, ()):
            if version.holds(sighting.first_ms):
                await self._conclude(judge_area(rule, version, sighting))
        for regions in rules.regions.get(sighting.camera, ()):
            if regions.holds(sighting.first_ms):
                await self._judge_lane(regions, sighting)
        # Last, since for these alone the readings are read, which may be damaged.
        for rule, versions in rules.sections.get(sighting.camera, ()):
            await self._judge_drives(rule, versions, sighting)
        if place not in self._without_picture:
            judged[place] = None
            if len(judged) > VIOLATION_PASSAGES_JUDGED:
                del judged[next(iter(judged))]

    async def _judge_drives(self, rule: str, versions: tuple[SectionVersion, ...], sighting: Sighting) -> None:
        """Judge the drives through a section that a sighting began or ended; its other half may be stored already."""
        longest_ms = max(window_ms(version.definition) for version in versions)
        cameras = {point.camera for version in versions for point in (version.definition.start, version.definition.end)}
        query = SightingQuery(
            plate=sighting.plate, cameras=tuple(sorted(cameras)), from_ms=max(0, sighting.first_ms - longest_ms),
            to_ms=sighting.last_ms + longest_ms, limit=VIOLATION_DRIVE_ROWS,
        )  # fmt: skip
        seen = await self._readings.search(self._hub.space, query)
        for version in versions:
            for start, end in pairs(version.definition, seen):
                if place_of(sighting) in (place_of(start), place_of(end)) and version.holds(start.first_ms):
                    percent = self._hub.limits.speed_tolerance_percent
                    await self._conclude(judge_speed(rule, version, start, end, percent))

    async def _judge_lane(self, regions: RegionsVersion, sighting: Sighting) -> None:
        """A lane that was counted over the frames has to be seen in the picture that is shown to people, too."""
        verdicts = judge_lane(regions, sighting)
        if any(isinstance(verdict, Finding) for verdict in verdicts):
            scene = await self._scene_of(sighting)
            if scene is None:
                return
            verdicts = [await _seen_inside(regions, verdict, scene) for verdict in verdicts]
        for verdict in verdicts:
            await self._conclude(verdict)

    async def _scene_of(self, sighting: Sighting) -> bytes | None:
        """Return the picture of a passage; None where the passage waits for it."""
        place = place_of(sighting)
        # It waits before its picture is looked for, which may come while that is done.
        self._without_picture.setdefault(place, (self._hub.clock.now_ms(), sighting))
        try:
            scene = await self._blobs.get(sighting.picture or "")
        except (UnknownIdError, DamagedBlobError):
            self.counters.no_picture_yet += 1
            if len(self._without_picture) > VIOLATIONS_WITHOUT_PICTURE:
                self._give_up(next(iter(self._without_picture)))
            return None
        self._without_picture.pop(place, None)  # it may have been given up meanwhile
        return scene

    async def _conclude(self, verdict: Finding | Unfounded) -> None:
        if not isinstance(verdict, Finding):
            setattr(self.counters, verdict, getattr(self.counters, verdict) + 1)
            return
        passage = verdict.passages[-1]
        key = f"violation/{verdict.kind}/{verdict.rule}/{verdict.plate}/{passage.camera}/{passage.first_ms}"
        try:
            await self._hub.ask(ReportViolation(finding=verdict), HUB, key)
        except (UnavailableError, HubBusyError):
            raise
        except TriuneError as error:
            self.counters.refused += 1
            log.warning("a violation of %s could not be recorded: %s", verdict.plate, error.detail)
        else:
            self.counters.found += 1


async def _seen_inside(regions: RegionsVersion, verdict: Finding | Unfounded, scene: bytes) -> Finding | Unfounded:
    if not isinstance(verdict, Finding):
        return verdict
    passage = verdict.passages[0]
    region = next(region for region in regions.regions if region.name == verdict.region)
    try:
        picture = await asyncio.to_thread(decode_picture, scene)
    except InvalidInputError:
        return "no_picture"
    height, width = picture.shape[:2]
    return verdict if passage.box and shows_inside(region, passage.box, width, height) else "other_lane"
