"""What is restored is what was backed up, from and into files or a database, at the end or at an earlier moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from command import facts
from command.backup import DamagedArchiveError, tables, taking
from command.backup.archive import read_archive
from command.backup.moment import Until, parse_instant
from command.backup.records import Entries, File, Rows
from command.backup.restoring import Restorer
from command.backup.stores import Stores, new_stores, stores_of
from command.backup.tables import LEFT_OUT, SCHEMAS, table_names
from command.facts.calls import CallArrived
from command.journal import GENESIS, Entry, Head, chained
from command.journal.heads import PURPOSE, HeadKey
from command.journal.signer import HeadSigner
from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, SignInRequiredError
from command.links import cursors
from command.links.cursors import Cursors
from command.readings.hours import HOUR_MS
from command.requests import ReportCall
from tests.command.backup.keeping import (
    KEY,
    PASSWORD,
    Kept,
    Where,
    accounts_of,
    database_of,
    fill,
    kept,
    put_back,
    take,
)
from tests.command.support import DISPATCHER, MINUTE_MS, START_MS, desk, refold

WAYS = [("sqlite", "sqlite"), ("sqlite", "postgres"), ("postgres", "sqlite")]


@pytest.mark.parametrize(("source", "target"), WAYS)
async def test_everything_comes_back(source: str, target: str, where: Where, tmp_path: Path) -> None:  # R223, R225
    archive = tmp_path / "archive"
    folder, url = where(source)
    async with new_stores(folder, KEY, url) as stores:
        given = await fill(stores)
        before = await kept(stores)
    async with stores_of(folder, KEY, url) as stores:
        manifest = await take(stores, archive)
    assert manifest.lost == ()
    assert manifest.contents.positions == 10
    new, new_url = where(target)
    async with new_stores(new, KEY, new_url) as stores:
        await put_back(stores, archive)
        after = await kept(stores)
        assert after == before
        assert chained(after.facts, GENESIS) == manifest.contents.spaces["live"].digest
        assert await stores.readings.latest_positions("live") != []
        async with accounts_of(stores) as accounts:
            assert await accounts.device_of(given["token"]) == "du1"
            with pytest.raises(SignInRequiredError):  # it may have been ended since
                await accounts.session(given["session"])
            await accounts.sign_in("admin", PASSWORD)
        await hub_goes_on(stores, before)


async def hub_goes_on(stores: Stores, before: Kept) -> None:
    """A hub on the restored journal folds the same tables, gives the same answers, and records what is new."""
    last = before.facts[-1].seq
    async with desk(stores.journal, clock=VirtualClock(START_MS + 10 * MINUTE_MS), enrolled=False) as work:
        again = await work.hub.ask(ReportCall(dialled="110", caller="13912345671"), DISPATCHER, "call 1")
        assert again.subject == dict(before.answers)["call 1"].subject
        assert (await stores.journal.head("live")).seq == last
        new = await work.hub.ask(ReportCall(dialled="110", caller="13900000000"), DISPATCHER, "call 9")
        assert new.seq == last + 1


def seq_of(before: Kept, kind: str) -> int:
    return next(f.seq for f in before.facts if facts.kind_of(type(facts.decode(f.data, f.seq))) == kind)


async def test_an_earlier_moment_is_a_beginning_of_the_record(
    filled: tuple[Path, Kept], tmp_path: Path
) -> None:  # R224
    archive, before = filled
    until_ms = START_MS + MINUTE_MS + 1000  # in which a car is still before the camera
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        moment = await put_back(stores, archive, Until(at_ms=until_ms))
        after = await kept(stores)
        expected = [fact for fact in before.facts if fact.at_ms <= until_ms]
        assert 0 < len(expected) < len(before.facts)
        assert after.facts == expected
        last = expected[-1].seq
        assert moment.seqs == {"live": last}
        assert after.answers == [one for one in before.answers if one[1].seq <= last]
        assert len(after.answers) < len(before.answers)
        assert after.signed == [head for head in before.signed if head.seq <= last]
        assert [head.seq for head in after.signed] == [before.signed[0].seq]
        assert after.positions == [fix for fix in before.positions if fix.at_ms <= until_ms]
        assert after.sightings == [seen for seen in before.sightings if seen.last_ms <= until_ms]
        assert 0 < len(after.sightings) < len(before.sightings)
        # A link that was further would never tell of what now comes under those numbers.
        assert after.cursors == dict.fromkeys(before.cursors, last)
        assert after.hours == {hour: n for hour, n in before.hours.items() if (hour + 1) * HOUR_MS <= until_ms}
        assert 0 < len(after.hours) < len(before.hours)
        whole = await refold(stores.journal)
        assert whole.seq == last
        async with desk(stores.journal, clock=VirtualClock(until_ms), enrolled=False) as work:
            answer = await work.hub.ask(ReportCall(dialled="110", caller="1"), DISPATCHER, "call 1")
            assert answer.seq > last  # forgotten with the fact


async def test_a_fact_in_the_middle_of_an_entry_ends_before_the_entry(
    filled: tuple[Path, Kept], tmp_path: Path
) -> None:  # R224
    archive, before = filled
    ends = [answer.seq for _, answer in before.answers]
    middle = next(fact.seq for fact in before.facts if fact.seq not in ends)
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        moment = await put_back(stores, archive, Until(seq=middle))
        assert moment.seqs["live"] == max(seq for seq in ends if seq < middle)
        assert (await kept(stores)).facts == before.facts[: moment.seqs["live"]]


async def test_up_to_a_fact_readings_go_up_to_its_instant(filled: tuple[Path, Kept], tmp_path: Path) -> None:
    archive, before = filled
    issued = seq_of(before, "order_issued")
    seq = min(answer.seq for _, answer in before.answers if answer.seq >= issued)
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, archive, Until(seq=seq))
        after = await kept(stores)
    assert after.facts == before.facts[:seq]
    assert after.positions == [fix for fix in before.positions if fix.at_ms <= before.facts[seq - 1].at_ms]
    assert 0 < len(after.positions) < len(before.positions)
    assert 0 < len(after.hours) < len(before.hours)


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (Until(seq=10_000), "ends with fact"),
        (Until(at_ms=START_MS * 2), "made before that instant"),
        (Until(at_ms=START_MS - 1), "nothing on record"),
        (Until(seq=0), "nothing on record"),
    ],
)
async def test_a_moment_that_is_not_in_it_is_refused(
    filled: tuple[Path, Kept], tmp_path: Path, until: Until, why: str
) -> None:
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        with pytest.raises(InvalidInputError, match=why):
            await put_back(stores, filled[0], until)
        assert await stores.journal.spaces() == []


def test_an_instant_says_whose_clock_it_is_of() -> None:
    assert parse_instant("2026-11-20T03:00:00+08:00") == parse_instant("2026-11-19T19:00:00Z") == 1795114800000
    for text in ("2026-11-20T03:00:00", "yesterday", "2026-11-20"):
        with pytest.raises(InvalidInputError, match="write 2026"):
            parse_instant(text)


class Busy:
    """A store that others use: something is written before each thing that is read."""

    def __init__(self, real: object, write: Callable[[], Awaitable[None]]) -> None:
        self._real = real
        self._write = write

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        read = getattr(self._real, name)

        async def after_a_write(*arguments: object) -> Any:
            await self._write()
            return await read(*arguments)

        return after_a_write


async def test_nothing_that_the_backup_names_is_missing_while_others_write(tmp_path: Path) -> None:  # R220
    archive, written = tmp_path / "archive", 0
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
        async with (
            desk(stores.journal, enrolled=False) as work,
            database_of(stores, "links", cursors.SCHEMA) as links,
        ):

            async def write() -> None:
                """Keep a picture, record a fact that names it, sign that, and have a link tell of it."""
                nonlocal written
                written += 1
                name = await stores.blobs.add(b"%d" % written)
                told = await work.hub.ask(ReportCall(dialled="110", caller=name), DISPATCHER, f"more {written}")
                await signer.sign(is_due=True)
                await Cursors(links).store("case", told.seq)

            signer = HeadSigner("live", stores.journal, HeadKey(KEY.derive(PURPOSE)), work.clock)
            await signer.resume()
            journal, readings, blobs = (
                cast("Any", Busy(each, write)) for each in (stores.journal, stores.readings, stores.blobs)
            )
            manifest = await take(Stores(stores.data, journal, readings, blobs, stores.clips, None), archive)
        whole = await kept(stores)
    seq = manifest.contents.spaces["live"].seq
    assert seq < whole.facts[-1].seq, "nothing was written after the cut"
    with archive.open("rb") as file:
        told = [row[1] for r in read_archive(file, KEY) if isinstance(r, Rows) and r.store == "links" for row in r.rows]
    assert max(told) <= seq
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, archive)
        after = await kept(stores)
    assert after.facts == whole.facts[:seq]
    assert after.signed == [head for head in whole.signed if head.seq <= seq] != whole.signed
    decoded = (facts.decode(fact.data, fact.seq) for fact in after.facts)
    named = {fact.caller for fact in decoded if isinstance(fact, CallArrived) and len(fact.caller) == 64}
    assert len(named) > 1
    assert named <= after.blobs.keys()


@pytest.mark.parametrize(
    "record",
    [
        File(path="../outside", data=b""), File(path="/tmp/outside", data=b""),
        Rows(store="links", version=1, table="cursors; DROP TABLE cursors", columns=("link",), rows=[["x"]]),
        Rows(store="links", version=1, table="cursors", columns=("link) SELECT 1 --",), rows=[["x"]]),
    ],
)  # fmt: skip
async def test_nothing_is_put_where_it_does_not_belong(record: File | Rows, tmp_path: Path) -> None:
    async with new_stores(tmp_path / "new", KEY, None) as stores, Restorer(stores) as restorer:
        with pytest.raises(DamagedArchiveError, match=r"does not lie in|is no name of"):
            await restorer.restore([record])


@pytest.mark.parametrize("loss", ["DELETE FROM facts", "UPDATE facts SET digest = zeroblob(32)"])
async def test_a_store_that_does_not_hold_what_was_put_in_is_said_to_be_so(
    filled: tuple[Path, Kept], tmp_path: Path, loss: str
) -> None:  # R223
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        head = stores.journal.head

        async def after_a_loss(space: str) -> Head:
            with closing(sqlite3.connect(tmp_path / "new" / "journal.sqlite3")) as db, db:
                db.execute(f"{loss} WHERE seq = (SELECT max(seq) FROM facts)")
            return await head(space)

        cast("Any", stores.journal).head = after_a_loss
        with pytest.raises(DamagedArchiveError, match="begin again"):
            await put_back(stores, filled[0])


async def test_what_takes_many_pages_comes_back(
    filled: tuple[Path, Kept], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R223
    for module, name, most in (
        (taking, "READINGS_ROWS", 2), (taking, "BACKUP_READ_FACTS", 1), (tables, "BACKUP_READ_ROWS", 1)
    ):  # fmt: skip
        monkeypatch.setattr(module, name, most)
    async with stores_of(tmp_path / "filled", KEY, None) as stores:
        await take(stores, tmp_path / "again")
    async with new_stores(tmp_path / "new", KEY, None) as stores:
        await put_back(stores, tmp_path / "again")
        assert await kept(stores) == filled[1]


def test_every_table_of_the_small_databases_is_in_it_but_sessions_the_fingerprint_and_what_waits() -> None:
    for store, schema in SCHEMAS.items():
        with closing(sqlite3.connect(":memory:")) as db:
            for script in schema:
                db.executescript(script)
            there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        wanted = {name for name in there if not name.startswith("sqlite_")}
        assert set(table_names(store, len(schema))) == wanted - LEFT_OUT
    # What waited to be told over GA/T 1400 may be far more than the rest, and was told since where there is somebody.
    assert {"sessions", "site_key", "waiting"} == LEFT_OUT


async def test_a_database_that_holds_something_is_not_restored_into(postgres_url: str, tmp_path: Path) -> None:
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await stores.blobs.add(b"somebody's")
    with pytest.raises(InvalidInputError, match="not empty"):
        async with new_stores(tmp_path, KEY, postgres_url):
            pass


async def test_the_live_space_comes_first_in_it(tmp_path: Path) -> None:  # R224
    """Up to which instant others are restored with `--until-seq` is known once its fact was seen."""
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
        fact = (await stores.journal.read("live", 0, 1))[0]
        async with stores.journal.turn("drill") as turn:
            await turn.append([Entry(key="k", subject="", facts=(fact,))], Head(), [])
        await take(stores, tmp_path / "archive")
    with (tmp_path / "archive").open("rb") as file:
        spaces = [record.space for record in read_archive(file, KEY) if isinstance(record, Entries)]
    assert (spaces[0], spaces[-1]) == ("live", "drill")
