"""What was asked and what was answered yes, kept where nothing is killed."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from command.journal import Answer
from command.requests import Request
from tests.crash.cars import WANTED, Car, Passage, passage_of


@dataclass(slots=True)
class Asked:
    """One request. `mark` is a text that stands in no other, so that its effects can be counted in the journal."""

    person: str
    key: str
    mark: str
    request: Request
    answer: Answer | None = None


class Load(NamedTuple):
    """Requests answered yes, fixes reported, passages told by edge agents and by a lower system."""

    answered: int
    fixes: int
    passages: int
    told_by_lower: int

    def since(self, before: Load) -> Load:
        """How much more this is."""
        return Load(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass
class Ledger:
    """Everything of one site, and the gate that lets the load run."""

    asked: list[Asked] = field(default_factory=list)
    fixes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Instants that each device has reported; at a quiet moment all of them are acknowledged."""
    passages: Counter[Passage] = field(default_factory=Counter)
    """What edge agents and a lower system have told; at a quiet moment all of it, with the pictures, is acknowledged.
    """
    hits: Counter[Passage] = field(default_factory=Counter)
    """Those of them that are hits."""
    told_by_lower: int = 0
    by_hub: Counter[str] = field(default_factory=Counter)
    """Answers by the URL of the hub that gave them."""
    tries: Counter[str] = field(default_factory=Counter)
    """How often somebody had to try again, by what was answered."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    busy: int = 0

    def note(self, asked: Asked) -> None:
        """Remember a request before it is sent."""
        self.asked.append(asked)

    def saw(self, car: Car) -> None:
        """Remember a passage that is told."""
        passage = passage_of(car.sighting)
        self.passages[passage] += 1
        if passage.plate == WANTED:
            self.hits[passage] += 1

    @property
    def load(self) -> Load:
        """What has been done so far."""
        fixes = sum(map(len, self.fixes.values()))
        told = self.passages.total() - self.told_by_lower
        return Load(self.by_hub.total(), fixes, told, self.told_by_lower)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the gate; while the block runs, it is not quiet."""
        await self.gate.wait()
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
