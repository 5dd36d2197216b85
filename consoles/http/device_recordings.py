"""What a camera's device has recorded itself, over HTTP: listed, and played through a websocket (SPEC R465–R469).

The websocket speaks as that of live pictures does (`streams.mse`), but its media time is that of the recording: the
instant of a picture is `base_ms` plus its time. The viewer says `{"speed": 2}`, `{"hold": true}` or `{"hold": false}`;
the hub says `{"type": "plays", "speed", "held"}` once the device has agreed, `{"type": "refused", "reason"}` where it
does not, and at last `{"type": "end", "reason"}` with `reason` empty where the recording ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol, TypeAlias

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, NoRightError, SignInRequiredError, TriuneError, UnknownIdError
from command.kernel.tasks import first_of
from command.requests import Instant
from consoles.http.record import json_response
from edge.gb28181.archive import RecordedList, RecordedSpan
from edge.gb28181.invite import InviteError
from edge.gb28181.media import PlaybackEndedError
from edge.limits import GB28181_PLAYBACK_MS
from streams.limits import MSE_SAID_BYTES, MSE_UNREAD_MS, RECORD_LISTED_MS, RELAY_RECHECK_MS
from streams.mse import NO_LONGER_ALLOWED, Muxer
from streams.packets import Packet
from streams.sources import SourceError

Authorise: TypeAlias = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera)` raises unless whoever asks may see pictures of this camera."""

_OF_CAMERA = "/api/v1/cameras/{camera_id}"
_UNREAD = 4408
_CLOSED = (ConnectionError, RuntimeError)
"""What aiohttp says of a socket that was closed meanwhile."""


class Played(Protocol):
    """One recording under way, as `edge.gb28181.archive.Playback`."""

    speed: float
    is_held: bool

    def __aiter__(self) -> AsyncIterator[Packet]: ...

    async def at_speed(self, times: float) -> None:
        """Play at another speed."""
        ...

    async def hold(self) -> None:
        """Stand still."""
        ...

    async def go_on(self) -> None:
        """Play on."""
        ...


class DeviceArchive(Protocol):
    """The recordings of devices by the addresses of their cameras, wherever those are registered."""

    def offers(self, address: str) -> bool:
        """Say whether the device of a camera can be asked."""
        ...

    async def recorded(self, address: str, from_ms: int, to_ms: int) -> RecordedList:
        """Return what there is of a camera between two instants."""
        ...

    def place(self, address: str) -> AbstractContextManager[None]:
        """Take one of the places for playbacks for the block."""
        ...

    def play(self, address: str, from_ms: int, to_ms: int) -> AbstractAsyncContextManager[Played]:
        """Play a camera's recording for the block."""
        ...


