"""The composition root: which parts a running hub has, in which order they start, and that they all end."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from command.access import accounts as access
from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.actors import Role
from command.blobs import FolderBlobs
from command.hub import Hub
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import Clock, SystemClock
from command.kernel.database import SqliteDatabase
from command.readings.sqlite import SqliteReadings
from consoles.http import health, hooks, metrics, plans, replay
from consoles.http.app import make_app
from consoles.http.context import LIVE, Context, Space
from consoles.http.rehearsal import rehearsals
from consoles.observe.asks import Asks
from consoles.observe.tracing import tracing
from consoles.parts.background import background
from consoles.parts.field import field
from consoles.parts.outside import links, services
from consoles.parts.serving import serving
from consoles.parts.video import video
from consoles.push import Feed
from consoles.settings import Settings

PAGES = Path(__file__).parent / "web" / "dist"


@dataclass
class Site:
    """A running hub."""

    settings: Settings
    clock: Clock
    context: Context
    http_url: str
    jt808_port: int
    first_password: str | None
    """Of the account "admin", generated at the first start and never shown again."""

    @property
    def hub(self) -> Hub:
        """The live space's hub."""
        return self.context.spaces[LIVE].hub


@asynccontextmanager
async def running_site(settings: Settings, *, county: Path | None = None) -> AsyncIterator[Site]:
    """Start everything; leaving stops it. `county` is the folder of base map layers of a demonstration.

    Raises `UnavailableError` where a file or port cannot be had.
    """
    clock = SystemClock()
    data = Path(settings.data)
    async with AsyncExitStack() as stack:
        key = SiteKey.load(data / "site.key")
        journal = SqliteJournal(data / "journal.sqlite3")
        stack.push_async_callback(journal.close)
        readings = SqliteReadings(data / "readings.sqlite3")
        stack.push_async_callback(readings.close)
        accounts = await Accounts.open(SqliteDatabase(data / "access.sqlite3", access.SCHEMA, "access"), key, clock)
        stack.push_async_callback(accounts.close)
        first_password = None if county else await _first_password(accounts)

        hub = Hub(LIVE, clock, journal, settings.limits)
        await hub.load()
        feed = Feed(hub, clock)
        context = Context(
            clock=clock,
            accounts=accounts,
            blobs=FolderBlobs(data / "blobs", key.box("blobs")),
            readings=readings,
            hub_id=secrets.token_hex(4),
            release=version("triune"),
            pages=PAGES,
            county=county,
            spaces={LIVE: Space(LIVE, hub, feed)},
        )
        tasks = await stack.enter_async_context(background())
        tasks.start(hub.run(), "hub")
        tasks.start(feed.run(), "feed")
        site_id = key.derive("site-id").hex()[:12]
        known = await stack.enter_async_context(services(settings, key, clock, tasks))
        traces = await stack.enter_async_context(tracing(clock, lambda: feed.sent_seq))
        if traces:
            tasks.start(traces.run(), "traces")
        asks = Asks(traces)
        hub.on_commit(asks.on_commit)
        degraded: list[health.Check] = []
        measured: list[metrics.Source] = [
            metrics.durations("ask_durable_seconds", "From asking the hub to the commit (HTTP)", asks.durable_s)
        ]
        cameras = await stack.enter_async_context(
            video(settings, hub, accounts, readings, context.blobs, tasks, measured)
        )
        in_field = await stack.enter_async_context(field(settings, hub, accounts, readings, tasks))
        scenarios = [folder / "scenarios" for folder in (data, county) if folder]
        directed = await stack.enter_async_context(rehearsals(context, scenarios))
        own = [*hooks.routes(site_id, known.secrets), *replay.routes(context), *plans.routes, *health.routes(degraded)]
        measured += [
            metrics.counted("uplink", "Positions and what followed from them", in_field.uplink.counters),
            metrics.counted("jt808", "JT/T 808 terminals", in_field.jt808.counters),
        ]
        routes = [*own, *metrics.routes(measured), *cameras, *in_field.routes, *directed]
        app = make_app(context, routes)
        asks.watch(app)
        url = await stack.enter_async_context(serving(app, settings.host, settings.http_port))
        followers = await stack.enter_async_context(links(settings, hub, site_id, known, url, tasks))
        measured.append(metrics.links_of(followers))
        try:
            yield Site(settings, clock, context, url, in_field.jt808.port, first_password)
        finally:
            await tasks.stop()


async def _first_password(accounts: Accounts) -> str | None:
    if await accounts.names():
        return None
    password = secrets.token_urlsafe(12)
    await accounts.create("admin", "系统管理员", frozenset[Role]({"administrator"}), "", password)
    return password
