"""Exported clips are put on record; while nobody can tell whether one is, it is kept and asked about (SPEC R1026)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from msgspec.structs import replace

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.requests import RecordClip
from command.telling import NOBODY_CAN_TELL
from streams.limits import RECORD_CLIPS_ASKED_MS
from streams.recorder.sheets import CLIPS, Clip, delete_clip, unrecorded
from streams.recorder.store import Store

log = logging.getLogger(__name__)


class ClipRecord:
    """`find_store` raises `UnavailableError` while there is none; `own_address` is what other hubs know this one by."""

    def __init__(self, find_store: Callable[[], Store], hub: Hub, own_address: Callable[[], str]) -> None:
        self._find_store = find_store
        self._hub = hub
        self._own_address = own_address
        self._in_doubt = asyncio.Event()
        self._in_doubt.set()  # as those may be that a hub left which was killed
        self._asking = asyncio.Lock()
        """Held while clips are asked about: what one asks the record to take another might delete as refused."""

    async def put(self, clip: Clip) -> None:
        """Return once it is on record and listed, in the name of whoever asked for it.

        One that the record refuses is deleted, and the refusal raised. `UnavailableError` says that nobody can tell: it
        may be on record, so it stays, hidden, until the same question is answered.
        """
        try:
            async with self._asking:
                await self._put(clip)
        except asyncio.CancelledError:
            self._in_doubt.set()
            raise

    async def _put(self, clip: Clip) -> None:
        try:
            await self._ask(clip, clip.asked.situation)
        except NOBODY_CAN_TELL as error:
            self._in_doubt.set()
            told = "nobody can tell yet whether the clip is on record: it is kept, and listed as soon as it is"
            raise UnavailableError(f"{told} ({error.detail})") from error
        except TriuneError:  # a refusal: what has this key is not on record, and never was
            await self._delete(clip)
            raise

    async def _ask(self, clip: Clip, situation: str) -> None:
        asked = clip.asked
        request = RecordClip(
            clip=clip.id, camera=asked.camera, from_ms=asked.from_ms, to_ms=asked.to_ms, sha256=clip.sha256,
            size=clip.size, missing_ms=clip.missing_ms, why=asked.why, situation=situation or None,
            hub=self._own_address(),
        )  # fmt: skip
        store = self._find_store()
        await self._hub.ask(request, replace(HUB, id=asked.who), f"clip/{clip.id}")
        await store.add_clip(clip.listed)

    async def _ask_again(self, clip: Clip) -> None:
        """Its situation may be over by now, and gone from the tables: that is no reason to lose evidence."""
        try:
            await self._ask(clip, clip.asked.situation)
        except UnknownIdError:
            await self._ask(clip, "")

    async def _delete(self, clip: Clip) -> None:
        store = self._find_store()
        try:
            await store.readers.run(lambda: delete_clip(store.folder / CLIPS, clip.id))
        except (UnavailableError, OSError) as error:
            log.warning("clip %s is not on record and cannot be deleted, so it stays hidden: %s", clip.id, error)

    async def settle(self) -> None:
        """Ask again about those of which nobody knows. Raises `UnavailableError` while nobody can tell.

        Whoever makes a clip does this first: so no more lie there than are made at once, however long nobody can tell.
        """
        async with self._asking:
            await self._settle()

    async def _settle(self) -> None:
        store = self._find_store()
        try:
            clips = await store.readers.run(lambda: unrecorded(store.folder / CLIPS))
        except OSError as error:
            raise UnavailableError(f"the folder of clips cannot be read: {error.strerror}") from error
        for clip in clips:
            try:
                await self._ask_again(clip)
                log.info("clip %s is on record", clip.id)
            except NOBODY_CAN_TELL as error:
                told = "no other clip is made before it is known whether the last one is on record; try again later"
                raise UnavailableError(told) from error
            except TriuneError as error:
                log.warning("clip %s is deleted, since the record refuses it: %s", clip.id, error.detail)
                await self._delete(clip)

    async def run(self) -> None:
        """Settle those that a hub left, and those of which no answer comes, until cancelled."""
        while True:
            await self._in_doubt.wait()
            self._in_doubt.clear()
            try:
                await self.settle()
            except UnavailableError:
                self._in_doubt.set()
                await self._hub.clock.sleep(RECORD_CLIPS_ASKED_MS)
