"""An archive is read back as it was written; whatever was done to it since is found, and said where."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.backup import DamagedArchiveError, archive
from command.backup.archive import ArchiveWriter, read_archive, read_header, read_manifest
from command.backup.checking import check_archive
from command.backup.records import Blob, Contents, File, Manifest, Record, Rows
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import BACKUP_CHUNK_BYTES, BACKUP_CHUNK_MOST_BYTES, LIBRARIES_BYTES
from tests.damage import flipped

KEY = SiteKey(bytes(range(32)))
CHUNKS = 5


def written(*records: Record, key: SiteKey = KEY) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(file, key, 1000)
    for record in records:
        writer.add(record)
    contents = Contents(spaces={}, positions=0, sightings=0, blobs=0, files=len(records), rows={})
    writer.end(Manifest(made_ms=1000, release="1", contents=contents, lost=(), sha256=writer.sha256))
    return file.getvalue()


def files() -> list[File]:
    """As many as fill all chunks but the manifest's."""
    return [File(path=f"{n}", data=bytes([n]) * BACKUP_CHUNK_BYTES) for n in range(CHUNKS - 1)]


def taken_apart(archive: bytes) -> tuple[bytes, list[bytes]]:
    """Return the first line and the chunks with their lengths."""
    file = io.BytesIO(archive)
    _, line = read_header(file)
    chunks = []
    while head := file.read(4):
        chunks.append(head + file.read(int.from_bytes(head, "big")))
    return line, chunks


def read(archive: bytes, key: SiteKey = KEY) -> list[Record]:
    return list(read_archive(io.BytesIO(archive), key))


def test_records_come_back_as_they_were() -> None:
    records: list[Record] = [
        *files(),
        File(path="a", data=b""),
        Blob(name="b", data=b"\0picture"),
        File(path="c", data=b"c"),
    ]
    *found, manifest = read(written(*records))
    assert found == records
    assert isinstance(manifest, Manifest)


def test_nothing_of_it_can_be_read_without_the_key() -> None:  # R221
    archive = written(File(path="names", data=b"Zhang San, 13512345678"))
    assert b"135" not in archive.split(b"\n", 1)[1]
    with pytest.raises(InvalidInputError, match="another site key"):
        read(archive, SiteKey(bytes(32)))


def test_two_archives_of_the_same_have_nothing_in_common() -> None:
    one, other = (taken_apart(written(*files()))[1] for _ in range(2))
    assert not {chunk[4:] for chunk in one} & {chunk[4:] for chunk in other}
    line, _ = taken_apart(written(*files()))
    with pytest.raises(DamagedArchiveError, match="chunk 0 "):
        read(line + b"".join(one))


