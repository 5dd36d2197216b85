"""What hubs tell each other: wake-ups and newest fixes. Losing, delaying or repeating costs latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from command.readings import Position
from consoles.sim.loop import Process

_DELAY_S = 0.001


class Listener(Protocol):
    """A hub on the bus."""

    process: Process

    def hear(self, seq: int, fixes: Sequence[Position]) -> None:
        """Take a message in."""
        ...


class Bus:
    """Between all hubs. `listeners` says who listens now."""

    def __init__(self, random: Random, listeners: Callable[[], list[Listener]]) -> None:
        self.down = False
        self.lost = 0.0
        self.repeated = 0.0
        self.delay_s = _DELAY_S
        self._random = random
        self._listeners = listeners

    def heal(self) -> None:
        """Be as a bus should."""
        self.down, self.lost, self.repeated, self.delay_s = False, 0.0, 0.0, _DELAY_S

    def say(self, sender: Listener, seq: int, fixes: Sequence[Position]) -> None:
        """Tell the others where the journal stands and where units are."""
        if self.down or not sender.process.alive:
            return
        for listener in self._listeners():
            if listener is sender:
                continue
            copies = (self._random.random() >= self.lost) + (self._random.random() < self.repeated)
            for _ in range(copies):
                delay_s = self.delay_s * (0.5 + self._random.random())
                listener.process.later(delay_s, listener.hear, seq, fixes)
