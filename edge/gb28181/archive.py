"""What devices have recorded themselves: listed, and played at any speed; no more at once than recorders carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TooManyError
from edge.gb28181.media import Gb28181Media, Gb28181Source
from edge.gb28181.pilot import Where
from edge.gb28181.recorded_time import RecordedTime
from edge.gb28181.told import Recording
from edge.limits import GB28181_LISTS, GB28181_PLAYBACKS, GB28181_PLAYBACKS_PER_DEVICE, GB28181_SEAM_MS
from streams.packets import Packet


class RecordedSpan(msgspec.Struct, frozen=True):
    """A device has pictures from one instant to another, UTC milliseconds."""

    from_ms: int
    to_ms: int


class RecordedList(msgspec.Struct, frozen=True):
    """What a device says that it has recorded; `whole` is false where parts of its answer never came."""

    spans: list[RecordedSpan]
    whole: bool


class Asks(Protocol):
    """A platform, as far as devices are asked for what they have recorded."""

    async def recordings(self, device: str, channel: str, from_ms: int, to_ms: int) -> tuple[list[Recording], bool]:
        """Return what a device has recorded of a channel, and whether the list is whole. Raises `UnavailableError`."""
        ...


class Archive:
    """The recordings of the devices at one platform."""

    def __init__(self, platform: Asks, media: Gb28181Media, clock: Clock) -> None:
        self._platform = platform
        self._media = media
        self._clock = clock
        self._lists = 0
        self._playing: Counter[str] = Counter()

    @property
    def playbacks(self) -> int:
        """How many run."""
        return self._playing.total()

    async def recorded(self, channel: Where, from_ms: int, to_ms: int) -> RecordedList:
        """Return what there is of a channel between two instants.

        Raises `UnavailableError` where the device is not there or does not say, `UnknownIdError`, `TooManyError`.
        """
        if self._lists >= GB28181_LISTS:
            raise TooManyError(f"{GB28181_LISTS} lists of recordings are being asked for; try again")
        self._lists += 1
        try:
            found, whole = await self._platform.recordings(*channel, from_ms, to_ms)
        finally:
            self._lists -= 1
        return RecordedList(spans_of(found, from_ms, to_ms), whole)

    @contextmanager
    def place(self, channel: Where) -> Iterator[None]:
        """Take one of the places for playbacks for the block. Raises `TooManyError` where all are taken."""
        device = channel.device
        if self.playbacks >= GB28181_PLAYBACKS or self._playing[device] >= GB28181_PLAYBACKS_PER_DEVICE:
            raise TooManyError("too many recordings of devices are being played; close one or try again later")
        self._playing[device] += 1
        try:
            yield
        finally:
            self._playing[device] -= 1
            self._playing += Counter()  # forget devices that nobody plays

    @asynccontextmanager
    async def play(self, address: str, from_ms: int, to_ms: int) -> AsyncIterator[Playback]:
        """Play a camera's recording for the block; the device is told BYE when it is left.

        Raises `SourceError` where the device does not agree. Whoever plays has a `place`.
        """
        async with self._media.playback(address, from_ms, to_ms, self._clock) as source:
            yield Playback(source, from_ms)


class Playback:
    """One recording under way: `async for packets in playback`, each stamped with the UTC instant that it shows.

    Ends with `PlaybackEndedError` at the end of the recording, with `SourceError` otherwise.
    """

    def __init__(self, source: Gb28181Source, from_ms: int) -> None:
        self.speed = 1.0
        self.is_held = False
        self._source = source
        self._time = RecordedTime(from_ms)

    def __aiter__(self) -> AsyncIterator[Packet]:
        return self

    async def __anext__(self) -> Packet:
        """Return the next picture."""
        packet = await anext(self._source)
        return msgspec.structs.replace(packet, pts_ms=self._time.instant_ms(packet.pts_ms, packet.at_ms))

    async def at_speed(self, times: float) -> None:
        """Play at another speed from now on, also what was held. Raises `InviteError` where the device refuses."""
        await self._source.steer(times)
        self.speed, self.is_held = times, False
        self._time.at_speed(times)

    async def hold(self) -> None:
        """Stand still. Raises `InviteError` where the device refuses."""
        await self._source.steer(None)
        self.is_held = True

    async def go_on(self) -> None:
        """Play on as before it was held. Raises `InviteError` where the device refuses."""
        await self.at_speed(self.speed)


def spans_of(recordings: Iterable[Recording], from_ms: int, to_ms: int) -> list[RecordedSpan]:
    """Return a device's files as spans without seams, in order, cut to what was asked for."""
    found: list[RecordedSpan] = []
    for each in sorted(recordings, key=lambda each: each.from_ms):
        begin_ms, end_ms = max(each.from_ms, from_ms), min(each.to_ms, to_ms)
        if end_ms <= begin_ms:
            continue
        if found and begin_ms - found[-1].to_ms <= GB28181_SEAM_MS:
            found[-1] = RecordedSpan(found[-1].from_ms, max(found[-1].to_ms, end_ms))
        else:
            found.append(RecordedSpan(begin_ms, end_ms))
    return found
