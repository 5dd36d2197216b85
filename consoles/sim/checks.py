"""What must hold all the time of every hub, and of the whole world once nothing is on its way any more."""

from __future__ import annotations

from collections.abc import Iterator

from command.kernel.errors import TriuneError
from command.kernel.limits import BATCH_REQUESTS, KEPT_ROWS, SILENCE_GRACE_MS
from command.kernel.limits import TOMBSTONES as TOMBSTONES_AT_MOST
from command.links.naming import name_of
from command.readings import Position
from command.tables import Tables
from consoles.sim.audit import Audit
from consoles.sim.client import Client
from consoles.sim.field import Field
from consoles.sim.history import as_json, picture_of
from consoles.sim.narrow import INBOX, MARKS, MOVED, TOMBSTONES
from consoles.sim.node import LINKS, Node
from consoles.sim.services import SITE, Services
from consoles.sim.store import Store

_DEADLINE_GRACE_MS = 10_000
_CLOCK_NOTICED_US = 65_000_000
_WELL_US = 20_000_000 + SILENCE_GRACE_MS * 1000
_CUT_US = 60_000_000
"""A hub whose clock was set back, and so goes at half pace, cuts off in 45 s who is silent."""
_HANGING = ("calls", "orders", "hits", "evidence", "marks", "activations", "tasks", "approvals", "cases")
"""Tables whose rows leave with their situation."""
_LISTENERS = 2  # the checks' own, and the feed


