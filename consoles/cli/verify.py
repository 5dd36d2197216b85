"""`triune verify`: is the record whole, unaltered and readable; is every file of the evidence what its name says."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from command import facts
from command.access.keys import ENVIRONMENT, SiteKey
from command.blobs import FolderBlobs
from command.facts import UnreadableFactError
from command.facts.orders import EvidenceFixed
from command.facts.scene import PlateHit
from command.journal import GENESIS, StoredFact
from command.kernel.errors import InvalidInputError, TriuneError

_FACTS = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = ? ORDER BY seq"
_ANSWERS = """
    SELECT key, seq FROM answers AS a WHERE space = ?
    AND NOT EXISTS (SELECT 1 FROM facts AS f WHERE f.space = a.space AND f.seq = a.seq) ORDER BY seq, key
"""
_LAST_WITHOUT_ANSWER = """
    SELECT max(seq) FROM facts WHERE space = ?1
    HAVING max(seq) > (SELECT coalesce(max(seq), 0) FROM answers WHERE space = ?1)
"""
_FAULTS_SHOWN = 100


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong. `seq` is of the fact concerned, where one is."""

    space: str
    seq: int | None
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The last line. `spaces` holds the number of facts of each; `first_fault_seq` is of the journal's first fault."""

    ok: bool
    spaces: dict[str, int]
    blobs: int
    damaged_blobs: list[str]
    missing_blobs: list[str]
    first_fault_seq: int | None
    faults: list[Fault]
    faults_total: int


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("verify", help="check the journal's chain and the evidence")
    parser.add_argument("--data", type=Path, default=Path("var"), help="the hub's data folder (default: var)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every fault and a verdict; 0 where all is well, 1 where something is not."""
    verdict = verify(arguments.data)
    for fault in verdict.faults:
        print(f"{fault.space} {fault.seq if fault.seq is not None else '-'}: {fault.what}")
    for name in verdict.damaged_blobs:
        print(f"evidence {name}: damaged, or sealed with another key")
    for name in verdict.missing_blobs:
        print(f"evidence {name}: missing")
    print(json.dumps(msgspec.to_builtins(verdict), ensure_ascii=False))
    return 0 if verdict.ok else 1


def verify(data: Path) -> Verdict:
    """Look at everything and change nothing. Raises `InvalidInputError` where there is no journal."""
    path = data / "journal.sqlite3"
    if not path.is_file():
        raise InvalidInputError(f"no journal in {data}")
    faults: list[Fault] = []
    counts: dict[str, int] = {}
    named: set[str] = set()
    try:
        # Read in one transaction, so that a hub at work does not look like a torn record.
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            db.execute("BEGIN")
            faults += [Fault(space="", seq=None, what=problem) for problem in _integrity(db)]
            spaces = [
                space for (space,) in db.execute("SELECT DISTINCT space FROM facts UNION SELECT space FROM answers")
            ]
            for space in spaces:
                counts[space] = 0
                for fault in _space(db, space, counts, named):
                    faults.append(fault)
        finally:
            db.close()
    except sqlite3.Error as error:
        faults.append(Fault(space="", seq=None, what=f"the journal file cannot be read on: {error}"))
    blobs, damaged, missing = _evidence(data, named, faults)
    return Verdict(
        ok=not (faults or damaged or missing),
        spaces=counts,
        blobs=blobs,
        damaged_blobs=damaged,
        missing_blobs=missing,
        first_fault_seq=next((fault.seq for fault in faults if fault.seq is not None), None),
        faults=faults[:_FAULTS_SHOWN],
        faults_total=len(faults),
    )


def _integrity(db: sqlite3.Connection) -> list[str]:
    return [str(problem) for (problem,) in db.execute("PRAGMA integrity_check(10)") if problem != "ok"]


def _space(db: sqlite3.Connection, space: str, counts: dict[str, int], named: set[str]) -> Iterator[Fault]:
    expected, digest = 1, GENESIS
    for seq, at_ms, actor, data, stored in db.execute(_FACTS, (space,)):
        counts[space] += 1
        if seq != expected:
            yield Fault(space=space, seq=expected, what=f"missing: after {expected - 1} comes {seq}")
        fact = StoredFact(seq=seq, at_ms=at_ms, actor=actor, data=bytes(data), digest=bytes(stored))
        if seq == expected and fact.chained_to(digest) != fact.digest:
            yield Fault(space=space, seq=seq, what="altered: it does not fit the chain")
        expected, digest = seq + 1, fact.digest
        try:
            match facts.decode(fact.data, seq):
                case EvidenceFixed() as evidence:
                    named.add(evidence.sha256)
                case PlateHit(picture=picture) if picture:
                    named.add(picture)
                case _:
                    pass
        except UnreadableFactError as error:
            yield Fault(space=space, seq=seq, what=f"unreadable: {error.detail}")
    for key, seq in db.execute(_ANSWERS, (space,)):
        yield Fault(space=space, seq=seq, what=f"missing: it was given as the answer to {key!r}")
    for (seq,) in db.execute(_LAST_WITHOUT_ANSWER, (space,)):
        yield Fault(space=space, seq=seq, what="nobody asked for the last facts: they have no answer")


def _evidence(data: Path, named: set[str], faults: list[Fault]) -> tuple[int, list[str], list[str]]:
    folder = data / "blobs"
    if not (data / "site.key").is_file() and not os.environ.get(ENVIRONMENT):
        if folder.is_dir():
            faults.append(Fault(space="", seq=None, what="the site key is missing, so evidence cannot be opened"))
        return 0, [], []
    try:
        blobs = FolderBlobs(folder, SiteKey.load(data / "site.key").box("blobs"))
    except (TriuneError, OSError) as error:
        faults.append(Fault(space="", seq=None, what=f"the site key cannot be read: {error}"))
        return 0, [], []
    count, damaged = asyncio.run(blobs.verify())
    return count, damaged, sorted(named - asyncio.run(blobs.names()))
