"""Cameras of the live space: their tasks, the relay to browsers, and the plate readers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import msgspec
from aiohttp import web

from command.access.accounts import Accounts
from command.hub import Changes, Hub
from command.kernel.errors import InvalidInputError, TriuneError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.passages import Passages
from command.readings import Sighting
from command.requests import ReportCamera
from command.rows import CameraRow
from command.services.bodies import read_body
from command.telling import tell
from consoles.http import adoption, cameras, health, metrics, ptz, stills
from consoles.http import publishing as publishing_routes
from consoles.http.adoption import Credential
from consoles.http.context import actor_of, context_of, require
from consoles.http.device_recordings import DeviceRecordings
from consoles.http.identity import Handler, is_open
from consoles.parts.agents import devices as agent_devices
from consoles.parts.agents import found as agent_found
from consoles.parts.agents.device_recordings import DeviceArchives, Registered
from consoles.parts.agents.part import EdgeAgents
from consoles.parts.agents.registry import SCHEME as AGENT_SCHEME
from consoles.parts.agents.registry import in_charge
from consoles.parts.background import Background
from consoles.parts.camera_alarms import alarm_of
from consoles.parts.camera_rights import authorised
from consoles.parts.gb28181.archive import ArchiveOfHubs
from consoles.parts.gb28181.listing import ListOfDevices
from consoles.parts.gb28181.of_hubs import register_devices, serving_hubs
from consoles.parts.gb28181.part import Adopted, Gateway
from consoles.parts.hits import Hits
from consoles.parts.hubs.part import Hubs
from consoles.parts.plate_aims import aims
from consoles.parts.publishing import publishing
from consoles.parts.reading_quality import Troubles
from consoles.parts.recording import recording
from consoles.parts.stores import CAMERAS, Stores
from consoles.parts.vehicles import Vehicles
from consoles.settings import Settings
from edge.agent.protocol import FOUND
from edge.gb28181.pilot import Where, where
from edge.onvif import gateway as onvif
from edge.onvif.diagnosis import ONVIF
from edge.onvif.discovery import Discovery
from edge.onvif.events import CameraEvent
from edge.onvif.trial import with_credentials
from edge.onvif.watching import EventWatch
from streams.camera import CameraSpec, CameraStatus
from streams.diagnosis import Ways
from streams.keeper import CameraKeeper
from streams.mse import MseViewers
from streams.plates.pool import PlatePool
from streams.plates.watcher import PlateWatcher
from streams.ptz import PtzControl, PtzGateways
from streams.relay import elsewhere
from streams.relay import http as relay_http
from streams.relay.relay import Relay
from streams.source import standard_sources
from streams.sources import SourceError, Sources, check_address, pulls_always, scheme_of
from streams.whep_source import whep_source
from streams.whip import SCHEME
from streams.whip_way import NOBODY

log = logging.getLogger(__name__)
_AGAIN_MS = 1000


class Video:
    """Glue between the record and the cameras: what the tables say is run, what the cameras say is recorded."""

    def __init__(self, hub: Hub, kept: Stores, passages: Passages, hits: Hits) -> None:
        self._hub = hub
        self._accounts = kept.accounts
        self._passages = passages
        self._hits = hits
        self._blobs = kept.blobs
        self._leases = kept.leases
        self._enrolled: dict[str, tuple[bool, float]] = {}
        """Of each camera whether plates are read, and where it looks."""
        self._at_agents: set[str] = set()
        self._motion_listeners: list[Callable[[str, int], None]] = []
        self._changed = asyncio.Event()
        self._changed.set()
        hub.listen(self._on_change)
        kept.accounts.listen_addresses(self._changed.set)
        kept.leases.listen(self._changed.set)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            if table == "regions" or (table == "cameras" and self._is_news(key, row)):
                self._changed.set()

    def _is_news(self, camera: str, row: object) -> bool:
        """A camera that came, went or was enrolled otherwise; that it is up or down is not news here."""
        return self._enrolled.get(camera) != (_enrolled(row) if isinstance(row, CameraRow) else None)

    async def keep(self, keeper: CameraKeeper, watcher: PlateWatcher | None, noticing: EventWatch) -> None:
        """Bring cameras to what the tables say, each time they change.

        Of several hubs every one shows the pictures, and the one that holds the lease records what is seen in them.
        """
        records = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                cameras, aimed = await self._hub.read(
                    lambda t: ({row.id: _enrolled(row) for row in t.cameras}, aims(t, self._hub.clock.now_ms()))
                )
                addresses = await self._accounts.camera_addresses()
            except TriuneError as error:  # a database that is away stops no camera, and still less the hub
                log.warning("cameras stay as they were for now: %s", error.detail)
                await self._hub.clock.sleep(_AGAIN_MS)
                self._changed.set()
                continue
            took_over, records = not records, self._leases.holds(CAMERAS)
            reading = records and watcher is not None
            gone, self._enrolled = self._enrolled.keys() - cameras.keys(), cameras
            self._at_agents = {camera for camera, address in addresses.items() if in_charge(address)}
            # Cameras that nobody watches are looked at by the hub that records how they are, and by no other.
            keeper.keep_known(records)
            await keeper.sync(
                {
                    camera: _spec(camera, addresses[camera], reads_plates=reads and reading)
                    for camera, (reads, _) in cameras.items()
                    if camera in addresses
                }
            )
            noticing.sync({camera: addresses[camera] for camera in cameras if camera in addresses} if records else {})
            if watcher:
                for camera in gone:
                    await watcher.forget(camera)
                for camera, aim in aimed.items():
                    watcher.aim(camera, aim)
            if records and took_over:
                for camera in keeper.running():
                    await self.on_status(camera, keeper.camera(camera).status)

    async def on_status(self, camera: str, status: CameraStatus) -> None:
        """Record that pictures arrive, or stopped and why; of a camera behind an agent that is the agent's to say."""
        if status.state == "connecting" or camera in self._at_agents or not self._leases.holds(CAMERAS):
            return
        said = ReportCamera(camera=camera, up=status.state == "up", reason=status.reason)
        await tell(self._hub, said, log, f"state of camera {camera}")

    async def on_published(self, camera: str, *, up: bool) -> None:
        """Record that a camera that publishes came or went, for the hub that records how cameras are.

        That is no news to it where it found out itself, and it looks at cameras too seldom to find out soon.
        """
        said = ReportCamera(camera=camera, up=up, reason="" if up else NOBODY)
        await tell(self._hub, said, log, f"whether camera {camera} publishes")

    def listen_motion(self, hear: Callable[[str, int], None]) -> None:
        """Call `hear(camera, now_ms)` whenever a camera says that motion before it begins or ends."""
        self._motion_listeners.append(hear)

    async def on_event(self, camera: str, event: CameraEvent) -> None:
        """Raise an alarm for an alarm input or tampering that has just begun; motion is worth recording, no more."""
        if event.is_state:
            return
        if event.kind == "motion":
            for hear in self._motion_listeners:
                hear(camera, self._hub.clock.now_ms())
            return
        if not event.active:
            return
        await tell(self._hub, alarm_of(camera, event.kind, event.source), log, f"an alarm of camera {camera}")

    async def on_passage(self, sighting: Sighting, jpeg: bytes) -> None:
        """Keep the sighting with its picture; report it where it is on the watch list."""
        try:
            sighting = msgspec.structs.replace(sighting, picture=await self._blobs.add(jpeg))
            await self._passages.add([sighting])
            await self._hits.report(sighting, jpeg)
        except TriuneError as error:
            log.warning("sighting of %s before %s is lost: %s", sighting.plate, sighting.camera, error.detail)


