"""The way to a camera that publishes: who does, since when, and else who tried last and what became of that."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from command.kernel.clock import Clock
from streams.diagnosis import Hops
from streams.limits import WHIP_TRIES

NOBODY: Final = "nobody publishes to this camera now"
HOP: Final = "publisher"
WRONG_KEY: Final = "its key was wrong"
NEVER_CONNECTED: Final = "it never connected: is UDP let through, is there NAT?"
LEFT: Final = "it left"


class _Try(msgspec.Struct, frozen=True):
    at_ms: int
    who: str
    outcome: str


class Tries:
    """The newest try to publish at each address, as far as it failed or is over; the oldest are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._newest: OrderedDict[str, _Try] = OrderedDict()

    def note(self, address: str, who: str, outcome: str) -> None:
        """Somebody tried, and this came of it. `who` is a network address."""
        self._newest[address] = _Try(self._clock.now_ms(), who, outcome)
        self._newest.move_to_end(address)
        while len(self._newest) > WHIP_TRIES:
            self._newest.popitem(last=False)

    def fail(self, address: str, hops: Hops) -> None:
        """Note that nobody publishes, and why that may be. Raises `WayEndedError`."""
        newest = self._newest.get(address)
        if newest is None:
            hops.fail(HOP, NOBODY)
        tried = f"{ago(self._clock.now_ms() - newest.at_ms)} from {newest.who}"
        hops.fail(HOP, f"{NOBODY}; the newest to try, {tried}: {newest.outcome}")


def ago(past_ms: int) -> str:
    """Return how long ago that is, in the words that `streams.hop_words` knows."""
    seconds = max(0, past_ms) // 1000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
