"""Equal times for all who wait (SPEC R524)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.limits import READER_CAMERAS
from streams.plates.fair_shares import FairShares


def served(costs_ms: dict[str, float], until_ms: float, shares: FairShares | None = None) -> dict[str, float]:
    """Serve all of them again and again, one at a time; return how much time each got."""
    shares = shares or FairShares()
    got_ms = dict.fromkeys(costs_ms, 0.0)
    for who in costs_ms:
        shares.wait(who)
    while sum(got_ms.values()) < until_ms:
        who = shares.in_turn(costs_ms)[0]
        shares.begin(who)
        shares.took(who, costs_ms[who])
        got_ms[who] += costs_ms[who]
        shares.wait(who)
    return got_ms


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=2), st.floats(20, 500), min_size=2, max_size=8))
def test_all_who_wait_get_equal_times_whatever_their_jobs_take(costs_ms: dict[str, float]) -> None:
    got_ms = served(costs_ms, 5_000)
    assert max(got_ms.values()) - min(got_ms.values()) <= 2 * max(costs_ms.values())


def test_a_jam_costs_seven_other_cameras_nothing_that_is_theirs() -> None:
    got_ms = served({"jam": 400, **{f"camera {i}": 80 for i in range(7)}}, 32_000)
    assert got_ms["jam"] <= 32_000 / 8 + 400
    assert min(got_ms.values()) >= 32_000 / 8 - 400


def test_who_wanted_nothing_for_long_has_nothing_saved_up() -> None:
    shares = FairShares()
    served({"always": 100, "first": 100}, 10_000, shares)
    got_ms = served({"always": 100, "late": 100}, 2_000, shares)
    assert abs(got_ms["always"] - got_ms["late"]) <= 200


def test_who_came_first_of_equals_is_first_and_the_forgotten_are_not_kept() -> None:
    shares = FairShares()
    for who in ("b", "a"):
        shares.wait(who)
    assert shares.in_turn(["b", "a"]) == ["b", "a"]
    for i in range(10 * READER_CAMERAS):
        shares.wait(f"camera {i}")
        shares.begin(f"camera {i}")
    assert len(shares) <= 2 * READER_CAMERAS + 1
