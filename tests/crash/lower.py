"""A lower system of GA/T 1400: it tells what passed its cameras, at another hub too, until each passage is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import aiohttp

from command.kernel.errors import SignInRequiredError, UnavailableError
from edge.viid.bodies import each_of
from edge.viid.codes import StatusCode
from edge.viid.remote import Remote
from edge.viid.vehicle import write_vehicle
from tests.crash.cars import DAY_MS, WANTED, Car, car, is_wanted
from tests.crash.ground import VIID_PASSWORD
from tests.crash.ledger import Ledger
from tests.crash.people import TRY_S
from tests.crash.waiting import CLOCK, insist

RIGHT, AHEAD = "65010000001190000001", "65010000001190000002"
DEVICES = {RIGHT: "k4", AHEAD: "k5"}
"""Which camera each is. The clock of the second is ahead, as that of many a device is."""
_PEER = "65010000005030000001"
_AHEAD_MS = 60_000
_EVERY_MS = 200
_AGAIN_MS = 100


class Lower:
    """Run `run`. `doors` are those of the hubs."""

    def __init__(self, doors: Sequence[str], ledger: Ledger, chance: Random) -> None:
        self._doors = doors
        self._ledger = ledger
        self._at = chance.randrange(len(doors))

    async def run(self) -> None:
        """Tell of a car before each device while the gate is open, until both are taken."""
        began_ms, number = (CLOCK.now_ms() - DAY_MS) // 1000 * 1000, 0
        async with aiohttp.ClientSession() as http:
            remotes = [Remote(http, _PEER, _PEER, VIID_PASSWORD) for _ in self._doors]
            while True:
                async with self._ledger.turn():
                    number += 1
                    waiting = _seen(number, began_ms)
                    for each in waiting.values():
                        self._ledger.saw(each)
                    self._ledger.told_by_lower += len(waiting)
                    while waiting := await self._told(remotes, waiting):
                        self._at += 1
                        await CLOCK.sleep(_AGAIN_MS)
                await CLOCK.sleep(_EVERY_MS)

    async def _told(self, remotes: Sequence[Remote], cars: dict[str, Car]) -> dict[str, Car]:
        """Tell of cars, one of each device, and return those that were not taken."""
        at = self._at % len(remotes)
        told = [write_vehicle(one.sighting, device, one.jpeg or None) for device, one in cars.items()]
        body = {"MotorVehicleListObject": {"MotorVehicleObject": told}}
        try:
            async with asyncio.timeout(TRY_S):
                verdicts = await remotes[at].post(f"{self._doors[at]}/VIID/MotorVehicles", body)
        except (TimeoutError, UnavailableError, SignInRequiredError):  # a hub that began anew has another challenge
            return cars
        later: dict[str, Car] = {}
        for device, verdict in each_of([*cars], [str(one["MotorVehicleID"]) for one in told], verdicts):
            insist(verdict.code in (StatusCode.OK, StatusCode.BUSY), f"{self._doors[at]} says {verdict}")
            if verdict.code is StatusCode.BUSY:
                later[device] = cars[device]
        return later


def _seen(number: int, began_ms: int) -> dict[str, Car]:
    """Return what passed each device in a turn, in whole seconds, as the protocol tells them."""
    now_ms, before_ms = CLOCK.now_ms() // 1000 * 1000, began_ms + number * 1000
    right = car(DEVICES[RIGHT], number, *((now_ms, WANTED) if is_wanted(number) else (before_ms,)))
    return {RIGHT: right, AHEAD: car(DEVICES[AHEAD], number, now_ms + _AHEAD_MS)}
