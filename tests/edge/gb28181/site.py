"""A platform with what the hub would be to it, and sipp (Debian sip-tester) as the devices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from command.kernel.clock import Clock, SystemClock
from command.kernel.errors import UnavailableError, UnknownIdError
from command.kernel.geo import Datum
from command.readings import CallForHelp, Position
from edge.gb28181.platform import Identity, Platform
from edge.gb28181.registrations import Registrations
from edge.gb28181.told import Alarm
from tests.ports import free_port

SERVER = "34020000002000000001"
DOMAIN = "3402000000"
DEVICE = "34020000001320000001"
PASSWORD = "12345678"
IDENTITY = Identity(server=SERVER, password=PASSWORD)


class Hub:
    """The uplink, and who records alarms; both in memory."""

    def __init__(self, *bound: str) -> None:
        self.bound = set(bound)
        self.fixes: list[Position] = []
        self.alarms: list[tuple[str, Alarm]] = []
        self.away = False

    async def device_known(self, kind: str, device: str) -> bool:
        return kind == "gb28181" and device in self.bound

    async def issue_device_token(self, kind: str, device: str) -> str:
        raise UnknownIdError(f"{kind} {device} has no token")

    async def check_device_token(self, kind: str, device: str, token: str) -> bool:
        return False

    async def positions(self, batch: Sequence[Position]) -> None:
        if self.away:
            raise UnavailableError("the hub is away")
        if unknown := [fix.device for fix in batch if fix.device not in self.bound]:
            raise UnknownIdError(f"no unit has {unknown}")
        self.fixes += batch

    async def calls_for_help(self, batch: Sequence[CallForHelp]) -> None:
        raise AssertionError("no GB/T 28181 device calls for help without a place")

    async def alarm(self, device: str, alarm: Alarm) -> None:
        if self.away:
            raise UnavailableError("the hub is away")
        self.alarms.append((device, alarm))


@asynccontextmanager
async def running(
    hub: Hub, *, clock: Clock | None = None, identity: Identity = IDENTITY, datum: Datum = "wgs84",
    kept: Registrations | None = None,
) -> AsyncIterator[Platform]:  # fmt: skip
    # UDP and TCP want one number: of one that the system gives for UDP, TCP's may be an outgoing connection's.
    async with Platform(
        identity, hub, hub.alarm, clock or SystemClock(), "127.0.0.1", free_port(), datum=datum, kept=kept
    ) as platform:
        yield platform


async def until(true: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for something that the other side brings about; the test fails where it does not."""
    clock = SystemClock()
    async with asyncio.timeout(within_s):
        while not true():
            await clock.sleep(10)


def sipp(
    platform: Platform, scenario: Path, *arguments: str, device: str = DEVICE, transport: str = "u1"
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """Run one call of a scenario against the platform; the process is ended with the block."""
    return sipp_at(platform.port, scenario, *arguments, device=device, transport=transport)


@asynccontextmanager
async def sipp_at(
    port: int, scenario: Path, *arguments: str, device: str = DEVICE, transport: str = "u1"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one call of a scenario against a port."""
    program = shutil.which("sipp")
    if program is None:
        pytest.fail("sipp is missing: apt-get install sip-tester")
    process = await asyncio.create_subprocess_exec(
        program, "-sf", str(scenario), "-s", device, "-i", "127.0.0.1", "-t", transport, "-m", "1", "-nostdin",
        "-nd", *arguments, f"127.0.0.1:{port}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ends_well(process: asyncio.subprocess.Process, within_s: float = 60) -> None:
    """Wait for sipp's end; fail with what it said where a step of its scenario did not come true."""
    async with asyncio.timeout(within_s):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode("utf-8", "replace")[-4000:]
