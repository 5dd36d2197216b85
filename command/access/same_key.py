"""Every hub on a database has the same site key: one with another could open nothing that the others sealed."""

from __future__ import annotations

from command.access.keys import SiteKey
from command.kernel.database import Database
from command.kernel.errors import InvalidInputError

SAME_KEY = "CREATE TABLE site_key (one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint TEXT NOT NULL)"
"""A step of the schema: holds what tells keys apart and gives none away."""


async def refuse_another_key(db: Database, key: SiteKey) -> None:
    """Keep the key's fingerprint where there is none yet; `InvalidInputError` where there is another's."""
    fingerprint = key.derive("fingerprint").hex()
    await db.write(
        ("INSERT INTO site_key (one, fingerprint) VALUES (1, ?) ON CONFLICT (one) DO NOTHING", (fingerprint,))
    )
    if await db.rows("SELECT fingerprint FROM site_key") != [(fingerprint,)]:
        raise InvalidInputError(
            "the site key is not the one that this database was filled with; give every hub the same site.key"
        )
