"""Plans as people write them: YAML in, errors by line, published once it is right."""

from __future__ import annotations

import asyncio

from aiohttp import web

from command.facts.plan_definition import PlanDefinition
from command.requests import PublishPlan
from command.services.bodies import read_body
from consoles.http.context import actor_of, context_of, require
from consoles.http.record import json_response
from plans.format import load_plan
from plans.limits import PLAN_FILE_BYTES


async def _read(request: web.Request) -> PlanDefinition:
    require(actor_of(request), "administrator", "commander")
    source = await read_body(request, PLAN_FILE_BYTES)
    return await asyncio.to_thread(load_plan, source)


async def check(request: web.Request) -> web.Response:
    """`POST /api/v1/plans/check`: the plan as it is understood; 400 lists every mistake with line and column."""
    return json_response(await _read(request))


async def publish(request: web.Request) -> web.Response:
    """`POST /api/v1/plans`: check and publish. A version that was published before has to be the same."""
    definition = await _read(request)
    answer = await context_of(request).space(request).hub.ask(PublishPlan(definition=definition), actor_of(request))
    return json_response(answer)


routes = [web.post("/api/v1/plans", publish), web.post("/api/v1/plans/check", check)]
