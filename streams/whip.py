"""WHIP (WebRTC-HTTP ingestion): a browser, phone or encoder publishes its camera to the hub; nothing is decoded.

A camera whose address is `whip:KEY` is published by `POST /api/v1/cameras/{id}/whip` with `Authorization: Bearer KEY`.
The key is kept as every camera's address is: sealed, and never shown again.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Final, Protocol, Self

from aiohttp import hdrs, web
from aiortc import RTCCertificate
from prometheus_client import Counter, Gauge

from command.kernel.clock import Clock
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from streams.diagnosis import Hops, Way
from streams.limits import RELAY_CONNECT_MS, RELAY_SILENCE_MS, WHIP_PUBLISHERS
from streams.packets import Packet
from streams.publisher import Publisher
from streams.relay.aiortc_private import MediaPath
from streams.relay.http import read_sdp
from streams.relay.sdp import parse_offer
from streams.relay.transport import Transport
from streams.sources import PacketSource, SourceError
from streams.whip_way import HOP, LEFT, NEVER_CONNECTED, NOBODY, WRONG_KEY, Tries, ago

_log = logging.getLogger(__name__)
_publishers = Gauge("triune_whip_publishers", "Cameras that publish by WHIP now")
_refused = Counter("triune_whip_refused", "WHIP offers that were refused", ["why"])

SCHEME: Final = "whip"
_ADDRESS: Final = re.compile(r"whip:([A-Za-z0-9_~.-]{20,128})")
_LOOK_MS: Final = 1000

AddressOf = Callable[[str], str | None]
"""`address_of(camera_id)` returns the camera's address, None where it has none."""


class Others(Protocol):
    """The other hubs of the site, at which the same camera may publish."""

    async def take(self, camera_id: str, session_id: str) -> None:
        """Have the camera: who published it elsewhere has ended. Raises `ConflictError` where a newer one came."""
        ...

    async def stop(self, camera_id: str, session_id: str) -> None:
        """End a session at another hub. Raises `UnknownIdError` where there is none."""
        ...


class NoOthers:
    """The `Others` of a hub that is alone."""

    async def take(self, camera_id: str, session_id: str) -> None:
        """There is nobody to take it from."""

    async def stop(self, camera_id: str, session_id: str) -> None:
        """Raise `UnknownIdError`."""
        raise UnknownIdError("no such publishing session")


def new_address() -> str:
    """Return the address of a camera that will publish, with a new key."""
    return f"{SCHEME}:{secrets.token_urlsafe(24)}"


class _Session:
    """One publisher's connection."""

    def __init__(self, camera_id: str, who: str, transport: Transport, publisher: Publisher, now_ms: int) -> None:
        self.id = secrets.token_urlsafe(16)
        self.who = who
        """The network address that it offered from."""
        self.camera_id = camera_id
        self.transport = transport
        self.publisher = publisher
        self.since_ms = now_ms
        self.connected = False
        self.is_shown = False
        """Whether its pictures are the camera's."""
        self.has_ended = False

    def end(self) -> None:
        """Show nothing of it any more, from now on, and let it go."""
        self.has_ended, self.is_shown = True, False
        self.publisher.end()
        self.transport.end()

    def is_lost(self, now_ms: int, address: str | None) -> bool:
        """Say whether it never connected, sends nothing any more, or the camera at `address` has another key by now."""
        if address not in (None, self.publisher.address):
            return True
        if not self.connected:
            return now_ms - self.since_ms > RELAY_CONNECT_MS
        return now_ms - max(self.since_ms, self.publisher.heard_ms) > RELAY_SILENCE_MS


