"""Where signed heads are kept besides, and that none is missing there (SPEC R262, R924 to R926)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from itertools import repeat
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from command.journal import Head, Journal, SignedHead
from command.journal.anchors import Anchor, FilePlace, HttpPlace
from command.journal.heads import BLOCK_FACTS, AnchoredHead, HeadKey, to_anchor
from command.journal.kept_heads import KeptHeads
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import (
    ANCHOR_BACKOFF_LONGEST_MS,
    ANCHOR_PAGE_HEADS,
    ANCHOR_PAUSE_MS,
    ANCHORS_WAITING,
    HEAD_EVERY_MS,
    HEAD_LOOK_MS,
)
from tests.command.journal.signing import Signing, anchor_at, at_work, signed
from tests.command.journal.vouching import KEY, SPACE, append, change, entries
from tests.command.support import FlakyJournal


def anchored(seq: int) -> AnchoredHead:
    return AnchoredHead(space=SPACE, seq=seq, digest="", answers="", at_ms=0, public_key="", signature="")


def numbers_in(path: Path) -> list[int]:
    return [msgspec.json.decode(line)["seq"] for line in path.read_bytes().splitlines()]


class ListPlace:
    """A place in memory: what it has, and whether it is away."""

    name = "list"

    def __init__(self) -> None:
        self.kept: list[AnchoredHead] = []
        self.is_away = False
        self.after_first: Callable[[], None] | None = None
        """Called once it has kept something."""

    @property
    def numbers(self) -> list[int]:
        return [head.seq for head in self.kept]

    async def tail(self) -> bytes:
        self._refuse()
        return b"".join(head.line() for head in self.kept[-3:])

    async def keep(self, heads: Sequence[AnchoredHead]) -> None:
        self._refuse()
        self.kept.extend(heads)
        if self.after_first:
            self.after_first()
            self.after_first = None

    def _refuse(self) -> None:
        if self.is_away:
            raise UnavailableError("away")


async def sign(journal: Journal, numbers: Iterable[int]) -> list[int]:
    """Sign these facts' heads, as any hub of the site does."""
    kept = KeptHeads(SPACE, journal, KEY.public)
    for seq in numbers:
        (fact,) = await journal.read(SPACE, seq - 1, 1)
        (answers,) = await kept.answers(seq)
        await journal.sign(SPACE, KEY.sign(SPACE, Head(seq=seq, digest=fact.digest), answers, 7))
    return list(numbers)


async def bring_all(anchor: Anchor, clock: VirtualClock) -> None:
    """Bring what there is; the pauses between pages pass at once."""
    async with asyncio.TaskGroup() as tasks:
        bringing = tasks.create_task(anchor.bring())
        while not bringing.done():
            await asyncio.sleep(0)  # noqa: TID251 - lets it run; no time passes
            if (wake_ms := clock.next_wake_ms()) is not None:
                clock.advance(wake_ms)
        assert bringing.result()


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


async def test_a_file_is_only_appended_to_and_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    place = FilePlace(tmp_path / "anchor")
    await place.keep([anchored(1)])
    with (tmp_path / "anchor").open("ab") as file:
        file.write(b'{"space":"li')
    await place.keep([anchored(2)])
    lines = (tmp_path / "anchor").read_bytes().splitlines(keepends=True)
    assert lines == [anchored(1).line(), b'{"space":"li\n', anchored(2).line()]


