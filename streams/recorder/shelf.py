"""Clips as they are listed and handed out, wherever they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import msgspec

from command.kernel.errors import InvalidInputError, UnknownIdError
from streams.recorder.archive import pieces
from streams.recorder.clip_list import ListedClip
from streams.recorder.sheets import CLIPS, Clip, clip_about, is_unrecorded
from streams.recorder.store import Store


class Mark(msgspec.Struct, frozen=True, order=True):
    """Where a page of clips ends: all on the next are older, or as old with a smaller id."""

    at_ms: int
    id: str

    @classmethod
    def of(cls, clip: ListedClip) -> Mark:
        """Return where a clip stands."""
        return cls(clip.at_ms, clip.id)

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """Return what `text` says; None for the first page. Raises `InvalidInputError`."""
        if not text:
            return None
        at_ms, dot, name = text.partition(".")
        if not (dot and at_ms.isascii() and at_ms.isdecimal() and len(at_ms) < 17 and len(name) < 33):
            raise InvalidInputError("not where a page of clips ends")
        return cls(int(at_ms), name)

    def text(self) -> str:
        """Return it as `read` takes it."""
        return f"{self.at_ms}.{self.id}"


class Shelf(Protocol):
    """Clips on record. Every method raises `UnavailableError` where they cannot be had now."""

    async def cameras(self) -> set[str]:
        """Return of which cameras there are clips."""
        ...

    async def page(self, cameras: Sequence[str], from_ms: int, to_ms: int, after: Mark | None) -> list[ListedClip]:
        """Return clips that show some of a time, newest first, from behind `after` on; one more than a page has."""
        ...

    async def about(self, clip: str) -> Clip:
        """Return what is known of a clip. Raises `UnknownIdError`."""
        ...

    def file(self, clip: Clip, start: int, stop: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read the bytes of its file from `start` to `stop`. Raises `UnknownIdError`."""
        ...


class OwnShelf:
    """A `Shelf` on a disk of ours."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cameras(self) -> set[str]:
        """Return of which cameras there are clips."""
        return set(await self._store.clip_cameras())

    async def page(self, cameras: Sequence[str], from_ms: int, to_ms: int, after: Mark | None) -> list[ListedClip]:
        """Return a page and one more."""
        behind = (after.at_ms, after.id) if after else None
        return await self._store.clips(cameras, from_ms, to_ms, behind)

    async def about(self, clip: str) -> Clip:
        """Return what is known of a clip."""
        folder = self._store.folder / CLIPS

        def look() -> Clip:
            about = clip_about(folder, clip)
            if is_unrecorded(folder, clip):
                raise UnknownIdError("no such clip")
            return about

        return await self._store.readers.run(look)

    @asynccontextmanager
    async def file(self, clip: Clip, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Read some of its file."""
        yield pieces(self._store, self._store.folder / CLIPS / f"{clip.id}.mp4", start, stop)
