"""Vehicles that pass cameras: kept and shown to those on duty, looked for on the watch list, judged, looked up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from command.access.kept_cameras import any_kept
from command.passages import Passages
from command.readings.likely_ways import LikelyWays
from consoles.http import hit_reading, metrics, queries, reading_quality, track_files, tracks
from consoles.http.sightings import Sightings
from consoles.http.watch_libraries import WatchLibraries
from consoles.http.watches import Watches
from consoles.parts.base import Base
from consoles.parts.cameras.rights import authorised
from consoles.parts.hits import HitFinder, Hits, road_net
from consoles.parts.libraries import Libraries
from consoles.parts.reading_quality import ReadingQuality
from consoles.parts.sightings import scope
from consoles.parts.violations.judging import Judging


@dataclass(frozen=True)
class Vehicles:
    """What a passage goes through, whoever saw it: `passages` keeps it, the others hear of it."""

    passages: Passages
    hits: Hits
    libraries: Libraries
    judging: Judging
    quality: ReadingQuality
    routes: list[web.RouteDef]


async def vehicles(base: Base, county: Path | None) -> Vehicles:
    """Return what is there for vehicles; violations are judged once `judging` is started with the recordings.

    Passages before cameras that are kept to some roles are shown to nobody as they happen.
    """
    settings, hub, kept, tasks = base.settings, base.hub, base.kept, base.tasks
    passages = Passages(hub, kept.readings, lambda camera: not any_kept(settings.cameras_kept_to, camera))
    await passages.look()
    quality = ReadingQuality(hub, kept.hours, kept.readings, kept.leases)
    passages.on_new(quality.note)
    tasks.start(quality.run(), "reading-quality")
    base.measured.append(
        metrics.gauge(
            "reading_counts_dropped", "Hours of readings not counted for want of room", lambda: quality.dropped
        )
    )
    may_see, net = scope(settings), road_net(settings.roads, county)
    hits = Hits(hub, kept.readings, kept.blobs, net)
    libraries = Libraries(hub, kept.blobs, hits.hold)
    await libraries.look()
    tasks.start(libraries.run(), "watch-libraries")
    finding = HitFinder(hub, kept.readings, passages, hits)
    tasks.start(finding.run(), "hits")
    tasks.start(finding.sweep_on(), "hits-of-late")
    base.degraded.append(finding.degraded)
    base.measured.append(metrics.counted("hits", "Passages that the watch list was asked about", hits.counters))
    return Vehicles(
        passages,
        hits,
        libraries,
        Judging(base, passages),
        quality,
        [
            *Sightings(may_see, LikelyWays(net)).routes(),
            *queries.routes,
            *tracks.routes,
            *track_files.routes,
            *Watches(may_see).routes(),
            *WatchLibraries(libraries, hits.on, kept.blobs).routes(),
            *reading_quality.routes(quality, authorised(settings.cameras_kept_to)),
            *hit_reading.routes,
        ],
    )
