"""The composition root: which parts a running hub has, in which order they start, and that they all end."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.access.passwords import new_password
from command.actors import Role
from command.hub import Hub
from command.journal import DamagedJournalError
from command.kernel.clock import Clock, SystemClock
from command.kernel.errors import ConflictError
from command.kernel.folders import held
from command.kernel.garbage import let_go_what_grew, spare_what_stays
from command.kernel.release import release
from command.passages import Passages
from command.snapshots import keep_snapshots, start_from_snapshot
from consoles.http import admin_health, health, hooks, metrics, plans, replay
from consoles.http import hubs as roll
from consoles.http.app import make_app
from consoles.http.context import LIVE, Context, Space
from consoles.http.proxies import Proxies
from consoles.http.rehearsal import rehearsals
from consoles.observe.asks import Asks
from consoles.observe.tracing import tracing
from consoles.parts.agents.part import EdgeAgents, edge_agents
from consoles.parts.background import background
from consoles.parts.base import Base
from consoles.parts.cameras.part import live_cameras
from consoles.parts.disks import disks
from consoles.parts.field import field
from consoles.parts.forgetting import forgetting
from consoles.parts.gb28181.part import gb28181
from consoles.parts.hubs.others import other_hubs
from consoles.parts.hubs.part import join, several_hubs
from consoles.parts.hubs.shared_clock import shared_clock
from consoles.parts.keeping import scheduled, vouching
from consoles.parts.outside import links, services
from consoles.parts.own_health import own_health
from consoles.parts.serving import serving
from consoles.parts.stores import Stores, stores
from consoles.parts.vehicles import vehicles
from consoles.parts.viid.part import viid
from consoles.push import Feed
from consoles.settings import Settings
from streams.plates.hours import ReadingHours

log = logging.getLogger(__name__)
PAGES = Path(__file__).parent / "web" / "dist"


@dataclass
class Site:
    """A running hub."""

    settings: Settings
    clock: Clock
    context: Context
    agents: EdgeAgents
    passages: Passages
    hours: ReadingHours
    http_url: str
    jt808_port: int
    first_password: str | None
    """Of the account "admin", made at a start that finds nobody who administers, and never shown again."""

    @property
    def hub(self) -> Hub:
        """The live space's hub."""
        return self.context.spaces[LIVE].hub


@asynccontextmanager
async def running_site(settings: Settings, *, county: Path | None = None) -> AsyncIterator[Site]:
    """Start everything; leaving stops it. `county` is the folder of base map layers of a demonstration.

    Raises `UnavailableError` where a file or port cannot be had.
    """
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(_base(settings))
        hub, kept, tasks = base.hub, base.kept, base.tasks
        signer = await stack.enter_async_context(vouching(base))
        from_seq = await _load(hub, kept)
        feed = Feed(hub, hub.clock, settings.cameras_kept_to)
        context = _context(base, county, Space(LIVE, hub, feed))
        tasks.start(hub.run(), "hub")
        tasks.start(feed.run(), "feed")
        tasks.start(keep_snapshots(hub, kept.snapshots, hub.clock, from_seq), "snapshots")
        tasks.start(signer.run(), "heads")
        tasks.start(let_go_what_grew(hub.clock), "garbage")
        backups, rooms = scheduled(base), disks(base)
        forgetting(base)
        known = await stack.enter_async_context(services(base))
        asks = await stack.enter_async_context(_observed(base, feed))
        cars = await vehicles(base, county)
        in_field = await stack.enter_async_context(field(base))
        hubs = several_hubs(base)
        agents = edge_agents(base, in_field.uplink, cars, hubs)
        cameras = await stack.enter_async_context(
            live_cameras(base, cars, gb28181(base, in_field.uplink), agents, hubs)
        )
        views = await stack.enter_async_context(viid(base, cars.passages))
        if kept.shared_now_ms:
            shared_clock(base, kept.shared_now_ms)
            await stack.enter_async_context(other_hubs(base, in_field.uplink, cars.passages))
        examiner = health.Examiner(base.degraded)
        scenarios = [folder / "scenarios" for folder in (Path(settings.data), county) if folder]
        directed = await stack.enter_async_context(rehearsals(context, scenarios, Path(settings.data) / "rehearsals"))
        routes = [
            *hooks.routes(base.site_id, known.subscribers),
            *replay.routes(context, kept.snapshots),
            *plans.routes,
            *health.routes(examiner),
            *admin_health.routes(examiner, own_health(base, context, signer, backups, rooms, hubs)),
            *metrics.routes(base.measured),
            *cars.routes,
            *(cars.judging.told(known.case.token) if known.case else ()),
            *(*cameras, *in_field.routes, *agents.routes, *directed, *views),
            *(hubs.door.routes() if hubs else ()),
            *roll.routes(kept.places),
        ]
        app = make_app(context, routes, settings.hubs)
        asks.watch(app)
        url = await stack.enter_async_context(serving(app, settings.host, settings.http_port, context.proxies))
        if hubs:
            join(hubs, base, url)
        await stack.enter_async_context(links(base, known, url))
        try:
            yield Site(
                settings, hub.clock, context, agents, cars.passages, kept.hours, url, in_field.jt808.port,
                # Last: a start that fails on the way, at a port that is taken, must not have shown it to nobody.
                None if county else await _first_password(kept.accounts),
            )  # fmt: skip
        finally:
            await tasks.stop()


