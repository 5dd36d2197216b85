"""Several archives as one: the disks of a hub, or hubs, each of which has what it recorded while that was its to do."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.kernel.own_thread import begin
from streams.limits import RECORD_SEGMENT_BYTES
from streams.recorder.archive import Archive, Body, Listed
from streams.recorder.clips import ClipFile, check_times, one_init
from streams.recorder.gaps import Cause, Why
from streams.recorder.joined import joined
from streams.recorder.locks import Lock
from streams.recorder.sheets import CLIPS, Asked, Clip
from streams.recorder.store import Store

T = TypeVar("T")
ELSEWHERE = ("hub_away", "hub_gone")
"""Reasons that an archive by itself cannot know."""
Part = tuple[int, Callable[[], Archive]]
"""The number before the ids of its segments, and what returns it; that raises `UnavailableError` where it cannot."""


class JoinedArchive:
    """An `Archive` of several. Clips are made in the folder of the store that `find_store` returns, or raises."""

    def __init__(self, find_store: Callable[[], Store], clock: Clock) -> None:
        self._find_store = find_store
        self._clock = clock

    @abstractmethod
    async def parts(self, camera: str) -> Sequence[Part]:
        """Return all that may have recordings of a camera."""
        raise NotImplementedError

    @abstractmethod
    async def part_of(self, segment: int) -> tuple[Archive, int]:
        """Return who has a segment, and its id there. Raises `UnknownIdError`."""
        raise NotImplementedError

    @abstractmethod
    def cause_of(self, error: UnavailableError) -> Cause:
        """Return why times are missing of which an archive that does not answer may have recordings."""
        raise NotImplementedError

    async def gone(self, camera: str) -> Sequence[Why]:
        """Return why times are missing that somebody had recorded who is there no more."""
        del camera
        return ()

    @abstractmethod
    def exporter(self, segments: Sequence[int]) -> Archive | None:
        """Return who has all of these and makes clips where ours are; None where nobody does."""
        raise NotImplementedError

    async def _all(
        self, camera: str, ask: Callable[[Archive], Awaitable[T]]
    ) -> tuple[list[tuple[int, T]], list[UnavailableError]]:
        """Return what those say that answer, and why others do not. Raises where nobody answers."""

        async def one(number: int, find: Callable[[], Archive]) -> tuple[int, T] | UnavailableError:
            try:
                return number, await ask(find())
            except UnavailableError as error:
                return error

        asked = await asyncio.gather(*(one(number, find) for number, find in await self.parts(camera)))
        away = [each for each in asked if isinstance(each, UnavailableError)]
        told = [each for each in asked if not isinstance(each, UnavailableError)]
        if not told:
            raise away[0]
        return told, away

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listed:
        """Return what there is of a time anywhere, and who does not answer."""
        told, away = await self._all(camera, lambda archive: archive.listing(camera, from_ms, to_ms))
        causes = [self.cause_of(error) for error in away]
        return joined(told, causes, from_ms, to_ms, self._clock.now_ms(), await self.gone(camera))

    async def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera, anywhere."""
        told, _ = await self._all(camera, lambda archive: archive.locks(camera))
        return list({lock.id: lock for _, locks in told for lock in locks}.values())

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good everywhere; `UnavailableError` where one that may have some of it does not answer."""
        _, away = await self._all(lock.camera, lambda archive: archive.lock(lock))
        if away:
            raise UnavailableError(f"not all of it is locked, try again: {away[0].detail}")

    async def release(self, camera: str, lock: str) -> None:
        """Give it free everywhere."""

        async def release(archive: Archive) -> bool:
            try:
                await archive.release(camera, lock)
            except UnknownIdError:
                return False
            return True

        told, away = await self._all(camera, release)
        if away:
            raise UnavailableError(f"not all of it is given free, try again: {away[0].detail}")
        if not any(known for _, known in told):
            raise UnknownIdError("no such lock")

    async def init(self, camera: str, name: str) -> bytes:
        """Return an initialization segment."""
        why: TriuneError = UnknownIdError("no such recording")
        for _, find in await self.parts(camera):
            try:
                return await find().init(camera, name)
            except UnknownIdError:
                continue
            except UnavailableError as error:
                why = error
        raise why

    @asynccontextmanager
    async def fragments(self, camera: str, segment: int) -> AsyncIterator[Body]:
        """Read the fragments of a segment where it is."""
        archive, own_id = await self.part_of(segment)
        async with archive.fragments(camera, own_id) as body:
            yield body

    async def export(self, asked: Asked) -> Clip:
        """Make a clip of what all of them have."""
        check_times(asked)
        told = await self.listing(asked.camera, asked.from_ms, asked.to_ms)
        segments, gaps, next_ms = {segment.id: segment for segment in told.segments}, told.gaps, told.next_ms
        while next_ms is not None:
            told = await self.listing(asked.camera, next_ms, asked.to_ms)
            segments |= {segment.id: segment for segment in told.segments}
            next_ms = told.next_ms
        if (one := self.exporter([*segments])) is not None and not any(gap.reason in ELSEWHERE for gap in gaps):
            return await one.export(asked)
        init = one_init([(segment.init, segment.from_ms) for segment in segments.values()])
        head, folder = await self.init(asked.camera, init), self._find_store().folder / CLIPS
        try:
            clip = await begin(lambda: ClipFile(folder, asked, head))
            try:
                for segment in segments.values():
                    fragments = await self._whole(asked.camera, segment.id)
                    await begin(partial(clip.add, segment.from_ms, segment.shift_ms, fragments))
                layer = [Why(gap.from_ms, gap.to_ms, Cause(gap.reason, gap.detail)) for gap in gaps]
                return await begin(lambda: clip.finish([layer]))
            finally:
                await begin(lambda: clip.__exit__(None, None, None))
        except OSError as error:
            raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error

    async def _whole(self, camera: str, segment: int) -> bytes:
        async with self.fragments(camera, segment) as body:
            if body.size > 2 * RECORD_SEGMENT_BYTES:
                raise UnavailableError("a segment of the recording is larger than any can be")
            return b"".join([piece async for piece in body.pieces])
