"""What GA/T 1400 keeps: devices and the cameras they are, orders of other systems, and what waits to be told them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, TypeVar

import msgspec

from command.kernel.clock import Clock
from command.kernel.database import Database, Statement
from command.kernel.errors import ConflictError, UnavailableError
from edge.limits import VIID_ORDERS, VIID_ORDERS_OF_PEER, VIID_STRANGERS, VIID_WAITING
from edge.viid.ids import own_device
from edge.viid.orders import Disposition, Subscription
from edge.viid.sender import Item

OrderKind = Literal["subscription", "disposition"]
T = TypeVar("T", Subscription, Disposition)
_LOOK_MS = 5000
_OWN_TRIES = 8
_FORGET_ORDERS = (
    "DELETE FROM orders WHERE kind = ? AND peer = ? AND (ended = 1 OR until_ms < ?) AND id NOT IN "
    "(SELECT id FROM orders WHERE kind = ? AND peer = ? AND (ended = 1 OR until_ms < ?) "
    "ORDER BY until_ms DESC, id LIMIT ?)"
)
_PUT = "INSERT INTO waiting (receiver, key, at_ms, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_OWN = "SELECT camera, number FROM own"
_TAKE_NUMBER = (
    "INSERT INTO own (camera, number) SELECT ?, coalesce(max(number), 0) + 1 FROM own WHERE true "
    "ON CONFLICT (camera) DO NOTHING"
)


class Device(msgspec.Struct, frozen=True):
    """A device that passages come from. `camera` is empty until an administrator says which it is."""

    device: str
    camera: str
    peer: str
    heard_ms: int
    refused: int


class Turns:
    """Counts changes made here, and lets others wait for the next."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def next(self) -> None:
        """Something was changed."""
        self.count += 1
        passed, self._next = self._next, asyncio.Event()
        passed.set()

    async def wait(self, count: int) -> None:
        """Return once something was changed since `count`, or after a while: another hub may have changed something."""
        if count == self.count:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_MS / 1000):
                    await self._next.wait()


