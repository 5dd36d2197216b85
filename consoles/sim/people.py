"""Everybody who keeps the hubs busy: callers, desks, officers, devices on patrol, cameras that read plates."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from msgspec.structs import replace

from command import requests as q
from command.actors import HUB, Actor, Role
from command.kernel.errors import TriuneError
from command.readings import Position
from consoles.sim import county
from consoles.sim.audit import MARK
from consoles.sim.client import Client
from consoles.sim.clock import START_MS
from consoles.sim.desk import next_request
from consoles.sim.loop import Process, VirtualLoop
from consoles.sim.network import Network

_DESK_S = 7.0
_BROWSE_S = 30.0
_OPENS_SHARE = 0.7
_CALL_S = 40.0
_CAMERA_S = 60.0
_FIX_S = 30.0
_OUTBOX_FIXES = 50
_RESTING_FIXES = 6
_RESTING_FIX_S = 11.0
_STEP_S = 5.0
_GATHERS_S = 20.0
_SOS_SHARE = 0.008
_SOS_FIXES = 8
_STALE_SHARE = 0.03
_AGAIN_SHARE = 0.05
_WORDS: dict[type[q.Request], str] = {
    q.OpenSituation: "title", q.NoteSituation: "text", q.IssueOrder: "text", q.SendMessage: "text",
    q.RequestWatch: "reason", q.RequestApproval: "subject", q.CloseSituation: "why", q.RecallOrder: "why",
}  # fmt: skip
_PLATES = ("京A12345", "京A19345", "京B22222", "京C00000")


class Population:
    """All of them. While `resting` they ask nothing new."""

    def __init__(self, loop: VirtualLoop, network: Network, desks: list[Client], officer: Client) -> None:
        self.resting = True
        self._loop = loop
        self._network = network
        self._desks = desks
        self._officer = officer

    def clock_ms(self) -> int:
        """Return what people's watches say: the true time."""
        return START_MS + self._loop.now_us // 1000

    def start(self) -> None:
        """Begin the day."""
        for client in self._desks:
            role: Role = next(iter(client.actor.roles))
            client.process.start(self._desk(client, role))
            client.process.start(self._browse(client))
        for name, work in (("exchange", self._exchange), ("cameras", self._cameras)):
            process = self._loop.process(name)
            process.start(work(process))
        for unit in county.UNITS:
            officer = self._loop.process(f"officer-{unit}")
            officer.start(self._officer_of(officer, unit))
            first: _Device | None = None
            for name in county.devices_of(unit):
                process = self._loop.process(f"device-{name}")
                device = _Device(self, self._network, process, name, first)
                process.start(device.run())
                first = first or device

    async def wait(self, who: Process, mean_s: float) -> None:
        """Wait for the next occasion, and until nobody rests."""
        await self._loop.pause(min(who.random.expovariate(1 / mean_s), 8 * mean_s))
        await self.rested()

    async def rested(self) -> None:
        """Wait until nobody rests."""
        while self.resting:
            await self._loop.pause(_STEP_S)

    async def busy_for(self, duration_s: float) -> None:
        """Wait, and no longer than until the others rest."""
        until_us = self._loop.now_us + int(duration_s * 1_000_000)
        while not self.resting and self._loop.now_us < until_us:
            await self._loop.pause(min(_STEP_S, (until_us - self._loop.now_us) / 1_000_000))

    async def _desk(self, client: Client, role: Role) -> None:
        who, asked = client.process, 0
        while True:
            await self.wait(who, _DESK_S)
            request = next_request(role, client.mirror, who.random, self.clock_ms())
            if request is None:
                continue
            if who.random.random() < _STALE_SHARE:  # the click comes when the row is another one already
                await self._loop.pause(20 * who.random.random())
            asked += 1
            key = f"{client.name}/{asked}"
            await self._ask(who, _signed(request, key), client.actor, key)

    async def _browse(self, client: Client) -> None:
        """Open one situation after another, whose marks alone are mirrored then, or none, as pages do."""
        who, mine = client.process, client.tables
        while True:
            await self.wait(who, _BROWSE_S)
            situations = [row["id"] for row in client.mirror.rows("situations")] or ["-"]
            marks = {"marks": who.random.choice(situations)} if who.random.random() < _OPENS_SHARE else {}
            client.choose({name: wanted for name, wanted in mine.items() if name != "marks"} | marks)

    async def _ask(self, who: Process, request: q.Request, actor: Actor, key: str) -> str | None:
        """Ask; now and then again later under the same key, as a page does that was not sure."""
        answer = await self._network.insist(who, request, actor, key)
        if answer is not None and who.random.random() < _AGAIN_SHARE:
            await self._network.insist(who, request, actor, key)
        return answer.subject if answer else None

    async def _exchange(self, who: Process) -> None:
        """Lines ring; some callers hang up; the exchange tells of some calls twice, under another key too."""
        number = 0
        while True:
            await self.wait(who, _CALL_S)
            number += 1
            dialled: Any = who.random.choice(("110", "119", "122"))
            call = f"pbx-{number}"
            report = q.ReportCall(call=call, dialled=dialled, caller=f"135{who.random.randint(0, 99999999):08}")
            await self._ask(who, report, county.EXCHANGE, f"pbx/{call}")
            if who.random.random() < 0.1:
                await self._ask(who, report, county.EXCHANGE, f"pbx/{call}/again")
            if who.random.random() < 0.25:
                await self._loop.pause(20 * who.random.random())
                await self._ask(who, q.HangUpCall(call=call), county.EXCHANGE, f"pbx/{call}/gone")

    async def _cameras(self, who: Process) -> None:
        """Plates pass; those that a watch may mean are reported, and some passages twice."""
        number = 0
        while True:
            await self.wait(who, _CAMERA_S)
            watches = self._desks[0].mirror.where("watches", lambda row: row["state"] == "active")
            if not watches:
                continue
            number += 1
            watch = who.random.choice(watches)
            hit = q.ReportHit(
                watch=watch["id"], plate=who.random.choice(_PLATES), camera=who.random.choice(county.CAMERAS),
                seen_ms=self.clock_ms() - who.random.randint(0, 5000), confidence=0.9,
            )  # fmt: skip
            for copy in range(1 + (who.random.random() < 0.2)):
                await self._ask(who, hit, HUB, f"hit/{number}/{copy}")

    async def _officer_of(self, who: Process, unit: str) -> None:
        """Sign, depart, arrive, report; some are slow to sign, some refuse. Seen through one terminal or the desks'."""
        actor = county.actor("officer", f"officer-{unit}", unit)
        mirror = self._officer.mirror if unit == self._officer.actor.unit else self._desks[1].mirror
        asked = 0
        while True:
            await self.wait(who, 20.0)
            mine = mirror.where("orders", lambda row: row["unit"] == unit and row["ended_ms"] is None)
            if not mine:
                continue
            asked += 1
            await self._ask(who, _next_step(mine[0], who), actor, f"officer-{unit}/{asked}")


