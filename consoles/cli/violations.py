"""`triune violations verify`: is an evidence pack whole, unaltered, of this site, and on its record."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command import facts
from command.facts.violations import ViolationPacked
from command.kernel.errors import InvalidInputError
from command.kernel.limits import READ_FACTS
from consoles.cli.beside import record_beside
from consoles.cli.hub_key import key_of_hub
from consoles.http.context import LIVE
from consoles.settings import Settings, load_settings
from streams.violations import pack


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("violations", help="check evidence packs of violations")
    asked = parser.add_subparsers(required=True, metavar="WHAT")
    verify = asked.add_parser("verify", help="check a pack by itself, and against a site's key and record")
    verify.add_argument("file", type=Path, help="the ZIP file")
    verify.add_argument("--public-key", default="", help="the site's key for packs, 64 hex digits")
    verify.add_argument("--data", help="the hub's data folder: its key and its record are asked")
    verify.add_argument("--config", type=Path, help="the settings file that the hub is started with, instead")
    verify.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
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
    asked = arguments.config or arguments.data or arguments.journal
    site = load_settings(arguments.config, data=arguments.data, journal=arguments.journal) if asked else None
    expected = _public_key(arguments.public_key, site)
    authentic = None if not expected else verdict.public_key == expected
    if authentic is False:
        problems.append("it was signed with another key than the site's")
    recorded_seq: int | None = None
    if site is not None and verdict.manifest:
        recorded_seq = asyncio.run(_recorded(site, verdict.manifest))
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


def _public_key(given: str, site: Settings | None) -> str:
    if given:
        return given.lower()
    if site is None:
        return ""
    private = Ed25519PrivateKey.from_private_bytes(key_of_hub(site).derive(pack.PURPOSE))
    return private.public_key().public_bytes_raw().hex()


async def _recorded(site: Settings, manifest: str) -> int | None:
    """Return the number of the fact that names the manifest; `triune verify` says whether the record is sound."""
    seq = 0
    async with record_beside(site) as (journal, _):
        while page := await journal.read(LIVE, seq, READ_FACTS):
            for stored in page:
                if manifest.encode() in stored.data:
                    fact = facts.decode(stored.data, stored.seq)
                    if isinstance(fact, ViolationPacked) and fact.manifest == manifest:
                        return stored.seq
            seq = page[-1].seq
    return None
