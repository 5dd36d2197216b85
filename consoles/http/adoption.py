"""Adopting cameras over HTTP: what the networks hold, a trial hop by hop, and enrolment with a sealed address."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec import Meta

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError
from command.requests import EnrolCamera, Lat, Lon, Name
from command.services.bodies import read_body
from consoles.http.context import LIVE, actor_of, context_of, require
from consoles.http.publishing import Publishing, publishing_of
from consoles.http.record import json_response
from consoles.parts.agents.registry import SCHEME as EDGE
from consoles.parts.agents.registry import in_charge
from edge.limits import ADOPTION_BODY_BYTES, ADOPTION_TRIES
from edge.onvif.discovery import Discovery
from edge.onvif.messages import DeviceInformation, Profile
from edge.onvif.trial import Step, Trial, try_camera, with_credentials
from streams.sources import SourceError, Sources, check_address, scheme_of, split_options
from streams.whip import SCHEME, new_address

_log = logging.getLogger(__name__)

Address = Annotated[str, Meta(min_length=1, max_length=500)]
Credential = Annotated[str, Meta(max_length=200)]


class FoundCamera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that is there. `address` holds no credentials and is what a trial and an adoption take."""

    kind: Literal["onvif", "gb28181"]
    address: str
    name: str = ""
    told: str = ""
    """What else it says of itself: make, place."""
    adopted: list[str] = []
    """Enrolled cameras at just this address; where there is none, those at its host, as the channels of a recorder."""


TrialElsewhere = Callable[[str], Awaitable[Trial] | None]
"""Tries the camera at an address where that can be reached; None for one that this hub tries itself."""
Finder = Callable[[], Awaitable[Iterable[FoundCamera]]]
"""Looks for cameras of one kind; may raise a `TriuneError`, which is told beside what others found."""