class Checks:
    """Looks at hubs, consoles and services and compares them with what is durable."""

    def __init__(
        self, audit: Audit, store: Store, nodes: list[Node], clients: list[Client], services: Services
    ) -> None:
        self._audit = audit
        self._field = Field(audit, store, nodes)
        self._nodes = nodes
        self._clients = clients
        self._services = services

    def now(self) -> None:
        """See what must hold at any moment: bounded memory, and no deadline missed by a hub that is well."""
        for node in self._nodes:
            if not node.up:
                continue
            if problem := next(self._unbounded(node), None) or self._missed(node) or self._unreported(node):
                self._audit.loop.fail(f"{node.process.name}: {problem}")

    def _unbounded(self, node: Node) -> Iterator[str]:
        hub, feed = node.hub, node.feed
        if hub.waiting > INBOX + BATCH_REQUESTS:
            yield f"{hub.waiting} requests wait"
        if (waiting := len(hub._deadlines)) > self._audit.most_deadlines + MOVED:  # noqa: SLF001 - memory of its own
            yield f"{waiting} deadlines are kept, and {self._audit.most_deadlines} stood at most"
        yield from self._consoles_kept(node)
        if hub.listening > _LISTENERS:
            yield f"{hub.listening} listeners, of which {_LISTENERS} live"
        here = [client.pipe for client in self._clients if client.node_number == node.number and client.pipe]
        for pipe in here:
            room = sum(len(rows) for rows in self._audit.history.tables.by_name.values()) + TOMBSTONES_AT_MOST
            if len(pipe.console.behind) > room:
                yield f"{len(pipe.console.behind)} rows wait for {pipe.console.actor.id}"
        if hub.counters.faults:
            yield f"{hub.counters.faults} faults of rules or listeners"
        if any(follower.faults for follower in node.followers):
            yield "a link has a fault about a fact"
        if feed.behind > len(feed):
            yield f"{feed.behind} consoles are behind, of {len(feed)}"

    def _consoles_kept(self, node: Node) -> Iterator[str]:
        """A feed keeps consoles that are connected, or left without a word a while ago, and views that they look at."""
        now_us = self._audit.loop.now_us
        node.pipes = [pipe for pipe in node.pipes if pipe.gone_us is None or now_us - pipe.gone_us < _CUT_US]
        if len(node.feed) > len(node.pipes):
            yield f"{len(node.feed)} consoles are kept, of which {len(node.pipes)} may still be there"
        looking = [len(view.consoles) for view in node.feed._views.values()]  # noqa: SLF001 - memory of its own
        if 0 in looking or sum(looking) > len(node.feed):
            yield f"views are kept for {looking} consoles, of {len(node.feed)}"

    def _missed(self, node: Node) -> str | None:
        """A hub is well while it can record and follows; who slept until an instant notices a jump after a minute."""
        loop, store = self._audit.loop, node.store
        faulty = store.away or store.full or store.hung or store.slowness > 1 or node.cut_off or node.access.failures
        lagging = node.hub.committed_seq + 50 < self._audit.head.seq
        if faulty or lagging or not node.hub.accepting or node.process.fuse is not None:
            node.well_since_us = loop.now_us
        node.well_since_us = max(node.well_since_us, node.hub.loaded_us)  # away and back between two looks
        since_us = max(node.well_since_us, node.clock.jumped_us + _CLOCK_NOTICED_US)
        return self._audit.missed_deadline(node.clock.now_ms(), since_us, _DEADLINE_GRACE_MS)

    def _unreported(self, node: Node) -> str | None:
        """A hub that could record nothing for a while reports silent units soon after it can again (SPEC R1103)."""
        problem = self._field.silent(node)
        return problem if self._audit.loop.now_us - node.well_since_us > _WELL_US else None

    async def at_rest(self) -> str | None:
        """Return what is still different somewhere although nothing is wrong any more; None where all agree."""
        if problem := await self._field.lost():
            return problem
        newest = await self._field.newest()
        for node in self._nodes:
            if problem := await self._differs(node, newest):
                return f"{node.process.name}: {problem}"
        for client in self._clients:
            if problem := await self._mirrors_wrongly(client):
                return f"{client.name}: {problem}"
        holders = [node.process.name for node in self._nodes if node.leases.holds(LINKS)]
        if len(holders) != 1:
            return f"one hub is to hold the lease of the links, and these do: {holders}"
        return next(self._texts_unsent(), None) or next(self._links_wrong(), None)

    async def _differs(self, node: Node, newest: dict[str, Position]) -> str | None:
        if not node.up:
            return "is down"
        if not node.hub.accepting:
            return "does not accept"
        try:
            problem = await node.hub.read(
                lambda tables: self._tables_differ(tables) or self._field.differs(node, tables, newest)
            )
        except TriuneError as error:
            return error.detail
        if problem:
            return problem
        if self._services.away:
            return None
        behind = [follower.name for follower in node.followers if node.leases.holds(LINKS) and follower.behind]
        return f"links are behind: {behind}" if behind else None

    def _tables_differ(self, tables: Tables) -> str | None:
        audit = self._audit
        if tables.seq != audit.head.seq:
            return f"is at {tables.seq}, the journal at {audit.head.seq}"
        if picture_of(tables) != picture_of(audit.history.tables):
            return f"its tables at {tables.seq} are not what the journal folds to: {_difference(tables, audit)}"
        return next(_over_limits(tables), None)

    async def _mirrors_wrongly(self, client: Client) -> str | None:
        pipe = client.pipe
        if pipe is None or not client.live:
            return "is not connected"
        return await self._nodes[client.node_number].hub.read(lambda tables: self._mirror_differs(client, tables))

    def _mirror_differs(self, client: Client, tables: Tables) -> str | None:
        for name, situation in client.tables.items():
            mirrored = client.mirror.tables.get(name)
            rows = mirrored.rows if mirrored else {}
            if name == "positions":
                wanted = {row.id: as_json(row) for row in tables.positions}
            else:
                wanted = self._audit.history.picture(tables.seq, name, client.actor, situation)
            if rows != wanted:
                differing = sorted(key for key in rows.keys() | wanted.keys() if rows.get(key) != wanted.get(key))
                rows_of = [(rows.get(key), wanted.get(key)) for key in differing[:2]]
                return f"its {name} are not the hub's: {differing[:5]}: {rows_of}"
        return None

    def _texts_unsent(self) -> Iterator[str]:
        """Each queued text went out once, or is recorded as failed."""
        messages = self._audit.history.tables.messages
        for message in self._audit.texts:
            row = messages.get(message)
            if row is None:
                continue  # it left the tables a day later
            key = f"{SITE}/{name_of(row.id, row.queued_ms)}"
            if row.state == "queued" and not self._services.away:
                yield f"the text {message} is neither sent nor failed"
            if row.state == "sent" and key not in self._services.sent:
                yield f"the text {message} is recorded as sent and never was"

    def _links_wrong(self) -> Iterator[str]:
        """A service that is away while something waits for it is down on every screen, and up once it was told."""
        tables = self._audit.history.tables
        waiting = any(row.state == "queued" for row in tables.messages)
        for row in tables.links:
            if row.state != ("down" if waiting else "up"):
                yield f"the link {row.id} is said to be {row.state}, and {'texts wait' if waiting else 'all is told'}"


def _over_limits(tables: Tables) -> Iterator[str]:
    for name, most in KEPT_ROWS.items():
        table = tables.by_name[name]
        if len(table) - table.open > most:
            yield f"{len(table) - table.open} rows in {name} that are over"
    if tables.undo_log:
        yield f"{len(tables.undo_log)} changes can still be undone"
    for name, table in tables.by_name.items():
        if len(table.dropped_seq) > TOMBSTONES:
            yield f"{len(table.dropped_seq)} tombstones in {name}"
    for name in _HANGING:
        left = sorted({row.situation for row in tables.by_name[name] if row.situation} - tables.situations.rows.keys())
        if left:
            yield f"{name} of situations that left the tables: {left[:5]}"
    for situation in tables.situations:
        if len(tables.marks.of(situation.id)) > MARKS:
            yield f"too many marks of {situation.id}"


def _difference(tables: Tables, audit: Audit) -> str:
    ours, theirs = picture_of(tables), picture_of(audit.history.tables)
    return ", ".join(name for name in ours if ours[name] != theirs[name])
