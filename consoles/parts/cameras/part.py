"""Cameras of the live space put together: how they are reached, seen, moved, recorded and found, and who reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from aiohttp import web

from consoles.http import adoption, camera_address, cameras, metrics, ptz, stills
from consoles.http import publishing as publishing_routes
from consoles.http.adoption import Finder
from consoles.http.device_recordings import DeviceRecordings
from consoles.http.identity import is_open
from consoles.http.stretches import Authorise
from consoles.parts.agents import found
from consoles.parts.agents.device_recordings import DeviceArchives, Registered
from consoles.parts.agents.devices import devices_at
from consoles.parts.agents.part import EdgeAgents
from consoles.parts.base import Base
from consoles.parts.cameras.enrolled import EnrolledCameras
from consoles.parts.cameras.own_alarms import OwnAlarms
from consoles.parts.cameras.passing import OwnPassages
from consoles.parts.cameras.plate_reading import plate_reading, troubles_of
from consoles.parts.cameras.publishing import Publishing, publishing
from consoles.parts.cameras.rights import authorised
from consoles.parts.gb28181.archive import ArchiveOfHubs
from consoles.parts.gb28181.listing import ListOfDevices
from consoles.parts.gb28181.of_hubs import DevicesOfHubs, register_devices, serving_hubs
from consoles.parts.gb28181.part import Adopted, Gateway
from consoles.parts.hubs.part import Hubs
from consoles.parts.recording import recording
from consoles.parts.vehicles import Vehicles
from edge.agent.protocol import FOUND
from edge.onvif import gateway as onvif
from edge.onvif.diagnosis import ONVIF
from edge.onvif.discovery import Discovery
from edge.onvif.watching import EventWatch
from streams import whip
from streams.keeper import CameraKeeper
from streams.mse import MseViewers
from streams.ptz import PtzControl
from streams.relay import elsewhere
from streams.relay import http as relay_http
from streams.relay.relay import Relay
from streams.schemes import Schemes
from streams.whep_source import whep_source


@asynccontextmanager
async def live_cameras(
    base: Base, cars: Vehicles, gb28181: AbstractAsyncContextManager[Gateway | None], agents: EdgeAgents,
    hubs: Hubs | None,
) -> AsyncIterator[list[web.RouteDef]]:  # fmt: skip
    """Run the cameras; gives the routes by which they are seen, moved and looked after."""
    hub, settings, clock = base.hub, base.settings, base.hub.clock
    addresses = settings.video_addresses or (["127.0.0.1"] if settings.host == "127.0.0.1" else [])
    authorise = authorised(settings.cameras_kept_to)
    enrolled = EnrolledCameras(hub, base.kept, _own_alarms(base))
    async with AsyncExitStack() as stack:
        reading = await stack.enter_async_context(plate_reading(base, _own_passages(base, cars, stack).take))
        schemes, discovery = Schemes(), Discovery(clock)
        keeper = CameraKeeper(clock, enrolled.on_status, reading.watcher, sources=schemes.sources)
        publishers = await stack.enter_async_context(
            publishing(hubs, keeper, addresses, enrolled.on_published, clock, base.tasks)
        )
        relay = await stack.enter_async_context(Relay(clock, addresses))
        _register(schemes, publishers, addresses)
        agents.register(schemes)
        devices = await stack.enter_async_context(gb28181)
        of_hubs = register_devices(devices, hubs, keeper, schemes)
        finders = [adoption.onvif_finder(discovery), *_finders(agents, devices, hubs)]

        # Entered here, so that its cameras are let go before what they come through is closed.
        await stack.enter_async_context(keeper)
        cars.quality.counters_of = reading.watcher.counters if reading.watcher else None
        cars.quality.troubles = troubles_of(reading.pool, keeper, agents)
        if hubs and of_hubs:
            reaches = _reached_here(agents, of_hubs, publishers)
            live = publishers.live(keeper, clock)
            await stack.enter_async_context(serving_hubs(hubs, devices, keeper, schemes.ways, reaches, live, clock))
        control = await stack.enter_async_context(PtzControl(schemes.movable, keeper.address, clock, base.kept.holds))
        recordings, recorded = await stack.enter_async_context(
            recording(base, keeper, authorise, enrolled.listen_motion, agents.errands, hubs)
        )
        noticing = await stack.enter_async_context(EventWatch(clock, enrolled.on_event))
        base.tasks.start(enrolled.keep(keeper, reading.watcher, noticing), "cameras")
        base.tasks.start(enrolled.keep_said(keeper), "cameras-said")
        if base.kept.shared:
            base.tasks.start(base.kept.accounts.watch_addresses(), "camera-addresses")
        base.measured.extend((
            cameras.measured(keeper, clock),
            metrics.counted("ptz", "Movements of cameras", control.counters),
            metrics.counted("onvif_discovery", "Answers to probes for cameras", discovery.counters),
        ))  # fmt: skip
        yield [
            *relay_http.routes(relay, keeper, authorise),
            *MseViewers(clock, keeper.camera, authorise).routes(),
            *(_open(route) for route in publishers.ingest.routes()),
            *cameras.routes(keeper, clock, authorise, schemes.ways),
            *ptz.routes(control, authorise),
            *recordings,
            *stills.routes(keeper.camera, recorded.archive_of, authorise),
            *cars.judging.start(recorded, agents.agents.states, authorise),
            *_of_devices(base, keeper, agents, devices, of_hubs, hubs, authorise),
            *adoption.routes(finders, schemes.sources, clock, found.trials_at(agents.agents, agents.errands)),
            *publishing_routes.routes(),
            *camera_address.routes(schemes.sources),
        ]


def _own_alarms(base: Base) -> OwnAlarms:
    """Record what this hub's own cameras notice by themselves, as long as the site runs."""
    own = OwnAlarms(base.hub)
    base.tasks.start(own.run(), "own-alarms")
    base.measured.extend((
        metrics.counted("own_alarms", "Alarms that this hub's own cameras raise by themselves", own.counters),
        metrics.gauge("own_alarms_waiting", "Of these, those that wait for the record", lambda: own.waiting),
    ))  # fmt: skip
    base.degraded.append(own.degraded)
    return own


