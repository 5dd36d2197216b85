"""Who moves a camera, where several hubs move cameras: a table that all of them ask, each time that one is moved.

The rule is that of `streams.ptz.claim`, told to the database, which decides between hubs that ask at once. A hold that
would last longer than any may was made by a hub whose clock is far ahead, and keeps nobody out.
"""

from __future__ import annotations

from command.kernel.clock import Clock
from command.kernel.database import Database
from command.kernel.errors import ConflictError
from streams.limits import PTZ_HOLD_MS
from streams.ptz import Hold, Operator

SCHEMA = (
    """
    CREATE TABLE holds (
        camera TEXT PRIMARY KEY, hub TEXT NOT NULL, operator TEXT NOT NULL, name TEXT NOT NULL, rank INTEGER NOT NULL,
        until_ms INTEGER NOT NULL
    );
    """,
)
_TAKE = """
    INSERT INTO holds (camera, hub, operator, name, rank, until_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (camera) DO UPDATE SET
        hub = excluded.hub, operator = excluded.operator, name = excluded.name, rank = excluded.rank,
        until_ms = excluded.until_ms
    WHERE holds.operator = excluded.operator OR holds.rank < excluded.rank OR holds.until_ms <= ? OR holds.until_ms > ?
"""
_LOOK = "SELECT hub, operator, name, rank, until_ms FROM holds WHERE camera = ?"


class SharedHolds:
    """The holds of all hubs, as `hub` sees them. Every method raises `UnavailableError` where the database is away."""

    def __init__(self, database: Database, hub: str, clock: Clock) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock

    async def take(self, camera: str, who: Operator) -> None:
        """Have a camera held by somebody at this hub from now on.

        Raises `ConflictError` with `holder` and `until_ms` while somebody of the same or a higher rank holds it.
        """
        now_ms = self._clock.now_ms()
        until_ms = now_ms + PTZ_HOLD_MS
        row = (camera, self._hub, who.id, who.name, who.rank, until_ms, now_ms, until_ms)
        [taken] = await self._database.write((_TAKE, row))
        if not taken and (held := await self.of(camera)) is not None:
            raise ConflictError(f"{held.by.name} moves this camera", holder=held.by.name, until_ms=held.until_ms)

    async def of(self, camera: str) -> Hold | None:
        """Return who holds a camera now, at whichever hub."""
        now_ms = self._clock.now_ms()
        for _hub, operator, name, rank, until_ms in await self._database.rows(_LOOK, camera):
            if now_ms < until_ms <= now_ms + PTZ_HOLD_MS:
                return Hold(Operator(operator, name, rank), until_ms)
        return None

    async def moved_on(self, camera: str) -> bool:
        """Say whether it was last taken at another hub, which stops it itself."""
        return any(hub != self._hub for hub, *_ in await self._database.rows(_LOOK, camera))
