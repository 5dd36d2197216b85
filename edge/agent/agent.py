"""The edge agent put together: cameras, plate readers and terminals, the outbox, and the link to the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command.access.keys import Box
from command.kernel.clock import Clock
from command.kernel.folders import held
from edge.agent.adopting import ATTEMPT, ONVIF_FOUND, attempts, finds_onvif
from edge.agent.archive import RecordingErrands
from edge.agent.cameras import EdgeCameras
from edge.agent.config import KeptConfig
from edge.agent.device_archive import DeviceArchiveErrands
from edge.agent.devices import AgentUplink
from edge.agent.errands import Errands
from edge.agent.gb28181 import DEVICES, EdgeGb28181, Gb28181Door
from edge.agent.libraries import EdgeLibraries
from edge.agent.link import Condition, HubLink
from edge.agent.live import LIVE, LivePictures
from edge.agent.looking import DIAGNOSIS, TRIAL, diagnoses, trials
from edge.agent.protocol import FOUND, Config
from edge.agent.reading import ReadingCounts
from edge.agent.recording import EdgeRecorder, RecordingRoom
from edge.agent.sealing import box_of
from edge.agent.turning import PTZ, Turning
from edge.gb28181.media import SCHEME
from edge.jt808.gateway import Jt808Gateway
from edge.onvif import gateway as onvif
from edge.onvif.diagnosis import ONVIF
from edge.onvif.discovery import Discovery
from edge.onvif.watching import EventWatch
from edge.outbox import Outbox
from streams.diagnosis import Ways
from streams.keeper import CameraKeeper
from streams.plates.pool import PlatePool
from streams.plates.watcher import PlateWatcher
from streams.ptz import PtzControl, PtzGateways
from streams.source import standard_sources
from streams.sources import Sources


@dataclass(frozen=True)
class AgentSettings:
    """Of one agent. `hubs` are `wss://…`, of one site: it tells the first that answers; `plate_workers` 0 reads no
    plates; without `jt808_port` no terminals come, and without `gb28181` no GB/T 28181 devices.

    Recordings are kept in `recordings` of the folder `data`, where they are given no other places.
    """

    hubs: Sequence[str]
    key: str
    data: Path
    release: str
    plate_workers: int = 1
    host: str = "127.0.0.1"
    jt808_port: int | None = None
    recordings: RecordingRoom | None = None
    gb28181: Gb28181Door | None = None


@dataclass(frozen=True)
class Agent:
    """A running agent."""

    outbox: Outbox
    link: HubLink
    cameras: EdgeCameras
    recorder: EdgeRecorder
    errands: Errands
    live: LivePictures
    jt808: Jt808Gateway | None
    gb28181: EdgeGb28181 | None


def edge_sources(gb28181: EdgeGb28181 | None) -> Sources:
    """Return the kinds of source that an agent opens: RTSP, files, ONVIF and, where devices may come, GB/T 28181."""
    sources = standard_sources()
    if gb28181 is not None:
        sources.register(SCHEME, gb28181.open)
    for scheme in onvif.SCHEMES:
        sources.register(scheme, onvif.stream_source(sources))
    return sources


def edge_movable(gb28181: EdgeGb28181 | None) -> PtzGateways:
    """Return the kinds of camera that an agent moves."""
    movable = PtzGateways()
    if gb28181 is not None:
        movable.register(SCHEME, gb28181.open_ptz)
    for scheme in onvif.SCHEMES:
        movable.register(scheme, onvif.open_ptz)
    return movable


def edge_ways(gb28181: EdgeGb28181 | None) -> Ways:
    """Return the kinds of way to a camera that an agent knows."""
    ways = Ways()
    if gb28181 is not None:
        ways.register(SCHEME, gb28181.way)
    for scheme in onvif.SCHEMES:
        ways.register(scheme, ONVIF)
    return ways


def _do_for_devices(gb28181: EdgeGb28181, errands: Errands, clock: Clock) -> None:
    """Do what the hub asks of GB/T 28181 devices that are no cameras yet, and of what they have recorded."""
    errands.register(FOUND, gb28181.tell_found)
    errands.register(DEVICES, gb28181.tell_devices)
    errands.register(TRIAL, trials(edge_sources(gb28181), clock))
    DeviceArchiveErrands(gb28181.archive, clock).register(errands)


def _show(keeper: CameraKeeper, gb28181: EdgeGb28181 | None, errands: Errands, box: Box, clock: Clock) -> LivePictures:
    """Let the hub see cameras, those that run here and those that may be adopted."""
    live = LivePictures(keeper, clock)
    errands.register(LIVE, live.show)
    errands.register(DIAGNOSIS, diagnoses(keeper, edge_ways(gb28181), clock))
    errands.register(ONVIF_FOUND, finds_onvif(Discovery(clock).find))
    errands.register(ATTEMPT, attempts(edge_sources(gb28181), box, clock))
    return live


@asynccontextmanager
async def running_agent(settings: AgentSettings, clock: Clock) -> AsyncIterator[Agent]:
    """Run it until the block is left. It begins with what the hub said last, whether the hub is there or not.

    Raises `UnavailableError` where the outbox or a port cannot be had, `InvalidInputError` for an address of the hub
    that is none.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(held(settings.data))
        outbox = await Outbox.open(settings.data / "outbox.sqlite3")
        stack.push_async_callback(outbox.close)
        kept = KeptConfig(settings.data / "config.json")
        room = settings.recordings or RecordingRoom([settings.data / "recordings"])
        cameras = EdgeCameras(outbox, box_of(settings.key), clock)
        recorder = cameras.recorder = EdgeRecorder(room, outbox, clock, cameras.running)

        errands = Errands(settings.key, clock)
        RecordingErrands(recorder.store, recorder.event, clock, recorder.archive).register(errands)

        async def on_config(config: Config) -> None:
            await kept.keep(config)
            await apply(config)

        async def apply(config: Config) -> None:
            if gb28181 is not None:
                gb28181.apply(config)
            await cameras.apply(config)
            libraries.apply(config.libraries)

        pool: PlatePool | None = None

        def condition() -> Condition:
            return Condition((pool and pool.trouble) or "", recorder.told(), libraries.held)

        link = HubLink(settings.hubs, settings.key, settings.release, outbox, clock, on_config, errands, condition)
        libraries = EdgeLibraries(
            settings.data / "libraries", settings.key, clock, lambda: link.hub, cameras.hold
        )  # fmt: skip
        uplink = AgentUplink(link, outbox)
        gb28181: EdgeGb28181 | None = None
        if settings.gb28181 is not None:
            gateway = EdgeGb28181(
                settings.gb28181, settings.host, uplink, outbox, box_of(settings.key), clock, cameras.addresses
            )
            gb28181 = await stack.enter_async_context(gateway)
            _do_for_devices(gateway, errands, clock)
        if settings.plate_workers:
            pool = await stack.enter_async_context(PlatePool(settings.plate_workers, clock))
            cameras.watcher = PlateWatcher(pool, cameras.on_passage, "edge")
        counts = ReadingCounts(outbox, clock, cameras.reading, cameras.counters_of, link.knows_kind)
        cameras.keeper = await stack.enter_async_context(
            CameraKeeper(clock, cameras.on_status, cameras.watcher, sources=edge_sources(gb28181))
        )
        live = _show(cameras.keeper, gb28181, errands, box_of(settings.key), clock)
        control = await stack.enter_async_context(PtzControl(edge_movable(gb28181), cameras.address, clock))
        errands.register(PTZ, Turning(control).turn)
        cameras.noticing = await stack.enter_async_context(EventWatch(clock, cameras.on_event))
        jt808: Jt808Gateway | None = None
        if settings.jt808_port is not None:
            jt808 = await stack.enter_async_context(Jt808Gateway(uplink, clock, settings.host, settings.jt808_port))
        await stack.enter_async_context(errands)
        await apply(await kept.load())
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(link.run(), name="agent-link"),
                tasks.create_task(recorder.run(), name="agent-recorder"),
                tasks.create_task(libraries.run(), name="agent-libraries"),
                tasks.create_task(counts.run(), name="agent-reading"),
            ]
            try:
                yield Agent(outbox, link, cameras, recorder, errands, live, jt808, gb28181)
            finally:
                for task in running:
                    task.cancel()
