"""Reads coded pictures (H.264, H.265) from an RTSP camera or a file, in a thread of its own, without decoding them."""

from __future__ import annotations

import asyncio
import errno
import math
import threading
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer

from command.kernel.clock import Clock
from command.kernel.listening import Listening
from streams.coded import ParameterSets, codec_of, seems_to_be
from streams.limits import CAMERA_FRAME_BYTES, CAMERA_FROZEN_MS, CAMERA_KEY_MS, CAMERA_OPEN_MS, CAMERA_QUEUE_FRAMES
from streams.packets import Codec, Packet, PacketQueue
from streams.sources import SourceError, Sources, split_options

_RTSP_OPTIONS: Final = {
    "allowed_media_types": "video",
    # The session description says what FFmpeg would otherwise watch the stream for, up to two seconds.
    "probesize": "32",
    "fpsprobesize": "0",
    "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,udp",
}
# Over TCP, and over UDP where the camera answers 461 to that. Over UDP only from the address and port that it agreed to
# send from: FFmpeg would take what anybody sends there for its pictures, of whichever SSRC.
_TCP: Final = {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp+filter_src"}
_UDP: Final = {"rtsp_transport": "udp", "rtsp_flags": "filter_src"}
# No format that names other files to open.
_FILE_OPTIONS: Final = {"protocol_whitelist": "file", "format_whitelist": "mov,matroska,mpegts,mpeg,avi,flv,h264,hevc"}
_TO_ANNEX_B: Final[dict[Codec, str]] = {"h264": "h264_mp4toannexb", "h265": "hevc_mp4toannexb"}
_NAMES: Final[dict[Codec, str]] = {"h264": "H.264", "h265": "H.265"}
# FFmpeg is interrupted a little after the loop has given up, so that it is the loop that says why.
_OPEN_S: Final = CAMERA_OPEN_MS / 1000 + 1
_READ_S: Final = CAMERA_FROZEN_MS / 1000 + 1


class Source:
    """One connection to a camera: `async with Source(address, clock) as source: async for packet in source`.

    Packets come in decoding order, beginning at a key frame; `pts_ms` is on the source's own scale. A file is read at
    its own pace, for ever or once. Iteration only ever ends with `SourceError`.
    """

    def __init__(self, address: str, clock: Clock) -> None:
        url, options = split_options(address)
        self._reader = _Reader(url, options, clock, asyncio.get_running_loop())
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

        Raises `SourceError` also where the peer keeps the connection but sends no picture, or none to begin with.
        """
        # The loop's own guard: FFmpeg's time-outs are about bytes, this one is about pictures.
        limit_ms = CAMERA_FROZEN_MS if self._opened else CAMERA_OPEN_MS
        packet = await self._next_within(limit_ms)
        if packet is None and not self._opened and self._reader.seen:
            packet = await self._next_within(CAMERA_KEY_MS - limit_ms)
            if packet is None:
                raise SourceError(self._reader.why_no_key(), hop="key_frame")
        if packet is None:
            raise SourceError(f"no packets for {limit_ms // 1000} s")
        self._opened = True
        return packet

    async def _next_within(self, limit_ms: int) -> Packet | None:
        try:
            async with Listening(limit_ms):
                return await self._reader.next()
        except TimeoutError:
            return None


def standard_sources() -> Sources:
    """Return the kinds of source that need no gateway."""
    sources = Sources()
    for scheme in ("rtsp", "rtsps", "file"):
        sources.register(scheme, Source)
    return sources


class _Reader:
    """The blocking side, run by the thread, and the bounded hand-over to the loop."""

    def __init__(self, url: str, options: dict[str, str], clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._url = url
        self._options = options
        self._clock = clock
        self._loop = loop
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._queue = PacketQueue(CAMERA_QUEUE_FRAMES)
        self._waiting: list[Packet] = []  # taken from the queue, oldest last; only the loop touches it
        self._end = ""  # why it ended; the error itself would hold, and be held by, whoever was told
        self._changed = asyncio.Event()
        self._codec: Codec = "h264"
        self._other: Codec | None = None
        self.seen = 0
        """Coded pictures that came, whether or not one could begin with them."""

    def why_no_key(self) -> str:
        """Say what is wrong with a stream that never gave a key frame."""
        said = _NAMES[self._codec]
        if self._other is not None:
            return f"it says that it sends {said} and sends {_NAMES[self._other]}"
        return f"{self.seen} packets in {CAMERA_KEY_MS // 1000} s and no key frame of {said}"

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
            if end:
                raise SourceError(end)
            await self._changed.wait()
        return self._waiting.pop()

    def run(self) -> None:
        try:
            self._read()
            end = "stopped"
        except SourceError as error:
            end = error.reason
        except av.error.FFmpegError as error:
            end = _reason(error)
        except OSError as error:
            end = error.strerror or type(error).__name__
        with self._lock:
            self._end = end
        self._wake()

    def _read(self) -> None:
        if self._url.lower().startswith("file:"):
            self._read_file(unquote(self._url[len("file:") :].removeprefix("//")))  # RFC 8089
            return
        options = _RTSP_OPTIONS | (_UDP if self._options.get("transport") == "udp" else _TCP)
        with av.open(self._url, mode="r", options=options, timeout=(_OPEN_S, _READ_S)) as container:
            self._pump(container, 0, paced=False)
        raise SourceError("the camera ended the stream")

    def _read_file(self, path: str) -> None:
        if not Path(path).is_file():
            raise SourceError("no such file")
        shift_ms = 0
        while not self._stopping.is_set():
            try:
                with av.open(path, mode="r", options=_FILE_OPTIONS) as container:
                    after_ms = self._pump(container, shift_ms, paced=True)
            except (av.error.ArgumentError, av.error.InvalidDataError):
                raise SourceError("the file is of no kind that holds pictures") from None
            if self._options.get("play") == "once":
                raise SourceError("the file ended")
            if after_ms == shift_ms:
                raise SourceError("the file holds no picture")
            shift_ms = after_ms

    def _pump(self, container: InputContainer, shift_ms: int, *, paced: bool) -> int:
        """Hand on every picture, `shift_ms` later than it says, and return when the one after the last would be."""
        if not container.streams.video:
            raise SourceError("no video track")
        stream = container.streams.video[0]
        codec = codec_of(stream.codec_context.name)
        if codec is None:
            raise SourceError(f"codec is neither H.264 nor H.265: {stream.codec_context.name}")
        self._codec = codec
        to_annex_b = BitStreamFilterContext(_TO_ANNEX_B[codec], stream)
        sets = ParameterSets(codec, stream.codec_context.extradata or b"")
        pts_ms, step_ms = shift_ms, 0
        first_due: tuple[int, int] | None = None  # on the stream's clock and on ours
        for coded in container.demux(stream):
            if self._stopping.is_set():
                break
            if coded.size > CAMERA_FRAME_BYTES:
                raise SourceError(f"a picture of {coded.size} bytes is too large")
            if not coded.size:  # FFmpeg's mark for the end
                continue
            for packet in to_annex_b.filter(coded):
                before_ms, pts_ms = pts_ms, shift_ms + _ms(packet.pts, packet.time_base, pts_ms - shift_ms)
                step_ms = max(1, pts_ms - before_ms)
                if paced:
                    due_ms = _ms(packet.dts, packet.time_base, pts_ms)
                    first_due = first_due or (due_ms, self._clock.now_ms())
                    self._wait_until(first_due[1] + due_ms - first_due[0])
                self._take(bytes(packet), pts_ms, sets)
        return pts_ms + step_ms

    def _take(self, data: bytes, pts_ms: int, sets: ParameterSets) -> None:
        data, is_key = sets.complete(data)
        self.seen += 1
        if not is_key and self._other is None:
            self._other = seems_to_be(data, sets.codec)
        self._put(Packet(data, pts_ms, is_key, self._clock.now_ms(), sets.codec))

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
    (av.error.InvalidDataError, "what it sends is not RTSP with video"),
)


def _reason(error: av.error.FFmpegError) -> str:
    """Say what went wrong. FFmpeg's own text names the URL, password included, so it is never passed on."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if error.errno == errno.EIO:
        return "host not found or not reachable"
    return error.strerror or "cannot be read"
