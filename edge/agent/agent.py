"""The edge agent put together: cameras, plate readers and terminals, the outbox, and the link to the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command.access.keys import Box
from command.kernel.clock import Clock
from command.kernel.folders import held
from command.kernel.garbage import let_go_what_grew
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
from streams.keeper import CameraKeeper
from streams.plates.pool import PlatePool
from streams.plates.watcher import PlateWatcher
from streams.ptz import PtzControl
from streams.schemes import Schemes


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


def edge_schemes(gb28181: EdgeGb28181 | None) -> Schemes:
    """Return the kinds of camera that an agent knows: RTSP, files, ONVIF and, where devices may come, GB/T 28181."""
    schemes = Schemes()
    if gb28181 is not None:
        schemes.register(SCHEME, gb28181.open, gb28181.way, gb28181.open_ptz)
    for scheme in onvif.SCHEMES:
        schemes.register(scheme, onvif.stream_source(schemes.sources), ONVIF, onvif.open_ptz)
    return schemes


@asynccontextmanager
async def _devices(
    settings: AgentSettings, uplink: AgentUplink, outbox: Outbox, cameras: EdgeCameras, errands: Errands, clock: Clock
) -> AsyncIterator[EdgeGb28181 | None]:
    """Let GB/T 28181 devices come; do what the hub asks of those that are no cameras yet, and of what they recorded."""
    if settings.gb28181 is None:
        yield None
        return
    box = box_of(settings.key)
    async with EdgeGb28181(
        settings.gb28181, settings.host, uplink, outbox, box, clock, cameras.addresses
    ) as gb28181:  # fmt: skip
        errands.register(FOUND, gb28181.tell_found)
        errands.register(DEVICES, gb28181.tell_devices)
        errands.register(TRIAL, trials(edge_schemes(gb28181).sources, clock))
        DeviceArchiveErrands(gb28181.archive, clock).register(errands)
        yield gb28181


@asynccontextmanager
async def _terminals(settings: AgentSettings, uplink: AgentUplink, clock: Clock) -> AsyncIterator[Jt808Gateway | None]:
    """Let JT/T 808 terminals come."""
    if settings.jt808_port is None:
        yield None
        return
    async with Jt808Gateway(uplink, clock, settings.host, settings.jt808_port) as jt808:
        yield jt808


def _show(keeper: CameraKeeper, schemes: Schemes, errands: Errands, box: Box, clock: Clock) -> LivePictures:
    """Let the hub see cameras, those that run here and those that may be adopted."""
    live = LivePictures(keeper, clock)
    errands.register(LIVE, live.show)
    errands.register(DIAGNOSIS, diagnoses(keeper, schemes.ways, clock))
    errands.register(ONVIF_FOUND, finds_onvif(Discovery(clock).find))
    errands.register(ATTEMPT, attempts(schemes.sources, box, clock))
    return live


@asynccontextmanager
async def _at_work(*parts: tuple[str, Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run named parts until the block is left; one that fails ends it."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work, name=name) for name, work in parts]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


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
        stack.push_async_callback(cameras.held.finish)
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
            return Condition((pool and pool.trouble) or "", recorder.told(), libraries.held, cameras.held.waiting)

        link = HubLink(settings.hubs, settings.key, settings.release, outbox, clock, on_config, errands, condition)
        lists = settings.data / "libraries"
        libraries = EdgeLibraries(lists, settings.key, clock, lambda: link.hub, cameras.hold)
        uplink = AgentUplink(link, outbox)
        gb28181 = await stack.enter_async_context(_devices(settings, uplink, outbox, cameras, errands, clock))
        schemes = edge_schemes(gb28181)
        if settings.plate_workers:
            pool = await stack.enter_async_context(PlatePool(settings.plate_workers, clock))
            cameras.watcher = PlateWatcher(pool, cameras.on_passage, "edge")
        counts = ReadingCounts(outbox, clock, cameras.reading, cameras.counters_of, link.knows_kind)
        cameras.keeper = await stack.enter_async_context(
            CameraKeeper(clock, cameras.on_status, cameras.watcher, sources=schemes.sources)
        )
        live = _show(cameras.keeper, schemes, errands, box_of(settings.key), clock)
        control = await stack.enter_async_context(PtzControl(schemes.movable, cameras.address, clock))
        errands.register(PTZ, Turning(control).turn)
        cameras.noticing = await stack.enter_async_context(EventWatch(clock, cameras.on_event))
        jt808 = await stack.enter_async_context(_terminals(settings, uplink, clock))
        await stack.enter_async_context(errands)
        await apply(await kept.load())
        async with _at_work(
            ("agent-link", link.run()),
            ("agent-held", cameras.held.run()),
            ("agent-recorder", recorder.run()),
            ("agent-libraries", libraries.run()),
            ("agent-reading", counts.run()),
            ("agent-garbage", let_go_what_grew(clock)),
        ):
            yield Agent(outbox, link, cameras, recorder, errands, live, jt808, gb28181)
