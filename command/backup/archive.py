"""The file of a backup: a line that says what it is, then chunks of records, each compressed and sealed.

A chunk is its length in 4 bytes and AES-256-GCM over a byte that says how it is packed, and the records. Its nonce is
its number and whether it is the last, so chunks cannot be left out, moved, or the end cut off unseen (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). Every archive has a key of its own, so no nonce comes
twice; the line in front is bound to each chunk.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zlib
from collections.abc import Iterator
from typing import BinaryIO, assert_never

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from command.access.keys import SiteKey
from command.backup import DamagedArchiveError
from command.backup.records import (
    Blob,
    ClipPiece,
    ClipSheet,
    Entries,
    File,
    Manifest,
    Positions,
    Record,
    Rows,
    Sightings,
    SignedHeads,
)
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import BACKUP_CHUNK_BYTES, BACKUP_CHUNK_MOST_BYTES, BACKUP_HEADER_BYTES

_NAME = b"triune-backup "
_FORMAT = 1
_STORED, _DEFLATED = b"\0", b"\1"
_FAST = 1
"""zlib's level: higher ones cost the hub's machine several times the work for a few per cent."""
_LENGTH_BYTES = 4
_TAG_BYTES = 16
_ARRAY32 = b"\xdd"
_DECODER: msgspec.msgpack.Decoder[list[Record]] = msgspec.msgpack.Decoder(list[Record])


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line, in the clear: `key` tells site keys apart and gives none away."""

    format: int
    made_ms: int
    key: str
    salt: str


class ArchiveWriter:
    """Writes records; the archive is whole once `end` has returned.

    Raises `OSError` where the file refuses, `UnavailableError` for a record that nobody could read again.
    """

    def __init__(self, file: BinaryIO, key: SiteKey, made_ms: int) -> None:
        header = Header(format=_FORMAT, made_ms=made_ms, key=fingerprint(key), salt=secrets.token_hex(16))
        self._file = file
        self._line = _NAME + msgspec.json.encode(header) + b"\n"
        self._cipher = _cipher(key, header)
        self._encoder = msgspec.msgpack.Encoder()
        self._digest = hashlib.sha256()
        self._records: list[bytes] = []
        self._bytes = 0
        self._method = _DEFLATED
        self._number = 0
        file.write(self._line)

    @property
    def sha256(self) -> str:
        """Of the records so far."""
        return self._digest.hexdigest()

    def add(self, record: Record) -> None:
        """Write a record, at the latest with the next chunk."""
        # Pictures are compressed already: trying again costs most of the time of a backup and saves nothing.
        method = _STORED if isinstance(record, Blob | ClipPiece) else _DEFLATED
        if method != self._method:
            self._flush()
            self._method = method
        encoded = self._encoded(record)
        if self._bytes + len(encoded) > _most_bytes():
            self._flush()
        self._digest.update(encoded)
        self._records.append(encoded)
        self._bytes += len(encoded)
        if self._bytes >= BACKUP_CHUNK_BYTES:
            self._flush()

    def end(self, manifest: Manifest) -> None:
        """Write the last record, in a chunk of its own that says it is the last."""
        self._flush()
        self._records = [self._encoded(manifest)]
        self._flush(last=True)
        self._file.flush()

    def _encoded(self, record: Record) -> bytes:
        encoded = self._encoder.encode(record)
        if len(encoded) > _most_bytes():
            raise UnavailableError(
                f"{_named(record)}: {len(encoded)} bytes in one record are more than a backup can hold"
            )
        return encoded

    def _flush(self, *, last: bool = False) -> None:
        if not self._records:
            return
        body = _ARRAY32 + len(self._records).to_bytes(4, "big") + b"".join(self._records)
        packed = zlib.compress(body, _FAST) if self._method == _DEFLATED else body
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), self._method + packed, self._line)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big"))
        self._file.write(sealed)
        self._number += 1
        self._records, self._bytes = [], 0


def read_header(file: BinaryIO) -> tuple[Header, bytes]:
    """Return the first line, read and as it is; `InvalidInputError` where this is no archive that we can read."""
    line = file.readline(BACKUP_HEADER_BYTES)
    if not line.startswith(_NAME):
        raise InvalidInputError("this is no backup of triune")
    try:
        header = msgspec.json.decode(line[len(_NAME) :], type=Header)
        bytes.fromhex(header.salt)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedArchiveError(f"the first line of the archive cannot be read: {error}") from error
    if header.format != _FORMAT:
        raise InvalidInputError(f"the archive is of format {header.format}; this program reads {_FORMAT}")
    return header, line


