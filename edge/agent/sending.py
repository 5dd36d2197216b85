"""What goes to the hub next over one connection, and what the hub's answers mean for the outbox."""

from __future__ import annotations

from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from edge.agent.pace import Pace
from edge.agent.protocol import Item, Items, Piece, Received, Settled, encode, encode_piece
from edge.limits import AGENT_ITEMS_PER_MESSAGE, AGENT_PIECE_BYTES, AGENT_WAIT_MS
from edge.outbox import Outbox, Priority, StoredItem

_ENVELOPE_BYTES = 48
"""About what an item's number and kind add to its body."""
_LEAST_PIECE_BYTES = 1024


class PictureBody(msgspec.Struct, frozen=True):
    """The body of an item of kind `picture`, in the outbox."""

    sha256: str


class Sink(Protocol):
    """The connection."""

    async def send(self, message: str | bytes) -> None:
        """Send one message."""
        ...


class _Flight(msgspec.Struct, frozen=True):
    priority: Priority
    size_bytes: int
    sent_ms: int


class _Upload:
    """The one picture that is on its way: piece after piece, each once the hub says how much it has."""

    def __init__(self, item: StoredItem) -> None:
        self.item = item
        self.sha256 = msgspec.json.decode(item.body, type=PictureBody).sha256
        self.at = 0
        self.unanswered: _Flight | None = None


class Sending:
    """Of one connection: everything unanswered goes anew over the next one, and the hub knows what it has.

    Of the states, only one message is ever unanswered, with one state of each camera: were a later one recorded
    already, the earlier one sent again would be told as news.
    """

    def __init__(self, outbox: Outbox, clock: Clock, sink: Sink) -> None:
        self.settled = 0
        self._outbox = outbox
        self._clock = clock
        self._sink = sink
        self._pace = Pace(AGENT_WAIT_MS)
        self._flying: dict[int, _Flight] = {}
        self._after = dict.fromkeys(Priority, 0)
        self._again = False
        self._upload: _Upload | None = None

    async def send_next(self) -> bool:
        """Send the most important of what waits, as far as there is room; say whether there was any."""
        if self._again:
            if self._flying:
                return False
            self._after, self._again = dict.fromkeys(Priority, 0), False
        room_bytes = self._pace.room_bytes
        if room_bytes <= 0:
            return False
        return await self._send_items(room_bytes) or await self._send_piece(room_bytes)

    async def _send_items(self, room_bytes: int) -> bool:
        chosen: list[StoredItem] = []
        for priority in Priority:
            if priority is not Priority.PICTURE and room_bytes > 0:
                for item in await self._candidates(priority, AGENT_ITEMS_PER_MESSAGE - len(chosen)):
                    if chosen and len(item.body) + _ENVELOPE_BYTES > room_bytes:
                        room_bytes = 0
                        break
                    chosen.append(item)
                    room_bytes -= len(item.body) + _ENVELOPE_BYTES
        if not chosen:
            return False
        now_ms = self._clock.now_ms()
        for item in chosen:
            size_bytes = len(item.body) + _ENVELOPE_BYTES
            self._flying[item.number] = _Flight(item.priority, size_bytes, now_ms)
            self._after[item.priority] = item.number
            self._pace.sent(size_bytes)
        told = [Item(number=item.number, kind=item.kind, body=msgspec.Raw(item.body)) for item in chosen]
        await self._sink.send(encode(Items(items=told)))
        return True

    async def _candidates(self, priority: Priority, limit: int) -> list[StoredItem]:
        if limit <= 0:
            return []
        if priority is not Priority.STATE:
            return await self._outbox.next(priority, self._after[priority], limit)
        if any(flight.priority is Priority.STATE for flight in self._flying.values()):
            return []
        first: dict[str, StoredItem] = {}
        for item in await self._outbox.next(priority, 0, limit):
            first.setdefault(item.subject, item)
        return list(first.values())

    async def _send_piece(self, room_bytes: int) -> bool:
        upload = self._upload = self._upload or await self._next_upload()
        if upload is None or upload.unanswered:
            return False
        size = max(_LEAST_PIECE_BYTES, min(room_bytes, AGENT_PIECE_BYTES))
        data = await self._outbox.picture(upload.item.number, upload.at, size)
        if not data:  # it was shed meanwhile
            self._upload = None
            return True
        upload.unanswered = _Flight(Priority.PICTURE, len(data), self._clock.now_ms())
        self._pace.sent(len(data))
        piece = Piece(
            number=upload.item.number, sha256=upload.sha256, size=upload.item.picture_bytes, at=upload.at
        )  # fmt: skip
        await self._sink.send(encode_piece(piece, data))
        return True

    async def _next_upload(self) -> _Upload | None:
        waiting = await self._outbox.next(Priority.PICTURE, self._after[Priority.PICTURE], 1)
        if not waiting:
            return None
        self._after[Priority.PICTURE] = waiting[0].number
        return _Upload(waiting[0])

    def received(self, message: Received) -> None:
        """Go on with the picture where the hub says."""
        upload = self._upload
        if upload is not None and upload.item.number == message.number and upload.unanswered:
            self._answered(upload.unanswered)
            upload.unanswered = None
            upload.at = min(message.have, upload.item.picture_bytes - 1)

    async def settle(self, message: Settled) -> None:
        """Do with the items what the hub's answer means. What it says of items that it was not sent is passed over."""
        done = [number for number in message.done if self._landed(number)]
        refused = [refusal.number for refusal in message.refused if self._landed(refusal.number)]
        unknown = [number for number in message.unknown if self._landed(number)]
        if unknown:
            await self._outbox.set_aside(unknown)
        if done or refused:
            await self._outbox.settle([*done, *refused])
            self.settled += len(done) + len(refused)
        later = [number for number in message.later if self._landed(number)]
        self._again = self._again or bool(later)

    def _landed(self, number: int) -> bool:
        if self._upload is not None and self._upload.item.number == number:
            flight, self._upload = self._upload.unanswered, None
        else:
            flight = self._flying.pop(number, None)
        if flight is not None:
            self._answered(flight)
        return flight is not None

    def _answered(self, flight: _Flight) -> None:
        now_ms = self._clock.now_ms()
        self._pace.answered(flight.size_bytes, now_ms - flight.sent_ms, now_ms)
