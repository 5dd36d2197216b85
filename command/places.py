"""What is at which of several hubs: agents and devices that are connected there, recordings and clips on its disk.

A table that all hubs write and ask. What moves from hub to hub is where it came last: turns are counted, for no hub
trusts the clock of another. A hub that dies leaves its rows behind, so that others can say whom they miss, until it is
taken off the roll (`command.roll`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from command.kernel.clock import Clock
from command.kernel.database import Database, Statement
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import HUB_BEAT_MS, PLACES_LOOK_MS, PLACES_WRITTEN
from command.roll import LOST, HubPlace, HubState, Roll

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
_COME = """
    INSERT INTO places (kind, name, hub, turn)
    SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), coalesce(max(turn), 0) + 1
    FROM places WHERE kind = ? AND name = ?
    ON CONFLICT (kind, name, hub) DO UPDATE SET turn = excluded.turn
"""
_NOBODY = 0
"""The number of no hub: under it stands how many turns were claimed of each thing, so that they never begin anew."""
_TAKE_TURN = """
    INSERT INTO places (kind, name, hub, turn)
    SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), coalesce(max(turn), 0) + 1
    FROM places WHERE kind = ? AND name = ?
    ON CONFLICT (kind, name, hub) DO UPDATE
    SET turn = CASE WHEN excluded.turn > places.turn THEN excluded.turn ELSE places.turn + 1 END
"""
_CLAIM = """
    INSERT INTO places (kind, name, hub, turn)
    SELECT kind, name, CAST(? AS INTEGER), turn FROM places WHERE kind = ? AND name = ? AND hub = ?
    ON CONFLICT (kind, name, hub) DO UPDATE SET turn = excluded.turn
"""
_TURN = "SELECT turn FROM places WHERE kind = ? AND name = ? AND hub = ?"
_GONE = "DELETE FROM places WHERE kind = ? AND name = ? AND hub = ?"
_OURS = "SELECT kind, name FROM places WHERE hub = ?"
_AT = """
    SELECT hubs.number, hubs.url FROM places JOIN hubs ON hubs.number = places.hub
    WHERE places.kind = ? AND places.name = ? ORDER BY places.turn DESC, places.hub DESC
"""
_HAVING = """
    SELECT DISTINCT hubs.number, hubs.url FROM places JOIN hubs ON hubs.number = places.hub
    WHERE places.kind = ? ORDER BY hubs.number
"""
_NAMES = "SELECT name, hub, turn FROM places WHERE kind = ? ORDER BY turn, hub"
_LOST = """
    SELECT hubs.url, hub_beats.gone_ms FROM places JOIN hubs ON hubs.number = places.hub
    JOIN hub_beats ON hub_beats.number = places.hub WHERE places.kind = ? AND places.name = ? ORDER BY hub_beats.gone
