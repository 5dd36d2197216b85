"""GB/T 28181 devices wherever they are registered: at the platform of this hub, or by errands at that of another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec.structs import replace

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from command.roll import HubPlace
from consoles.parts.agents.live import go_by, pictures
from consoles.parts.agents.turning import far_ptz
from consoles.parts.gb28181.part import Gateway
from consoles.parts.hubs.errands import HUB_HOP
from consoles.parts.hubs.part import Hubs
from consoles.parts.hubs.replies import Reply
from edge.agent.answering import Handler
from edge.agent.answering import Reply as Answering
from edge.agent.device_archive import DeviceArchiveErrands
from edge.agent.live import LIVE
from edge.agent.looking import DIAGNOSIS, TRIAL, Tried, diagnoses, trials
from edge.agent.protocol import Errand
from edge.agent.turning import PTZ, Turning
from edge.gb28181.media import SCHEME
from edge.gb28181.pilot import Where, where
from edge.gb28181.platform import Platform
from streams.diagnosis import Hops, Way, Ways
from streams.keeper import CameraKeeper
from streams.packets import Packet
from streams.ptz import OpenPtz, Ptz, PtzControl, PtzGateways
from streams.schemes import Schemes
from streams.sources import Open, SourceError, Sources

DEVICE_KIND = "gb28181"
"""What `Places` says of registered devices, by their ids."""
CameraAt = Callable[[Where], str]
"""The camera that runs at a channel, empty where there is none."""


class DevicesOfHubs:
    """Finds devices; `platform` is this hub's, None where it is nobody to devices."""

    def __init__(self, hubs: Hubs, platform: Platform | None, camera_at: CameraAt) -> None:
        self._hubs = hubs
        self._platform = platform
        self._camera_at = camera_at
        if platform is not None:
            hubs.places.tell(DEVICE_KIND, platform.here)

    def is_here(self, address: str) -> bool:
        """Say whether the device of an address is registered at this hub."""
        channel = where(address)
        return channel is not None and self._platform is not None and self._platform.is_here(channel.device)

    async def elsewhere(self, channel: Where) -> HubPlace | None:
        """Return the other hub that a device is at; None where it is here, or nowhere and this hub may say why.

        Raises `UnavailableError` where nobody knows.
        """
        if self._platform is not None and self._platform.is_here(channel.device):
            return None
        place = await self._hubs.places.elsewhere(DEVICE_KIND, channel.device)
        if place is None and self._platform is None:
            raise UnavailableError(f"GB/T 28181 device {channel.device} is registered at no hub", hop="registered")
        return place

    def ask(self, place: HubPlace, kind: str, camera: str, body: object = None) -> AbstractAsyncContextManager[Reply]:
        """Ask the hub that a device is at."""
        return self._hubs.peers.open(place, kind, camera, body)

    def _pictures(self, place: HubPlace, channel: Where, address: str) -> AbstractAsyncContextManager[Reply]:
        camera = self._camera_at(channel)
        return self.ask(place, LIVE, camera) if camera else self.ask(place, TRIAL, "", Tried(address))

    def source(self, here: Open | None) -> Open:
        """Return what opens channels, for `Sources.register`; `here` opens those at this hub's platform."""

        @asynccontextmanager
        async def opened(address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
            channel = where(address)
            try:
                place = await self.elsewhere(channel) if channel is not None else None
                asked = self._pictures(place, channel, address) if place and channel else None
            except TriuneError as error:
                raise SourceError(error.detail, str(error.extra.get("hop") or "packets")) from None
            if asked is not None:
                async with pictures(lambda: asked, clock) as packets:
                    yield packets
            elif here is not None:
                async with here(address, clock) as packets:
                    yield packets
            else:
                raise SourceError("the address is not gb28181://<device of 20 digits>/<channel of 20 digits>")

        return opened

    def ptz(self, here: OpenPtz | None) -> OpenPtz:
        """Return what moves channels, for `PtzGateways.register`."""

        @asynccontextmanager
        async def opened(address: str, clock: Clock) -> AsyncIterator[Ptz]:
            channel = where(address)
            place = await self.elsewhere(channel) if channel is not None else None
            if place is not None and channel is not None:
                camera = self._camera_at(channel)
                async with far_ptz(lambda: self.ask(place, PTZ, camera)) as ptz:
                    yield ptz
            elif here is not None:
                async with here(address, clock) as own:
                    yield own
            else:
                raise UnavailableError("the address is not gb28181://<device of 20 digits>/<channel of 20 digits>")

        return opened

    def way(self, here: Way | None) -> Way:
        """Return how channels are gone to, for `Ways.register`."""

        async def go(address: str, clock: Clock, hops: Hops) -> None:
            channel = where(address)
            try:
                place = await self.elsewhere(channel) if channel is not None else None
                camera = self._camera_at(channel) if channel is not None else ""
            except TriuneError as error:
                hops.fail(str(error.extra.get("hop") or "registered"), error.detail)
            if place is not None:
                await go_by(lambda: self.ask(place, DIAGNOSIS, camera), hops)
            elif here is not None:
                await here.go(address, clock, hops)

        return replace(here, go=go) if here is not None else Way(go=go, connects=False)


def register_devices(
    gateway: Gateway | None, hubs: Hubs | None, keeper: CameraKeeper, schemes: Schemes
) -> DevicesOfHubs | None:
    """Let cameras at `gb28181://<device>/<channel>` be seen, moved and looked into; returns where their devices are."""
    if hubs is None:
        if gateway is not None:
            schemes.register(SCHEME, gateway.open, gateway.way, gateway.open_ptz)
        return None

    def camera_at(channel: Where) -> str:
        return next((key for key in keeper.running() if where(keeper.address(key)) == channel), "")

    devices = DevicesOfHubs(hubs, gateway.platform if gateway else None, camera_at)
    schemes.register(
        SCHEME,
        devices.source(gateway.open if gateway else None),
        devices.way(gateway.way if gateway else None),
        devices.ptz(gateway.open_ptz if gateway else None),
    )
    return devices


@asynccontextmanager
async def serving_hubs(
    hubs: Hubs,
    gateway: Gateway | None,
    keeper: CameraKeeper,
    ways: Ways,
    reaches: Callable[[str], bool],
    live: Handler,
    clock: Clock,
) -> AsyncIterator[None]:
    """Do for other hubs what only this one can: for cameras that it alone `reaches(address)`, until the block is left.

    `live` shows them their pictures.
    What is not reached any more is refused, whoever may reach it now: no errand goes on to a third hub.
    """

    def here(handler: Handler) -> Handler:
        async def checked(errand: Errand, reply: Answering) -> None:
            if not reaches(keeper.address(errand.camera)):
                raise UnavailableError("the camera is not reached by this hub any more", hop=HUB_HOP)
            await handler(errand, reply)

        return checked

    door = hubs.door
    door.register(LIVE, here(live))
    door.register(DIAGNOSIS, here(diagnoses(keeper, ways, clock)))
    if gateway is None:
        yield
        return
    own, movable = Sources(), PtzGateways()
    own.register(SCHEME, gateway.open)
    movable.register(SCHEME, gateway.open_ptz)
    door.register(TRIAL, trials(own, clock))
    DeviceArchiveErrands(gateway.archive, clock).register(door)
    # Who goes before whom is decided at the hub where people are; what is not renewed stops here.
    async with PtzControl(movable, keeper.address, clock) as control:
        door.register(PTZ, here(Turning(control).turn))
        yield
