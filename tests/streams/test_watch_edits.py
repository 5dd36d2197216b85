"""What makes one file of a list of another: always that file, and no more than what came and went (SPEC R762)."""

from __future__ import annotations

import random

import msgspec
import pytest

from command.kernel.errors import InvalidInputError
from streams import watch_edits
from streams.watch_edits import edited, edits
from streams.watch_library import LibraryContent, written


def content(entries: dict[str, str]) -> LibraryContent:
    return LibraryContent(written(entries))


def test_edits_make_the_new_file_of_the_old_whatever_came_went_and_changed() -> None:
    chance, told = random.Random(762), 0
    for _ in range(200):
        old = {f"湘F{chance.randrange(40):05}": chance.choice(("", "白色")) for _ in range(chance.randrange(30))}
        kept = {line: note for line, note in old.items() if chance.random() < 0.8}
        new = kept | {
            f"湘F{chance.randrange(40):05}": chance.choice(("", "案号 7")) for _ in range(chance.randrange(4))
        }
        packed = edits(content(old), content(new))
        if packed is not None:  # of small files it often is not worth it
            assert edited(written(old), packed) == written(new)
            told += 1
    assert told > 50


def test_a_day_of_a_large_list_is_told_in_little() -> None:
    old = {f"湘F{number:05}": "盗抢" for number in range(0, 100_000, 2)}
    new = {line: note for line, note in old.items() if not line.endswith("00")} | {"湘A00001": "", "湘F99999": "新"}
    packed = edits(content(old), content(new))
    assert packed is not None
    assert len(packed) < 10_000 < 800_000 < len(written(new))
    assert edited(written(old), packed) == written(new)
    assert edits(content(old), content(dict.fromkeys(old, "解除"))) is None, "every line is another"


def test_too_many_places_are_not_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {f"湘F{number:05}": "" for number in range(1000)}
    new = {line: note for line, note in old.items() if not line.endswith("5")}
    assert edits(content(old), content(new)) is not None
    monkeypatch.setattr(watch_edits, "LIBRARY_EDITS", 99)
    assert edits(content(old), content(new)) is None


@pytest.mark.parametrize(
    "packed",
    [b"", b"\xc1", msgspec.msgpack.encode([(-1, b"", 0)]), msgspec.msgpack.encode([(9, b"", 99)]),
     msgspec.msgpack.encode([(2**40, b"", 0)])],
)  # fmt: skip
def test_what_are_no_edits_of_the_file_is_refused(packed: bytes) -> None:
    with pytest.raises(InvalidInputError):
        edited(written({"湘F12345": ""}), packed)


def test_of_an_empty_file_and_to_one() -> None:
    some = {f"湘F{number:05}": "" for number in range(9)}
    assert edits(content({}), content(some)) is None
    packed = edits(content(some), content({}))
    assert packed is None or edited(written(some), packed) == b""
