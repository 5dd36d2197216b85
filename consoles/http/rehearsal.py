"""Rehearsals over HTTP: what can be rehearsed, what runs, and the director's hand on it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import DESK, Actor
from command.facts.plan_definition import Bilingual, PlanDefinition
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.requests import Id
from command.services.bodies import read_body
from command.tables import Tables
from consoles.http.context import LIVE, Context, Space, actor_of, context_of, require
from consoles.http.record import json_response
from consoles.http.rehearsal_csv import file_of
from consoles.http.track_csv import Language
from consoles.push import Feed
from plans.evaluate import Evaluation
from plans.library import Library, Unreadable, read_library
from plans.limits import REHEARSAL_IDLE_MS, REHEARSAL_SWEEP_MS, REHEARSALS
from plans.marking import TaskLine
from plans.recorder import Told
from plans.registers import registers_of
from plans.rehearsal import Refusal, Rehearsal, Speed, State, about
from plans.reports import ReportInfo, Reports, report_id, report_of
from plans.scenario import Happening, Scripted, UnitMoves, UnitResponds

log = logging.getLogger(__name__)
SEES = (*sorted(DESK), "director")
DIRECTS = ("director", "commander")
_TOLD_SHOWN = 200


class Begin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Start a scenario for a plan."""

    plan: Id
    scenario: Id
    speed: Speed = 1.0


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The director's hand: `speed` for action speed, `to_s` since the start for action jump."""

    action: Literal["pause", "resume", "speed", "jump", "stop"]
    speed: Speed | None = None
    to_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None


class ScenarioInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that can be run; `duration_s` is its length in its own time."""

    id: str
    plan: str
    title: Bilingual
    duration_s: float


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A rehearsal that is there. Instants are of its own clock; `report` is what it came to, once that is kept."""

    space: str
    plan: str
    plan_title: Bilingual
    scenario: str
    title: Bilingual
    state: State
    speed: Speed
    by: str
    starts_ms: int
    ends_ms: int
    now_ms: int
    report: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What can be rehearsed, what is running, and what earlier ones came to, the newest first."""

    scenarios: list[ScenarioInfo]
    unreadable: tuple[Unreadable, ...]
    running: list[RunInfo]
    reports: list[ReportInfo]


class EventLine(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the script, come or to come."""

    at_ms: int
    kind: str
    about: str
    text: str


class RehearsalView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a director's screen shows. `told` are the newest of `told_total`."""

    run: RunInfo
    past: list[EventLine]
    next: list[EventLine]
    tasks: list[TaskLine]
    evaluation: Evaluation
    refused: list[Refusal]
    told: list[Told]
    told_total: int


@dataclass
class _Run:
    rehearsal: Rehearsal
    feed: Feed
    by: str
    began_ms: int
    touched_ms: int
    task: asyncio.Task[None] | None = None


