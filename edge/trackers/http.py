"""Routes of the HTTP trackers. A report is answered 200 once its fixes are durable; errors are raised as ours."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

from command.kernel.clock import Clock
from command.kernel.errors import (
    InvalidInputError,
    SignInRequiredError,
    TooManyError,
)
from command.kernel.limits import REQUEST_BODY_BYTES
from command.kernel.rate import RateLimit
from command.services.bodies import read_body
from edge.limits import DEVICE_MESSAGES_PER_S, TRACKERS_REMEMBERED
from edge.trackers import osmand, owntracks
from edge.trackers.fix import Fix, Source, judge
from edge.uplink import Uplink

_QUERY_FIELDS = 64


class _Credentials(NamedTuple):
    """`device` is the user name of HTTP Basic, None where a bearer token or a parameter came alone."""

    device: str | None
    token: str


def routes(uplink: Uplink, clock: Clock) -> list[web.RouteDef]:
    """Return `GET|POST /ingest/osmand` and `POST /ingest/owntracks`, which sign devices in by their token.

    The token comes as `Authorization: Bearer`, as the password of HTTP Basic whose user is the device's id, or, for
    OsmAnd, as the parameter `token`. Handlers raise `InvalidInputError`, `SignInRequiredError`, `TooLargeError`,
    `TooManyError` and `UnavailableError`; a middleware makes problem details of them.
    """
    trackers = _Trackers(uplink, clock)
    return [
        web.get("/ingest/osmand", trackers.osmand, allow_head=False),
        web.post("/ingest/osmand", trackers.osmand),
        web.post("/ingest/owntracks", trackers.owntracks),
    ]


class _Trackers:
    def __init__(self, uplink: Uplink, clock: Clock) -> None:
        self._uplink = uplink
        self._clock = clock
        self._rates: OrderedDict[tuple[Source, str], RateLimit] = OrderedDict()

    async def osmand(self, request: web.Request) -> web.Response:
        """OsmAnd, Traccar Client."""
        body = await read_body(request, REQUEST_BODY_BYTES)
        parameters = dict(request.query)
        if body.lstrip().startswith(b"{"):
            report = osmand.parse_json(body)
        else:
            parameters |= _form(body)
            report = osmand.parse_query(parameters)
        credentials = _credentials(request) or _Credentials(None, parameters.get("token", ""))
        await self._take("osmand", report.device, credentials, report.fixes)
        return web.Response()

    async def owntracks(self, request: web.Request) -> web.Response:
        """OwnTracks, which reads friends and commands from the answer: there are none."""
        report = owntracks.parse(await read_body(request, REQUEST_BODY_BYTES))
        credentials = _credentials(request)
        if credentials is None:
            raise SignInRequiredError("HTTP Basic or a bearer token is needed")
        device = credentials.device or report.device
        if device is None:
            raise InvalidInputError("nothing names the device: neither the user name, nor topic, nor tid")
        await self._take("owntracks", device, credentials, report.fixes)
        return web.json_response([])

    async def _take(self, source: Source, device: str, credentials: _Credentials, fixes: Sequence[Fix]) -> None:
        if credentials.device not in (None, device):
            raise SignInRequiredError("the user name is not the device that the report is of")
        if not credentials.token or not await self._uplink.check_device_token(source, device, credentials.token):
            raise SignInRequiredError("the device's token is wrong")
        now_ms = self._clock.now_ms()
        if self._rate(source, device, now_ms).wait_ms(now_ms):
            raise TooManyError(f"more than {DEVICE_MESSAGES_PER_S} reports a second")
        positions = [judge(fix, device, source, now_ms) for fix in fixes]
        if positions:
            await self._uplink.positions(positions)

    def _rate(self, source: Source, device: str, now_ms: int) -> RateLimit:
        rate = self._rates.setdefault((source, device), RateLimit(DEVICE_MESSAGES_PER_S, now_ms))
        self._rates.move_to_end((source, device))
        if len(self._rates) > TRACKERS_REMEMBERED:
            self._rates.popitem(last=False)
        return rate


def _credentials(request: web.Request) -> _Credentials | None:
    """Read the header `Authorization`; None where there is none. Raises `SignInRequiredError` for a strange one."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return _Credentials(None, value.strip())
    if scheme.lower() == "basic":
        try:
            user, _, password = b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise SignInRequiredError("the Basic credentials are not base64 of user:password") from error
        return _Credentials(user, password)
    raise SignInRequiredError(f"authorization scheme {scheme[:20]!r} is not known")


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_QUERY_FIELDS))
    except ValueError as error:
        raise InvalidInputError("the form in the body cannot be read") from error
