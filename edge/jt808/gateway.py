"""JT/T 808 terminals over TCP: a thin shell that feeds `Session`, asks the hub and writes the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self, TypeVar, assert_never, cast

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, NoRightError, TriuneError
from command.kernel.limits import POSITIONS_PER_BATCH
from command.kernel.ports import listening_at
from command.kernel.rate import RateLimit
from edge.jt808.counters import Jt808Counters
from edge.jt808.framing import MAX_STUFFED_BYTES
from edge.jt808.session import (
    Action,
    Answered,
    AskAuthentication,
    AskRegistration,
    Close,
    Send,
    Session,
    SignedOut,
    Store,
)
from edge.limits import DEVICE_CONNECTIONS, DEVICE_KNOWN_MS, DEVICE_MESSAGES_PER_S
from edge.uplink import Uplink

log = logging.getLogger(__name__)
T = TypeVar("T")

KIND = "jt808"
_TICK_MS = 1000
_READ_BYTES = 4096


class Jt808Gateway:
    """Serves terminals while it is entered: `async with Jt808Gateway(…) as gateway: gateway.port`.

    Port 0 binds a free one. A terminal is known to the hub by its phone number without leading zeros.
    """

    def __init__(self, uplink: Uplink, clock: Clock, host: str, port: int) -> None:
        self.counters = Jt808Counters()
        self.port = port
        self._uplink = uplink
        self._clock = clock
        self._host = host
        self._connections: dict[_Connection, None] = {}
        self._by_device: dict[str, _Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with self:
            await asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        with listening_at(self._host, self.port):
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Connection(self, self._uplink, self._clock), self._host, self.port, start_serving=False
            )
        self.port = self._server.sockets[0].getsockname()[1]
        self._group = await asyncio.TaskGroup().__aenter__()
        self._tasks |= {self._group.create_task(self._tick()), self._group.create_task(self._look_again())}
        await self._server.start_serving()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in self._connections:
            connection.abort()
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def send_text(self, device: str, text: str) -> bool:
        """Show and speak a text at the terminal; True once it says that it has it, False when it does not or is away.

        Raises `InvalidInputError` for a text longer than a frame, `TooManyError` when too many are on their way.
        """
        connection = self._by_device.get(device)
        return connection is not None and await connection.send_text(device, text)

    def opened(self, connection: _Connection) -> bool:
        """Take a new connection into the house; False when the house is full of terminals.

        A stranger makes room, the one that has been here longest: who opens connections and says nothing must not keep
        terminals out.
        """
        if len(self._connections) >= DEVICE_CONNECTIONS:
            stranger = next((each for each in self._connections if not each.devices), None)
            if stranger is None:
                self.counters.connections_refused += 1
                return False
            self.counters.strangers_turned_out += 1
            self.closed(stranger)
            stranger.abort()
        self._connections[connection] = None
        self.counters.connections_accepted += 1
        self.counters.connections = len(self._connections)
        task = self._group.create_task(connection.serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def signed_in(self, device: str, connection: _Connection) -> None:
        """Note which connection is the device's; the newest wins, since the one before is half open by then."""
        former = self._by_device.get(device)
        self._by_device[device] = connection
        if former and former is not connection:
            former.signed_out(device)

    def closed(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.pop(connection, None)
        self.counters.connections = len(self._connections)
        for device in connection.devices:
            self.forget(device, connection)

    def forget(self, device: str, connection: _Connection) -> None:
        """Forget that a connection is a device's."""
        if self._by_device.get(device) is connection:
            del self._by_device[device]

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK_MS)
            for connection in list(self._connections):
                connection.tick()

    async def _look_again(self) -> None:
        """Ask about one terminal after another; while the hub is away they stay, as do others of a connection."""
        while True:
            await self._clock.sleep(DEVICE_KNOWN_MS)
            with suppress(TriuneError):
                for device, connection in list(self._by_device.items()):
                    if not await self._uplink.device_known(KIND, device):
                        self.counters.no_longer_known += 1
                        self.forget(device, connection)
                        connection.signed_out(device)


