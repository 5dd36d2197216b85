"""What edge agents tell becomes readings, blobs and requests of the record: each item once, however often told."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from command.access.accounts import AGENT
from command.actors import HUB
from command.blobs import Blobs
from command.hub import Hub
from command.kernel.errors import NoRightError, TooManyError, TriuneError, UnavailableError, UnknownIdError
from command.passages import Passages
from command.readings import CallForHelp, Position, Sighting
from command.requests import ReportCamera, ReportDeviceAlarm, ReportHit, ReportRecorder, Request
from command.telling import NOBODY_CAN_TELL
from command.uplink.hub_uplink import HubUplink
from consoles.parts.cameras.alarms import alarm_of
from consoles.parts.hits import Hits, key_of
from consoles.parts.reading_quality import ReadingQuality
from edge.agent.items import (
    ALARM,
    CALL_FOR_HELP,
    CAMERA,
    DEVICE_ALARM,
    HIT,
    PICTURE,
    POSITION,
    READING,
    RECORDER,
    RECORDER_DISK,
    SIGHTING,
    Alarm,
    CameraState,
    DeviceAlarm,
    Fit,
    Hit,
    Reading,
    RecorderState,
)
from edge.agent.protocol import Item, Piece, Received, Refusal, Settled

log = logging.getLogger(__name__)
T = TypeVar("T")
KINDS = (
    ALARM, CALL_FOR_HELP, DEVICE_ALARM, HIT, CAMERA, RECORDER, RECORDER_DISK, SIGHTING, POSITION, READING, PICTURE,
)  # fmt: skip
_BODIES: dict[str, msgspec.json.Decoder[Any]] = {
    ALARM: msgspec.json.Decoder(Alarm),
    DEVICE_ALARM: msgspec.json.Decoder(DeviceAlarm),
    HIT: msgspec.json.Decoder(Hit),
    CAMERA: msgspec.json.Decoder(CameraState),
    RECORDER: msgspec.json.Decoder(RecorderState),
    RECORDER_DISK: msgspec.json.Decoder(RecorderState),
    SIGHTING: msgspec.json.Decoder(Sighting),
    POSITION: msgspec.json.Decoder(Position),
    CALL_FOR_HELP: msgspec.json.Decoder(CallForHelp),
    READING: msgspec.json.Decoder(Reading),
}


@dataclass
class ItemCounters:
    """What became of items, of all agents."""

    done: int = 0
    unknown: int = 0
    later: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Sender:
    """Who tells: the agent, its outbox, and the cameras that are its to speak of."""

    agent: str
    box: str
    cameras: Collection[str]


@dataclass
class _Outcome:
    done: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def failed(self, number: int, error: TriuneError) -> None:
        """Note what became of an item that could not be recorded: what can be taken another time is sent again."""
        if isinstance(error, NOBODY_CAN_TELL):
            self.later.append(number)
        else:
            self.refused.append(Refusal(number=number, code=error.code, detail=error.detail[:500]))


class Items:
    """Takes them. Nothing is answered as done before it is durable here."""

    def __init__(
        self, hub: Hub, passages: Passages, hits: Hits, blobs: Blobs, uplink: HubUplink, quality: ReadingQuality
    ) -> None:
        self.counters = ItemCounters()
        self._hub = hub
        self._passages = passages
        self._hits = hits
        self._blobs = blobs
        self._uplink = uplink
        self._quality = quality

    async def take(self, sender: Sender, items: Sequence[Item]) -> Settled:
        """Record items and say what became of each."""
        outcome = _Outcome()
        sightings: list[tuple[int, Sighting]] = []
        positions: list[tuple[int, Position]] = []
        calls: list[tuple[int, CallForHelp]] = []
        readings: list[tuple[int, Reading]] = []
        asked: list[tuple[int, Request]] = []
        keys: dict[int, str] = {}
        for item in items:
            try:
                match _BODIES[item.kind].decode(item.body):
                    case Sighting() as sighting:
                        _check_camera(sender, sighting.camera)
                        sightings.append((item.number, sighting))
                    case Position() as position:
                        positions.append((item.number, position))
                    case CallForHelp() as call:
                        calls.append((item.number, call))
                    case Reading() as reading:
                        readings.append((item.number, _own(sender, reading)))
                    case event:
                        asked.append((item.number, await self._request(sender, event)))
                        if isinstance(event, Hit):
                            keys[item.number] = key_of(event.watch, event.camera, event.plate, event.seen_ms)
            except (KeyError, msgspec.MsgspecError, UnicodeError, RecursionError):
                outcome.unknown.append(item.number)  # a newer agent's: it keeps it for a hub that can read it
            except TriuneError as error:
                outcome.failed(item.number, error)
        # At once and in this order: the hub decides them in the order in which they are asked.
        await asyncio.gather(
            *(self._ask(sender, number, request, keys.get(number), outcome) for number, request in asked)
        )
        await self._store(sightings, self._passages.add, outcome)
        await self._store(positions, self._uplink.positions, outcome)
        await self._store(calls, self._uplink.calls_for_help, outcome)
        await self._store(readings, self._quality.told, outcome)
        return self._settled(sender, outcome)

    async def _request(self, sender: Sender, event: Alarm | DeviceAlarm | Hit | CameraState | RecorderState) -> Request:
        match event:
            case Alarm():
                _check_camera(sender, event.camera)
                return alarm_of(event.camera, event.what, event.source)
            case DeviceAlarm():
                await self._check_subject(sender, event.subject)
                return _device_alarm(event)
            case Hit():
                _check_camera(sender, event.camera)
                return await self._hit(event)
            case CameraState():
                _check_camera(sender, event.camera)
                return _state(event)
            case RecorderState():
                return _recorder(sender, event)
            case _:
                assert_never(event)

    async def _check_subject(self, sender: Sender, subject: str) -> None:
        """A device that is no camera may speak of itself, but not under the id of another's camera."""
        if await self._hub.read(lambda t: t.cameras.get(subject) is not None):
            _check_camera(sender, subject)

    async def _ask(self, sender: Sender, number: int, request: Request, key: str | None, outcome: _Outcome) -> None:
        """Record an item under a key, its own where what it says has none."""
        actor = replace(HUB, id=AGENT + sender.agent)
        try:
            await self._hub.ask(request, actor, key or f"{AGENT}{sender.agent}/{sender.box}/{number}")
            outcome.done.append(number)
        except TriuneError as error:
            outcome.failed(number, error)

    async def _store(
        self, told: Sequence[tuple[int, T]], store: Callable[[list[T]], Awaitable[None]], outcome: _Outcome
    ) -> None:
        """Store readings together, or where one of them is wrong each by itself; one stored twice is stored once."""
        if not told:
            return
        try:
            await store([reading for _, reading in told])
            outcome.done += [number for number, _ in told]
        except (UnavailableError, TooManyError):
            outcome.later += [number for number, _ in told]
        except TriuneError as error:
            if len(told) == 1:
                outcome.failed(told[0][0], error)
            else:
                for one in told:
                    await self._store([one], store, outcome)

    async def _hit(self, hit: Hit) -> ReportHit:
        # An agent whose clock runs ahead still has seen the car: by now at the latest.
        seen_ms = min(hit.seen_ms, self._hub.clock.now_ms())
        told = ReportHit(
            watch=hit.watch, plate=hit.plate, camera=hit.camera, confidence=hit.confidence, picture=hit.picture,
            plate_picture=hit.plate_picture, seen_ms=seen_ms, how=hit.how, score=hit.score, direction=hit.direction,
            heading_deg=hit.heading_deg, line=hit.line,
        )  # fmt: skip
        return await self._hits.told_more(await self._hits.first_of(self._standing(told, hit)))

    def _standing(self, told: ReportHit, hit: Hit) -> list[ReportHit]:
        """Return a hit of a list by each line that the list holds still: the agent may be on an older file of it.

        Raises `UnknownIdError` where it holds none of them.
        """
        if not hit.line:
            return [told]
        standing: list[ReportHit] = []
        for fit in (Fit(line=hit.line, how=hit.how, score=hit.score), *hit.others):
            try:
                entry = self._hits.stands(hit.watch, fit.line, told.seen_ms)
            except UnknownIdError as error:
                gone = error
            else:
                note = entry.note if entry else ""
                standing.append(replace(told, line=fit.line, how=fit.how, score=fit.score, note=note))
        if not standing:
            raise gone
        return standing

    async def keep_picture(self, sender: Sender, number: int, data: bytes, sha256: str) -> Settled:
        """Keep a picture that has come whole."""
        outcome = _Outcome()
        if hashlib.sha256(data).hexdigest() != sha256:
            outcome.refused.append(Refusal(number=number, code="invalid_input", detail="not the picture that it says"))
        else:
            try:
                self._passages.picture_came(await self._blobs.add(data))
                outcome.done.append(number)
            except TriuneError as error:
                outcome.failed(number, error)
        return self._settled(sender, outcome)

    def _settled(self, sender: Sender, outcome: _Outcome) -> Settled:
        for refusal in outcome.refused:
            log.warning("item %d of agent %s is refused: %s", refusal.number, sender.agent, refusal.detail)
        self.counters.done += len(outcome.done)
        self.counters.unknown += len(outcome.unknown)
        self.counters.later += len(outcome.later)
        self.counters.refused += len(outcome.refused)
        return Settled(done=outcome.done, unknown=outcome.unknown, later=outcome.later, refused=outcome.refused)


