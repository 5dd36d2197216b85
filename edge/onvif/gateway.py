"""What the hub asks of an ONVIF camera by its address: its packets, its movement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError
from edge.onvif.address import onvif_address
from edge.onvif.client import OnvifClient
from edge.onvif.messages import Profile
from edge.onvif.soap import OnvifError
from streams.packets import Packet
from streams.ptz import Preset, Ptz
from streams.sources import AskedPackets, Open, SourceError, Sources, split_options

SCHEMES = ("onvif", "onvifs")


def stream_source(sources: Sources) -> Open:
    """Return what opens an ONVIF camera's stream: its RTSP address is asked for anew at each connection.

    Cameras change it with their address, settings or firmware, and some let one that is old no longer in.
    """

    @asynccontextmanager
    async def source(address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
        try:
            plain, options = split_options(address)
            asked = onvif_address(plain)
            async with OnvifClient(asked, clock) as camera:
                profile = chosen(await camera.profiles(), asked.profile).token
                rtsp = await camera.stream_uri(profile)
        except (OnvifError, InvalidInputError) as error:
            raise SourceError(f"ONVIF: {error.detail}", hop="onvif") from None

        async def ask_key() -> None:
            async with OnvifClient(asked, clock) as camera:
                await camera.synchronise(profile)

        async with sources.open(with_transport(rtsp, options), clock) as packets:
            yield AskedPackets(packets, ask_key)

    return source


@asynccontextmanager
async def open_ptz(address: str, clock: Clock) -> AsyncIterator[Ptz]:
    """Open an ONVIF camera to move it. Raises `OnvifError` where it cannot be asked or moved."""
    asked = onvif_address(address)
    async with OnvifClient(asked, clock) as camera:
        movable = [profile for profile in await camera.profiles() if profile.has_ptz]
        if not camera.offers("ptz") or not movable:
            raise OnvifError("the camera offers no movement")
        yield OnvifPtz(camera, chosen(movable, asked.profile).token)


class OnvifPtz:
    """Moves by one profile of the camera."""

    def __init__(self, camera: OnvifClient, profile: str) -> None:
        self._camera = camera
        self._profile = profile

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        """Move, or stop where all are 0."""
        await self._camera.move(self._profile, pan, tilt, zoom)

    async def preset(self, number: int) -> None:
        """Go to a preset. Raises `UnknownIdError` where there is none."""
        await self._camera.recall(self._profile, number)

    async def presets(self) -> list[Preset]:
        """Return the camera's presets."""
        return [stored.preset for stored in await self._camera.presets(self._profile)]


def with_transport(rtsp: str, options: Mapping[str, str]) -> str:
    """Return a stream's address with the transport that the camera's own address asks for, if it does."""
    return f"{rtsp}#transport={options['transport']}" if "transport" in options else rtsp


def chosen(profiles: list[Profile], token: str) -> Profile:
    """Return the profile of the token, or the first where none is wanted or it is gone. Raises `OnvifError`."""
    if not profiles:
        raise OnvifError("the camera offers no profile with video")
    return next((profile for profile in profiles if profile.token == token), profiles[0])
