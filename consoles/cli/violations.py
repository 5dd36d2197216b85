"""`triune violations verify`: is an evidence pack whole, unaltered, of this site, and on its record."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command import facts
from command.access.keys import SiteKey
from command.facts.violations import ViolationPacked
from command.journal.sqlite_snapshot import SqliteSnapshot
from command.kernel.errors import InvalidInputError
from command.kernel.limits import READ_FACTS
from consoles.http.context import LIVE
from streams.violations import pack


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("violations", help="check evidence packs of violations")
    asked = parser.add_subparsers(required=True, metavar="WHAT")
    verify = asked.add_parser("verify", help="check a pack by itself, and against a site's key and record")
    verify.add_argument("file", type=Path, help="the ZIP file")
    verify.add_argument("--public-key", default="", help="the site's key for packs, 64 hex digits")
    verify.add_argument("--data", type=Path, help="the hub's data folder: its key and its record are asked")
    verify.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every problem and, last, a verdict as JSON; 0 where nothing is wrong.

    Without the site's key a pack can only be shown to be in one piece: `authentic` is then null.
    """
    try:
        verdict = pack.verify(arguments.file)
    except OSError as error:
        raise InvalidInputError(f"{arguments.file.name} cannot be read: {error.strerror}") from error
    problems = list(verdict.problems)
    expected = _public_key(arguments.public_key, arguments.data)
    authentic = None if not expected else verdict.public_key == expected
    if authentic is False:
        problems.append("it was signed with another key than the site's")
    recorded_seq: int | None = None
    if arguments.data is not None and verdict.manifest:
        recorded_seq = asyncio.run(_recorded(arguments.data, verdict.manifest))
        if recorded_seq is None:
            problems.append("its manifest does not stand in the site's record")
    for problem in problems:
        print(problem)
    told = {
        "ok": not problems, "manifest": verdict.manifest, "public_key": verdict.public_key, "authentic": authentic,
        "recorded_seq": recorded_seq, "problems": len(problems),
    }  # fmt: skip
    print(json.dumps(told))
    return 1 if problems else 0


def _public_key(given: str, data: Path | None) -> str:
    if given:
        return given.lower()
    if data is None:
        return ""
    path = data / "site.key"
    if not path.is_file():
        raise InvalidInputError(f"{data} has no site.key")
    private = Ed25519PrivateKey.from_private_bytes(SiteKey.load(path).derive(pack.PURPOSE))
    return private.public_key().public_bytes_raw().hex()


async def _recorded(data: Path, manifest: str) -> int | None:
    """Return the number of the fact that names the manifest; `triune verify` says whether the record is sound."""
    path = data / "journal.sqlite3"
    if not path.is_file():
        raise InvalidInputError(f"{data} has no journal")
    journal, seq = SqliteSnapshot(path), 0
    try:
        while page := await journal.read(LIVE, seq, READ_FACTS):
            for stored in page:
                if manifest.encode() in stored.data:
                    fact = facts.decode(stored.data, stored.seq)
                    if isinstance(fact, ViolationPacked) and fact.manifest == manifest:
                        return stored.seq
            seq = page[-1].seq
    finally:
        await journal.close()
    return None
