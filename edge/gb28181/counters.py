"""What a GB/T 28181 platform counts beside its SIP endpoint and registrar, for /metrics. Everything only grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Gb28181Counters:
    """One for each platform."""

    devices_refused: int = 0
    went_offline: int = 0
    keepalives: int = 0
    strangers: int = 0
    bad_bodies: int = 0
    unasked_answers: int = 0
    asked_again: int = 0
    catalogues: int = 0
    catalogues_incomplete: int = 0
    alarms: int = 0
    alarms_repeated: int = 0
    places: int = 0
    places_of_nobody: int = 0
    not_recorded: int = 0
    clocks_off: int = 0
    invites: int = 0
    invites_failed: int = 0
