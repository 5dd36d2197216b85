"""What a SIP endpoint counts, for /metrics. Everything only grows, but for `connections`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class SipCounters:
    """One for each endpoint."""

    requests: int = 0
    repeated: int = 0
    answers: int = 0
    unexpected: int = 0
    malformed: int = 0
    throttled: int = 0
    overloaded: int = 0
    keepalives: int = 0
    faults: int = 0
    sent: int = 0
    sent_again: int = 0
    unsent: int = 0
    unanswered: int = 0
    connections: int = 0
    connections_accepted: int = 0
    connections_refused: int = 0
    strangers_turned_out: int = 0
    """To make room in a full house."""
    connections_cut: int = 0
