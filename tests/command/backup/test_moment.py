"""Where a restore to an earlier moment ends, whatever clocks wrote the record (SPEC R224, R910)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from command.backup.moment import Ended, Moment, Until
from command.backup.records import Entries, Positions, Record
from command.journal import Entry, StoredFact
from command.kernel.errors import InvalidInputError
from command.kernel.limits import BACKUP_AHEAD_MS
from command.readings import Position

MADE_MS = 1_000_000_000
AHEAD_MS = MADE_MS + BACKUP_AHEAD_MS + 1


def facts_of(space: str, *entries: Sequence[int]) -> Entries:
    """Return entries of facts with these instants."""
    found, seq = list[Entry](), 0
    for instants in entries:
        facts = [StoredFact(seq=seq + n, at_ms=at_ms, actor="a", data=b"{}") for n, at_ms in enumerate(instants, 1)]
        seq += len(facts)
        found.append(Entry(key=f"k{seq}", subject="s", facts=tuple(facts)))
    return Entries(space=space, entries=tuple(found))


def seen(until: Until, *records: Record) -> Moment:
    moment = Moment(until, MADE_MS)
    for record in records:
        moment.see(record)
    return moment


def test_a_fact_dated_ahead_hides_none_of_those_after_it() -> None:  # R910
    record = facts_of("live", [10], [20], [AHEAD_MS], [30], [AHEAD_MS, 40], [50], [60])
    moment = seen(Until(at_ms=40), record)
    assert moment.ended["live"] == Ended(seq=6, cut=2, past_seq=7, past_ms=50, ahead=2, ahead_seq=3)
    assert len(list(moment.told())) == 2
    moment.check()
    [kept] = moment.of([record])
    assert isinstance(kept, Entries)
    assert [fact.seq for entry in kept.entries for fact in entry.facts] == [1, 2, 3, 4, 5, 6]


def test_facts_dated_ahead_are_of_no_moment_of_their_own() -> None:  # R910
    moment = seen(Until(at_ms=40), facts_of("live", [10], [AHEAD_MS], [AHEAD_MS], [50], [60]))
    assert moment.ended["live"] == Ended(seq=1, cut=4, past_seq=4, past_ms=50, ahead=2, ahead_seq=2)
    with pytest.raises(InvalidInputError, match="nothing on record"):
        seen(Until(at_ms=40), facts_of("live", [AHEAD_MS], [50])).check()


def test_what_is_dated_before_the_moment_and_cut_is_told() -> None:  # R224, R910
    # Between the moment and the making nobody can tell which clock was wrong: what comes later may be of later.
    moment = seen(Until(at_ms=40), facts_of("live", [10], [20], [MADE_MS], [30], [40], [50]))
    assert moment.ended["live"] == Ended(seq=2, cut=4, past_seq=3, past_ms=MADE_MS, earlier=2, earlier_seq=5)
    cut, earlier = moment.told()
    assert cut.startswith("live: ends with fact 2; 4 facts after it are cut, fact 3 is of 1970-01-12T13:46:40+00:00")
    assert "2 of those cut, up to fact 5, are dated before" in earlier
    assert "--until-seq 5" in earlier
    assert seen(Until(seq=5), facts_of("live", [10], [20], [MADE_MS], [30], [40], [50])).seqs == {"live": 5}


def test_up_to_a_fact_other_spaces_and_readings_go_up_to_an_instant_that_can_be() -> None:  # R910
    live, other = facts_of("live", [10], [AHEAD_MS], [20], [30]), facts_of("rehearsal-1", [15], [20], [25])
    moment = seen(Until(seq=3), live, other)
    assert moment.seqs == {"live": 3, "rehearsal-1": 2}
    fixes = [Position(device="d1", at_ms=at_ms, lat=29.1, lon=113.1, source="jt808") for at_ms in (20, 21, AHEAD_MS)]
    [kept] = moment.of([Positions(space="live", positions=tuple(fixes))])
    assert isinstance(kept, Positions)
    assert kept.positions == (fixes[0],)


def test_the_end_of_the_archive_cuts_nothing() -> None:
    moment = seen(Until(), facts_of("live", [10], [AHEAD_MS], [20, 30], [AHEAD_MS]))
    assert moment.ended == {"live": Ended(seq=5, ahead=2, ahead_seq=2)}
