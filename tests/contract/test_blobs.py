"""One suite for both stores of files: named by their bytes, sealed, written once (SPEC R120, R176)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command import blobs as module
from command.access.keys import SiteKey
from command.blobs import Blobs, DamagedBlobError, FolderBlobs, PostgresBlobs
from command.kernel.errors import TooLargeError, UnavailableError, UnknownIdError
from command.kernel.postgres import Postgres
from tests.damage import flipped
from tests.postgres import PostgresServer

BOX = SiteKey(b"k" * 32).box("blobs")


class Store:
    """A store, and what a stranger with access to the disk can do to it behind its back."""

    def __init__(
        self, blobs: Blobs, read: Callable[[str], Awaitable[bytes]], write: Callable[[str, bytes], Awaitable[None]],
        age: Callable[[str, int], Awaitable[None]],
    ) -> None:  # fmt: skip
        self.blobs = blobs
        self.read = read
        self.write = write
        self.age = age


def in_folder(folder: Path) -> Store:
    def path(name: str) -> Path:
        return folder / name[:2] / name

    async def read(name: str) -> bytes:
        return path(name).read_bytes()

    async def write(name: str, sealed: bytes) -> None:
        path(name).write_bytes(sealed)

    async def age(name: str, brought_ms: int) -> None:
        os.utime(path(name), (brought_ms / 1000, brought_ms / 1000))

    folder.mkdir()
    (folder / module.SINCE).touch()
    os.utime(folder / module.SINCE, (0, 0))
    return Store(FolderBlobs(folder, BOX), read, write, age)


async def in_table(postgres: Postgres) -> Store:
    async def read(name: str) -> bytes:
        [row] = await postgres.fetch("SELECT sealed FROM blobs WHERE name = $1", name)
        sealed: bytes = row["sealed"]
        return sealed

    async def write(name: str, sealed: bytes) -> None:
        await postgres.fetch("UPDATE blobs SET sealed = $2 WHERE name = $1", name, sealed)

    async def age(name: str, brought_ms: int) -> None:
        at = datetime.fromtimestamp(brought_ms / 1000, UTC)
        await postgres.fetch("UPDATE blobs SET brought_at = $2 WHERE name = $1", name, at)

    return Store(await PostgresBlobs.open(postgres, BOX), read, write, age)


@pytest.fixture(params=["folder", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "folder":
        yield in_folder(tmp_path / "blobs")
        return
    postgres = await Postgres.open(request.getfixturevalue("postgres_url"), (), "pool")
    yield await in_table(postgres)
    await postgres.close()


async def test_the_same_bytes_brought_by_many_at_once_are_one_blob_that_is_whole(store: Store) -> None:
    data = secrets.token_bytes(300_000)
    names = await asyncio.gather(*(store.blobs.add(data) for _ in range(24)))
    assert set(names) == {hashlib.sha256(data).hexdigest()} == await store.blobs.names()
    assert await store.blobs.get(names[0]) == data
    assert await store.blobs.verify() == (1, [])


async def test_nothing_of_the_plain_bytes_is_kept(store: Store) -> None:
    name = await store.blobs.add("报警人 13512345678".encode())
    assert b"13512345678" not in await store.read(name)


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "0" * 63, "0" * 64 + "\n", "A" * 64, "0" * 64, "\0"])
async def test_what_is_no_name_of_a_blob_is_unknown(store: Store, name: str) -> None:
    with pytest.raises(UnknownIdError):
        await store.blobs.get(name)


async def test_damage_is_found_and_never_handed_out(store: Store) -> None:
    assert await store.blobs.verify() == (0, [])
    whole, damaged, cut, moved = [await store.blobs.add(data) for data in (b"one", b"two", b"three", b"four")]
    await store.write(damaged, flipped(await store.read(damaged)))
    await store.write(cut, (await store.read(cut))[:5])
    await store.write(moved, await store.read(whole))
    for name in (damaged, cut, moved):
        with pytest.raises(DamagedBlobError):
            await store.blobs.get(name)
    assert await store.blobs.get(whole) == b"one"
    assert await store.blobs.verify() == (4, sorted((damaged, cut, moved)))
    assert await store.blobs.names() == {whole, damaged, cut, moved}


async def test_what_nobody_brought_for_long_is_told_and_removed(store: Store) -> None:  # R572
    names = sorted([await store.blobs.add(b"%d" % n) for n in range(6)])
    for n, name in enumerate(names):
        await store.age(name, 1000 * n)
    assert await store.blobs.brought_before(4000, "", 9) == names[:4]
    assert await store.blobs.brought_before(4000, names[0], 2) == names[1:3]
    assert await store.blobs.brought_before(4000, names[3], 9) == []
    again = next(b"%d" % n for n in range(6) if hashlib.sha256(b"%d" % n).hexdigest() == names[1])
    assert await store.blobs.add(again) == names[1]
    await store.blobs.keep([names[2], "0" * 64])
    assert await store.blobs.brought_before(4000, "", 9) == [names[0], names[3]]
    # What was brought meanwhile stays, whoever decided before that it should go.
    assert await store.blobs.remove([*names[:4], "0" * 64], 4000) == 2
    assert await store.blobs.names() == set(names) - {names[0], names[3]}
    assert await store.blobs.get(names[1]) == again


async def test_a_blob_that_is_too_large_is_refused_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVIDENCE_BYTES", 10)
    assert await store.blobs.get(await store.blobs.add(b"x" * 10)) == b"x" * 10
    with pytest.raises(TooLargeError):
        await store.blobs.add(b"x" * 11)
    assert len(await store.blobs.names()) == 1


async def test_files_of_earlier_releases_count_as_brought_now(tmp_path: Path) -> None:  # R572
    blobs = FolderBlobs(tmp_path, BOX)
    name = await blobs.add(b"x")
    os.utime(tmp_path / name[:2] / name, (0, 0))
    assert await blobs.remove([name], 10_000) == 0
    assert await blobs.brought_before(10_000, "", 9) == []
    os.utime(tmp_path / module.SINCE, (0, 0))
    assert await blobs.brought_before(10_000, "", 9) == [name]
    assert await blobs.remove([name], 10_000) == 1


async def test_blobs_of_the_first_schema_count_as_brought_now(postgres_url: str) -> None:  # R572
    postgres = await Postgres.open(postgres_url, module.SCHEMA[:1], "blobs")
    await postgres.fetch("INSERT INTO blobs VALUES ($1, $2)", "a" * 64, b"sealed")
    blobs = await PostgresBlobs.open(postgres, BOX)
    [row] = await postgres.fetch("SELECT extract(epoch FROM now())::bigint * 1000 AS now_ms")
    assert await blobs.brought_before(row["now_ms"] - 3_600_000, "", 9) == []
    assert await blobs.brought_before(row["now_ms"] + 60_000, "", 9) == ["a" * 64]
    await postgres.close()


async def test_what_one_hub_has_kept_another_hands_out(postgres_url: str) -> None:
    hubs = [await Postgres.open(postgres_url, (), "pool") for _ in range(2)]
    one, other = [await PostgresBlobs.open(hub, BOX) for hub in hubs]
    name = await one.add(b"picture")
    assert await other.get(name) == b"picture"
    assert await other.add(b"picture") == name
    for hub in hubs:
        await hub.close()


async def test_a_table_that_is_away_is_not_taken_for_damage(postgres_server: PostgresServer, postgres_url: str) -> None:
    postgres = await Postgres.open(postgres_url, (), "pool")
    blobs = await PostgresBlobs.open(postgres, BOX)
    name = await blobs.add(b"picture")
    await asyncio.to_thread(postgres_server.stop)
    try:
        for away in (blobs.get(name), blobs.add(b"other"), blobs.verify()):
            with pytest.raises(UnavailableError) as told:
                await away
            assert not isinstance(told.value, DamagedBlobError)
    finally:
        await asyncio.to_thread(postgres_server.start)
    assert await blobs.verify() == (1, [])
    await postgres.close()