class Rehearsals:
    """All rehearsals of a hub. Each is a space like the live one while it lasts."""

    def __init__(
        self, context: Context, folders: Sequence[Traversable], reports: Reports, group: asyncio.TaskGroup
    ) -> None:
        self.reports = reports
        self._context = context
        self._folders = folders
        self._group = group
        self._runs: dict[str, _Run] = {}
        self._numbers = itertools.count(1)

    async def overview(self) -> Overview:
        """Return what there is."""
        library, _ = await self._library()
        scenarios = [
            ScenarioInfo(id=s.id, plan=s.plan, title=s.title, duration_s=s.ends_ms / 1000) for s in library.scenarios
        ]
        running = [self._info(run) for run in self._runs.values()]
        reports = [report.in_short for report in self.reports.newest()]
        return Overview(scenarios=scenarios, unreadable=library.unreadable, running=running, reports=reports)

    async def begin(self, wanted: Begin, actor: Actor) -> str:
        """Copy the registers, start, and return the space's name once consoles can connect to it.

        Raises `UnknownIdError` for a plan or scenario that is not there and `TooManyError` past `REHEARSALS`.
        """
        library, plans = await self._library()
        scenario = library.find(wanted.scenario, wanted.plan)
        if scenario is None:
            raise UnknownIdError(f"no scenario {wanted.scenario} for a published plan {wanted.plan}")
        live, clock = self._context.spaces[LIVE].hub, self._context.clock
        now_ms = clock.now_ms()
        registers, limits = await live.read(lambda t: (registers_of(t, now_ms), t.limits))
        # Nothing is awaited from here until it is there: of several begun at once none may slip past the limit.
        if len(self._runs) >= REHEARSALS:
            raise TooManyError(f"{REHEARSALS} rehearsals are there already; stop one")
        space = f"rehearsal-{next(self._numbers)}"
        rehearsal = Rehearsal(space, plans[wanted.plan], scenario, registers, speed=wanted.speed, limits=limits)
        feed = Feed(rehearsal.hub, clock, self._context.kept_to)
        run = self._runs[space] = _Run(rehearsal, feed, actor.id, now_ms, now_ms)
        run.task = self._group.create_task(self._live(run), name=space)
        await rehearsal.ready.wait()
        if space not in self._runs:
            raise UnavailableError("the rehearsal could not begin; the fault is in the log")
        self._context.spaces[space] = Space(space, rehearsal.hub, run.feed, rehearsal.readings)
        return space

    async def _live(self, run: _Run) -> None:
        """Run it; a fault in it must not take the hub with it."""
        space = run.rehearsal.space
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run.rehearsal.run(), name=f"run-{space}")
                tasks.create_task(run.feed.run(), name=f"feed-{space}")
                tasks.create_task(self._keep_at_end(run), name=f"report-{space}")
        except Exception:
            log.exception("rehearsal %s failed", space)
        finally:
            self._runs.pop(space, None)
            self._context.spaces.pop(space, None)
            run.feed.close()
            run.rehearsal.ready.set()

    async def _keep_at_end(self, run: _Run) -> None:
        await run.rehearsal.ended.wait()
        await self._keep(run)

    async def _keep(self, run: _Run) -> None:
        """Keep what it came to; a disk that refuses ends no rehearsal."""
        try:
            report = await report_of(run.rehearsal, run.by, run.began_ms, self._context.clock.now_ms())
            if report is not None:
                await asyncio.to_thread(self.reports.keep, report)
        except (OSError, TriuneError) as error:
            log.warning("what rehearsal %s came to could not be kept: %s", run.rehearsal.space, error)

    def need(self, space: str) -> _Run:
        """Return a rehearsal that somebody looks at or steers."""
        run = self._runs.get(space)
        if run is None:
            raise UnknownIdError(f"no rehearsal {space[:64]!r}")
        run.touched_ms = self._context.clock.now_ms()
        return run

    async def control(self, space: str, control: Control) -> None:
        """Do what the director wants."""
        rehearsal = self.need(space).rehearsal
        match control.action:
            case "pause":
                rehearsal.pause()
            case "resume":
                rehearsal.resume()
            case "speed" if control.speed is not None:
                rehearsal.set_speed(control.speed)
            case "jump" if control.to_s is not None:
                rehearsal.jump(rehearsal.scenario.starts_ms + round(control.to_s * 1000))
            case "stop":
                await self.stop(space)
            case _:
                raise InvalidInputError("speed needs a speed, jump needs to_s")

    async def stop(self, space: str) -> None:
        """End it; its space is gone, what it came to is kept."""
        run = self._runs.pop(space, None)
        if run is None:
            return
        try:
            await self._keep(run)
        finally:
            self._context.spaces.pop(space, None)
            if run.task is not None:
                run.task.cancel()

    async def stop_all(self) -> None:
        """End everything."""
        for space in list(self._runs):
            await self.stop(space)

    async def stop_idle(self) -> None:
        """Stop those that nobody watches or steers, looking from time to time until cancelled."""
        while True:
            await self._context.clock.sleep(REHEARSAL_SWEEP_MS)
            now_ms = self._context.clock.now_ms()
            for space, run in list(self._runs.items()):
                if len(run.feed):
                    run.touched_ms = now_ms
                elif now_ms - run.touched_ms > REHEARSAL_IDLE_MS:
                    log.info("rehearsal %s is stopped: nobody was there", space)
                    await self.stop(space)

    async def view(self, space: str) -> RehearsalView:
        """Return everything about one."""
        run = self.need(space)
        rehearsal = run.rehearsal
        outcome = await rehearsal.outcome()
        told = rehearsal.recorder.told
        return RehearsalView(
            run=self._info(run),
            past=[_line(rehearsal, happening) for happening in rehearsal.performed],
            next=[_line(rehearsal, happening) for happening in rehearsal.pending],
            tasks=outcome.tasks,
            evaluation=outcome.evaluation,
            refused=rehearsal.refused,
            told=told[-_TOLD_SHOWN:],
            told_total=len(told) + rehearsal.recorder.dropped,
        )

    def _info(self, run: _Run) -> RunInfo:
        rehearsal, report = run.rehearsal, report_id(run.rehearsal, run.began_ms)
        return RunInfo(
            space=rehearsal.space, plan=rehearsal.plan.id, plan_title=rehearsal.plan.title,
            scenario=rehearsal.scenario.id, title=rehearsal.scenario.title, state=rehearsal.state,
            speed=rehearsal.speed, by=run.by, starts_ms=rehearsal.scenario.starts_ms, ends_ms=rehearsal.ends_ms,
            now_ms=rehearsal.clock.now_ms(), report=report if report in self.reports else "",
        )  # fmt: skip

    async def _library(self) -> tuple[Library, dict[str, PlanDefinition]]:
        plans, units, cameras = await self._context.spaces[LIVE].hub.read(_names)
        return await asyncio.to_thread(read_library, self._folders, plans, units, cameras), plans


