"""The watch list in force: what fires, and that one wrong entry harms no other."""

from __future__ import annotations

from streams.watch_list import WatchList


def test_exact_plates_and_patterns_fire() -> None:
    watches = WatchList([("w1", "湘F12345"), ("w2", "湘F1*"), ("w3", "粤B?2345")])
    assert watches.matching("湘F12345") == ["w1", "w2"]
    assert watches.matching("粤B12345") == ["w3"]
    assert watches.matching("皖A00000") == []


def test_an_entry_that_no_plate_satisfies_is_told_and_the_others_go_on() -> None:
    watches = WatchList([("w1", "湘FI*"), ("w2", "ABC"), ("w3", "湘F1*")])
    assert set(watches.impossible) == {"w1", "w2"}
    assert watches.matching("湘F12345") == ["w3"]