@pytest.mark.parametrize("number", range(CHUNKS))
def test_a_changed_bit_is_found(number: int) -> None:  # R221
    line, chunks = taken_apart(written(*files()))
    assert len(chunks) == CHUNKS
    chunks[number] = flipped(chunks[number], len(chunks[number]) // 2)
    with pytest.raises(DamagedArchiveError, match=f"chunk {number} "):
        read(line + b"".join(chunks))


def test_the_first_line_is_bound_to_all_that_follows() -> None:
    line, chunks = taken_apart(written(*files()))
    with pytest.raises(DamagedArchiveError, match="chunk 0 "):
        read(line.replace(b'"made_ms":1000', b'"made_ms":2000') + b"".join(chunks))


@pytest.mark.parametrize("number", range(CHUNKS))
def test_a_chunk_left_out_is_found(number: int) -> None:
    line, chunks = taken_apart(written(*files()))
    del chunks[number]
    with pytest.raises(DamagedArchiveError):
        read(line + b"".join(chunks))


def test_chunks_in_another_order_are_found() -> None:  # R221
    line, chunks = taken_apart(written(*files()))
    chunks[1], chunks[2] = chunks[2], chunks[1]
    with pytest.raises(DamagedArchiveError, match="chunk 1 of the archive was changed, or is not where"):
        read(line + b"".join(chunks))


def test_an_end_cut_off_anywhere_is_found() -> None:  # R221
    archive = written(*files())
    line, chunks = taken_apart(archive)
    ends = [len(line) + sum(map(len, chunks[:n])) for n in range(CHUNKS)]
    for end in (*ends, ends[2] + 2, ends[2] + 100, len(archive) - 1):
        with pytest.raises(DamagedArchiveError, match="cut off"):
            read(archive[:end])


def test_what_follows_the_end_is_found() -> None:
    with pytest.raises(DamagedArchiveError, match="follows the end"):
        read(written(*files()) + b"\0")


@pytest.mark.parametrize("length", [0, 16, BACKUP_CHUNK_MOST_BYTES + 1, 2**32 - 1])
def test_a_length_that_no_chunk_has_is_refused_before_it_is_read(length: int) -> None:
    line, _ = taken_apart(written())
    with pytest.raises(DamagedArchiveError, match="no length of a chunk"):
        read(line + length.to_bytes(4, "big") + bytes(100))


def test_a_record_that_nobody_could_read_again_is_refused_at_once_and_named() -> None:  # R893
    row = [bytes(BACKUP_CHUNK_MOST_BYTES)]
    rows = Rows(store="access", version=1, table="people", columns=("picture",), rows=[row])
    with pytest.raises(UnavailableError, match="access, table people: "):
        written(rows)


def test_the_longest_record_is_read_again_whatever_waits_before_it(monkeypatch: pytest.MonkeyPatch) -> None:  # R893
    monkeypatch.setattr(archive, "BACKUP_CHUNK_MOST_BYTES", 2 * BACKUP_CHUNK_BYTES)
    whole = File(path="b", data=os.urandom(archive._most_bytes()))  # its path and frame are too much
    with pytest.raises(UnavailableError, match=r"^b: "):
        written(whole)
    records: list[Record] = [
        File(path="a", data=os.urandom(BACKUP_CHUNK_BYTES - 100)),
        replace(whole, data=whole.data[:-100]),
    ]
    assert read(written(*records))[:-1] == records


def test_the_file_of_the_largest_list_is_no_longer_than_a_record_may_be() -> None:  # R893
    assert archive._most_bytes() > LIBRARIES_BYTES + 1024


@pytest.mark.parametrize("start", [b"", b"PK\x03\x04", b"triune-backup"])
def test_another_file_is_no_backup(start: bytes) -> None:
    with pytest.raises(InvalidInputError, match="no backup"):
        read(start)


def test_a_first_line_that_is_torn_is_damage_and_a_newer_format_named() -> None:
    line, _ = taken_apart(written())
    with pytest.raises(DamagedArchiveError, match="first line"):
        read(line[:40])
    with pytest.raises(InvalidInputError, match="format 2"):
        read(line.replace(b'"format":1', b'"format":2'))


def test_the_manifest_is_read_without_what_comes_before_it() -> None:  # R915
    whole = written(*files())
    line, chunks = taken_apart(whole)
    *_, manifest = read(whole)
    assert read_manifest(io.BytesIO(whole), KEY) == manifest
    unread = [chunk[:4] + bytes(len(chunk) - 4) for chunk in chunks[:-1]]
    assert read_manifest(io.BytesIO(b"".join([line, *unread, chunks[-1]])), KEY) == manifest
    with pytest.raises(InvalidInputError, match="another site key"):
        read_manifest(io.BytesIO(whole), SiteKey(bytes(32)))


def test_an_end_that_is_not_the_archives_own_holds_no_manifest() -> None:  # R915
    line, chunks = taken_apart(written(*files()))
    whole = line + b"".join(chunks)
    ends = [len(line) + sum(map(len, chunks[:n])) for n in range(CHUNKS)]
    for end in (*ends, ends[2] + 2, ends[2] + 100, len(whole) - 1):
        with pytest.raises(DamagedArchiveError, match="cut off"):
            read_manifest(io.BytesIO(whole[:end]), KEY)
    for other in (flipped(whole), line + b"".join(chunks[1:]), whole + bytes(8), whole + b"x"):
        with pytest.raises(DamagedArchiveError):
            read_manifest(io.BytesIO(other), KEY)


def test_a_manifest_that_counts_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(written(*files()))
    assert check_archive(path, KEY).contents.files == CHUNKS - 1
    path.write_bytes(written(Blob(name="b", data=b"")))  # counted as a file by `written`
    with pytest.raises(DamagedArchiveError, match="not what it was"):
        check_archive(path, KEY)
    name = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path.write_bytes(written(Blob(name=name, data=b"")))
    with pytest.raises(DamagedArchiveError, match="manifest counts"):
        check_archive(path, KEY)


def test_a_manifest_of_other_records_or_before_the_end_is_refused() -> None:
    contents = Contents(spaces={}, positions=0, sightings=0, blobs=0, files=1, rows={})
    other = Manifest(made_ms=1000, release="1", contents=contents, lost=(), sha256="0" * 64)
    for early, told in ((False, "what its manifest names"), (True, "not where it belongs")):
        file = io.BytesIO()
        writer = ArchiveWriter(file, KEY, 1000)
        writer.add(File(path="a", data=b"b"))
        if early:
            writer.add(other)
        writer.end(other)
        with pytest.raises(DamagedArchiveError, match=told):
            read(file.getvalue())
