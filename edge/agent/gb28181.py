"""GB/T 28181 at the edge: the hub's platform beside the devices, as whom the hub says, told of by the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from command.access.keys import Box
from command.facts.base import Level
from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.geo import Datum
from edge.agent.answering import Reply
from edge.agent.items import DEVICE_ALARM, DeviceAlarm
from edge.agent.protocol import Config, Errand, Gb28181
from edge.gb28181.alarm_words import words_of
from edge.gb28181.archive import Archive
from edge.gb28181.devices import DeviceState
from edge.gb28181.diagnosis import PULL, go
from edge.gb28181.ids import shows_pictures
from edge.gb28181.invite import InviteDialog, InviteError, Media
from edge.gb28181.media import SCHEME, Gb28181Media
from edge.gb28181.pilot import Where, opens_ptz, where
from edge.gb28181.platform import Identity, Platform
from edge.gb28181.ports import MediaPorts
from edge.gb28181.registrar import Refused as RefusedDevice
from edge.gb28181.told import Alarm, Recording
from edge.outbox import NewItem, Outbox, Priority
from edge.uplink import Uplink
from streams.diagnosis import Hops, Way
from streams.ptz import OpenPtz, Ptz
from streams.sources import Open

log = logging.getLogger(__name__)
SECRETS = "gb28181 passwords"
"""Label of the sealed passwords; no camera can have it as its id."""
DEVICES = "gb28181_devices"
"""The errand that asks how devices are; answered with a `ToldDevice` for each, and for each that was refused."""
_AGAIN_MS = 10_000
_REFUSED_TOLD = 100
_LEVELS: dict[int, Level] = {1: 1, 2: 2, 3: 3, 4: 4}


class Secrets(msgspec.Struct, frozen=True):
    """What devices have to know: all of them, or single ones by their ids."""

    password: str
    passwords: dict[str, str] = {}


@dataclass(frozen=True)
class Gb28181Door:
    """Where devices come in. `advertised` is the address that they are told, where they come through a translator."""

    port: int
    media_ports: tuple[int, int] = (30_000, 30_999)
    advertised: str = ""


class FoundChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that may be a camera, for adoption."""

    address: str
    name: str
    told: str


class ToldDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the three that a platform has to tell: a device, one that was refused, or why an agent tells of none.

    `agent` is the edge agent that it came to, empty where it came to the hub itself.
    """

    device: DeviceState | None = None
    refused: RefusedDevice | None = None
    silent: str = ""
    agent: str = ""


def told_of(platform: Platform | None) -> Iterator[ToldDevice]:
    """Return what a platform, if there is one, tells of its devices, and of those that it refused last."""
    if platform is not None:
        yield from (ToldDevice(device=state) for state in platform.states())
        yield from (ToldDevice(refused=each) for each in platform.refused()[:_REFUSED_TOLD])


class _Told(msgspec.Struct, frozen=True):
    identity: Identity
    datum: Datum


class EdgeGb28181:
    """Serves devices while it is entered, from when `apply` says who we are to them.

    `open` and `open_ptz` are for cameras among them, whether they are there or not.
    """

    def __init__(
        self, door: Gb28181Door, host: str, uplink: Uplink, outbox: Outbox, box: Box, clock: Clock,
        addresses: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self.platform: Platform | None = None
        """While it runs."""
        self._door = door
        self._host = host
        self._uplink = uplink
        self._outbox = outbox
        self._box = box
        self._clock = clock
        self._addresses = addresses
        self._told: _Told | None = None
        self._changed = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None
        ports = MediaPorts(host, *door.media_ports, advertised=door.advertised or None)
        media = Gb28181Media(self, ports)
        self.archive = Archive(self, media, clock)
        """What they have recorded themselves."""
        self.open: Open = media.open
        """Opens cameras at `gb28181://<device>/<channel>`."""
        self.way = Way(go=self._go, connects=False, pull=PULL, seen=media.seen)
        """How they are gone to."""
        self.open_ptz: OpenPtz = self._open_ptz
        """Moves them."""

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run(), name="agent-gb28181")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
        await self._tasks.__aexit__(None, None, None)

    def apply(self, config: Config) -> None:
        """Take what the hub says; another identity begins anew, and devices have to register again."""
        told = None if config.gb28181 is None else self._read(config.gb28181)
        if told != self._told:
            self._told = told
            self._changed.set()

    def _read(self, told: Gb28181) -> _Told | None:
        try:
            secrets = msgspec.json.decode(self._box.open(told.secrets, SECRETS), type=Secrets)
            identity = Identity(
                server=told.server_id, domain=told.domain, password=secrets.password, passwords=secrets.passwords
            )
            return _Told(identity, msgspec.convert(told.datum, Datum))
        except (UnavailableError, msgspec.MsgspecError) as error:
            log.warning("who we are to GB/T 28181 devices cannot be read: %s", error)
            return None

    async def _run(self) -> None:
        """Serve devices until cancelled. A port that cannot be had is logged and tried again."""
        while True:
            self._changed.clear()
            if self._told is not None:
                try:
                    await self._serve(self._told)
                except UnavailableError as error:
                    log.warning("GB/T 28181 devices cannot come in: %s", error.detail)
                    await self._clock.sleep(_AGAIN_MS)
                continue
            log.info("GB/T 28181 devices wait until the hub says who we are to them")
            await self._changed.wait()

    async def _serve(self, told: _Told) -> None:
        """Until it is another."""
        async with Platform(
            told.identity, self._uplink, self._on_alarm, self._clock, self._host, self._door.port,
            announced=self._door.advertised, datum=told.datum,
        ) as platform:  # fmt: skip
            self.platform = platform
            try:
                await self._changed.wait()
            finally:
                self.platform = None

    async def _on_alarm(self, device: str, alarm: Alarm) -> None:
        """Store it; the camera is the one adopted at this channel, if there is one."""
        told = DeviceAlarm(
            subject=self._adopted(Where(device, alarm.device)) or alarm.device,
            level=_LEVELS.get(alarm.priority, 4),
            at_ms=max(0, self._clock.now_ms()), detail=words_of(alarm)[:500], lat=alarm.lat, lon=alarm.lon,
        )  # fmt: skip
        await self._outbox.put([NewItem(Priority.ALARM, DEVICE_ALARM, msgspec.json.encode(told), told.subject)])

    def _adopted(self, channel: Where) -> str:
        return next((camera for camera, address in self._addresses().items() if where(address) == channel), "")

    async def tell_found(self, errand: Errand, reply: Reply) -> None:
        """Answer the errand `FOUND`."""
        del errand
        await reply.send(msgspec.json.encode(self.found()))

    async def tell_devices(self, errand: Errand, reply: Reply) -> None:
        """Answer the errand `DEVICES`."""
        del errand
        for told in told_of(self.platform):
            await reply.send(msgspec.json.encode(told))

    def found(self) -> list[FoundChannel]:
        """Return the channels of registered devices that may be cameras."""
        return [
            FoundChannel(
                address=f"{SCHEME}://{device.device}/{item.channel}",
                name=item.name or item.channel,
                told=" ".join(filter(None, (item.manufacturer or device.manufacturer, item.model, item.address))),
            )
            for device in (self.platform.states() if self.platform else ())
            for item in device.channels
            if shows_pictures(item.channel)
        ]

    async def recordings(self, device: str, channel: str, from_ms: int, to_ms: int) -> tuple[list[Recording], bool]:
        """Return what a device has recorded, as `Platform.recordings`. Raises `UnavailableError`."""
        if self.platform is None:
            raise UnavailableError(self._why_not())
        return await self.platform.recordings(device, channel, from_ms, to_ms)

    def ssrc(self, *, playback: bool) -> AbstractContextManager[int]:
        """Lend a stream's SSRC. Raises `InviteError` while there is no platform."""
        return self._need().ssrc(playback=playback)

    def invite(
        self, device: str, channel: str, media: Media, playback: tuple[int, int] | None = None
    ) -> AbstractAsyncContextManager[InviteDialog]:
        """Agree on a stream with a device until it is left; raises `InviteError`."""
        return self._need().invite(device, channel, media, playback)

    def _need(self) -> Platform:
        if self.platform is None:
            raise InviteError(self._why_not())
        return self.platform

    def _why_not(self) -> str:
        return "the port for GB/T 28181 is not open yet" if self._told else "the hub has not said who we are to devices"

    async def _go(self, address: str, clock: Clock, hops: Hops) -> None:
        if self.platform is None:
            hops.fail("registered", self._why_not())
        await go(self.platform, address, clock, hops)

    @asynccontextmanager
    async def _open_ptz(self, address: str, clock: Clock) -> AsyncIterator[Ptz]:
        if self.platform is None:
            raise UnavailableError(self._why_not())
        async with opens_ptz(self.platform)(address, clock) as ptz:
            yield ptz
