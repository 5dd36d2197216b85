"""A rehearsal: a scenario runs a plan in a space of its own, by the very same hub, rules and uplink."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from command.facts.plan_definition import PlanDefinition
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError, TriuneError, UnknownIdError
from command.kernel.tasks import first_of
from command.readings import Position, Sighting
from command.readings.memory import MemoryReadings
from command.rows import UnitRow
from command.settings import Limits
from command.tables import Tables
from command.uplink.hub_uplink import HubUplink
from plans.evaluate import Evaluation
from plans.expand import expand
from plans.limits import REHEARSAL_FACTS, REHEARSAL_REFUSALS, REHEARSAL_SPEED, REHEARSAL_STANDBY_MS, SCENARIO_HAPPENINGS
from plans.marking import TaskLine, evaluation, task_lines
from plans.recorder import Recorder
from plans.registers import Registers, device_of, enrol
from plans.scenario import (
    Happening,
    PlateSighted,
    Scenario,
    Scripted,
    UnitFix,
    UnitMoves,
    UnitResponds,
    UnitStep,
)
from plans.script import Script

Speed = float | Literal["max"]
"""Virtual for real time, 1 to `REHEARSAL_SPEED`, or from one event to the next without waiting."""

State = Literal["preparing", "running", "paused", "ended"]

_AFTER_END_MS: Final = 60 * 60 * 1000
_ROUNDS: Final = 8
"""Looks at the tables in which whoever was woken by the clock has surely come to ask: the longest way is six."""
_SETTLES: Final = 1000


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What the record refused the script, and why; part of what a rehearsal shows."""

    at_ms: int
    kind: str
    about: str
    code: str
    why: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal came to: marks, and each task planned against done."""

    now_ms: int
    evaluation: Evaluation
    tasks: list[TaskLine]


class Rehearsal:
    """One run. `run` does everything; `ready` is set once the registers are copied, `ended` at the scenario's end.

    After the end the space stands still and can be looked at until `run` is cancelled.
    """

    def __init__(
        self,
        space: str,
        plan: PlanDefinition,
        scenario: Scenario,
        registers: Registers,
        *,
        speed: Speed = 1.0,
        limits: Limits | None = None,
    ) -> None:
        if scenario.plan != plan.id:
            raise InvalidInputError(f"the scenario {scenario.id} is for plan {scenario.plan}, not {plan.id}")
        self.space, self.plan, self.scenario = space, plan, scenario
        self.state: State = "preparing"
        self.ready, self.ended = asyncio.Event(), asyncio.Event()
        self.clock = VirtualClock(scenario.starts_ms)
        self.ends_ms = scenario.starts_ms + scenario.ends_ms
        self.journal, self.readings = MemoryJournal(), MemoryReadings()
        # Units that the script leaves where they are stand by; that is no idling, so it is too short to be.
        limits = limits or Limits()
        limits = replace(limits, still_s=max(limits.still_s, (scenario.ends_ms + _AFTER_END_MS) // 1000))
        self.hub = Hub(space, self.clock, self.journal, limits)
        self.uplink = HubUplink(self.hub, self.readings, _NoTokens(), self.clock)
        self.recorder = Recorder(self.hub)
        self.refused: list[Refusal] = []
        self.performed: list[Happening] = []
        """Events that were carried out or refused, fixes left out; offsets as they came."""
        self.prepared_seq = 0
        self.speed: Speed = _checked(speed)
        self._registers = registers
        self._script = Script(scenario, plan)
        self._order = itertools.count()
        self._pending: list[tuple[int, int, Happening]] = []
        self._schedule(expand(scenario))
        self._standby_ms = scenario.starts_ms
        self._places: dict[str, tuple[float, float]] = {}
        self._heard_ms: dict[str, int] = {}
        self._devices: dict[str, str] = {}
        self._leap_to_ms = 0
        self._changed = asyncio.Event()

    @property
    def pending(self) -> list[Happening]:
        """What is still to come, in order, fixes left out."""
        return [happening for _, _, happening in sorted(self._pending) if not isinstance(happening.event, UnitFix)]

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.hub.run(), name=f"hub-{self.space}")
            await self._prepare()
            tasks.create_task(self.uplink.run(), name=f"uplink-{self.space}")
            tasks.create_task(self.recorder.run(), name=f"recorder-{self.space}")
            self.state = "running"
            self._set_pace()
            self.ready.set()
            await self._play()
            self.state = "ended"
            self.clock.set_speed(0)
            self.ended.set()

    # what the director does

    def pause(self) -> None:
        """Stop the clock; people at their consoles can go on."""
        self._steer("paused")

    def resume(self) -> None:
        """Go on."""
        self._steer("running")

    def set_speed(self, speed: Speed) -> None:
        """Go on at another speed; while paused it is kept for later."""
        self._check_steerable()
        self.speed = _checked(speed)
        self._steer(self.state)

    def jump(self, to_ms: int) -> None:
        """Let everything up to an instant happen at once; a paused rehearsal stays paused there."""
        self._check_steerable()
        if not self.clock.now_ms() <= to_ms <= self.ends_ms:
            raise InvalidInputError("a rehearsal jumps forward, and not beyond its end")
        self._leap_to_ms = to_ms
        self._steer(self.state)

    async def inject(self, event: Scripted | UnitResponds | UnitMoves) -> None:
        """Let one more event of a script begin now, whatever its `at` says. Raises what the record refuses it with."""
        self._check_steerable()
        alone = replace(self.scenario, events=(replace(event, at="00:00:00"),), ends="24:00:00")
        happenings = expand(alone)
        now_ms = self.clock.now_ms()
        if isinstance(event, UnitMoves | UnitResponds):
            await self.hub.read(lambda t: t.units.need(event.unit))
            if len(self._pending) + len(happenings) > SCENARIO_HAPPENINGS:
                raise InvalidInputError("too much is still to come for one more track")
            self._schedule(happenings, now_ms - self.scenario.starts_ms)
            self._changed.set()
        else:
            self._script.learn(event)
            for error in await self._perform(replace(happenings[0], offset_ms=now_ms - self.scenario.starts_ms)):
                raise error

    async def outcome(self) -> Outcome:
        """Return the marks as they are now."""
        return await self.hub.read(self._outcome)

    def _outcome(self, t: Tables) -> Outcome:
        now_ms = self.clock.now_ms()
        try:
            activation = self._script.activation(t).id
        except UnknownIdError:
            activation = None
        return Outcome(
            now_ms=now_ms,
            evaluation=evaluation(t, self.plan, activation, now_ms),
            tasks=task_lines(t, self.plan, activation, now_ms),
        )

    def _check_steerable(self) -> None:
        if self.state not in ("running", "paused"):
            raise ConflictError(f"the rehearsal is {self.state}")

    def _steer(self, state: State) -> None:
        self._check_steerable()
        self.state = state
        self._set_pace()
        self._changed.set()

    # how it goes on

    def _leaping(self) -> bool:
        """Say whether time jumps instead of passing."""
        return self.clock.now_ms() < self._leap_to_ms or (self.speed == "max" and self.state == "running")

    def _set_pace(self) -> None:
        stands = self._leaping() or self.state != "running" or self.speed == "max"
        self.clock.set_speed(0.0 if stands else float(self.speed))

    def _schedule(self, happenings: list[Happening], later_ms: int = 0) -> None:
        for happening in happenings:
            at_ms = self.scenario.starts_ms + happening.offset_ms + later_ms
            moved = replace(happening, offset_ms=happening.offset_ms + later_ms)
            heapq.heappush(self._pending, (at_ms, next(self._order), moved))

    async def _prepare(self) -> None:
        await enrol(self.hub, self._registers, self.plan, self.ends_ms + _AFTER_END_MS)
        units: list[UnitRow] = await self.hub.read(lambda t: list(t.units))
        firsts: dict[str, tuple[float, float]] = {}
        for event in self.scenario.events:
            if isinstance(event, UnitMoves):
                firsts.setdefault(event.unit, (event.waypoints[0].lat, event.waypoints[0].lon))
        for unit in units:
            self._devices[unit.id] = device_of(unit)
            self._places[unit.id] = firsts.get(unit.id) or self._registers.place_of(unit)
        self.prepared_seq = self.hub.committed_seq

    async def _play(self) -> None:
        while self.hub.committed_seq < REHEARSAL_FACTS:
            script_ms = self._pending[0][0] if self._pending else self.ends_ms
            next_ms = min(script_ms, self._standby_ms, self.ends_ms)
            if self.clock.now_ms() < next_ms:
                await self._let_pass(next_ms)
            elif self._standby_ms <= next_ms < self.ends_ms:
                await self._stand_by()
            elif self._pending and script_ms <= self.ends_ms:
                await self._perform(heapq.heappop(self._pending)[2])
                if self._leaping():
                    await self._settle()
            else:
                break
        await self._settle()

    async def _let_pass(self, until_ms: int) -> None:
        """Let time go on, at the pace it has, to the instant or until the director changes something."""
        self._changed.clear()
        if self._leaping():
            await self._settle()
            leap_ms = until_ms if self.speed == "max" and self.state == "running" else self._leap_to_ms
            wake_ms = self.clock.next_wake_ms()
            self.clock.advance(min(until_ms, leap_ms, until_ms if wake_ms is None else wake_ms))
            if not self._leaping():
                self._set_pace()
            return
        await first_of(self._changed.wait(), self.clock.sleep_until(until_ms))

    async def _settle(self) -> None:
        """Return when everybody has done what this instant brings: deadlines, conclusions, links.

        Nothing in a rehearsal waits for the outside, so whoever has something to do does it within a few turns of the
        loop. So a run at full speed is the same every time, and leaves nothing out.
        """
        for _ in range(_SETTLES):
            asked = self.hub.counters.requests
            for _ in range(_ROUNDS):
                await self.hub.read(_look)
            now_ms = self.clock.now_ms()
            due = await self.hub.read(lambda t: any(d.at_ms <= now_ms for d in t.deadlines))  # noqa: B023 - awaited here
            if self.hub.counters.requests == asked and self.recorder.idle and not due:
                return

    async def _perform(self, happening: Happening) -> list[TriuneError]:
        """Carry one event out; what is refused is noted and returned."""
        errors: list[TriuneError] = []
        event = happening.event
        if isinstance(event, UnitFix):
            self._places[event.unit] = (event.lat, event.lon)
            fix = self._fix(event.unit, event.speed_kmh, event.heading_deg)
            try:
                await self.uplink.positions([fix])
            except TriuneError as error:
                errors.append(error)
        else:
            self.performed.append(happening)
            errors += await self._ask(event)
        for refusal in errors:
            self._note(event, refusal)
        return errors

    async def _ask(self, event: Scripted | UnitStep) -> list[TriuneError]:
        errors: list[TriuneError] = []
        now_ms = self.clock.now_ms()
        try:
            if isinstance(event, PlateSighted):
                await self.readings.add_sightings(self.space, [_sighting(event, now_ms)])
            asked = await self.hub.read(lambda t: self._script.requests(t, event, now_ms))
        except TriuneError as error:
            return [error]
        for request, actor in asked:
            try:
                await self.hub.ask(request, actor)
            except TriuneError as error:
                errors.append(error)
        return errors

    def _note(self, event: Scripted | UnitStep | UnitFix, error: TriuneError) -> None:
        if len(self.refused) < REHEARSAL_REFUSALS:
            self.refused.append(
                Refusal(
                    at_ms=self.clock.now_ms(), kind=str(event.__struct_config__.tag), about=about(event),
                    code=error.code, why=error.detail,
                )
            )  # fmt: skip

    async def _stand_by(self) -> None:
        """Units that said nothing for a while report where they are, as devices at rest do."""
        now_ms = self.clock.now_ms()
        self._standby_ms = now_ms + REHEARSAL_STANDBY_MS
        quiet = [u for u in self._places if now_ms - self._heard_ms.get(u, -1) >= REHEARSAL_STANDBY_MS]
        try:
            await self.uplink.positions([self._fix(unit, 0.0, None) for unit in quiet])
        except TriuneError as error:
            self.refused.append(
                Refusal(at_ms=now_ms, kind="standby", about=f"{len(quiet)}", code=error.code, why=error.detail)
            )

    def _fix(self, unit: str, speed_kmh: float, heading_deg: float | None) -> Position:
        lat, lon = self._places[unit]
        now_ms = self._heard_ms[unit] = self.clock.now_ms()
        return Position(
            device=self._devices.get(unit, f"rehearsal:{unit}"), at_ms=now_ms, lat=lat, lon=lon, source="scenario",
            accuracy_m=5.0, speed_kmh=speed_kmh, heading_deg=heading_deg,
        )  # fmt: skip


class _NoTokens:
    """No device signs in to a rehearsal: its positions come from the script."""

    async def register(self, device: str) -> str:
        """Refuse."""
        raise NoRightError(f"device {device} cannot sign in to a rehearsal")

    async def is_revoked(self, device: str) -> bool:
        """Say no."""
        del device
        return False

    async def check(self, device: str, token: str) -> bool:
        """Say no."""
        del device, token
        return False


def about(event: Scripted | UnitStep | UnitFix) -> str:
    """Return what an event is about, by the name that the script has for it."""
    for name in ("task", "unit", "units", "phase", "camera", "link", "situation", "call", "to"):
        value = getattr(event, name, None)
        if value:
            return " ".join(value) if isinstance(value, tuple) else str(value)
    return ""


def _checked(speed: Speed) -> Speed:
    if speed != "max" and not 1 <= speed <= REHEARSAL_SPEED:
        raise InvalidInputError(f"a speed is from 1 to {REHEARSAL_SPEED}, or max")
    return speed


def _sighting(event: PlateSighted, now_ms: int) -> Sighting:
    return Sighting(
        camera=event.camera, plate=event.plate, colour="unknown", first_ms=now_ms, last_ms=now_ms, reads=1,
        confidence=event.confidence,
    )  # fmt: skip


def _look(_: Tables) -> None:
    """Only come round."""
