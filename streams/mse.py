"""Live pictures where UDP is blocked: fragmented MP4 over a websocket, for Media Source Extensions in the browser.

A text message `{"type":"init","codec","mime","base_ms","now_ms"}`, then binary messages: the initialization segment and
one fragment for each picture; on a change of codec or size again text and segment. `base_ms` is the UTC instant of the
media's time 0, `now_ms` the hub's clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import prometheus_client
from aiohttp import WSCloseCode, WSMsgType, web

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, NoRightError, SignInRequiredError, TooManyError, TriuneError
from streams.fmp4 import Timing, Track, fragment, init_segment, run_length, track_of
from streams.limits import MSE_SAID_BYTES, MSE_UNREAD_MS, MSE_VIEWERS, MSE_VIEWERS_PER_CAMERA, RELAY_RECHECK_MS
from streams.packets import Packet
from streams.relay.channel import Stream

Authorise = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera_id)` raises unless whoever asks may see this camera, now."""

NO_LONGER_ALLOWED: Final = 4403
"""Close code: whoever asked may not see this camera any more."""
GONE: Final = 4404
"""Close code: the camera is no more, or shows nothing that MP4 can hold."""
_UNREAD: Final = 4408

_viewers = prometheus_client.Gauge("triune_mse_viewers", "Websockets that carry live pictures now")
_let_go = prometheus_client.Counter("triune_mse_let_go", "Viewers by websocket that were let go", ["why"])


class Muxer:
    """One viewer's file: turns packets into messages. Pure, and never behind: what comes in goes out at once.

    Only a stream with B-frames waits for the pictures that have to be shown before one.
    """

    def __init__(self) -> None:
        self._timing = Timing()
        self._track: Track | None = None
        self._waiting: list[Packet] = []
        self._newest_pts_ms = 0
        self._reorders = False
        self._last_dts_ms: int | None = None
        self._number = 0

    def feed(self, packets: Sequence[Packet], now_ms: int) -> list[str | bytes]:
        """Return the messages for packets in decoding order, the first of all a key frame.

        Raises `InvalidInputError` where a key frame's parameter sets say nothing that MP4 can hold.
        """
        messages: list[str | bytes] = []
        for packet in packets:
            track = track_of(packet) if packet.is_key else self._track
            if track is None:
                continue
            self._reorders = self._reorders or packet.pts_ms < self._newest_pts_ms
            self._newest_pts_ms = max(self._newest_pts_ms, packet.pts_ms)
            if track != self._track:
                self._flush(messages, len(self._waiting))
                self._begin(messages, track, packet, now_ms)
            self._waiting.append(packet)
            self._flush(messages, run_length(self._waiting) if self._reorders else len(self._waiting))
        return messages

    def _begin(self, messages: list[str | bytes], track: Track, key: Packet, now_ms: int) -> None:
        base_ms = key.pts_ms if self._track is None else self._timing.base_ms
        self._track = track
        said = {"type": "init", "codec": track.codecs, "mime": track.mime, "base_ms": base_ms, "now_ms": now_ms}
        messages += (msgspec.json.encode(said).decode(), init_segment(track))

    def _flush(self, messages: list[str | bytes], count: int) -> None:
        if not count:
            return
        samples = self._timing.samples(self._waiting[:count])
        del self._waiting[:count]
        if len(samples) == 1 and self._last_dts_ms is not None:
            # Nobody knows yet how long a picture will last; as long as the one before it did is a good guess.
            lasts_ms = min(max(samples[0].dts_ms - self._last_dts_ms, 1), 1000)
            samples = [msgspec.structs.replace(samples[0], duration_ms=lasts_ms)]
        self._last_dts_ms = samples[-1].dts_ms
        self._number += 1
        messages.append(fragment(self._number, samples))


class MseViewers:
    """Who watches by websocket; `routes(...)` gives the route."""

    def __init__(self, clock: Clock, find: Callable[[str], Stream], authorise: Authorise) -> None:
        self._clock = clock
        self._find = find
        self._authorise = authorise
        self._of: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._of.total()

    def routes(self) -> list[web.RouteDef]:
        """Return the route; errors before the upgrade are `TriuneError`s for the application's middleware."""
        return [web.get("/api/v1/cameras/{camera_id}/mse", self._watch)]

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        camera_id = request.match_info["camera_id"]
        await self._authorise(request, camera_id)
        stream = self._find(camera_id)
        if self.count >= MSE_VIEWERS or self._of[camera_id] >= MSE_VIEWERS_PER_CAMERA:
            raise TooManyError("too many viewers; close a picture or try again later")
        self._of[camera_id] += 1
        _viewers.set(self.count)
        try:
            await stream.still()
            socket = web.WebSocketResponse(compress=False, max_msg_size=MSE_SAID_BYTES, timeout=1.0)
            await socket.prepare(request)
            await self._show(request, socket, stream)
            return socket
        finally:
            self._of[camera_id] -= 1
            self._of += Counter()  # forget cameras that nobody watches
            _viewers.set(self.count)

    async def _show(self, request: web.Request, socket: web.WebSocketResponse, stream: Stream) -> None:
        """Send until either side ends it; what goes wrong with one viewer stays with it."""
        async with asyncio.TaskGroup() as tasks:
            jobs = (
                tasks.create_task(self._send(socket, stream)),
                tasks.create_task(_hear(socket)),
                tasks.create_task(self._recheck(request, stream.id)),
            )
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in jobs:
                job.cancel()
            end = min(job.result() for job in done)
        if end.why:
            _let_go.labels(end.why).inc()
        if end.code == _UNREAD and request.transport is not None:
            request.transport.abort()  # a farewell would only wait behind what is not read
        await socket.close(code=end.code, message=end.why.encode())

    async def _send(self, socket: web.WebSocketResponse, stream: Stream) -> _End:
        muxer = Muxer()
        async with stream.subscribe() as subscription:
            stream.want_key()
            while packets := await subscription.take():
                # The newest wins: a reader that was slow goes on at the last key frame there is.
                last_key = max((i for i, packet in enumerate(packets) if packet.is_key), default=0)
                try:
                    messages = muxer.feed(packets[last_key:], self._clock.now_ms())
                    async with asyncio.timeout(MSE_UNREAD_MS / 1000):
                        for message in messages:
                            await (socket.send_str if isinstance(message, str) else socket.send_bytes)(message)  # type: ignore[arg-type]
                except InvalidInputError as error:
                    return _End(GONE, f"not playable: {error.detail}")
                except TimeoutError:
                    return _End(_UNREAD, "not read")
                except (ConnectionError, RuntimeError):  # aiohttp's words for a socket that was closed meanwhile
                    return _End(WSCloseCode.OK)
        return _End(GONE, "the camera is no more")

    async def _recheck(self, request: web.Request, camera_id: str) -> _End:
        """Wait until whoever asked may not see the camera any more: an open socket is no way around the door."""
        while True:
            await self._clock.sleep(RELAY_RECHECK_MS)
            try:
                await self._authorise(request, camera_id)
            except (SignInRequiredError, NoRightError):
                return _End(NO_LONGER_ALLOWED, "no longer allowed")
            except TriuneError:
                continue  # nobody can tell now


class _End(msgspec.Struct, frozen=True, order=True):
    """How a viewer's socket is closed."""

    code: int
    why: str = ""


async def _hear(socket: web.WebSocketResponse) -> _End:
    """Wait until the viewer goes; it has nothing to say before."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
    return _End(WSCloseCode.OK)
