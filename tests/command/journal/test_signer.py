"""What the hub vouches for, and when (SPEC R260, R261)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.journal import Answer, DamagedJournalError
from command.journal.heads import BLOCK_FACTS
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.limits import HEAD_EVERY_MS, HEAD_LOOK_MS, HEADS_AT_ONCE
from tests.command.journal.signing import Signing, at_work, signed
from tests.command.journal.vouching import SPACE, append, change, entries, rechain
from tests.command.support import FlakyJournal


async def test_each_thousandth_is_signed_soon_and_the_rest_when_it_is_due() -> None:
    journal = MemoryJournal()
    signing = Signing(journal)
    async with at_work(signing) as signer:
        await append(journal, entries(1, 2 * BLOCK_FACTS + 7))
        await signing.pass_time(HEAD_LOOK_MS)
        assert await signed(journal) == [1000, 2000]
        await signing.pass_time(HEAD_EVERY_MS)
        assert await signed(journal) == [1000, 2000, 2007]
        await signing.pass_time(3 * HEAD_EVERY_MS)  # nothing changed
        await append(journal, entries(2008, 2))
    assert await signed(journal) == [1000, 2000, 2007]
    await signer.stop()
    assert await signed(journal) == [1000, 2000, 2007, 2009]
    assert (signer.signed_seq, signer.counters.signed) == (2009, 4)


async def test_a_backlog_is_signed_in_turns() -> None:
    journal = MemoryJournal()
    await append(journal, entries(1, (HEADS_AT_ONCE + 2) * BLOCK_FACTS))
    signing = Signing(journal)
    async with at_work(signing):
        await signing.pass_time(HEAD_LOOK_MS)
        assert len(await signed(journal)) == HEADS_AT_ONCE
        await signing.pass_time(HEAD_LOOK_MS)
        assert len(await signed(journal)) == HEADS_AT_ONCE + 2


async def test_several_hubs_sign_the_same_and_each_resumes_where_any_left_off() -> None:
    journal = MemoryJournal()
    await append(journal, entries(1, 1500))
    first, second = Signing(journal, clock=VirtualClock(10)), Signing(journal, clock=VirtualClock(20))
    await first.signer.stop()
    await second.signer.stop()
    heads = await journal.signed(SPACE, 0, 10)
    assert [(head.seq, head.at_ms) for head in heads] == [(1000, 10), (1500, 10)]
    third = Signing(journal)
    await third.signer.resume()
    assert third.signer.signed_seq == 1500


async def test_a_journal_that_is_away_is_signed_when_it_is_back() -> None:
    journal = FlakyJournal(MemoryJournal())
    await append(journal, entries(1, 1000))
    signing = Signing(journal)
    async with at_work(signing) as signer:
        journal.reads_fail = True
        await signing.pass_time(HEAD_LOOK_MS)
        assert (signer.counters.failed, signer.damage) == (1, None)
        journal.reads_fail = False
        await signing.pass_time(HEAD_LOOK_MS)
        assert await signed(journal) == [1000]


async def sqlite_signed(path: Path, facts: int) -> None:
    journal = SqliteJournal(path)
    await append(journal, entries(1, facts))
    await Signing(journal).signer.stop()
    await journal.close()


async def test_facts_that_are_gone_and_answered_are_missed_before_their_numbers_are_given_again(tmp_path: Path) -> None:
    """R261: also where nothing of them was signed yet."""
    path = tmp_path / "journal.sqlite3"
    journal = SqliteJournal(path)
    await append(journal, entries(1, 20))
    await Signing(journal).signer.resume()
    change(path, "DELETE FROM facts WHERE seq > 18")
    with pytest.raises(DamagedJournalError, match="ends at fact 18, and an answer names 19"):
        await Signing(journal).signer.resume()
    change(path, "DELETE FROM answers WHERE seq > 18")
    await Signing(journal).signer.resume()
    await journal.close()


async def test_what_another_hub_writes_while_one_starts_is_no_cut_off_record() -> None:  # R261
    class Growing(MemoryJournal):
        async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
            await append(self, entries(after + 1, 3))
            return await super().answered(space, after, limit)

    journal = Growing()
    await append(journal, entries(1, 20))
    await Signing(journal).signer.resume()
    assert (await journal.head(SPACE)).seq == 23


async def test_what_was_rewritten_underneath_is_never_vouched_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    await sqlite_signed(path, 500)
    journal = SqliteJournal(path)
    signing = Signing(journal)
    async with at_work(signing) as signer:
        await append(journal, entries(501, 600))
        change(path, "UPDATE facts SET actor = 'somebody' WHERE seq = 300")
        rechain(path)
        await signing.pass_time(HEAD_LOOK_MS)
        while signer.damage is None:  # SQLite has its own thread
            await signing.pass_time(HEAD_LOOK_MS)
        assert "fact 501 does not fit the chain" in signer.damage
        await signing.pass_time(2 * HEAD_EVERY_MS)
    await signer.stop()
    assert (await signed(journal), signer.counters.failed) == ([500], 1)
    await journal.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM facts WHERE seq > 490", "cut off or rewritten"),
        ("DELETE FROM facts", "cut off or rewritten"),
        ("UPDATE facts SET digest = zeroblob(32) WHERE seq = 500", "cut off or rewritten"),
        ("UPDATE answers SET subject = 'x' WHERE seq = 500", "does not fit this site's key and the answers"),
        ("UPDATE signed_heads SET signature = zeroblob(64)", "does not fit this site's key and the answers"),
    ],
)
async def test_a_start_is_refused_where_the_last_head_no_longer_fits(
    tmp_path: Path, statement: str, words: str
) -> None:
    path = tmp_path / "journal.sqlite3"
    await sqlite_signed(path, 500)
    change(path, statement)
    journal = SqliteJournal(path)
    with pytest.raises(DamagedJournalError, match=words):
        await Signing(journal).signer.resume()
    await journal.close()


async def test_the_last_head_is_found_however_far_back_it_is() -> None:
    journal = MemoryJournal()
    await append(journal, entries(1, 10))
    await Signing(journal).signer.stop()
    await append(journal, entries(11, 30 * BLOCK_FACTS))
    signing = Signing(journal)
    await signing.signer.resume()
    assert signing.signer.signed_seq == 10
