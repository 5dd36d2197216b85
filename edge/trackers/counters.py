"""What trackers over HTTP and the officers' own phones told, for /metrics. Everything only grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TrackerCounters:
    """Of all of them."""

    locations: int = 0
    locations_refused: int = 0
    """Without a place or time that anything can mean; the others of the same report are taken."""
    sos_without_place: int = 0
