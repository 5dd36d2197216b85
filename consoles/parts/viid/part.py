"""GA/T 1400 (VIID) of the live space: the view library that others bring to and ask, and links to upper ones."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.hub import Hub
from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.kernel.errors import TriuneError
from command.kernel.postgres import Postgres
from command.leases import while_held
from command.links.follow import Follower
from command.links.viid import SCHEMA
from command.passages import Passages
from command.requests import ReportLink
from command.services.bodies import read_body
from command.telling import tell
from consoles.http import metrics
from consoles.http.proxies import Proxies
from consoles.parts.base import Base
from consoles.parts.serving import serving
from consoles.parts.stores import LINKS
from consoles.parts.viid.cascade_routes import CascadeRoutes
from consoles.parts.viid.cascade_store import CascadeStore
from consoles.parts.viid.cascades import Cascades
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.library import ViidLibrary
from consoles.parts.viid.lower_routes import LowerRoutes
from consoles.parts.viid.lower_store import LowerStore
from consoles.parts.viid.lowers import Lowers
from consoles.parts.viid.routes import ViidRoutes, off
from consoles.parts.viid.senders import Senders
from consoles.parts.viid.store import ViidStore
from consoles.parts.viid.tells import HitLink, Tells, is_of
from consoles.parts.watched import Watched
from consoles.settings import Settings, Viid
from edge.gb28181.pilot import where
from edge.viid.door import Door
from edge.viid.orders import host_of
from edge.viid.remote import Remote
from edge.viid.server import Server
from edge.viid.upper import Upper, UpperState

log = logging.getLogger(__name__)
_DAY_MS = 24 * 60 * 60 * 1000


def password_of(settings: Viid, key: SiteKey) -> str:
    """Return what systems have to know where none is set: no two sites have the same, and nobody has to keep it."""
    return settings.password or key.derive("viid-password").hex()[:16]


def link_of(upper: str) -> str:
    """Return what the link to an upper system is called."""
    return f"viid.{upper}"


@asynccontextmanager
async def viid(base: Base, passages: Passages) -> AsyncIterator[list[web.RouteDef]]:
    """Speak GA/T 1400 where the settings say so; gives the routes by which an administrator looks after it."""
    own, hub, kept, clock = base.settings.viid, base.hub, base.kept, base.hub.clock
    if own is None:
        yield off()
        return
    common, passwords = password_of(own, base.key), own.passwords

    def password(peer: str) -> str:
        return passwords.get(peer, common)

    async with AsyncExitStack() as stack:
        database = await _database(base.settings, stack)
        store, lower_store = ViidStore(database, clock), LowerStore(database, clock)
        cascade_store = CascadeStore(database, clock)
        devices = Devices(hub, store, own.server_id, _channels(kept.accounts))
        origins = {upper.id: upper.url.rstrip("/") for upper in own.uppers}
        receivers = [*own.receivers, *map(host_of, origins.values())]
        library = ViidLibrary(
            hub, kept.blobs, passages, store, devices, lower_store, cascade_store, own.server_id, receivers
        )
        hosts = {upper: host_of(url) for upper, url in origins.items()}
        door = Door(own.server_id[:10], own.algorithms, password, hosts)
        proxies = Proxies(base.settings.proxies)
        server = Server(own.server_id, door, library, clock, read_body, proxies.address_of, origins, own.datum)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        pushing = [upper.id for upper in own.uppers if upper.pushes]
        tells = Tells(hub, kept.readings, store, devices, own.server_id, pushing)
        senders = Senders(
            hub, kept.blobs, store, devices, own.server_id, _uppers(own, hub, http), pushing, http,
            password, base.settings.keep_readings_days * _DAY_MS, library.own_devices,
        )  # fmt: skip
        receive_at = own.receive_at.rstrip("/")
        lowers = Lowers(
            lower_store, http, clock, own.server_id, receive_at, own.datum, password, library.take_devices
        )  # fmt: skip
        cascades = Cascades(hub, cascade_store, lower_store, devices, http, own.server_id, receive_at, password)
        stack.callback(hub.listen(cascades.on_change))
        passages.on_stored(tells.on_passages)
        if not await kept.cursors.load(HitLink.name):  # no hit of before can be of a disposition
            await kept.cursors.store(HitLink.name, hub.committed_seq)
        follower = Follower(hub, kept.cursors, HitLink(hub, kept.readings, store, tells.counters))
        base.tasks.start(devices.run(), "viid-devices")
        base.tasks.start(tells.run(), "viid-passages")
        base.tasks.start(while_held(kept.leases, LINKS, follower.run), "viid-hits")
        base.tasks.start(while_held(kept.leases, LINKS, senders.run), "viid-senders")
        base.tasks.start(while_held(kept.leases, LINKS, lowers.run), "viid-lowers")
        base.tasks.start(while_held(kept.leases, LINKS, cascades.run), "viid-cascades")
        _watch_waiting(base, store, [*origins])
        base.measured.extend(_measured(server, door, tells, senders, lowers, cascades))
        url = await stack.enter_async_context(serving(server.application(), base.settings.host, own.port, proxies))
        yield [
            *ViidRoutes(own.server_id, url, hub, server, library, devices, store, senders).routes(),
            *LowerRoutes(own.server_id, own.receive_at, hub, devices, lower_store, lowers, library).routes(),
            *CascadeRoutes(own.server_id, own.receive_at, cascade_store, cascades, library).routes(),
        ]


def _watch_waiting(base: Base, store: ViidStore, uppers: Sequence[str]) -> None:
    """Tell how much waits for each upper system, whichever of several hubs it is that tells it."""

    async def waiting() -> dict[str, int | None]:
        kept = await store.waiting()
        return {link_of(upper): sum(kept[one] for one in kept if is_of(one, upper)) for upper in uppers}

    watched = Watched("what waits for GA/T 1400 systems", waiting, base.hub.clock)
    base.tasks.start(watched.run(), "viid-waiting")
    base.waits.append(lambda: watched.value or dict.fromkeys(map(link_of, uppers)))


def _uppers(own: Viid, hub: Hub, http: aiohttp.ClientSession) -> list[Upper]:
    return [
        Upper(
            Remote(http, own.server_id, upper.user or own.server_id, upper.password),
            UpperState(id=upper.id, url=upper.url.rstrip("/")),
            own.server_id,
            hub.clock,
            _report(hub, upper.id),
        )
        for upper in own.uppers
    ]


def _measured(
    server: Server, door: Door, tells: Tells, senders: Senders, lowers: Lowers, cascades: Cascades
) -> list[metrics.Source]:
    def lowers_down() -> int:
        return sum(state.up is False for state in lowers.states().values())

    def cascades_down() -> int:
        return sum(state.up is False for state in cascades.states().values())

    images = server.intake.images
    return [
        metrics.counted("viid", "GA/T 1400", server.counters),
        metrics.counted("viid_door", "GA/T 1400 registrations", door.counters),
        metrics.counted("viid_intake", "GA/T 1400 passages that came", server.intake.counters),
        metrics.counted("viid_told", "GA/T 1400 passages to be told", tells.counters),
        metrics.gauge("viid_peers", "GA/T 1400 systems registered", lambda: len(door.peers)),
        metrics.gauge("viid_shed", "GA/T 1400 passages dropped that waited for too long", lambda: senders.shed),
        metrics.gauge("viid_lowers_down", "GA/T 1400 lower systems that tell nothing now", lowers_down),
        metrics.gauge("viid_cascades_down", "GA/T 1400 lower systems that cannot be told the list", cascades_down),
        metrics.gauge("viid_images_unclaimed", "GA/T 1400 images whose vehicle never came", lambda: images.unclaimed),
    ]


async def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    if settings.journal:
        postgres = await Postgres.open(settings.journal, (), "site")
        stack.push_async_callback(postgres.close)
        return await PostgresDatabase.open(postgres, SCHEMA, "viid")
    db = SqliteDatabase(Path(settings.data) / "viid.sqlite3", SCHEMA, "viid")
    stack.push_async_callback(db.close)
    return db


def _channels(accounts: Accounts) -> Callable[[], Awaitable[dict[str, str]]]:
    """Return what finds the GB/T 28181 channel of each camera that is one: others know it by that id already."""

    async def channels() -> dict[str, str]:
        addresses = await accounts.camera_addresses()
        return {camera: found.channel for camera, text in addresses.items() if (found := where(text)) is not None}

    return channels


def _report(hub: Hub, upper: str) -> Callable[[bool, str], Awaitable[None]]:
    """Return what records how an upper system is, each time that it changes, whichever hub said so before."""
    link = link_of(upper)

    async def report(up: bool, reason: str) -> None:
        try:
            known = await hub.read(lambda tables: tables.links.get(link))
        except TriuneError:
            return  # where nothing can be read nothing can be recorded
        if known is None or (known.state == "up") is not up:
            said = ReportLink(link=link, up=up, reason=reason[:500])
            await tell(hub, said, log, f"the state of GA/T 1400 system {upper}")

    return report
