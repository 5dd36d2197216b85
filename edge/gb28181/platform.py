"""The upper platform of GB/T 28181: devices register here, are asked for what they have, invited, steered and heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.kernel.geo import Datum
from edge.gb28181 import asked, told
from edge.gb28181.counters import Gb28181Counters
from edge.gb28181.devices import SIGNED_OFF, Device, DeviceState
from edge.gb28181.ids import domain_of
from edge.gb28181.invite import InviteDialog, InviteError, Media
from edge.gb28181.learning import Learner
from edge.gb28181.line import Line
from edge.gb28181.manscdp import ManscdpError
from edge.gb28181.ptz import move, preset
from edge.gb28181.questions import Questions
from edge.gb28181.registrar import Refused, Registered, Registrar
from edge.gb28181.registrations import Registrations
from edge.gb28181.reports import AlarmSink, Reports
from edge.gb28181.ssrc import Ssrcs
from edge.gb28181.streams import Streams
from edge.gb28181.subscriptions import Subscriptions
from edge.gb28181.told import Recording
from edge.limits import GB28181_DEVICES
from edge.sip.endpoint import Endpoint
from edge.sip.headers import name_address
from edge.sip.message import Request, Response, respond
from edge.sip.peer import Peer
from edge.uplink import Uplink

log = logging.getLogger(__name__)

_TICK_MS = 1000
_METHODS = "REGISTER, MESSAGE, NOTIFY, BYE, OPTIONS, INFO, ACK, CANCEL"
# Nobody invites us, so there is nothing to cancel either.
_ANSWERS = {"OPTIONS": 200, "INFO": 200, "INVITE": 488, "CANCEL": 481, "SUBSCRIBE": 489}


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are to devices. `passwords` are those of single devices; the others have to know `password`."""

    server: str
    """20 digits."""
    password: str
    passwords: dict[str, str] = {}
    domain: str = ""
    """The SIP domain and realm; empty: the first ten digits of `server`."""

    @property
    def realm(self) -> str:
        """The domain that is meant."""
        return self.domain or domain_of(self.server)

    def password_of(self, device: str) -> str:
        """Return what a device has to know."""
        return self.passwords.get(device, self.password)

    def __repr__(self) -> str:
        return f"Identity({self.server!r})"


