"""A file of any earlier schema is taken over with what it holds; a newer or damaged one is refused and left alone.

`tests/golden/sqlite/NAME-VERSION.sql` hold what hubs of each schema left behind (SPEC R93, R266).
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from command.access.accounts import SCHEMA as ACCESS
from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.hub import Hub
from command.journal import GENESIS, DamagedJournalError, chained
from command.journal.heads import HeadKey
from command.journal.signer import HeadSigner
from command.journal.sqlite import SCHEMA as JOURNAL
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import UnavailableError
from command.kernel.sqlite import make_file
from command.links.clients import ApprovalClient, CaseClient
from command.links.cursors import SCHEMA as LINKS
from command.links.cursors import Cursors
from command.links.service_messages import ApprovalAsking, CaseOpening
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_migrate import MAIN_SCHEMA as READINGS
from command.services.approval.approvals import SCHEMA as APPROVAL
from command.services.case.cases import SCHEMA as CASE
from tests.command.services.peers import TOKEN, approval_service, case_service
from tests.command.support import refold
from tests.paths import ROOT

START_MS = 1_700_000_000_000
FACTS = 24
"""How many the hub of the first schema left behind."""
SCHEMAS = {
    "journal": JOURNAL, "readings": READINGS, "access": ACCESS, "links": LINKS, "case": CASE, "approval": APPROVAL,
}  # fmt: skip
GOLDEN = ROOT / "tests" / "golden" / "sqlite"
KEY = SiteKey(b"k" * 32)


def left_by(name: str, version: int, folder: Path) -> Path:
    path = folder / f"{name}.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((GOLDEN / f"{name}-{version}.sql").read_text(encoding="utf-8"))
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        db.execute("PRAGMA journal_mode = WAL")
    return path


async def use_journal(path: Path) -> None:
    journal = SqliteJournal(path)
    try:
        facts = await journal.read("live", 0, 1000)
        assert len(facts) == FACTS
        assert chained(facts, GENESIS) == (await journal.head("live")).digest
        assert (await refold(journal)).situations.rows
        assert (await journal.answered("live", FACTS - 1, 9))[0][1].seq == FACTS
        signer = HeadSigner("live", journal, HeadKey(b"k" * 32), VirtualClock(START_MS))
        await signer.resume()
        await signer.stop()
        assert signer.signed_seq == FACTS
    finally:
        await journal.close()


async def use_readings(path: Path) -> None:
    readings = SqliteReadings(path)
    try:
        (position,) = await readings.latest_positions("live")
        assert (position.device, position.at_ms) == ("du1", START_MS + 4 * 60_000)
    finally:
        await readings.close()


async def use_access(path: Path) -> None:
    accounts = await Accounts.open(SqliteDatabase(path, ACCESS, "access"), KEY, VirtualClock(START_MS))
    try:
        assert await accounts.people() == {"desk1": "张三"}
        assert await accounts.camera_addresses() == {"k1": "rtsp://10.0.0.1/1"}
        assert (await accounts.sign_in("desk1", "a long password")).actor.roles == {"dispatcher"}
    finally:
        await accounts.close()


async def use_links(path: Path) -> None:
    cursors = Cursors(SqliteDatabase(path, LINKS, "links"))
    try:
        assert await cursors.load("case") == 17
    finally:
        await cursors.close()


async def use_case(path: Path) -> None:
    asking = CaseOpening(source="site", situation="s1", kind="accident", level=3, title="桥头", at_ms=START_MS)
    async with case_service(path, VirtualClock(START_MS)) as service, CaseClient(service.url, TOKEN) as client:
        assert (await client.open_case("case-key", asking)).number.endswith("000001")  # and no second case
        assert (await client.open_case("another-key", asking)).situation == "s1"


async def use_approval(path: Path) -> None:
    asking = ApprovalAsking(
        ref="ap1", item="批准", subject="t1", asked_by="张三", asked_at_ms=START_MS, warn_ms=START_MS + 1000,
        due_ms=START_MS + 2000, situation="s1",
    )  # fmt: skip
    async with approval_service(path, VirtualClock(START_MS)) as service, ApprovalClient(service.url, TOKEN) as client:
        assert (await client.ask("approval-key", asking)).id == "apv_bca2379647ffe470"


USE: dict[str, Callable[[Path], Awaitable[None]]] = {
    "journal": use_journal, "readings": use_readings, "access": use_access, "links": use_links, "case": use_case,
    "approval": use_approval,
}  # fmt: skip
EVERY = [(name, version) for name, schema in SCHEMAS.items() for version in range(1, len(schema) + 1)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def refused(name: str, path: Path) -> BaseException:
    """Return why the file is not used."""
    try:
        await USE[name](path)
    except (UnavailableError, DamagedJournalError) as error:
        return error
    except BaseExceptionGroup as group:  # a service's task group
        cause: BaseException = group
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        return cause
    raise AssertionError("it was used")


@pytest.mark.parametrize(("name", "version"), EVERY)
async def test_a_file_of_each_schema_is_taken_over_with_what_it_holds(name: str, version: int, tmp_path: Path) -> None:
    path = left_by(name, version, tmp_path)
    await USE[name](path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(SCHEMAS[name]),)
    await USE[name](path)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
async def test_a_file_of_a_newer_program_is_refused_and_left_as_it_is(name: str, tmp_path: Path) -> None:
    path = left_by(name, len(SCHEMAS[name]), tmp_path)
    newer = len(SCHEMAS[name]) + 1
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {newer}")
    before = digest(path)
    assert f"schema {newer}; this program knows {newer - 1}" in str(await refused(name, path))
    assert digest(path) == before


def damage(path: Path) -> str:
    """Write over the pages in the middle, as a broken disk does; return the digest of what is then there."""
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    assert len(whole) >= 3 * page
    path.write_bytes(whole[:page] + b"\xff" * (len(whole) - page))
    return digest(path)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
async def test_a_damaged_file_is_refused_and_never_mended_silently(name: str, tmp_path: Path) -> None:
    path = left_by(name, len(SCHEMAS[name]), tmp_path)
    if name == "links":
        with closing(sqlite3.connect(path)) as db, db:  # it is so small that it needs filling
            db.executemany("INSERT INTO cursors VALUES (?, 1)", [(f"{n}" * 100,) for n in range(100)])
    before = damage(path)
    assert "malformed" in str(await refused(name, path))
    assert digest(path) == before


async def test_a_hub_does_not_load_a_damaged_journal(tmp_path: Path) -> None:
    path = left_by("journal", len(JOURNAL), tmp_path)
    before = damage(path)
    journal = SqliteJournal(path)
    hub = Hub("live", VirtualClock(START_MS), journal)
    with pytest.raises((UnavailableError, DamagedJournalError), match="malformed"):
        await hub.load()
    assert (hub.accepting, hub.committed_seq) == (False, 0)
    await journal.close()
    assert digest(path) == before


@pytest.mark.parametrize("damaged", [True, False])
def test_serve_says_in_one_line_what_is_wrong_with_the_record(damaged: bool, tmp_path: Path) -> None:
    SiteKey.load(tmp_path / "site.key")
    path = left_by("journal", len(JOURNAL), tmp_path)
    make_file(tmp_path / "access.sqlite3", ACCESS)  # a record without accounts is refused for that
    if damaged:
        before = damage(path)
    else:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE facts SET actor = 'somebody' WHERE seq = 20")
            db.execute("DELETE FROM signed_heads")  # they are of another site's key, which is said before
        before = digest(path)
    program = "import sys; from consoles.cli import main; sys.exit(main())"
    ports = [f"--{name}-port=0" for name in ("http", "jt808", "case", "approval")]
    ended = subprocess.run(
        [sys.executable, "-c", program, "serve", "--data", str(tmp_path), *ports],
        capture_output=True, text=True, timeout=90, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("triune: ")
    assert ("malformed" if damaged else "fact 20 does not fit the chain") in last
    assert digest(path) == before
