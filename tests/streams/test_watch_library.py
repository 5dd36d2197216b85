"""Lists of the watch list as every plate is asked about them (SPEC R682, R827, R828)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.look_alikes import LOOK_ALIKES
from streams.limits import LIBRARY_FITS, LOOK_ALIKE_SCORE, LOOK_ALIKE_WAYS
from streams.look_alike import fit, shares
from streams.plate_hash import hash_of, hashes_alike
from streams.watch_library import Changes, Found, LibraryContent, LibraryIndex, Line, written
from streams.watch_list import Match, Wanted, WatchList


def content(*entries: str, **notes: str) -> LibraryContent:
    return LibraryContent(written(dict.fromkeys(entries, "") | notes))


def test_a_plate_is_found_in_every_list_that_holds_it_with_its_remark() -> None:
    index = LibraryIndex({"b1": content("湘A00001", 湘F12345="白色 大众"), "b2": content("湘F12345", "粤Z1234港澳")})
    assert index.find("湘F12345") == [Found("b1", "湘F12345", False, "白色 大众"), Found("b2", "湘F12345", False, "")]
    assert index.find("粤Z1234港澳") == [Found("b2", "粤Z1234港澳", False, "")]
    assert index.find("湘F12346") == []
    assert len(index) == 4


def test_of_each_list_the_lines_that_fit_are_told_as_written_before_patterns() -> None:  # R682, R858
    index = LibraryIndex({"b1": content("湘F12*", "湘F1234?", "湘F12345"), "b2": content("?F12345", 湘F99999="*?")})
    assert index.find("湘F12345") == [
        Found("b1", "湘F12345", False, ""), Found("b1", "湘F1234?", True, ""), Found("b1", "湘F12*", True, ""),
        Found("b2", "?F12345", True, ""),
    ]  # fmt: skip
    assert [found.line for found in index.find("湘F12399")] == ["湘F12*"]
    assert [len(each.patterns) for each in index.contents.values()] == [2, 1]


def test_so_many_lines_of_a_list_are_told_the_likest_first() -> None:  # R858
    patterns = [f"湘F12345{'*' * n}?" for n in range(1, LIBRARY_FITS + 2)]
    assert len(LibraryIndex({"b1": content(*patterns)}).find("湘F123456")) == LIBRARY_FITS
    plate, each = "湘F80D45", shares("湘F80D45")
    others = {
        plate[:at] + other + plate[at + 1 :] for at, char in enumerate(plate) for other in LOOK_ALIKES.get(char, {})
    }
    fits = sorted((fit(other, plate, each) for other in others), reverse=True)
    assert len(fits) > LIBRARY_FITS
    assert [one.score for one in alike(*others).find(plate)] == fits[:LIBRARY_FITS]
    assert [one.score for one in alike(plate, *others).find(plate)] == [1.0, *fits[: LIBRARY_FITS - 1]]


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
    assert content("湘A00001").line(0) == Line("湘A00001", "")


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0", b"\n\n", b"\tx\n", ("湘" * 40 + "\n").encode()])
def test_bytes_that_are_no_file_of_a_list_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not a file of a list"):
        LibraryContent(data)


def test_entries_and_lists_are_asked_together_and_lists_mean_no_look_alikes_unless_they_say_so() -> None:
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


def alike(*entries: str, **notes: str) -> LibraryIndex:
    return LibraryIndex({"b1": content(*entries, **notes)}, {"b1"})


def test_a_list_that_means_look_alikes_fires_for_them_with_the_score_of_an_entry() -> None:  # R827
    entry = WatchList([("w1", Wanted("湘F80345", look_alike=True))])
    watches = WatchList()
    watches.libraries = LibraryIndex({"b1": content(湘F80345="红"), "b2": content("湘F80345")}, {"b1"})
    for sure in ((), (1.0,) * 7, (1.0, 1.0, 0.2, 1.0, 1.0, 1.0, 1.0)):
        [wanted] = entry.matching("湘FB0345", sure)
        assert watches.matching("湘FB0345", sure) == [Match("b1", "look_alike", wanted.score, "湘F80345", "红")]
    assert [match.how for match in watches.matching("湘F80345")] == ["exact", "exact"]
    assert watches.matching("湘F90345") == []


@given(
    st.lists(st.text("湘浙F0OQD8B", min_size=3, max_size=8), max_size=30),
    st.text("湘浙F0OQD8B", min_size=6, max_size=8),
    st.lists(st.floats(0, 1), min_size=6, max_size=8),
)
def test_of_a_list_the_line_that_scores_most_is_found_as_it_would_be_as_an_entry(  # R827
    lines: list[str], plate: str, sure: list[float]
) -> None:
    each = shares(plate, sure)
    best = max((fit(line, plate, each) for line in lines), default=0.0)
    found = alike(*lines).find(plate, sure)
    assert [one.score for one in found[:1]] == ([best] if best >= LOOK_ALIKE_SCORE else [])
    assert [one.score for one in found] == sorted((fit(one.line, plate, each) for one in found), reverse=True)
    assert len({one.line for one in found}) == len(found) <= LIBRARY_FITS


def test_what_stands_there_comes_before_what_it_looks_like_and_patterns_mean_no_look_alikes() -> None:  # R827
    index = alike("湘F80345", "湘FB034?", "湘FB03*", "湘F8888?")
    assert index.find("湘FB0345")[0] == Found("b1", "湘FB034?", True, "")
    assert [(found.line, found.score < 1) for found in index.find("湘FB0345")] == [
        ("湘FB034?", False), ("湘FB03*", False), ("湘F80345", True),
    ]  # fmt: skip
    assert index.find("湘F8D345")[0].line == "湘F80345"
    assert index.find("湘F888B1") == []


def test_a_plate_that_nobody_read_finds_the_likeliest_of_all_that_it_may_be() -> None:  # R827
    zeros, most = "0" * 9, len(LOOK_ALIKES["0"])
    found = hashes_alike(zeros, hash_of(zeros), [1.0] * 9, LOOK_ALIKE_SCORE)
    assert LOOK_ALIKE_WAYS < len(found) <= LOOK_ALIKE_WAYS * 9 * most
    likeliest = max(LOOK_ALIKES["0"], key=lambda char: LOOK_ALIKES["0"][char])
    assert {hash_of(likeliest * n + "0" * (9 - n)) for n in range(1, 10)} <= set(found)
    assert alike("0" * 12).find("0" * 11 + "O", [0.0] * 12) == [], "no plate is so long"


def test_the_table_for_look_alikes_takes_at_most_four_bytes_for_a_line() -> None:  # R827
    plates = [f"湘F{number:05}" for number in range(5000)]
    index = LibraryIndex({"b1": content(*plates), "b2": content(*plates)}, {"b1"})
    assert len(index._bits) <= 4 * len(plates)
    assert len(LibraryIndex({"b1": content(*plates)})._bits) == 1


def test_an_entry_fires_until_its_own_instant_and_then_gives_way_to_what_else_fits() -> None:  # R828
    entries = {"湘F12345": "白色", "湘F80345": "", "湘F123*": ""}
    until_ms = {"湘F12345": 1000, "湘F80345": 2000}
    index = LibraryIndex({"b1": LibraryContent(written(entries, until_ms))}, {"b1"})
    assert index.find("湘F12345", at_ms=999)[0] == Found("b1", "湘F12345", False, "白色")
    assert [found.line for found in index.find("湘F12345", at_ms=999)] == ["湘F12345", "湘F123*"]
    assert [found.line for found in index.find("湘F12345", at_ms=1000)] == ["湘F123*"]
    assert [found.line for found in index.find("湘FB0345", at_ms=1999)] == ["湘F80345"]
    assert index.find("湘FB0345", at_ms=2000) == index.find("湘F80345", at_ms=2000) == []
    assert index.holds("b1", "湘F12345", 999) == Found("b1", "湘F12345", False, "白色")
    assert index.holds("b1", "湘F12345", 1000) is None
    assert index.contents["b1"].line_of("湘F80345") == Line("湘F80345", "", 2000)
