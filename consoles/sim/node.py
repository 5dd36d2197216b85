"""One hub as a process: the record, its push, its field and its links; killed at any await and started again."""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import msgspec

from command import wire
from command.actors import Actor
from command.batch import Committed
from command.hub import Changes, Hub, Listener
from command.journal import Answer, Head, Journal
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.leases import SharedLeases, while_held
from command.links.cursors import Cursors
from command.links.follow import Follower
from command.readings import Position
from command.requests import Request
from command.tables import Tables
from command.uplink import DeviceTokens
from command.uplink.hub_uplink import HubUplink
from consoles.console import Console
from consoles.frames import text_frame
from consoles.limits import FOLLOW_ALONE_MS, FOLLOW_MS
from consoles.push import Feed
from consoles.sim.audit import Audit
from consoles.sim.bus import Bus
from consoles.sim.clock import MachineClock
from consoles.sim.county import LIMITS
from consoles.sim.history import copy_of
from consoles.sim.loop import Process, VirtualLoop
from consoles.sim.services import Services
from consoles.sim.store import Access, JournalAccess, LinkDatabase, Store, readings_over

SPACE = "live"
LINKS = "links"
"""What one hub does for all: telling the outside services."""
_RETRY_MS = 1000
_FIXES_WAITING = 100
_STOPPING_S = 1.0
_SNAPSHOT_SHARE = 0.5


class SimulatedHub(Hub):
    """The hub, with eyes on what leaves it. Keys of its own making follow from its name."""

    def __init__(self, name: str, audit: Audit, clock: MachineClock, journal: Journal) -> None:
        self.name = name
        self.waiting = 0
        self.listening = 0
        self.loaded_us = 0
        """When it last had its record, after a loss of however short a time."""
        self._audit = audit
        self._keys = 0
        super().__init__(SPACE, clock, journal, LIMITS)

    async def ask(self, request: Request, actor: Actor, key: str | None = None) -> Answer:
        """Ask, and see that the answer is true before anybody hears it."""
        if key is None:
            self._keys += 1
            key = f"{self.name}/{self._keys}"
        self.waiting += 1
        held = self._audit.holds(key)
        try:
            answer = await super().ask(request, actor, key)
        except (UnavailableError, TooManyError):
            raise
        except TriuneError as error:
            if held:
                self._audit.loop.fail(f"{self.name}: {key} is refused ({error.code}), and the journal held its answer")
            raise
        finally:
            self.waiting -= 1
        self._audit.answered(self.name, key, answer)
        return answer

    async def load(self) -> None:
        """Take up the record, and note when."""
        await super().load()
        self.loaded_us = self._audit.loop.now_us

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Follow, counted."""
        self.listening += 1
        leave = super().listen(listener)

        def counted() -> None:
            self.listening -= 1
            leave()

        return counted


@dataclass(frozen=True)
class Parts:
    """What a hub is made of. A test puts in a part with a fault, and expects to be told of it."""

    hub: Callable[[str, Audit, MachineClock, Journal], SimulatedHub] = SimulatedHub
    journal: Callable[[JournalAccess], Journal] = field(default=lambda journal: journal)
    feed: Callable[[Hub, MachineClock], Feed] = Feed


class Connection(Protocol):
    """A console's connection; `gone_us` is when the console let go of it, or the hub."""

    gone_us: int | None


