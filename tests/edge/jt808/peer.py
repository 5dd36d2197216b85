"""A terminal as bytes: what a test writes to a gateway's socket and reads from it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from edge.jt808 import frame as frames
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.bodies import Body, decode_body
from edge.jt808.frame import Frame, Header
from edge.jt808.framing import MARK
from edge.jt808.location import Location, encode_location

NOW_MS = 1_790_000_000_000
PHONE = "013812345678"
DEVICE = "13812345678"


def message(msg_id: int, body: bytes, serial: int = 0, phone: str = PHONE, revision: int | None = None) -> bytes:
    return frames.encode(Frame(Header(msg_id=msg_id, phone=phone, serial=serial, revision=revision), body))


def fix(at_ms: int = NOW_MS, *, alarm: int = 0, status: int = 3, lat: float = 29.1, lon: float = 113.1) -> Location:
    return Location(alarm=alarm, status=status, lat=lat, lon=lon, speed_kmh=36.0, direction_deg=90, at_ms=at_ms)


def location(serial: int = 0, at_ms: int = NOW_MS, *, alarm: int = 0) -> bytes:
    return message(terminal.LOCATION, encode_location(fix(at_ms, alarm=alarm)), serial)


class Peer:
    """One connection to a gateway."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def frame(self) -> Frame:
        """Return the next frame."""
        async with asyncio.timeout(60):
            assert await self._reader.readexactly(1) == MARK
            return frames.decode((await self._reader.readuntil(MARK))[:-1])

    async def body(self) -> Body | None:
        """Return what the next frame says."""
        frame = await self.frame()
        return decode_body(frame.header, frame.body)

    async def ask(self, data: bytes) -> Body | None:
        """Write and return the answer."""
        self.write(data)
        return await self.body()

    async def sign_in(self, phone: str = PHONE) -> None:
        """Register and authenticate."""
        reply = await self.ask(message(terminal.REGISTER, bytes(37) + b"A", 1, phone))
        assert isinstance(reply, platform.RegisterReply)
        assert reply.code is not None
        answer = await self.ask(message(terminal.AUTHENTICATION, reply.code.encode(), 2, phone))
        assert answer == terminal.GeneralReply(2, terminal.AUTHENTICATION, platform.OK)

    async def closed(self) -> bytes:
        """Wait until the gateway closes and return what it still wrote."""
        async with asyncio.timeout(60):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""
