"""A connection of terminals as a state machine without I/O: bytes in, actions out, answers of the hub in again.

Mostly it is one terminal's own. A platform that forwards what it hears has many phones sign in on the same one.
"""

from __future__ import annotations

import msgspec

from command.kernel.errors import InvalidInputError, TooLargeError, TooManyError, TriuneError
from command.readings import CallForHelp, Position
from edge.jt808 import frame as frames
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.bodies import decode_body
from edge.jt808.counters import Jt808Counters
from edge.jt808.frame import Frame, Header
from edge.jt808.framing import FrameFinder, FramingError
from edge.jt808.location import BodyError, Location
from edge.jt808.plausible import judge
from edge.jt808.splits import Message, Splits
from edge.limits import (
    DEVICE_BAD_FRAMES,
    DEVICE_PHONES,
    DEVICE_SIGN_IN_MS,
    DEVICE_SILENCE_MS,
    DEVICE_TEXT_ANSWER_MS,
    DEVICE_TEXTS_WAITING,
    DEVICE_WRONG_CODES,
)


class Send(msgspec.Struct, frozen=True):
    """Write these bytes."""

    data: bytes


class AskRegistration(msgspec.Struct, frozen=True):
    """Ask the hub whether the device is enrolled and for a code; then call `registered`."""

    message: Message

    @property
    def device(self) -> str:
        """Who wants to register."""
        return self.message.header.device


class AskAuthentication(msgspec.Struct, frozen=True):
    """Ask the hub whether the code is right; then call `authenticated`."""

    message: Message
    code: str

    @property
    def device(self) -> str:
        """Who says to be this device."""
        return self.message.header.device


class Store(msgspec.Struct, frozen=True):
    """Store these positions and calls for help; then call `stored`, which is when the terminal is answered.

    `result` is the answer once they are durable; `sos` the location whose alarm is to be confirmed then.
    """

    message: Message
    positions: tuple[Position, ...]
    calls: tuple[CallForHelp, ...]
    result: int
    sos: Location | None


class Answered(msgspec.Struct, frozen=True):
    """The terminal has taken the text of that serial, or has not."""

    serial: int
    delivered: bool


class SignedOut(msgspec.Struct, frozen=True):
    """The terminal said good-bye: this connection is its no longer."""

    device: str


class Close(msgspec.Struct, frozen=True):
    """Close the connection after writing what came before."""


class _Text(msgspec.Struct, frozen=True):
    """A text on its way to a terminal, which has so long to answer it."""

    device: str
    until_ms: int


Action = Send | AskRegistration | AskAuthentication | Store | Answered | SignedOut | Close

_LOCATIONS = {terminal.LOCATION, terminal.LOCATION_ANSWER, terminal.LOCATION_BATCH}
_UNDERSTOOD = _LOCATIONS | {
    terminal.GENERAL_REPLY,
    terminal.HEARTBEAT,
    terminal.LOGOUT,
    terminal.REGISTER,
    terminal.AUTHENTICATION,
}


