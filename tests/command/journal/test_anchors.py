"""That every signed head comes to its place, and what does not fit there is told (SPEC R262, R924, R926)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from command.journal import SignedHead
from command.journal.anchors import FilePlace
from command.journal.heads import BLOCK_FACTS, AnchoredHead, HeadKey
from command.journal.kept_heads import KeptHeads
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.limits import (
    ANCHOR_BACKOFF_LONGEST_MS,
    ANCHOR_PAGE_HEADS,
    ANCHOR_PAUSE_MS,
    ANCHORS_WAITING,
    HEAD_EVERY_MS,
    HEAD_LOOK_MS,
)
from tests.command.journal.anchoring import ListPlace, bring_all, numbers_in, sign
from tests.command.journal.signing import Signing, anchor_at, at_work, signed
from tests.command.journal.vouching import KEY, SPACE, append, change, entries
from tests.command.support import FlakyJournal


async def test_a_line_says_all_that_is_needed_to_check_it(tmp_path: Path) -> None:
    journal, path = MemoryJournal(), tmp_path / "anchor"
    await append(journal, entries(1, 3))
    anchor = anchor_at(FilePlace(path), journal, VirtualClock(0))
    await Signing(journal, anchor, clock=VirtualClock(77)).signer.stop()
    head = msgspec.json.decode(path.read_bytes(), type=AnchoredHead)
    (kept,) = await journal.signed(SPACE, 0, 10)
    assert (head.space, head.seq, head.digest, head.at_ms) == (SPACE, 3, kept.digest.hex(), 77)
    assert (head.public_key, head.signature) == (KEY.public.hex(), kept.signature.hex())
    assert head.is_genuine()
    for changed in (
        {"seq": 4},
        {"at_ms": 78},
        {"space": "x"},
        {"answers": "00"},
        {"digest": "zz"},
        {"signature": "00"},
    ):
        assert not msgspec.structs.replace(head, **changed).is_genuine()
    assert not msgspec.structs.replace(head, public_key=HeadKey(b"o" * 32).public.hex()).is_genuine()
    assert (anchor.kept_seq, anchor.away, anchor.counters.kept) == (3, None, 1)


# None is missing (R924).


async def test_heads_that_waited_at_a_stop_go_out_at_the_next_start(tmp_path: Path) -> None:
    mount, journal, clock = tmp_path / "mount", SqliteJournal(tmp_path / "journal.sqlite3"), VirtualClock(0)
    await append(journal, entries(1, 1024))
    away = anchor_at(FilePlace(mount / "anchor"), journal, clock)
    await Signing(journal, away, clock=clock).signer.stop()
    assert (away.kept_seq, await signed(journal)) == (0, [1000, 1024])
    mount.mkdir()
    anchor = anchor_at(FilePlace(mount / "anchor"), journal, clock)
    signing = Signing(journal, anchor, clock=clock)
    async with at_work(signing):
        while anchor.kept_seq < 1024:
            await signing.pass_time(ANCHOR_PAUSE_MS)
    assert numbers_in(mount / "anchor") == [1000, 1024]
    assert (anchor.away, anchor.strange) == (None, None)
    await journal.close()


async def test_a_newly_set_anchor_gets_every_head_from_the_first_on_and_requests_go_between() -> None:
    journal, clock, place = MemoryJournal(), VirtualClock(0), ListPlace()
    await append(journal, entries(1, 2 * BLOCK_FACTS))
    older = await sign(journal, [*range(10, 1000, 10), 1000, *range(1100, 2001, 100)])
    anchor = anchor_at(place, journal, clock)
    signing = Signing(journal, anchor, clock=clock)
    async with at_work(signing):
        await signing.pass_time(0)
        assert place.numbers == older[:ANCHOR_PAGE_HEADS]
        await signing.pass_time(ANCHOR_PAUSE_MS)
        assert place.numbers == older[: 2 * ANCHOR_PAGE_HEADS]
        await append(journal, entries(2001, 1000))
        await signing.pass_time(HEAD_LOOK_MS)
        assert place.numbers == [*older, 3000]
        await signing.pass_time(HEAD_EVERY_MS)
    assert place.numbers == [*older, 3000]
    assert all(head.is_genuine() for head in place.kept)
    assert anchor.counters.kept == len(older) + 1


async def test_what_has_no_room_in_memory_is_read_from_the_journal_in_its_turn() -> None:
    journal, clock, place = MemoryJournal(), VirtualClock(0), ListPlace()
    count = ANCHORS_WAITING + 30
    await append(journal, entries(1, count))
    numbers = await sign(journal, range(1, count + 1))
    anchor = anchor_at(place, journal, clock)
    place.is_away = True
    for head in await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, 0, BLOCK_FACTS)):
        anchor.offer(head)
        assert not await anchor.bring()
    late = await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, BLOCK_FACTS, count))
    place.is_away = False

    def others_come() -> None:  # so the oldest lose their room while the first are kept
        for head in late:
            anchor.offer(head)

    place.after_first = others_come
    await bring_all(anchor, clock)
    assert place.numbers == numbers
    assert anchor.kept_seq == count


async def test_what_loses_its_room_while_the_journal_is_read_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(MemoryJournal):
        async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
            while late:
                anchor.offer(late.pop(0))
            return await super().signed(space, after, limit)

    monkeypatch.setattr("command.journal.anchors.ANCHORS_WAITING", 3)
    journal, clock, place, late = Slow(), VirtualClock(0), ListPlace(), list[AnchoredHead]()
    await append(journal, entries(1, 9))
    numbers = await sign(journal, range(1, 10))
    anchor = anchor_at(place, journal, clock)
    first, *others = await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, 0, 9))
    anchor.offer(first)
    late += others
    await bring_all(anchor, clock)
    assert place.numbers == numbers


async def test_a_new_head_goes_out_though_somebody_removes_it_from_the_journal(tmp_path: Path) -> None:
    """Memory is where nobody who changes the journal reaches it."""
    journal, clock, place = SqliteJournal(tmp_path / "journal.sqlite3"), VirtualClock(0), ListPlace()
    await append(journal, entries(1, 500))
    anchor = anchor_at(place, journal, clock)
    signing = Signing(journal, anchor, clock=clock)
    await signing.signer.resume()
    place.is_away = True
    await signing.signer.stop()
    change(tmp_path / "journal.sqlite3", "DELETE FROM signed_heads")
    place.is_away = False
    await bring_all(anchor, clock)
    assert place.numbers == [500]
    await journal.close()


async def test_a_journal_that_is_away_is_read_when_it_is_back_and_the_place_is_not_blamed() -> None:
    journal, clock, place = FlakyJournal(MemoryJournal()), VirtualClock(0), ListPlace()
    await append(journal, entries(1, 30))
    await sign(journal, [10, 20, 30])
    anchor = anchor_at(place, journal, clock)
    signing = Signing(journal, anchor, clock=clock)
    async with at_work(signing):
        journal.reads_fail = True
        await signing.pass_time(HEAD_LOOK_MS)
        assert (place.numbers, anchor.away, anchor.counters.failed) == ([], None, 0)
        journal.reads_fail = False
        await signing.pass_time(ANCHOR_BACKOFF_LONGEST_MS)
    assert place.numbers == [10, 20, 30]


# What does not fit (R926).


@pytest.mark.parametrize("left", [40, 50])  # cut off, or rewritten and signed anew
async def test_a_head_that_the_record_does_not_have_is_told_and_all_is_brought(tmp_path: Path, left: int) -> None:
    path, clock = tmp_path / "anchor", VirtualClock(0)
    for facts, seed in ((50, 1), (left, 2)):
        journal = MemoryJournal()
        await append(journal, entries(1, facts, seed))
        await sign(journal, range(10, facts + 1, 10))
        anchor = anchor_at(FilePlace(path), journal, clock)
        await bring_all(anchor, clock)
    assert "has the signed head 50, which the record does not have" in str(anchor.strange)
    assert (numbers_in(path), anchor.away) == ([*range(10, 51, 10), *range(10, left + 1, 10)], None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signed_heads SET signature = zeroblob(64) WHERE seq = 1000",
        "UPDATE answers SET subject = 'x' WHERE seq = 1000",
    ],
)
async def test_an_older_head_that_does_not_fit_is_not_brought_and_ends_the_vouching(
    tmp_path: Path, statement: str
) -> None:
    path, clock, place = tmp_path / "journal.sqlite3", VirtualClock(0), ListPlace()
    journal = SqliteJournal(path)
    for first, count in ((1, 1000), (1001, 1500)):
        await append(journal, entries(first, count))
    await sign(journal, [500, 1000, 2000])
    change(path, statement)
    signing = Signing(journal, anchor_at(place, journal, clock), clock=clock)
    async with at_work(signing) as signer:
        while signer.damage is None:  # SQLite has its own thread
            await signing.pass_time(ANCHOR_PAUSE_MS)
        await signing.pass_time(2 * HEAD_EVERY_MS)
    await signer.stop()
    assert "1000" in signer.damage
    assert "triune verify" in signer.damage
    await journal.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT seq FROM signed_heads").fetchall() == [(500,), (1000,), (2000,)]
    assert set(place.numbers) <= {500}