def _own_passages(base: Base, cars: Vehicles, stack: AsyncExitStack) -> OwnPassages:
    """Keep what readers tell until the stack is left, and try again meanwhile what a store refused."""
    own = OwnPassages(base.kept.blobs, cars.passages, base.hub.clock)
    base.tasks.start(own.run(), "own-passages")
    stack.push_async_callback(own.finish)
    base.measured.extend((
        metrics.counted("own_passages", "Passages before this hub's own cameras", own.counters),
        metrics.gauge("own_passages_waiting", "Of these, those that wait for the readings", lambda: own.waiting),
        metrics.gauge("own_pictures_waiting_bytes", "Pictures of passages that wait", lambda: own.pictures_bytes),
    ))  # fmt: skip
    base.degraded.append(own.degraded)
    return own


def _register(schemes: Schemes, publishers: Publishing, addresses: Sequence[str]) -> None:
    """Let cameras be reached that this hub reaches by itself: of ONVIF, those that publish, and by WHEP."""
    for scheme in onvif.SCHEMES:
        schemes.register(scheme, onvif.stream_source(schemes.sources), ONVIF, onvif.open_ptz)
    schemes.register(whip.SCHEME, publishers.open, publishers.way)
    for scheme in elsewhere.SCHEMES:
        schemes.register(scheme, whep_source(addresses))


def _finders(agents: EdgeAgents, devices: Gateway | None, hubs: Hubs | None) -> list[Finder]:
    """Return what finds cameras that came by themselves, to this hub and its agents or to others."""
    own = [found.finder(agents.agents, agents.errands), *([devices.find] if devices else [])]
    if hubs is None:
        return own
    hubs.door.register(FOUND, found.tells_found(own))
    return [*own, found.far_finder(hubs)]


def _reached_here(agents: EdgeAgents, devices: DevicesOfHubs, publishers: Publishing) -> Callable[[str], bool]:
    """Return what says whether the camera at an address is reached by this hub and by no other."""

    def reaches(address: str) -> bool:
        return agents.reaches(address) or devices.is_here(address) or publishers.ingest.has(address)

    return reaches


def _of_devices(
    base: Base, keeper: CameraKeeper, agents: EdgeAgents, devices: Gateway | None, of_hubs: DevicesOfHubs | None,
    hubs: Hubs | None, authorise: Authorise,
) -> list[web.RouteDef]:  # fmt: skip
    """Return the routes of GB/T 28181 devices: their list, and what they have recorded themselves."""
    clock, here = base.hub.clock, devices.archive if devices else None
    registered: Registered | None = ArchiveOfHubs(of_hubs, here, clock) if of_hubs else here
    archives = DeviceArchives(registered, agents.agents, agents.errands, clock)
    adopted = devices.adopted if devices else Adopted(base.hub, base.kept.accounts)
    return [
        *ListOfDevices(devices, hubs, adopted, devices_at(agents.agents, agents.errands)).routes,
        *DeviceRecordings(archives, keeper.address, clock, authorise).routes(),
    ]


def _open(route: web.RouteDef) -> web.RouteDef:
    """Let a publisher's route through the door: it asks for the camera's key itself."""
    return web.RouteDef(route.method, route.path, is_open(route.handler), {})