def read_archive(file: BinaryIO, key: SiteKey) -> Iterator[Record]:
    """Yield every record up to the manifest, each only once its chunk has proved genuine.

    Raises `InvalidInputError` for another site's archive, `DamagedArchiveError` for one that was changed or cut off:
    what came before was genuine, but is not all.
    """
    cipher, line = _begun(file, key)
    digest, number, last = hashlib.sha256(), 0, False
    while not last:
        sealed = _read_chunk(file, _read_length(file, number), number)
        body, last = _opened(cipher, sealed, number, line)
        plain, records = _records_of(body, number)
        for record in records:
            if last != isinstance(record, Manifest):
                raise DamagedArchiveError(f"chunk {number} of the archive is not where it belongs")
            if isinstance(record, Manifest) and record.sha256 != digest.hexdigest():
                raise DamagedArchiveError("the archive does not hold what its manifest names")
            yield record
        digest.update(plain[len(_ARRAY32) + 4 :])
        number += 1
    if file.read(1):
        raise DamagedArchiveError("something follows the end of the archive")


def read_manifest(file: BinaryIO, key: SiteKey) -> Manifest:
    """Return the last record alone: quick, however large the archive is, and no proof of what comes before it.

    Raises as `read_archive`.
    """
    cipher, line = _begun(file, key)
    end = file.seek(0, os.SEEK_END)
    file.seek(len(line))
    number, length = 0, _read_length(file, 0)
    while file.tell() + length < end:
        file.seek(length, os.SEEK_CUR)
        number += 1
        length = _read_length(file, number)
    body, last = _opened(cipher, _read_chunk(file, length, number), number, line)
    if not last:
        raise _cut_off(number)
    _, records = _records_of(body, number)
    match records:
        case [Manifest() as manifest]:
            return manifest
    raise DamagedArchiveError(f"chunk {number} of the archive is not where it belongs")


def _begun(file: BinaryIO, key: SiteKey) -> tuple[AESGCM, bytes]:
    """Read the first line; return what opens the chunks after it, and the line, to which they are bound."""
    header, line = read_header(file)
    if header.key != fingerprint(key):
        raise InvalidInputError("the archive was made under another site key; give the one that was kept apart from it")
    return _cipher(key, header), line


def _read_length(file: BinaryIO, number: int) -> int:
    head = file.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        raise _cut_off(number)
    length = int.from_bytes(head, "big")
    if not _TAG_BYTES < length <= BACKUP_CHUNK_MOST_BYTES:
        raise DamagedArchiveError(f"chunk {number} of the archive was changed: {length} bytes is no length of a chunk")
    return length


def _read_chunk(file: BinaryIO, length: int, number: int) -> bytes:
    sealed = file.read(length)
    if len(sealed) < length:
        raise _cut_off(number)
    return sealed


def _cut_off(number: int) -> DamagedArchiveError:
    return DamagedArchiveError(f"the archive is cut off: it ends in chunk {number}, before its end")


def _opened(cipher: AESGCM, sealed: bytes, number: int, line: bytes) -> tuple[bytes, bool]:
    """Return the chunk and whether it is the last."""
    for last in (False, True):
        try:
            return cipher.decrypt(_nonce(number, last=last), sealed, line), last
        except InvalidTag:
            pass
    raise DamagedArchiveError(f"chunk {number} of the archive was changed, or is not where it belongs")


def _records_of(body: bytes, number: int) -> tuple[bytes, list[Record]]:
    """Return what a chunk holds, as bytes and as records."""
    try:
        plain = _unpacked(body)
        return plain, _DECODER.decode(plain)
    except (msgspec.MsgspecError, zlib.error) as error:
        # It is genuine, so a program wrote it that knows more than this one.
        raise DamagedArchiveError(f"chunk {number} of the archive holds what is not known here: {error}") from error


def _unpacked(body: bytes) -> bytes:
    if body[:1] == _STORED:
        return body[1:]
    inflating = zlib.decompressobj()
    plain = inflating.decompress(body[1:], BACKUP_CHUNK_MOST_BYTES)
    if not inflating.eof:
        raise zlib.error("longer than a chunk may be")
    return plain


def _most_bytes() -> int:
    """Return how long a record may be: what is sealed with it takes room, and what cannot be compressed grows."""
    return BACKUP_CHUNK_MOST_BYTES - BACKUP_CHUNK_MOST_BYTES // 1024


def _named(record: Record) -> str:
    match record:
        case Rows(store=store, table=table):
            return f"{store}, table {table}"
        case File(path=name) | Blob(name=name) | ClipSheet(clip=name) | ClipPiece(clip=name):
            return name
        case Entries(space=space) | SignedHeads(space=space) | Positions(space=space) | Sightings(space=space):
            return f"{type(record).__name__.lower()} of {space}"
        case Manifest():
            return "the manifest"
    assert_never(record)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def fingerprint(key: SiteKey) -> str:
    """Return what the first line tells site keys apart by."""
    return key.derive("backup fingerprint").hex()


def _cipher(key: SiteKey, header: Header) -> AESGCM:
    return AESGCM(key.derive(f"backup {header.salt}"))
