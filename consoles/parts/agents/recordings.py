"""Recordings that edge agents keep, as the hub's routes ask for them; clips are fetched, and their hash made again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, get_args

import msgspec

from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.folders import sync_folder, write_durably
from command.kernel.own_thread import begin
from consoles.limits import AGENT_EVENTS, AGENT_RECORDINGS_MS
from consoles.parts.hubs.replies import Reply
from edge.agent import archive as asks
from streams.limits import RECORD_PIECE_BYTES
from streams.recorder.archive import Body, Listed, ListedSegment
from streams.recorder.gaps import Gap, Reason
from streams.recorder.index import Span
from streams.recorder.locks import Lock
from streams.recorder.sheets import CLIPS, Asked, Clip, Shift, mark_unrecorded
from streams.recorder.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")


class _ToldGap(msgspec.Struct, frozen=True):
    """As a newer agent may tell it, for a reason that this release does not know."""

    from_ms: int
    to_ms: int
    reason: str
    detail: str = ""

    @property
    def gap(self) -> Gap:
        for known in get_args(Reason):
            if known == self.reason:
                return Gap(self.from_ms, self.to_ms, known, self.detail)
        return Gap(self.from_ms, self.to_ms, "unknown", self.detail or self.reason)


class _ToldListing(msgspec.Struct, frozen=True):
    spans: list[Span]
    segments: list[ListedSegment]
    locks: list[Lock]
    gaps: list[_ToldGap] = []
    next_ms: int | None = None


class _ToldClip(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken of an agent's word: who asked for what and under which name it is kept is known here."""

    begins_ms: int
    sha256: str
    size: int
    gaps: list[_ToldGap]
    shifts: list[Shift]
    missing_ms: int


class Asks(Protocol):
    """Asks for an errand about a camera. Raises as `consoles.parts.agents.errands.Errands.open`."""

    def __call__(self, kind: str, camera: str, body: object = None) -> AbstractAsyncContextManager[Reply]:
        """Ask."""
        ...


class FarArchive:
    """An `Archive` of cameras at agents, or of another hub.

    `find_store` gives our own, where clips are kept, or raises.
    """

    def __init__(self, asks: Asks, find_store: Callable[[], Store]) -> None:
        self._ask = asks
        self._find_store = find_store

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listed:
        """Return what there is of a time."""
        told = await self._told(camera, asks.Listing(from_ms=from_ms, to_ms=to_ms), _ToldListing)
        return Listed(told.spans, told.segments, told.locks, [each.gap for each in told.gaps], told.next_ms)

    async def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera."""
        return await self._told(camera, asks.Locks(), list[Lock])

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good."""
        await self._told(lock.camera, asks.PutLock(lock=lock), bool)

    async def release(self, camera: str, lock: str) -> None:
        """Give it free."""
        await self._told(camera, asks.Release(lock=lock), bool)

    async def init(self, camera: str, name: str) -> bytes:
        """Return an initialization segment."""
        async with self._ask(asks.RECORDINGS, camera, asks.Init(init=name)) as reply:
            return await next_of(reply)

    @asynccontextmanager
    async def fragments(self, camera: str, segment: int) -> AsyncIterator[Body]:
        """Read the fragments of a segment."""
        async with self._ask(asks.RECORDINGS, camera, asks.Fragments(segment=segment)) as reply:
            size = _read(reply, await next_of(reply), int)
            yield Body(size, pieces_of(reply, size))

    async def export(self, asked: Asked) -> Clip:
        """Have the agent make a clip, and keep it here once it is, byte for byte, what was hashed there."""
        folder = self._find_store().folder / CLIPS
        async with self._ask(asks.CLIP, asked.camera, asked) as reply:
            # However long it takes to make: that the agent is there is known by its pings.
            told = _read(reply, await anext(reply), _ToldClip)
            if told.size <= 0:
                raise UnavailableError(f"{reply.who} gives a clip without a size")
            path = folder / f"{secrets.token_hex(8)}.mp4"
            clip = Clip(
                id=path.stem, asked=asked, begins_ms=told.begins_ms, sha256=told.sha256, size=told.size,
                gaps=[each.gap for each in told.gaps], shifts=told.shifts, missing_ms=told.missing_ms,
            )  # fmt: skip
            await _keep(path, clip, reply)
            return clip

    async def event(self, camera: str) -> None:
        """Say that something happened near a camera that is worth recording."""
        async with self._ask(asks.EVENT, camera) as reply:
            async for _ in reply:
                pass

    async def _told(self, camera: str, question: asks.Question, kind: type[T]) -> T:
        async with self._ask(asks.RECORDINGS, camera, question) as reply:
            return _read(reply, await next_of(reply), kind)


class AgentEvents:
    """What happens near cameras at agents, told to them; of several events before one camera that wait, once."""

    def __init__(self, archive: FarArchive) -> None:
        self._archive = archive
        self._waiting: dict[str, None] = {}
        self._news = asyncio.Event()

    def note(self, camera: str) -> None:
        """Something happened that is worth recording."""
        if len(self._waiting) >= AGENT_EVENTS:
            log.warning("an event near camera %s is not told to its agent: too many wait", camera)
            return
        self._waiting[camera] = None
        self._news.set()

    async def run(self) -> None:
        """Tell them, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            cameras, self._waiting = list(self._waiting), {}
            await asyncio.gather(*(self._tell(camera) for camera in cameras))

    async def _tell(self, camera: str) -> None:
        try:
            await self._archive.event(camera)
        except TriuneError as error:
            log.warning("what happens near camera %s is not recorded: %s", camera, error.detail)


def _read(reply: Reply, message: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(message, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UnavailableError(f"what {reply.who} says of recordings cannot be read: {error}") from error


async def next_of(reply: Reply) -> bytes:
    """Return the next message, of which at least something has to come within the limit."""
    while True:
        before_bytes = reply.received_bytes
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000):
                return await anext(reply)
        except TimeoutError:
            if reply.received_bytes == before_bytes:
                detail = f"nothing came from {reply.who} for {AGENT_RECORDINGS_MS // 1000} s"
                raise UnavailableError(f"{detail}: its link stalls") from None
        except StopAsyncIteration:
            raise UnavailableError(f"{reply.who} ended in the middle") from None


async def pieces_of(reply: Reply, size: int) -> AsyncIterator[bytes]:
    """Yield so many bytes, no more of them in memory than one message has."""
    while size > 0:
        piece = (await next_of(reply))[:size]
        size -= len(piece)
        yield piece


async def _keep(path: Path, clip: Clip, reply: Reply) -> None:
    """Write the file of a clip and its sheet, durable, if the hash of what comes is the one that was told."""
    half, digest, waiting = path.with_suffix(".half"), hashlib.sha256(), bytearray()
    try:
        await begin(partial(_append, half, b""))
        async for piece in pieces_of(reply, clip.size):
            digest.update(piece)
            waiting += piece
            if len(waiting) >= RECORD_PIECE_BYTES:
                await begin(partial(_append, half, bytes(waiting)))
                waiting.clear()
        if digest.hexdigest() != clip.sha256:
            raise UnavailableError(f"the clip that came from {reply.who} is not the one that it hashed")
        await begin(partial(_append, half, bytes(waiting)))
        await begin(partial(_finish, half, path, clip))
    except OSError as error:
        raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error
    finally:
        await begin(partial(half.unlink, missing_ok=True))


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)


def _finish(half: Path, path: Path, clip: Clip) -> None:
    descriptor = os.open(half, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    mark_unrecorded(path)
    write_durably(path.with_suffix(".json"), msgspec.json.encode(clip))
    half.replace(path)
    sync_folder(path.parent)
