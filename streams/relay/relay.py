"""The relay: one channel for each camera that is watched, one session for each viewer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiortc import RTCCertificate
from prometheus_client import Counter, Gauge

from command.kernel.clock import Clock
from command.kernel.errors import (
    InvalidInputError,
    NoRightError,
    SignInRequiredError,
    TooManyError,
    TriuneError,
    UnknownIdError,
)
from streams import h264, h265
from streams.limits import RELAY_RECHECK_MS, RELAY_VIEWERS, RELAY_VIEWERS_PER_CAMERA
from streams.packets import Packet
from streams.relay.channel import Channel, Stream
from streams.relay.sdp import NotPlayableError, parse_offer
from streams.relay.session import Session, StillMay
from streams.relay.viewer import Viewer

_log = logging.getLogger(__name__)
_refused = Counter("triune_relay_refused_offers", "WHEP offers that were malformed or over a limit", ["why"])
_viewers = Gauge("triune_relay_viewers", "WHEP sessions now")

_LOOK_MS = 1000


class Relay:
    """`async with Relay(clock, addresses) as relay`; leaving ends every session.

    `addresses` are the hub's own to send video from, each session on a free UDP port; where none
    is named, all the host has.
    """

    def __init__(self, clock: Clock, addresses: Sequence[str]) -> None:
        self._clock = clock
        self._addresses = tuple(addresses)
        self._certificate = RTCCertificate.generateCertificate()
        self._tasks = asyncio.TaskGroup()
        self._sessions: dict[str, Session] = {}
        self._channels: dict[Stream, tuple[Channel, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._reapers = [
            self._tasks.create_task(self._let_lost_ones_go()),
            self._tasks.create_task(self._let_those_without_a_right_go()),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            session.end()
        for reaper in self._reapers:
            reaper.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def viewers(self) -> int:
        """How many sessions there are, connected or about to be."""
        return len(self._sessions)

    async def answer(self, stream: Stream, offer_sdp: str, still_may: StillMay | None = None) -> tuple[str, str]:
        """Open a session for a viewer's offer and return its id and our answer.

        `still_may()` is asked now and then; the session ends once it raises `NoRightError` or `SignInRequiredError`.

        Raises `InvalidInputError` (the offer), `NotPlayableError` (its codecs), `TooManyError` (viewers),
        `UnavailableError` (the camera shows no picture, or the host has no address).
        """
        try:
            offer = parse_offer(offer_sdp)
        except InvalidInputError:
            _refused.labels("malformed").inc()
            raise
        self._make_room(stream.id)
        still = await stream.still()
        self._make_room(stream.id)  # others may have come meanwhile
        try:
            sent_as = offer.choose(still.codec, profile_of(still))
        except NotPlayableError:
            _refused.labels("not playable").inc()
            raise
        session = Session(stream.id, offer, sent_as, self._certificate, still_may)
        self._sessions[session.id] = session
        _viewers.set(len(self._sessions))
        try:
            answer = await session.negotiate(self._clock.now_ms(), self._addresses)
        except BaseException:
            await self._forget(session)
            raise
        self._tasks.create_task(self._run(session, stream), name=f"viewer of {stream.id}")
        return session.id, answer

    def close(self, session_id: str) -> None:
        """End a session. Raises `UnknownIdError`."""
        self._find(session_id).end()

    def camera_of(self, session_id: str) -> str:
        """Return the id of the camera that a session shows. Raises `UnknownIdError`."""
        return self._find(session_id).camera_id

    def _find(self, session_id: str) -> Session:
        if session_id not in self._sessions:
            raise UnknownIdError("no such viewing session")
        return self._sessions[session_id]

    def _make_room(self, camera_id: str) -> None:
        here = sum(session.camera_id == camera_id for session in self._sessions.values())
        if len(self._sessions) >= RELAY_VIEWERS or here >= RELAY_VIEWERS_PER_CAMERA:
            _refused.labels("too many viewers").inc()
            raise TooManyError("too many viewers; close a picture or try again later")

    async def _run(self, session: Session, stream: Stream) -> None:
        joined: list[Viewer] = []

        def connected(viewer: Viewer) -> None:
            joined.append(viewer)
            self._join(stream, viewer, session)

        try:
            await session.run(connected)
        except Exception:  # noqa: BLE001 - whatever one peer provokes, the other viewers go on
            _log.exception("a viewing session of camera %s failed", session.camera_id)
        finally:
            for viewer in joined:
                self._leave(stream, viewer)
            await self._forget(session)

    def _join(self, stream: Stream, viewer: Viewer, session: Session) -> None:
        if stream not in self._channels:
            channel = Channel(stream, self._clock)
            task = self._tasks.create_task(channel.run(), name=f"channel of {stream.id}")
            self._channels[stream] = (channel, task)
        self._channels[stream][0].add(viewer, session.end)

    def _leave(self, stream: Stream, viewer: Viewer) -> None:
        channel, task = self._channels[stream]
        channel.discard(viewer)
        if not len(channel):
            task.cancel()
            del self._channels[stream]

    async def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        _viewers.set(len(self._sessions))
        await session.close()

    async def _let_lost_ones_go(self) -> None:
        while True:
            await self._clock.sleep(_LOOK_MS)
            now_ms = self._clock.now_ms()
            for session in self._sessions.values():
                if session.is_lost(now_ms):
                    session.end()

    async def _let_those_without_a_right_go(self) -> None:
        """An open session is no way around the door: whoever signed out, or lost the right, sees nothing more."""
        while True:
            await self._clock.sleep(RELAY_RECHECK_MS)
            for session in list(self._sessions.values()):
                try:
                    if session.still_may is not None:
                        await session.still_may()
                except (NoRightError, SignInRequiredError):
                    session.end()
                except TriuneError:
                    continue  # nobody can tell now


def profile_of(key: Packet) -> str:
    """Return a key frame's profile as SDP writes it: six hex digits of H.264, one number of H.265."""
    units = h264.nal_units(key.data)
    if key.codec == "h265":
        sets = [unit for unit in units if h265.nal_type(unit) == h265.NAL_SPS]
        return str(sets[0][3] & 0x1F) if sets and len(sets[0]) > 3 else "1"
    sets = [unit for unit in units if h264.nal_type(unit) == h264.NAL_SPS]
    return sets[0][1:4].hex() if sets else ""
