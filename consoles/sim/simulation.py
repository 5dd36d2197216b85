"""A simulation: the county, its hubs and everybody who uses them for some hours, with faults, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from command.actors import HUB
from consoles.sim import county
from consoles.sim.audit import Audit
from consoles.sim.bus import Bus
from consoles.sim.checks import Checks
from consoles.sim.client import Client
from consoles.sim.clock import START_MS
from consoles.sim.faults import Faults
from consoles.sim.guard import closed_world
from consoles.sim.loop import SimulationError, virtual_loop
from consoles.sim.narrow import narrow_limits
from consoles.sim.network import Network
from consoles.sim.node import Node, Parts
from consoles.sim.people import Population
from consoles.sim.services import Services
from consoles.sim.store import Store
from consoles.sim.trace import Trace

_HOUR_S = 3600
_BUSY_S = 470
_FULL_S = 40.0
_HEALING_S = 70
_AGREEING_S = 20.0
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Result:
    """What a run came to. `failure` is None where everything held."""

    seed: int
    hours: float
    hubs: int
    failure: str | None
    step: int
    digest: str
    counts: dict[str, int]
    tail: list[str]
    facts: int

    @property
    def replay(self) -> str:
        """Return the command that does it all again."""
        return f"triune sim --seed {self.seed} --hours {self.hours:g} --hubs {self.hubs}"


def simulate(seed: int, hours: float, hubs: int = 2, parts: Parts | None = None) -> Result:
    """Run the whole for some virtual hours; any check that fails ends it. Same arguments, same result."""
    world = World(f"{seed}/{hubs}", hubs, parts or Parts())
    failure: str | None = None
    with narrow_limits(), closed_world(world.trace, world.loop.fail):
        try:
            world.loop.run_until_complete(world.live(hours * _HOUR_S))
        except SimulationError as error:
            failure = str(error)
        finally:
            world.loop.end()
    return Result(
        seed=seed, hours=hours, hubs=hubs, failure=failure, step=world.loop.steps, digest=world.trace.digest,
        counts=dict(sorted(world.trace.counts.items())), tail=world.trace.tail, facts=world.audit.head.seq,
    )  # fmt: skip


class World:
    """Everything that there is in one simulation."""

    def __init__(self, seed: str, hubs: int, parts: Parts) -> None:
        self.loop = virtual_loop(seed)
        self.trace = Trace(self.loop)
        self.audit = Audit(self.loop, self.trace)
        outside = self.loop.process("outside")
        self.store = Store(self.loop, self.audit, outside)
        self.services = Services(self.loop, self.audit, outside)
        self.nodes: list[Node] = []
        self.bus = Bus(outside.random, lambda: [node for node in self.nodes if node.up])
        self.nodes += [Node(n, self.loop, self.store, self.bus, self.services, parts) for n in range(hubs)]
        self.network = Network(self.loop, self.audit, self.nodes)
        self.clients = self._consoles()
        desks, officer = self.clients[:4], self.clients[-1]
        self.people = Population(self.loop, self.network, desks, officer)
        self.faults = Faults(
            self.loop, self.trace, self.store, self.bus, self.network, self.services, self.nodes, self.clients
        )
        self.checks = Checks(self.audit, self.store, self.nodes, self.clients, self.services)

    def _consoles(self) -> list[Client]:
        people = {
            "taker": county.TAKER, "dispatcher": county.DISPATCHER, "commander": county.COMMANDER,
            "leader": county.LEADER, "wall": county.WALL, "terminal-u1": county.actor("officer", "officer-u1", "u1"),
        }  # fmt: skip
        return [
            Client(name, actor, self.loop, self.network, self.audit, number % len(self.nodes))
            for number, (name, actor) in enumerate(people.items())
        ]

    async def live(self, duration_s: float) -> None:
        """Let it all happen: busy hours in which things go wrong, and moments at which everything has to agree."""
        watching = self.loop.process("checks")
        for node in self.nodes:
            node.start()
        await self._enrol()
        for client in self.clients:
            client.start()
        self.people.start()
        self.faults.start()
        watching.start(self._watch())
        end_us = self.loop.now_us + int(duration_s * 1_000_000)
        while self.loop.now_us < end_us:
            self.people.resting, self.faults.on, self.services.away = False, True, False
            await self.loop.pause(min(_BUSY_S, (end_us - self.loop.now_us) / 1_000_000))
            self.faults.fill_record()
            await self.loop.pause(_FULL_S)
            self.people.resting = True
            self.faults.heal()
            self.faults.take_service()
            await self._agree()
        self.trace.note("world", "end", f"{self.audit.head.seq} facts")

    async def _enrol(self) -> None:
        clerk = self.loop.process("clerk")
        enrolling = clerk.start(self._ask_each())
        await enrolling

    async def _ask_each(self) -> None:
        clerk = self.loop.process("clerk-asks")
        for number, request in enumerate(county.enrolment(START_MS)):
            answer = await self.network.insist(clerk, request, HUB, f"setup/{number}")
            if answer is None:
                self.loop.fail(f"the county cannot be enrolled: {request!r}")

    async def _watch(self) -> None:
        while True:
            await self.loop.pause(_LOOK_EVERY_S)
            self.checks.now()

    async def _agree(self) -> None:
        """Wait until everybody had time to recover, then for a moment at which nothing differs any more."""
        await self.loop.pause(_HEALING_S)
        until_us = self.loop.now_us + int(_AGREEING_S * 1_000_000)
        while (problem := await self.checks.at_rest()) is not None:
            if self.loop.now_us > until_us:
                self.loop.fail(f"although nothing is wrong any more, {problem}")
            await self.loop.pause(0.2)
        self.trace.note("world", "agreed", self.audit.head.seq)
