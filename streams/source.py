"""Reads H.264 access units from an RTSP camera or a file, in a thread of its own, without decoding them."""

from __future__ import annotations

import asyncio
import errno
import math
import threading
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.video.stream import VideoStream

from command.kernel.clock import Clock
from command.kernel.limits import CAMERA_FRAME_BYTES, CAMERA_FROZEN_MS, CAMERA_OPEN_MS, CAMERA_QUEUE_FRAMES
from streams import h264
from streams.packets import Packet, PacketQueue
from streams.sources import SourceError, Sources

_RTSP_OPTIONS: Final = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    # The session description says what FFmpeg would otherwise watch the stream for, up to two seconds.
    "probesize": "32",
    "fpsprobesize": "0",
    "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls",
}
_FILE_OPTIONS: Final = {"protocol_whitelist": "file"}
# FFmpeg is interrupted a little after the loop has given up, so that it is the loop that says why.
_OPEN_S: Final = CAMERA_OPEN_MS / 1000 + 1
_READ_S: Final = CAMERA_FROZEN_MS / 1000 + 1


class Source:
    """One connection to a camera: `async with Source(url, clock) as source: async for packet in source`.

    Packets come in decoding order, beginning at a key frame; `pts_ms` is on the source's own scale. A file is read at
    its own pace. Iteration only ever ends with `SourceError`.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._reader = _Reader(url, clock, asyncio.get_running_loop())
        self._opened = False

    async def __aenter__(self) -> Self:
        # Daemon: a reader stuck in a dead peer must not hold up the end of the process; its time-outs end it later.
        threading.Thread(target=self._reader.run, name="camera-source", daemon=True).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.stop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Packet:
        """Return the next packet.

        Raises `SourceError` also where the peer keeps the connection but sends no picture.
        """
        limit_ms = CAMERA_FROZEN_MS if self._opened else CAMERA_OPEN_MS
        try:
            # The loop's own guard: FFmpeg's time-outs are about bytes, this one is about pictures.
            async with asyncio.timeout(limit_ms / 1000):
                packet = await self._reader.next()
        except TimeoutError:
            raise SourceError(f"no packets for {limit_ms // 1000} s") from None
        self._opened = True
        return packet


def standard_sources() -> Sources:
    """Return the kinds of source that need no gateway."""
    sources = Sources()
    for scheme in ("rtsp", "rtsps", "file"):
        sources.register(scheme, Source)
    return sources


class _Reader:
    """The blocking side, run by the thread, and the bounded hand-over to the loop."""

    def __init__(self, url: str, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._url = url
        self._clock = clock
        self._loop = loop
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._queue = PacketQueue(CAMERA_QUEUE_FRAMES)
        self._waiting: list[Packet] = []  # taken from the queue, oldest last; only the loop touches it
        self._end: SourceError | None = None
        self._changed = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def next(self) -> Packet:
        while not self._waiting:
            self._changed.clear()
            with self._lock:
                self._waiting = self._queue.take()[::-1]
                end = self._end
            if self._waiting:
                break
            if end is not None:
                raise end
            await self._changed.wait()
        return self._waiting.pop()

    def run(self) -> None:
        try:
            self._read()
            end = SourceError("the stream ended")
        except SourceError as error:
            end = error
        except av.error.FFmpegError as error:
            end = SourceError(_reason(error))
        except OSError as error:
            end = SourceError(error.strerror or type(error).__name__)
        with self._lock:
            self._end = end
        self._wake()

    def _read(self) -> None:
        is_rtsp = self._url.startswith(("rtsp://", "rtsps://"))
        path = self._url.removeprefix("file://")
        if not is_rtsp and not Path(path).is_file():
            raise SourceError("no such file")
        with av.open(
            self._url if is_rtsp else path,
            mode="r",
            options=_RTSP_OPTIONS if is_rtsp else _FILE_OPTIONS,
            timeout=(_OPEN_S, _READ_S),
        ) as container:
            if not container.streams.video:
                raise SourceError("no video track")
            stream = container.streams.video[0]
            if stream.codec_context.name != "h264":
                raise SourceError(f"codec is not H.264: {stream.codec_context.name}")
            self._pump(container, stream, paced=not is_rtsp)

    def _pump(self, container: InputContainer, stream: VideoStream, *, paced: bool) -> None:
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        sets = h264.parameter_sets(h264.nal_units(stream.codec_context.extradata or b""))
        pts_ms = 0
        first_due: tuple[int, int] | None = None  # on the stream's clock and on ours
        for coded in container.demux(stream):
            if self._stopping.is_set():
                return
            if coded.size > CAMERA_FRAME_BYTES:
                raise SourceError(f"a picture of {coded.size} bytes is too large")
            if not coded.size:  # FFmpeg's mark for the end
                continue
            for packet in to_annex_b.filter(coded):
                pts_ms = _ms(packet.pts, packet.time_base, pts_ms)
                if paced:
                    due_ms = _ms(packet.dts, packet.time_base, pts_ms)
                    first_due = first_due or (due_ms, self._clock.now_ms())
                    self._wait_until(first_due[1] + due_ms - first_due[0])
                units = h264.nal_units(bytes(packet))
                in_band = h264.parameter_sets(units)
                sets = in_band or sets
                is_key = h264.is_key(units)
                if is_key and not in_band:
                    units = [*sets, *units]
                self._put(Packet(h264.annex_b(units), pts_ms, is_key, self._clock.now_ms()))

    def _wait_until(self, due_ms: int) -> None:
        while (left_ms := due_ms - self._clock.now_ms()) > 0 and not self._stopping.wait(left_ms / 1000):
            pass

    def _put(self, packet: Packet) -> None:
        with self._lock:
            self._queue.put(packet)
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._changed.set)
            except RuntimeError:  # closed since: nobody is waiting any more
                self._stopping.set()


def _ms(stamp: int | None, base: Fraction, otherwise_ms: int) -> int:
    """Return a time stamp in ms; cameras leave the first ones out, which then count as the last known."""
    return otherwise_ms if stamp is None else math.floor(stamp * base * 1000)


_REASONS: Final[tuple[tuple[type[av.error.FFmpegError], str], ...]] = (
    (av.error.HTTPUnauthorizedError, "401 unauthorised"),
    (av.error.HTTPForbiddenError, "403 forbidden"),
    (av.error.HTTPNotFoundError, "404 no such stream"),
    (av.error.HTTPError, "the camera refuses the request"),
    (av.error.ConnectionRefusedError, "connection refused"),
    (av.error.ConnectionResetError, "connection lost"),
    (av.error.BrokenPipeError, "connection lost"),
    (av.error.TimeoutError, "no answer from the network"),
    (av.error.EOFError, "the camera closed the connection"),
    (av.error.InvalidDataError, "what it sends is not RTSP with H.264"),
)


def _reason(error: av.error.FFmpegError) -> str:
    """Say what went wrong. FFmpeg's own text names the URL, password included, so it is never passed on."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if error.errno == errno.EIO:
        return "host not found or not reachable"
    return error.strerror or "cannot be read"
