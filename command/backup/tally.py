"""Counts what goes into an archive and what comes out of it, and holds each space to its chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from command import facts
from command.backup import DamagedArchiveError
from command.backup.clips import ClipCheck, clip_name
from command.backup.records import (
    Blob,
    ClipElsewhere,
    ClipPiece,
    ClipSheet,
    Contents,
    Entries,
    File,
    Positions,
    Record,
    Rows,
    Sightings,
    SignedHeads,
    SpaceContents,
)
from command.facts.recording import ClipExported
from command.journal import GENESIS, Entry
from command.list_files import ListFiles
from command.named_files import files_named


class _Space:
    def __init__(self) -> None:
        self.seq = self.at_ms = self.answers = self.signed = 0
        self.digest = GENESIS
        self.list_files = ListFiles()

    def take(self, entry: Entry) -> None:
        for fact in entry.facts:
            if fact.seq != self.seq + 1:
                raise DamagedArchiveError(f"after fact {self.seq} comes {fact.seq}")
            self.seq, self.digest = fact.seq, fact.chained_to(self.digest)
            self.at_ms = max(self.at_ms, fact.at_ms)
        self.answers += 1


class Tally:
    """What was taken so far. Writer and reader count alike, so that a manifest holds or does not."""

    def __init__(self) -> None:
        self._spaces: dict[str, _Space] = {}
        self._counts: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._named: set[str] = set()
        self.named_clips: dict[str, ClipExported] = {}
        """Clips that facts name, by their ids."""
        self.clips = ClipCheck(self.named_clips)
        """Those that are there. Facts come before them."""

    def take(self, record: Record) -> None:
        """Count a record; `DamagedArchiveError` where facts do not count on, or a clip is not what it was."""
        match record:
            case Entries(space=name, entries=entries):
                space = self._spaces.setdefault(name, _Space())
                for entry in entries:
                    space.take(entry)
                    self._name(entry, space)
            case SignedHeads(space=name, heads=heads):
                self._spaces.setdefault(name, _Space()).signed += len(heads)
            case Positions(positions=positions):
                self._counts["positions"] += len(positions)
            case Sightings(sightings=sightings):
                self._counts["sightings"] += len(sightings)
            case Blob():
                self._counts["blobs"] += 1
            case File():
                self._counts["files"] += 1
            case ClipSheet():
                self.clips.sheet(record)
            case ClipPiece():
                self.clips.piece(record)
            case Rows(store=store, table=table, rows=rows):
                self._rows[f"{store}.{table}"] += len(rows)
            case _:
                pass

    def _name(self, entry: Entry, space: _Space) -> None:
        for stored in entry.facts:
            fact = facts.decode(stored.data, stored.seq)
            space.list_files.take(fact, stored.at_ms)
            self._named.update(files_named(fact))
            if isinstance(fact, ClipExported):
                self.named_clips[fact.clip] = fact

    def named(self) -> set[str]:
        """Return the blobs that have to be there: a file that no list has any more may go while a backup is made."""
        return self._named.union(*(space.list_files.needed() for space in self._spaces.values()))

    def elsewhere(self, lost: Collection[str]) -> tuple[ClipElsewhere, ...]:
        """Return the clips that facts name and that are neither there nor lost."""
        return tuple(
            ClipElsewhere(clip, fact.hub)
            for clip, fact in sorted(self.named_clips.items())
            if clip not in self.clips.taken and clip_name(clip) not in lost
        )

    @property
    def contents(self) -> Contents:
        """Everything taken so far. Raises `DamagedArchiveError` where the last clip is not whole."""
        self.clips.end()
        return Contents(
            spaces={
                name: SpaceContents(
                    seq=one.seq, at_ms=one.at_ms, digest=one.digest, answers=one.answers, signed=one.signed
                )
                for name, one in self._spaces.items()
            },
            positions=self._counts["positions"],
            sightings=self._counts["sightings"],
            blobs=self._counts["blobs"],
            files=self._counts["files"],
            rows=dict(self._rows),
            clips=len(self.clips.taken),
        )
