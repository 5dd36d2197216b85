"""Lists of the watch list as every plate is asked about them (SPEC R682)."""

from __future__ import annotations

import random

import pytest

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from streams.watch_library import Changes, Found, LibraryContent, LibraryIndex, written
from streams.watch_list import Match, Wanted, WatchList


def content(*entries: str, **notes: str) -> LibraryContent:
    return LibraryContent(written(dict.fromkeys(entries, "") | notes))


def test_a_plate_is_found_in_every_list_that_holds_it_with_its_remark() -> None:
    index = LibraryIndex({"b1": content("湘A00001", 湘F12345="白色 大众"), "b2": content("湘F12345", "粤Z1234港澳")})
    assert index.find("湘F12345") == [Found("b1", "湘F12345", False, "白色 大众"), Found("b2", "湘F12345", False, "")]
    assert index.find("粤Z1234港澳") == [Found("b2", "粤Z1234港澳", False, "")]
    assert index.find("湘F12346") == []
    assert len(index) == 4


def test_of_each_list_one_entry_fires_as_written_before_patterns() -> None:
    index = LibraryIndex({"b1": content("湘F12*", "湘F1234?", "湘F12345"), "b2": content("?F12345", 湘F99999="*?")})
    assert index.find("湘F12345") == [Found("b1", "湘F12345", False, ""), Found("b2", "?F12345", True, "")]
    assert [found.line for found in index.find("湘F12399")] == ["湘F12*"]
    assert [len(each.patterns) for each in index.contents.values()] == [2, 1]


def test_it_finds_what_a_set_would_whatever_the_lists_hold() -> None:
    chance = random.Random(680)
    serial = ga36.LETTERS[:3] + ga36.DIGITS[:3]
    plates = ["湘" + "".join(chance.choices(serial, k=chance.choice((6, 7)))) for _ in range(3000)]
    first, second = set(plates[:1000]), set(plates[500:1500])
    index = LibraryIndex({"b1": content(*first), "b2": content(*second), "b3": content()})
    for plate in plates:
        wanted = [name for name, held in (("b1", first), ("b2", second)) if plate in held]
        assert [found.library for found in index.find(plate)] == wanted


def test_what_came_and_went_is_counted_by_entries_and_not_by_remarks() -> None:
    before, after = content("湘A00001", "湘A00002", 湘A00003="红"), content("湘A00002", "湘A00004", 湘A00003="蓝")
    assert after.since(before) == Changes(added=1, removed=1)
    assert after.since(None) == Changes(added=3, removed=0)
    assert after.without(["湘A00001", "湘A00003", "湘F*"]) == ["湘A00001", "湘F*"]
    assert after.without([]) == []


def test_the_same_entries_are_the_same_file_in_whatever_order_they_came() -> None:
    assert content("湘A00002", "湘A00001").sha256() == content("湘A00001", "湘A00002").sha256()
    assert content("湘A00001").line(0) == ("湘A00001", "")


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0", b"\n\n", b"\tx\n", ("湘" * 40 + "\n").encode()])
def test_bytes_that_are_no_file_of_a_list_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not a file of a list"):
        LibraryContent(data)


def test_entries_and_lists_are_asked_together_and_lists_never_fire_for_look_alikes() -> None:
    watches = WatchList([("w1", Wanted("湘F12345", look_alike=True))])
    watches.libraries = LibraryIndex({"b1": content("湘F12345", 湘F8000B="红")})
    assert watches.matching("湘F·12345") == [
        Match("w1", "exact", 1.0), Match("b1", "exact", 1.0, "湘F12345", ""),
    ]  # fmt: skip
    assert watches.matching("湘F80008", [0.1] * 7) == []
    assert watches.matching("湘F8000B") == [Match("b1", "exact", 1.0, "湘F8000B", "红")]


def test_an_entry_is_had_by_name() -> None:
    index = LibraryIndex({"b1": content("湘F12*", 湘F12345="红")})
    assert index.holds("b1", "湘F12345") == Found("b1", "湘F12345", False, "红")
    assert index.holds("b1", "湘F12*") == Found("b1", "湘F12*", True, "")
    assert (index.holds("b1", "湘F1"), index.holds("b2", "湘F12345")) == (None, None)


def test_a_pattern_longer_than_any_plate_fits_none() -> None:
    index = LibraryIndex({"b1": content("湘F12345?????", "*湘F12345*678901", "湘F*")})
    assert [found.line for found in index.find("湘F12345")] == ["湘F*"]
    assert index.find("湘F1234567890") == []