class WhipIngest:
    """`async with WhipIngest(...) as ingest`: takes publishers in, and is the source of their cameras' packets.

    `arrived(camera_id)` is called when a camera begins to publish, so that it need not be found out by trying.
    """

    others: Others

    def __init__(
        self, clock: Clock, addresses: Sequence[str], address_of: AddressOf, arrived: Callable[[str], Awaitable[None]]
    ) -> None:
        self.others = NoOthers()
        self._clock = clock
        self._addresses = tuple(addresses)
        self._address_of = address_of
        self._arrived = arrived
        self._certificate = RTCCertificate.generateCertificate()
        self._tasks = asyncio.TaskGroup()
        self._sessions: dict[str, _Session] = {}
        self._tries = Tries(clock)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._keeper = self._tasks.create_task(self._look_after())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.cancel()
        for session in self._sessions.values():
            session.transport.end()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def publishers(self) -> int:
        """How many there are, connected or about to be."""
        return len(self._sessions)

    def holds(self, session_id: str) -> bool:
        """Say whether there is such a session, connected or about to be."""
        return session_id in self._sessions

    def has(self, address: str) -> bool:
        """Say whether the camera at a `whip:` address publishes here."""
        return self._of(address) is not None

    def _of(self, address: str) -> _Session | None:
        return next((s for s in self._sessions.values() if s.is_shown and s.publisher.address == address), None)

    async def stop(self, camera_id: str, session_id: str) -> None:
        """End a session. Raises `UnknownIdError` where it is not of this hub."""
        session = self._sessions.get(session_id)
        if session is None or session.camera_id != camera_id:
            raise UnknownIdError("no such publishing session")
        session.end()

    def open(self, address: str, clock: Clock) -> PacketSource:
        """Open a `whip:` address, for `Sources.register`. Raises `SourceError` where its key is not one."""
        if not _ADDRESS.fullmatch(address):
            raise SourceError("a publishing camera's address is whip: and a key of 20 letters, digits and _~.- or more")
        return self._open(address)

    @asynccontextmanager
    async def _open(self, address: str) -> AsyncIterator[AsyncIterator[Packet]]:
        session = self._of(address)
        if session is None:
            raise SourceError(NOBODY)
        with session.publisher.read() as packets:
            yield packets

    @property
    def way(self) -> Way:
        """How cameras that publish here are gone to, for `Ways.register`."""

        async def go(address: str, clock: Clock, hops: Hops) -> None:
            session = self._of(address)
            if session is None:
                self._tries.fail(address, hops)
            else:
                hops.ok(HOP, f"since {ago(clock.now_ms() - session.since_ms)} from {session.who}")

        return Way(go=go, connects=False)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, which check the publishing key by themselves: nobody is signed in."""

        async def publish(request: web.Request) -> web.StreamResponse:
            return await self._publish(request)

        async def stop(request: web.Request) -> web.StreamResponse:
            return await self._stop(request)

        return [
            web.post("/api/v1/cameras/{camera_id}/whip", publish),
            web.delete("/api/v1/cameras/{camera_id}/whip/{session_id}", stop),
        ]

    async def _publish(self, request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        address = self._authorised(request, camera_id)
        if request.content_type != "application/sdp":
            raise InvalidInputError("the offer must be application/sdp")
        text = await read_sdp(request)
        try:
            session, answer = await self._answer(camera_id, address, text, _who(request))
        except TriuneError as error:
            _refused.labels(error.code).inc()
            self._tries.note(address, _who(request), f"its offer was refused: {error.detail}")
            raise
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={hdrs.LOCATION: f"{request.rel_url.raw_path}/{session.id}"},
        )

    async def _stop(self, request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        self._authorised(request, camera_id)
        session_id = request.match_info["session_id"]
        try:
            await self.stop(camera_id, session_id)
        except UnknownIdError:
            await self.others.stop(camera_id, session_id)
        return web.Response()

    def _authorised(self, request: web.Request, camera_id: str) -> str:
        """Return the camera's address if the request has its key. A camera that there is not is refused alike."""
        kind, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        address = self._address_of(camera_id) or ""
        offered = f"{SCHEME}:{key.strip()}".encode("utf-8", "surrogateescape")
        if not (
            _ADDRESS.fullmatch(address) and kind.lower() == "bearer" and hmac.compare_digest(offered, address.encode())
        ):
            _refused.labels("wrong key").inc()
            if _ADDRESS.fullmatch(address):
                self._tries.note(address, _who(request), WRONG_KEY)
            raise SignInRequiredError("the publishing key is wrong, or this camera does not publish")
        return address

    async def _answer(self, camera_id: str, address: str, text: str, who: str) -> tuple[_Session, str]:
        offer = parse_offer(text, "recvonly")
        # What every browser decodes; H.265 only where the publisher has nothing else.
        sent_as = offer.choose("h264" if any(x.codec == "h264" for x in offer.formats) else "h265", "42")
        publisher = Publisher(self._clock, address, sent_as)
        transport = Transport(offer, self._certificate)
        session = _Session(camera_id, who, transport, publisher, self._clock.now_ms())
        self._make_room(camera_id)
        self._sessions[session.id] = session
        _publishers.set(len(self._sessions))
        try:
            answer = await transport.answer(self._addresses, sent_as, "recvonly", ssrc=0, rtx_ssrc=0, cname="")
        except BaseException:
            await self._forget(session)
            raise
        self._tasks.create_task(self._run(session), name=f"publisher of {camera_id}")
        return session, answer

    async def _run(self, session: _Session) -> None:
        beginning: asyncio.Task[None] | None = None

        def connected(path: MediaPath) -> None:
            nonlocal beginning
            if session.has_ended:
                return
            session.since_ms, session.connected = self._clock.now_ms(), True
            self._end_others(session)
            session.publisher.begin(path)  # at once, so that whoever asks for a key frame knows whom to ask
            beginning = self._tasks.create_task(self._show(session))

        try:
            await session.transport.run(connected)
        except Exception:  # noqa: BLE001 - whatever one peer provokes, the others go on
            _log.exception("a publishing session of camera %s failed", session.camera_id)
        finally:
            if beginning is not None:
                beginning.cancel()  # no picture of it will come any more
            session.end()
            self._tries.note(session.publisher.address, session.who, LEFT if session.connected else NEVER_CONNECTED)
            await self._forget(session)

    async def _show(self, session: _Session) -> None:
        """Have its pictures be the camera's, once no other publisher's are."""
        try:
            await self.others.take(session.camera_id, session.id)
        except ConflictError as error:
            _log.info("a publisher of camera %s is let go: %s", session.camera_id, error.detail)
            session.end()
        if session.has_ended:
            return
        session.is_shown = True
        with suppress(UnavailableError, UnknownIdError):  # its state says why
            await self._arrived(session.camera_id)

    def _end_others(self, newest: _Session) -> None:
        for older in self._sessions.values():
            if older.camera_id == newest.camera_id and older is not newest:
                older.end()

    def _make_room(self, camera_id: str) -> None:
        """Take one more offer for a camera. Its newest counts, and who publishes goes on until that is connected.

        Raises `TooManyError` where too many other cameras publish, or too many offers are being given up.
        """
        for older in self._sessions.values():
            if older.camera_id == camera_id and not older.connected:
                older.end()
        others = {session.camera_id for session in self._sessions.values()} - {camera_id}
        if len(others) >= WHIP_PUBLISHERS or len(self._sessions) >= 2 * WHIP_PUBLISHERS:
            raise TooManyError(f"{WHIP_PUBLISHERS} cameras publish already")

    async def _forget(self, session: _Session) -> None:
        self._sessions.pop(session.id, None)
        _publishers.set(len(self._sessions))
        await session.transport.close()

    async def _look_after(self) -> None:
        while True:
            await self._clock.sleep(_LOOK_MS)
            now_ms = self._clock.now_ms()
            for session in self._sessions.values():
                if session.is_lost(now_ms, self._address_of(session.camera_id)):
                    session.end()


def _who(request: web.Request) -> str:
    return request.remote or "nowhere"
