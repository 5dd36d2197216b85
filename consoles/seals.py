"""Seals: a part of a fact's digest, by which a console shows that what it holds is of the record that a hub has.

A record may be set back under its own id: a machine was rolled back, a file copied back by hand, a standby took over
that lagged. The same numbers then count other facts, and a console that resumes by its number alone would go on
showing what is on record nowhere.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from command.hub import Hub
from command.kernel.errors import TriuneError
from consoles.limits import SEALS_KEPT

_BYTES = 8


class Seals:
    """The seals of the facts up to which frames were sent of late; others are looked up in the journal."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[int, str] = OrderedDict()
        self._looking = asyncio.Lock()

    def of(self, seq: int) -> str:
        """Return the seal of the fact that the tables are at, or were of late; else it is empty."""
        head = self._hub.head
        if head.seq == seq:
            self._keep(seq, head.digest)
        return self._known.get(seq, "")

    async def fits(self, seq: int, seal: str) -> bool:
        """Say whether that fact is on record; not where the record is away and cannot say so."""
        known = self.of(seq)
        if known or not self._hub.accepting:
            return known == seal
        async with self._looking:  # who comes back together asks for the same
            if seq not in self._known:
                try:
                    stored = await self._hub.journal.read(self._hub.space, seq - 1, 1)
                except TriuneError:
                    return False
                if not stored or stored[0].seq != seq:
                    return False
                self._keep(seq, stored[0].digest)
            return self._known[seq] == seal

    def _keep(self, seq: int, digest: bytes) -> None:
        self._known[seq] = digest[:_BYTES].hex()
        if len(self._known) > SEALS_KEPT:
            self._known.popitem(last=False)
