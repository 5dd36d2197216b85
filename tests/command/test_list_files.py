"""Which files of lists have to stay, and since when others are named for the past alone (SPEC R760)."""

from __future__ import annotations

from command.facts.base import Fact
from command.facts.libraries import (
    LibraryContent,
    LibraryExpired,
    LibraryFileApproved,
    LibraryFileDeclined,
    LibraryFileOffered,
    LibraryLifted,
    LibraryRequested,
)
from command.facts.watchlist import PlateHit
from command.list_files import ListFiles


def content(letter: str) -> LibraryContent:
    return LibraryContent(sha256=letter * 64, entries=1, patterns=0, size=10)


def requested(library: str, letter: str) -> Fact:
    return LibraryRequested(
        library=library, name=library, office="", reason="盗抢", level=2, action="alarm", until_ms=99,
        content=content(letter),
    )  # fmt: skip


def offered(library: str, letter: str) -> Fact:
    return LibraryFileOffered(library=library, content=content(letter), replaces="", added=1, removed=1)


def approved(library: str, letter: str) -> Fact:
    return LibraryFileApproved(library=library, sha256=letter * 64, replaced="", added=1, removed=1)


def declined(library: str, letter: str) -> Fact:
    return LibraryFileDeclined(library=library, sha256=letter * 64, why="错")


def hit(watch: str) -> Fact:
    return PlateHit(hit="h1", watch=watch, plate="京A1", camera="k1", seen_ms=0, confidence=1, situation="s1")


def folded(*facts: Fact) -> tuple[str, dict[str, int]]:
    """Return the letters of files that are needed, and of those that are past, with the number of the fact."""
    files = ListFiles()
    for number, fact in enumerate(facts, start=1):
        files.take(fact, number)
    return "".join(sorted(file[0] for file in files.needed())), {file[0]: at for file, at in files.past().items()}


def test_a_file_is_needed_while_it_waits_and_while_it_is_in_force() -> None:
    facts = [
        requested("b1", "a"),
        approved("b1", "a"),
        offered("b1", "b"),
        approved("b1", "b"),
        LibraryLifted(library="b1", why=""),
    ]
    seen = [folded(*facts[:count]) for count in range(1, 6)]
    assert seen == [("a", {}), ("a", {}), ("ab", {}), ("b", {"a": 4}), ("", {"a": 4, "b": 5})]


def test_what_waited_is_past_once_another_took_its_place_or_it_was_declined_or_the_list_is_over() -> None:
    begun = (requested("b1", "a"), approved("b1", "a"), offered("b1", "b"))
    assert folded(*begun, offered("b1", "c")) == ("ac", {"b": 4})
    assert folded(*begun, declined("b1", "b")) == ("a", {"b": 4})
    assert folded(*begun, LibraryExpired(library="b1")) == ("", {"a": 4, "b": 4})


def test_a_file_that_a_hit_came_of_is_needed_for_good_and_no_other() -> None:
    facts = (requested("b1", "a"), hit("b1"), approved("b1", "a"), offered("b1", "b"), hit("b1"), hit("w7"))
    assert folded(*facts, approved("b1", "b"), LibraryLifted(library="b1", why="")) == ("a", {"b": 8})


def test_a_file_of_two_lists_is_needed_by_either_and_past_since_the_later() -> None:
    both = (requested("b1", "a"), requested("b2", "a"), approved("b1", "a"), approved("b2", "a"))
    assert folded(*both, LibraryLifted(library="b1", why="")) == ("a", {})
    assert folded(*both, LibraryLifted(library="b1", why=""), LibraryLifted(library="b2", why="")) == ("", {"a": 6})
    assert folded(
        *both, LibraryLifted(library="b1", why=""), LibraryLifted(library="b2", why=""), requested("b3", "a")
    ) == ("a", {})