class Uploads:
    """The one picture of an agent that is on its way, kept for when the link was cut in the middle."""

    def __init__(self) -> None:
        self._piece: Piece | None = None
        self._box = ""
        self._data = bytearray()

    def take(self, box: str, piece: Piece, data: bytes) -> Received | bytes:
        """Take a piece; return how much is here, or the whole picture."""
        last = self._piece
        if last is None or (self._box, last.number, last.sha256, last.size) != (
            box, piece.number, piece.sha256, piece.size,
        ):  # fmt: skip
            self._data.clear()
        self._piece, self._box = piece, box
        if piece.at <= len(self._data):
            self._data += data[len(self._data) - piece.at :]
        if len(self._data) < piece.size:
            return Received(number=piece.number, have=len(self._data))
        whole = bytes(self._data)
        self.clear()
        return whole

    def clear(self) -> None:
        """Forget it."""
        self._piece = None
        self._data = bytearray()


def _check_camera(sender: Sender, camera: str) -> None:
    if camera not in sender.cameras:
        raise NoRightError(f"camera {camera} is none of agent {sender.agent}")


def _own(sender: Sender, reading: Reading) -> Reading:
    """Return what is told of the agent's cameras: one may have been given to somebody else in that hour."""
    return replace(reading, cameras=[each for each in reading.cameras if each.camera in sender.cameras])


def _device_alarm(alarm: DeviceAlarm) -> ReportDeviceAlarm:
    return ReportDeviceAlarm(
        subject=alarm.subject, level=alarm.level, detail=alarm.detail, lat=alarm.lat, lon=alarm.lon
    )


def _state(state: CameraState) -> ReportCamera:
    return ReportCamera(camera=state.camera, up=state.up, reason=state.reason)


def _recorder(sender: Sender, state: RecorderState) -> ReportRecorder:
    disk = f":{state.disk}" if state.disk > 1 else ""  # which no name of an agent has in it
    return ReportRecorder(recorder=f"edge.{sender.agent}{disk}", ok=state.ok, reason=state.reason)
