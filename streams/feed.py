"""Decodes one camera's pictures for whoever looks at them, say to read plates: key frames, or all while it moves."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from streams.coded_motion import CodedMotion
from streams.keyframes import Decoded, Picture, PictureDecoder
from streams.limits import FEED_LOOKS, FEED_RUN_BYTES, FEED_RUN_PACKETS
from streams.packets import Packet, Subscription

_log = logging.getLogger(__name__)

# A stream with key frames this far apart is decoded throughout where sizes do not tell that something moves.
_LONG_RUN_MS: Final = 2_500
# Key frames of a still scene need not be looked at more often.
_KEYS_APART_MS: Final = 450
# What seemed to move by its size is decoded for so long, and until so many pictures were looked at, for the looker to
# say whether it does; the next is only believed after a while, twice as long each time that it did not.
_GLANCE_MS: Final = 700
_GLANCE_LOOKS: Final = 2
_GLANCE_LONGEST_MS: Final = 5_000
# Pictures decoded in one turn of a thread: a long run does not keep it from other cameras until its end.
_AT_ONCE: Final = 25
_WARY_FIRST_MS: Final = 2_000
_WARY_LONGEST_MS: Final = 60_000


class Looker(Protocol):
    """Looks at pictures. Instants are the pictures' own, UTC milliseconds."""

    def is_due(self, camera: str, at_ms: int) -> bool:
        """Take note of a picture and say whether it would be looked at."""
        ...

    def is_moving(self, camera: str, at_ms: int) -> bool:
        """Say whether something moves, so that every picture is wanted."""
        ...

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        """Look at a picture; called again before it returns."""
        ...


class PictureFeed:
    """Owned by the task in `run`. A looker that falls behind misses pictures; one that raises harms nobody.

    While nothing moves key frames are decoded, and packets between them kept: when something does, by their size or by
    a key frame, decoding goes on from the newest key frame.
    """

    def __init__(self, camera_id: str, looker: Looker) -> None:
        self._camera_id = camera_id
        self._looker = looker
        self._decoder = PictureDecoder()
        self._sizes = CodedMotion()
        self._run: list[Packet] = []  # begins at a key frame, or where the decoder stands
        self._run_bytes = 0
        self._stands = False  # whether the decoder was given everything from a key frame up to the run
        self._key_apart_ms = 0
        self._last_key_ms: int | None = None
        self._looked_key_ms: int | None = None
        self._glance_from_ms: int | None = None
        self._glance_looks = 0
        self._wary_until_ms = 0
        self._wary_ms = _WARY_FIRST_MS
        self._newest: Decoded | None = None
        self._came = asyncio.Event()

    async def run(self, subscribing: AbstractAsyncContextManager[Subscription]) -> None:
        """Decode until the subscription ends."""
        async with subscribing as subscription, asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look())
            while packets := await subscription.take():
                await self._take(packets)
            looking.cancel()

    async def _take(self, packets: list[Packet]) -> None:
        at_ms = packets[-1].pts_ms
        for packet in packets:
            self._note(packet)
        try:
            if self._is_wanted(at_ms):
                await self._catch_up()
            elif self._run and self._run[0].is_key and self._is_key_due(self._run[0].pts_ms):
                self._looked_key_ms = self._run[0].pts_ms
                self._stands = False
                self._show(await asyncio.to_thread(self._decoder.frame, self._run[0], alone=True))
        except Exception:  # noqa: BLE001 - whatever came, the camera goes on
            _log.exception("camera %s: a picture was not decoded", self._camera_id)

    def _note(self, packet: Packet) -> None:
        """Keep a packet that the decoder may need; what came before a key frame is history by then."""
        moved = self._sizes.take(packet)
        if moved and self._glance_from_ms is None and packet.pts_ms >= self._wary_until_ms:
            self._glance_from_ms, self._glance_looks = packet.pts_ms, 0
        if packet.is_key:
            if self._last_key_ms is not None:
                self._key_apart_ms = packet.pts_ms - self._last_key_ms
            self._last_key_ms = packet.pts_ms
            self._run, self._run_bytes, self._stands = [], 0, False
        elif not (self._run or self._stands):
            return
        self._run.append(packet)
        self._run_bytes += len(packet.data)
        if len(self._run) > FEED_RUN_PACKETS or self._run_bytes > FEED_RUN_BYTES:
            self._run, self._run_bytes, self._stands = [], 0, False

    def _is_wanted(self, at_ms: int) -> bool:
        """Say whether every picture is to be decoded now."""
        is_moving = self._looker.is_moving(self._camera_id, at_ms)
        if self._glance_from_ms is not None and self._has_glanced(at_ms - self._glance_from_ms):
            self._end_glance(at_ms, is_moving=is_moving)
        sizes_are_silent = self._key_apart_ms > _LONG_RUN_MS and not self._sizes.tells
        return is_moving or self._glance_from_ms is not None or sizes_are_silent

    def _has_glanced(self, passed_ms: int) -> bool:
        return (passed_ms > _GLANCE_MS and self._glance_looks >= _GLANCE_LOOKS) or passed_ms > _GLANCE_LONGEST_MS

    def _end_glance(self, at_ms: int, *, is_moving: bool) -> None:
        self._glance_from_ms = None
        if is_moving:
            self._wary_ms = _WARY_FIRST_MS
            return
        self._sizes.forget()
        self._wary_until_ms = at_ms + self._wary_ms
        self._wary_ms = min(2 * self._wary_ms, _WARY_LONGEST_MS)

    def _is_key_due(self, key_ms: int) -> bool:
        looked_ms = self._looked_key_ms
        return looked_ms is None or not 0 <= key_ms - looked_ms < _KEYS_APART_MS

    async def _catch_up(self) -> None:
        """Decode what has come and show the newest of it."""
        run, self._run, self._run_bytes = self._run, [], 0
        if not run:
            return
        self._stands = True
        picture: Decoded | None = None
        for begin in range(0, len(run), _AT_ONCE):
            decoded = await asyncio.to_thread(self._decoder.newest, run[begin : begin + _AT_ONCE])
            picture = decoded or picture
        self._show(picture)

    def _show(self, picture: Decoded | None) -> None:
        if picture is not None:
            self._newest = picture
            self._came.set()

    async def _look(self) -> None:
        """Have the newest picture looked at, again and again; decoding does not wait for it."""
        async with asyncio.TaskGroup() as looks:
            open_looks: set[asyncio.Task[None]] = set()
            while True:
                await self._came.wait()
                self._came.clear()
                picture, self._newest = self._newest, None
                if picture is None or len(open_looks) >= FEED_LOOKS:
                    continue
                if self._looker.is_due(self._camera_id, picture.at_ms):
                    look = looks.create_task(self._show_to_looker(picture))
                    open_looks.add(look)
                    look.add_done_callback(open_looks.discard)

    async def _show_to_looker(self, picture: Decoded) -> None:
        try:
            shown = await asyncio.to_thread(picture.bgr)
            self._glance_looks += 1
            await self._looker.frame(self._camera_id, shown, picture.at_ms)
        except Exception:  # noqa: BLE001 - whoever looks at the pictures, the camera goes on
            _log.exception("camera %s: a picture was not taken", self._camera_id)
