"""Webhooks of the case and approval services: signed, fresh, and acted on once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from command.actors import Actor
from command.kernel.errors import ConflictError, UnavailableError, UnknownIdError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.links.approval import SERVICE_ACTOR, request_of
from command.links.case import record_of
from command.links.service_messages import ApprovalEvent, CaseEvent
from command.links.signing import verify
from command.requests import Request
from consoles.http.context import LIVE, context_of
from consoles.http.identity import is_open
from consoles.http.record import read_body

CASE_ACTOR = "case-service"


def routes(site: str, secrets: Mapping[str, str]) -> list[web.RouteDef]:
    """Return the routes; `secrets` holds each service's signing secret once the hub has subscribed there."""

    async def body_of(request: web.Request, service: str) -> tuple[str, bytes]:
        secret = secrets.get(service)
        if secret is None:
            raise UnavailableError(f"not subscribed to the {service} service yet")
        body = await read_body(request, REQUEST_BODY_BYTES)
        return verify(secret, request.headers, body, context_of(request).clock.now_ms()), body

    async def ask(request: web.Request, asked: Request, actor: str, event: str) -> None:
        service = Actor(id=actor, name=actor, roles=frozenset({"service"}))
        try:
            await context_of(request).spaces[LIVE].hub.ask(asked, service, f"{actor}/{event}")
        except (ConflictError, UnknownIdError):
            return  # decided here first, or about something of a restored past: nothing that another attempt changes

    @is_open
    async def case(request: web.Request) -> web.Response:
        event_id, body = await body_of(request, "case")
        event = msgspec.json.decode(body, type=CaseEvent)
        if event.case.source == f"triune:{site}":
            await ask(request, record_of(event.case), CASE_ACTOR, event_id)
        return web.Response(status=204)

    @is_open
    async def approval(request: web.Request) -> web.Response:
        event_id, body = await body_of(request, "approval")
        asked = request_of(msgspec.json.decode(body, type=ApprovalEvent), site)
        if asked is not None:
            await ask(request, asked, SERVICE_ACTOR, event_id)
        return web.Response(status=204)

    return [web.post("/api/v1/hooks/case", case), web.post("/api/v1/hooks/approval", approval)]