class Node:
    """A machine that runs a hub, whichever incarnation of it lives now."""

    def __init__(
        self, number: int, loop: VirtualLoop, store: Store, bus: Bus, services: Services, parts: Parts
    ) -> None:
        self.number = number
        self.loop = loop
        self.store = store
        self.clock = MachineClock(loop)
        self.deaths = 0
        self.well_since_us = 0
        self.cut_off_since_us: int | None = None
        self._audit = store.audit
        self._bus = bus
        self._services = services
        self._parts = parts
        self._on_death: list[Callable[[], None]] = []
        self._open = False
        self._snapshot: tuple[Tables, Head] | None = None

    @property
    def up(self) -> bool:
        """Say whether it lives and its doors are open."""
        return self.process.alive and self._open

    @property
    def cut_off(self) -> bool:
        """Say whether it alone does not reach the store."""
        return self.cut_off_since_us is not None

    @property
    def without_store_us(self) -> int:
        """For how long it has not reached the store; 0 while it does."""
        since = [us for us in (self.cut_off_since_us, self.store.away_since_us) if us is not None]
        return self.loop.now_us - min(since) if since else 0

    def published_by(self, at_us: int) -> int:
        """Return the number up to which it had published everything at an instant."""
        place = bisect_right(self._publications, at_us, key=lambda publication: publication[0])
        return self._publications[place - 1][1] if place else 0

    def cut_off_from_store(self, cut_off: bool) -> None:
        """Cut its way to the store, or mend it."""
        if cut_off != self.cut_off:
            self.cut_off_since_us = self.loop.now_us if cut_off else None
        self.access.cut_off = cut_off

    def start(self) -> None:
        """Begin anew, with nothing but what the store holds."""
        name = f"hub{self.number}.{self.deaths}"
        self.process: Process = self.loop.process(name)
        self.process.on_death = self._died
        self.access = Access(self.store, self.process)
        self.access.cut_off = self.cut_off
        self.pipes: list[Connection] = []
        """Connections of this incarnation, but for those that ended long ago."""
        self._publications: list[tuple[int, int]] = []
        journal = self._parts.journal(JournalAccess(self.access))
        self.hub = self._parts.hub(name, self._audit, self.clock, journal)
        self.watching_since_us: int | None = None
        """Since when this incarnation looks for silent units."""
        self._open = False
        self._on_death = []
        self.well_since_us = self.loop.now_us
        self._audit.trace.note(name, "start")
        self._running = self.process.start(self._main())

    async def _begin(self) -> None:
        """Start from the last snapshot that was taken, if there is one, and open the doors once all is folded."""
        if self._snapshot is not None:
            tables, head = self._snapshot
            with contextlib.suppress(TriuneError):
                taken = await self.hub.start_from(copy_of(tables), head)
                self._audit.trace.note(self.process.name, "snapshot-used", f"{head.seq} {taken}")
        while self.hub.history == "":
            try:
                await self.hub.load()
            except TriuneError:
                await self.clock.sleep(_RETRY_MS)
        self._published_seq = self.hub.committed_seq
        self.hub.listen(self._published)
        self.hub.on_commit(self._committed)
        self.feed = self._parts.feed(self.hub, self.clock)
        tokens = cast("DeviceTokens", None)  # devices are at the hub's own door here: they show none
        self._readings = readings_over(self.access)
        self.uplink = HubUplink(self.hub, self._readings, tokens, self.clock)
        self.uplink.on_stored(self._stored)
        database = LinkDatabase(self.access)
        cursors = Cursors(database)
        self.leases = SharedLeases(database, self.process.name, (LINKS,), self.clock)
        self.followers = [Follower(self.hub, cursors, link) for link in self._services.links(self.hub, self.process)]
        self._heard: asyncio.Queue[Sequence[Position]] = asyncio.Queue(_FIXES_WAITING)
        self._open = True

    def stop(self) -> None:
        """Stop it in order, as a service manager does, which kills it if it takes too long."""
        self._running.cancel()
        for delay_s in (_STOPPING_S, _STOPPING_S + 0.1):
            self.process.later(delay_s, self.kill, 1)

    def kill(self, after_callbacks: int) -> None:
        """Let it die at one of its next awaits."""
        self.process.fuse = after_callbacks

    def on_death(self, act: Callable[[], None]) -> None:
        """Do something when this incarnation dies."""
        self._on_death.append(act)

    def _died(self) -> None:
        self._audit.trace.note(self.process.name, "killed", f"at {self.hub.committed_seq}")
        self.deaths += 1
        if self.process.random.random() < _SNAPSHOT_SHARE:
            self._snapshot = copy_of(self._audit.history.tables), self._audit.head
        self.store.lose(self.process)
        for act in self._on_death:
            act()

    async def _main(self) -> None:
        await self._begin()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.hub.run(), name="hub")
                tasks.create_task(self.feed.run(), name="feed")
                tasks.create_task(self._field(), name="field")
                tasks.create_task(self._hear_fixes(), name="bus")
                tasks.create_task(self._look(), name="other-hubs")
                tasks.create_task(self.leases.run(), name="leases")
                for follower in self.followers:
                    tasks.create_task(while_held(self.leases, LINKS, follower.run), name=follower.name)
        except BaseExceptionGroup as group:
            if self.process.alive:
                self.loop.fail(f"{self.process.name} ended by itself: {group.exceptions!r}")

    async def _field(self) -> None:
        """Take up where units were, once the record can be read, then look for silent ones."""
        while True:
            try:
                await self.uplink.restore()
                break
            except TriuneError:
                await self.clock.sleep(_RETRY_MS)
        self.watching_since_us = self.loop.now_us
        await self.uplink.run()

    async def _look(self) -> None:
        """Look for what others wrote from time to time, as hubs do: a word may have been lost."""
        stamp = 0
        while True:
            await self.clock.sleep(FOLLOW_ALONE_MS if self._bus.down else FOLLOW_MS)
            self.hub.look()
            try:
                changes = await self._readings.changed_positions(SPACE, stamp)
                await self.uplink.follow(changes.positions, old=stamp == 0)
            except TriuneError:
                continue
            stamp = changes.stamp

    # what it tells and hears

    def _published(self, seq: int, changes: Changes) -> None:
        self._audit.published(self.process.name, seq, self._published_seq, changes)
        self._published_seq = seq
        self._publications.append((self.loop.now_us, seq))

    def _committed(self, told: Sequence[Committed]) -> None:
        self._bus.say(self, told[-1].last_seq, [])

    def _stored(self, fixes: Sequence[Position]) -> None:
        self._audit.heard_us.update((fix.device, self.loop.now_us) for fix in fixes)
        self._bus.say(self, self.hub.committed_seq, fixes)

    def hear(self, seq: int, fixes: Sequence[Position]) -> None:
        """Take a word from another hub."""
        if seq > self.hub.committed_seq:
            self.hub.look(seq)
        if fixes and not self._heard.full():
            self._heard.put_nowait(fixes)

    async def _hear_fixes(self) -> None:
        while True:
            fixes = await self._heard.get()
            try:
                await self.uplink.follow(fixes)
            except TriuneError:
                continue

    # its doors

    async def ask(self, request: Request, actor: Actor, key: str) -> Answer:
        """Serve a request as the HTTP door does."""
        return await self.hub.ask(request, actor, key)

    async def positions(self, batch: list[Position]) -> None:
        """Serve a device's gateway."""
        await self.uplink.positions(batch)

    def welcome(self, console: Console) -> None:
        """Greet a console that has connected."""
        self.feed.join(console)
        actor = wire.ActorInfo(
            id=console.actor.id, name=console.actor.name, roles=sorted(console.actor.roles), unit=console.actor.unit
        )
        welcome = wire.Welcome(
            space=SPACE, hub=self.process.name, history=self.hub.history, version=wire.VERSION, release="", actor=actor,
            now_ms=self.clock.now_ms(),
        )  # fmt: skip
        console.send(text_frame(msgspec.json.encode(welcome)))

    async def subscribe(self, console: Console, request: wire.Subscribe) -> None:
        """Serve a console's wish as the websocket door does."""
        try:
            await self.feed.subscribe(console, request)
        except TriuneError as error:
            refused = wire.Refused(status=error.status, code=error.code, detail=error.detail)
            console.send(text_frame(msgspec.json.encode(refused)))
