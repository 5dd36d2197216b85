"""What a backup takes and refuses of what no hub of this release has used. R894 to R896, R1014 (docs/SPEC.md)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from command.backup.stores import new_stores, stores_of
from command.kernel.errors import InvalidInputError, UnavailableError
from command.links import viid
from tests.command.backup.keeping import KEY, Where, change, database_of, fill, kept, put_back, take


def a_day(data: Path) -> Path:
    return min((data / "readings" / "live").glob("*.sqlite3"))


@pytest.mark.parametrize(
    ("file", "other", "told"),
    [
        ("journal", -1, "with the version that runs"),
        ("readings", -1, "with the version that runs"),
        ("a day", 1, "this program knows"),
        ("access", 1, "with the version that runs"),
    ],
)
async def test_a_file_of_another_release_is_not_touched(  # R896
    file: str, other: int, told: str, tmp_path: Path
) -> None:
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
    path = a_day(tmp_path / "data") if file == "a day" else tmp_path / "data" / f"{file}.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version + other}")
    before = path.read_bytes()
    with pytest.raises(UnavailableError, match=told):
        async with stores_of(tmp_path / "data", KEY, None) as stores:
            await take(stores, tmp_path / "archive")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version + other,)
    assert path.read_bytes() == before


_LATER = ("kind", "lines", "char_confidences", "direction", "heading_deg", "lane", "source")


async def test_days_that_the_release_before_left_are_in_a_backup_as_they_are(tmp_path: Path) -> None:  # R1014
    """A hub brings a day up once somebody asks for it: months may pass."""
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
        whole = await kept(stores)
    assert whole.sightings
    days = sorted((tmp_path / "data" / "readings" / "live").glob("*.sqlite3"))
    for path in days:
        with closing(sqlite3.connect(path)) as db, db:
            for column in _LATER:
                db.execute(f"ALTER TABLE sightings DROP COLUMN {column}")
            db.execute("PRAGMA user_version = 1")
    before = [path.read_bytes() for path in days]
    async with stores_of(tmp_path / "data", KEY, None) as stores:
        await take(stores, tmp_path / "archive")
    assert [path.read_bytes() for path in days] == before
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "archive")
        assert await kept(stores) == whole


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_no_hub_has_used_since_an_upgrade_is_in_a_backup_as_it_is(  # R1014
    kind: str, where: Where, tmp_path: Path
) -> None:
    """GA/T 1400 was taken out of the settings before: nobody brings its tables up."""
    folder, url = where(kind)
    async with new_stores(folder, KEY, url) as stores:
        await fill(stores)
        async with database_of(stores, "viid", viid.SCHEMA[:1]) as db:
            await db.write(("INSERT INTO own VALUES ('c1', 7)", ()))
    async with stores_of(folder, KEY, url) as stores:
        await take(stores, tmp_path / "archive")
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "archive")
        async with database_of(stores, "viid", viid.SCHEMA) as db:
            assert await db.rows("SELECT * FROM own") == [("c1", 7)]
            assert await db.rows("SELECT * FROM cascades") == []


async def test_nothing_is_made_in_a_folder_that_lacks_something(tmp_path: Path) -> None:  # R896
    data = tmp_path / "data"
    async with new_stores(data, KEY, None) as stores:
        await fill(stores)
    for part in data.glob("readings.sqlite3*"):
        part.unlink()
    there = sorted(data.rglob("*.sqlite3"))
    with pytest.raises(InvalidInputError, match="no readings in"):
        async with stores_of(data, KEY, None):
            pass
    assert sorted(data.rglob("*.sqlite3")) == there


async def schemas_in(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT name, version FROM triune_schemas")
        return {row["name"]: row["version"] for row in rows}
    finally:
        await connection.close()


async def test_a_database_of_no_hub_is_not_backed_up_and_nothing_is_made_in_it(  # R894
    postgres_url: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="no journal in this database"):
        async with stores_of(tmp_path, KEY, postgres_url):
            pass
    with pytest.raises(asyncpg.UndefinedTableError):
        await schemas_in(postgres_url)


@pytest.mark.parametrize("name", ["journal", "readings", "blobs"])
async def test_tables_of_another_release_are_not_touched(name: str, postgres_url: str, tmp_path: Path) -> None:  # R895
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await fill(stores)
    await change(postgres_url, f"UPDATE triune_schemas SET version = version - 1 WHERE name = '{name}'")
    before = await schemas_in(postgres_url)
    with pytest.raises(UnavailableError, match=rf"{name} in this database is of schema .* with the version that runs"):
        async with stores_of(tmp_path, KEY, postgres_url):
            pass
    assert await schemas_in(postgres_url) == before


async def test_a_backup_can_write_to_no_table(postgres_url: str, tmp_path: Path) -> None:  # R895
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await fill(stores)
    async with stores_of(tmp_path, KEY, postgres_url) as stores:
        with pytest.raises(UnavailableError, match="read-only"):
            await stores.journal.probe()
        with pytest.raises(UnavailableError, match="read-only"):
            await stores.blobs.add(b"another")
