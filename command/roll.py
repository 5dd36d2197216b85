"""The roll of the hubs of a site: which there are, which of them are heard of, and which have gone for good.

Each hub sets its own count to nought every beat, and one of them, the one that holds a lease, adds a beat to those of
all others: no hub trusts the clock of another, and what was counted so far outlives whoever counts. A hub of a release
before that has no count, and is never missed. One that is taken out keeps its row, and so its number, in case that it
returns. Of what it told only that is kept what it may have had recordings of.
"""

from __future__ import annotations

import logging

import msgspec

from command import taken_out
from command.actors import HUB
from command.kernel.clock import Clock
from command.kernel.database import Database
from command.kernel.errors import ConflictError, TooManyError, UnknownIdError
from command.kernel.limits import HUB_AWAY_MS, HUB_BEAT_MS, HUB_GONE_MS, HUBS
from command.taken_out import TakenOut

log = logging.getLogger(__name__)
RECORDED, LOST = "recorded", "lost"
"""Kinds of places: cameras of which a hub has recordings, and of which one had that was taken out."""
SCHEMA = (
    """
    CREATE TABLE hub_beats (
        number INTEGER PRIMARY KEY, unheard INTEGER NOT NULL, gone INTEGER NOT NULL, gone_ms INTEGER NOT NULL
    );
    """,
)
"""Apart from the schema of `command.places`, which has the table `hubs`: a release before knows only that one."""
_LONG_GONE = f"not heard of for {HUB_GONE_MS // (24 * 60 * 60 * 1000)} days"
_LOOK = """
    SELECT hubs.number, hubs.url, hub_beats.unheard, coalesce(hub_beats.gone, 0)
    FROM hubs LEFT JOIN hub_beats ON hub_beats.number = hubs.number ORDER BY hubs.number
"""
_COME = "INSERT INTO hubs (number, url) SELECT coalesce(max(number), 0) + 1, ? FROM hubs"
_INHERIT = """
    UPDATE hubs SET url = ? WHERE number = ?
    AND EXISTS (SELECT 1 FROM hub_beats WHERE hub_beats.number = hubs.number AND hub_beats.gone = ?)
"""
_HERE = """
    INSERT INTO hub_beats (number, unheard, gone, gone_ms) SELECT number, 0, 0, 0 FROM hubs WHERE url = ?
    ON CONFLICT (number) DO UPDATE SET unheard = 0, gone = 0
"""
_BEAT = "UPDATE hub_beats SET unheard = 0 WHERE number = ? AND gone = 0"
_COUNT = "UPDATE hub_beats SET unheard = unheard + 1 WHERE number <> ? AND gone = 0"
_NEVER_COUNTED = """
    INSERT INTO hub_beats (number, unheard, gone, gone_ms)
    SELECT number, CAST(? AS INTEGER), 0, 0 FROM hubs WHERE number = ?
    ON CONFLICT (number) DO NOTHING
"""
_TAKE_OUT = """
    UPDATE hub_beats SET gone = (SELECT max(gone) + 1 FROM hub_beats), gone_ms = ?
    WHERE number = ? AND gone = 0 AND unheard >= ?
"""
_FORGET = """
    DELETE FROM places WHERE hub = ? AND kind <> ? AND kind <> ?
    AND EXISTS (SELECT 1 FROM hub_beats WHERE hub_beats.number = places.hub AND hub_beats.gone > 0)
"""
_LOSE = """
    UPDATE places SET kind = ? WHERE hub = ? AND kind = ?
    AND EXISTS (SELECT 1 FROM hub_beats WHERE hub_beats.number = places.hub AND hub_beats.gone > 0)
"""


class HubPlace(msgspec.Struct, frozen=True):
    """A hub: its number, which it keeps for ever, and where others reach it."""

    number: int
    url: str


class HubState(msgspec.Struct, frozen=True):
    """A hub of the roll, and for how long it was not heard of; None where it does not say."""

    place: HubPlace
    unheard_ms: int | None

    @property
    def is_away(self) -> bool:
        """Say whether it must be taken for dead."""
        return self.unheard_ms is not None and self.unheard_ms >= HUB_AWAY_MS


