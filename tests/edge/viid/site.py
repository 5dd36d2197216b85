"""A view library for tests: the server on a port of the loopback, with a library in memory, and curl beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from command.kernel.clock import VirtualClock
from command.kernel.errors import TriuneError
from command.kernel.geo import Datum
from command.services.bodies import read_body
from consoles.http.proxies import Proxies
from edge.digest import Algorithm
from edge.gb28181.local_time import CHINA
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.catalogue import Listed, OwnDevice
from edge.viid.codes import StatusCode
from edge.viid.door import Door
from edge.viid.library import AlarmOutcome
from edge.viid.orders import Disposition, OrderState, Subscription
from edge.viid.server import Server
from edge.viid.vehicle import Vehicle

SERVER = "43062100005030000001"
DEVICE = "65010000001190000001"
REALM = "viid"
PASSWORD = "right-horse-battery"


def china_ms(text: str) -> int:
    """The instant of a time of China, `2016-09-12 22:01:07`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000)


NOW_MS = china_ms("2026-11-22 12:00:00")


@dataclass
class MemoryLibrary:
    """Knows one device; `away` is what it raises instead of keeping a passage."""

    taken: list[tuple[Vehicle, bytes | None]] = field(default_factory=list)
    subscribed: dict[str, tuple[Subscription, OrderState]] = field(default_factory=dict)
    disposed: dict[str, tuple[Disposition, OrderState]] = field(default_factory=dict)
    away: TriuneError | None = None
    told: list[tuple[str, Listed]] = field(default_factory=list)
    own: list[OwnDevice] = field(default_factory=list)
    notices: dict[str, int] = field(default_factory=dict)
    wanted: dict[tuple[str, str], str] = field(default_factory=dict)
    """Plates that a system was asked to look out for, by its id and the disposition's."""
    alarms: list[tuple[str, AlarmOutcome]] = field(default_factory=list)

    async def take_devices(self, peer: str, devices: Sequence[Listed]) -> Sequence[Verdict]:
        if self.away is not None:
            raise self.away
        self.told += [(peer, one) for one in devices]
        return [Verdict(one.id) for one in devices]

    async def own_devices(self, peer: str) -> Sequence[OwnDevice]:
        del peer
        return self.own

    def noticed(self, subscription: str, passages: int) -> None:
        self.notices[subscription] = self.notices.get(subscription, 0) + passages

    async def awaited(self, peer: str, disposition: str) -> str:
        if self.away is not None:
            raise self.away
        if (peer, disposition) not in self.wanted:
            raise RefusedError("no such disposition", StatusCode.INVALID_OPERATION)
        return self.wanted[peer, disposition]

    def alarmed(self, peer: str, outcome: AlarmOutcome) -> None:
        self.alarms.append((peer, outcome))

    async def take(self, peer: str, vehicle: Vehicle, picture: bytes | None) -> Verdict:
        del peer
        if self.away is not None:
            raise self.away
        if vehicle.device != DEVICE:
            raise RefusedError(f"device {vehicle.device} is not adopted here yet", StatusCode.INVALID_OPERATION)
        self.taken.append((vehicle, picture))
        return Verdict(vehicle.id)

    async def subscribe(self, subscription: Subscription, host: str) -> None:
        assert host == "127.0.0.1"
        self.subscribed[subscription.id] = (subscription, "in force")

    async def end_subscription(self, peer: str, subscription: str) -> None:
        del peer
        if subscription not in self.subscribed:
            raise RefusedError(f"no subscription {subscription}", StatusCode.INVALID_OPERATION)
        self.subscribed[subscription] = (self.subscribed[subscription][0], "cancelled")

    async def subscriptions(self, peer: str) -> Sequence[tuple[Subscription, OrderState]]:
        return [one for one in self.subscribed.values() if one[0].peer == peer]

    async def dispose(self, disposition: Disposition, host: str) -> None:
        del host
        self.disposed[disposition.id] = (disposition, "waiting")

    async def end_disposition(self, peer: str, disposition: str, why: str) -> None:
        del peer, why
        self.disposed[disposition] = (self.disposed[disposition][0], "cancelled")

    async def dispositions(self, peer: str) -> Sequence[tuple[Disposition, OrderState]]:
        return [one for one in self.disposed.values() if one[0].peer == peer]


@dataclass
class Running:
    """The server at work."""

    url: str
    clock: VirtualClock
    server: Server
    library: MemoryLibrary


@asynccontextmanager
async def running(
    now_ms: int = NOW_MS,
    algorithms: Sequence[Algorithm] = ("MD5", "SHA-256"),
    clock: VirtualClock | None = None,
    uppers: dict[str, str] | None = None,
    datum: Datum = "wgs84",
) -> AsyncIterator[Running]:
    """Serve until the block is left."""
    clock, library = clock or VirtualClock(now_ms), MemoryLibrary()
    door = Door(REALM, algorithms, lambda _device: PASSWORD)
    server = Server(SERVER, door, library, clock, read_body, Proxies().address_of, uppers, datum)
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}", clock, server, library)
    finally:
        await runner.cleanup()


async def curl(url: str, *options: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """What curl gets: HTTP status and body."""
    sends = ["--data-binary", "@-", "-H", "Content-Type: application/VIID+JSON"] if body is not None else []
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--max-time", "30", "-w", "\n%{http_code}", *sends, *options, url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(body)
    assert process.returncode == 0, err.decode()
    text, _, status = out.decode().rpartition("\n")
    return int(status), json.loads(text)


def digest(device: str = DEVICE, password: str = PASSWORD) -> list[str]:
    """Options by which curl signs in."""
    return ["--digest", "-u", f"{device}:{password}", "-H", f"User-Identify: {device}"]


def register(device: str = DEVICE) -> bytes:
    """The body that registers."""
    return msgspec.json.encode({"RegisterObject": {"DeviceID": device}})


def vehicle(**more: Any) -> dict[str, Any]:
    """A vehicle with what the standard requires, changed as said; None leaves a member out."""
    told = {
        "MotorVehicleID": f"{DEVICE}0220261122115900000010200001", "InfoKind": 1, "DeviceID": DEVICE,
        "SourceID": f"{DEVICE}022026112211590000001", "HasPlate": "1", "PlateNo": "湘F12345", "PlateClass": "02",
        "PlateColor": "5", "PassTime": "20261122115900", "LeftTopX": 10, "LeftTopY": 20, "RightBtmX": 110,
        "RightBtmY": 60,
    } | more  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def vehicles(*told: Any) -> bytes:
    """The body that brings vehicles."""
    return msgspec.json.encode({"MotorVehicleListObject": {"MotorVehicleObject": list(told)}})


def codes(answer: dict[str, Any]) -> list[int]:
    """The status codes of an answer about several objects."""
    return [one["StatusCode"] for one in answer["ResponseStatusListObject"]["ResponseStatusObject"]]
