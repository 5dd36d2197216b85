"""The moment that a restore goes back to: where each space ends, and which readings are of later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from command.backup.records import Entries, Positions, Record, Rows, Sightings, SignedHeads
from command.backup.taking import LIVE
from command.journal import Entry
from command.kernel.errors import InvalidInputError
from command.readings.hours import HOUR_MS


class Until(msgspec.Struct, frozen=True, kw_only=True):
    """Where to stop: at an instant or after a fact of the live space; with neither, at the archive's end."""

    at_ms: int | None = None
    seq: int | None = None


def parse_instant(text: str) -> int:
    """Return UTC milliseconds of an ISO 8601 instant; `InvalidInputError` where it has no offset: whose 3 o'clock?"""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is no instant: write 2026-11-20T03:00:00+08:00") from error
    if instant.tzinfo is None:
        raise InvalidInputError(f"{text!r} does not say which clock it is of: write 2026-11-20T03:00:00+08:00")
    return round(instant.timestamp() * 1000)


class Moment:
    """Found by having `see` look at every record in order; then `of` keeps what was so at that moment.

    An entry is kept whole or not at all, and nothing after the first that is not: the record stays a beginning of what
    it was, whatever clocks wrote it.
    """

    def __init__(self, until: Until) -> None:
        self._until = until
        self._at_ms = until.at_ms
        self._ended: set[str] = set()
        self.seqs: dict[str, int] = {}
        """The last fact kept of each space."""

    def see(self, record: Record) -> None:
        """Take note of a record."""
        if isinstance(record, Entries) and record.space not in self._ended:
            for entry in record.entries:
                if not self._reaches(record.space, entry):
                    self._ended.add(record.space)
                    break
                self.seqs[record.space] = entry.facts[-1].seq
                if record.space == LIVE and self._until.seq is not None:
                    self._at_ms = max(self._at_ms or 0, *(fact.at_ms for fact in entry.facts))

    def _reaches(self, space: str, entry: Entry) -> bool:
        if space == LIVE and self._until.seq is not None:
            return entry.facts[-1].seq <= self._until.seq
        return self._at_ms is None or all(fact.at_ms <= self._at_ms for fact in entry.facts)

    def check(self, made_ms: int) -> None:
        """Raise `InvalidInputError` for a moment that the archive does not reach, or of which nothing is kept."""
        until = self._until
        if until.at_ms is not None and until.at_ms > made_ms:
            raise InvalidInputError("the backup was made before that instant: restore a later one")
        if until.seq is not None and until.seq > self.seqs.get(LIVE, 0) and LIVE not in self._ended:
            raise InvalidInputError(f"the backup ends with fact {self.seqs.get(LIVE, 0)}: restore a later one")
        if (until.at_ms is not None or until.seq is not None) and LIVE not in self.seqs:
            raise InvalidInputError("there was nothing on record yet at that moment")

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield what was so at the moment."""
        for record in records:
            match record:
                case Entries(space=space, entries=entries):
                    kept = tuple(e for e in entries if e.facts[-1].seq <= self.seqs.get(space, 0))
                    yield replace(record, entries=kept)
                case SignedHeads(space=space, heads=heads):
                    yield replace(record, heads=tuple(head for head in heads if head.seq <= self.seqs.get(space, 0)))
                case Positions(positions=positions) if self._at_ms is not None:
                    yield replace(record, positions=tuple(p for p in positions if p.at_ms <= self._at_ms))
                case Sightings(sightings=sightings) if self._at_ms is not None:
                    # A passage is known once it is over.
                    yield replace(record, sightings=tuple(s for s in sightings if s.last_ms <= self._at_ms))
                case Rows(store="links", table="cursors"):
                    yield replace(record, rows=[self._held_back(record.columns, row) for row in record.rows])
                case Rows(store="reading_hours") if self._at_ms is not None:
                    yield replace(record, rows=[row for row in record.rows if self._is_over(record.columns, row)])
                case _:
                    yield record

    def _is_over(self, columns: tuple[str, ...], row: list[object]) -> bool:
        """Of an hour that goes on nobody can say what was counted until the moment."""
        hour = row[columns.index("hour")]
        assert isinstance(hour, int)
        return (hour + 1) * HOUR_MS <= (self._at_ms or 0)

    def _held_back(self, columns: tuple[str, ...], row: list[object]) -> list[object]:
        """A link that went beyond the moment would never tell of what comes under those numbers now."""
        place = columns.index("seq")
        seq = row[place]
        assert isinstance(seq, int)
        return [*row[:place], min(seq, self.seqs.get(LIVE, 0)), *row[place + 1 :]]
