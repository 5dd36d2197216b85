"""What is on a link at once follows what it carries: rule R423 of docs/SPEC.md."""

from __future__ import annotations

from collections import deque

import pytest

from edge.agent.pace import InOrder, Pace
from edge.limits import AGENT_WINDOW_LEAST_BYTES, AGENT_WINDOW_MOST_BYTES, ERRAND_WAIT_MS

_MTU = 1000


class Link:
    """A link of a rate and a delay on a clock of its own, with a sender that always has more."""

    def __init__(self, bytes_per_s: int, round_trip_ms: int) -> None:
        self.bytes_per_s, self.round_trip_ms = bytes_per_s, round_trip_ms
        self.pace = Pace(ERRAND_WAIT_MS)
        self._sent = InOrder(self.pace)
        self.now_ms = 0
        self.free_at_ms = 0.0
        self.have_bytes = 0
        self.longest_ms = 0.0
        self._answers: deque[tuple[float, int]] = deque()

    def run(self, for_ms: int) -> int:
        """Send for so long; return how many bytes arrived. `longest_ms` is what others had to wait at worst."""
        before, until_ms = self.have_bytes, self.now_ms + for_ms
        self.longest_ms = 0.0
        while self.now_ms < until_ms:
            while self._answers and self._answers[0][0] <= self.now_ms:
                self.have_bytes = self._answers.popleft()[1]
                self._sent.answered(self.have_bytes, self.now_ms)
            while self.pace.room_bytes >= _MTU:
                self._sent.sent(_MTU, self.now_ms)
                self.free_at_ms = max(self.now_ms, self.free_at_ms) + 1000 * _MTU / self.bytes_per_s
                sent_bytes = self.have_bytes + self.pace.unanswered_bytes
                self._answers.append((self.free_at_ms + self.round_trip_ms, sent_bytes))
            self.longest_ms = max(self.longest_ms, self.free_at_ms - self.now_ms)
            self.now_ms += 1
        return self.have_bytes - before


@pytest.mark.parametrize("round_trip_ms", [2, 60, 600])
@pytest.mark.parametrize("bytes_per_s", [20_000, 100_000, 400_000])
def test_it_uses_the_link_and_others_wait_little(bytes_per_s: int, round_trip_ms: int) -> None:
    link = Link(bytes_per_s, round_trip_ms)
    link.run(20_000)
    carried = link.run(10_000)
    assert carried > 0.9 * 10 * bytes_per_s
    assert link.longest_ms < 2 * ERRAND_WAIT_MS


def test_a_link_that_becomes_thin_is_soon_noticed() -> None:
    link = Link(400_000, 20)
    link.run(10_000)
    link.bytes_per_s = 20_000
    link.run(10_000)
    assert link.run(5000) > 0.9 * 5 * 20_000
    assert link.longest_ms < 1.5 * ERRAND_WAIT_MS


def test_it_stays_within_its_bounds() -> None:
    link = Link(1_000_000_000, 1000)
    link.run(30_000)
    assert link.pace.size_bytes == AGENT_WINDOW_MOST_BYTES
    link = Link(500, 10)
    link.run(30_000)
    assert link.pace.size_bytes == AGENT_WINDOW_LEAST_BYTES


def test_who_sends_little_is_given_no_more_room_for_it() -> None:
    pace = Pace(ERRAND_WAIT_MS)
    for n in range(100):
        pace.sent(100)
        pace.answered(100, 5, 10 * n + 5)
    assert pace.size_bytes == AGENT_WINDOW_LEAST_BYTES
    assert pace.unanswered_bytes == 0
