"""The telephone exchange of the demonstration: lines ring, some twice about one matter, and give up unanswered."""

from __future__ import annotations

import math
import secrets
from collections import deque
from itertools import pairwise
from random import Random

import aiohttp
import msgspec

from command.facts.base import Service
from command.kernel.clock import Clock
from command.requests import GivenPlace, ReportCall
from consoles.demo.county import County, LonLat, Road, RoadClass
from consoles.demo.enrol import EXCHANGE
from consoles.demo.roads import metres

_FIRST_CALL_S = (3, 8)
_CALL_EVERY_S = (60, 120)
_SECOND_SHARE = 0.25
_SECOND_AFTER_S = (15, 40)
_GIVES_UP_S = (80, 100)
_LINES = 4
"""Lines that may ring at once; with all of them taken the next caller hears the engaged tone, and nothing comes."""
_CALL = aiohttp.ClientTimeout(total=5)
_LOOK_MS = 500
_BESIDE_M = 40.0
_APART_M = 120.0
_METRES_PER_DEGREE = 111_195.0
_SERVICES: tuple[tuple[Service, int], ...] = (("110", 55), ("122", 30), ("119", 15))
_WHERE: dict[Service, dict[RoadClass, int]] = {
    "110": {"street": 6, "county": 3, "national": 1},
    "122": {"street": 3, "county": 2, "national": 4, "expressway": 3},
    "119": {"street": 5, "county": 4},
}
_NEARBY = ("附近", "路口", "路边", "商铺门口", "桥头")
_SURNAMES = "李王张刘陈杨周彭许易方任"
_LANDLINE_SHARE = 0.3


class _Line(msgspec.Struct):
    """A line that rings; `call` is its id at the hub."""

    call: str
    gives_up_ms: int


class _Due(msgspec.Struct, frozen=True):
    """A caller who will lift the receiver."""

    at_ms: int
    call: ReportCall


class Callers:
    """Makes up who calls, from where; the same for the same seed but for the ids, which no hub may have seen before."""

    def __init__(self, county: County, seed: int) -> None:
        self._rng = Random(f"{seed}/callers")  # noqa: S311 - a demonstration that can be repeated, not a secret
        self._roads = county.roads
        self._townships = county.townships

    def call(self) -> ReportCall:
        """Return a call about something new, near some road."""
        services, weights = zip(*_SERVICES, strict=True)
        dialled: Service = self._rng.choices(services, weights)[0]
        fitting = _WHERE[dialled]
        roads = [road for road in self._roads if road.road_class in fitting]
        road = self._rng.choices(roads, [fitting[road.road_class] for road in roads])[0]
        at = self._beside(self._along(road), _BESIDE_M)
        township = min(self._townships, key=lambda t: metres(at, (t.lon, t.lat)))
        return self._from(dialled, at, f"{township.name.zh}{road.name.zh}{self._rng.choice(_NEARBY)}")

    def another(self, first: ReportCall) -> ReportCall:
        """Return a call by somebody else who sees the same."""
        assert first.place is not None
        at = self._beside((first.place.lon, first.place.lat), _APART_M)
        return self._from(first.dialled, at, first.place.text)

    def _from(self, dialled: Service, at: LonLat, text: str) -> ReportCall:
        landline = self._rng.random() < _LANDLINE_SHARE
        return ReportCall(
            dialled=dialled,
            caller=f"000{self._rng.randrange(43_070_000, 43_079_999)}",
            call=f"{EXCHANGE}-{secrets.token_hex(6)}",
            subscriber=f"{self._rng.choice(_SURNAMES)}{self._rng.choice(('先生', '女士'))}",
            address=text if landline else "",
            place=GivenPlace(
                lat=round(at[1], 6), lon=round(at[0], 6), text=text,
                source="address" if landline else "carrier",
                uncertainty_m=20.0 if landline else float(self._rng.randint(30, 150)),
            ),
        )  # fmt: skip

    def _along(self, road: Road) -> LonLat:
        """Return a point of the road, each metre as likely as the next."""
        pieces = list(pairwise(road.line))
        a, b = self._rng.choices(pieces, [metres(a, b) for a, b in pieces])[0]
        share = self._rng.random()
        return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share

    def _beside(self, at: LonLat, within_m: float) -> LonLat:
        turn, way_m = self._rng.uniform(0, math.tau), self._rng.uniform(0, within_m)
        east = math.cos(turn) * way_m / (_METRES_PER_DEGREE * math.cos(math.radians(at[1])))
        return at[0] + east, at[1] + math.sin(turn) * way_m / _METRES_PER_DEGREE


class Exchange:
    """Tells the hub of calls, as a PBX does: by its device token, and never whether anybody answered."""

    def __init__(self, url: str, token: str, county: County, seed: int, clock: Clock) -> None:
        self._url = url
        self._token = token
        self._callers = Callers(county, seed)
        self._rng = Random(f"{seed}/exchange")  # noqa: S311 - a demonstration that can be repeated, not a secret
        self._clock = clock
        self._lines: deque[_Line] = deque()
        self._waiting: list[_Due] = []

    async def run(self) -> None:
        """Ring until cancelled. While the hub is away callers are lost, as with a cut line."""
        headers = {"Authorization": f"Bearer {self._token}"}
        next_ms = self._clock.now_ms() + self._rng.randint(*_FIRST_CALL_S) * 1000
        async with aiohttp.ClientSession(self._url, headers=headers, timeout=_CALL) as http:
            while True:
                await self._clock.sleep(_LOOK_MS)
                now_ms = self._clock.now_ms()
                if now_ms >= next_ms:
                    self._plan(now_ms)
                    next_ms = now_ms + self._rng.randint(*_CALL_EVERY_S) * 1000
                await self._ring(http, now_ms)
                await self._give_up(http, now_ms)

    def _plan(self, now_ms: int) -> None:
        first = self._callers.call()
        self._waiting.append(_Due(now_ms, first))
        if self._rng.random() < _SECOND_SHARE:
            after_ms = self._rng.randint(*_SECOND_AFTER_S) * 1000
            self._waiting.append(_Due(now_ms + after_ms, self._callers.another(first)))

    async def _ring(self, http: aiohttp.ClientSession, now_ms: int) -> None:
        for due in [due for due in self._waiting if due.at_ms <= now_ms]:
            self._waiting.remove(due)
            if len(self._lines) < _LINES:
                assert due.call.call is not None
                self._lines.append(_Line(due.call.call, now_ms + self._rng.randint(*_GIVES_UP_S) * 1000))
                # Without an answer the hub may have it all the same, so the line is hung up later either way.
                await self._tell(http, "POST", "/api/v1/calls", due.call)

    async def _give_up(self, http: aiohttp.ClientSession, now_ms: int) -> None:
        """Hang up what rang long enough; the hub knows whether somebody had answered. Tried until it is told."""
        for line in [line for line in self._lines if line.gives_up_ms <= now_ms]:
            if await self._tell(http, "DELETE", f"/api/v1/calls/{line.call}"):
                self._lines.remove(line)

    async def _tell(self, http: aiohttp.ClientSession, method: str, path: str, body: ReportCall | None = None) -> bool:
        data = None
        if body is not None:  # the path says already what it is
            fields = msgspec.to_builtins(body)
            data = msgspec.json.encode({name: value for name, value in fields.items() if name != "request"})
        try:
            async with http.request(method, path, data=data) as response:
                return response.status < 500 and response.status not in (401, 429)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
