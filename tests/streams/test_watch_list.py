"""The watch list in force: what fires, and that one wrong entry harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from command.kernel import ga36
from command.kernel.look_alikes import LOOK_ALIKES
from command.kernel.plate_pattern import checked_pattern
from streams.limits import LOOK_ALIKE_SCORE
from streams.look_alike import SURE_SHARE, shares
from streams.watch_list import Match, Wanted, WatchList
from tests.command.kernel.test_ga36 import plates

patterns = st.text("湘粤皖AF12挂?*", min_size=1, max_size=8)


def _fit(entries: dict[str, str], impossible: dict[str, str], plate: str) -> set[str]:
    return {watch for watch, text in entries.items() if watch not in impossible
            and fnmatchcase(plate, checked_pattern(text))}  # fmt: skip


def _listed(entries: dict[str, str], *, look_alike: bool = False) -> WatchList:
    return WatchList((watch, Wanted(text, look_alike)) for watch, text in entries.items())


def _found(watches: WatchList, plate: str) -> list[str]:
    return [match.watch for match in watches.matching(plate)]


@given(st.lists(patterns, max_size=30), st.lists(plates() | st.text("湘粤AF12", min_size=1, max_size=8), max_size=10))
def test_a_plate_fits_what_a_shell_would_say_it_fits(texts: list[str], seen: list[str]) -> None:
    entries = {f"w{number}": text for number, text in enumerate([*texts, *seen])}
    watches = _listed(entries)
    for plate in seen:
        assert set(_found(watches, plate)) == _fit(entries, watches.impossible, plate)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "c", "d"]), st.builds(Wanted, patterns | plates(), st.booleans()), max_size=4
        ),
        max_size=6,
    ),
    plates(),
)
def test_a_list_that_is_updated_is_as_one_made_anew(lists: list[dict[str, Wanted]], plate: str) -> None:
    watches = WatchList()
    for entries in lists:
        watches.update(entries)
        anew = WatchList(entries.items())
        assert watches.impossible == anew.impossible
        assert set(watches.matching(plate)) == set(anew.matching(plate))
        assert len(watches) == len(entries)
    watches.update({})
    for index in (watches._patterns, watches._alike):
        assert index.is_empty()
        assert not any((*index._of_length, index._parted, *index._anywhere.values()))
        assert not any(place.naming or any(place.named.values()) for places in index._places for place in places)
    assert not watches._plates


def test_exact_plates_and_patterns_fire() -> None:
    watches = _listed({"w1": "湘F12345", "w2": "湘F1*", "w3": "粤B?2345"})
    assert watches.matching("湘F12345") == [Match("w1", "exact", 1.0), Match("w2", "pattern", 1.0)]
    assert _found(watches, "粤B12345") == ["w3"]
    assert watches.matching("皖A00000") == []


def test_an_entry_that_no_plate_satisfies_is_told_and_the_others_go_on() -> None:
    watches = _listed({"w1": "湘FI*", "w2": "ABC", "w3": "湘F1*"})
    assert set(watches.impossible) == {"w1", "w2"}
    assert _found(watches, "湘F12345") == ["w3"]


def test_a_look_alike_fires_only_where_it_is_asked_for_and_says_how_well_it_fits() -> None:  # R535
    strict, loose = _listed({"w1": "湘F80345"}), _listed({"w1": "湘F80345"}, look_alike=True)
    assert strict.matching("湘FB0345") == []
    [match] = loose.matching("湘FB0345")
    assert (match.watch, match.how) == ("w1", "look_alike")
    assert match.score == LOOK_ALIKES["8"]["B"] * (1 - SURE_SHARE)
    assert loose.matching("湘F80345") == [Match("w1", "exact", 1.0)]
    assert loose.matching("湘F90345") == []


def test_what_the_reader_was_unsure_of_fits_better_than_what_it_read_for_certain() -> None:  # R535
    watches = _listed({"w1": "湘F80345"}, look_alike=True)
    plate = "湘FB0345"
    [sure] = watches.matching(plate, (1.0,) * 7)
    [unsure] = watches.matching(plate, (1.0, 1.0, 0.2, 1.0, 1.0, 1.0, 1.0))
    assert sure.score < unsure.score < 1
    # Two sure differences are too many, two unsure ones are not.
    assert watches.matching("湘FBD345") == []
    assert watches.matching("湘FBD345", (1.0, 1.0, 0.1, 0.1, 1.0, 1.0, 1.0)) != []


def test_a_pattern_may_have_look_alikes_too() -> None:  # R535
    watches = _listed({"w1": "皖A*88", "w2": "湘F?0*"}, look_alike=True)
    assert [(m.watch, m.how) for m in watches.matching("桂A12388")] == [("w1", "look_alike")]
    assert [(m.watch, m.how) for m in watches.matching("皖A12388")] == [("w1", "pattern")]
    assert [(m.watch, m.how) for m in watches.matching("湘F9D123")] == [("w2", "look_alike")]


def _score(pattern: str, plate: str, sure: Sequence[float]) -> float:
    """Return how well a plate fits a pattern, told entry by entry: the best of its ways."""
    # The best score of each place in the plate that the pattern read so far can end at.
    ends = [1.0] + [0.0] * len(plate)
    for wanted in pattern:
        if wanted == "*":
            for at in range(len(plate)):
                ends[at + 1] = max(ends[at + 1], ends[at])
            continue
        reached = [0.0] * (len(plate) + 1)
        for at, (char, share) in enumerate(zip(plate, shares(plate, sure), strict=True)):
            weight = 1.0 if wanted in (char, "?") else LOOK_ALIKES.get(char, {}).get(wanted, 0.0) * share
            reached[at + 1] = ends[at] * weight
        ends = reached
    return ends[-1]


@given(
    st.lists(st.text("湘浙F0OQD8B?*", min_size=3, max_size=8), max_size=20),
    st.text("湘浙F0OQD8B", min_size=7, max_size=7),
    st.lists(st.floats(0, 1), min_size=7, max_size=7),
)
def test_every_entry_that_scores_enough_is_found(texts: list[str], plate: str, sure: list[float]) -> None:  # R689
    watches = _listed({f"w{number}": text for number, text in enumerate(texts)}, look_alike=True)
    scores = {watch: _score(pattern, plate, sure) for watch, pattern in watches._kept.items()}
    found = {match.watch: match.score for match in watches.matching(plate, sure)}
    assert found == {watch: fit for watch, fit in scores.items() if fit >= LOOK_ALIKE_SCORE}


def test_what_is_in_no_plate_leaves_nothing_behind() -> None:
    watches = _listed({"w1": "湘F?2345", "w2": "湘*5"})
    for number in range(1000):
        assert watches.matching("湘F" + chr(0x4E00 + number) * 4 + "5") == [Match("w2", "pattern", 1.0)]
    kept = {char for places in watches._patterns._taking.values() for place in places for char in place}
    assert kept <= set(ga36.ALPHABET)