class ViidStore:
    """Every method raises `UnavailableError` where the database is away."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.orders_changed = Turns()
        self._put: defaultdict[str, Turns] = defaultdict(Turns)
        """By receiver."""

    # Devices

    async def devices(self) -> list[Device]:
        """Return all, those heard of last first."""
        sql = "SELECT device, camera, peer, heard_ms, refused FROM devices ORDER BY heard_ms DESC, device"
        return [Device(*row) for row in await self._db.rows(sql)]

    async def assign(self, device: str, camera: str) -> None:
        """Say which camera a device is; empty: none any more."""
        await self._db.write(
            (
                "INSERT INTO devices (device, camera, peer, heard_ms, refused) VALUES (?, ?, '', 0, 0) "
                "ON CONFLICT (device) DO UPDATE SET camera = excluded.camera",
                (device, camera),
            )
        )

    async def heard(self, device: str, peer: str, refused: int) -> None:
        """Note that a passage of a device came, and how many were refused since; strangers are bounded."""
        now_ms = self._clock.now_ms()
        await self._db.write(
            (
                "INSERT INTO devices (device, camera, peer, heard_ms, refused) VALUES (?, '', ?, ?, ?) "
                "ON CONFLICT (device) DO UPDATE SET peer = excluded.peer, heard_ms = excluded.heard_ms, "
                "refused = devices.refused + excluded.refused",
                (device, peer, now_ms, refused),
            ),
            (
                "DELETE FROM devices WHERE device IN (SELECT device FROM devices WHERE camera = '' "
                "ORDER BY heard_ms DESC, device LIMIT 1000000 OFFSET ?)",
                (VIID_STRANGERS,),
            ),
        )

    async def own_devices(self, server: str, cameras: Sequence[str]) -> dict[str, str]:
        """Return the ids that cameras of ours are told under, the same for ever."""
        for _ in range(_OWN_TRIES):
            found = {camera: own_device(server, int(number)) for camera, number in await self._db.rows(_OWN)}
            missing = [camera for camera in cameras if camera not in found]
            if not missing:
                return {camera: found[camera] for camera in cameras}
            with suppress(ConflictError):  # another hub took the number meanwhile
                await self._db.write(*((_TAKE_NUMBER, (camera,)) for camera in missing))
        raise UnavailableError("cameras get no numbers to be told under")

    # Orders of other systems

    async def orders(self, kind: OrderKind, type_: type[T], peer: str | None = None) -> list[tuple[T, str, bool]]:
        """Return asked, watch and whether it is ended, of one system or all, in the order of their ids."""
        sql = "SELECT body, watch, ended FROM orders WHERE kind = ? AND (peer = ? OR ? = '') ORDER BY peer, id LIMIT ?"
        rows = await self._db.rows(sql, kind, peer or "", peer or "", 2 * VIID_ORDERS)
        return [(msgspec.json.decode(body, type=type_), watch, bool(ended)) for body, watch, ended in rows]

    async def order(self, kind: OrderKind, type_: type[T], peer: str, name: str) -> tuple[T, str, bool] | None:
        """Return one, or None."""
        sql = "SELECT body, watch, ended FROM orders WHERE kind = ? AND peer = ? AND id = ?"
        rows = await self._db.rows(sql, kind, peer, name)
        return next(((msgspec.json.decode(body, type=type_), watch, bool(ended)) for body, watch, ended in rows), None)

    async def of_watch(self, watch: str) -> Disposition | None:
        """Return the disposition that a watch was asked for, unless it is ended."""
        sql = "SELECT body FROM orders WHERE watch = ? AND kind = 'disposition' AND ended = 0"
        rows = await self._db.rows(sql, watch)
        return msgspec.json.decode(rows[0][0], type=Disposition) if rows else None

    async def keep_order(self, kind: OrderKind, asked: Subscription | Disposition, watch: str = "") -> None:
        """Keep it in force; of those of its system that are over the newest are kept to be shown."""
        now_ms = self._clock.now_ms()
        await self._db.write(
            (
                "INSERT INTO orders (kind, peer, id, body, watch, ended, until_ms) VALUES (?, ?, ?, ?, ?, 0, ?) "
                "ON CONFLICT (kind, peer, id) DO UPDATE SET body = excluded.body, watch = excluded.watch, ended = 0, "
                "until_ms = excluded.until_ms",
                (kind, asked.peer, asked.id, msgspec.json.encode(asked), watch, asked.until_ms),
            ),
            (_FORGET_ORDERS, (kind, asked.peer, now_ms, kind, asked.peer, now_ms, VIID_ORDERS_OF_PEER)),
        )
        self.orders_changed.next()

    async def end_order(self, kind: OrderKind, peer: str, name: str) -> None:
        """It is cancelled; what waits to be told for it is forgotten."""
        await self._db.write(
            ("UPDATE orders SET ended = 1 WHERE kind = ? AND peer = ? AND id = ?", (kind, peer, name)),
            ("DELETE FROM waiting WHERE receiver = ?", (receiver_of(kind, peer, name),)),
        )
        self._put.pop(receiver_of(kind, peer, name), None)
        self.orders_changed.next()

    async def counts(self, peer: str, now_ms: int) -> tuple[int, int]:
        """Return how many orders are in force, of one system and of all."""
        sql = (
            "SELECT coalesce(sum(CASE WHEN peer = ? THEN 1 ELSE 0 END), 0), count(*) FROM orders "
            "WHERE ended = 0 AND until_ms > ?"
        )
        (row,) = await self._db.rows(sql, peer, now_ms)
        return int(row[0]), int(row[1])

    # What waits to be told

    async def put(self, items: Iterable[tuple[str, str, bytes]]) -> None:
        """Let (receiver, key, body) wait; one that waits already is the same."""
        now_ms, receivers, statements = self._clock.now_ms(), set[str](), list[Statement]()
        for receiver, key, body in items:
            receivers.add(receiver)
            statements.append((_PUT, (receiver, key, now_ms, body)))
        if statements:
            await self._db.write(*statements)
        for receiver in receivers & self._put.keys():
            self._put[receiver].next()

    async def next(self, receiver: str, limit: int) -> list[Item]:
        """Return the oldest items of a receiver."""
        sql = "SELECT key, body FROM waiting WHERE receiver = ? ORDER BY at_ms, key LIMIT ?"
        return [Item(key, body) for key, body in await self._db.rows(sql, receiver, limit)]

    async def settle(self, receiver: str, keys: Sequence[str]) -> None:
        """Forget items."""
        await self._db.write(*(("DELETE FROM waiting WHERE receiver = ? AND key = ?", (receiver, key)) for key in keys))

    async def waiting(self) -> dict[str, int]:
        """Return how many items wait for each receiver."""
        return {name: int(count) for name, count in await self._db.rows(
            "SELECT receiver, count(*) FROM waiting GROUP BY receiver ORDER BY receiver"
        )}  # fmt: skip

    async def shed(self, before_ms: int) -> int:
        """Drop what has waited since before an instant, and the oldest where too much waits; return how many."""
        gone = await self._db.write(("DELETE FROM waiting WHERE at_ms < ?", (before_ms,)))
        for receiver, count in (await self.waiting()).items():
            if count > VIID_WAITING:
                oldest = "SELECT key FROM waiting WHERE receiver = ? ORDER BY at_ms, key LIMIT ?"
                sql = f"DELETE FROM waiting WHERE receiver = ? AND key IN ({oldest})"  # noqa: S608 - of our own text
                gone += await self._db.write((sql, (receiver, receiver, count - VIID_WAITING)))
        return sum(gone)

    def turn(self, receiver: str) -> int:
        """Return a number that is another one once something was put for a receiver."""
        return self._put[receiver].count

    async def news(self, receiver: str, turn: int) -> None:
        """Return once something was put for a receiver since a turn, or after a while."""
        await self._put[receiver].wait(turn)

    # Marks

    async def mark(self, name: str) -> int:
        """Return a mark; 0 where there is none."""
        rows = await self._db.rows("SELECT value FROM marks WHERE name = ?", name)
        return int(rows[0][0]) if rows else 0

    async def set_mark(self, name: str, value: int) -> None:
        """Keep a mark."""
        await self._db.write(
            (
                "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )
        )


def receiver_of(kind: OrderKind, peer: str, name: str) -> str:
    """Return what waits for an order is kept under."""
    return f"{kind}/{peer}/{name}"
