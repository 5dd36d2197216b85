"""Links read the journal from a cursor of their own and tell an outside service what concerns it, at least once.

Every effect carries a key that follows from the fact, so that telling twice does nothing twice. While the service is
away the cursor stands still, the link's state is a row that every screen shows, and nothing is lost.
"""

from __future__ import annotations

import logging
from typing import Protocol

from command.actors import HUB
from command.facts import Recorded
from command.hub import Hub, recorded
from command.journal import DamagedJournalError
from command.kernel.errors import (
    HubBusyError,
    NoRightError,
    RecordAwayError,
    SignInRequiredError,
    TooManyError,
    TriuneError,
    UnavailableError,
)
from command.kernel.limits import LINK_BACKOFF_FIRST_MS, LINK_BACKOFF_LONGEST_MS
from command.links.cursors import Cursors
from command.requests import ReportLink

log = logging.getLogger(__name__)
_READ_FACTS = 500


class Link(Protocol):
    """What a link does with a fact."""

    name: str

    async def tell(self, fact: Recorded) -> bool:
        """Tell the service, if the fact concerns it; say whether it was spoken to.

        Errors of `AWAY` and `OWN_RECORD_AWAY` mean again later; any other refusal is final.
        """
        ...


AWAY = (UnavailableError, TooManyError, SignInRequiredError, NoRightError)
"""The service cannot be told now. A wrong token is no word about the fact: nothing may be skipped because of it."""
OWN_RECORD_AWAY = (RecordAwayError, HubBusyError, DamagedJournalError)
"""The hub could not be asked what a link asks of it: no word about the service, whatever became of that (R1020)."""


class Follower:
    """Drives one link along the live journal. `refused` and `faults` count facts that were skipped for good."""

    def __init__(self, hub: Hub, cursors: Cursors, link: Link) -> None:
        self.name = link.name
        self._hub = hub
        self._cursors = cursors
        self._link = link
        self._up: bool | None = None
        self._unsaid: ReportLink | None = None
        """How the service is, where that could not be recorded."""
        self.seq = 0
        self.told = 0
        self.refused = 0
        self.faults = 0

    @property
    def behind(self) -> int:
        """How many facts are still to be told."""
        return max(0, self._hub.committed_seq - self.seq)

    async def run(self) -> None:
        """Follow until cancelled, from the stored cursor on. While journal or cursor file is away or damaged, wait."""
        pause_ms = LINK_BACKOFF_FIRST_MS
        loaded = False
        self._up, self._unsaid = None, None  # another hub may have followed meanwhile, and said otherwise
        while True:
            try:
                if not loaded:
                    self.seq = await self._cursors.load(self._link.name)
                    loaded = True
                if not await self._caught_up():
                    await self._hub.clock.sleep(pause_ms)
                    pause_ms = min(pause_ms * 2, LINK_BACKOFF_LONGEST_MS)
                    continue
                await self._hub.wait_beyond(self.seq)
                # Never beyond the tables: another hub may have written what the rows here do not show yet.
                count = min(_READ_FACTS, self._hub.committed_seq - self.seq)
                for stored in await self._hub.journal.read(self._hub.space, self.seq, count):
                    await self._tell(recorded(stored))
                    self.seq = stored.seq
                await self._cursors.store(self._link.name, self.seq)
                pause_ms = LINK_BACKOFF_FIRST_MS
            except (UnavailableError, *OWN_RECORD_AWAY) as error:
                log.warning("%s has to wait for its own files: %s", self.name, error.detail)
                await self._hub.clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, LINK_BACKOFF_LONGEST_MS)

    async def _tell(self, fact: Recorded) -> None:
        pause_ms = LINK_BACKOFF_FIRST_MS
        while True:
            try:
                spoken = await self._link.tell(fact)
            except OWN_RECORD_AWAY:
                raise
            except AWAY as error:
                await self._report(up=False, reason=error.detail)
                await self._hub.clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, LINK_BACKOFF_LONGEST_MS)
                continue
            except TriuneError as error:
                # The service said no for good: trying again would stop everything behind it for ever.
                self.refused += 1
                spoken = True
                log.warning("%s refused what fact %d asks: %s", self.name, fact.seq, error.detail)
            except Exception:  # a fault of ours about one fact must not take the hub, or the facts behind it, with it
                self.faults += 1
                spoken = False
                log.exception("%s cannot tell fact %d", self.name, fact.seq)
            if spoken:
                self.told += 1
                await self._report(up=True)
            return

    async def _report(self, *, up: bool, reason: str = "") -> None:
        if self._up is not up or self._unsaid is not None:  # what could not be recorded is said no more, or may be
            await self._say(ReportLink(link=self._link.name, up=up, reason=reason[:500]))

    async def _caught_up(self) -> bool:
        """Record what could not be recorded, or it would not be before there is something to tell again."""
        return self._unsaid is None or await self._say(self._unsaid)

    async def _say(self, said: ReportLink) -> bool:
        """Record how the service is; where that cannot be it is said later, and the log tells it once."""
        try:
            await self._hub.ask(said, HUB)
        except TriuneError as error:
            if self._unsaid is None:
                log.warning("the state of %s could not be recorded: %s", self.name, error.detail)
            self._unsaid = said
            return False
        self._up, self._unsaid = said.up, None
        return True
