"""The way to an ONVIF camera hop by hop: its name, TCP, HTTP, clock, sign-in, profiles, stream address, then RTSP's."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError
from edge.onvif.address import OnvifAddress, netloc, onvif_address
from edge.onvif.client import OnvifClient
from edge.onvif.gateway import chosen, with_transport
from edge.onvif.soap import OnvifError, RefusedError
from edge.onvif.trial import clock_told
from streams.diagnosis import Hops, Way, connect, go_rtsp, resolve
from streams.sources import SourceError, split_options

T = TypeVar("T")

# The stream is at the same host, and often at another port.
_AGAIN: Final = {"address": "rtsp_address", "name": "rtsp_name", "tcp": "rtsp_tcp"}


async def go_onvif(address: str, clock: Clock, hops: Hops) -> None:
    """Go as far as the stream's PLAY. Raises `WayEndedError`."""
    try:
        plain, options = split_options(address)
        asked = onvif_address(plain)
    except (SourceError, InvalidInputError) as error:
        hops.fail("address", error.reason if isinstance(error, SourceError) else error.detail)
    hops.ok("address")
    await resolve(asked.host, asked.port, hops)
    _, writer = await connect(asked.host, asked.port, hops, is_tls=asked.is_tls)
    writer.close()
    camera = OnvifClient(asked, clock)
    try:
        rtsp = await _ask(camera, asked, hops)
    finally:
        await camera.close()
    hops.names = _AGAIN
    await go_rtsp(with_transport(rtsp, options), clock, hops)


async def _ask(camera: OnvifClient, asked: OnvifAddress, hops: Hops) -> str:
    """Ask for the stream's address."""
    tells_clock = await _or_fail("http", camera.ask_clock(), asked, hops)
    hops.ok("http")
    hops.ok("clock", clock_told(camera.clock_offset_ms) if tells_clock else _CLOCK_UNKNOWN)
    try:
        await camera.ask_services()
        about = await camera.information()
    except RefusedError as error:
        if not asked.user:
            hops.fail("sign_in", "the camera asks for user and password, and the address has none")
        hops.fail("sign_in", error.detail if tells_clock else f"{error.detail}; {_CLOCK_UNKNOWN}")
    except OnvifError as error:
        hops.fail("sign_in", _nowhere(error, asked))
    hops.ok("sign_in", " ".join((about.manufacturer, about.model, about.firmware)).strip())
    profiles = await _or_fail("profiles", camera.profiles(), asked, hops)
    try:
        profile = chosen(profiles, asked.profile)
    except OnvifError as error:
        hops.fail("profiles", error.detail)
    hops.ok("profiles", f"{len(profiles)}: {profile.codec} {profile.width}×{profile.height}")
    rtsp = await _or_fail("stream", camera.stream_uri(profile.token), asked, hops)
    hops.ok("stream", f"at port {urlsplit(rtsp).port}")
    return rtsp


_CLOCK_UNKNOWN: Final = "the camera does not tell its clock: where that is wrong it refuses a right password"


async def _or_fail(hop: str, asking: Awaitable[T], asked: OnvifAddress, hops: Hops) -> T:
    try:
        return await asking
    except OnvifError as error:
        hops.fail(hop, _nowhere(error, asked))


def _nowhere(error: OnvifError, asked: OnvifAddress) -> str:
    """Return what is wrong without saying where: who may see a camera need not know its address."""
    return error.detail.replace(netloc(asked.host, asked.port), "the camera")


ONVIF: Final = Way(go=go_onvif)
