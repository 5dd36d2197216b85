"""Makes a hub the demonstration county's: enrols its forces, cameras, watch list, rules, plans and accounts.

Everything is asked for under a key of its own, so that a second start finds it done; what people changed
since stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from command import requests as q
from command.access.accounts import Accounts
from command.actors import HUB, Actor
from command.facts.recording import RecordingPolicy
from command.hub import Hub
from consoles.demo.county import SIMULATED_OFFICERS, Account, Camera, County, Watch
from consoles.demo.rules import rules

EXCHANGE = "demo-pbx"
"""The device that calls come from; their ids begin with it."""
SHIFT_MS = 12 * 60 * 60 * 1000
_DAY_MS = 24 * 60 * 60 * 1000
_RECORDING_MIB = 256


class EnrolledDemo(msgspec.Struct, frozen=True, kw_only=True):
    """What the demonstration's start has to hand on."""

    accounts: tuple[Account, ...]
    """For people to sign in with, one for each role."""
    pbx_token: str
    """Of the exchange; the one of the start before no longer works."""


Stage = Iterable[tuple[str, q.Request]]
"""Requests of which none needs another, so that all can be asked at once; each with the name it is remembered by."""


async def enrol(hub: Hub, accounts: Accounts, county: County, rtsp_port: int) -> EnrolledDemo:
    """Enrol the county, its cameras at `rtsp_port` of the loopback; may be done at every start.

    Raises what the hub refuses with, `UnavailableError` above all.
    """
    now_ms = hub.clock.now_ms()
    await _set_addresses(accounts, county.cameras, rtsp_port)  # first: a camera is called when it is enrolled
    for stage in (_places(county), _units(county), _terminals(county), _recordings(county)):
        await asyncio.gather(*(hub.ask(request, HUB, f"demo/{name}") for name, request in stage))
    rung = await hub.read(lambda t: [c.id for c in t.calls if c.state == "ringing" and c.id.startswith(EXCHANGE)])
    await asyncio.gather(
        *(hub.ask(q.StartShift(unit=unit.id, until_ms=now_ms + SHIFT_MS), HUB) for unit in county.units),
        # The lines of the exchange fell silent with the start before.
        *(hub.ask(q.HangUpCall(call=call), HUB) for call in rung),
        *(_watch(hub, county, watch, now_ms) for watch in county.watches),
        *(hub.ask(request, _actor(county, "administrator"), f"demo/{name}") for name, request in rules(now_ms)),
        _create_accounts(accounts, county.accounts),
    )
    people = tuple(account for account in county.accounts if account.username != SIMULATED_OFFICERS)
    return EnrolledDemo(accounts=people, pbx_token=await accounts.issue(EXCHANGE))


def _places(county: County) -> Stage:
    """Yield what depends on nothing else."""
    for station in county.stations:
        yield f"station/{station.id}", q.EnrolStation(
            station=station.id, name=station.name.zh, service=station.service, lat=station.lat, lon=station.lon,
            leader=station.leader.name, leader_phone=station.leader.phone,
        )  # fmt: skip
    for fence in county.fences:
        yield (
            f"fence/{fence.id}",
            q.DrawFence(fence=fence.id, name=fence.name.zh, kind=fence.kind, ring=list(fence.ring)),
        )
    for camera in county.cameras:
        yield f"camera/{camera.id}", _camera(camera)
    for plan in county.plans:
        yield f"plan/{plan.id}/{plan.version}", q.PublishPlan(definition=plan)
    yield f"device/{EXCHANGE}", q.EnrolDevice(device=EXCHANGE, kind="pbx")


def _units(county: County) -> Stage:
    for unit in county.units:
        yield f"unit/{unit.id}", q.EnrolUnit(
            unit=unit.id, name=unit.name, kind=unit.kind, service=unit.service, station=unit.station,
            phone=unit.phone, officers=list(unit.officers), area=unit.area,
        )  # fmt: skip


def _terminals(county: County) -> Stage:
    for unit in county.units:
        device = unit.terminal.phone
        yield f"device/{device}", q.EnrolDevice(device=device, kind="jt808", unit=unit.id)


def _recordings(county: County) -> Stage:
    """What reads plates is recorded too, so that a hit can be seen again; little of it, whatever disk this runs on."""
    policy = RecordingPolicy(mode="continuous", keep_days=1, quota_mib=_RECORDING_MIB)
    for camera in county.cameras:
        if camera.reads_plates:
            yield f"recording/{camera.id}", q.SetRecording(camera=camera.id, policy=policy)


def _camera(camera: Camera) -> q.EnrolCamera:
    return q.EnrolCamera(
        camera=camera.id, name=camera.name.zh, lat=camera.lat, lon=camera.lon,
        bearing_deg=camera.bearing_deg, field_deg=camera.field_deg, reads_plates=camera.reads_plates,
    )  # fmt: skip


async def _watch(hub: Hub, county: County, watch: Watch, now_ms: int) -> None:
    """Request as the dispatcher and approve as the duty leader: a watch takes two people."""
    request = q.RequestWatch(
        pattern=watch.pattern, reason=watch.reason.zh, level=watch.level, office=watch.requested_by,
        until_ms=now_ms + watch.valid_days * _DAY_MS, look_alike=watch.look_alike, hours=watch.hours,
        action=watch.action,
    )  # fmt: skip
    dispatcher, leader = _actor(county, "dispatcher"), _actor(county, "duty_leader")
    requested = await hub.ask(request, dispatcher, f"demo/watch/{watch.id}")
    if watch.approved_by:
        await hub.ask(q.ApproveWatch(watch=requested.subject), leader, f"demo/watch/{watch.id}/approval")


def _actor(county: County, role: str) -> Actor:
    account = next(account for account in county.accounts if account.role == role)
    return Actor(id=account.username, name=account.name, roles=frozenset({account.role}), station=account.station)


async def _set_addresses(accounts: Accounts, cameras: Iterable[Camera], rtsp_port: int) -> None:
    known = await accounts.camera_addresses()
    for camera in cameras:
        address = f"rtsp://127.0.0.1:{rtsp_port}/{camera.id}"
        if known.get(camera.id) != address:
            await accounts.set_camera_address(camera.id, address)


async def _create_accounts(accounts: Accounts, wanted: Iterable[Account]) -> None:
    """Create what is missing. One after another: each password takes 64 MiB while it is hashed."""
    known = set(await accounts.names())
    for account in wanted:
        if account.username not in known:
            await accounts.create(
                account.username, account.name, frozenset({account.role}), account.unit, account.password
            )
