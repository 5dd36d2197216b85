"""Recordings and clips of all hubs as one: each has what it recorded while it was its turn, and tells the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError, UnknownIdError
from command.places import Has
from command.roll import RECORDED, HubPlace
from consoles.parts.agents.recordings import FarArchive
from consoles.parts.hubs.clips import CLIPS, FarShelf, JoinedShelf, tells_clips
from consoles.parts.hubs.errands import HUB_HOP
from consoles.parts.hubs.part import Hubs
from edge.agent.archive import RECORDINGS, RecordingErrands
from streams.limits import RECORD_DISKS
from streams.recorder.archive import Archive
from streams.recorder.disks import cause_of_disk
from streams.recorder.gaps import Cause, Why
from streams.recorder.joined import numbered, whose
from streams.recorder.joined_archive import JoinedArchive, Part
from streams.recorder.shelf import OwnShelf, Shelf
from streams.recorder.store import Store

CLIPS_KIND = "clips"
"""What `Places` says of clips, by no name; of recordings it says `RECORDED`, by camera."""


def tell_recordings(
    hubs: Hubs, own: Callable[[], Archive], find_store: Callable[[], Store], recorded: Has, clock: Clock
) -> None:
    """Tell the other hubs which cameras this one has recordings of, and answer what they ask about them."""

    def has_clips() -> set[str] | None:
        try:
            return {""} if find_store().has_clips else set()
        except UnavailableError:
            return None

    def no_events(_camera: str) -> None:
        raise UnknownIdError("the hub that records is told of events by itself")

    hubs.places.tell(RECORDED, recorded)
    hubs.places.tell(CLIPS_KIND, has_clips)
    hubs.door.register(RECORDINGS, RecordingErrands(find_store, no_events, clock, own).answer)
    hubs.door.register(CLIPS, tells_clips(find_store))


class ArchiveOfHubs(JoinedArchive):
    """An `Archive` of cameras that hubs record in turn. Clips are made here of what all of them have."""

    def __init__(self, hubs: Hubs, own: Callable[[], Archive], find_store: Callable[[], Store], clock: Clock) -> None:
        super().__init__(find_store, clock)
        self._hubs = hubs
        self._own = own

    @property
    def _number(self) -> int:
        own = self._hubs.places.own
        return own.number if own else 0

    def _far(self, place: HubPlace) -> Archive:
        return FarArchive(partial(self._hubs.peers.open, place), self._find_store)

    async def parts(self, camera: str) -> list[Part]:
        """Return this hub and those others that have recordings of a camera."""
        places = await self._hubs.places.at(RECORDED, camera)
        others = [place for place in places if place != self._hubs.places.own]
        return [
            (self._number * RECORD_DISKS, self._own),
            *((place.number * RECORD_DISKS, partial(self._far, place)) for place in others),
        ]

    async def part_of(self, segment: int) -> tuple[Archive, int]:
        """Return the hub that has a segment."""
        number, own_id = whose(segment)
        hub, disk = divmod(number, RECORD_DISKS)
        if hub in (0, self._number):
            return self._own(), numbered(disk, own_id)
        place = await self._hubs.places.hub(hub)
        if place is None:
            raise UnknownIdError("no such recording")
        return self._far(place), numbered(disk, own_id)

    def cause_of(self, error: UnavailableError) -> Cause:
        """Say which hub does not answer, or what is wrong with a disk."""
        return Cause("hub_away", error.detail) if error.extra.get("hop") == HUB_HOP else cause_of_disk(error)

    async def gone(self, camera: str) -> list[Why]:
        """Return since when what hubs had recorded is gone that were taken out."""
        lost = await self._hubs.places.lost(camera)
        return [Why(0, until_ms, Cause("hub_gone", f"hub {url} was taken out")) for url, until_ms in lost]

    def exporter(self, segments: Sequence[int]) -> Archive | None:
        """Return this hub's own archive where it has all of them."""
        is_own = all(whose(segment)[0] // RECORD_DISKS in (0, self._number) for segment in segments)
        return self._own() if is_own else None


async def shelf_of(hubs: Hubs | None, find_store: Callable[[], Store]) -> JoinedShelf:
    """Return the clips of all hubs. Raises `UnavailableError` where there are none to be had at all."""
    if hubs is None:
        return JoinedShelf([("this hub", OwnShelf(find_store()))])
    shelves: list[tuple[str, Shelf]] = []
    away: list[str] = []
    try:
        shelves.append(("this hub", OwnShelf(find_store())))
    except UnavailableError as error:
        away.append(error.detail)
    others = [place for place in await hubs.places.at(CLIPS_KIND, "") if place != hubs.places.own]
    shelves += [(f"hub {place.url}", FarShelf(partial(hubs.peers.open, place))) for place in others]
    if not shelves:
        raise UnavailableError(away[0])
    return JoinedShelf(shelves, away)
