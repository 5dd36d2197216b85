"""Files and services that keep signed heads, and how each is gone on with (SPEC R262, R925)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import repeat
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from command.journal import Head
from command.journal.anchors import FilePlace, HttpPlace
from command.journal.heads import AnchoredHead, HeadKey, to_anchor
from command.journal.kept_heads import KeptHeads
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import (
    ANCHOR_BACKOFF_LONGEST_MS,
    HEAD_LOOK_MS,
)
from tests.command.journal.anchoring import anchored, bring_all, numbers_in, sign
from tests.command.journal.signing import Signing, anchor_at, at_work, signed
from tests.command.journal.vouching import KEY, SPACE, append, entries


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
