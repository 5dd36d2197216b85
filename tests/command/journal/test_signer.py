"""What the hub vouches for, when, and where it is kept besides (SPEC R260-R262)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from command.journal import DamagedJournalError, Journal
from command.journal.anchors import Anchor, FilePlace, HttpPlace
from command.journal.heads import BLOCK_FACTS, AnchoredHead, HeadKey
from command.journal.memory import MemoryJournal
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import ANCHOR_BACKOFF_LONGEST_MS, ANCHORS_WAITING, HEAD_EVERY_MS, HEAD_LOOK_MS, HEADS_AT_ONCE
from tests.command.journal.vouching import KEY, SPACE, append, change, entries, rechain
from tests.command.support import FlakyJournal


async def signed(journal: Journal) -> list[int]:
    return [head.seq for head in await journal.signed(SPACE, 0, 1000)]


class Signing:
    """A signer at work; time passes when the test says so."""

    def __init__(self, journal: Journal, *anchors: Anchor, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock(0)
        self.signer = HeadSigner(SPACE, journal, KEY, self.clock, anchors)

    async def pass_time(self, duration_ms: int) -> None:
        end_ms = self.clock.now_ms() + duration_ms
        while (wake_ms := await self._next()) is not None and wake_ms <= end_ms:
            self.clock.advance(wake_ms)
        self.clock.advance(end_ms)
        await self._next()

    async def _next(self) -> int | None:
        for _ in range(200):
            await asyncio.sleep(0)  # noqa: TID251 - lets tasks run; no time passes
        return self.clock.next_wake_ms()


@asynccontextmanager
async def at_work(signing: Signing) -> AsyncIterator[HeadSigner]:
    await signing.signer.resume()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(signing.signer.run())
        yield signing.signer
        task.cancel()


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


# Outside.


def anchored(seq: int) -> AnchoredHead:
    return AnchoredHead(space=SPACE, seq=seq, digest="", answers="", at_ms=0, public_key="", signature="")


async def test_a_line_says_all_that_is_needed_to_check_it(tmp_path: Path) -> None:
    journal, path = MemoryJournal(), tmp_path / "anchor"
    await append(journal, entries(1, 3))
    anchor = Anchor(FilePlace(path), VirtualClock(0))
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


async def test_a_file_is_only_appended_to_and_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    place = FilePlace(tmp_path / "anchor")
    await place.keep(anchored(1))
    with (tmp_path / "anchor").open("ab") as file:
        file.write(b'{"space":"li')
    await place.keep(anchored(2))
    lines = (tmp_path / "anchor").read_bytes().splitlines(keepends=True)
    assert lines == [anchored(1).line(), b'{"space":"li\n', anchored(2).line()]


async def test_a_disk_that_takes_half_a_line_has_not_kept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, write = FilePlace(tmp_path / "anchor"), os.write
    monkeypatch.setattr("command.journal.anchors.os.write", lambda handle, data: write(handle, data[:20]))
    with pytest.raises(UnavailableError, match="a part of the line only"):
        await place.keep(anchored(1))
    monkeypatch.undo()
    await place.keep(anchored(1))
    assert (tmp_path / "anchor").read_bytes().splitlines(keepends=True)[1:] == [anchored(1).line()]


async def test_a_mount_that_is_gone_is_told_and_heads_wait_for_it(tmp_path: Path) -> None:
    mount, clock = tmp_path / "mount", VirtualClock(0)
    journal = MemoryJournal()
    anchor = Anchor(FilePlace(mount / "anchor"), clock)
    signing = Signing(journal, anchor, clock=clock)
    async with at_work(signing) as signer:
        await append(journal, entries(1, 2000))
        await signing.pass_time(HEAD_LOOK_MS)
        while anchor.counters.failed < 3:
            await signing.pass_time(ANCHOR_BACKOFF_LONGEST_MS)
        assert await signed(journal) == [1000, 2000]  # the hub does not wait
        assert "No such file" in str(anchor.away)
        mount.mkdir()
        while anchor.kept_seq < 2000:
            await signing.pass_time(ANCHOR_BACKOFF_LONGEST_MS)
        assert anchor.away is None
    await signer.stop()
    lines = (mount / "anchor").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["seq"] for line in lines] == [1000, 2000]


async def test_a_write_that_hangs_blocks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command.journal.anchors.ANCHOR_CALL_MS", 50)
    os.mkfifo(tmp_path / "anchor")
    pipe = os.open(tmp_path / "anchor", os.O_RDWR | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)  # until it is full, as a mount that no longer takes anything
    place = FilePlace(tmp_path / "anchor")
    with pytest.raises(UnavailableError, match="the write hangs"):
        await place.keep(anchored(1))
    with pytest.raises(UnavailableError, match="still hangs"):
        await place.keep(anchored(1))
    while place._writing is not None and not place._writing.done():
        with suppress(BlockingIOError):
            os.read(pipe, 65536)
        await asyncio.sleep(0)  # noqa: TID251 - lets the thread be heard
    os.close(pipe)


async def test_past_a_limit_the_oldest_is_given_up_for_a_later_one_covers_it(tmp_path: Path) -> None:
    anchor = Anchor(FilePlace(tmp_path / "none" / "anchor"), VirtualClock(0))
    for seq in range(ANCHORS_WAITING + 5):
        anchor.offer(anchored(seq))
    assert not await anchor.bring()
    assert anchor.counters.dropped == 5


async def test_a_service_is_asked_again_until_it_says_that_it_is_kept() -> None:
    got: list[tuple[str, bytes]] = []
    statuses = [503, 302, 204, 200]

    async def take(request: web.Request) -> web.Response:
        got.append((request.content_type, await request.read()))
        return web.Response(status=statuses[len(got) - 1])

    app = web.Application()
    app.router.add_post("/heads", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/heads"
    async with aiohttp.ClientSession() as http:
        anchor = Anchor(HttpPlace(http, url), VirtualClock(0))
        anchor.offer(anchored(1))
        anchor.offer(anchored(2))
        assert [await anchor.bring() for _ in range(3)] == [False, False, True]
        await runner.cleanup()
        anchor.offer(anchored(3))
        assert not await anchor.bring()
    assert got == [("application/json", anchored(seq).line()) for seq in (1, 1, 1, 2)]
    assert (anchor.counters.kept, anchor.counters.failed, anchor.kept_seq) == (2, 3, 2)
