"""A journal file as a hub that signs leaves it: entries of one to three facts, signed heads, and an anchor file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import aiohttp

from command.facts import encode
from command.facts.calls import SituationNoted
from command.journal import GENESIS, Entry, Journal, StoredFact
from command.journal.anchors import Anchor, place_at
from command.journal.heads import HeadKey
from command.journal.kept_heads import KeptHeads
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock

KEY = HeadKey(b"k" * 32)
SPACE = "live"


def entries(first: int, count: int, seed: int = 1) -> list[Entry]:
    """Return entries of `count` facts in all, of one to three facts each."""
    random, made, end = Random(seed), [], first + count
    while first < end:
        size = min(random.randint(1, 3), end - first)
        notes = [SituationNoted(situation="s1", text=f"第{seq}条") for seq in range(first, first + size)]
        facts = tuple(
            StoredFact(seq=first + n, at_ms=1000 + first, actor="desk", data=encode(note))
            for n, note in enumerate(notes)
        )
        made.append(Entry(key=f"key-{first}", subject=f"s{first}", facts=facts))
        first += size
    return made


async def append(journal: Journal, made: Sequence[Entry]) -> None:
    head = await journal.head(SPACE)
    async with journal.turn(SPACE) as turn:
        assert (await turn.append(made, head, [])).stored


def vouched_for(folder: Path, facts: int, loose: int = 0) -> Path:
    """Write `facts` facts in two parts, each signed and anchored at its end, and `loose` ones after the last head."""
    return asyncio.run(_write(folder, facts, loose))


async def _write(folder: Path, facts: int, loose: int) -> Path:
    path = folder / "journal.sqlite3"
    journal, clock = SqliteJournal(path), VirtualClock(5000)
    async with aiohttp.ClientSession() as http:
        place = place_at(str(folder / "anchor"), http, folder / "notes")
        anchor = Anchor(place, KeptHeads(SPACE, journal, KEY.public), clock)
        signer = HeadSigner(SPACE, journal, KEY, clock, [anchor])
        await signer.resume()
        half = facts // 2
        for first, count in ((1, half), (half + 1, facts - half)):
            await append(journal, entries(first, count))
            await signer.stop()
        if loose:
            await append(journal, entries(facts + 1, loose))
    await journal.close()
    return path


def change(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the hub's back."""
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement, values).rowcount >= 1


def rechain(path: Path) -> None:
    """Do what somebody with the file, but not the key, can do: make every digest right again."""
    with closing(sqlite3.connect(path)) as db, db:
        previous = GENESIS
        for seq, at_ms, actor, data in db.execute("SELECT seq, at_ms, actor, data FROM facts ORDER BY seq").fetchall():
            previous = StoredFact(seq=seq, at_ms=at_ms, actor=actor, data=data).chained_to(previous)
            db.execute("UPDATE facts SET digest = ? WHERE seq = ?", (previous, seq))


def renumber(path: Path) -> None:
    """Close the gaps that removed facts leave, and the room that inserted ones take, in facts and answers alike."""
    with closing(sqlite3.connect(path)) as db, db:
        old = [seq for (seq,) in db.execute("SELECT seq FROM facts ORDER BY seq")]
        for new, seq in enumerate(old, start=1):
            if new != seq:
                db.execute("UPDATE facts SET seq = ? WHERE seq = ?", (new, seq))
                db.execute("UPDATE answers SET seq = ? WHERE seq = ?", (new, seq))