class FoundCameras(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and what could not be looked for."""

    found: list[FoundCamera]
    problems: list[str]


class CameraAddress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a camera is, and as whom it is asked. `profile` is the ONVIF stream's; empty takes the first."""

    address: Address
    user: Credential = ""
    password: Credential = ""
    profile: Annotated[str, Meta(max_length=64)] = ""


class Adoption(CameraAddress, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera with its place, WGS-84. The address `whip:` stands for one more that publishes: a key is made for it."""

    name: Name
    lat: Lat
    lon: Lon
    bearing_deg: Annotated[float, Meta(ge=0, lt=360)] = 0.0
    field_deg: Annotated[float, Meta(gt=0, le=360)] = 60.0
    reads_plates: bool = False


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """The enrolled camera; `publishing` where it sends its pictures itself."""

    camera: str
    publishing: Publishing | None = None


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """How far a trial came: all went well where every step is ok. `picture` is a JPEG in base64."""

    steps: list[Step]
    device: DeviceInformation | None
    profiles: list[Profile]
    profile: str
    codec: str
    moves: bool
    picture: str | None


def routes(
    finders: Sequence[Finder], sources: Sources, clock: Clock, try_elsewhere: TrialElsewhere
) -> list[web.RouteDef]:
    """Return the routes, for administrators alone."""
    trying = asyncio.Semaphore(ADOPTION_TRIES)
    looking = asyncio.Lock()

    async def found(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        async with looking:  # one probe at a time: all who ask meanwhile take turns
            cameras, problems = await _find(finders)
        enrolled = await _enrolled(request)
        told = [msgspec.structs.replace(camera, adopted=_adopted(camera.address, enrolled)) for camera in cameras]
        return json_response(FoundCameras(found=told, problems=problems))

    async def attempt(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        body = await read_body(request, ADOPTION_BODY_BYTES)
        asked = msgspec.json.decode(body, type=CameraAddress)
        address = _address(asked, sources)
        if trying.locked():
            raise TooManyError(f"{ADOPTION_TRIES} cameras are being tried")
        async with trying:
            trial = await (try_elsewhere(address) or try_camera(address, clock, sources))
        _log.info("%s tried the camera at %s: %s", actor_of(request).id, _place(address), trial.failed or "all well")
        return json_response(
            Tried(
                steps=trial.steps,
                device=trial.device,
                profiles=trial.profiles,
                profile=trial.profile,
                codec=trial.codec,
                moves=any(profile.has_ptz for profile in trial.profiles),
                picture=base64.b64encode(trial.picture).decode() if trial.picture else None,
            )
        )

    async def adopt(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        asked = msgspec.json.decode(await read_body(request, ADOPTION_BODY_BYTES), type=Adoption)
        publishes = asked.address.strip() == f"{SCHEME}:"
        address = new_address() if publishes else _address(asked, sources)
        camera = _camera_id(address)
        enrolment = EnrolCamera(
            camera=camera, name=asked.name, lat=asked.lat, lon=asked.lon,
            bearing_deg=asked.bearing_deg, field_deg=asked.field_deg, reads_plates=asked.reads_plates,
        )  # fmt: skip
        # First the record, with who did it; an adoption that ends between the two is done again and means the same.
        await context_of(request).spaces[LIVE].hub.ask(enrolment, actor_of(request))
        await context_of(request).accounts.set_camera_address(camera, address)
        adopted = Adopted(camera=camera, publishing=publishing_of(camera, address) if publishes else None)
        return web.Response(status=201, body=msgspec.json.encode(adopted), content_type="application/json")

    return [
        web.get("/api/v1/cameras/found", found),
        web.post("/api/v1/cameras/try", attempt),
        web.post("/api/v1/cameras/adopt", adopt),
    ]


def onvif_finder(discovery: Discovery) -> Finder:
    """Return what looks for ONVIF cameras by multicast."""

    async def find() -> list[FoundCamera]:
        return [
            FoundCamera(
                kind="onvif",
                address=device.address.text(),
                name=device.name or device.address.host,
                told=" ".join(filter(None, (device.hardware, device.location))),
            )
            for device in await discovery.find()
        ]

    return find


async def _find(finders: Sequence[Finder]) -> tuple[list[FoundCamera], list[str]]:
    cameras: list[FoundCamera] = []
    problems: list[str] = []
    for find in finders:
        try:
            cameras += await find()
        except TriuneError as error:
            problems.append(error.detail)
    return cameras, problems


async def _enrolled(request: web.Request) -> dict[str, str]:
    """Return the enrolled cameras with their addresses."""
    context = context_of(request)
    known = await context.spaces[LIVE].hub.read(lambda t: {camera.id for camera in t.cameras})
    addresses = sorted((await context.accounts.camera_addresses()).items())
    return {camera: address for camera, address in addresses if camera in known}


def _adopted(address: str, enrolled: Mapping[str, str]) -> list[str]:
    """Return the cameras at a found address: by host, port and path, else by host, behind which many cameras may be."""
    exact, place = _endpoint(address), _place(address)
    same = [camera for camera, at in enrolled.items() if _endpoint(at) == exact]
    return same or [camera for camera, at in enrolled.items() if _place(at) == place]


def _address(asked: CameraAddress, sources: Sources) -> str:
    address = with_credentials(asked.address, asked.user, asked.password, asked.profile)
    if scheme_of(address) not in sources.schemes:
        raise InvalidInputError(f"an address begins with one of {', '.join(sources.schemes)}")
    try:
        check_address(address)
    except SourceError as error:
        raise InvalidInputError(error.reason) from None
    return address


def _place(address: str) -> str:
    """Return what tells devices apart: the host, or the whole address where it names none. Never a password."""
    if (behind := in_charge(address)) is not None:
        return f"{EDGE}://{behind[0]}/{_place(behind[1])}"
    if scheme_of(address) == "gb28181" or "/gb28181://" in address:
        return address.partition("#")[0].partition("?")[0]
    try:
        return urlsplit(address).hostname or scheme_of(address)
    except ValueError:
        return scheme_of(address)


def _camera_id(address: str) -> str:
    """Return the id of the camera at an address whoever asks, so that adopting it again changes it and adds none."""
    place = _without_credentials(split_options(address)[0])
    return f"cam-{hashlib.sha256(place.encode()).hexdigest()[:10]}"


def _endpoint(address: str) -> str:
    """Return host, port and path, whoever asks there and for which stream."""
    whole = address.partition("#")[0]
    if scheme_of(whole) == "onvif" or "/onvif://" in whole:  # the stream of one device; of RTSP it tells cameras apart
        whole = whole.partition("?")[0]
    try:
        return _without_credentials(whole)
    except ValueError:
        return _place(address)


def _without_credentials(address: str) -> str:
    if (behind := in_charge(address)) is not None:  # the address that the agent uses stands in the path
        return f"{EDGE}://{behind[0]}/{_without_credentials(behind[1])}"
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
