"""The watch list in force: what fires, and that one wrong entry harms no other."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from command.kernel.plate_pattern import checked_pattern
from streams.watch_list import WatchList
from tests.command.kernel.test_ga36 import plates

patterns = st.text("湘粤皖AF12挂?*", min_size=1, max_size=8)


def _fit(entries: dict[str, str], impossible: dict[str, str], plate: str) -> set[str]:
    return {watch for watch, text in entries.items() if watch not in impossible
            and fnmatchcase(plate, checked_pattern(text))}  # fmt: skip


@given(st.lists(patterns, max_size=30), st.lists(plates() | st.text("湘粤AF12", min_size=1, max_size=8), max_size=10))
def test_a_plate_fits_what_a_shell_would_say_it_fits(texts: list[str], seen: list[str]) -> None:
    entries = {f"w{number}": text for number, text in enumerate([*texts, *seen])}
    watches = WatchList(entries.items())
    for plate in seen:
        assert set(watches.matching(plate)) == _fit(entries, watches.impossible, plate)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), patterns | plates(), max_size=4), max_size=6),
    plates(),
)
def test_a_list_that_is_updated_is_as_one_made_anew(lists: list[dict[str, str]], plate: str) -> None:
    watches = WatchList()
    for entries in lists:
        watches.update(entries)
        anew = WatchList(entries.items())
        assert watches.impossible == anew.impossible
        assert set(watches.matching(plate)) == set(anew.matching(plate))
        assert len(watches) == len(entries)
    watches.update({})
    assert watches._patterns.is_empty()
    assert not watches._exact


def test_exact_plates_and_patterns_fire() -> None:
    watches = WatchList([("w1", "湘F12345"), ("w2", "湘F1*"), ("w3", "粤B?2345")])
    assert watches.matching("湘F12345") == ["w1", "w2"]
    assert watches.matching("粤B12345") == ["w3"]
    assert watches.matching("皖A00000") == []


def test_an_entry_that_no_plate_satisfies_is_told_and_the_others_go_on() -> None:
    watches = WatchList([("w1", "湘FI*"), ("w2", "ABC"), ("w3", "湘F1*")])
    assert set(watches.impossible) == {"w1", "w2"}
    assert watches.matching("湘F12345") == ["w3"]
