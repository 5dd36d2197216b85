"""The moment that a restore goes back to: where each space ends, and which readings are of later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from command.backup.records import Entries, Positions, Record, Rows, Sightings, SignedHeads
from command.backup.taking import LIVE
from command.journal import Entry, StoredFact
from command.kernel.errors import InvalidInputError
from command.kernel.limits import BACKUP_AHEAD_MS
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


class Ended(msgspec.Struct, kw_only=True):
    """Where a space ends and what is not kept of it. Numbers of facts; 0 where there is none."""

    seq: int = 0
    """The last fact kept."""
    cut: int = 0
    """How many come after it."""
    past_seq: int = 0
    """The first one past the moment."""
    past_ms: int = 0
    earlier: int = 0
    """How many of those cut are dated at or before the moment: the clock was set, or is another's."""
    earlier_seq: int = 0
    """The last of these."""
    ahead: int = 0
    """How many of all are dated after the backup was made."""
    ahead_seq: int = 0
    """The first of these."""


class Moment:
    """Found by having `see` look at every record in order; then `of` keeps what was so at that moment.

    An entry is kept whole or not at all, and nothing after the first that is past the moment: the record stays a
    beginning of what it was, whatever clocks wrote it. An instant after the backup was made is nobody's: such a fact is
    kept with those that follow it and are not past the moment, and hides none of them.
    """

    def __init__(self, until: Until, made_ms: int) -> None:
        self._until = until
        self._made_ms = made_ms
        self._at_ms = until.at_ms
        self.ended: dict[str, Ended] = {}
        """By space; the live one comes first."""

    @property
    def seqs(self) -> dict[str, int]:
        """Return the last fact kept of each space of which something is."""
        return {space: ended.seq for space, ended in self.ended.items() if ended.seq}

    def see(self, record: Record) -> None:
        """Take note of a record."""
        if isinstance(record, Entries):
            ended = self.ended.setdefault(record.space, Ended())
            for entry in record.entries:
                self._see(record.space, ended, entry)

    def _see(self, space: str, ended: Ended, entry: Entry) -> None:
        by_number, end = space == LIVE and self._until.seq is not None, entry.facts[-1].seq
        dated = [fact for fact in entry.facts if fact.at_ms <= self._made_ms + BACKUP_AHEAD_MS]
        if len(dated) < len(entry.facts):
            ended.ahead += len(entry.facts) - len(dated)
            ended.ahead_seq = ended.ahead_seq or next(fact.seq for fact in entry.facts if fact not in dated)
        if not ended.past_seq and (past := self._past(entry.facts if by_number else dated, by_number=by_number)):
            ended.past_seq, ended.past_ms = past.seq, past.at_ms
        if not ended.past_seq and (dated or by_number or self._at_ms is None):
            ended.seq = end
            if by_number and dated:
                self._at_ms = max(self._at_ms or 0, *(fact.at_ms for fact in dated))
        elif ended.past_seq and not by_number:
            early = [fact.seq for fact in dated if fact.at_ms <= (self._at_ms or 0)]
            ended.earlier, ended.earlier_seq = ended.earlier + len(early), max(ended.earlier_seq, *early, 0)
        ended.cut = end - ended.seq

    def _past(self, found: Sequence[StoredFact], *, by_number: bool) -> StoredFact | None:
        """Return the first fact past the moment."""
        if by_number:
            return next((fact for fact in found if fact.seq > (self._until.seq or 0)), None)
        return next((fact for fact in found if self._at_ms is not None and fact.at_ms > self._at_ms), None)

    def check(self) -> None:
        """Raise `InvalidInputError` for a moment that the archive does not reach, or of which nothing is kept."""
        until, live = self._until, self.ended.get(LIVE, Ended())
        if until.at_ms is not None and until.at_ms > self._made_ms:
            raise InvalidInputError("the backup was made before that instant: restore a later one")
        if until.seq is not None and until.seq > live.seq and not live.past_seq:
            raise InvalidInputError(f"the backup ends with fact {live.seq}: restore a later one")
        if (until.at_ms is not None or until.seq is not None) and not live.seq:
            raise InvalidInputError("there was nothing on record yet at that moment")

    def told(self) -> Iterator[str]:
        """Yield in words what is not kept, and where clocks were wrong."""
        for space, ended in self.ended.items():
            if ended.cut:
                past = f", fact {ended.past_seq} is of {_written(ended.past_ms)}" if ended.past_seq else ""
                yield f"{space}: ends with fact {ended.seq}; {ended.cut} facts after it are cut{past}"
            if ended.earlier:
                yield (
                    f"{space}: {ended.earlier} of those cut, up to fact {ended.earlier_seq}, are dated before the "
                    "moment: a clock was ahead then and set right, or was set back later. Where they are of before, "
                    f"restore again with --until-seq {ended.earlier_seq}"
                )
            if ended.ahead:
                yield (
                    f"{space}: {ended.ahead} facts are dated after the backup was made, the first is fact "
                    f"{ended.ahead_seq}: a clock was ahead. They count as of when those after them are of"
                )

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


def _written(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
