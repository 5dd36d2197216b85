"""Group commit: what arrives while a commit runs shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from command.kernel.errors import DamagedFileError, UnavailableError
from command.kernel.limits import READINGS_WAITING
from command.readings import Place, Position, Sighting, place_of


@dataclass(slots=True)
class Batch:
    """What goes into one commit, each reading with its space, and how that ended."""

    positions: list[tuple[str, Position]] = field(default_factory=list)
    sightings: list[tuple[str, Sighting]] = field(default_factory=list)
    new: set[tuple[str, Place]] = field(default_factory=set)
    """Sightings that were not stored before, as `write` found; whoever asked first takes each out."""
    done: bool = False
    failed: UnavailableError | None = None

    def __len__(self) -> int:
        return len(self.positions) + len(self.sightings)


def newest_of(positions: Sequence[tuple[str, Position]]) -> dict[tuple[str, str], Position]:
    """Return the newest fix of each space and device; of two of the same instant the first, with the SOS of either."""
    newest: dict[tuple[str, str], Position] = {}
    for space, fix in positions:
        known = newest.get(key := (space, fix.device))
        if known is None or fix.at_ms > known.at_ms:
            newest[key] = fix
        elif fix.at_ms == known.at_ms and fix.sos and not known.sos:
            newest[key] = replace(known, sos=True)
    return newest


class GroupCommit:
    """Collects readings while `write` stores earlier ones; the store is written to by one at a time.

    `write` may be given the same batch again, and stores it once.
    """

    def __init__(self, write: Callable[[Batch], Awaitable[None]]) -> None:
        self._write = write
        self._collecting = Batch()
        self._commit = asyncio.Lock()

    async def add(
        self, space: str, *, positions: Sequence[Position] = (), sightings: Sequence[Sighting] = ()
    ) -> list[Sighting]:
        """Return, once the readings are durable, which sightings were not stored before, each once.

        Raises `UnavailableError` past `READINGS_WAITING`, and as `write`; a damaged file is told to who has readings
        for it alone.
        """
        batch = self._collecting
        if len(batch) + len(positions) + len(sightings) > READINGS_WAITING:
            raise UnavailableError(f"{len(batch)} readings wait for the disk; send again")
        batch.positions += [(space, fix) for fix in positions]
        batch.sightings += [(space, seen) for seen in sightings]
        try:
            await self._committed(batch)
        except DamagedFileError:
            alone = Batch([(space, fix) for fix in positions], [(space, seen) for seen in sightings])
            if len(alone) == len(batch):
                raise
            # It may be another's day that is damaged, and who sends for it sends again and again.
            await self._committed(alone)
            batch.new |= alone.new
        return [seen for seen in sightings if _taken(batch.new, (space, place_of(seen)))]

    async def _committed(self, batch: Batch) -> None:
        """Return once the batch is durable: whoever comes first to the lock commits it for all that share it.

        Somebody who is cancelled while committing leaves the batch undone, and the next one commits it again; rows
        that are there already are no fault.
        """
        async with self._commit:
            if batch is self._collecting:
                self._collecting = Batch()
            if not batch.done and batch.failed is None:
                try:
                    await self._write(batch)
                    batch.done = True
                except UnavailableError as error:
                    batch.failed = error
        if batch.failed:
            raise type(batch.failed)(batch.failed.detail) from batch.failed


def _taken(new: set[tuple[str, Place]], sighting: tuple[str, Place]) -> bool:
    """Take a sighting out, and say whether it was there."""
    is_new = sighting in new
    new.discard(sighting)
    return is_new
