"""The little county that simulations are about, and who works there."""

from __future__ import annotations

from command.actors import Actor, Role
from command.facts.plan_definition import (
    Applicability,
    Approval,
    Bilingual,
    PlanDefinition,
    PlanGroup,
    PlanPhase,
    PlanTask,
)
from command.requests import (
    DrawFence,
    EnrolCamera,
    EnrolDevice,
    EnrolStation,
    EnrolUnit,
    PublishPlan,
    Request,
    StartShift,
)
from command.settings import Limits

LAT, LON = 30.5, 114.3
UNITS = ("u1", "u2", "u3", "u4", "u5", "u6")
ENGINE = UNITS[-1]
CAMERAS = ("k1", "k2")
PLAN = "tanker"
LIMITS = Limits(silent_s=150)
"""Short, so that a simulated hour sees units fall silent while a hub stays up."""
SHIFT_MS = 50 * 60 * 1000
"""Short, so that a simulated hour sees shifts end, on orders and off them."""


def actor(role: Role, name: str = "", unit: str = "") -> Actor:
    """Return somebody of a role."""
    return Actor(id=name or role, name=name or role, roles=frozenset({role}), unit=unit)


TAKER, DISPATCHER, COMMANDER = actor("call_taker"), actor("dispatcher"), actor("commander")
LEADER, WALL, EXCHANGE = actor("duty_leader"), actor("wall"), actor("exchange", "pbx")


def devices_of(unit: str) -> tuple[str, ...]:
    """Return the devices that a unit carries: the engine has a handset and a terminal of its own."""
    return (f"d{unit}", f"d{unit}-car") if unit == ENGINE else (f"d{unit}",)


def ring(half_deg: float) -> list[tuple[float, float]]:
    """Return a square of [lon, lat] around the middle."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [(LON + x * half_deg, LAT + y * half_deg) for x, y in corners]


def enrolment(now_ms: int) -> list[Request]:
    """Return what makes a hub this county's, in order."""
    requests: list[Request] = [
        EnrolStation(
            station="st1", name="城关所", service="110", lat=LAT, lon=LON, leader="李所长", leader_phone="13900000001"
        ),
        EnrolStation(
            station="st2", name="消防站", service="119", lat=LAT, lon=LON, leader="王站长", leader_phone="13900000002"
        ),
        DrawFence(fence="f1", name="城关片区", kind="area", ring=ring(0.006)),
    ]
    for unit in UNITS:
        engine = unit == ENGINE
        requests += [
            EnrolUnit(
                unit=unit, name=f"巡{unit}", kind="fire_engine" if engine else "patrol_car",
                service="119" if engine else "110", station="st2" if engine else "st1", phone=f"1380000000{unit[1]}",
                officers=[f"民警{unit}"], area=None if engine else "f1",
            ),
            *(EnrolDevice(device=device, kind="mobile", unit=unit) for device in devices_of(unit)),
            StartShift(unit=unit, until_ms=now_ms + SHIFT_MS),
        ]  # fmt: skip
    requests += [
        EnrolCamera(camera=camera, name=f"路口{camera}", lat=LAT, lon=LON, reads_plates=True) for camera in CAMERAS
    ]
    requests += [EnrolDevice(device=EXCHANGE.id, kind="pbx"), PublishPlan(definition=_plan())]
    return requests


def _plan() -> PlanDefinition:
    """Three tasks in two phases, one of which waits for a leader's yes."""
    title = Bilingual(zh="危化品泄漏", en="tanker accident")
    close = PlanTask(id="close", title=title, group="traffic", owner="dispatcher", due_min=3)
    cordon = PlanTask(
        id="cordon", title=title, group="response", owner="officer", due_min=8, due_from="close", after=("close",),
        needs_approval=Approval(item=title, due_min=6, warn_min=3),
    )  # fmt: skip
    pump = PlanTask(id="pump", title=title, group="response", owner="commander", due_min=20)
    return PlanDefinition(
        id=PLAN, version="1", title=title, applies=Applicability(kinds=("accident",), lowest_level=4),
        command="commander", groups=(PlanGroup(group="response", lead=title), PlanGroup(group="traffic", lead=title)),
        phases=(
            PlanPhase(id="first", title=title, tasks=(close, cordon)),
            PlanPhase(id="second", title=title, tasks=(pump,)),
        ),
    )  # fmt: skip
