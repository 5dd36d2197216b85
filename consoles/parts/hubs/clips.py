"""Clips of other hubs: what one tells and hands out of its own, and how those of all are listed as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import msgspec

from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError, UnknownIdError
from consoles.limits import AGENT_RECORDINGS_MS
from consoles.parts.agents.recordings import next_of, pieces_of
from consoles.parts.hubs.replies import Reply
from edge.agent.answering import Handler
from edge.agent.answering import Reply as Answering
from edge.agent.protocol import Errand
from edge.limits import AGENT_PIECE_BYTES
from streams.limits import RECORD_CLIPS_LISTED
from streams.recorder.clip_list import ListedClip
from streams.recorder.sheets import Clip
from streams.recorder.shelf import Mark, OwnShelf, Shelf
from streams.recorder.store import Store

CLIPS = "clips"
"""The kind of errand: it is asked an `_Asked`."""
T = TypeVar("T")


class _Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="what"):
    """Something about the clips of a hub."""


class _Cameras(_Asked, frozen=True, tag="cameras"):
    """Answered with a list of ids."""


class _Page(_Asked, frozen=True, kw_only=True, tag="page"):
    """Answered with a list of `ListedClip`."""

    cameras: list[str]
    from_ms: int
    to_ms: int
    after: Mark | None = None


class _About(_Asked, frozen=True, kw_only=True, tag="about"):
    """Answered with a `Clip`."""

    clip: str


class _File(_Asked, frozen=True, kw_only=True, tag="file"):
    """Answered with the bytes."""

    clip: str
    start: int
    stop: int


_asked = msgspec.json.Decoder(_Cameras | _Page | _About | _File)


def tells_clips(find_store: Callable[[], Store]) -> Handler:
    """Return what answers errands of kind `CLIPS` about this hub's own."""

    async def answer(errand: Errand, reply: Answering) -> None:
        shelf = OwnShelf(find_store())
        match _asked.decode(errand.body):
            case _Cameras():
                await reply.send(msgspec.json.encode(sorted(await shelf.cameras())))
            case _Page(cameras=cameras, from_ms=from_ms, to_ms=to_ms, after=after):
                await reply.send(msgspec.json.encode(await shelf.page(cameras, from_ms, to_ms, after)))
            case _About(clip=clip):
                await reply.send(msgspec.json.encode(await shelf.about(clip)))
            case _File(clip=clip, start=start, stop=stop):
                about = await shelf.about(clip)
                if not 0 <= start < stop <= about.size:
                    raise InvalidInputError("the file has no such bytes")
                async with shelf.file(about, start, stop) as body:
                    async for piece in body:
                        for at in range(0, len(piece), AGENT_PIECE_BYTES):
                            await reply.send(piece[at : at + AGENT_PIECE_BYTES])

    return answer


Opens = Callable[[str, str, object], AbstractAsyncContextManager[Reply]]
"""`opens(kind, camera, body)` asks another hub."""


class FarShelf:
    """A `Shelf` at another hub."""

    def __init__(self, opens: Opens) -> None:
        self._opens = opens

    async def cameras(self) -> set[str]:
        """Return of which cameras there are clips."""
        return set(await self._told(_Cameras(), list[str]))

    async def page(self, cameras: Sequence[str], from_ms: int, to_ms: int, after: Mark | None) -> list[ListedClip]:
        """Return a page and one more."""
        wanted = _Page(cameras=[*cameras], from_ms=from_ms, to_ms=to_ms, after=after)
        return await self._told(wanted, list[ListedClip])

    async def about(self, clip: str) -> Clip:
        """Return what is known of a clip."""
        return await self._told(_About(clip=clip), Clip)

    @asynccontextmanager
    async def file(self, clip: Clip, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Read some of its file."""
        async with self._opens(CLIPS, "", _File(clip=clip.id, start=start, stop=stop)) as reply:
            yield pieces_of(reply, stop - start)

    async def _told(self, asked: _Asked, kind: type[T]) -> T:
        async with self._opens(CLIPS, "", asked) as reply:
            try:
                return msgspec.json.decode(await next_of(reply), type=kind)
            except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
                raise UnavailableError(f"what {reply.who} says of clips cannot be read: {error}") from error


class JoinedShelf:
    """The clips of all hubs, as they are when one asks; `away` are those that do not answer, in words."""

    def __init__(self, shelves: Sequence[tuple[str, Shelf]], away: Sequence[str] = ()) -> None:
        self._shelves = shelves
        self._away = [*away]
        self._found: dict[str, Shelf] = {}

    @property
    def away(self) -> Sequence[str]:
        """Hubs that did not answer so far."""
        return self._away

    async def cameras(self) -> set[str]:
        """Return of which cameras there are clips."""
        return set[str]().union(*await self._all(lambda shelf: shelf.cameras()))

    async def page(self, cameras: Sequence[str], from_ms: int, to_ms: int, after: Mark | None) -> list[ListedClip]:
        """Return a page and one more."""
        pages = await self._all(lambda shelf: shelf.page(cameras, from_ms, to_ms, after))
        found = {clip.id: clip for page in pages for clip in page}
        return sorted(found.values(), key=Mark.of, reverse=True)[: RECORD_CLIPS_LISTED + 1]

    async def about(self, clip: str) -> Clip:
        """Return what is known of a clip; `UnavailableError` where it may be at a hub that does not answer."""
        for _, shelf in self._shelves:
            try:
                about = await shelf.about(clip)
            except UnknownIdError:
                continue
            except (UnavailableError, TooManyError) as error:
                self._away.append(error.detail)
                continue
            self._found[clip] = shelf
            return about
        if self._away:
            raise UnavailableError(f"the clip may be where nobody answers: {'; '.join(self._away)}")
        raise UnknownIdError("no such clip")

    def file(self, clip: Clip, start: int, stop: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read some of its file, after `about` has found it."""
        return self._found[clip.id].file(clip, start, stop)

    async def _all(self, ask: Callable[[Shelf], Awaitable[T]]) -> list[T]:
        """Return what those say that answer."""

        async def one(name: str, shelf: Shelf) -> list[T]:
            try:
                async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000):
                    return [await ask(shelf)]
            except (UnavailableError, TooManyError, TimeoutError):
                self._away.append(name)
                return []

        answers = await asyncio.gather(*(one(name, shelf) for name, shelf in self._shelves))
        return [each for answer in answers for each in answer]
