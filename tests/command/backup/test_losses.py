"""What is damaged or lost is named by a backup and all else kept; a record that does not hold together gets none."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from command import facts
from command.backup.making import Source, make_backup
from command.backup.records import Entries
from command.backup.stores import new_stores, stores_of
from command.backup.tally import Tally
from command.facts.libraries import LibraryContent
from command.journal import DamagedJournalError, Entry, StoredFact
from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError
from command.requests import ApproveLibrary, OfferLibraryFile, RequestLibrary
from tests.command.backup.keeping import KEY, Kept, Where, change, fill, kept, put_back, take
from tests.command.support import START_MS, desk
from tests.paths import ROOT

NEVER_MS = 2**52


async def test_a_journal_that_does_not_hold_together_is_not_backed_up(tmp_path: Path) -> None:  # R226
    for damage in ("UPDATE facts SET actor = 'x' WHERE seq = 9", "DELETE FROM facts WHERE seq = 9",
                   "DELETE FROM answers WHERE key = 'call 2'"):  # fmt: skip
        folder = tmp_path / str(abs(hash(damage)))
        async with new_stores(folder, KEY, None) as stores:
            await fill(stores)
        with closing(sqlite3.connect(folder / "journal.sqlite3")) as db, db:
            assert db.execute(damage).rowcount == 1
        async with stores_of(folder, KEY, None) as stores:
            with pytest.raises(DamagedJournalError, match="run `triune verify`"):
                await take(stores, tmp_path / "archive")


async def test_a_lost_picture_is_named_and_all_else_kept(tmp_path: Path) -> None:  # R226
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
        other = await stores.blobs.add(b"another")
        (fixed,) = await stores.blobs.names() - {other}
        (tmp_path / "data" / "blobs" / fixed[:2] / fixed).unlink()
        (tmp_path / "data" / "blobs" / other[:2] / other).write_bytes(b"overwritten")
        manifest = await take(stores, tmp_path / "archive")
        before = await stores.journal.read("live", 0, 1000)
    assert manifest.lost == tuple(sorted((fixed, other)))
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "archive")
        assert await stores.journal.read("live", 0, 1000) == before


async def test_a_damaged_day_of_readings_is_named_and_all_else_kept(
    filled: tuple[Path, Kept], tmp_path: Path
) -> None:  # R1120
    """Else no backup was made any more, of the record neither, until somebody found the day."""
    _, before = filled
    days = tmp_path / "filled" / "readings" / "live"
    first, last = sorted(days.glob("*.sqlite3"))
    last.write_bytes(first.read_bytes()[:4096] + b"\xff" * 65536)
    async with stores_of(tmp_path / "filled", KEY, None) as stores:
        manifest = await take(stores, tmp_path / "again")
    assert manifest.lost == (f"readings/live/{last.name}",)
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "again")
        after = await kept(stores)
    assert (after.facts, after.blobs) == (before.facts, before.blobs)
    assert [fix for fix in after.positions if fix.at_ms < START_MS] == [
        fix for fix in before.positions if fix.at_ms < START_MS
    ]


@pytest.mark.parametrize("kind", ["evidence_fixed", "plate_hit", "violation_found", "violation_packed"])
def test_every_picture_that_a_fact_names_has_to_be_there(kind: str) -> None:  # R226
    wanted = set[str]()
    for line in (ROOT / "tests" / "golden" / "facts-0.1.0.jsonl").read_bytes().splitlines():
        if facts.kind_of(type(facts.decode(line, 1))) == kind:
            tally, fact = Tally(), StoredFact(seq=1, at_ms=1, actor="desk", data=line)
            tally.take(Entries(space="live", entries=(Entry(key="k", subject="", facts=(fact,)),)))
            assert tally.named() == set(re.findall(r"\b[0-9a-f]{64}\b", line.decode()))
            wanted |= tally.named()
    assert wanted


async def test_the_file_of_a_list_comes_back_and_is_named_where_it_is_lost(tmp_path: Path) -> None:  # R687
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        sha256 = await stores.blobs.add("湘F12345\n".encode())
        async with desk(stores.journal, clock=VirtualClock(START_MS)) as d:
            content = LibraryContent(sha256=sha256, entries=1, patterns=0, size=10)
            await d.ask(RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + 1, content=content))
        assert (await take(stores, tmp_path / "archive")).lost == ()
        (tmp_path / "data" / "blobs" / sha256[:2] / sha256).unlink()
        assert (await take(stores, tmp_path / "late")).lost == (sha256,)
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "archive")
        assert (await stores.blobs.get(sha256)).decode() == "湘F12345\n"


async def test_a_file_that_no_list_has_any_more_is_in_the_archive_and_no_loss_where_it_went(
    tmp_path: Path,
) -> None:  # R760
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        first, second = [await stores.blobs.add(f"湘F1234{n}\n".encode()) for n in range(2)]
        async with desk(stores.journal, clock=VirtualClock(START_MS)) as d:
            content = LibraryContent(sha256=first, entries=1, patterns=0, size=10)
            asked = RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + 1, content=content)
            library = await d.ask(asked)
            await d.ask(ApproveLibrary(library=library, sha256=first))
            offered = OfferLibraryFile(
                library=library, content=replace(content, sha256=second), replaces=first, added=1, removed=1
            )
            await d.ask(offered)
            await d.ask(ApproveLibrary(library=library, sha256=second))
        names = stores.blobs.names

        async def named_and_then_removed() -> set[str]:
            found = await names()
            assert await stores.blobs.remove([first], NEVER_MS) == 1
            return found

        assert (await take(stores, tmp_path / "early")).contents.blobs == 2
        with pytest.MonkeyPatch.context() as patched:  # the sweep comes while the backup is made
            patched.setattr(stores.blobs, "names", named_and_then_removed)
            manifest = await take(stores, tmp_path / "archive")
        assert (manifest.lost, manifest.contents.blobs) == ((), 1)
    for archive, names_kept in (("early", {first, second}), ("archive", {second})):
        async with new_stores(tmp_path / f"new-{archive}", KEY, None) as stores:
            await put_back(stores, tmp_path / archive)
            assert await stores.blobs.names() == names_kept


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_record_that_was_emptied_is_not_backed_up(kind: str, where: Where, tmp_path: Path) -> None:  # R894
    """Kept in turn with others, archives of nothing would push the good ones out."""
    folder, url = where(kind)
    async with new_stores(folder, KEY, url) as stores:
        await fill(stores)
    if url:
        await change(url, "TRUNCATE facts, answers, signed_heads")
    else:
        with closing(sqlite3.connect(folder / "journal.sqlite3")) as db, db:
            for table in ("facts", "answers", "signed_heads"):
                db.execute(f"DELETE FROM {table}")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InvalidInputError, match="empty: no fact is on record"):
        await asyncio.to_thread(make_backup, Source(data=folder, database=url, release="test"), KEY, out / "a.backup")
    assert list(out.iterdir()) == []
