"""Which lower systems are told our watch list, and what each of them was told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from command.kernel.clock import Clock
from command.kernel.database import Database
from command.kernel.errors import TooManyError
from consoles.parts.viid.store import Turns
from edge.limits import VIID_CASCADES
from edge.viid.cascade import Cascade, Entry

ToldState = Literal["asked", "agreed", "refused"]
_KEEP = (
    "INSERT INTO cascaded (peer, id, body, state, reason, told_ms) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (peer, id) DO UPDATE SET body = excluded.body, state = excluded.state, reason = excluded.reason, "
    "told_ms = excluded.told_ms"
)
_ASK_AGAIN = "UPDATE cascaded SET state = 'asked' WHERE peer = ?"


class KeptCascade(msgspec.Struct, frozen=True):
    """A lower system that is told. `ended_ms` is since when it is to be told no more, 0: it is."""

    cascade: Cascade
    ended_ms: int


class Told(msgspec.Struct, frozen=True):
    """An entry that a system was told: `asked` as long as it has not answered, or has to be asked again."""

    entry: Entry
    state: ToldState
    reason: str
    told_ms: int


class CascadeStore:
    """Every method raises `UnavailableError` where the database is away."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.changed = Turns()

    async def cascades(self) -> list[KeptCascade]:
        """Return all, those included at which everything is still to be cancelled."""
        rows = await self._db.rows("SELECT body, ended_ms FROM cascades ORDER BY peer")
        return [KeptCascade(msgspec.json.decode(body, type=Cascade), int(ended_ms)) for body, ended_ms in rows]

    async def add(self, cascade: Cascade) -> None:
        """Tell a system from now on; said again it is changed, and told all anew.

        Raises `TooManyError` past `VIID_CASCADES`.
        """
        known = {kept.cascade.peer for kept in await self.cascades()}
        if cascade.peer not in known and len(known) >= VIID_CASCADES:
            raise TooManyError(f"{VIID_CASCADES} lower systems that are told the watch list are all there can be")
        await self._db.write(
            (
                "INSERT INTO cascades (peer, body, ended_ms) VALUES (?, ?, 0) "
                "ON CONFLICT (peer) DO UPDATE SET body = excluded.body, ended_ms = 0",
                (cascade.peer, msgspec.json.encode(cascade)),
            ),
            (_ASK_AGAIN, (cascade.peer,)),
        )
        self.changed.next()

    async def end(self, peer: str) -> bool:
        """Everything is to be cancelled there; say whether there is such a one."""
        sql = "UPDATE cascades SET ended_ms = ? WHERE peer = ? AND ended_ms = 0"
        await self._db.write((sql, (self._clock.now_ms(), peer)))
        self.changed.next()
        return any(kept.cascade.peer == peer for kept in await self.cascades())

    async def forget(self, peer: str) -> None:
        """Nothing is left there, or nobody can say; unless it is told anew meanwhile."""
        await self._db.write(
            ("DELETE FROM cascaded WHERE peer = (SELECT peer FROM cascades WHERE peer = ? AND ended_ms > 0)", (peer,)),
            ("DELETE FROM cascades WHERE peer = ? AND ended_ms > 0", (peer,)),
        )
        self.changed.next()

    # What they were told

    async def told(self, peer: str) -> dict[str, Told]:
        """Return what a system was told, by id."""
        sql = "SELECT id, body, state, reason, told_ms FROM cascaded WHERE peer = ? ORDER BY id"
        return {
            name: Told(msgspec.json.decode(body, type=Entry), state, reason, int(told_ms))
            for name, body, state, reason, told_ms in await self._db.rows(sql, peer)
        }

    async def entry(self, peer: str, disposition: str) -> Entry | None:
        """Return what a system was told under an id, or None."""
        rows = await self._db.rows("SELECT body FROM cascaded WHERE peer = ? AND id = ?", peer, disposition)
        return msgspec.json.decode(rows[0][0], type=Entry) if rows else None

    async def keep(self, peer: str, entries: Iterable[Entry], state: ToldState, reason: str = "") -> None:
        """Keep how it stands with entries: before a system is asked, so that none is forgotten there, and after."""
        now_ms = self._clock.now_ms()
        kept = [(_KEEP, (peer, one.id, msgspec.json.encode(one), state, reason, now_ms)) for one in entries]
        if kept:
            await self._db.write(*kept)

    async def ask_again(self, peer: str) -> None:
        """Let everything be told anew."""
        await self._db.write((_ASK_AGAIN, (peer,)))

    async def drop(self, peer: str, entries: Iterable[Entry]) -> None:
        """They are no longer looked for there."""
        sql = "DELETE FROM cascaded WHERE peer = ? AND id = ?"
        gone = [(sql, (peer, entry.id)) for entry in entries]
        if gone:
            await self._db.write(*gone)
