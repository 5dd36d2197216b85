"""Routes of the HTTP trackers. A report is answered 200 once its fixes are durable; errors are raised as ours."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Iterable, Sequence
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
from command.readings import CallForHelp, Position
from command.services.bodies import read_body
from edge.limits import DEVICE_MESSAGES_PER_S, TRACKERS_REMEMBERED
from edge.trackers import osmand, owntracks
from edge.trackers.counters import TrackerCounters
from edge.trackers.fix import Fix, Source, judge
from edge.uplink import Uplink

_QUERY_FIELDS = 64


class _Credentials(NamedTuple):
    """`device` is the user name of HTTP Basic, None where a bearer token or a parameter came alone."""

    device: str | None
    token: str


def routes(uplink: Uplink, clock: Clock, counters: TrackerCounters) -> list[web.RouteDef]:
    """Return `GET|POST /ingest/osmand` and `POST /ingest/owntracks`, which sign devices in by their token.

    The token comes as `Authorization: Bearer`, as the password of HTTP Basic whose user is the device's id, or, for
    OsmAnd, as the parameter `token`. Handlers raise `InvalidInputError`, `SignInRequiredError`, `TooLargeError`,
    `TooManyError` and `UnavailableError`; a middleware makes problem details of them.
    """
    trackers = _Trackers(uplink, clock, counters)
    return [
        web.get("/ingest/osmand", trackers.osmand, allow_head=False),
        web.post("/ingest/osmand", trackers.osmand),
        web.post("/ingest/owntracks", trackers.owntracks),
    ]


class _Trackers:
    def __init__(self, uplink: Uplink, clock: Clock, counters: TrackerCounters) -> None:
        self._uplink = uplink
        self._clock = clock
        self._counters = counters
        self._rates: OrderedDict[tuple[Source, str], RateLimit] = OrderedDict()

    async def osmand(self, request: web.Request) -> web.Response:
        """OsmAnd, Traccar Client."""
        body = await read_body(request, REQUEST_BODY_BYTES)
        is_json = body.lstrip().startswith(b"{")
        parameters = _merged([*request.query.items(), *([] if is_json else _form(body))])
        report = osmand.parse_json(body) if is_json else osmand.parse_query(parameters)
        credentials = _credentials(request) or _Credentials(None, parameters.get("token", ""))
        await self._take("osmand", report.device, credentials, report.fixes, report.wrong)
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

    async def _take(
        self,
        source: Source,
        device: str,
        credentials: _Credentials,
        fixes: Sequence[Fix],
        unread: Sequence[InvalidInputError] = (),
    ) -> None:
        if credentials.device not in (None, device):
            raise SignInRequiredError("the user name is not the device that the report is of")
        if not credentials.token or not await self._uplink.check_device_token(source, device, credentials.token):
            raise SignInRequiredError("the device's token is wrong")
        now_ms = self._clock.now_ms()
        if self._rate(source, device, now_ms).wait_ms(now_ms):
            raise TooManyError(f"more than {DEVICE_MESSAGES_PER_S} reports a second")
        wrong = [*unread]
        positions: list[Position] = []
        calls: list[CallForHelp] = []
        for fix in fixes:
            try:
                judged = judge(fix, device, source, now_ms)
            except InvalidInputError as error:
                wrong.append(error)
            else:
                if isinstance(judged, Position):
                    positions.append(judged)
                else:
                    calls.append(judged)
        self._counters.locations_refused += len(wrong)
        if wrong and not positions and not calls:
            raise wrong[0]
        await self._store(positions, calls)

    async def _store(self, positions: list[Position], calls: list[CallForHelp]) -> None:
        """Store both, the calls also where the positions cannot be."""
        try:
            if positions:
                await self._uplink.positions(positions)
                self._counters.locations += len(positions)
        finally:
            if calls:
                await self._uplink.calls_for_help(calls)
                self._counters.sos_without_place += len(calls)

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


def _merged(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name, of one told twice the last; but of alarms all."""
    merged: dict[str, str] = {}
    for name, value in parameters:
        merged[name] = f"{merged[name]},{value}" if name == "alarm" and name in merged else value
    return merged


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), max_num_fields=_QUERY_FIELDS)
    except ValueError as error:
        raise InvalidInputError("the form in the body cannot be read") from error
