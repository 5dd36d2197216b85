"""`GET /metrics`, Prometheus text: for a collector on this machine, and for administrators. It names nobody."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from aiohttp import web
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from command.hub import Hub
from command.kernel.errors import TriuneError
from command.links.follow import Follower
from command.tables import Tables
from consoles.http.context import LIVE, Context, context_of, require
from consoles.http.identity import is_loopback, is_open, who_asks

Source = Callable[[], Iterable[Metric]]
"""Reads what a part has counted, when asked."""

_FORWARDED = ("Forwarded", "X-Forwarded-For")
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def routes(sources: Sequence[Source]) -> list[web.RouteDef]:
    """Return the route; `sources` are looked at with each request, so parts may still add theirs."""

    @is_open
    async def metrics(request: web.Request) -> web.Response:
        context = context_of(request)
        # What a proxy on this machine passes on comes from this machine too, and is anybody's.
        if not is_loopback(request.remote) or any(name in request.headers for name in _FORWARDED):
            require(await who_asks(context, request), "administrator")
        found = [*_of_consoles(context), *_of_hubs(context), *await _of_tables(context.spaces[LIVE].hub)]
        found += [metric for source in sources for metric in source()]
        body = generate_latest(_Collected(found))
        return web.Response(body=body, headers={"Content-Type": _CONTENT_TYPE, "Cache-Control": "no-store"})

    return [web.get("/metrics", metrics)]


def counted(name: str, documentation: str, counters: object) -> Source:
    """Return a source of one counter with a label for each number of a dataclass or msgspec struct."""

    def read() -> Iterator[Metric]:
        family = CounterMetricFamily(f"triune_{name}", documentation, labels=["what"])
        for what in _fields(counters):
            family.add_metric([what], getattr(counters, what))
        yield family

    return read


def links_of(followers: Sequence[Follower]) -> Source:
    """Return a source that says how far each link is."""

    def read() -> Iterator[Metric]:
        behind = GaugeMetricFamily("triune_link_behind_facts", "Facts a link has still to tell", labels=["link"])
        facts = CounterMetricFamily("triune_link_facts", "Facts told or skipped for good", labels=["link", "what"])
        for follower in followers:
            behind.add_metric([follower.name], follower.behind)
            for what in ("told", "refused", "faults"):
                facts.add_metric([follower.name, what], getattr(follower, what))
        yield from (behind, facts)

    return read


def _fields(counters: object) -> list[str]:
    if isinstance(counters, msgspec.Struct):
        return list(counters.__struct_fields__)
    assert dataclasses.is_dataclass(counters)
    return [one.name for one in dataclasses.fields(counters)]


def _of_consoles(context: Context) -> Iterator[Metric]:
    connected = GaugeMetricFamily("triune_consoles", "Consoles connected", labels=["space"])
    behind = GaugeMetricFamily("triune_consoles_behind", "Consoles that read too slowly just now", labels=["space"])
    stalled = CounterMetricFamily("triune_consoles_stalled", "Consoles cut off for reading nothing", labels=["space"])
    for name, space in context.spaces.items():
        connected.add_metric([name], len(space.feed))
        behind.add_metric([name], space.feed.behind)
        stalled.add_metric([name], space.feed.stalled)
    refused = CounterMetricFamily("triune_sign_ins_refused", "Sign-ins refused", value=context.accounts.refused)
    yield from (connected, behind, stalled, refused)


def _of_hubs(context: Context) -> Iterator[Metric]:
    seq = GaugeMetricFamily("triune_journal_seq", "Sequence number of the last durable fact", labels=["space"])
    accepting = GaugeMetricFamily("triune_hub_accepting", "1 while requests can be recorded", labels=["space"])
    events = CounterMetricFamily("triune_hub", "What the hub was asked, and how it went", labels=["space", "what"])
    for name, space in context.spaces.items():
        seq.add_metric([name], space.hub.committed_seq)
        accepting.add_metric([name], space.hub.accepting)
        for what in _fields(space.hub.counters):
            events.add_metric([name, what], getattr(space.hub.counters, what))
    yield from (seq, accepting, events)


async def _of_tables(hub: Hub) -> list[Metric]:
    """Return what the live tables say; nothing where the hub has no time or has stopped."""
    try:
        states, links = await hub.read(_states)
    except TriuneError:
        return []
    cameras = GaugeMetricFamily("triune_cameras", "Cameras by state", labels=["state"])
    for state, number in states.items():
        cameras.add_metric([state], number)
    up = GaugeMetricFamily("triune_link_up", "1 where the outside service answered last", labels=["link"])
    for link, is_up in links.items():
        up.add_metric([link], is_up)
    return [cameras, up]


def _states(t: Tables) -> tuple[dict[str, int], dict[str, bool]]:
    return dict(Counter(str(camera.state) for camera in t.cameras)), {row.id: row.state == "up" for row in t.links}


class _Collected:
    """What was found here, after what modules keep in the process's own registry."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self._found