def _enrolled(row: CameraRow) -> tuple[bool, float]:
    return row.reads_plates, row.bearing_deg


def _troubles(pool: PlatePool | None, keeper: CameraKeeper, agents: EdgeAgents) -> Troubles:
    """Return what says why before which cameras no plates can be read, here and at agents."""

    async def told() -> dict[str, str]:
        found = await agents.troubles()
        if pool is not None and pool.trouble:
            own = [camera for camera in keeper.running() if keeper.camera(camera).spec.reads_plates]
            found |= dict.fromkeys(own, pool.trouble)
        return found

    return told


def _spec(camera: str, address: str, *, reads_plates: bool) -> CameraSpec:
    if in_charge(address):
        return CameraSpec(id=camera, url=address, reported=True)
    url, always = pulls_always(address)
    return CameraSpec(id=camera, url=url, reads_plates=reads_plates, always=always)


@asynccontextmanager
async def video(
    settings: Settings,
    hub: Hub,
    kept: Stores,
    cars: Vehicles,
    tasks: Background,
    measured: list[metrics.Source],
    degraded: list[health.Check],
    gb28181: AbstractAsyncContextManager[Gateway | None],
    agents: EdgeAgents,
    hubs: Hubs | None = None,
) -> AsyncIterator[list[web.RouteDef]]:
    """Run the cameras; gives the routes by which pictures are seen, and adds to `measured` what the readers count."""
    part = Video(hub, kept, cars.passages, cars.hits)
    authorise = authorised(settings.cameras_kept_to)
    addresses = settings.video_addresses or (["127.0.0.1"] if settings.host == "127.0.0.1" else [])
    async with AsyncExitStack() as stack:
        watcher: PlateWatcher | None = None
        pool: PlatePool | None = None
        if settings.plate_workers:
            pool = await stack.enter_async_context(PlatePool(settings.plate_workers, hub.clock))
            watcher = PlateWatcher(pool, part.on_passage)
            cars.quality.counters_of = watcher.counters
            measured.append(metrics.counted("plate_frames", "Frames for plate readers", pool.counters))
            degraded.append(lambda: [f"plates: {pool.trouble}"] if pool and pool.trouble else [])

        publishers = await stack.enter_async_context(
            publishing(hubs, lambda: keeper, addresses, part.on_published, hub.clock, tasks)
        )
        relay = await stack.enter_async_context(Relay(hub.clock, addresses))
        sources, movable, ways = standard_sources(), PtzGateways(), Ways()
        discovery = Discovery(hub.clock)
        for scheme in onvif.SCHEMES:
            sources.register(scheme, onvif.stream_source(sources))
            movable.register(scheme, onvif.open_ptz)
            ways.register(scheme, ONVIF)
        sources.register(SCHEME, publishers.open)
        ways.register(SCHEME, publishers.way)
        for scheme in elsewhere.SCHEMES:
            sources.register(scheme, whep_source(addresses))
        agents.register(sources, movable, ways)
        finders = [agent_found.finder(agents.agents, agents.errands)]
        devices = await stack.enter_async_context(gb28181)
        if devices is not None:
            finders.append(devices.find)

        def camera_at(channel: Where) -> str:
            return next((key for key in keeper.running() if where(keeper.camera(key).spec.url) == channel), "")

        def url_of(camera: str) -> str:
            return keeper.camera(camera).spec.url

        of_hubs = register_devices(devices, hubs, camera_at, sources, movable, ways)
        keeper = await stack.enter_async_context(CameraKeeper(hub.clock, part.on_status, watcher, sources=sources))
        cars.quality.troubles = _troubles(pool, keeper, agents)
        archive: Registered | None = devices.archive if devices else None
        if hubs and of_hubs:
            archive = ArchiveOfHubs(of_hubs, devices.archive if devices else None, hub.clock)

            def reaches(address: str) -> bool:
                return agents.reaches(address) or of_hubs.is_here(address) or publishers.ingest.has(address)

            live = publishers.live(keeper, hub.clock)
            await stack.enter_async_context(serving_hubs(hubs, devices, keeper, ways, reaches, live, hub.clock))
            hubs.door.register(FOUND, agent_found.tells_found([*finders]))
            finders.append(agent_found.far_finder(hubs))

        control = await stack.enter_async_context(PtzControl(movable, url_of, hub.clock, kept.holds))
        measured += [
            cameras.measured(keeper, hub.clock),
            metrics.counted("ptz", "Movements of cameras", control.counters),
            metrics.counted("onvif_discovery", "Answers to probes for cameras", discovery.counters),
        ]
        recordings, recorded = await stack.enter_async_context(
            recording(settings, hub, kept, keeper, tasks, authorise, part.listen_motion, degraded, agents.errands, hubs)
        )
        noticing = await stack.enter_async_context(EventWatch(hub.clock, part.on_event))
        tasks.start(part.keep(keeper, watcher, noticing), "cameras")
        if kept.shared:
            tasks.start(kept.accounts.watch_addresses(), "camera-addresses")
        yield [
            *relay_http.routes(relay, keeper, authorise),
            *MseViewers(hub.clock, keeper.camera, authorise).routes(),
            *(
                web.RouteDef(route.method, route.path, is_open(route.handler), {})
                for route in publishers.ingest.routes()
            ),
            *cameras.routes(keeper, hub.clock, authorise, ways),
            *ptz.routes(control, authorise),
            *recordings,
            *stills.routes(keeper.camera, recorded.archive_of, authorise),
            *cars.judging.start(recorded, authorise, tasks, measured),
            *ListOfDevices(
                devices,
                hubs,
                devices.adopted if devices else Adopted(hub, kept.accounts),
                agent_devices.devices_at(agents.agents, agents.errands),
            ).routes,
            *DeviceRecordings(
                DeviceArchives(archive, agents.agents, agents.errands, hub.clock), url_of, hub.clock, authorise
            ).routes(),
            *adoption.routes(
                [adoption.onvif_finder(discovery), *finders],
                sources,
                hub.clock,
                agent_found.trials_at(agents.agents, agents.errands),
            ),
            *publishing_routes.routes(),
            web.put(ADDRESS, _set_address(kept.accounts, sources)),
        ]


ADDRESS = "/api/v1/cameras/{camera_id}/address"


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a camera is reached, with its user and password; kept sealed and never shown again.

    `user`, `password` and `profile` go into the address as where one is adopted; without them it stays as it is.
    """

    address: str
    user: Credential = ""
    password: Credential = ""
    profile: Credential = ""


def _set_address(accounts: Accounts, sources: Sources) -> Handler:
    async def set_address(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        camera = request.match_info["camera_id"]
        form = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=Address)
        address = form.address
        if form.user or form.profile:
            address = with_credentials(address, form.user, form.password, form.profile)
        agent = in_charge(address)
        if scheme_of(address) == AGENT_SCHEME and agent is None:
            raise InvalidInputError(f"the address of an agent's camera is {AGENT_SCHEME}://AGENT/ADDRESS")
        if scheme_of(address) not in sources.schemes:
            raise InvalidInputError(f"a camera's address begins with one of {', '.join(sources.schemes)}")
        try:
            check_address(agent[1] if agent else address)
        except SourceError as error:
            raise InvalidInputError(error.reason) from None
        await context_of(request).space(request).hub.read(lambda t: t.cameras.need(camera))
        await accounts.set_camera_address(camera, address)
        return web.Response(status=204)

    return set_address