def _names(t: Tables) -> tuple[dict[str, PlanDefinition], frozenset[str], frozenset[str]]:
    return {plan.id: plan.definition for plan in t.plans}, frozenset(t.units.rows), frozenset(t.cameras.rows)


def _line(rehearsal: Rehearsal, happening: Happening) -> EventLine:
    event = happening.event
    words = (getattr(event, name, "") for name in ("title", "text", "note", "why", "reason", "plate", "step"))
    return EventLine(
        at_ms=rehearsal.scenario.starts_ms + happening.offset_ms,
        kind=str(event.__struct_config__.tag),
        about=about(event),
        text=next((word for word in words if word), ""),
    )


@asynccontextmanager
async def rehearsals(
    context: Context, folders: Sequence[Traversable], reports: Path
) -> AsyncIterator[list[web.RouteDef]]:
    """Keep rehearsals as long as the site runs; gives the routes.

    `folders` hold scenarios as `*.yaml`; what rehearsals came to is kept in the folder `reports`.
    """
    kept = await asyncio.to_thread(Reports, reports)
    async with asyncio.TaskGroup() as group:
        keeper = Rehearsals(context, folders, kept, group)
        idle = group.create_task(keeper.stop_idle(), name="rehearsals-idle")
        try:
            yield routes(keeper)
        finally:
            idle.cancel()
            await keeper.stop_all()


def routes(keeper: Rehearsals) -> list[web.RouteDef]:
    """Return the routes."""

    async def overview(request: web.Request) -> web.Response:
        require(actor_of(request), *SEES)
        return json_response(await keeper.overview())

    async def begin(request: web.Request) -> web.Response:
        require(actor_of(request), *DIRECTS)
        wanted = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=Begin)
        return json_response({"space": await keeper.begin(wanted, actor_of(request))})

    async def view(request: web.Request) -> web.Response:
        require(actor_of(request), *SEES)
        return json_response(await keeper.view(request.match_info["space"]))

    async def control(request: web.Request) -> web.Response:
        require(actor_of(request), *DIRECTS)
        wanted = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=Control)
        await keeper.control(request.match_info["space"], wanted)
        return web.Response(status=204)

    async def inject(request: web.Request) -> web.Response:
        require(actor_of(request), *DIRECTS)
        event = decode_event(await read_body(request, REQUEST_BODY_BYTES))
        await keeper.need(request.match_info["space"]).rehearsal.inject(event)
        return web.Response(status=204)

    async def report(request: web.Request) -> web.Response:
        """`GET /api/v1/rehearsals/reports/{report}?language=`: marks and tasks as CSV, in `zh` (usual) or `en`."""
        require(actor_of(request), *SEES)
        found = keeper.reports.need(request.match_info["report"])
        language = msgspec.convert(request.query.get("language", "zh"), Language)
        people = await context_of(request).accounts.people()
        return file_of(found, language, actor_of(request), people, context_of(request).clock.now_ms())

    return [
        web.get("/api/v1/rehearsals", overview),
        web.get("/api/v1/rehearsals/reports/{report}", report),
        web.post("/api/v1/rehearsals", begin),
        web.get("/api/v1/rehearsals/{space}", view),
        web.post("/api/v1/rehearsals/{space}/control", control),
        web.post("/api/v1/rehearsals/{space}/inject", inject),
    ]


_EVENT = Scripted | UnitResponds | UnitMoves


def decode_event(body: bytes) -> _EVENT:
    """Return an event as a script has it, but without its time; `msgspec.ValidationError` says what is wrong."""
    written = msgspec.json.decode(body, type=dict[str, object])
    event: _EVENT = msgspec.convert({**written, "at": "00:00:00"}, _EVENT)
    return event
