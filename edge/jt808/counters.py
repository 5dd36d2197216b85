"""What a JT/T 808 gateway counts, for /metrics. Everything only grows, but for `connections`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Jt808Counters:
    """One for each gateway."""

    connections: int = 0
    connections_accepted: int = 0
    connections_refused: int = 0
    strangers_turned_out: int = 0
    """To make room in a full house."""
    closed_for_silence: int = 0
    closed_for_abuse: int = 0
    no_longer_known: int = 0
    """Cut off: their token was taken back, or they were enrolled as another kind."""
    faults: int = 0
    frames: int = 0
    bad_frames: int = 0
    bad_bodies: int = 0
    unsupported_messages: int = 0
    throttled: int = 0
    split_messages_given_up: int = 0
    registrations: int = 0
    registrations_refused: int = 0
    authentications: int = 0
    wrong_codes: int = 0
    phones_refused: int = 0
    """Right codes on a connection that has as many phones as it may."""
    unauthenticated_messages: int = 0
    positions: int = 0
    positions_refused_by_hub: int = 0
    sos: int = 0
    sos_without_place: int = 0
    fixes_without_satellites: int = 0
    fixes_off_globe: int = 0
    fixes_clock_off: int = 0
    texts_delivered: int = 0
    texts_failed: int = 0