def _signed(request: q.Request, key: str) -> q.Request:
    """Write the key into the words of a request, so that its effect is known among all others."""
    words = _WORDS.get(type(request))
    return replace(request, **{words: f"{getattr(request, words)}{MARK}{key}"}) if words else request


def _next_step(order: dict[str, Any], who: Process) -> q.Request:
    match order["state"]:
        case "arrived":
            return q.FeedBack(order=order["id"], result="已处置")
        case "issued" if who.random.random() < 0.1:
            return q.RefuseOrder(order=order["id"], why="另有警情")
        case "issued":
            return q.StepOrder(order=order["id"], step=who.random.choice(("signed", "departed")))
        case "signed":
            return q.StepOrder(order=order["id"], step=who.random.choice(("signed", "departed", "arrived")))
        case _:
            return q.StepOrder(order=order["id"], step="arrived")


class _Device:
    """A handset on patrol: goes about, rests, falls silent, calls for help; keeps what is not taken.

    While people rest it stands and goes on reporting for a while: what a hub could not record is told with a later fix.
    One that has a `first` goes where that one goes, and gathers its fixes: they come after newer ones of the other.
    """

    def __init__(
        self, people: Population, network: Network, process: Process, name: str, first: _Device | None
    ) -> None:
        self._people = people
        self._network = network
        self._process = process
        self._id = name
        self._first = first
        self._lat, self._lon = county.LAT, county.LON
        self._heading = 0.0
        self._still = 0
        self._sos = 0
        self._outbox: deque[Position] = deque(maxlen=_OUTBOX_FIXES)
        self._at = 0

    @property
    def place(self) -> tuple[float, float]:
        """Return latitude and longitude."""
        return self._lat, self._lon

    async def run(self) -> None:
        """Report until the end of the simulation."""
        dice = self._process.random
        while True:
            await self._people.busy_for(min(dice.expovariate(1 / _FIX_S), 8 * _FIX_S))
            if dice.random() < 0.01:  # a tunnel, a flat battery: silent, then everything at once
                await self._people.busy_for(dice.uniform(60, 600))
            if self._people.resting:
                for _ in range(_RESTING_FIXES):
                    await self._report()
                    await self._network.loop.pause(_RESTING_FIX_S)
                await self._people.rested()
            else:
                self._move()
                await self._report()

    async def _report(self) -> None:
        lat, lon = self._first.place if self._first else self.place
        self._outbox.append(
            Position(
                device=self._id, at_ms=self._people.clock_ms(), lat=lat, lon=lon, source="mobile",
                accuracy_m=10.0, speed_kmh=20.0, sos=self._sos > 0,
            )
        )  # fmt: skip
        if self._first and not self._people.resting:
            await self._people.busy_for(_GATHERS_S * self._process.random.random())
        await self._send()

    def _move(self) -> None:
        dice = self._process.random
        self._sos = max(0, self._sos - 1) or (_SOS_FIXES if dice.random() < _SOS_SHARE else 0)
        if self._still > 0 or dice.random() < 0.005:
            self._still = self._still - 1 if self._still else 50
            return
        if dice.random() < 0.2:
            self._heading = dice.uniform(0, 2 * math.pi)
        if max(abs(self._lat - county.LAT), abs(self._lon - county.LON)) > 0.013:
            self._heading = math.atan2(county.LON - self._lon, county.LAT - self._lat)
        self._lat += 0.0015 * math.cos(self._heading)
        self._lon += 0.0015 * math.sin(self._heading)

    async def _send(self) -> None:
        """Send what waits, now and then in another order or twice; another hub next time where this one fails."""
        dice = self._process.random
        batch = list(self._outbox)
        if dice.random() < 0.05:
            dice.shuffle(batch)
        node = self._network.nodes[self._at]
        try:
            for _ in range(1 + (dice.random() < 0.05)):
                await self._network.hand(self._process, node, lambda at: at.positions(batch))
        except (TriuneError, TimeoutError):
            self._at = (self._at + 1) % len(self._network.nodes)
        else:
            self._network.audit.fixes_taken(batch)
            self._outbox.clear()
