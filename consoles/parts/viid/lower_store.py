"""What lower systems are to us: what we subscribed to there, and the devices that they told us of."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from command.kernel.clock import Clock
from command.kernel.database import Database
from command.kernel.errors import TooManyError
from consoles.parts.viid.store import Turns
from edge.limits import VIID_CATALOGUE, VIID_CATALOGUE_MS, VIID_CATALOGUE_OF_PEER, VIID_LOWERS
from edge.viid.catalogue import Listed
from edge.viid.lower import Lower


class KeptLower(msgspec.Struct, frozen=True):
    """A subscription of ours. `leased_ms` is until when the lower system has agreed to it, 0 where it never did."""

    lower: Lower
    leased_ms: int
    ended: bool


class KeptDevice(msgspec.Struct, frozen=True):
    """A device of a lower system, and when it was told last."""

    listed: Listed
    peer: str
    told_ms: int


class LowerStore:
    """Every method raises `UnavailableError` where the database is away."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.changed = Turns()

    # What we subscribed to

    async def lowers(self) -> list[KeptLower]:
        """Return all, those included that are still to be ended at the lower system."""
        rows = await self._db.rows("SELECT body, leased_ms, ended FROM lowers ORDER BY id")
        return [
            KeptLower(msgspec.json.decode(body, type=Lower), int(leased_ms), bool(ended))
            for body, leased_ms, ended in rows
        ]

    async def add(self, lower: Lower) -> None:
        """Keep one; said again, with the same id, it is the same. Raises `TooManyError` past `VIID_LOWERS`."""
        if len(await self.lowers()) >= VIID_LOWERS:
            raise TooManyError(f"{VIID_LOWERS} subscriptions at lower systems are all there can be")
        await self._db.write(
            (
                "INSERT INTO lowers (id, body, leased_ms, ended) VALUES (?, ?, 0, 0) ON CONFLICT (id) DO NOTHING",
                (lower.id, msgspec.json.encode(lower)),
            )
        )
        self.changed.next()

    async def end(self, lower: str) -> bool:
        """It is to be ended at the lower system; say whether there is such a one."""
        (count,) = await self._db.write(("UPDATE lowers SET ended = 1 WHERE id = ?", (lower,)))
        self.changed.next()
        return count > 0

    async def lease(self, lower: str, until_ms: int) -> None:
        """The lower system has agreed to it until an instant."""
        await self._db.write(("UPDATE lowers SET leased_ms = ? WHERE id = ?", (until_ms, lower)))

    async def forget(self, lower: str) -> None:
        """It has ended there."""
        await self._db.write(("DELETE FROM lowers WHERE id = ? AND ended = 1", (lower,)))
        self.changed.next()

    # Their devices

    async def devices(self) -> list[KeptDevice]:
        """Return all that were told, by system and id."""
        rows = await self._db.rows("SELECT body, peer, told_ms FROM catalogue ORDER BY peer, device")
        return [KeptDevice(msgspec.json.decode(body, type=Listed), peer, int(told_ms)) for body, peer, told_ms in rows]

    async def devices_of(self, peer: str) -> frozenset[str]:
        """Return the ids of those that a system told."""
        return frozenset(row[0] for row in await self._db.rows("SELECT device FROM catalogue WHERE peer = ?", peer))

    async def device(self, device: str) -> KeptDevice | None:
        """Return one, or None."""
        rows = await self._db.rows("SELECT body, peer, told_ms FROM catalogue WHERE device = ?", device)
        return next((KeptDevice(msgspec.json.decode(b, type=Listed), p, int(t)) for b, p, t in rows), None)

    async def take(self, peer: str, devices: Sequence[Listed]) -> dict[str, str]:
        """Keep devices of a system; return by id why one is not kept. What it has not told for long goes first."""
        now_ms = self._clock.now_ms()
        await self._db.write(("DELETE FROM catalogue WHERE told_ms < ?", (now_ms - VIID_CATALOGUE_MS,)))
        owner: dict[str, str] = dict(await self._db.rows("SELECT device, peer FROM catalogue"))
        own = sum(of == peer for of in owner.values())
        refused: dict[str, str] = {}
        kept: dict[str, Listed] = {}
        for one in devices:
            if owner.get(one.id, peer) != peer:
                refused[one.id] = "another system has told it as its own"
            elif one.id not in owner and one.id not in kept:
                if own >= VIID_CATALOGUE_OF_PEER or len(owner) >= VIID_CATALOGUE:
                    refused[one.id] = f"{own} devices of yours and {len(owner)} in all are kept"
                    continue
                own, owner[one.id] = own + 1, peer
                kept[one.id] = one
            else:
                kept[one.id] = one
        if kept:
            await self._db.write(
                *(
                    (
                        "INSERT INTO catalogue (device, peer, body, told_ms) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (device) DO UPDATE SET body = excluded.body, told_ms = excluded.told_ms "
                        "WHERE catalogue.peer = excluded.peer",
                        (one.id, peer, msgspec.json.encode(one), now_ms),
                    )
                    for one in kept.values()
                )
            )
        return refused
