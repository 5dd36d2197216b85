"""From a request to the facts it brought about: each HTTP request gets an id, and what it recorded is logged with it.

A key that the hub makes for a request begins with the request's id, and the journal keeps keys with their sequence
numbers: so from a row (changed at N) the journal leads to the key, and the key or N leads to these lines.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from aiohttp import web
from prometheus_client import Histogram

from command.batch import Committed
from command.kernel.correlation import Correlation, serving
from command.kernel.durations import Durations
from consoles.limits import ASKS_WATCHED, LOG_COMMITS_PER_S
from consoles.observe.logs import tell
from consoles.observe.trace_context import TraceContext, child_of, parse
from consoles.observe.tracing import Commit, Span, Tracing

log = logging.getLogger(__name__)
REQUEST_ID = "X-Request-Id"
_GONE = 499
"""The client went away before the answer; the number that proxies log it under."""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
DURATION = Histogram(
    "triune_http_request_duration_seconds", "From the head of a request to its answer, without websockets",
    ["method", "route", "status"], buckets=_BUCKETS_S,
)  # fmt: skip
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class _Asked:
    request_id: str
    since_s: float
    commit: Commit | None


@dataclass
class _Request:
    """One HTTP request while it is served."""

    context: TraceContext
    span: Span | None
    keys: list[str] = field(default_factory=list)


class Asks:
    """Follows HTTP requests to what they recorded. `on_commit` is for the hub, `watch` for the application."""

    def __init__(self, tracing: Tracing | None = None) -> None:
        self.durable_s = Durations()
        """From asking the hub to the commit, of HTTP requests."""
        self._tracing = tracing
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def watch(self, app: web.Application) -> None:
        """See each request of the application first, and its finished answer; before the application starts."""
        app.middlewares.insert(0, self._serve)

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Serve the request under its id, time it, and tell of every change, refusal and fault."""
        clock = asyncio.get_running_loop().time
        started_s, status = clock(), _GONE
        served = self._begin(request)
        correlation = Correlation(served.context.request_id, partial(self._note, served))
        try:
            with serving(correlation):
                try:
                    response = await handler(request)
                except web.HTTPException as error:
                    status = error.status
                    error.headers[REQUEST_ID] = correlation.request_id
                    raise
                status = response.status
                if not response.prepared:
                    response.headers[REQUEST_ID] = correlation.request_id
                return response
        finally:
            self._end(request, served, status, clock() - started_s)

    def _begin(self, request: web.Request) -> _Request:
        parent = parse(request.headers.get("traceparent"))
        if self._tracing is None:
            return _Request(child_of(parent), None)
        span = self._tracing.request(f"{request.method} {_route(request)}", parent)
        return _Request(span.context, span)

    def _note(self, served: _Request, key: str) -> None:
        """Remember under which request the hub is asked."""
        if key in self._asked:
            return  # two at once under one key: the first of them will have recorded it
        commit = self._tracing.commit(served.span) if self._tracing and served.span else None
        served.keys.append(key)
        self._asked[key] = _Asked(served.context.request_id, asyncio.get_running_loop().time(), commit)
        if len(self._asked) > ASKS_WATCHED:
            _, oldest = self._asked.popitem(last=False)
            if oldest.commit:
                oldest.commit.drop()

    def on_commit(self, entries: Sequence[Committed]) -> None:
        """Tell what became durable: asks of HTTP requests always, those of gateways and the hub itself when debugging.

        The latter come in thousands a second; what they say is in the journal under keys that say where they are from.
        """
        if not self._asked and not log.isEnabledFor(logging.DEBUG):
            return
        for entry in entries:
            asked = self._asked.pop(entry.key, None)
            level = logging.DEBUG if asked is None else logging.INFO
            if log.isEnabledFor(level):
                # Nothing else leads from a request to its numbers where the page made the key itself.
                tell(
                    log, level, "committed", per_s=LOG_COMMITS_PER_S if asked else None,
                    request_id=asked.request_id if asked else None, key=entry.key, actor=entry.actor,
                    request=entry.kind, first_seq=entry.first_seq, last_seq=entry.last_seq, subject=entry.subject,
                )  # fmt: skip
            if asked:
                self.durable_s.note(asyncio.get_running_loop().time() - asked.since_s)
            if asked and asked.commit:
                asked.commit.end(entry.kind, entry.first_seq, entry.last_seq, entry.subject)

    def _end(self, request: web.Request, served: _Request, status: int, took_s: float) -> None:
        route = _route(request)
        if status != _GONE:  # an ask of a client that went away may still be committed, and is told of then
            for key in served.keys:
                if (asked := self._asked.pop(key, None)) and asked.commit:
                    asked.commit.drop()
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            DURATION.labels(request.method, route, str(status)).observe(took_s)
        if served.span:
            served.span.end(status)
        if status == HTTPStatus.UNAUTHORIZED and request.method in _READS:
            level, event = logging.INFO, "refused"  # a page asks who is signed in before anybody is
        elif status >= 400:
            level, event = (logging.ERROR, "failed") if status == 500 else (logging.WARNING, "refused")
        else:
            level, event = (logging.DEBUG if request.method in _READS else logging.INFO), "answered"
        # The route and not the path or the query, in which persons, plates and tokens stand.
        tell(
            log, level, event, request_id=served.context.request_id, method=request.method, route=route,
            status=status, took_ms=round(took_s * 1000, 1), keys=list(served.keys),
        )  # fmt: skip


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"
