"""Recordings and clips of all hubs as one: each has what it recorded while it was its turn, and tells the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import RECORD_SEGMENT_BYTES
from command.places import Has, HubPlace
from consoles.parts.agent_recordings import FarArchive
from consoles.parts.hub_clips import CLIPS, FarShelf, JoinedShelf, tells_clips
from consoles.parts.hubs import Hubs
from edge.agent.archive import RECORDINGS, RecordingErrands
from streams.recorder import threads
from streams.recorder.archive import Archive, Body, Listed, OwnArchive
from streams.recorder.clips import ClipFile, check_times, one_init
from streams.recorder.gaps import Cause, Why
from streams.recorder.joined import joined, whose
from streams.recorder.locks import Lock
from streams.recorder.sheets import CLIPS as CLIPS_FOLDER
from streams.recorder.sheets import Asked, Clip
from streams.recorder.shelf import OwnShelf, Shelf
from streams.recorder.store import Store

RECORDED_KIND, CLIPS_KIND = "recorded", "clips"
"""What `Places` says of recordings, by camera, and of clips, by no name."""
T = TypeVar("T")


def tell_recordings(hubs: Hubs, find_store: Callable[[], Store], recorded: Has, clock: Clock) -> None:
    """Tell the other hubs which cameras this one has recordings of, and answer what they ask about them."""

    def has_clips() -> set[str] | None:
        try:
            return {""} if find_store().has_clips else set()
        except UnavailableError:
            return None

    def no_events(_camera: str) -> None:
        raise UnknownIdError("the hub that records is told of events by itself")

    hubs.places.tell(RECORDED_KIND, recorded)
    hubs.places.tell(CLIPS_KIND, has_clips)
    hubs.door.register(RECORDINGS, RecordingErrands(find_store, no_events, clock).answer)
    hubs.door.register(CLIPS, tells_clips(find_store))


class ArchiveOfHubs:
    """An `Archive` of cameras that hubs record in turn. Clips are made here of what all of them have."""

    def __init__(self, hubs: Hubs, find_store: Callable[[], Store], clock: Clock) -> None:
        self._hubs = hubs
        self._find_store = find_store
        self._clock = clock

    @property
    def _number(self) -> int:
        own = self._hubs.places.own
        return own.number if own else 0

    def _own(self) -> Archive:
        return OwnArchive(self._find_store(), self._clock)

    def _far(self, place: HubPlace) -> Archive:
        return FarArchive(partial(self._hubs.peers.open, place), self._find_store)

    async def _everywhere(self, camera: str) -> list[tuple[int, Callable[[], Archive]]]:
        """Return all that may have recordings of a camera: a number, and what it is asked by."""
        places = await self._hubs.places.at(RECORDED_KIND, camera)
        others = [place for place in places if place != self._hubs.places.own]
        return [(self._number, self._own), *((place.number, partial(self._far, place)) for place in others)]

    async def _all(
        self, camera: str, ask: Callable[[Archive], Awaitable[T]]
    ) -> tuple[list[tuple[int, T]], list[UnavailableError]]:
        """Return what those say that answer, and why others do not. Raises where nobody answers."""

        async def one(number: int, find: Callable[[], Archive]) -> tuple[int, T] | UnavailableError:
            try:
                return number, await ask(find())
            except UnavailableError as error:
                return error

        asked = await asyncio.gather(*(one(number, find) for number, find in await self._everywhere(camera)))
        away = [each for each in asked if isinstance(each, UnavailableError)]
        told = [each for each in asked if not isinstance(each, UnavailableError)]
        if not told:
            raise away[0]
        return told, away

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listed:
        """Return what there is of a time at all hubs, and which of them do not answer."""
        told, away = await self._all(camera, lambda archive: archive.listing(camera, from_ms, to_ms))
        return joined(told, [error.detail for error in away], from_ms, to_ms, self._clock.now_ms())

    async def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera, at whichever hub."""
        told, _ = await self._all(camera, lambda archive: archive.locks(camera))
        return list({lock.id: lock for _, locks in told for lock in locks}.values())

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good at all hubs; `UnavailableError` where one that may have some of it does not answer."""
        _, away = await self._all(lock.camera, lambda archive: archive.lock(lock))
        if away:
            raise UnavailableError(f"not all of it is locked, try again: {away[0].detail}")

    async def release(self, camera: str, lock: str) -> None:
        """Give it free at all hubs."""

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
        unknown: TriuneError = UnknownIdError("no such recording")
        for _, find in await self._everywhere(camera):
            try:
                return await find().init(camera, name)
            except UnknownIdError:
                continue
            except UnavailableError as error:
                unknown = error
        raise unknown

    @asynccontextmanager
    async def fragments(self, camera: str, segment: int) -> AsyncIterator[Body]:
        """Read the fragments of a segment at the hub that has it."""
        number, own_id = whose(segment)
        if self._is_own(segment):
            archive = self._own()
        elif place := await self._hubs.places.hub(number):
            archive = self._far(place)
        else:
            raise UnknownIdError("no such recording")
        async with archive.fragments(camera, own_id) as body:
            yield body

    async def export(self, asked: Asked) -> Clip:
        """Make a clip of what all hubs have."""
        check_times(asked)
        told = await self.listing(asked.camera, asked.from_ms, asked.to_ms)
        segments, gaps, next_ms = [*told.segments], [*told.gaps], told.next_ms
        while next_ms is not None:
            told = await self.listing(asked.camera, next_ms, asked.to_ms)
            known = {segment.id for segment in segments}
            segments += [segment for segment in told.segments if segment.id not in known]
            next_ms = told.next_ms
        if not any(gap.reason == "hub_away" for gap in gaps) and all(self._is_own(segment.id) for segment in segments):
            return await self._own().export(asked)
        init = one_init([(segment.init, segment.from_ms) for segment in segments])
        head = await self.init(asked.camera, init)
        folder = self._find_store().folder / CLIPS_FOLDER
        try:
            clip = await threads.begin(lambda: ClipFile(folder, asked, head))
            try:
                for segment in segments:
                    fragments = await self._whole(asked.camera, segment.id)
                    await threads.begin(partial(clip.add, segment.from_ms, segment.shift_ms, fragments))
                layer = [Why(gap.from_ms, gap.to_ms, Cause(gap.reason, gap.detail)) for gap in gaps]
                return await threads.begin(lambda: clip.finish([layer]))
            finally:
                await threads.begin(lambda: clip.__exit__(None, None, None))
        except OSError as error:
            raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error

    def _is_own(self, segment: int) -> bool:
        return whose(segment)[0] in (0, self._number)

    async def _whole(self, camera: str, segment: int) -> bytes:
        async with self.fragments(camera, segment) as body:
            if body.size > 2 * RECORD_SEGMENT_BYTES:
                raise UnavailableError("a segment of the recording is larger than any can be")
            return b"".join([piece async for piece in body.pieces])


async def shelf_of(hubs: Hubs | None, find_store: Callable[[], Store]) -> JoinedShelf:
    """Return the clips of all hubs. Raises `UnavailableError` where there are none to be had at all."""
    if hubs is None:
        return JoinedShelf([("this hub", OwnShelf(find_store()))])
    shelves: list[tuple[str, Shelf]] = []
    away: list[str] = []
    try:
        shelves.append(("this hub", OwnShelf(find_store())))
    except UnavailableError as error:
        away.append(error.detail)
    others = [place for place in await hubs.places.at(CLIPS_KIND, "") if place != hubs.places.own]
    shelves += [(f"hub {place.url}", FarShelf(partial(hubs.peers.open, place))) for place in others]
    if not shelves:
        raise UnavailableError(away[0])
    return JoinedShelf(shelves, away)
