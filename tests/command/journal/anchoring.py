"""What tests of anchors share: a place in memory, heads that are signed, and bringing them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from command.journal import Head, Journal
from command.journal.anchors import Anchor
from command.journal.heads import AnchoredHead
from command.journal.kept_heads import KeptHeads
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from tests.command.journal.vouching import KEY, SPACE


def anchored(seq: int) -> AnchoredHead:
    return AnchoredHead(space=SPACE, seq=seq, digest="", answers="", at_ms=0, public_key="", signature="")


def numbers_in(path: Path) -> list[int]:
    return [msgspec.json.decode(line)["seq"] for line in path.read_bytes().splitlines()]


class ListPlace:
    """A place in memory: what it has, and whether it is away."""

    name = "list"

    def __init__(self) -> None:
        self.kept: list[AnchoredHead] = []
        self.is_away = False
        self.after_first: Callable[[], None] | None = None
        """Called once it has kept something."""

    @property
    def numbers(self) -> list[int]:
        return [head.seq for head in self.kept]

    async def tail(self) -> bytes:
        self._refuse()
        return b"".join(head.line() for head in self.kept[-3:])

    async def keep(self, heads: Sequence[AnchoredHead]) -> None:
        self._refuse()
        self.kept.extend(heads)
        if self.after_first:
            self.after_first()
            self.after_first = None

    def _refuse(self) -> None:
        if self.is_away:
            raise UnavailableError("away")


async def sign(journal: Journal, numbers: Iterable[int]) -> list[int]:
    """Sign these facts' heads, as any hub of the site does."""
    kept = KeptHeads(SPACE, journal, KEY.public)
    for seq in numbers:
        (fact,) = await journal.read(SPACE, seq - 1, 1)
        (answers,) = await kept.answers(seq)
        await journal.sign(SPACE, KEY.sign(SPACE, Head(seq=seq, digest=fact.digest), answers, 7))
    return list(numbers)


async def bring_all(anchor: Anchor, clock: VirtualClock) -> None:
    """Bring what there is; the pauses between pages pass at once."""
    async with asyncio.TaskGroup() as tasks:
        bringing = tasks.create_task(anchor.bring())
        while not bringing.done():
            await asyncio.sleep(0)  # noqa: TID251 - lets it run; no time passes
            if (wake_ms := clock.next_wake_ms()) is not None:
                clock.advance(wake_ms)
        assert bringing.result()
