"""`GET /metrics`, Prometheus text: for a collector on this machine, and for administrators. It names nobody."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from aiohttp import web
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from command.hub import Hub
from command.kernel.durations import BOUNDS_S, Durations
from command.kernel.errors import TriuneError
from command.links.follow import Follower
from command.tables import Tables
from consoles.http.context import LIVE, Context, context_of, require
from consoles.http.identity import is_open, who_asks
from consoles.http.proxies import is_loopback

Source = Callable[[], Iterable[Metric]]
"""Reads what a part has counted, when asked."""

_FORWARDED = ("Forwarded", "X-Forwarded-For")
_JOURNAL_S = 2.0
_GAUGES = frozenset({"connections"})
"""Of the counters of parts, those that go down again."""
_HUB_COUNTERS = {
    "requests": ("requests", "Requests that the hub was asked"),
    "refused": ("requests_refused", "Requests that a rule refused"),
    "repeated": ("requests_repeated", "Requests answered with their first answer"),
    "batches": ("batches", "Batches committed"),
    "failed_batches": ("batches_failed", "Batches that the journal did not take"),
    "faults": ("faults", "Faults in rules and listeners"),
}
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def routes(sources: Sequence[Source]) -> list[web.RouteDef]:
    """Return the route; `sources` are looked at with each request, so parts may still add theirs."""

    @is_open
    async def metrics(request: web.Request) -> web.Response:
        context = context_of(request)
        # What a proxy on this machine passes on comes from this machine too, and is anybody's.
        if not is_loopback(request.remote) or any(name in request.headers for name in _FORWARDED):
            require(await who_asks(context, request), "administrator")
        live = context.spaces[LIVE].hub
        found = [
            _build(context.release),
            *_of_consoles(context),
            *_of_hubs(context),
            *await _of_tables(live),
            *await _of_journal(live),
        ]
        found += [metric for source in sources for metric in source()]
        body = generate_latest(_Collected(found))
        return web.Response(body=body, headers={"Content-Type": _CONTENT_TYPE, "Cache-Control": "no-store"})

    return [web.get("/metrics", metrics)]


def _build(release: str) -> Metric:
    of = GaugeMetricFamily("triune_build_info", "1, with the release that runs", labels=["release"])
    of.add_metric([release], 1)
    return of


def counted(name: str, documentation: str, counters: object) -> Source:
    """Return a source of a counter for each number of a dataclass or msgspec struct."""

    def read() -> Iterator[Metric]:
        for what in _fields(counters):
            value, told = getattr(counters, what), f"{documentation}: {what.replace('_', ' ')}"
            if what in _GAUGES:
                yield GaugeMetricFamily(f"triune_{name}_{what}", told, value=value)
            else:
                yield CounterMetricFamily(f"triune_{name}_{what}", told, value=value)

    return read


def gauge(name: str, documentation: str, value_now: Callable[[], float]) -> Source:
    """Return a source of one number that goes up and down; `name` ends in its unit."""

    def read() -> Iterator[Metric]:
        yield GaugeMetricFamily(f"triune_{name}", documentation, value=value_now())

    return read


def durations(name: str, documentation: str, measured: Durations) -> Source:
    """Return a source of a histogram; `name` ends in `_seconds`."""

    def read() -> Iterator[Metric]:
        counts = [float(count) for count in measured.up_to()]
        buckets = list(zip([*map(str, BOUNDS_S), "+Inf"], counts, strict=True))
        yield HistogramMetricFamily(f"triune_{name}", documentation, buckets=buckets, sum_value=measured.total_s)

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
    inbox = GaugeMetricFamily("triune_hub_inbox_depth", "Requests and readers that wait", labels=["space"])
    events: dict[str, CounterMetricFamily] = {}
    for name, space in context.spaces.items():
        seq.add_metric([name], space.hub.committed_seq)
        accepting.add_metric([name], space.hub.accepting)
        inbox.add_metric([name], space.hub.inbox_depth)
        for what in _fields(space.hub.counters):
            family = events.setdefault(what, CounterMetricFamily(*_hub_counter(what), labels=["space"]))
            family.add_metric([name], getattr(space.hub.counters, what))
    yield from (seq, accepting, inbox, *events.values())


def _hub_counter(what: str) -> tuple[str, str]:
    """Return name and help of one of the hub's counters: what is counted first, then which of it."""
    name, told = _HUB_COUNTERS.get(what, (what, what.replace("_", " ").capitalize()))
    return f"triune_hub_{name}", told


async def _of_journal(hub: Hub) -> list[Metric]:
    """Return how many facts other hubs have recorded that this one has not taken in; nothing while nobody can tell."""
    told = "Facts in the journal that this hub's tables lack"
    try:
        async with asyncio.timeout(_JOURNAL_S):
            head = await hub.journal.head(hub.space)
    except (TriuneError, TimeoutError):
        return []
    return [GaugeMetricFamily("triune_hub_behind_facts", told, value=max(0, head.seq - hub.committed_seq))]


async def _of_tables(hub: Hub) -> list[Metric]:
    """Return what the live tables say; nothing where the hub has no time or has stopped."""
    now_ms = hub.clock.now_ms()
    try:
        async with asyncio.timeout(_JOURNAL_S):
            states, links, due_ms = await hub.read(lambda t: _states(t, now_ms))
    except (TriuneError, TimeoutError):
        return []
    cameras = GaugeMetricFamily("triune_cameras", "Cameras by state", labels=["state"])
    for state, number in states.items():
        cameras.add_metric([state], number)
    up = GaugeMetricFamily("triune_link_up", "1 where the outside service answered last", labels=["link"])
    for link, is_up in links.items():
        up.add_metric([link], is_up)
    overdue = GaugeMetricFamily(
        "triune_deadlines_overdue", "Deadlines past their instant that were not met yet", value=len(due_ms)
    )
    late_ms = max((now_ms - at_ms for at_ms in due_ms), default=0)
    late = GaugeMetricFamily(
        "triune_deadline_lateness_seconds", "How long the oldest of them is past", value=late_ms / 1000
    )
    return [cameras, up, overdue, late]


def _states(t: Tables, now_ms: int) -> tuple[dict[str, int], dict[str, bool], list[int]]:
    return (
        dict(Counter(str(camera.state) for camera in t.cameras)),
        {row.id: row.state == "up" for row in t.links},
        [row.at_ms for row in t.deadlines if row.at_ms < now_ms],
    )


class _Collected:
    """What was found here, after what modules keep in the process's own registry."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self._found