class Roll:
    """The roll, as one hub keeps it. What asks the database raises `UnavailableError` where that is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.hubs: dict[int, HubState] = {}
        """Those that were not taken out, as they stood when looked at last."""
        self._database = database
        self._clock = clock

    async def look(self) -> dict[int, HubState]:
        """Return the hubs by their numbers."""
        self.hubs = {
            number: HubState(HubPlace(number, url), None if unheard is None else unheard * HUB_BEAT_MS)
            for number, url, unheard, gone in await self._database.rows(_LOOK)
            if not gone
        }
        return self.hubs

    async def join(self, url: str) -> HubPlace:
        """Take one's place: the one that this address had before, or a new one. Raises `TooManyError`."""
        while True:
            known = await self._database.rows(_LOOK)
            own = next((HubPlace(number, url) for number, its_url, *_ in known if its_url == url), None)
            try:
                if own is None:
                    await self._database.write(_first_of(url, known))
                else:
                    await self._database.write((_HERE, (url,)))
            except ConflictError:
                continue  # another one took this number in the same moment
            if own is not None:
                await self.look()
                return own

    async def beat(self, own: HubPlace, *, counts: bool) -> bool:
        """Say that one is here; say whether one is on the roll still. Who `counts` looks after the others' beats."""
        [is_known] = await self._database.write((_BEAT, (own.number,)))
        if counts:
            await self._database.write((_COUNT, (own.number,)))
        for state in (await self.look()).values():
            if counts and state.unheard_ms is not None and state.unheard_ms >= HUB_GONE_MS:
                await self._take_out(state, HUB_GONE_MS, HUB.id, _LONG_GONE)
        return bool(is_known) and self.hubs.get(own.number, HubState(own, None)).place == own

    async def take_out(self, number: int, who: str, why: str) -> None:
        """Take a hub out at once; `who` does it and why is noted, to be recorded.

        Raises `UnknownIdError`, and `ConflictError` for one that is heard of.
        """
        state = (await self.look()).get(number)
        if state is None:
            raise UnknownIdError(f"there is no hub {number}")
        if state.unheard_ms is not None and not state.is_away:
            raise ConflictError(f"hub {state.place.url} is at work: stop it first")
        await self._database.write((_NEVER_COUNTED, (HUB_AWAY_MS // HUB_BEAT_MS, number)))
        if not await self._take_out(state, HUB_AWAY_MS, who, why):
            raise ConflictError(f"hub {state.place.url} has just come back")
        await self.look()

    async def taken_out(self) -> list[TakenOut]:
        """Return the hubs that were taken out last, the newest first."""
        return await taken_out.newest(self._database)

    async def taken_out_waiting(self) -> list[TakenOut]:
        """Return those of which it is not recorded yet, the oldest first."""
        return await taken_out.waiting(self._database)

    async def taken_out_recorded(self, taken: TakenOut) -> None:
        """It is on record."""
        await taken_out.note_recorded(self._database, taken)

    async def _take_out(self, state: HubState, unheard_ms: int, who: str, why: str) -> bool:
        """Take it out unless it was heard of within this time; say whether it was."""
        now_ms = self._clock.now_ms()
        number, gone_ms = state.place.number, now_ms - (state.unheard_ms or 0)
        taken, *_ = await self._database.write(
            (_TAKE_OUT, (gone_ms, number, unheard_ms // HUB_BEAT_MS)),
            (_FORGET, (number, RECORDED, LOST)),
            (_LOSE, (LOST, number, RECORDED)),
            taken_out.noted(number, gone_ms, who, why, now_ms),
        )
        if taken:
            log.warning("hub %s is taken out: what was at it is asked for there no more", state.place.url)
            self.hubs = {other: state for other, state in self.hubs.items() if other != number}
        return bool(taken)


def _first_of(url: str, known: list[tuple[int, str, int | None, int]]) -> tuple[str, tuple[str | int, ...]]:
    """Return what gives a new hub a number: a free one, or where there are too many that of the one longest gone."""
    if len(known) < HUBS * HUBS:
        return _COME, (url,)
    gone = min(((gone, number) for number, _, _, gone in known if gone), default=None)
    if gone is None:
        raise TooManyError(f"{len(known)} hubs are on the roll: take those out that are gone (`triune hubs`)")
    return _INHERIT, (url, gone[1], gone[0])
