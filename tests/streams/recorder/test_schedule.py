"""Times of the week are the county's, and may go past midnight (SPEC R303)."""

from __future__ import annotations

from datetime import datetime

import pytest

from command.facts.recording import Hours
from command.kernel.local_time import BEIJING
from streams.recorder.schedule import covers

_WORK = Hours(days=(1, 2, 3, 4, 5), from_min=8 * 60, to_min=18 * 60)
_WEEKEND_NIGHTS = Hours(days=(6, 7), from_min=22 * 60, to_min=6 * 60)


@pytest.mark.parametrize(
    ("when", "recorded"),
    [
        ("2026-11-20 07:59", False),  # a Friday
        ("2026-11-20 08:00", True),
        ("2026-11-20 17:59", True),
        ("2026-11-20 18:00", False),
        ("2026-11-21 12:00", False),
        ("2026-11-21 22:00", True),
        ("2026-11-22 05:59", True),
        ("2026-11-22 06:00", False),
        ("2026-11-23 05:59", True),  # the night from Sunday
        ("2026-11-24 05:59", False),
    ],
)
def test_an_instant_is_within_the_schedule_or_not(when: str, recorded: bool) -> None:
    at_ms = int(datetime.fromisoformat(when).replace(tzinfo=BEIJING).timestamp() * 1000)
    assert covers((_WORK, _WEEKEND_NIGHTS), at_ms) is recorded
    assert not covers((), at_ms)
