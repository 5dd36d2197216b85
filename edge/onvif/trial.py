"""Tries a camera's address hop by hop, so that whoever mounts it learns where it fails and what to do."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError
from edge.limits import ADOPTION_TRY_MS
from edge.onvif.address import netloc, onvif_address
from edge.onvif.client import OnvifClient
from edge.onvif.gateway import SCHEMES, chosen, with_transport
from edge.onvif.messages import DeviceInformation, Profile
from streams.keyframes import jpeg
from streams.sources import SourceError, Sources, pulls_always, scheme_of, split_options

Hop: TypeAlias = Literal["device", "sign_in", "profiles", "stream", "picture"]

_CLOCK_OFF_MS = 5000
"""Further off than this a camera's clock is told of: the time burnt into its pictures is wrong by as much."""


class Step(msgspec.Struct, frozen=True):
    """How one hop went; `told` is for a technician and holds no password."""

    hop: Hop
    ok: bool
    told: str = ""


class Trial(msgspec.Struct):
    """How far it came."""

    steps: list[Step] = msgspec.field(default_factory=list)
    device: DeviceInformation | None = None
    profiles: list[Profile] = msgspec.field(default_factory=list)
    profile: str = ""
    """The one that was tried: the address's own, or the first."""
    codec: str = ""
    """Of the pictures that came, whatever the profile said."""
    picture: bytes | None = None
    """A JPEG."""

    @property
    def failed(self) -> Step | None:
        """The hop where it ended, unless all went well."""
        return next((step for step in self.steps if not step.ok), None)


def with_credentials(address: str, user: str, password: str, profile: str = "") -> str:
    """Return a camera's address as the vault keeps it: user, password and ONVIF profile in it, where they are said.

    A bare host, or one with a port, is an ONVIF camera's; options at its end stay. Raises `InvalidInputError`, which
    repeats nothing of them.
    """
    try:
        address, options = split_options(address)
    except SourceError as error:
        raise InvalidInputError(error.reason) from None
    told = "&".join(f"{name}={value}" for name, value in options.items())
    return _with_credentials(address, user, password, profile) + (f"#{told}" if told else "")


def _with_credentials(address: str, user: str, password: str, profile: str) -> str:
    if scheme_of(address) == "edge":  # behind an agent, after whose name the camera's own address stands
        agent, slash, inner = address.removeprefix("edge://").partition("/")
        return f"edge://{agent}{slash}{_with_credentials(inner, user, password, profile)}" if inner else address
    if "://" not in address and scheme_of(address) != "whip":
        address = f"onvif://{address}"
    if scheme_of(address) in {*SCHEMES, "http", "https"}:
        asked = onvif_address(address)
        named = msgspec.structs.replace(asked, user=user, password=password) if user else asked
        return msgspec.structs.replace(named, profile=profile or named.profile).text()
    if not user or scheme_of(address) not in {"rtsp", "rtsps"}:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        raise InvalidInputError("this is not an address of a camera") from None
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


async def try_camera(address: str, clock: Clock, sources: Sources) -> Trial:
    """Go as far as a picture, or to the hop that fails; raises nothing, and ends within `ADOPTION_TRY_MS`."""
    attempt = _Attempt(pulls_always(address)[0], clock, sources)
    try:
        async with asyncio.timeout(ADOPTION_TRY_MS / 1000):
            await attempt.run()
    except TimeoutError:
        attempt.fail(f"it took longer than {ADOPTION_TRY_MS // 1000} s")
    except SourceError as error:
        attempt.fail(error.reason)
    except TriuneError as error:
        attempt.fail(error.detail)
    return attempt.trial


class _Attempt:
    """One trial under way, and at which hop it is."""

    def __init__(self, address: str, clock: Clock, sources: Sources) -> None:
        self.trial = Trial()
        self._address = address
        self._clock = clock
        self._sources = sources
        self._hop: Hop = "device"

    def fail(self, told: str) -> None:
        self.trial.steps.append(Step(self._hop, ok=False, told=told))

    def _passed(self, told: str, then: Hop) -> None:
        self.trial.steps.append(Step(self._hop, ok=True, told=told))
        self._hop = then

    async def run(self) -> None:
        address = self._address
        if scheme_of(address) in SCHEMES:
            plain, options = split_options(address)
            address = with_transport(await self._ask(plain), options)
        self._hop = "picture"
        async with self._sources.open(address, self._clock) as packets:
            packet = await anext(packets)
        self.trial.codec = packet.codec
        self.trial.picture = await asyncio.to_thread(jpeg, packet)
        if self.trial.picture is None:
            raise SourceError(f"what it sends does not decode as {packet.codec}")
        self._passed(packet.codec, "picture")

    async def _ask(self, address: str) -> str:
        """Ask the camera for its stream's address."""
        asked = onvif_address(address)
        async with OnvifClient(asked, self._clock) as camera:
            self._passed(clock_told(camera.clock_offset_ms), "sign_in")
            self.trial.device = told = await camera.information()
            self._passed(" ".join((told.manufacturer, told.model, told.firmware)).strip(), "profiles")
            self.trial.profiles = profiles = await camera.profiles()
            profile = chosen(profiles, asked.profile)
            self.trial.profile = profile.token
            self._passed(f"{len(profiles)}: {profile.codec} {profile.width}×{profile.height}", "stream")
            rtsp = await camera.stream_uri(profile.token)
            self._passed(_place(rtsp), "picture")
        return rtsp


def clock_told(offset_ms: int) -> str:
    """Say how far a camera's clock is off; empty where it is not."""
    if abs(offset_ms) < _CLOCK_OFF_MS:
        return ""
    return f"its clock is {abs(offset_ms) // 1000} s {'ahead' if offset_ms > 0 else 'behind'}; set its time server"


def _place(rtsp: str) -> str:
    """Return a stream's address without user and password."""
    parts = urlsplit(rtsp)
    return f"{parts.scheme}://{netloc(parts.hostname or '', parts.port or 0)}{parts.path}"