class Platform:
    """Serves devices while it is entered: `async with Platform(…) as platform: platform.port`. Port 0 binds a free one.

    `datum` is that of the places that devices tell. `on_alarm` records their alarms. `kept` is where registrations
    outlive a restart; without it they do not.
    """

    def __init__(
        self, identity: Identity, uplink: Uplink, on_alarm: AlarmSink, clock: Clock, host: str, port: int, *,
        announced: str = "", datum: Datum, kept: Registrations | None = None,
    ) -> None:  # fmt: skip
        self.counters = Gb28181Counters()
        self.endpoint = Endpoint(clock, host, port, self._requested, announced)
        self.registrar = Registrar(identity.realm, identity.password_of)
        self._clock = clock
        self._devices: dict[str, Device] = {}
        self._kept = kept
        self._line = Line(self.endpoint, identity.server, identity.realm)
        self._questions = Questions(self._line, clock, self.counters)
        self._streams = Streams(self._line, clock)
        self._subscriptions = Subscriptions(self._line, clock)
        self._reports = Reports(uplink, on_alarm, clock, self.counters, datum)
        self._ssrcs = Ssrcs(domain_of(identity.server))
        self._learner = Learner(self._questions, self._subscriptions, self._reports, clock, self.counters)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The SIP port, UDP and TCP."""
        return self.endpoint.port

    @property
    def online(self) -> int:
        """How many devices are registered and heard of."""
        return sum(not (device.offline or device.waiting) for device in self._devices.values())

    def here(self) -> list[str]:
        """Return the devices that are registered and not missed, heard of since the start or not."""
        return [device.id for device in self._devices.values() if not device.offline]

    def is_here(self, device: str) -> bool:
        """Say whether a device is registered and not missed."""
        known = self._devices.get(device)
        return known is not None and not known.offline

    async def __aenter__(self) -> Self:
        if self._kept:
            self._devices = {device.id: device for device in await self._kept.load()}
        await self.endpoint.__aenter__()
        self._group = await asyncio.TaskGroup().__aenter__()
        self._start(self._tick())
        if self._kept:
            self._start(self._kept.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)
        await self.endpoint.__aexit__(kind, error, trace)
        if self._kept:
            await self._kept.write()

    def ssrc(self, *, playback: bool) -> AbstractContextManager[int]:
        """Lend a stream's SSRC for the block. Raises `InviteError` where all are lent."""
        return self._ssrcs.lend(playback=playback)

    @asynccontextmanager
    async def invite(
        self, device: str, channel: str, media: Media, playback: tuple[int, int] | None = None
    ) -> AsyncIterator[InviteDialog]:
        """Ask a registered device to send a channel for the block; leaving ends it with BYE.

        `playback` is from and to, UTC milliseconds; None is live. Raises `InviteError`.
        """
        self.counters.invites += 1
        async with AsyncExitStack() as stack:
            try:
                agreeing = self._streams.invite(self._to_invite(device), channel, media, playback)
                stream = await stack.enter_async_context(agreeing)
            except InviteError:
                self.counters.invites_failed += 1
                raise
            yield stream

    def _to_invite(self, device: str) -> Device:
        known = self._devices.get(device)
        if known is None or known.offline or _is_cut_off(known):
            raise InviteError(self.diagnosis(device))
        return known

    async def move(self, device: str, channel: str, pan: float, tilt: float, zoom: float) -> None:
        """Move a camera: each of -1 (left, down, out) to 1, all 0 stops. Raises `UnavailableError`."""
        await self._control(device, channel, move(pan, tilt, zoom))

    async def preset(self, device: str, channel: str, number: int) -> None:
        """Send a camera to a preset, 1 to 255. Raises `UnavailableError`."""
        await self._control(device, channel, preset(number))

    async def ask_key(self, device: str, channel: str) -> None:
        """Have a channel send a key frame now. Raises `UnavailableError`."""
        known = self._need(device)
        body = asked.key_frame(self._line.next_sn(), channel, version=known.version, encoding=known.encoding)
        await self._line.say(known, channel, body)

    async def _control(self, device: str, channel: str, command: str) -> None:
        known = self._need(device)
        body = asked.ptz(self._line.next_sn(), channel, command, encoding=known.encoding)
        await self._line.say(known, channel, body)

    async def recordings(self, device: str, channel: str, from_ms: int, to_ms: int) -> tuple[list[Recording], bool]:
        """Return what a device has recorded of a channel, and whether the list is whole. Raises `UnavailableError`."""
        gathering = await self._questions.recordings(self._need(device), channel, from_ms, to_ms)
        return sorted(gathering.items, key=lambda each: each.from_ms), gathering.is_whole

    def states(self) -> list[DeviceState]:
        """Return every registered device, with its channels, by id."""
        return [self._devices[device].state() for device in sorted(self._devices)]

    def state(self, device: str) -> DeviceState | None:
        """Return one device, with its channels; None where it has not registered."""
        known = self._devices.get(device)
        return known.state() if known else None

    def refused(self) -> list[Refused]:
        """Return who was last refused and why, the newest first."""
        return list(reversed(self.registrar.refused.values()))

    def diagnosis(self, device: str) -> str:
        """Say for a technician how far a device got: its registration, when it was heard, its newest INVITE."""
        now_ms = self._clock.now_ms()
        known = self._devices.get(device)
        if known is not None:
            return known.diagnosis(now_ms)
        refused = self.registrar.refused.get(device)
        if refused:
            return f"not registered: {refused.why}, {(now_ms - refused.at_ms) // 1000} s ago from {refused.host}"
        return "not registered: nothing came from this device since the hub started"

    def _need(self, device: str) -> Device:
        known = self._devices.get(device)
        if known is None:
            raise UnknownIdError(f"no GB/T 28181 device {device} is registered", id=device)
        if known.offline:
            raise UnavailableError(f"device {device} is offline: {known.offline}")
        if _is_cut_off(known):
            raise UnavailableError(f"device {device}: {known.waiting}")
        return known

    def _requested(self, request: Request, peer: Peer) -> Response | Awaitable[Response]:
        match request.method:
            case "REGISTER":
                return self._register(request, peer)
            case "MESSAGE" | "NOTIFY":
                return self._heard(request, peer)
            case "BYE":
                return respond(request, 200 if self._streams.bye(request) else 481)
            case _:
                return respond(request, _ANSWERS.get(request.method, 405), ("Allow", _METHODS), tag="none")

    def _register(self, request: Request, peer: Peer) -> Response:
        now_ms = self._clock.now_ms()
        if not self._has_room(name_address(request.need("to")).user):
            self.counters.devices_refused += 1
            return respond(request, 503, ("Retry-After", "60"))
        response, registered = self.registrar.register(request, peer.host, now_ms)
        if registered is not None:
            self._registered(registered, peer, now_ms)
        return response

    def _has_room(self, device: str) -> bool:
        """Say whether a device may be taken in; where all places are taken, one that is offline makes room."""
        if device in self._devices or len(self._devices) < GB28181_DEVICES:
            return True
        offline = next((each for each in self._devices.values() if each.offline), None)
        if offline is None:
            return False
        del self._devices[offline.id]
        if self._kept:
            self._kept.forget(offline.id)
        return True

    def _registered(self, registered: Registered, peer: Peer, now_ms: int) -> None:
        device = self._devices.get(registered.device)
        if registered.expires_s == 0:
            if device is not None:
                self._went_offline(device, SIGNED_OFF)
            return
        if device is None:
            device = self._devices[registered.device] = Device(registered.device, peer, now_ms)
        is_new = device.register(registered, peer, now_ms)
        self._note(device, soon=True)
        if is_new:
            self._subscriptions.forget(device)
        if is_new or not device.is_catalogued:
            self._start(self._learn(device))

    async def _learn(self, device: Device) -> None:
        await self._learner.learn_all(device)
        self._note(device)

    def _note(self, device: Device, *, soon: bool = False) -> None:
        if self._kept and self._devices.get(device.id) is device:
            self._kept.note(device, soon=soon)

    def _device_of(self, request: Request, peer: Peer) -> Device | None:
        """Return the registered device that a request is of; None where it does not come from where that one is.

        A new port of the same address is a NAT that forgot; another address has to register.
        """
        device = self._devices.get(name_address(request.need("from")).user)
        if device is None or device.offline or device.peer.host != peer.host:
            return None
        device.peer = peer
        device.heard_ms = self._clock.now_ms()
        if device.waiting:  # the first word since the hub started: what was subscribed to is to be subscribed to anew
            device.restored_ms = None
            self._start(self._learn(device))
        self._note(device)
        return device

    def _heard(self, request: Request, peer: Peer) -> Response | Awaitable[Response]:
        device = self._device_of(request, peer)
        if device is None:
            self.counters.strangers += 1
            return respond(request, 403)
        if not request.body.strip():
            return respond(request, 200)  # the state of a subscription
        try:
            message = told.read(request.body)
        except ManscdpError as error:
            self.counters.bad_bodies += 1
            self._questions.unread(device, error.detail)
            log.debug("what device %s says cannot be read: %s", device.id, error.detail)
            return respond(request, 400)
        match message:
            case told.Alarm():
                return self._alarm(request, device, message)
            case told.Place():
                return self._recorded(request, self._reports.place(device, message))
            case _:
                self._noted(device, message, request.get("call-id") or "")
                return respond(request, 200)

    def _noted(self, device: Device, message: told.Told, call_id: str) -> None:
        match message:
            case told.Keepalive():
                self.counters.keepalives += 1
                device.keepalive_ms = device.heard_ms
                device.fault = f"the device says {message.fault}" if message.fault else ""
            case told.FileEnd():
                self._streams.file_end(device, message.device, call_id)
            case told.CatalogChange():
                for event, item in message.changes:
                    device.change(event, item)
            case told.CatalogPart() | told.RecordPart() | told.Info() | told.Status() | told.Other():
                if not self._questions.answered(device, message):
                    self.counters.unasked_answers += 1

    async def _alarm(self, request: Request, device: Device, alarm: told.Alarm) -> Response:
        response = await self._recorded(request, self._reports.alarm(device, alarm))
        if response.status == 200:
            body = asked.alarm_taken(alarm.sn, alarm.device, encoding=device.encoding)
            self.endpoint.tell(self._line.message(device, device.id, body), device.peer)
        return response

    async def _recorded(self, request: Request, work: Awaitable[None]) -> Response:
        """Answer once what was reported is durable; where it is not, the device has to say it again."""
        try:
            await work
        except UnavailableError as error:
            self.counters.not_recorded += 1
            log.warning("what a GB/T 28181 device reports is not recorded yet: %s", error.detail)
            return respond(request, 503, ("Retry-After", "5"))
        except TriuneError as error:
            self.counters.not_recorded += 1
            log.warning("what a GB/T 28181 device reports is refused: %s", error.detail)
        return respond(request, 200)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK_MS)
            now_ms = self._clock.now_ms()
            for device in self._devices.values():
                if device.offline:
                    continue
                if why := device.why_offline(now_ms):
                    self._went_offline(device, why)
                elif self._learner.has_to_renew(device):
                    self._start(self._learner.renew(device))

    def _went_offline(self, device: Device, why: str) -> None:
        if device.offline:
            return
        device.offline = why
        device.restored_ms = None
        self._note(device, soon=True)
        self.counters.went_offline += 1
        self._subscriptions.forget(device)
        self._streams.gone(device, why)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_cut_off(device: Device) -> bool:
    """Say whether it cannot be reached before it speaks: its TCP connection ended with the hub that it was to."""
    return bool(device.waiting) and device.peer.transport == "tcp"
