"""Push: rows to consoles. A change is encoded once, joined with its neighbours of one tick, framed once for all alike.

A console that reads too slowly is sent nothing until its socket has drained; then it gets the newest value of every row
it missed, at once. So what waits for it is bounded by the number of rows, and an old row never follows a newer one.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from command import wire
from command.access.visibility import concerns, sees_rows_of_own_unit_only, shown, tables_of
from command.actors import Actor
from command.hub import Changes, Hub
from command.kernel.clock import Clock
from command.kernel.errors import NoRightError
from command.kernel.limits import BEAT_MS, CONSOLE_BUFFER_BYTES, CONSOLE_STALLED_MS, PUSH_TICK_MS
from command.rows import Row
from command.tables import Table, Tables

Filters = Mapping[str, str | None]
"""Tables subscribed, each with the one situation whose rows are wanted, or None for all."""

_VOLATILE = frozenset({"positions"})
"""Tables whose rows are readings: a sequence number does not say which of them a console has."""


@dataclass(frozen=True)
class Audience:
    """Consoles that are sent the very same bytes."""

    actor: Actor
    tables: tuple[tuple[str, str | None], ...]


@dataclass(eq=False)
class Console:
    """One connected console."""

    actor: Actor
    transport: asyncio.Transport
    filters: dict[str, str | None] = field(default_factory=dict)
    audience: Audience | None = None
    behind: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    behind_since_ms: int | None = None

    def send(self, frame: bytes) -> None:
        """Hand the frame to the socket. Nothing waits; `congested` says when to stop."""
        if not self.transport.is_closing():  # uvloop's raises once it is closed; its handler will say goodbye
            self.transport.write(frame)

    @property
    def congested(self) -> bool:
        """Say whether the socket holds more than a console may have waiting."""
        return self.transport.get_write_buffer_size() > CONSOLE_BUFFER_BYTES


class Feed:
    """All consoles of one space. `clock` paces the sending; what is sent tells the time of the hub's own clock.

    The two differ in a rehearsal, whose time stands still, runs or jumps while consoles go on living in ours.
    """

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._consoles: set[Console] = set()
        self._changed: dict[tuple[str, str], Row | None] = {}
        self._something = asyncio.Event()
        hub.listen(self._on_change)

    def __len__(self) -> int:
        return len(self._consoles)

    async def subscribe(self, console: Console, request: wire.Subscribe) -> None:
        """Send what the console lacks and follow from there. Raises `NoRightError` for a table it may not see."""
        filters = {name: wanted.situation for name, wanted in request.tables.items()}
        if hidden := filters.keys() - tables_of(console.actor):
            raise NoRightError(f"not for your role: {', '.join(sorted(hidden))}")
        await self._hub.read(lambda tables: self._begin(console, filters, request.after, tables))

    def _begin(self, console: Console, filters: dict[str, str | None], after: int | None, tables: Tables) -> None:
        """Take the snapshot and start to follow in one step, so that nothing falls between (style rule 4)."""
        now_ms, seq = self._hub.clock.now_ms(), tables.seq
        audience = _audience(console.actor, filters)
        for name, situation in filters.items():
            if name in console.filters and console.filters[name] == situation:
                continue
            rows = _missed(tables.by_name[name], name, after, seq)
            if rows is not None:
                kept = _for_audience({(name, key): row for key, row in rows.items()}, audience)
                if kept:
                    console.send(_delta(seq, now_ms, kept))
                continue
            whole = _for_audience({(name, r.id): r for r in tables.by_name[name]}, audience)
            message = wire.Snapshot(
                seq=seq, now_ms=now_ms, table=name, rows={k[1]: r for k, r in whole.items() if r is not None}
            )
            console.send(text_frame(msgspec.json.encode(message)))
        console.filters, console.audience = filters, audience
        console.send(self._beat(console))
        self._consoles.add(console)

    def leave(self, console: Console) -> None:
        """Forget a console that is gone."""
        self._consoles.discard(console)

    def close(self) -> None:
        """Cut every console off: the space is gone."""
        for console in self._consoles:
            console.transport.close()
        self._consoles.clear()

    async def run(self) -> None:
        """Send until cancelled: changes each tick, a beat each second."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_changes(), name="push-changes")
            tasks.create_task(self._send_beats(), name="push-beats")

    def _on_change(self, _seq: int, changes: Changes) -> None:
        self._changed.update(changes)
        self._something.set()

    async def _send_changes(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            changed, self._changed = self._changed, {}
            self._broadcast(changed)
            await self._clock.sleep(PUSH_TICK_MS)

    def _broadcast(self, changed: dict[tuple[str, str], Row | None]) -> None:
        seq, now_ms = self._hub.committed_seq, self._hub.clock.now_ms()
        frames: dict[Audience, tuple[bytes, dict[tuple[str, str], Row | None]]] = {}
        for console in self._consoles:
            audience = console.audience
            assert audience is not None
            if audience not in frames:
                rows = _for_audience(changed, audience)
                frames[audience] = (_delta(seq, now_ms, rows) if rows else b"", rows)
            frame, rows = frames[audience]
            if console.behind or console.congested:
                console.behind.update(rows)
                if rows and console.behind_since_ms is None:
                    console.behind_since_ms = self._clock.now_ms()
            elif frame:
                console.send(frame)

    async def _send_beats(self) -> None:
        while True:
            for console in list(self._consoles):
                self._catch_up(console)
            await self._clock.sleep(BEAT_MS)

    def _catch_up(self, console: Console) -> None:
        """Once the socket has drained, send what was missed; drop a console that has read nothing for too long."""
        now_ms = self._clock.now_ms()
        if not console.congested:
            if console.behind:
                console.send(_delta(self._hub.committed_seq, self._hub.clock.now_ms(), console.behind))
                console.behind, console.behind_since_ms = {}, None
            console.send(self._beat(console))
        elif console.behind_since_ms is not None and now_ms - console.behind_since_ms > CONSOLE_STALLED_MS:
            console.transport.abort()
            self.leave(console)

    def _beat(self, console: Console) -> bytes:
        since_ms = console.behind_since_ms
        beat = wire.Beat(
            seq=self._hub.committed_seq,
            now_ms=self._hub.clock.now_ms(),
            accepting=self._hub.accepting,
            behind_ms=0 if since_ms is None else self._clock.now_ms() - since_ms,
        )
        return text_frame(msgspec.json.encode(beat))


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, unfragmented WebSocket text frame (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x81, length)
    elif length < 65536:
        head = struct.pack("!BBH", 0x81, 126, length)
    else:
        head = struct.pack("!BBQ", 0x81, 127, length)
    return head + payload


def _audience(actor: Actor, filters: Filters) -> Audience:
    """Consoles differ in what they get only by role, by unit where that limits the rows, and by what they asked for."""
    unit = actor.unit if sees_rows_of_own_unit_only(actor) else ""
    name = actor.id if unit else ""
    return Audience(Actor(id=name, name="", roles=actor.roles, unit=unit), tuple(sorted(filters.items(), key=str)))


def _missed(table: Table[Row], name: str, after: int | None, seq: int) -> dict[str, Row | None] | None:
    if after is None or after > seq or name in _VOLATILE:
        return None
    return table.changes_since(after)


def _for_audience(changed: Changes, audience: Audience) -> dict[tuple[str, str], Row | None]:
    filters, actor = dict(audience.tables), audience.actor
    own_only = sees_rows_of_own_unit_only(actor)
    kept: dict[tuple[str, str], Row | None] = {}
    for (table, key), row in changed.items():
        if table not in filters:
            continue
        situation = filters[table]
        if row is None:
            kept[table, key] = None
        elif (situation is None or _situation_of(row) == situation) and (not own_only or concerns(row, actor)):
            kept[table, key] = shown(row, actor)
    return kept


def _situation_of(row: Row) -> str:
    return str(getattr(row, "situation", row.id))


def _delta(seq: int, now_ms: int, rows: Mapping[tuple[str, str], Row | None]) -> bytes:
    tables: dict[str, dict[str, Row | None]] = {}
    for (table, key), row in rows.items():
        tables.setdefault(table, {})[key] = row
    return text_frame(msgspec.json.encode(wire.Delta(seq=seq, now_ms=now_ms, tables=tables)))