class Listed(msgspec.Struct, frozen=True):
    """What the device has. `offered` is false for cameras whose devices are not asked: then there is nothing."""

    offered: bool
    spans: list[RecordedSpan]
    whole: bool


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a viewer wants: another speed, or to hold or go on."""

    speed: float | None = None
    hold: bool | None = None


_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class DeviceRecordings:
    """The handlers. `address_of(camera)` returns where a camera is; it raises `UnknownIdError` where there is none."""

    def __init__(
        self, archive: DeviceArchive, address_of: Callable[[str], str], clock: Clock, authorise: Authorise
    ) -> None:
        self._archive = archive
        self._address_of = address_of
        self._clock = clock
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(f"{_OF_CAMERA}/device-recordings", self._listing),
            web.get(f"{_OF_CAMERA}/device-playback", self._play),
        ]

    async def _listing(self, request: web.Request) -> web.Response:
        camera = request.match_info["camera_id"]
        await self._authorise(request, camera)
        from_ms, to_ms = _instant(request, "from_ms"), _instant(request, "to_ms")
        if not from_ms < to_ms <= from_ms + RECORD_LISTED_MS:
            raise InvalidInputError(f"a time ends after it begins and is of {RECORD_LISTED_MS} ms at most")
        address = self._address_of(camera)
        if not self._archive.offers(address):
            return json_response(Listed(offered=False, spans=[], whole=True))
        found = await self._archive.recorded(address, from_ms, to_ms)
        return json_response(Listed(offered=True, spans=found.spans, whole=found.whole))

    async def _play(self, request: web.Request) -> web.StreamResponse:
        camera = request.match_info["camera_id"]
        await self._authorise(request, camera)
        address = self._address_of(camera)
        if not self._archive.offers(address):
            raise UnknownIdError("the device of this camera is not asked for its recordings")
        now_ms, from_ms = self._clock.now_ms(), _instant(request, "from_ms")
        most_ms = min(from_ms + GB28181_PLAYBACK_MS, now_ms)
        to_ms = min(_instant(request, "to_ms"), most_ms) if "to_ms" in request.query else most_ms
        if from_ms >= to_ms:
            raise InvalidInputError("a time ends after it begins, and nothing is recorded after now")
        with self._archive.place(address):
            socket = web.WebSocketResponse(compress=False, max_msg_size=MSE_SAID_BYTES, timeout=1.0)
            await socket.prepare(request)
            session = _Session(socket, self._clock)
            await first_of(
                session.show(self._archive.play(address, from_ms, to_ms)),
                session.hear(),
                self._recheck(request, session, camera),
            )
            if session.code == _UNREAD and request.transport is not None:
                request.transport.abort()  # a farewell would only wait behind what is not read
            await socket.close(code=session.code)
            return socket

    async def _recheck(self, request: web.Request, session: _Session, camera: str) -> None:
        """Return once whoever asked may not see the camera any more: an open socket is no way around the door."""
        while True:
            await self._clock.sleep(RELAY_RECHECK_MS)
            try:
                await self._authorise(request, camera)
            except (SignInRequiredError, NoRightError):
                session.code = NO_LONGER_ALLOWED
                return
            except TriuneError:
                continue  # nobody can tell now


class _Session:
    """One viewer's playback."""

    def __init__(self, socket: web.WebSocketResponse, clock: Clock) -> None:
        self.code: int = WSCloseCode.OK
        self._socket = socket
        self._clock = clock
        self._playback: Played | None = None

    async def show(self, playing: AbstractAsyncContextManager[Played]) -> None:
        """Play to the end, and say which it was."""
        try:
            async with playing as self._playback:
                await self._send(self._playback)
            reason = ""
        except PlaybackEndedError:
            reason = ""
        except SourceError as error:
            reason = error.reason
        except InvalidInputError as error:
            reason = f"not playable: {error.detail}"
        except TimeoutError:
            self.code = _UNREAD
            return
        except _CLOSED:
            return
        await self._say({"type": "end", "reason": reason})

    async def _send(self, playback: Played) -> None:
        muxer = Muxer()
        async for packet in playback:
            messages = muxer.feed([packet], self._clock.now_ms())
            async with asyncio.timeout(MSE_UNREAD_MS / 1000):
                for message in messages:
                    await (self._socket.send_str if isinstance(message, str) else self._socket.send_bytes)(message)  # type: ignore[arg-type]  # each its own

    async def hear(self) -> None:
        """Do what the viewer wants until it goes."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                break
            try:
                await self._obey(msgspec.json.decode(message.data, type=_Order))
            except (msgspec.MsgspecError, UnicodeDecodeError):
                await self._say({"type": "refused", "reason": "not an order"})
            except InviteError as error:
                await self._say({"type": "refused", "reason": error.reason})

    async def _obey(self, order: _Order) -> None:
        playback = self._playback
        if playback is None:
            raise InviteError("the device has not agreed yet")
        if order.speed is not None:
            if order.speed not in _SPEEDS:
                raise InviteError(f"the speeds are {', '.join(f'{speed:g}' for speed in _SPEEDS)}")
            await playback.at_speed(order.speed)
        if order.hold is not None:
            await (playback.hold if order.hold else playback.go_on)()
        await self._say({"type": "plays", "speed": playback.speed, "held": playback.is_held})

    async def _say(self, what: dict[str, object]) -> None:
        try:
            await self._socket.send_str(msgspec.json.encode(what).decode())
        except _CLOSED:
            return


def _instant(request: web.Request, name: str) -> int:
    try:
        return msgspec.convert(request.query.get(name), Instant, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"{name} is milliseconds since 1970") from error
