"""How far each link has come along the journal."""

from __future__ import annotations

from command.kernel.database import Database

SCHEMA = ("CREATE TABLE cursors (link TEXT PRIMARY KEY, seq INTEGER NOT NULL)",)
"""What the database is to be opened with."""


class Cursors:
    """The cursors of all links, in a database that hubs may share."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, link: str) -> int:
        """Return the last sequence number that the link is done with."""
        rows = await self._db.rows("SELECT seq FROM cursors WHERE link = ?", link)
        return int(rows[0][0]) if rows else 0

    async def store(self, link: str, seq: int) -> None:
        """Keep it. A hub that was slow to say so does not take back what another has done since."""
        await self._db.write(
            (
                "INSERT INTO cursors (link, seq) VALUES (?, ?) ON CONFLICT (link) "
                "DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursors.seq",
                (link, seq),
            )
        )

    async def close(self) -> None:
        """Close the database."""
        await self._db.close()
