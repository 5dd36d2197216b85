"""What goes wrong, when and for how long: drawn from the seed, and healed before the world is looked at as a whole."""

from __future__ import annotations

from collections.abc import Callable

from command.kernel.errors import HubBusyError, TriuneError
from consoles.sim.bus import Bus
from consoles.sim.client import Client
from consoles.sim.loop import Process, VirtualLoop
from consoles.sim.narrow import INBOX
from consoles.sim.network import Network
from consoles.sim.node import LINKS, Node, SimulatedHub
from consoles.sim.services import Services
from consoles.sim.store import Failure, Store
from consoles.sim.trace import Trace

_EVERY_S = 25.0
_FAILURES: tuple[Failure, ...] = ("before", "after", "late")
_CRASH_CALLBACKS = 400
_RUSH_S = 3.0
_RUSH_WAITS_MS = 30_000
_RUSH_EVERY_S = 0.1
_RUSH_SLOWNESS = 1000.0
_TURNED_AWAY = 2
_AWAY_AT_REST = 0.3
_SLEEP_S = 120.0
_CUT_OFF_S = 15.0
_CUTS_HOLDER = 0.7


class Faults:
    """Brings faults about while `on`; `heal` ends all of them."""

    def __init__(
        self, loop: VirtualLoop, trace: Trace, store: Store, bus: Bus, network: Network, services: Services,
        nodes: list[Node], clients: list[Client],
    ) -> None:  # fmt: skip
        self.on = False
        self._loop = loop
        self._trace = trace
        self._store = store
        self._bus = bus
        self._network = network
        self._services = services
        self._nodes = nodes
        self._clients = clients
        self._process: Process = loop.process("faults")
        self._dice = self._process.random
        self._kinds: tuple[tuple[int, Callable[[], str]], ...] = (
            (8, self._crash), (2, self._stop), (8, self._commits_fail), (3, self._store_away), (5, self._hub_cut_off),
            (5, self._disk_full), (2, self._store_slow), (4, self._bus_bad), (3, self._clock_jumps),
            (8, self._console_bad), (4, self._network_bad), (6, self._service_away), (2, self._console_moves),
            (3, self._rush), (4, self._console_sleeps),
        )  # fmt: skip

    def start(self) -> None:
        """Begin."""
        self._process.start(self._run())

    async def _run(self) -> None:
        kinds, weights = [act for _, act in self._kinds], [weight for weight, _ in self._kinds]
        while True:
            await self._loop.pause(self._dice.expovariate(1 / _EVERY_S))
            if self.on:
                about = self._dice.choices(kinds, weights)[0]()
                self._trace.note("faults", "fault", about)

    def fill_record(self) -> None:
        """Let the record's disk be full and not that of the readings: what fixes lead to has to be told again later."""
        self._store.fill(full=True)
        self._store.readings_full = False

    def heal(self) -> None:
        """End everything that is wrong; hubs that are down come back."""
        self.on = False
        self._store.go(away=False)
        self._store.fill(full=False)
        self._store.readings_full, self._store.slowness = False, 1.0
        self._services.away, self._services.answers_lost = False, 0.0
        self._bus.heal()
        self._network.heal()
        for node in self._nodes:
            node.cut_off_from_store(cut_off=False)
            node.access.failures.clear()
            node.process.fuse = None
            if not node.process.alive:
                node.start()
        for client in self._clients:
            client.line = "free"
            client.wake()
            if client.pipe is not None and client.pipe.flow in ("slow", "frozen"):
                client.pipe.let("free")

    def take_service(self) -> None:
        """Let the SMS gateway be away at some rests: all agree about what waits for it, too."""
        self._services.away = self._dice.random() < _AWAY_AT_REST

    def _for(self, mean_s: float, end: Callable[[], None]) -> None:
        self._process.later(self._dice.expovariate(1 / mean_s), end)

    def _node(self) -> Node:
        return self._dice.choice(self._nodes)

    def _crash(self) -> str:
        node = self._node()
        if not node.up:
            return "crash of a hub that is down"
        node.kill(self._dice.randint(1, _CRASH_CALLBACKS))
        node.on_death(lambda: self._start_again(node))
        return f"crash {node.process.name}"

    def _stop(self) -> str:
        node = self._node()
        if not node.up:
            return "stop of a hub that is down"
        node.stop()
        node.on_death(lambda: self._start_again(node))
        return f"stop {node.process.name}"

    def _start_again(self, node: Node) -> None:
        def start() -> None:
            if not node.process.alive:
                node.start()

        self._process.later(0.2 + self._dice.expovariate(1 / 4.0), start)

    def _commits_fail(self) -> str:
        node = self._node()
        failures = self._dice.choices(_FAILURES, k=self._dice.randint(1, 3))
        node.access.failures.extend(failures)
        return f"commits of {node.process.name} fail: {failures}"

    def _store_away(self) -> str:
        self._store.go(away=True)
        self._for(8.0, lambda: self._store.go(away=False))
        return "the store is away"

    def _hub_cut_off(self) -> str:
        """Sometimes the one that does something for all: another takes that over, and it may come back."""
        holding = [node for node in self._nodes if node.up and node.leases.holds(LINKS)]
        node = holding[0] if holding and self._dice.random() < _CUTS_HOLDER else self._node()
        node.cut_off_from_store(cut_off=True)
        self._for(_CUT_OFF_S, lambda: node.cut_off_from_store(cut_off=False))
        return f"{node.process.name} is cut off from the store"

    def _disk_full(self) -> str:
        def back() -> None:
            self._store.fill(full=False)
            self._store.readings_full = False

        self._store.fill(full=True)
        self._store.readings_full = self._dice.random() < 0.5
        self._for(20.0, back)
        return f"the disk is full, that of the readings {'too' if self._store.readings_full else 'not'}"

    def _store_slow(self) -> str:
        self._store.slowness = self._dice.choice((20.0, 200.0, 1000.0))
        self._for(15.0, self._store_quick)
        return f"the store is {self._store.slowness:.0f} times as slow"

    def _bus_bad(self) -> str:
        self._bus.down = self._dice.random() < 0.2
        self._bus.lost, self._bus.repeated = self._dice.random(), self._dice.random()
        self._bus.delay_s = self._dice.choice((0.001, 0.5, 10.0))
        self._for(60.0, self._bus.heal)
        return "the bus is down" if self._bus.down else "the bus loses, repeats and delays"

    def _clock_jumps(self) -> str:
        node = self._node()
        by_ms = self._dice.choice((-300_000, -5000, -700, 700, 5000, 90_000, 600_000))
        by_ms -= node.clock.offset_ms if abs(node.clock.offset_ms) > 300_000 else 0  # somebody puts it right again
        node.clock.jump(by_ms)
        return f"the clock of {node.process.name} jumps by {by_ms} ms"

    def _console_bad(self) -> str:
        client = self._dice.choice(self._clients)
        pipe = client.pipe
        if pipe is None:
            return f"{client.name} is offline anyway"
        pipe.let(self._dice.choice(("slow", "frozen", "lost")))
        if pipe.flow == "slow" and self._dice.random() < 0.5:  # a slow line, over which it connects anew
            client.line = "slow"
            client.process.later(0.0, client.leave)

        def thaw() -> None:
            client.line = "free"
            if client.pipe is not None and client.pipe.flow == "slow":
                client.pipe.let("free")
            if pipe.flow != "lost":
                pipe.let("free")

        self._for(20.0, thaw)
        return f"{client.name} is {pipe.flow}"

    def _console_moves(self) -> str:
        client = self._dice.choice(self._clients)
        client.process.later(0.0, client.leave)
        return f"{client.name} goes to another hub"

    def _console_sleeps(self) -> str:
        client = self._dice.choice(self._clients)
        client.process.later(0.0, client.sleep, self._dice.expovariate(1 / _SLEEP_S))
        return f"{client.name} sleeps"

    def _network_bad(self) -> str:
        self._network.lost = 0.4 * self._dice.random()
        self._network.repeated = 0.4 * self._dice.random()
        self._network.delay_s = self._dice.choice((0.004, 0.4, 3.0))
        self._for(30.0, self._network.heal)
        return "the network loses, repeats and delays"

    def _service_away(self) -> str:
        def back() -> None:
            self._services.away, self._services.answers_lost = False, 0.0

        self._services.away = self._dice.random() < 0.6
        self._services.answers_lost = self._dice.random()
        self._for(30.0, back)
        return "the SMS gateway is away" if self._services.away else "answers of the SMS gateway are lost"

    def _rush(self) -> str:
        """Everybody looks at once while the store is slow: the hub's inbox fills, and is full when a deadline comes."""
        node = self._node()
        if not node.up:
            return "rush at a hub that is down"
        due_ms = [row.at_ms - node.clock.now_ms() for row in self._store.audit.history.tables.deadlines]
        soon_s = min((ms / 1000 for ms in due_ms if 0 < ms < _RUSH_WAITS_MS), default=0.0)
        until_us = self._loop.now_us + int((soon_s + self._dice.expovariate(1 / _RUSH_S)) * 1_000_000)
        node.process.start(self._crowd(node, until_us))
        self._store.slowness = _RUSH_SLOWNESS
        self._process.later((until_us - self._loop.now_us) / 1_000_000, self._store_quick)
        return f"rush at {node.process.name}"

    def _store_quick(self) -> None:
        self._store.slowness = 1.0

    async def _crowd(self, node: Node, until_us: int) -> None:
        hub = node.hub
        while self.on and self._loop.now_us < until_us:
            hub.look()  # so that each round waits for the store
            for _ in range(INBOX - hub.inbox_depth + _TURNED_AWAY):
                node.process.start(self._look(hub))
            node.process.start(self._see_room(hub))  # once all of them have asked, and before the hub has a turn
            await self._loop.pause(_RUSH_EVERY_S)

    async def _see_room(self, hub: SimulatedHub) -> None:
        if hub.inbox_depth > INBOX:
            self._loop.fail(f"{hub.name}: {hub.inbox_depth} wait in its inbox, which has room for {INBOX}")

    async def _look(self, hub: SimulatedHub) -> None:
        try:
            await hub.read(lambda _: None)
        except HubBusyError:
            self._trace.counts["busy"] += 1
        except TriuneError:
            pass  # it has stopped, or lost its store
