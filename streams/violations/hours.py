"""Hours of rules, as strictly as clocks allow."""

from __future__ import annotations

from collections.abc import Sequence

from command.facts.recording import Hours
from command.readings import Sighting
from streams.limits import VIOLATION_HOURS_EDGE_MS
from streams.recorder.schedule import covers


def surely_within(hours: Sequence[Hours], sighting: Sighting) -> bool:
    """Say whether a whole passage was within the hours, and not so near to their ends that a clock could decide."""
    edges = (sighting.first_ms - VIOLATION_HOURS_EDGE_MS, sighting.last_ms + VIOLATION_HOURS_EDGE_MS)
    return not hours or all(covers(hours, at_ms) for at_ms in edges)
