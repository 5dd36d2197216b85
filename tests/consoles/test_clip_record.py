"""A clip that its record may name is kept; it is handed out once that is known (SPEC R1026)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.kernel.errors import UnavailableError, UnknownIdError
from consoles.http.clip_record import ClipRecord
from streams.recorder.clips import export
from streams.recorder.sheets import CLIPS, Asked, Clip
from streams.recorder.shelf import OwnShelf
from streams.recorder.store import Store
from tests.command.support import Desk, FlakyJournal, desk
from tests.streams.recorder.support import rig
from tests.streams.test_fmp4 import AT_MS

ASKED = Asked(camera="k1", from_ms=AT_MS, to_ms=AT_MS + 1000, why="移送", who="zhang", at_ms=AT_MS)


async def cut(folder: Path, asked: Asked = ASKED) -> Clip:
    """A clip as a hub has it that is killed before it can say so to the record."""
    async with rig(folder) as one:
        await one.run(2)
        return await export(one.store, asked)


def record_of(d: Desk, store: Store) -> ClipRecord:
    return ClipRecord(lambda: store, d.hub, lambda: "http://hub1")


def files(folder: Path) -> set[str]:
    return {path.suffix for path in (folder / CLIPS).iterdir()}


async def listed(store: Store) -> list[str]:
    return [clip.id for clip in await OwnShelf(store).page(["k1"], 0, 2**53, None)]


async def recorded(d: Desk) -> list[str]:
    """Who did it, of each clip on record."""
    return [fact.actor for fact in await d.hub.journal.read("live", 0, 1000) if b"clip_exported" in fact.data]


async def until(d: Desk, reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await reached():
            await d.pass_time(1000)
            await asyncio.to_thread(lambda: None)


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_clip_of_which_no_answer_comes_is_kept_hidden_and_listed_once_it_is_on_record(
    tmp_path: Path, lost: str
) -> None:
    clip = await cut(tmp_path)
    journal = FlakyJournal(MemoryJournal())
    store = await Store.open(tmp_path)
    async with desk(journal) as d, asyncio.TaskGroup() as tasks:
        record = record_of(d, store)
        journal.failures = [lost]
        with pytest.raises(UnavailableError, match="it is kept, and listed as soon as it is"):
            await record.put(clip)
        assert files(tmp_path) == {".mp4", ".json", ".unrecorded"}
        assert await listed(store) == []
        with pytest.raises(UnknownIdError):
            await OwnShelf(store).about(clip.id)
        asking = tasks.create_task(record.run())
        await until(d, lambda: _is(listed(store), [clip.id]))
        assert await OwnShelf(store).about(clip.id) == clip
        assert await recorded(d) == ["zhang"], "once"
        assert files(tmp_path) == {".mp4", ".json"}
        asking.cancel()
    await store.close()


async def _is(found: Awaitable[list[str]], wanted: list[str]) -> bool:
    return await found == wanted


async def test_while_nobody_can_tell_no_other_clip_is_made(tmp_path: Path) -> None:
    """Whoever makes one settles those before: so they cannot fill a disk, however often somebody tries."""
    clip = await cut(tmp_path)
    journal = FlakyJournal(MemoryJournal())
    store = await Store.open(tmp_path)
    async with desk(journal) as d:
        journal.failures = ["before", "probe"]
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await record_of(d, store).settle()
        await record_of(d, store).settle()
        assert await listed(store) == [clip.id]
    await store.close()


async def test_a_clip_that_the_record_refuses_is_deleted(tmp_path: Path) -> None:
    clip = await cut(tmp_path, replace(ASKED, situation="s99"))
    store = await Store.open(tmp_path)
    async with desk() as d:
        with pytest.raises(UnknownIdError):
            await record_of(d, store).put(clip)
        assert files(tmp_path) == set()
        assert await recorded(d) == []
    await store.close()


async def test_a_clip_in_doubt_is_recorded_also_when_its_situation_has_left_the_tables(tmp_path: Path) -> None:  # R1067
    clip = await cut(tmp_path, replace(ASKED, situation="s99"))  # as a hub left it that comes back days later
    store = await Store.open(tmp_path)
    async with desk() as d:
        await record_of(d, store).settle()
        assert await listed(store) == [clip.id]
        assert await recorded(d) == ["zhang"]
        assert (await OwnShelf(store).about(clip.id)).asked.situation == "s99"
    await store.close()


async def test_a_clip_of_a_hub_that_was_killed_is_put_on_record_before_it_is_listed(tmp_path: Path) -> None:
    clip = await cut(tmp_path)
    store = await Store.open(tmp_path)
    assert await listed(store) == []
    async with desk() as d, asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(record_of(d, store).run())
        await until(d, lambda: _is(listed(store), [clip.id]))
        assert await recorded(d) == ["zhang"]
        asking.cancel()
    await store.close()


async def test_what_a_hub_that_was_killed_had_half_made_or_taken_for_itself_is_deleted(tmp_path: Path) -> None:
    await cut(tmp_path, replace(ASKED, who=HUB.id))  # for the evidence of a violation, which is made anew
    (tmp_path / CLIPS / "0123456789abcdef.half").write_bytes(b"half a film")
    (tmp_path / CLIPS / "0123456789abcdef.unrecorded").touch()
    store = await Store.open(tmp_path)
    assert files(tmp_path) == set()
    await store.close()


async def test_clips_of_earlier_releases_stay_listed(tmp_path: Path) -> None:
    """They have no mark, whether or not their record has them."""
    clip = await cut(tmp_path)
    (tmp_path / CLIPS / f"{clip.id}.unrecorded").unlink()
    store = await Store.open(tmp_path)
    assert await listed(store) == [clip.id]
    await store.close()