"""
_COUNTS = "SELECT hub, kind, count(*) FROM places GROUP BY hub, kind"
SAVES_CLIPS = "saves_clips"
"""The kind of place that says of a hub that its own backups have the clips which it exported; one name stands there."""
Has = Callable[[], Iterable[str] | None]
"""The names of what is here now; None while that is not known, and what was told before stands."""


class HubThere(msgspec.Struct, frozen=True):
    """A hub of the roll with how much of each kind is at it."""

    state: HubState
    has: dict[str, int]


class Newest(msgspec.Struct, frozen=True):
    """The hub that something came to last, and the turn that it has there."""

    state: HubState
    turn: int


class Places:
    """The table, as the hub at `url` uses it. What asks the table raises `UnavailableError` where that is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.own: HubPlace | None = None
        """Who we are, once the others can reach us."""
        self.roll = Roll(database, clock)
        self._database = database
        self._clock = clock
        self._has: dict[str, Has] = {}
        self._written: set[tuple[str, str]] | None = None
        self._writing = asyncio.Lock()

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

    async def saving_clips(self) -> set[str]:
        """Return the addresses of the hubs whose own backups have the clips that they exported."""
        return {url for _, url in await self._database.rows(_HAVING, SAVES_CLIPS)}

    async def hub(self, number: int) -> HubPlace | None:
        """Return a hub by its number."""
        if number not in self.roll.hubs:
            await self.roll.look()
        state = self.roll.hubs.get(number)
        return state.place if state else None

    async def others(self) -> list[HubState]:
        """Return the other hubs of the roll."""
        return [state for state in (await self.roll.look()).values() if state.place != self.own]

    async def all_of(self, kind: str) -> dict[str, HubState]:
        """Return everything of a kind with the hub that it came to last, the dead ones included."""
        return {name: newest.state for name, newest in (await self.turns(kind)).items()}

    async def turns(self, kind: str) -> dict[str, Newest]:
        """Return the same with the turns."""
        hubs = await self.roll.look()
        rows = await self._database.rows(_NAMES, kind)
        return {name: Newest(hubs[hub], turn) for name, hub, turn in rows if hub in hubs}

    async def reached(self, kind: str) -> set[str]:
        """Return everything of a kind that is at a hub which is heard of."""
        hubs = await self.roll.look()
        rows = await self._database.rows(_NAMES, kind)
        return {name for name, hub, _ in rows if hub in hubs and not hubs[hub].is_away}

    async def lost(self, camera: str) -> list[tuple[str, int]]:
        """Return the hubs with recordings of a camera that were taken out, with when each was heard of last (UTC)."""
        return [(url, gone_ms) for url, gone_ms in await self._database.rows(_LOST, LOST, camera)]

    async def whole(self) -> list[HubThere]:
        """Return the roll with what is at each hub."""
        has: dict[int, dict[str, int]] = {}
        for hub, kind, count in await self._database.rows(_COUNTS):
            has.setdefault(hub, {})[kind] = count
        return [HubThere(state, has.get(number, {})) for number, state in (await self.roll.look()).items()]

    async def claim(self, kind: str, name: str) -> int:
        """Have something come here, also where it is here already, and return its turn: higher than any before.

        No two are alike, whoever claims at the same moment, and what was told of it before never counts again. Raises
        `UnavailableError` also while this hub is not on the roll.
        """
        async with self._writing:
            if self.own is None or self._written is None:
                raise UnavailableError("this hub is not on the roll of hubs yet")
            own = self.own.number
            with self._read_anew_unless_answered():
                await self._database.write(
                    (_TAKE_TURN, (kind, name, _NOBODY, kind, name)), (_CLAIM, (own, kind, name, _NOBODY))
                )
            self._written.add((kind, name))
            rows = await self._database.rows(_TURN, kind, name, own)
        if not rows:
            raise UnavailableError("this hub was taken out by others just now")
        return int(rows[0][0])

    async def run(
        self, url: str, counts: Callable[[], bool] = lambda: True, is_ours: Callable[[], bool] = lambda: True
    ) -> None:
        """Be the hub at `url` and keep the table as things are here, until cancelled; nobody while it is not ours.

        Of several hubs the one of which `counts()` is true looks after who has not been heard of.
        """
        looks = 0
        while True:
            if not is_ours():  # what stands there is the other's
                self.own = None
                await self._clock.sleep(PLACES_LOOK_MS)
                continue
            try:
                await self._be(url, beats=looks % (HUB_BEAT_MS // PLACES_LOOK_MS) == 0, counts=counts())
            except TriuneError as error:
                log.warning("other hubs know what is here as it was: %s", error.detail)
            else:
                looks += 1
            await self._clock.sleep(PLACES_LOOK_MS)

    async def _be(self, url: str, *, beats: bool, counts: bool) -> None:
        if self.own is None or (beats and not await self.roll.beat(self.own, counts=counts)):
            if self.own is not None:
                log.warning("this hub was taken out by others, and takes its place again")
            self.own, self._written = await self.roll.join(url), None
        async with self._writing:
            await self._keep(self.own.number)

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
            with self._read_anew_unless_answered():
                await self._database.write(*(statement for _, statement in some))
            self._written ^= _keys(some)

    @contextmanager
    def _read_anew_unless_answered(self) -> Iterator[None]:
        """Whether a write happened whose answer is lost, only the table knows: nothing written is to be believed."""
        try:
            yield
        except BaseException:
            self._written = None
            raise


def _keys(changes: Collection[tuple[tuple[str, str], Statement]]) -> set[tuple[str, str]]:
    return {key for key, _ in changes}
