"""Rounds: load, faults, load again at every hub, quiet, and everything is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
import msgspec

from command import requests as q
from command.actors import Role
from tests.consoles.support import Person, signed_in
from tests.crash.audit import Auditor, verify
from tests.crash.cars import WANTED, Passage
from tests.crash.faults import Fault, choose
from tests.crash.field import Phone, Terminal
from tests.crash.gates import Gate
from tests.crash.ground import Ground, Kind, ground_of
from tests.crash.ledger import Ledger
from tests.crash.lower import DEVICES, Lower
from tests.crash.people import TRY_S, Asker, repeat
from tests.crash.screens import TABLES, MovedError, Picture, Screen, look
from tests.crash.visits import come_and_go
from tests.crash.waiting import CLOCK, insist, until, until_told

_CALLERS = ("caller1", "caller2", "caller3")
_COMMANDERS = ("commander1", "commander2")
_TERMINALS = ("13900000001", "13900000002", "13900000003")
_PHONES = ("officer1", "officer2")
_GATES = {"gate1": ("k1", "k2"), "gate2": ("k3",)}
"""Edge agents and their cameras."""
_SCREENS = 3
_PEOPLE: dict[str, tuple[Role, str]] = {
    "admin": ("administrator", ""),
    "watcher": ("dispatcher", ""),
    "leader": ("commander", ""),
    **dict.fromkeys((*_CALLERS, *_COMMANDERS), ("dispatcher", "")),
    **dict.fromkeys(_PHONES, ("officer", "u9")),
}
_WARM = 10
"""More answers, fixes and passages of either kind than this come before a round's faults: less would be no load."""
_ALIKE = sorted(set(TABLES) - {"passages"})
"""What every hub and console shows alike. Of passages each hub shows what it heard of last, under places of its own."""
_WARM_MS = 120_000
_WELL_MS = 45_000
"""A hub has to be well again by then, whatever was done to it and to what it depends on."""
_QUIET_MS = 90_000
_ALIKE_MS = 90_000
_ROUND_S = 600
_VERIFIED_EVERY = 5
"""Rounds from one `triune verify` to the next, which is a process of its own; the last look at the site is one too."""
_SHIFT_MS = 24 * 3600 * 1000


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One round, as it is told."""

    ground: Kind
    number: int
    faults: dict[str, int]
    """What was done, and for how many milliseconds."""
    answered: int
    tried_again: dict[str, int]
    fixes: int
    passages: int
    told_by_lower: int
    hits: int
    moves: int
    facts: int
    well_ms: int
    """From the end of the last fault until every hub answered again."""
    seconds: float


@dataclass
class Site:
    """A site under load."""

    ground: Ground
    ledger: Ledger
    auditor: Auditor
    watcher: Person
    askers: dict[str, Asker] = field(default_factory=dict)
    screens: list[Screen] = field(default_factory=list)
    terminals: list[Terminal] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    situations: list[str] = field(default_factory=list)

    @property
    def moves(self) -> int:
        """How often a console had to go elsewhere."""
        return sum(screen.moves for screen in self.screens)


async def crash(kind: Kind, folder: Path, seed: int, rounds: range, tell: Callable[[Told], None]) -> None:
    """Crash one site again and again, and tell of each round. Raises what was found wrong."""
    async with ground_of(kind, folder, _PEOPLE, _GATES) as ground, _loaded(ground, folder, seed) as site:
        for number in rounds:
            chance = Random(f"{seed} {kind} {number}")
            async with asyncio.timeout(_ROUND_S):
                told = await _round(site, number, chance)
            tell(told)
        async with asyncio.timeout(_ROUND_S):
            await _start_anew(site, Random(f"{seed} {kind} end"))


async def _round(site: Site, number: int, chance: Random) -> Told:
    began_ms, before = CLOCK.now_ms(), site.ledger.load
    tries, moves = site.ledger.tries.copy(), site.moves
    first_asked, hits = len(site.ledger.asked), site.ledger.hits.total()
    site.ledger.gate.set()
    await until(lambda: min(site.ledger.load.since(before)) > _WARM, _WARM_MS, lambda: f"no load: {site.ledger.load}")
    faults = choose(site.ground, chance)
    pids = {fault.frozen.url: fault.frozen.pid for fault in faults if fault.frozen}
    async with asyncio.TaskGroup() as group:
        for fault in faults:
            group.create_task(fault.happen())
    well_ms = await _well(site, faults, pids)
    site.ledger.gate.clear()
    await _quiet(site)
    await _check(site)
    await repeat(site.askers, site.ground.hubs, site.ledger.asked[first_asked:], chance)
    for hub in site.ground.hubs:
        await come_and_go(site.watcher, hub)
    await site.auditor.count()  # again: nothing of what was repeated may have happened twice
    if number % _VERIFIED_EVERY == 0:
        await verify(site.ground)
    load = site.ledger.load.since(before)
    return Told(
        ground=site.ground.kind,
        number=number,
        faults={fault.name: fault.hold_ms for fault in faults},
        answered=load.answered,
        tried_again=dict(site.ledger.tries - tries),
        fixes=load.fixes,
        passages=load.passages,
        told_by_lower=load.told_by_lower,
        hits=site.ledger.hits.total() - hits,
        moves=site.moves - moves,
        facts=site.auditor.head.seq,
        well_ms=well_ms,
        seconds=round((CLOCK.now_ms() - began_ms) / 1000, 1),
    )


async def _well(site: Site, faults: list[Fault], pids: dict[str, int | None]) -> int:
    """Return after how many milliseconds every hub is ready and answers people again; none was started for it."""
    ended_ms = CLOCK.now_ms()
    for hub in site.ground.hubs:
        insist(hub.pid is not None, f"{hub.url} ended by itself; see its log")
        await until_told(partial(_is_ready, site, hub.url), _WELL_MS, f"{hub.url} is not well again")
        mark = f"well {hub.url} {ended_ms}"
        await site.askers["watcher"].ask(mark, q.NoteSituation(situation=site.situations[0], text=mark), hub)
    for fault in faults:
        if fault.frozen:
            insist(fault.frozen.pid == pids[fault.frozen.url], f"{fault.name} ended the hub")
    return CLOCK.now_ms() - ended_ms


async def _is_ready(site: Site, url: str) -> bool:
    try:
        async with asyncio.timeout(TRY_S):
            return (await site.watcher.get(f"{url}/health/ready"))[0] == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _quiet(site: Site) -> None:
    """Wait until everything that was begun has been answered, and every fix and passage acknowledged."""

    def waiting() -> str:
        fixes = [terminal.reported - terminal.acknowledged for terminal in site.terminals]
        passages = [gate.waiting for gate in site.gates]
        still = site.ledger.busy or any(fixes) or any(passages)
        told = f"{site.ledger.busy} people or phones, {fixes} fixes of terminals and {passages} passages of gates wait"
        return told if still else ""

    await until(lambda: not waiting(), _QUIET_MS, waiting)


async def _check(site: Site) -> None:
    """Every hub shows the same, and every console what the hubs show; then the record itself is counted."""
    difference = ""

    async def alike() -> bool:
        nonlocal difference
        difference = await _difference(site)
        return not difference

    await until_told(alike, _ALIKE_MS, lambda: difference)
    await site.auditor.count()


async def _difference(site: Site) -> str:
    """Say in what hubs or consoles differ now; empty where they do not."""
    shown: dict[str, Picture] = {}
    for hub in site.ground.hubs:
        try:
            shown[hub.url] = await look(site.watcher, hub)
        except (aiohttp.ClientError, OSError, MovedError) as error:
            return f"{hub.url} cannot be looked at: {error!r}"
    first, *others = shown.items()
    pictures = others + [(screen.name, screen.picture) for screen in site.screens]
    for name, picture in pictures:
        if picture.seq != first[1].seq:
            return f"{name} stands at {picture.seq}, {first[0]} at {first[1].seq}"
        for table in _ALIKE:
            here, there = first[1].tables[table], picture.tables.get(table, {})
            if keys := [key for key in here.keys() | there.keys() if here.get(key) != there.get(key)]:
                key = keys[0]
                return f"{len(keys)} rows of {table}: {name} shows {there.get(key)}, {first[0]} {here.get(key)}"
    hits = {Passage(hit["camera"], hit["plate"], hit["seen_ms"]) for hit in first[1].tables["hits"].values()}
    if missing := [hit for hit in site.ledger.hits if hit._replace(picture="") not in hits]:
        return f"{len(missing)} hits are not found, the first is {min(missing)}"
    silent = [name for name, picture in shown.items() if not picture.accepting]
    return f"not recording: {silent}" if silent else ""


async def _start_anew(site: Site, chance: Random) -> None:
    """Stop every hub in order and start it: everything that was ever answered is answered the same, from the disk."""
    for hub in site.ground.hubs:
        code = await hub.stop()
        insist(code == 0, f"asked to stop, {hub.url} ended with {code}")
    await site.ground.start_hubs()
    await _well(site, [], {})
    await _check(site)
    await repeat(site.askers, site.ground.hubs, site.ledger.asked, chance)
    again = Auditor(site.ground, site.ledger)
    await again.count()
    insist(again.head == site.auditor.head, f"the record stood at {site.auditor.head} and stands at {again.head}")
    await verify(site.ground)


@asynccontextmanager
async def _loaded(ground: Ground, folder: Path, seed: int) -> AsyncIterator[Site]:
    """Sign everybody in, make a county, and let people, devices and consoles work behind the gate."""
    chance, ledger = Random(f"{seed} {ground.kind} load"), Ledger()
    async with AsyncExitStack() as stack:
        url = ground.hubs[0].url
        people = {
            name: await stack.enter_async_context(signed_in(url, name, password))
            for name, password in ground.passwords.items()
        }
        site = Site(ground, ledger, Auditor(ground, ledger), people["watcher"])
        for name, person in people.items():
            site.askers[name] = Asker(name, person, ground.hubs, ledger, chance)
        units = await _make_county(site, people)
        site.screens = [Screen(f"screen {n}", site.watcher, ground.hubs, n) for n in range(_SCREENS)]
        site.terminals = [Terminal(phone, ground.hubs, ledger, chance) for phone in _TERMINALS]
        site.gates = [
            Gate(name, cameras, ground.agent_keys[name], ground.hubs, folder, ledger)
            for name, cameras in _GATES.items()
        ]
        lower = Lower(ground.viid_urls, ledger, chance)
        phones = [Phone(name, people[name], ground.hubs, ledger, chance) for name in _PHONES]
        group = await stack.enter_async_context(asyncio.TaskGroup())
        work = [
            *(screen.follow() for screen in site.screens),
            *(terminal.run() for terminal in site.terminals),
            *(gate.run() for gate in site.gates),
            lower.run(),
            *(phone.report() for phone in phones),
            *(site.askers[name].report(site.situations) for name in _CALLERS),
            *(
                site.askers[name].command(situation, unit, site.screens[0])
                for name, situation, unit in zip(_COMMANDERS, site.situations, units, strict=True)
            ),
        ]
        tasks = [group.create_task(each) for each in work]
        yield site
        for task in tasks:
            task.cancel()


async def _make_county(site: Site, people: dict[str, Person]) -> list[str]:
    """Enrol all there is, and open a situation for each commander; return the units on duty."""
    station = q.EnrolStation(
        station="st1", name="城关所", service="110", lat=29.0, lon=113.0, leader="李所长", leader_phone="13900000099"
    )
    made: list[q.Request] = [station]
    units = [f"u{number}" for number in range(1, len(_COMMANDERS) + 1)]
    made += [
        q.EnrolUnit(
            unit=unit, name=f"巡{unit}", kind="patrol_car", service="110", station="st1", phone="1", officers=["民警"],
        )
        for unit in (*units, "u9", *(f"car{phone}" for phone in _TERMINALS))
    ]  # fmt: skip
    made += [q.EnrolDevice(device=phone, kind="jt808", unit=f"car{phone}") for phone in _TERMINALS]
    made += [q.EnrolDevice(device=f"mobile:{name}", kind="mobile", unit="u9") for name in _PHONES]
    cameras = [camera for cameras in (*_GATES.values(), DEVICES.values()) for camera in cameras]
    made += [q.EnrolCamera(camera=camera, name=f"卡口{camera}", lat=29.0, lon=113.0) for camera in cameras]
    made += [q.StartShift(unit=unit, until_ms=CLOCK.now_ms() + _SHIFT_MS) for unit in units]
    for request in made:
        status, told = await people["admin"].ask(request)
        insist(status == 200, f"{request} got {status}: {told}")
    for number in range(len(units)):
        request = q.OpenSituation(title=f"警情{number}", service="110", kind="public_security", level=3)
        status, told = await people["watcher"].ask(request)
        insist(status == 200, f"{request} got {status}: {told}")
        site.situations.append(told["subject"])
    await _look_out(site, people)
    return units


async def _look_out(site: Site, people: dict[str, Person]) -> None:
    """Put the plate on the watch list, and say at every hub which cameras the devices of the lower system are."""
    until_ms = CLOCK.now_ms() + _SHIFT_MS
    status, told = await people["watcher"].ask(
        q.RequestWatch(pattern=WANTED, reason="失窃", level=2, until_ms=until_ms)
    )  # fmt: skip
    insist(status == 200, f"the watch got {status}: {told}")
    status, told = await people["leader"].ask(q.ApproveWatch(watch=told["subject"]))
    insist(status == 200, f"the approval got {status}: {told}")
    admin = people["admin"]
    for hub in site.ground.hubs:
        for device, camera in DEVICES.items():
            url, headers = f"{hub.url}/api/v1/viid/devices/{device}", {"X-CSRF-Token": admin.csrf}
            async with admin.http.put(url, json={"camera": camera}, headers=headers) as response:
                insist(response.status == 204, f"{device} got {response.status}: {await response.text()}")
