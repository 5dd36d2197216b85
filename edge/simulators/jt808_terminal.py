"""A vehicle terminal in software: registers, authenticates, reports, keeps what is not acknowledged, reconnects."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import cast

import msgspec

from command.kernel.clock import Clock
from edge.jt808 import frame as frames
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.bodies import decode_body
from edge.jt808.frame import Frame, Header
from edge.jt808.framing import FrameFinder, FramingError
from edge.jt808.location import BodyError, Location, encode_location
from edge.jt808.names import POSITIONED_BIT, SOS_BIT

HEARTBEAT_MS = 30_000
ANSWER_S = 10
FIXES_KEPT = 2000
FIXES_PER_BATCH = 30
RETRY_MS = 2000
BACK_OFF_MS = 60_000

_BLIND_AREA = 1
_STATUS = 1 | 1 << POSITIONED_BIT  # engine on, positioned


class Fix(msgspec.Struct, frozen=True):
    """What the receiver of the terminal says. WGS-84 degrees; heading clockwise from north."""

    at_ms: int
    lat: float
    lon: float
    speed_kmh: float = 0.0
    heading_deg: float = 0.0
    altitude_m: float = 0.0


class Jt808Terminal:
    """One terminal; `run` ends once `fixes` has ended and everything is acknowledged.

    `revision` is None for a 2013 terminal and 1 for one of 2019. At most 2000 fixes wait while the platform is away;
    past that the oldest is lost, as in a real one. `sos` stays latched until the platform confirms it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        phone: str,
        fixes: AsyncIterator[Fix],
        clock: Clock,
        *,
        revision: int | None = 1,
        on_text: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.sos = False
        self.acknowledged = 0
        self._host, self._port = host, port
        self._phone = phone.rjust(12 if revision is None else 20, "0")
        self._fixes = fixes
        self._clock = clock
        self._revision = revision
        self._on_text = on_text
        self._code: str | None = None
        self._kept: deque[Fix] = deque(maxlen=FIXES_KEPT)
        self._unanswered: list[Fix] = []
        self._last: Fix | None = None
        self._ended = self._beat_due = False
        self._wake = asyncio.Event()
        self._link: _Link | None = None

    def press_sos(self) -> None:
        """Latch the alarm and report at once from the place last known."""
        self.sos = True
        if self._last:
            self._keep(msgspec.structs.replace(self._last, at_ms=self._clock.now_ms()))

    def hang_up(self) -> None:
        """Lose the connection, as in a tunnel; the terminal comes back by itself."""
        if self._link:
            self._link.close()

    async def run(self) -> None:
        """Work until the fixes have ended and all of them are acknowledged; cancel to stop earlier."""
        async with asyncio.TaskGroup() as group:
            beat = group.create_task(self._beat())
            group.create_task(self._collect())
            failures = 0
            while not await self._connect():
                failures = 0 if self._link else failures + 1
                self._link = None
                await self._clock.sleep(self._back_off_ms(failures))
            beat.cancel()

    def _back_off_ms(self, failures: int) -> int:
        """Double up to a minute, a little apart for each phone, so that a fleet does not return in one instant."""
        spread_ms = int(self._phone[-2:], 16) * 4
        return min(1000 << min(failures, 10), BACK_OFF_MS) + spread_ms

    async def _collect(self) -> None:
        async for fix in self._fixes:
            self._last = fix
            self._keep(fix)
        self._ended = True
        self._wake.set()

    def _keep(self, fix: Fix) -> None:
        self._kept.append(fix)
        self._wake.set()

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_MS)
            self._beat_due = True
            self._wake.set()

    async def _connect(self) -> bool:
        """Work on one connection; True when all is done, False when it is worth trying again."""
        loop = asyncio.get_running_loop()
        header = Header(msg_id=0, phone=self._phone, serial=0, revision=self._revision)
        try:
            async with asyncio.timeout(ANSWER_S):
                _, link = await loop.create_connection(lambda: _Link(header, self._take), self._host, self._port)
        except OSError:  # a TimeoutError is one too
            return False
        try:
            if not await self._sign_in(link):
                return False
            self._link = link
            await self._work(link)
        except OSError:
            return False
        finally:
            link.close()
        return True

    async def _sign_in(self, link: _Link) -> bool:
        if self._code is None:
            register = terminal.Register(
                edition=2013 if self._revision is None else 2019,
                province=43,
                city=600,
                maker="70111",
                model="SIM-808",
                terminal_id=self._phone[-7:],
                plate_colour=1,
                plate="",
            )
            reply = await link.ask(terminal.REGISTER, terminal.encode_register(register))
            if not isinstance(reply, platform.RegisterReply) or reply.code is None:
                return False
            self._code = reply.code
        authentication = terminal.Authentication(self._code, imei=self._phone[-15:], software="1")
        body = terminal.encode_authentication(authentication, self._revision)
        if (await link.ask(terminal.AUTHENTICATION, body)).result == platform.OK:
            return True
        self._code = None
        return False

    async def _work(self, link: _Link) -> None:
        while True:
            if self._kept or self._unanswered:
                await self._report(link)
            elif self._ended:
                await link.ask(terminal.LOGOUT, b"")
                return
            elif self._beat_due:
                self._beat_due = False
                await link.ask(terminal.HEARTBEAT, b"")
            else:
                self._wake.clear()
                await link.wait(self._wake)

    async def _report(self, link: _Link) -> None:
        while self._kept and len(self._unanswered) < FIXES_PER_BATCH:
            self._unanswered.append(self._kept.popleft())
        locations = [self._location(fix) for fix in self._unanswered]
        if len(locations) == 1:
            reply = await link.ask(terminal.LOCATION, encode_location(locations[0]))
        else:
            reply = await link.ask(terminal.LOCATION_BATCH, terminal.encode_batch(locations, _BLIND_AREA))
        if reply.result == platform.OK:
            self.acknowledged += len(self._unanswered)
            self._unanswered.clear()
        else:
            await self._clock.sleep(RETRY_MS)

    def _location(self, fix: Fix) -> Location:
        return Location(
            alarm=self.sos << SOS_BIT,
            status=_STATUS,
            lat=fix.lat,
            lon=fix.lon,
            altitude_m=round(fix.altitude_m),
            speed_kmh=fix.speed_kmh,
            direction_deg=round(fix.heading_deg) % 360,
            at_ms=fix.at_ms,
        )

    def _take(self, body: platform.PlatformBody) -> None:
        match body:
            case platform.Text(text):
                self._on_text(text)
            case platform.AlarmConfirm(alarms=alarms) if alarms & platform.CONFIRM_SOS:
                self.sos = False
            case _:
                pass