class Session:
    """What has been said on one connection. `devices` are the authenticated terminals, with how each is written to.

    The owner calls `feed` with what arrives, `step` until it returns None, `tick` about once a second, and carries
    out the actions in their order before the next `step`.
    """

    def __init__(self, counters: Jt808Counters, now_ms: int) -> None:
        self.devices: dict[str, Header] = {}
        self._counters = counters
        self._finder = FrameFinder()
        self._splits = Splits()
        self._given_up = 0
        self._heard_ms = self._stranger_since_ms = now_ms
        self._bad_in_a_row = self._wrong_codes = 0
        self._serial = 0
        self._texts: dict[int, _Text] = {}

    @property
    def buffered_bytes(self) -> int:
        """How much was fed and not yet looked at."""
        return self._finder.buffered_bytes

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire."""
        self._finder.feed(data)

    def step(self, now_ms: int) -> list[Action] | None:
        """Take the next frame; None when there is no whole one."""
        try:
            run = self._finder.find()
            if run is None:
                return None
            frame = frames.decode(run)
        except FramingError:
            self._counters.bad_frames += 1
            self._bad_in_a_row += 1
            return self._close_for_abuse() if self._bad_in_a_row >= DEVICE_BAD_FRAMES else []
        self._counters.frames += 1
        self._bad_in_a_row = 0
        self._heard_ms = now_ms
        return self._take(frame, now_ms)

    def tick(self, now_ms: int) -> list[Action]:
        """Do what is due by time: close the silent, ask for missing parts, give up texts."""
        if now_ms - self._heard_ms >= DEVICE_SILENCE_MS or (
            not self.devices and now_ms - self._stranger_since_ms >= DEVICE_SIGN_IN_MS
        ):
            self._counters.closed_for_silence += 1
            return [Close()]
        actions: list[Action] = []
        for missing in self._splits.overdue(now_ms):
            header = missing.header
            body = platform.encode_resend_request(missing.first_serial, missing.indexes, header.revision)
            actions.append(self._send(header, platform.RESEND_REQUEST, body))
        self._count_given_up()
        late = [serial for serial, text in self._texts.items() if now_ms >= text.until_ms]
        actions += [self._answered(serial, delivered=False) for serial in late]
        return actions

    def sign_out(self, device: str, now_ms: int) -> list[Action]:
        """Know a terminal no longer: it said good-bye or is heard elsewhere by now. Texts to it are not delivered."""
        self.devices.pop(device, None)
        self._stranger_since_ms = now_ms
        lost = [serial for serial, text in self._texts.items() if text.device == device]
        return [self._answered(serial, delivered=False) for serial in lost]

    def registered(self, ask: AskRegistration, code: str | None) -> list[Action]:
        """Answer a registration; None for a device that is not enrolled."""
        if code is None:
            self._counters.registrations_refused += 1
            result = platform.NO_SUCH_TERMINAL
        else:
            self._counters.registrations += 1
            result = platform.OK
        reply = platform.RegisterReply(ask.message.header.serial, result, code)
        return [self._send(ask.message.header, platform.REGISTER_REPLY, platform.encode_register_reply(reply))]

    def authenticated(self, ask: AskAuthentication, *, right: bool) -> list[Action]:
        """Answer an authentication. No more than `DEVICE_PHONES` get in, since others would be told yes and not heard.

        After a few wrong codes a connection on which nobody is signed in is closed: where somebody is, a phone with an
        old code must not cut off the others.
        """
        if right and (ask.device in self.devices or len(self.devices) < DEVICE_PHONES):
            self._counters.authentications += 1
            self.devices[ask.device] = ask.message.header
            return self._reply(ask.message, platform.OK)
        refused = self._reply(ask.message, platform.FAILED)
        if right:
            self._counters.phones_refused += 1
            return refused
        self._counters.wrong_codes += 1
        self._wrong_codes += 1
        closing = self._wrong_codes >= DEVICE_WRONG_CODES and not self.devices
        return refused + self._close_for_abuse() if closing else refused

    def could_not_ask(self, ask: AskAuthentication) -> list[Action]:
        """Answer an authentication that nobody could check, which is no fault of the terminal."""
        return self._reply(ask.message, platform.FAILED)

    def stored(self, store: Store, error: TriuneError | None = None) -> list[Action]:
        """Answer locations: yes only when they are durable, so that a terminal keeps what the hub has not.

        With an error the terminal is told whether sending again can help.
        """
        if error is not None:
            self._counters.positions_refused_by_hub += len(store.positions) + len(store.calls)
            hopeless = isinstance(error, InvalidInputError)
            return self._reply(store.message, platform.BAD_MESSAGE if hopeless else platform.FAILED)
        self._counters.positions += len(store.positions)
        actions = self._reply(store.message, store.result)
        if store.sos:
            self._counters.sos += 1
            confirm = platform.AlarmConfirm(store.sos.event_to_confirm or 0, platform.CONFIRM_SOS)
            body = platform.encode_alarm_confirm(confirm)
            actions.append(self._send(store.message.header, platform.ALARM_CONFIRM, body))
        return actions

    def text(self, device: str, text: str, now_ms: int) -> tuple[int, Send]:
        """Return the serial and frame of a text to an authenticated terminal; `Answered` follows.

        Raises `InvalidInputError`, `TooManyError`.
        """
        waiting = sum(each.device == device for each in self._texts.values())
        if waiting >= DEVICE_TEXTS_WAITING:
            raise TooManyError(f"{waiting} texts are on their way to {device}")
        like = self.devices[device]
        body = platform.encode_text(platform.Text(text), like.revision)
        serial = self._serial
        self._texts[serial] = _Text(device, now_ms + DEVICE_TEXT_ANSWER_MS)
        return serial, self._send(like, platform.TEXT, body)

    def _take(self, frame: Frame, now_ms: int) -> list[Action]:
        header = frame.header
        message: Message | None = Message(header, (header.serial,), frame.body)
        if header.msg_id not in (terminal.REGISTER, terminal.AUTHENTICATION) and header.device not in self.devices:
            self._counters.unauthenticated_messages += 1
            return self._reply(message, platform.FAILED)
        if header.msg_id not in _UNDERSTOOD or header.encryption:
            self._counters.unsupported_messages += 1
            return self._reply(message, platform.UNSUPPORTED)
        try:
            if header.part and header.msg_id in _LOCATIONS:
                message = self._splits.add(frame, header.part, now_ms)
                self._count_given_up()
            return self._dispatch(message, now_ms) if message else []
        except (BodyError, TooLargeError):
            self._counters.bad_bodies += 1
            return self._reply(Message(header, (header.serial,), b""), platform.BAD_MESSAGE)

    def _dispatch(self, message: Message, now_ms: int) -> list[Action]:
        actions: list[Action] = []
        # Whatever the maker put into the fields of a registration, the phone says who it is.
        body = None if message.header.msg_id == terminal.REGISTER else decode_body(message.header, message.body)
        match message.header.msg_id, body:
            case terminal.REGISTER, _:
                actions = [AskRegistration(message)]
            case _, terminal.Authentication(code=code):
                actions = [AskAuthentication(message, code)]
            case terminal.HEARTBEAT, _:
                actions = self._reply(message, platform.OK)
            case terminal.LOGOUT, _:
                device = message.header.device
                actions = [SignedOut(device), *self.sign_out(device, now_ms), *self._reply(message, platform.OK)]
            case _, Location() as location:
                actions = self._locate(message, (location,), now_ms)
            case _, terminal.LocationAnswer(location=location):
                actions = self._locate(message, (location,), now_ms)
            case _, terminal.Batch(locations=locations) as batch if locations:
                self._counters.bad_bodies += not batch.is_as_announced
                # Said to be wrong where something of it is lost, else the terminal would think that it is kept here.
                actions = self._locate(message, locations, now_ms, platform.BAD_MESSAGE if batch.bad else platform.OK)
            case _, terminal.GeneralReply(answers_id=platform.TEXT) as reply if self._awaits(message, reply):
                actions = [self._answered(reply.answers_serial, delivered=reply.result == platform.OK)]
            case terminal.GENERAL_REPLY, _:
                pass
            case _:
                raise BodyError("nothing that can be read is in it")
        return actions

    def _locate(
        self, message: Message, locations: tuple[Location, ...], now_ms: int, result: int = platform.OK
    ) -> list[Action]:
        positions: list[Position] = []
        calls: list[CallForHelp] = []
        sos: Location | None = None
        for location in locations:
            sos = location if location.sos else sos
            judged = judge(location, message.header.device, now_ms)
            match judged:
                case Position():
                    positions.append(judged)
                case CallForHelp():
                    self._counters.sos_without_place += 1
                    calls.append(judged)
                case "without_satellites":
                    self._counters.fixes_without_satellites += 1
                case "off_globe":
                    self._counters.fixes_off_globe += 1
                case "clock_off":
                    self._counters.fixes_clock_off += 1
        if positions or calls:
            return [Store(message, tuple(positions), tuple(calls), result, sos)]
        return self._reply(message, result)

    def _awaits(self, message: Message, reply: terminal.GeneralReply) -> bool:
        text = self._texts.get(reply.answers_serial)
        return text is not None and text.device == message.header.device

    def _answered(self, serial: int, *, delivered: bool) -> Action:
        del self._texts[serial]
        self._counters.texts_delivered += delivered
        self._counters.texts_failed += not delivered
        return Answered(serial, delivered)

    def _reply(self, message: Message | None, result: int) -> list[Action]:
        """Answer every part alike; general replies and what only platforms send are never answered."""
        if message is None or message.header.msg_id == terminal.GENERAL_REPLY or message.header.msg_id >= 0x8000:
            return []
        replies = (terminal.GeneralReply(serial, message.header.msg_id, result) for serial in message.serials)
        return [
            self._send(message.header, platform.GENERAL_REPLY, terminal.encode_general_reply(reply))
            for reply in replies
        ]

    def _send(self, like: Header, msg_id: int, body: bytes) -> Send:
        header = Header(msg_id=msg_id, phone=like.phone, serial=self._serial, revision=like.revision)
        self._serial = (self._serial + 1) % 0x10000
        return Send(frames.encode(Frame(header, body)))

    def _close_for_abuse(self) -> list[Action]:
        self._counters.closed_for_abuse += 1
        return [Close()]

    def _count_given_up(self) -> None:
        self._counters.split_messages_given_up += self._splits.given_up - self._given_up
        self._given_up = self._splits.given_up
