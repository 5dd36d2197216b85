"""The officers of the simulated units: they sign orders, drive there, work, report, and now and then do otherwise.

What an officer does next follows from the order's row and from habits drawn from its id. So nothing is lost when the
hub or the demonstration starts again in the middle.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from random import Random

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.requests import FeedBack, Request, StartShift, StepOrder
from command.rows import OrderRow, SituationRow, UnitRow
from consoles.demo.driving import Errand
from consoles.demo.enrol import SHIFT_MS
from consoles.demo.fleet import Fleet
from consoles.demo.live import LiveClient

log = logging.getLogger(__name__)

BY_HAND = frozenset({"yue01"})
"""Units whose orders a person signs at the mobile terminal; their vehicles drive all the same."""
_LATE_SHARE = 0.12
_LOOK_MS = 1000
_HANDOVER_MS = 10 * 60 * 1000
_RESULTS = (
    ("现场处置完毕", "双方已调解,现场恢复秩序。"),
    ("已移交处理", "当事人及材料已移交责任单位。"),
    ("警情已解除", "到场核实,险情已排除。"),
    ("现场劝离", "人员已劝离,道路恢复通行。"),
)


class Habits(msgspec.Struct, frozen=True):
    """How the officers go about one order."""

    sign_after_ms: int
    """Past the hub's 60 s for about one in eight, so that the leader hears of it."""
    depart_after_ms: int
    work_ms: int
    result: str
    text: str


def habits_of(order: str, seed: int) -> Habits:
    """Return the habits for an order, the same each time."""
    rng = Random(f"{seed}/{order}")  # noqa: S311 - a demonstration that can be repeated, not a secret
    late = rng.random() < _LATE_SHARE
    sign_s = rng.uniform(70, 110) if late else rng.uniform(3, 15)
    result, text = rng.choice(_RESULTS)
    return Habits(
        sign_after_ms=round(sign_s * 1000),
        depart_after_ms=round(rng.uniform(5, 20) * 1000),
        work_ms=round(rng.uniform(120, 300) * 1000),
        result=result,
        text=text,
    )


def next_step(order: OrderRow, habits: Habits, now_ms: int, *, arrived: bool) -> Request | None:
    """Return what the officer does about the order now, if anything; `arrived` says that the vehicle is there."""
    match order.state:
        case "issued" if now_ms >= order.issued_ms + habits.sign_after_ms:
            return StepOrder(order=order.id, step="signed")
        case "signed" if now_ms >= (order.signed_ms or 0) + habits.depart_after_ms:
            return StepOrder(order=order.id, step="departed")
        case "departed" if arrived:
            return StepOrder(order=order.id, step="arrived")
        case "arrived" if now_ms >= (order.arrived_ms or 0) + habits.work_ms:
            return FeedBack(order=order.id, result=habits.result, text=habits.text)
        case _:
            return None


class Crews:
    """Looks once a second at the orders of all units."""

    def __init__(self, live: LiveClient, fleet: Fleet, seed: int, clock: Clock) -> None:
        self._live = live
        self._fleet = fleet
        self._seed = seed
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled; while the hub is away nobody knows of orders, and all drive on."""
        while True:
            await self._clock.sleep(_LOOK_MS)
            if not self._live.synced.is_set():
                continue
            try:
                await self._look()
            except UnavailableError as error:
                log.info("orders have to wait: %s", error.detail)

    async def _look(self) -> None:
        orders, situations = self._live.rows("orders", OrderRow), self._live.rows("situations", SituationRow)
        for unit in tuple(self._live.rows("units", UnitRow).values()):
            if unit.id in self._fleet.vehicles:
                order = orders.get(unit.order)
                self._steer(unit.id, order, situations)
                if order and unit.id not in BY_HAND:
                    await self._act(unit.id, order)
                await self._relieve(unit)

    def _steer(self, unit: str, order: OrderRow | None, situations: Mapping[str, SituationRow]) -> None:
        """Send the vehicle where its order is, from departure on; back to its round once the order is over."""
        vehicle = self._fleet.vehicles[unit]
        if order is None:
            if vehicle.errand and vehicle.errand.purpose.startswith("order/"):
                vehicle.resume()
        elif order.state in ("departed", "arrived") and (situation := situations.get(order.situation)):
            place = situation.place
            # Without a place the officers find out on foot: they are there where they are.
            to = (place.lon, place.lat) if place else vehicle.at
            purpose = f"order/{order.id}"
            underway = vehicle.errand
            if underway is None or underway.purpose != purpose or (place and underway.to != to):
                vehicle.go(Errand(purpose, to, urgent=True))

    async def _act(self, unit: str, order: OrderRow) -> None:
        habits = habits_of(order.id, self._seed)
        arrived = self._fleet.vehicles[unit].arrived
        request = next_step(order, habits, self._clock.now_ms(), arrived=arrived)
        if request is not None:
            step = request.step if isinstance(request, StepOrder) else "fed_back"
            await self._live.ask(request, f"demo/{order.id}/{step}")

    async def _relieve(self, unit: UnitRow) -> None:
        """Let the next watch take over before the shift ends, so that the county is never without units."""
        now_ms = self._clock.now_ms()
        if unit.shift_until_ms is not None and unit.shift_until_ms - now_ms < _HANDOVER_MS:
            request = StartShift(unit=unit.id, until_ms=now_ms + SHIFT_MS)
            await self._live.ask(request, f"demo/shift/{unit.id}/{unit.shift_until_ms}")
