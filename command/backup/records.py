"""What an archive holds, as records of MessagePack: the same whether a hub kept it in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from command.journal import Entry, SignedHead
from command.readings import Position, Sighting


class Rows(msgspec.Struct, frozen=True, kw_only=True, tag="rows"):
    """Rows of a small database. `version` is that of its schema, so that it is made anew as it was and then brought up.

    Each table comes at least once, be it empty.
    """

    store: str
    version: int
    table: str
    columns: tuple[str, ...]
    rows: list[list[Any]]


class File(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """A small file of the data folder, by its path there: settings, scenarios."""

    path: str
    data: bytes


class Entries(msgspec.Struct, frozen=True, kw_only=True, tag="entries"):
    """Entries of a space, in order. Digests are left out: the chain gives them again."""

    space: str
    entries: tuple[Entry, ...]


class SignedHeads(msgspec.Struct, frozen=True, kw_only=True, tag="signed_heads"):
    """Heads of a space that the site vouched for."""

    space: str
    heads: tuple[SignedHead, ...]


class Positions(msgspec.Struct, frozen=True, kw_only=True, tag="positions"):
    """Fixes of a space."""

    space: str
    positions: tuple[Position, ...]


class Sightings(msgspec.Struct, frozen=True, kw_only=True, tag="sightings"):
    """Passages of a space."""

    space: str
    sightings: tuple[Sighting, ...]


class Blob(msgspec.Struct, frozen=True, kw_only=True, tag="blob"):
    """A picture or file, plain: the archive seals it."""

    name: str
    data: bytes


class ClipSheet(msgspec.Struct, frozen=True, kw_only=True, tag="clip_sheet"):
    """A clip begins: its sheet, JSON as it lies beside the file. Its pieces follow, before anything else does."""

    clip: str
    sheet: bytes


class ClipPiece(msgspec.Struct, frozen=True, kw_only=True, tag="clip_piece"):
    """More of a clip's file."""

    clip: str
    data: bytes


class SpaceContents(msgspec.Struct, frozen=True, kw_only=True):
    """How far a space goes: its last fact and the digest that seals all before it, answers and signed heads."""

    seq: int
    at_ms: int
    digest: bytes
    answers: int
    signed: int


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything there is. `rows` are counted by store and table."""

    spaces: dict[str, SpaceContents]
    positions: int
    sightings: int
    blobs: int
    files: int
    rows: dict[str, int]
    clips: int = 0


class ClipElsewhere(msgspec.Struct, frozen=True):
    """A clip that the record names and the archive has not: it lies at the hub that exported it.

    `hub` is the address of that one as others know it; empty where the record does not say, as of earlier releases.
    """

    clip: str
    hub: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag="manifest"):
    """The last record. `sha256` is of all records before it, unsealed and unpacked.

    `lost` names blobs, clips and days of readings that a fact or the store names and that could not be read, or not to
    their end, when the backup was made.
    `clips_elsewhere` is no loss: of several hubs each has the clips that it exported.
    """

    made_ms: int
    release: str
    contents: Contents
    lost: tuple[str, ...]
    sha256: str
    clips_elsewhere: tuple[ClipElsewhere, ...] = ()


Record: TypeAlias = (
    Rows | File | Entries | SignedHeads | Positions | Sightings | Blob | ClipSheet | ClipPiece | Manifest
)
