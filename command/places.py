"""What is at which of several hubs: agents and devices that are connected there, recordings and clips on its disk.

A table that all hubs write and ask. What moves from hub to hub is where it came last: turns are counted, for no hub
trusts the clock of another. A hub that dies leaves its rows behind, so that others can say whom they miss.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable

import msgspec

from command.kernel.clock import Clock
from command.kernel.database import Database, Statement
from command.kernel.errors import ConflictError, TooManyError, TriuneError
from command.kernel.limits import HUBS, PLACES_LOOK_MS, PLACES_WRITTEN

log = logging.getLogger(__name__)
SCHEMA = (
    """
    CREATE TABLE hubs (number INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
    CREATE TABLE places (
        kind TEXT NOT NULL, name TEXT NOT NULL, hub INTEGER NOT NULL, turn INTEGER NOT NULL,
        PRIMARY KEY (kind, name, hub)
    );
    """,
)
_JOIN = "INSERT INTO hubs (number, url) SELECT coalesce(max(number), 0) + 1, ? FROM hubs"
_HUBS = "SELECT number, url FROM hubs ORDER BY number"
_COME = """
    INSERT INTO places (kind, name, hub, turn)
    SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), coalesce(max(turn), 0) + 1
    FROM places WHERE kind = ? AND name = ?
    ON CONFLICT (kind, name, hub) DO UPDATE SET turn = excluded.turn
"""
_GONE = "DELETE FROM places WHERE kind = ? AND name = ? AND hub = ?"
_OURS = "SELECT kind, name FROM places WHERE hub = ?"
_AT = """
    SELECT hubs.number, hubs.url FROM places JOIN hubs ON hubs.number = places.hub
    WHERE places.kind = ? AND places.name = ? ORDER BY places.turn DESC
"""
_HAVING = """
    SELECT DISTINCT hubs.number, hubs.url FROM places JOIN hubs ON hubs.number = places.hub
    WHERE places.kind = ? ORDER BY hubs.number
"""
Has = Callable[[], Iterable[str] | None]
"""The names of what is here now; None while that is not known, and what was told before stands."""


class HubPlace(msgspec.Struct, frozen=True):
    """A hub: its number, which it keeps for ever, and where others reach it."""

    number: int
    url: str


class Places:
    """The table, as the hub at `url` uses it. What asks the table raises `UnavailableError` where that is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.own: HubPlace | None = None
        """Who we are, once the others can reach us."""
        self._database = database
        self._clock = clock
        self._has: dict[str, Has] = {}
        self._written: set[tuple[str, str]] | None = None
        self._hubs: dict[int, HubPlace] = {}

    def tell(self, kind: str, has: Has) -> None:
        """Tell the others of everything of a kind that is here, as `has()` returns it."""
        self._has[kind] = has

    async def at(self, kind: str, name: str) -> list[HubPlace]:
        """Return the hubs that something is at, the one that it came to last first; ours may be among them."""
        return [HubPlace(*row) for row in await self._database.rows(_AT, kind, name)]

    async def elsewhere(self, kind: str, name: str) -> HubPlace | None:
        """Return the other hub that something came to last; None where that is here, or nowhere."""
        return next((place for place in (await self.at(kind, name))[:1] if place != self.own), None)

    async def others_having(self, *kinds: str) -> list[HubPlace]:
        """Return the other hubs at which there is anything of these kinds."""
        found = {HubPlace(*row) for kind in kinds for row in await self._database.rows(_HAVING, kind)}
        return sorted((place for place in found if place != self.own), key=lambda place: place.number)

    async def hub(self, number: int) -> HubPlace | None:
        """Return a hub by its number."""
        if number not in self._hubs:
            self._hubs = {found: HubPlace(found, url) for found, url in await self._database.rows(_HUBS)}
        return self._hubs.get(number)

    async def run(self, url: str) -> None:
        """Be the hub at `url` and keep the table as things are here, until cancelled."""
        while self.own is None:
            try:
                self.own = await self._join(url)
            except TriuneError as error:
                log.warning("other hubs cannot be told of this one now: %s", error.detail)
                await self._clock.sleep(PLACES_LOOK_MS)
        while True:
            try:
                await self._keep(self.own.number)
            except TriuneError as error:
                log.warning("other hubs know what is here as it was: %s", error.detail)
            await self._clock.sleep(PLACES_LOOK_MS)

    async def _join(self, url: str) -> HubPlace:
        while True:
            known = {found: number for number, found in await self._database.rows(_HUBS)}
            if url in known:
                return HubPlace(known[url], url)
            if len(known) >= HUBS * HUBS:
                raise TooManyError(
                    f"{len(known)} hubs have been here; take those out of the table `hubs` that are gone"
                )
            try:
                await self._database.write((_JOIN, (url,)))
            except ConflictError:
                continue  # another one took this number in the same moment

    async def _keep(self, number: int) -> None:
        if self._written is None:
            self._written = {(kind, name) for kind, name in await self._database.rows(_OURS, number)}
        # What is of a kind that nobody tells of is what a hub of another release told: it is gone too.
        now: set[tuple[str, str]] = set()
        for kind, has in self._has.items():
            names = has()
            now |= {each for each in self._written if each[0] == kind} if names is None else {(kind, n) for n in names}
        changes: list[tuple[tuple[str, str], Statement]] = [
            *((each, (_GONE, (*each, number))) for each in self._written - now),
            *((each, (_COME, (*each, number, *each))) for each in now - self._written),
        ]
        for first in range(0, len(changes), PLACES_WRITTEN):
            some = changes[first : first + PLACES_WRITTEN]
            await self._database.write(*(statement for _, statement in some))
            self._written ^= _keys(some)


def _keys(changes: Collection[tuple[tuple[str, str], Statement]]) -> set[tuple[str, str]]:
    return {key for key, _ in changes}