class _Link(asyncio.Protocol):
    """One connection: questions with their answers, and what the platform says unasked."""

    def __init__(self, like: Header, take: Callable[[platform.PlatformBody], None]) -> None:
        self._like = like
        self._take = take
        self._finder = FrameFinder()
        self._serial = 0
        self._asked: dict[int, asyncio.Future[terminal.GeneralReply | platform.RegisterReply]] = {}
        self._waiting: asyncio.Event | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._finder.feed(data)
        try:
            while (run := self._finder.find()) is not None:
                frame = frames.decode(run)
                self._receive(frame, decode_body(frame.header, frame.body))
        except (FramingError, BodyError):
            self._transport.close()  # a platform that talks nonsense is called anew

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._lost = True
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionResetError("the platform is gone"))
        if self._waiting:
            self._waiting.set()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    async def ask(self, msg_id: int, body: bytes) -> terminal.GeneralReply | platform.RegisterReply:
        """Send and return the answer. Raises `OSError` when the connection goes or nothing comes in time."""
        if self._lost:
            raise ConnectionResetError("the platform is gone")
        serial = self._send(msg_id, body)
        self._asked[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._asked[serial]
        finally:
            del self._asked[serial]

    async def wait(self, event: asyncio.Event) -> None:
        """Wait for an event or the end of the connection. Raises `OSError` at the latter."""
        self._waiting = event
        if not self._lost:
            await event.wait()
        if self._lost:
            raise ConnectionResetError("the platform is gone")

    def _receive(self, frame: Frame, body: object) -> None:
        match body:
            case terminal.GeneralReply() | platform.RegisterReply():
                asked = self._asked.get(body.answers_serial)
                if asked and not asked.done():
                    asked.set_result(body)
            case platform.Text() | platform.AlarmConfirm():
                self._take(body)
                reply = terminal.GeneralReply(frame.header.serial, frame.header.msg_id, platform.OK)
                self._send(terminal.GENERAL_REPLY, terminal.encode_general_reply(reply))
            case _:
                pass

    def _send(self, msg_id: int, body: bytes) -> int:
        serial = self._serial
        self._serial = (serial + 1) % 0x10000
        header = msgspec.structs.replace(self._like, msg_id=msg_id, serial=serial)
        self._transport.write(frames.encode(Frame(header, body)))
        return serial
