"""A console: connects, mirrors, notices silence, and comes back by itself to this hub or another, as the pages do."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

from command import wire
from command.access.visibility import tables_of
from command.actors import Actor
from consoles.console import Filters
from consoles.sim.audit import Audit
from consoles.sim.loop import VirtualLoop
from consoles.sim.mirror import Json, Mirror, messages
from consoles.sim.network import Flow, Network, Pipe, Sent

# As `web/src/sync/live.ts` and `backoff.ts` have them.
_DEAD_AFTER_S = 8.0
_UNSURE_AFTER_S = 5.0
_BACKOFF_FIRST_S = 0.25
_BACKOFF_MOST_S = 8.0
_WATCH_EVERY_S = 2.0
_SURE_US = 15_000_000
"""How long a hub may say that it records after its store went away: it waits 10 s for the lock of a turn."""
_FULL_US = 3_000_000
"""How long it may say so after it was told that the disk is full."""
_TOLD_US = 2_000_000
"""Two beats: what was published before is in what a beat is about."""
_BEHIND_US = 60_000_000
"""No console stays behind for longer."""


class Client:
    """One console of one person."""

    def __init__(self, name: str, actor: Actor, loop: VirtualLoop, network: Network, audit: Audit, hub: int) -> None:
        self.name = name
        self.actor = actor
        self.mirror = Mirror()
        self.process = loop.process(name)
        self.tables: dict[str, str | None] = dict.fromkeys(sorted(tables_of(actor)))
        """What is mirrored: tables, each with the one situation whose rows are wanted, or None for all."""
        self.live = False
        self.line: Flow = "free"
        """How new connections flow."""
        self.pipe: Pipe | None = None
        self.complete_seq = 0
        self._loop = loop
        self._network = network
        self._audit = audit
        self._at = hub
        self._awaiting = set(self.tables)
        self._answering = False
        self._asked_after: int | None = None
        self._welcomed = self._history = self._complete_seal = ""
        """Which record this hub has; which one `complete_seq` counts, and the seal of that fact."""
        self._seal = 0, ""
        self._attempt = 0
        self._heard_us = 0
        self._unsure_since_us: int | None = None
        self._told: dict[tuple[str, str], int] = {}
        """The number that each row last came with over this connection."""
        self._asleep: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Connect, and watch the line from then on."""
        self.process.start(self._watch())
        self.process.later(0.01, self._open)

    @property
    def node_number(self) -> int:
        """Return which hub it is at, or goes to."""
        return self._at

    def leave(self) -> None:
        """Leave this hub for the next one."""
        if self.pipe is not None:
            self.pipe.hang_up()
            self._lost()

    def choose(self, tables: dict[str, str | None]) -> None:
        """Mirror other tables, or rows of another situation, now or when it is back."""
        fresh = {name for name, wanted in tables.items() if name not in self.tables or self.tables[name] != wanted}
        gone = self.tables.keys() - tables.keys()
        if not fresh and not gone:
            return
        self._audit.trace.note(self.name, "chooses", f"{'here' if self.live else 'away'} {sorted(fresh | gone)}")
        self.tables = tables
        self.mirror.drop(fresh | gone)
        self._awaiting = (self._awaiting - gone) | fresh
        if self._welcomed:
            self._subscribe(0)

    def sleep(self, for_s: float) -> None:
        """Be gone for long, as a machine that is closed: what it comes back to may be known nowhere any more."""
        if self.pipe is not None:
            self.pipe.hang_up()
            self._lost(for_s)

    def wake(self) -> None:
        """Come back now, if it sleeps."""
        if self._asleep is not None:
            self._asleep.cancel()
            self._open()

    def _open(self) -> None:
        self._asleep = None
        self._heard_us = self._loop.now_us
        self._told = {}
        self.pipe = Pipe(self._network, self._network.nodes[self._at], self, self.actor, self.line)
        self.pipe.open()

    def _lost(self, asleep_s: float | None = None) -> None:
        self.pipe, self.live, self._unsure_since_us, self._welcomed = None, False, None, ""
        hubs = len(self._network.nodes)
        ceiling_s = min(_BACKOFF_MOST_S, _BACKOFF_FIRST_S * 2 ** min(self._attempt // hubs, 16))
        self._attempt += 1
        self._at = (self._at + 1) % hubs
        self._audit.trace.note(self.name, "offline", f"at {self.complete_seq}")
        delay_s = max(_BACKOFF_FIRST_S / 2, ceiling_s * self.process.random.random())
        if asleep_s is None:
            self.process.later(delay_s, self._open)
        else:
            self._asleep = self.process.later(asleep_s, self._open)

    async def _watch(self) -> None:
        while True:
            await self._loop.pause(_WATCH_EVERY_S)
            if self.pipe is not None and self._loop.now_us - self._heard_us > _DEAD_AFTER_S * 1_000_000:
                self.leave()

    def closed(self, pipe: Pipe) -> None:
        """Hear that the connection is gone."""
        if pipe is self.pipe:
            self._lost()

    def receive(self, pipe: Pipe, data: bytes, sent: Sent) -> None:
        """Take what came."""
        for payload, message in messages(data):
            if pipe is not self.pipe:
                return
            self._heard_us = self._loop.now_us
            kind = message["type"]
            if kind not in ("beat", "ping"):
                self._audit.trace.note(self.name, kind, f"{message.get('seq')} {zlib.crc32(payload)}")
            if kind == "beat":
                self._see_beat(message, sent)
            self._take(kind, message, sent.filters)

    def _take(self, kind: str, message: Json, filters: Filters) -> None:
        match kind:
            case "welcome":
                self._welcomed = message["history"]
                self._subscribe(self.mirror.heard_seq)
            case "snapshot":
                self._snapshot(message, filters)
            case "delta":
                self._delta(message, filters)
            case "beat":
                self._beat(message)
            case "ping":
                if self.pipe is not None:
                    self.pipe.pong()
            case _:
                if message["status"] < 500 and message["status"] != 429:
                    self._loop.fail(f"{self.name}: refused: {message}")
                self.leave()

    def _subscribe(self, seen: int) -> None:
        assert self.pipe is not None
        after = self.complete_seq if not self._awaiting and self.complete_seq > 0 else None
        sealed = after is not None and self._complete_seal
        history = f"{self._history}.{self._complete_seal}" if sealed else self._history
        self._answering, self._asked_after = True, after
        tables = {name: wire.TableFilter(situation=wanted) for name, wanted in self.tables.items()}
        self.pipe.subscribe(wire.Subscribe(tables=tables, after=after, seen=seen, history=history or None))

    def _snapshot(self, message: Json, filters: Filters) -> None:
        seq, table = message["seq"], message["table"]
        if seq < self.complete_seq:
            self._loop.fail(f"{self.name}: a snapshot of {table} at {seq} after everything up to {self.complete_seq}")
        if table != "positions":
            if seq > self._audit.head.seq:
                self._loop.fail(f"{self.name}: a snapshot at {seq}, and only {self._audit.head.seq} is durable")
            if message["rows"] != self._audit.history.picture(seq, table, self.actor, filters[table]):
                self._loop.fail(f"{self.name}: the snapshot of {table} at {seq} is not what it was then")
            self._see_no_way_back(table, seq)
        if table not in self.tables:
            return  # it is wanted no more
        self._awaiting.discard(table)
        self._asked_after = None
        self.mirror.snapshot(message)
        self._up_to(seq, message["seal"])

    def _see_no_way_back(self, table: str, seq: int) -> None:
        """A snapshot may not put an older row where a newer one stood on the screen."""
        mirrored = self.mirror.tables.get(table)
        if mirrored is None:
            return
        for key in mirrored.rows:
            came_seq = mirrored.seq_of(key)
            if came_seq > seq and self._audit.history.changed(table, key, came_seq) > seq:
                self._loop.fail(f"{self.name}: {table} {key} goes back from {came_seq} to a snapshot at {seq}")

    def _delta(self, message: Json, filters: Filters) -> None:
        seq = message["seq"]
        for table, rows in message["tables"].items():
            if table not in filters:
                self._loop.fail(f"{self.name}: is sent {table}, for which it does not ask")
            for key, row in rows.items():
                if table == "positions":
                    self._see_position(key, row)
                    continue
                if seq < self._told.get((table, key), 0):
                    self._loop.fail(f"{self.name}: {table} {key} at {seq} comes after {self._told[table, key]}")
                self._told[table, key] = seq
                self._audit.told(self.name, self.actor, seq, table, key, row, filters[table])
        self.mirror.delta(message)
        self._up_to(seq, message["seal"])

    def _see_position(self, unit: str, row: dict[str, Any] | None) -> None:
        mirrored = self.mirror.tables.get("positions")
        known = mirrored.rows.get(unit) if mirrored else None
        if row and known and row["at_ms"] < known["at_ms"] and ("positions", unit) in self._told:
            self._loop.fail(f"{self.name}: the position of {unit} goes back in time")
        self._told["positions", unit] = 0

    def _see_beat(self, message: Json, sent: Sent) -> None:
        """A beat is true of the moment at which it was sent: whether the hub records, and how old the picture is."""
        if message["accepting"] and sent.without_store_us > _SURE_US:
            lost_s = sent.without_store_us / 1_000_000
            self._loop.fail(f"{self.name}: a beat says that the hub records, {lost_s:.1f} s after its store went away")
        if message["accepting"] and sent.full_us > _FULL_US:
            self._loop.fail(
                f"{self.name}: a beat says that the hub records, {sent.full_us / 1e6:.1f} s after a full disk"
            )
        assert self.pipe is not None
        node = self._network.nodes[self._at]
        if sent.at_us - node.clock.right_again_us < _BEHIND_US:
            return  # a clock at half pace does not tell how old anything is
        known_us = sent.at_us - message["behind_ms"] * 1000 - _TOLD_US
        if message["seq"] < (published := node.published_by(known_us)):
            self._loop.fail(
                f"{self.name}: a beat at {message['seq']} says that it is {message['behind_ms']} ms old, "
                f"and the hub published {published} before"
            )

    def _beat(self, message: Json) -> None:
        if self._answering:
            self._whole_up_to(max(self.complete_seq, self.mirror.heard_seq))
            self._history = self._welcomed
            if self._asked_after is not None:
                self._audit.trace.counts["resumed"] += 1
        self._answering, self.live = False, True
        if message["accepting"]:
            self._attempt, self._unsure_since_us = 0, None
            return
        if self._unsure_since_us is None:
            self._unsure_since_us = self._loop.now_us
        hubs = len(self._network.nodes)
        wait_s = _UNSURE_AFTER_S * 2 ** min(self._attempt // hubs, 4)
        if hubs > 1 and self._loop.now_us - self._unsure_since_us > wait_s * 1_000_000:
            self.leave()

    def _up_to(self, seq: int, seal: str) -> None:
        self._audit.sealed(self.name, seq, seal)
        if seal or seq != self._seal[0]:
            self._seal = seq, seal
        if not self._answering and seq >= self.complete_seq:
            self._whole_up_to(seq)

    def _whole_up_to(self, seq: int) -> None:
        self.complete_seq = seq
        self._complete_seal = self._seal[1] if self._seal[0] == seq else ""