async def test_a_disk_that_takes_half_a_line_has_not_kept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, write = FilePlace(tmp_path / "anchor"), os.write
    monkeypatch.setattr("command.journal.anchors.os.write", lambda handle, data: write(handle, data[:20]))
    with pytest.raises(UnavailableError, match="a part of the line only"):
        await place.keep([anchored(1)])
    monkeypatch.undo()
    await place.keep([anchored(1)])
    assert (tmp_path / "anchor").read_bytes().splitlines(keepends=True)[1:] == [anchored(1).line()]

    def refused(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("command.journal.anchors.os.fsync", refused)
    with pytest.raises(UnavailableError, match="no space"):  # it took all of it, and did not write it down
        await place.keep([anchored(2)])


async def test_a_mount_that_is_gone_is_told_and_heads_wait_for_it(tmp_path: Path) -> None:
    mount, clock = tmp_path / "mount", VirtualClock(0)
    journal = MemoryJournal()
    anchor = anchor_at(FilePlace(mount / "anchor"), journal, clock)
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
    assert numbers_in(mount / "anchor") == [1000, 2000]


async def test_a_write_that_hangs_blocks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command.journal.anchors.ANCHOR_CALL_MS", 50)
    os.mkfifo(tmp_path / "anchor")
    pipe = os.open(tmp_path / "anchor", os.O_RDWR | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)  # until it is full, as a mount that no longer takes anything
    place = FilePlace(tmp_path / "anchor")
    with pytest.raises(UnavailableError, match="the write hangs"):
        await place.keep([anchored(1)])
    with pytest.raises(UnavailableError, match="still hangs"):
        await place.keep([anchored(1)])
    while place._working is not None and not place._working.done():
        with suppress(BlockingIOError):
            os.read(pipe, 65536)
        await asyncio.sleep(0)  # noqa: TID251 - lets the thread be heard
    os.close(pipe)


@asynccontextmanager
async def service(statuses: Iterator[int]) -> AsyncIterator[tuple[str, list[tuple[str, bytes]]]]:
    """Give the address of a service that answers so, and what it gets."""
    got: list[tuple[str, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.content_type, await request.read()))
        return web.Response(status=next(statuses), headers={"location": "/sign-in"})

    async def sign_in(_: web.Request) -> web.Response:
        return web.Response(text="a page that keeps nothing")

    app = web.Application()
    app.router.add_post("/heads", take)
    app.router.add_get("/sign-in", sign_in)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/heads", got
    finally:
        await runner.cleanup()


async def test_a_service_is_asked_again_until_it_says_that_it_is_kept(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with service(iter([503, 302, 204, 200])) as (url, got):
            anchor = anchor_at(HttpPlace(http, url, tmp_path / "notes"), MemoryJournal(), VirtualClock(0))
            anchor.offer(anchored(1))
            anchor.offer(anchored(2))
            assert [await anchor.bring() for _ in range(3)] == [False, False, True]
        anchor.offer(anchored(3))
        assert not await anchor.bring()
    assert got == [("application/json", anchored(seq).line()) for seq in (1, 1, 1, 2)]
    assert (anchor.counters.kept, anchor.counters.failed, anchor.kept_seq) == (2, 3, 2)


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


# What a place has (R925).


async def test_a_file_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    journal, clock, path = MemoryJournal(), VirtualClock(0), tmp_path / "anchor"
    await append(journal, entries(1, 50))
    await sign(journal, [10, 20, 30])
    await bring_all(anchor_at(FilePlace(path), journal, clock), clock)
    whole = path.read_bytes()
    other = HeadKey(b"o" * 32)
    foreign = to_anchor(SPACE, other.sign(SPACE, Head(seq=50), b"", 1), b"", other.public)
    forged = msgspec.structs.replace(msgspec.json.decode(whole.splitlines()[-1], type=AnchoredHead), seq=40)
    path.write_bytes(whole + foreign.line() + forged.line() + b"\xff\n" + b'{"space":"li')
    await sign(journal, [40, 50])
    anchor = anchor_at(FilePlace(path), journal, clock)
    await bring_all(anchor, clock)
    added = path.read_bytes().splitlines()[7:]
    assert [msgspec.json.decode(line)["seq"] for line in added] == [40, 50]
    assert (anchor.kept_seq, anchor.strange) == (50, None)


async def test_a_mount_that_comes_back_with_its_file_gets_what_is_missing_there(tmp_path: Path) -> None:
    """R925: also where the hub had brought more to a place that was lost again."""
    mount, journal, clock = tmp_path / "mount", MemoryJournal(), VirtualClock(0)
    mount.mkdir()
    await append(journal, entries(1, 50))
    await sign(journal, [10, 20])
    anchor = anchor_at(FilePlace(mount / "anchor"), journal, clock)
    await bring_all(anchor, clock)
    before = (mount / "anchor").read_bytes()
    await sign(journal, [30])
    (head,) = await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, 20, 1))
    anchor.offer(head)
    await bring_all(anchor, clock)
    mount.rename(tmp_path / "gone")
    await sign(journal, [40])
    (head,) = await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, 30, 1))
    anchor.offer(head)
    assert not await anchor.bring()
    mount.mkdir()
    (mount / "anchor").write_bytes(before)
    await bring_all(anchor, clock)
    assert numbers_in(mount / "anchor") == [10, 20, 30, 40]


async def test_a_file_that_is_taken_away_under_a_running_hub_is_begun_anew_with_all(tmp_path: Path) -> None:
    journal, clock, path = MemoryJournal(), VirtualClock(0), tmp_path / "anchor"
    await append(journal, entries(1, 50))
    await sign(journal, [10, 20])
    anchor = anchor_at(FilePlace(path), journal, clock)
    await bring_all(anchor, clock)
    path.rename(tmp_path / "former")
    await sign(journal, [30])
    (head,) = await KeptHeads(SPACE, journal, KEY.public).checked(await journal.signed(SPACE, 20, 1))
    anchor.offer(head)
    assert not await anchor.bring()
    assert "shorter than it was" in str(anchor.away)
    await bring_all(anchor, clock)
    assert (numbers_in(path), anchor.away) == ([10, 20, 30], None)


async def test_how_far_a_service_is_outlives_a_start_and_belongs_to_its_address(tmp_path: Path) -> None:
    journal, clock, notes = MemoryJournal(), VirtualClock(0), tmp_path / "notes"
    await append(journal, entries(1, 50))
    await sign(journal, [10, 20])

    def numbers(got: list[tuple[str, bytes]]) -> list[int]:
        return [msgspec.json.decode(body)["seq"] for _, body in got]

    async with aiohttp.ClientSession() as http, service(repeat(200)) as (url, got):
        await bring_all(anchor_at(HttpPlace(http, url, notes), journal, clock), clock)
        await sign(journal, [30])
        await bring_all(anchor_at(HttpPlace(http, url, notes), journal, clock), clock)
        assert numbers(got) == [10, 20, 30]
        async with service(iter([200, 200, 503, 200])) as (other, others):
            anchor = anchor_at(HttpPlace(http, other, notes), journal, clock)
            assert not await anchor.bring()
            await bring_all(anchor, clock)
            assert numbers(others) == [10, 20, 30, 30]
        # Another hub has a note of its own; one that cannot be written costs sending again, and nothing else.
        (tmp_path / "file").touch()
        for _ in range(2):
            got.clear()
            await bring_all(anchor_at(HttpPlace(http, url, tmp_path / "none" / "notes"), journal, clock), clock)
            assert numbers(got) == [10, 20, 30]
        with pytest.raises(UnavailableError, match="Not a directory"):
            await HttpPlace(http, url, tmp_path / "file").tail()


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
