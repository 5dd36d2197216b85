"""How far each link has come along the journal."""

from __future__ import annotations

from typing import NamedTuple

from command.kernel.database import Database

SCHEMA = ("CREATE TABLE cursors (link TEXT PRIMARY KEY, seq INTEGER NOT NULL)",)
"""What the database is to be opened with."""


FURTHEST = "SELECT link, seq FROM cursors ORDER BY seq DESC LIMIT 1"


class Furthest(NamedTuple):
    """A link and the fact that it was told of last: the journal once held as much.

    Links follow within a second and keep how far they came in a file of their own, so this also vouches for what no
    signed head does yet.
    """

    link: str
    seq: int

    def missing(self, head_seq: int) -> str:
        """Say what is wrong with a journal that ends at `head_seq`; empty where nothing is."""
        if self.seq <= head_seq:
            return ""
        return f"cut off: the journal ends at fact {head_seq}, and the link {self.link} was told of fact {self.seq}"


class Cursors:
    """The cursors of all links, in a database that hubs may share."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, link: str) -> int:
        """Return the last sequence number that the link is done with."""
        rows = await self._db.rows("SELECT seq FROM cursors WHERE link = ?", link)
        return int(rows[0][0]) if rows else 0

    async def all(self) -> dict[str, int]:
        """Return it of each link that ever told anything."""
        return {str(link): int(seq) for link, seq in await self._db.rows("SELECT link, seq FROM cursors")}

    async def store(self, link: str, seq: int) -> None:
        """Keep it. A hub that was slow to say so does not take back what another has done since."""
        await self._db.write(
            (
                "INSERT INTO cursors (link, seq) VALUES (?, ?) ON CONFLICT (link) "
                "DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursors.seq",
                (link, seq),
            )
        )

    async def furthest(self) -> Furthest:
        """Return the link that has come furthest. Ask before the journal is read: other hubs go on meanwhile."""
        rows = await self._db.rows(FURTHEST)
        return Furthest(*rows[0]) if rows else Furthest("", 0)

    async def close(self) -> None:
        """Close the database."""
        await self._db.close()
