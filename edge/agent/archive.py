"""Recordings of this agent's cameras for the hub: listed, read, locked, and cut as evidence whenever it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError
from edge.agent.answering import Registers, Reply
from edge.agent.protocol import Errand
from edge.limits import AGENT_PIECE_BYTES
from streams.recorder.archive import Archive, Body, pieces
from streams.recorder.locks import Lock
from streams.recorder.sheets import CLIPS, Asked, delete_clip
from streams.recorder.store import Store

RECORDINGS, CLIP, EVENT = "recordings", "recording_clip", "recording_event"
"""Kinds of errands. The first is asked a `Question`; the second an `Asked`, and answers a `Clip` and its file; the
third says that something happened near the camera that is worth recording, and is answered by its end."""


class _Question(msgspec.Struct, frozen=True, kw_only=True, tag_field="what"):
    """Something about the recordings of a camera."""


class Listing(_Question, frozen=True, kw_only=True, tag="listing"):
    """What there is of a time; answered with a `streams.recorder.archive.Listed`."""

    from_ms: int
    to_ms: int


class Locks(_Question, frozen=True, kw_only=True, tag="locks"):
    """What is locked; answered with a list of `Lock`."""


class PutLock(_Question, frozen=True, kw_only=True, tag="lock"):
    """Keep a time for good; answered with `true`."""

    lock: Lock


class Release(_Question, frozen=True, kw_only=True, tag="release"):
    """Give it free; answered with `true`."""

    lock: str


class Init(_Question, frozen=True, kw_only=True, tag="init"):
    """An initialization segment; answered with its bytes."""

    init: str


class Fragments(_Question, frozen=True, kw_only=True, tag="fragments"):
    """The fragments of a segment; answered with their size in JSON, then their bytes."""

    segment: int


Question = Listing | Locks | PutLock | Release | Init | Fragments
_question = msgspec.json.Decoder(Question)
_asked = msgspec.json.Decoder(Asked)


class RecordingErrands:
    """Does them; `register` says so."""

    def __init__(
        self, find_store: Callable[[], Store], note_event: Callable[[str], None], clock: Clock,
        find_archive: Callable[[], Archive],
    ) -> None:  # fmt: skip
        self._find_store = find_store
        self._find_archive = find_archive
        self._note_event = note_event
        self._clock = clock
        self._clips: set[str] = set()
        self._cutting = asyncio.Lock()

    def register(self, errands: Registers) -> None:
        """Take errands of all three kinds."""
        errands.register(RECORDINGS, self.answer)
        errands.register(CLIP, self.cut)
        errands.register(EVENT, self.note)

    async def answer(self, errand: Errand, reply: Reply) -> None:
        """Answer a `Question` about a camera."""
        archive = self._find_archive()
        match _question.decode(errand.body):
            case Listing(from_ms=from_ms, to_ms=to_ms):
                await reply.send(msgspec.json.encode(await archive.listing(errand.camera, from_ms, to_ms)))
            case Locks():
                await reply.send(msgspec.json.encode(await archive.locks(errand.camera)))
            case PutLock(lock=lock):
                if lock.camera != errand.camera:
                    raise InvalidInputError("a lock is of the camera that is asked about")
                await archive.lock(lock)
                await reply.send(b"true")
            case Release(lock=name):
                await archive.release(errand.camera, name)
                await reply.send(b"true")
            case Init(init=name):
                await reply.send(await archive.init(errand.camera, name))
            case Fragments(segment=segment):
                async with archive.fragments(errand.camera, segment) as body:
                    await reply.send(msgspec.json.encode(body.size))
                    await _send(body, reply)

    async def cut(self, errand: Errand, reply: Reply) -> None:
        """Make a clip and hand it over: what it says first, with its hash, then the file. None is kept here."""
        asked = _asked.decode(errand.body)
        if asked.camera != errand.camera:
            raise InvalidInputError("a clip is of the camera that is asked about")
        store = self._find_store()
        async with self._cutting:
            await self._forget_others(store)
            clip = await self._find_archive().export(asked)
            self._clips.add(clip.id)
        try:
            await reply.send(msgspec.json.encode(clip))
            file = store.folder / CLIPS / f"{clip.id}.mp4"
            await _send(Body(clip.size, pieces(store, file, 0, clip.size)), reply)
        finally:
            self._clips.discard(clip.id)
            await store.readers.run(lambda: delete_clip(store.folder / CLIPS, clip.id))

    async def _forget_others(self, store: Store) -> None:
        """Delete clips that nobody fetches any more: of errands that ended in the middle, by a cut or by a kill."""
        kept = set(self._clips)

        def delete() -> None:
            for path in (store.folder / CLIPS).glob("*.mp4"):
                if path.stem not in kept:
                    delete_clip(store.folder / CLIPS, path.stem)

        await store.readers.run(delete)

    async def note(self, errand: Errand, reply: Reply) -> None:
        """Record what happens before a camera now."""
        del reply
        self._note_event(errand.camera)


async def _send(body: Body, reply: Reply) -> None:
    """Send it in messages that a thin link carries in time."""
    async for piece in body.pieces:
        for at in range(0, len(piece), AGENT_PIECE_BYTES):
            await reply.send(piece[at : at + AGENT_PIECE_BYTES])
