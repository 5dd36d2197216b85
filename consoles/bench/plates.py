"""Plates: street cameras in which cars pass, from their coded pictures to passages, by the CPU time that it takes.

Machines are shared, so it is not the clock on the wall that is judged but CPU seconds for each second of a stream, of
this process and the plate readers together. The films play at their own pace through the product's cameras.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from command.kernel.clock import SystemClock
from command.readings import Sighting
from consoles.bench.measure import cpu_s
from consoles.bench.passages_judged import Judged, Turn, judge
from consoles.bench.report import Report, Step
from consoles.bench.street_films import PASSAGE_S, Car, Coded, Films, cars, each_alone
from streams.camera_spec import CameraSpec, CameraStatus
from streams.keeper import CameraKeeper
from streams.plates.pool import PlatePool
from streams.plates.watcher import PlateWatcher

_READERS = 2
# So long after a camera came up, its gate has found that nothing moves; cars come later still.
_SETTLE_S = 2
_EMPTY_S = PASSAGE_S
_BUSY_SHARE = 4
"""One stream in so many is busy."""
_START_MS = 60_000


@dataclass(frozen=True)
class Sizes:
    """How many cameras, how many cars pass, how long the street is empty for comparison, and the pictures' size."""

    streams: int = 8
    passages: int = 64
    still_s: int = 15
    block: int = 4
    """Cars that pass before a camera until others are busy."""
    width: int = 1920
    height: int = 1080


QUICK = Sizes(streams=8, passages=4, still_s=1, block=1, width=1280, height=720)


@dataclass
class _Seen:
    """What the cameras told: when each came up, and the passages."""

    up_ms: dict[str, int] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_status(self, camera: str, status: CameraStatus) -> None:
        if status.state == "up":
            self.up_ms.setdefault(camera, status.since_ms)
            self.changed.set()

    async def on_passage(self, sighting: Sighting, _jpeg: bytes) -> None:
        self.sightings.append(sighting)


@dataclass(frozen=True)
class _Run:
    """What one run of the cameras cost and brought."""

    cpu_s: float
    lasted_s: float
    judged: Judged
    looked: int
    dropped: int


async def bench(folder: Path, sizes: Sizes, labels: Path | None = None) -> Report:
    """Play empty streets on 1, 4 and 16 cameras, then streets in which one camera in four is busy."""
    turns = _turns(await asyncio.to_thread(each_alone, cars(labels, sizes.passages)), sizes)
    films = await asyncio.to_thread(Films, sizes.width, sizes.height)
    still = await asyncio.to_thread(films.still)
    empty = folder / "empty.ts"
    films.write(empty, [still])
    paths = await asyncio.to_thread(_films, films, folder, still, turns, sizes)
    steps: list[Step] = []
    idle_s = 0.0
    async with PlatePool(_READERS, SystemClock()) as pool:
        await pool.ready()
        for times in (1, 4, 16):
            run = await _play(pool, {f"camera {i}": empty for i in range(times)}, _SETTLE_S, sizes.still_s, ())
            idle_s = run.cpu_s / run.lasted_s / times
            steps.append(Step(times, f"second of {times} empty streets", times * sizes.still_s, idle_s * 1e6))
        run = await _play(pool, paths, _EMPTY_S, _lasts_s(turns), turns)
    busy = max(1, sizes.streams // _BUSY_SHARE)
    busy_s = (run.cpu_s / run.lasted_s - idle_s * (sizes.streams - busy)) / busy
    return Report(
        "plates",
        {
            "streams": sizes.streams,
            "busy_streams": busy,
            "idle_cpu_s_per_s": round(idle_s, 4),
            "busy_cpu_s_per_s": round(busy_s, 4),
            "cpu_s_per_s": round(run.cpu_s / run.lasted_s, 3),
            "passages": len(turns),
            "read": run.judged.read,
            "wrong": len(run.judged.wrong),
            "told_twice": run.judged.again,
            "frames_looked_at": run.looked,
            "frames_dropped": run.dropped,
            "material": "photos" if labels else "drawn",
        },
        steps,
        run.judged.as_lines(),
    )


def _turns(passing: Sequence[Car], sizes: Sizes) -> list[Turn]:
    """Give the cars to cameras, so many at a time busy, each for a block of cars."""
    busy = max(1, sizes.streams // _BUSY_SHARE)
    turns: list[Turn] = []
    for number, car in enumerate(passing):
        block, within = divmod(number, busy * sizes.block)
        slot, lane = divmod(within, busy)
        camera = (block * busy + lane) % sizes.streams
        turns.append(Turn(f"camera {camera}", (_EMPTY_S + (block * sizes.block + slot) * PASSAGE_S) * 1000, car))
    return turns


def _films(films: Films, folder: Path, still: Coded, turns: Sequence[Turn], sizes: Sizes) -> dict[str, Path]:
    """Code the cameras' films, each with an empty street where it is not its turn, and after the last."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        parts = dict(
            zip(turns, threads.map(films.passage, range(len(turns)), [turn.car for turn in turns]), strict=True)
        )
    paths: dict[str, Path] = {}
    for camera in (f"camera {i}" for i in range(sizes.streams)):
        mine = {turn.from_ms: parts[turn] for turn in turns if turn.camera == camera}
        times_ms = range(0, (_EMPTY_S + _lasts_s(turns) + PASSAGE_S) * 1000, PASSAGE_S * 1000)
        paths[camera] = folder / f"{camera}.ts"
        films.write(paths[camera], [mine.get(at_ms, still) for at_ms in times_ms])
    return paths


def _lasts_s(turns: Sequence[Turn]) -> int:
    """Return how long cars pass."""
    return max(turn.from_ms for turn in turns) // 1000 - _EMPTY_S + PASSAGE_S


async def _play(pool: PlatePool, paths: dict[str, Path], empty_s: int, lasts_s: int, turns: Sequence[Turn]) -> _Run:
    """Play films on cameras that read plates, for so long, and for a while before that, which is not measured."""
    clock, seen = SystemClock(), _Seen()
    watcher = PlateWatcher(pool, seen.on_passage)
    async with CameraKeeper(clock, seen.on_status, watcher) as keeper:
        await keeper.sync(
            {
                camera: CameraSpec(camera, f"file:{path}", reads_plates=True, always=True)
                for camera, path in paths.items()
            }
        )
        async with asyncio.timeout(_START_MS / 1000):
            while len(seen.up_ms) < len(paths):
                seen.changed.clear()
                await seen.changed.wait()
        begins_ms = max(seen.up_ms.values()) + empty_s * 1000
        await clock.sleep_until(begins_ms)
        begun_s, begun_ms = _cpu_s(pool), clock.now_ms()
        # A machine that was late to begin is still measured for as long.
        await clock.sleep_until(begun_ms + lasts_s * 1000)
        spent_s, lasted_s = _cpu_s(pool) - begun_s, (clock.now_ms() - begun_ms) / 1000
    counters = [watcher.counters(camera) for camera in paths]
    for camera in paths:
        await watcher.forget(camera)
    judged = judge(turns, [(one.first_ms - seen.up_ms[one.camera], one) for one in seen.sightings])
    looked, dropped = sum(one.read for one in counters), sum(one.dropped for one in counters)
    return _Run(spent_s, lasted_s, judged, looked, dropped)


def _cpu_s(pool: PlatePool) -> float:
    """Return the CPU seconds of this process and the readers so far; only differences mean something."""
    ticks = 0
    for pid in pool.pids:
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return cpu_s() + ticks / os.sysconf("SC_CLK_TCK")
