"""Questions to devices whose answers come as messages of their own, one or many, told by their serial number (SN)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from command.kernel.clock import Clock
from command.kernel.errors import TooManyError, UnavailableError
from edge.gb28181 import asked
from edge.gb28181.counters import Gb28181Counters
from edge.gb28181.devices import Device
from edge.gb28181.gather import Gathering
from edge.gb28181.line import Line
from edge.gb28181.told import CatalogPart, Info, Item, Other, Recording, RecordPart, Status
from edge.limits import GB28181_ASKED_AGAIN, GB28181_CATALOGUE_ITEMS, GB28181_PART_MS, GB28181_RECORDINGS, SIP_ASKED

Part: TypeAlias = CatalogPart | RecordPart | Info | Status | Other


@dataclass(slots=True)
class _Question:
    of: type[Part]
    take: Callable[[Part], bool]
    """Takes a part; says whether the answer is whole."""
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    heard_ms: int = 0
    unread: str = ""
    """Why what the device said meanwhile could not be read."""


class Questions:
    """What is asked at present."""

    def __init__(self, line: Line, clock: Clock, counters: Gb28181Counters) -> None:
        self._counters = counters
        self._line = line
        self._clock = clock
        self._open: dict[tuple[str, int], _Question] = {}

    def answered(self, device: Device, part: Part) -> bool:
        """Take a part of an answer; False where nobody asked, or no longer."""
        question = self._open.get((device.id, part.sn)) or self._only_one(device, part)
        if question is None:
            return False
        question.heard_ms = self._clock.now_ms()
        if question.take(part):
            question.whole.set()
        return True

    def _only_one(self, device: Device, part: Part) -> _Question | None:
        """Return the one question that a part without a serial number can be the answer to."""
        fits = [each for (of, _), each in self._open.items() if of == device.id and isinstance(part, each.of)]
        return fits[0] if not part.sn and len(fits) == 1 else None

    def unread(self, device: Device, why: str) -> None:
        """The device said what cannot be read: it may have been an answer."""
        for (of, _), question in self._open.items():
            if of == device.id:
                question.unread = why

    async def catalogue(self, device: Device) -> Gathering[Item]:
        """Ask for the channels, again where parts are missing; return what came, whole or not.

        Raises `UnavailableError` where the device does not answer at all.
        """
        gathering: Gathering[Item] = Gathering(lambda item: item.channel, GB28181_CATALOGUE_ITEMS)

        def take(part: Part) -> bool:
            if isinstance(part, CatalogPart):
                gathering.take(part.total, part.items)
            return gathering.is_whole or gathering.is_cut

        def body(sn: int) -> bytes:
            return asked.query("Catalog", sn, device.id, encoding=device.encoding)

        await self._until_whole(device, device.id, body, CatalogPart, take, gathering)
        return gathering

    async def recordings(self, device: Device, channel: str, from_ms: int, to_ms: int) -> Gathering[Recording]:
        """Ask what the device has recorded of a channel; as `catalogue`."""
        gathering: Gathering[Recording] = Gathering(
            lambda item: (item.channel, item.from_ms, item.to_ms, item.name), GB28181_RECORDINGS
        )

        def take(part: Part) -> bool:
            if isinstance(part, RecordPart):
                gathering.take(part.total, part.items)
            return gathering.is_whole or gathering.is_cut

        def body(sn: int) -> bytes:
            return asked.recordings(sn, channel, from_ms, to_ms, encoding=device.encoding)

        await self._until_whole(device, channel, body, RecordPart, take, gathering)
        return gathering

    async def info(self, device: Device) -> Info:
        """Ask what the device is. Raises `UnavailableError`."""
        answer = await self._one(device, "DeviceInfo", Info)
        if not isinstance(answer, Info):
            raise UnavailableError(f"device {device.id} answered something else")
        return answer

    async def status(self, device: Device) -> Status:
        """Ask how the device is. Raises `UnavailableError`."""
        answer = await self._one(device, "DeviceStatus", Status)
        if not isinstance(answer, Status):
            raise UnavailableError(f"device {device.id} answered something else")
        return answer

    async def _one(self, device: Device, command: str, of: type[Part]) -> Part:
        came: list[Part] = []

        def take(part: Part) -> bool:
            came.append(part)
            return True

        def body(sn: int) -> bytes:
            return asked.query(command, sn, device.id, encoding=device.encoding)

        question = await self._ask(device, device.id, body, of, take)
        if not came:
            raise _unanswered(device, f"the question {command}", question)
        return came[-1]

    async def _until_whole(
        self, device: Device, to: str, body: Callable[[int], bytes], of: type[Part], take: Callable[[Part], bool],
        gathering: Gathering[Item] | Gathering[Recording],
    ) -> None:  # fmt: skip
        """Ask, and once more while parts are missing. Raises `UnavailableError` where no part came at all."""
        for turn in range(1 + GB28181_ASKED_AGAIN):
            self._counters.asked_again += turn > 0
            question = await self._ask(device, to, body, of, take)
            if question.whole.is_set() or (gathering.parts and gathering.total is None):
                return  # where nobody said how many there are, nothing says that some are missing
        if not gathering.parts:
            raise _unanswered(device, "the question for its list", question)

    async def _ask(
        self, device: Device, to: str, body: Callable[[int], bytes], of: type[Part], take: Callable[[Part], bool]
    ) -> _Question:
        if len(self._open) >= SIP_ASKED:
            raise TooManyError("too many questions to devices wait for their answers")
        sn = self._line.next_sn()
        key, question = (device.id, sn), _Question(of, take, heard_ms=self._clock.now_ms())
        self._open[key] = question
        try:
            await self._line.say(device, to, body(sn))
            question.heard_ms = self._clock.now_ms()
            await self._quiet(question)
            return question
        finally:
            del self._open[key]

    async def _quiet(self, question: _Question) -> None:
        """Wait for the whole answer, or until no further part came for `GB28181_PART_MS`."""
        await until(question.whole.wait(), lambda: question.heard_ms + GB28181_PART_MS, self._clock)


def _unanswered(device: Device, what: str, question: _Question) -> UnavailableError:
    if question.unread:
        return UnavailableError(f"device {device.id} took {what}, and what it says cannot be read: {question.unread}")
    return UnavailableError(f"device {device.id} took {what}, but does not answer it")


async def until(event: Awaitable[object], deadline_ms: Callable[[], int], clock: Clock) -> bool:
    """Wait for something up to an instant that may move; say whether it came."""

    async def alarm_clock() -> None:
        while (at_ms := deadline_ms()) > clock.now_ms():
            await clock.sleep_until(at_ms)

    async def waiting() -> None:
        await event

    async with asyncio.TaskGroup() as tasks:
        wanted, late = tasks.create_task(waiting()), tasks.create_task(alarm_clock())
        try:
            await asyncio.wait((wanted, late), return_when=asyncio.FIRST_COMPLETED)
            return wanted.done()
        finally:
            wanted.cancel()
            late.cancel()
