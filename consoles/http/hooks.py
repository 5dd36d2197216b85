"""Webhooks of the case and approval services: signed, fresh, and acted on once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web
from prometheus_client import Counter

from command.actors import Actor
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.links.approval import APPROVAL_SERVICE, request_of
from command.links.case import record
from command.links.service_messages import ApprovalEvent, CaseEvent
from command.links.subscriber import Subscriber
from command.services.bodies import read_body
from consoles.http.context import LIVE, context_of
from consoles.http.identity import is_open

CASE_SERVICE = Actor(id="case-service", name="case-service", roles=frozenset({"service"}))
REFUSED = Counter("triune_webhooks_refused", "Signed events that the record refused for good", ["service"])

log = logging.getLogger(__name__)


def routes(site: str, subscribers: Mapping[str, Subscriber]) -> list[web.RouteDef]:
    """Return the routes; `subscribers` holds who hears each service once the hub follows it."""

    async def body_of(request: web.Request, service: str) -> tuple[str, bytes]:
        subscriber = subscribers.get(service)
        if subscriber is None:
            raise UnavailableError(f"the {service} service is not followed yet")
        body = await read_body(request, REQUEST_BODY_BYTES)
        return subscriber.hear(request.headers, body), body

    @is_open
    async def case(request: web.Request) -> web.Response:
        _, body = await body_of(request, "case")
        event = msgspec.json.decode(body, type=CaseEvent)
        if event.case.source == f"triune:{site}":
            hub = context_of(request).spaces[LIVE].hub
            await _unless_refused("case", lambda: record(hub, event.case, CASE_SERVICE))
        return web.Response(status=204)

    @is_open
    async def approval(request: web.Request) -> web.Response:
        event_id, body = await body_of(request, "approval")
        event, hub = msgspec.json.decode(body, type=ApprovalEvent), context_of(request).spaces[LIVE].hub

        async def hear() -> None:
            if (asked := await request_of(event, site, hub)) is not None:
                await hub.ask(asked, APPROVAL_SERVICE, f"{APPROVAL_SERVICE.id}/{event_id}")

        await _unless_refused("approval", hear)
        return web.Response(status=204)

    return [web.post("/api/v1/hooks/case", case), web.post("/api/v1/hooks/approval", approval)]


async def _unless_refused(service: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do it; what is refused for good is counted and acknowledged.

    It was decided here first, or is about something of a restored past: another attempt changes nothing, and would
    hold up every event behind it.
    """
    try:
        await work()
    except TriuneError as error:
        if isinstance(error, TooManyError) or error.status >= TriuneError.status:
            raise
        REFUSED.labels(service).inc()
        log.warning("an event of the %s service was refused: %s", service, error.detail)
