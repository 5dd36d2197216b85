"""A clip that two ask the record about at once: whoever made it, and whoever settles those that are in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.kernel.errors import UnknownIdError
from consoles.http.clip_record import ClipRecord
from streams.recorder.sheets import Clip
from streams.recorder.store import Store
from tests.command.support import desk
from tests.consoles.test_clip_record import ASKED, cut, files, listed, record_of, recorded


class Held(MemoryJournal):
    """A journal whose turns can be held; `asked` says that somebody waits for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.free = asyncio.Event(), asyncio.Event()
        self.free.set()

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        self.asked.set()
        await self.free.wait()
        async with super().turn(space) as turn:
            yield turn


async def is_refused(record: ClipRecord, clip: Clip) -> bool:
    try:
        await record.put(clip)
    except UnknownIdError:
        return True
    return False


@pytest.mark.parametrize("situation", ["", "s99"])
async def test_a_clip_that_is_refused_while_another_settles_it_is_on_record_or_gone_and_never_both(  # R1108
    tmp_path: Path, situation: str
) -> None:
    clip = await cut(tmp_path, replace(ASKED, situation=situation))
    journal, store = Held(), await Store.open(tmp_path)
    async with desk(journal) as d:
        record = record_of(d, store)
        journal.asked.clear()
        journal.free.clear()
        async with asyncio.TaskGroup() as tasks:
            refused = tasks.create_task(is_refused(record, clip))
            await journal.asked.wait()
            tasks.create_task(record.settle())  # another clip is about to be made
            for _ in range(50):  # what it may look at in threads, it has
                await store.readers.run(lambda: None)
            journal.free.set()
        assert refused.result() == bool(situation)
        assert await recorded(d) == ([] if situation else ["zhang"])
        assert files(tmp_path) == (set() if situation else {".mp4", ".json"})
        assert await listed(store) == ([] if situation else [clip.id])
    await store.close()