@asynccontextmanager
async def _base(settings: Settings) -> AsyncIterator[Base]:
    """Open what the parts stand on, for this hub alone; leaving closes it, once what runs on it has ended."""
    data, clock, hub_id = Path(settings.data), SystemClock(), secrets.token_hex(4)
    with held(data):
        key = SiteKey.load(data / "site.key")
        async with background() as tasks, stores(settings, key, clock, hub_id, tasks) as kept:
            hub = Hub(LIVE, clock, kept.journal, settings.limits)
            yield Base(settings, key, hub_id, hub, kept, tasks, clock.now_ms())


@asynccontextmanager
async def _observed(base: Base, feed: Feed) -> AsyncIterator[Asks]:
    """Follow each request from its arrival to the rows that came of it."""
    hub = base.hub
    async with tracing(hub.clock, lambda: feed.sent_seq) as traces:
        if traces:
            base.tasks.start(traces.run(), "traces")
        asks = Asks(traces)
        hub.on_commit(asks.on_commit)
        base.measured.extend((
            metrics.durations("ask_durable_seconds", "From asking the hub to the commit (HTTP)", asks.durable_s),
            metrics.durations("journal_commit_seconds", "From handing over a batch to durable", hub.commit_s),
        ))  # fmt: skip
        yield asks


async def _load(hub: Hub, kept: Stores) -> int:
    """Load the record, and return the fact of the snapshot that it went on from, or 0."""
    from_seq = await start_from_snapshot(hub, kept.snapshots)
    told = await kept.cursors.furthest()
    await hub.load()
    if missing := told.missing(hub.committed_seq):
        hint = "Nothing is repaired: run `triune verify`, then restore a backup"
        raise DamagedJournalError(f"{missing}. {hint}", seq=hub.committed_seq + 1)
    spare_what_stays()
    return from_seq


def _context(base: Base, county: Path | None, live: Space) -> Context:
    return Context(
        clock=base.hub.clock,
        accounts=base.kept.accounts,
        blobs=base.kept.blobs,
        readings=base.kept.readings,
        hub_id=base.hub_id,
        release=release(),
        pages=PAGES,
        county=county,
        kept_to=base.settings.cameras_kept_to,
        proxies=Proxies(base.settings.proxies),
        spaces={LIVE: live},
    )


async def _first_password(accounts: Accounts) -> str | None:
    """Make somebody who administers where nobody does: accounts may have been made before the first start."""
    if await accounts.administered():
        return None
    password = new_password()
    try:
        await accounts.create("admin", "系统管理员", frozenset[Role]({"administrator"}), "", password)
    except ConflictError:
        if not await accounts.administered():  # else another hub of the site came first, and showed its password
            log.warning("nobody administers this site: `triune account add NAME --role administrator`")
        return None
    return password