class _Connection(asyncio.BufferedProtocol):
    """One socket. It reads into a small buffer of its own, so that a flood is held back by TCP and not by memory."""

    def __init__(self, gateway: Jt808Gateway, uplink: Uplink, clock: Clock) -> None:
        self._gateway = gateway
        self._uplink = uplink
        self._clock = clock
        self._session = Session(gateway.counters, clock.now_ms())
        self._rate = RateLimit(DEVICE_MESSAGES_PER_S, clock.now_ms())
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._wake = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = False
        self._texts: dict[int, asyncio.Future[bool]] = {}
        self.devices: set[str] = set()
        """Those that signed in here, said no good-bye and are not served elsewhere by now."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._gateway.opened(self):
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._session.feed(bytes(self._buffer[:nbytes]))
        if self._session.buffered_bytes > MAX_STUFFED_BYTES:
            self._transport.pause_reading()
        self._wake.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._closed = True
        self._wake.set()
        self._writable.set()
        for answer in self._texts.values():
            if not answer.done():
                answer.set_result(False)
        self._gateway.closed(self)

    def abort(self) -> None:
        """Close without waiting for what is still unwritten."""
        self._transport.abort()

    async def serve(self) -> None:
        """Take frame after frame until the connection is gone; a terminal that does not read is not read either."""
        try:
            while self._open():
                await self._wake.wait()
                self._wake.clear()
                while self._open() and (actions := self._session.step(self._clock.now_ms())) is not None:
                    for action in actions:
                        await self._perform(action)
                    await self._writable.wait()
                    await self._throttle()
                if self._open():
                    self._transport.resume_reading()
        except Exception:  # a fault of ours costs one connection, not the gateway
            log.exception("a JT/T 808 connection failed")
            self._gateway.counters.faults += 1
            self._transport.abort()

    def tick(self) -> None:
        """Do what is due by time. A peer that does not even take what was left for it when closing is cut off."""
        if self._transport.is_closing():
            self._transport.abort()
            return
        for action in self._session.tick(self._clock.now_ms()):
            self._perform_now(action)

    def signed_out(self, device: str) -> None:
        """Serve a device no longer, and nobody where it was the only one."""
        for action in self._session.sign_out(device, self._clock.now_ms()):
            self._perform_now(action)
        self._drop(device)
        if not self.devices:
            self.abort()

    def _drop(self, device: str) -> None:
        self.devices.discard(device)
        self._rate.set_rate(DEVICE_MESSAGES_PER_S * max(1, len(self.devices)))

    async def send_text(self, device: str, text: str) -> bool:
        """Write a text and wait for the terminal's answer, which `tick` bounds in time."""
        if device not in self._session.devices:
            return False
        serial, send = self._session.text(device, text, self._clock.now_ms())
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._texts[serial] = answer
        try:
            self._transport.write(send.data)
            return await answer
        finally:
            del self._texts[serial]

    def _open(self) -> bool:
        return not self._closed and not self._transport.is_closing()

    async def _throttle(self) -> None:
        wait_ms = self._rate.wait_ms(self._clock.now_ms())
        if wait_ms:
            self._gateway.counters.throttled += 1
        while wait_ms:
            await self._clock.sleep(wait_ms)
            wait_ms = self._rate.wait_ms(self._clock.now_ms())

    async def _perform(self, action: Action) -> None:
        match action:
            case AskRegistration():
                following = await self._register(action)
            case AskAuthentication():
                following = await self._authenticate(action)
            case Store():
                following = self._session.stored(action, await self._store(action))
            case _:
                following = [action]
        for each in following:
            self._perform_now(each)

    def _perform_now(self, action: Action) -> None:
        match action:
            case Send(data):
                if not self._transport.is_closing():  # uvloop's raises once the terminal is gone
                    self._transport.write(data)
            case SignedOut(device):
                self._gateway.forget(device, self)
                self._drop(device)
            case Close():
                self._transport.close()
            case Answered(serial, delivered):
                answer = self._texts.get(serial)
                if answer and not answer.done():
                    answer.set_result(delivered)
            case AskRegistration() | AskAuthentication() | Store():
                raise TypeError("only frames lead to questions")
            case _:
                assert_never(action)

    async def _register(self, ask: AskRegistration) -> list[Action]:
        """Hand out a code; while the hub is away there is no true answer, and the terminal asks again."""
        try:
            known = await self._uplink.device_known(KIND, ask.device)
            code = await self._uplink.issue_device_token(KIND, ask.device) if known else None
        except NoRightError:  # its token was taken back just now
            code = None
        except TriuneError as error:
            log.debug("JT/T 808 registration of %s: %s", ask.device, error.detail)
            return []
        return self._session.registered(ask, code)

    async def _authenticate(self, ask: AskAuthentication) -> list[Action]:
        try:
            right = await self._uplink.check_device_token(KIND, ask.device, ask.code)
        except TriuneError as error:
            log.debug("JT/T 808 authentication of %s: %s", ask.device, error.detail)
            return self._session.could_not_ask(ask)
        answers = self._session.authenticated(ask, right=right)
        if right and not self._closed:
            if ask.device in self._session.devices:
                self.devices.add(ask.device)
                self._gateway.signed_in(ask.device, self)
                self._rate.set_rate(DEVICE_MESSAGES_PER_S * len(self.devices))
            else:
                log.warning("%s may not sign in beside %d phones of one connection", ask.device, len(self.devices))
        return answers

    async def _store(self, store: Store) -> TriuneError | None:
        """Hand over what a message holds, all of it whatever becomes of a part: there may be a call for help in it.

        Returns why something is not stored; of two reasons the one for which it is worth sending again.
        """
        failed: TriuneError | None = None
        for store_some in (*_in_batches(self._uplink.positions, store.positions),
                           *_in_batches(self._uplink.calls_for_help, store.calls)):  # fmt: skip
            try:
                await store_some()
            except TriuneError as error:
                log.debug("what %s told is not stored: %s", store.message.header.device, error.detail)
                failed = error if failed is None or isinstance(failed, InvalidInputError) else failed
        return failed


def _in_batches(
    hand_over: Callable[[Sequence[T]], Awaitable[None]], told: Sequence[T]
) -> list[Callable[[], Awaitable[None]]]:
    starts = range(0, len(told), POSITIONS_PER_BATCH)
    return [partial(hand_over, told[at : at + POSITIONS_PER_BATCH]) for at in starts]
